import type { Samples, Transformed } from './bin-average.ts'
import { type Bins, firstFrom, midpoints } from './bins.ts'
import { noInput, onlyBadInput, qcBits } from './qc-bits.ts'
import { bad, indeterminate } from './quality-state.ts'

/**
 * ARM's interpolation: a straight line through the nearest good points on both sides of each target, or beyond the
 * ends through the two outermost, as far as half an input step. Points further than `range` give nothing.
 * `positions` ascend. With fewer than two good points, there are no values at all.
 */
export function interpolate(
  { values, states }: Samples,
  positions: Float64Array,
  targets: Float64Array,
  range: number,
): Transformed {
  const result = {
    values: new Float64Array(targets.length).fill(Number.NaN),
    qc: new Int32Array(targets.length),
  }
  const points = goodPoints(values, states, positions)
  if (points.length < 2) {
    result.qc.fill(positions.length < 2 ? noInput : onlyBadInput)
    return result
  }
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number
    if (!isNear(positions, target)) {
      result.qc[i] = noInput
      continue
    }
    const [low, high] = bracket(points, positions, target)
    const [x1, x2] = [positions[low] as number, positions[high] as number]
    if (x1 !== target && (Math.abs(target - x1) > range || Math.abs(target - x2) > range)) {
      result.qc[i] = noInput
      continue
    }
    const [y1, y2] = [values[low] as number, values[high] as number]
    result.values[i] = x1 === target ? y1 : y1 + ((target - x1) / (x2 - x1)) * (y2 - y1)
    result.qc[i] =
      x1 === target ? flags(states, low, low) : flags(states, low, high) | place(low, high, x1, x2, target)
  }
  return result
}

/** The indexes of good points; of several at one position, the first. */
function goodPoints(values: Float64Array, states: Uint8Array, positions: Float64Array): Int32Array {
  const found: number[] = []
  for (let i = 0; i < values.length; i++) {
    const isRepeat = found.length > 0 && positions[found.at(-1) as number] === positions[i]
    if (states[i] !== bad && !Number.isNaN(values[i]) && !isRepeat) found.push(i)
  }
  return Int32Array.from(found)
}

/** Within the points, or no further from their ends than half the step there. */
function isNear(positions: Float64Array, target: number): boolean {
  const at = (index: number) => positions.at(index) as number
  const before = (at(1) - at(0)) / 2
  const after = (at(-1) - at(-2)) / 2
  return target >= at(0) - before && target <= at(-1) + after
}

/** The two good points to draw the line through; the first is the target itself if that is good. */
function bracket(points: Int32Array, positions: Float64Array, target: number): [low: number, high: number] {
  let [from, to] = [0, points.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((positions[points[middle] as number] as number) <= target) from = middle + 1
    else to = middle
  }
  const low = Math.min(Math.max(from - 1, 0), points.length - 2)
  const isLast = positions[points[low + 1] as number] === target
  return [points[isLast ? low + 1 : low] as number, points[low + 1] as number]
}

function flags(states: Uint8Array, low: number, high: number): number {
  return states[low] === indeterminate || states[high] === indeterminate ? qcBits.indeterminate : 0
}

function place(low: number, high: number, x1: number, x2: number, target: number): number {
  const gap = high - low > 1 ? qcBits.notAdjacent : 0
  return target < x1 || target > x2 ? gap | qcBits.extrapolated : gap
}

/**
 * tsdat's own interpolation: of the input bins that reach into `label ± range`, the straight line through the centres
 * of the nearest two, also when both are on one side. A missing one of them makes the value missing.
 */
export function interpolateNearestTwo(
  { values, states }: Samples,
  input: Bins,
  labels: Float64Array,
  range: number,
): Transformed {
  const result = {
    values: new Float64Array(labels.length).fill(Number.NaN),
    qc: new Int32Array(labels.length),
  }
  const centres = midpoints(input)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number
    const first = firstFrom(input.ends, label - range, true)
    const last = firstFrom(input.starts, label + range, false)
    const pair = nearestTwo(centres, label, first, last)
    if (!pair) {
      result.qc[i] = noInput
      continue
    }
    const [low, high] = pair
    const [x1, x2] = [centres[low] as number, centres[high] as number]
    const [y1, y2] = [values[low] as number, values[high] as number]
    result.values[i] = x1 === x2 ? y1 : y1 + ((label - x1) / (x2 - x1)) * (y2 - y1)
    result.qc[i] = flags(states, low, high) | (label < x1 || label > x2 ? qcBits.extrapolated : 0)
  }
  return result
}

/** The two of ascending `centres[first .. last)` nearest to `label`; of equally near ones, the earlier. */
function nearestTwo(
  centres: Float64Array,
  label: number,
  first: number,
  last: number,
): [number, number] | undefined {
  if (last - first < 2) return undefined
  const distance = (index: number) =>
    index < first || index >= last ? Number.POSITIVE_INFINITY : Math.abs((centres[index] as number) - label)
  let high = Math.min(Math.max(firstFrom(centres, label, true), first), last)
  let low = high - 1
  for (let taken = 0; taken < 2; taken++) {
    if (distance(low) <= distance(high)) low--
    else high++
  }
  return [low + 1, high - 1]
}
