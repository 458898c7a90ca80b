import type { Samples, Transformed } from './bin-average.ts'
import { firstFrom } from './bins.ts'
import { noInput, onlyBadInput, qcBits } from './qc-bits.ts'
import { bad, indeterminate } from './quality-state.ts'

export interface TakeNearestOptions {
  /** How far a point may be, inclusive. */
  readonly range: number
  /** Of two that are equally near. */
  readonly tie: 'earlier' | 'later'
  /** Whether missing and Bad points are passed over. */
  readonly skipsBad: boolean
}

/** The value of the point nearest to each target. `positions` ascend. */
export function takeNearest(
  { values, states }: Samples,
  positions: Float64Array,
  targets: Float64Array,
  { range, tie, skipsBad }: TakeNearestOptions,
): Transformed {
  const result = {
    values: new Float64Array(targets.length).fill(Number.NaN),
    qc: new Int32Array(targets.length),
  }
  const candidates = candidatesAmong({ values, states }, skipsBad)
  const kept = new Float64Array(candidates.length)
  for (let i = 0; i < kept.length; i++) kept[i] = positions[candidates[i] as number] as number
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number
    const closest = nearestIndex(positions, target, tie)
    const found = nearestIndex(kept, target, tie)
    const isWithin = (points: Float64Array, index: number) =>
      index >= 0 && Math.abs((points[index] as number) - target) <= range
    if (!isWithin(kept, found)) {
      result.qc[i] = isWithin(positions, closest) ? onlyBadInput : noInput
      continue
    }
    const index = candidates[found] as number
    result.values[i] = values[index] as number
    result.qc[i] =
      (states[index] === indeterminate ? qcBits.indeterminate : 0) |
      (states[index] === bad || Number.isNaN(values[index]) ? qcBits.bad : 0) |
      (index === closest ? 0 : qcBits.notClosest)
  }
  return result
}

/** The indexes of the points that may be taken. */
function candidatesAmong({ values, states }: Samples, skipsBad: boolean): Int32Array {
  const indexes = new Int32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) {
    if (!skipsBad || (states[i] !== bad && !Number.isNaN(values[i]))) indexes[count++] = i
  }
  return indexes.subarray(0, count)
}

/** The place of the nearest of ascending `points`, or -1 when there is none; NaN is near nothing. */
function nearestIndex(points: Float64Array, target: number, tie: 'earlier' | 'later'): number {
  if (points.length === 0 || Number.isNaN(target)) return -1
  const after = firstFrom(points, target, true)
  if (after === 0) return 0
  if (after === points.length) return after - 1
  const up = (points[after] as number) - target
  const down = target - (points[after - 1] as number)
  return down < up || (down === up && tie === 'earlier') ? after - 1 : after
}
