import type { Dataset } from '../../dataset/dataset.ts'
import { isDatetime, type NumberArray } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import type { Checker } from '../interfaces.ts'
import { missingMask } from './check-missing.ts'
import { lanesAlong } from './lanes.ts'

/** Fails spikes of a turbulence record by the phase-space method of Goring and Nikora (2002), along the last axis. */
export class CheckGoringNikora2002 implements Checker {
  private readonly points: number

  /** `points`: how many consecutive values are judged together. */
  constructor(points: number) {
    this.points = points
  }

  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const variable = dataset.get(name)
    if (!variable || variable.dims.length === 0) return undefined
    if (variable.data instanceof TextArray || isDatetime(variable.dtype)) {
      throw new InputError(`${name} is no number: CheckGoringNikora2002 tests numbers`)
    }
    const data = variable.data as NumberArray
    const missing = missingMask(variable)
    const mask = new Uint8Array(data.length)
    for (const { start, length } of lanesAlong(variable.shape, variable.dims.length - 1)) {
      const series = Float64Array.from({ length }, (_, i) =>
        missing[start + i] ? Number.NaN : Number(data[start + i]),
      )
      mask.set(findSpikes(series, this.points), start)
    }
    return mask
  }
}

/**
 * 1 for each spike. Long gaps (NaN for a tenth of `points`), if there are more than two, part the series into
 * regions that are judged alone. Each run of `points` values is judged, then the last `points` once more.
 */
export function findSpikes(series: Float64Array, points: number): Uint8Array {
  const mask = new Uint8Array(series.length)
  for (const { start, end } of regionsBetweenGaps(series, Math.floor(points / 10))) {
    mask.set(findRegionSpikes(series.subarray(start, end), points), start)
  }
  return mask
}

function findRegionSpikes(region: Float64Array, points: number): Uint8Array {
  const mask = new Uint8Array(region.length)
  for (let start = 0; start + points <= region.length; start += points) {
    mask.set(beyondEllipsoid(region.subarray(start, start + points)), start)
  }
  const tail = Math.max(0, region.length - points)
  if (region.length > 0) mask.set(beyondEllipsoid(region.subarray(tail)), tail)
  return mask
}

interface Span {
  readonly start: number
  readonly end: number
}

/** What lies between gaps of at least `least` NaN; gaps at either end are left out. All as one if there are ≤2 gaps. */
function regionsBetweenGaps(series: Float64Array, least: number): Span[] {
  const gaps = gapsIn(series).filter(({ start, end }) => end - start >= least)
  if (gaps.length <= 2) return [{ start: 0, end: series.length }]
  const edges = [0, ...gaps.flatMap(({ start, end }) => [start, end]), series.length]
  const regions: Span[] = []
  for (let i = 0; i < edges.length; i += 2) {
    const region = { start: edges[i] as number, end: edges[i + 1] as number }
    if (region.end > region.start) regions.push(region)
  }
  return regions
}

function gapsIn(series: Float64Array): Span[] {
  const gaps: Span[] = []
  let start = -1
  for (let i = 0; i <= series.length; i++) {
    const isMissing = i < series.length && Number.isNaN(series[i])
    if (isMissing && start < 0) start = i
    if (!isMissing && start >= 0) {
      gaps.push({ start, end: i })
      start = -1
    }
  }
  return gaps
}

/**
 * 1 for each value whose (u, du, d²u) lies outside the ellipsoid that a normal sample of this size would fill:
 * equations 6 to 11 of Goring and Nikora, "Despiking Acoustic Doppler Velocimeter Data", J. Hydraul. Eng. 128 (2002),
 * with the correction of Wahl (2003). All 0 when a value is missing or nothing varies.
 */
function beyondEllipsoid(values: Float64Array): Uint8Array {
  const n = values.length
  const u = centred(values)
  const du = centredDifference(u, 1)
  const d2u = centredDifference(du, 2)
  const lambda = Math.sqrt(2 * Math.log(n))
  const alpha = Math.atan2(
    sumOf(n, (i) => u[i]! * d2u[i]!),
    sumOf(n, (i) => u[i]! ** 2),
  )
  const cosA = Math.cos(alpha)
  const sinA = Math.sin(alpha)
  const [a, b] = solveAxes(cosA ** 2, sinA ** 2, (lambda * deviation(u)) ** 2, (lambda * deviation(d2u)) ** 2)
  const c = (lambda * deviation(du)) ** 2
  const distance = (i: number): number => {
    const theta = Math.atan2(du[i]!, u[i]!)
    const phi = Math.atan2(Math.sqrt(du[i]! ** 2 + u[i]! ** 2), d2u[i]!)
    const [sinP, cosP] = [Math.sin(phi), Math.cos(phi)]
    const inverse =
      (sinP * Math.cos(theta) * cosA + cosP * sinA) ** 2 / a +
      (sinP * Math.cos(theta) * sinA - cosP * cosA) ** 2 / b +
      (sinP * Math.sin(theta)) ** 2 / c
    return 1 / inverse
  }
  const mask = new Uint8Array(n)
  const isUndefined = Number.isNaN(distance(0))
  for (let i = 0; i < n; i++) {
    if (u[i]! ** 2 + du[i]! ** 2 + d2u[i]! ** 2 > (isUndefined ? 0 : distance(i))) mask[i] = 1
  }
  return mask
}

/** The squared half axes: [p, q; q, p] [a, b] = [x, y]. */
function solveAxes(p: number, q: number, x: number, y: number): [number, number] {
  const determinant = p * p - q * q
  return [(p * x - q * y) / determinant, (p * y - q * x) / determinant]
}

/** Half of the difference between both neighbours; 0 for `edge` values at each end. */
function centredDifference(values: Float64Array, edge: number): Float64Array {
  const result = new Float64Array(values.length)
  for (let i = edge; i < values.length - edge; i++) result[i] = (values[i + 1]! - values[i - 1]!) / 2
  return result
}

function centred(values: Float64Array): Float64Array {
  const mean = sumOf(values.length, (i) => values[i]!) / values.length
  return values.map((value) => value - mean)
}

/** Population standard deviation. */
function deviation(values: Float64Array): number {
  const mean = sumOf(values.length, (i) => values[i]!) / values.length
  return Math.sqrt(sumOf(values.length, (i) => (values[i]! - mean) ** 2) / values.length)
}

function sumOf(length: number, value: (index: number) => number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += value(i)
  return sum
}
