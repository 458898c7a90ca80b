import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { isDatetime, isFloat, NaT, type NumberArray } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import type { Handler } from '../interfaces.ts'
import { missingMask } from './check-missing.ts'
import { lanesAlong } from './lanes.ts'
import { curveThrough, type InterpolationMethod } from './spline.ts'

/** How gaps are closed: from so many points to each side, by which curve, and how many in a row at most. */
export interface InterpolationParameters {
  readonly points: number
  readonly method: InterpolationMethod
  readonly maxGap: number
}

/** Replaces failed and missing values by a curve through their neighbours, along the last dim. */
export class CubicSplineInterp implements Handler {
  private readonly parameters: InterpolationParameters

  constructor(parameters: InterpolationParameters) {
    this.parameters = parameters
  }

  handle(name: string, dataset: Dataset, failures: Uint8Array): Dataset {
    const variable = dataset.get(name)
    if (!variable || !failures.includes(1)) return dataset
    if (!isFloat(variable.dtype) || variable.dims.length === 0) {
      throw new InputError(
        `${name} is ${variable.dtype} with dims (${variable.dims.join(', ')}): CubicSplineInterp needs float values along a dim`,
      )
    }
    const data = variable.data as Float64Array | Float32Array
    const missing = missingMask(variable)
    for (let i = 0; i < data.length; i++) if (failures[i] || missing[i]) data[i] = Number.NaN
    const axis = variable.dims.length - 1
    const dim = variable.dims[axis] as string
    const x = positions(name, dim, dataset.index(dim), variable.shape[axis] as number)
    for (const { start, length } of lanesAlong(variable.shape, axis)) {
      closeGaps(data.subarray(start, start + length), x, this.parameters)
    }
    return dataset
  }
}

/**
 * Closes gaps of NaN in place. A window reaches from `points` values before a gap to where `points` good values in a
 * row follow, or the end; in it at most `maxGap` values of each gap are filled, from its left, and none before the
 * first or after the last good value.
 */
export function closeGaps(
  values: Float64Array | Float32Array,
  x: Float64Array,
  { points, method, maxGap }: InterpolationParameters,
): void {
  let start = -1
  let goodInARow = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      if (start < 0) start = Math.max(0, i - points)
      goodInARow = 0
    } else if (start >= 0) goodInARow++
    if (start >= 0 && (goodInARow === points || i === values.length - 1)) {
      fillWindow(values.subarray(start, i + 1), x.subarray(start, i + 1), method, maxGap)
      start = -1
      goodInARow = 0
    }
  }
}

function fillWindow(
  values: Float64Array | Float32Array,
  x: Float64Array,
  method: InterpolationMethod,
  maxGap: number,
): void {
  const good: number[] = []
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) good.push(i)
  })
  if (good.length < 2) return
  const curve = curveThrough(
    method,
    Float64Array.from(good, (i) => x[i] as number),
    Float64Array.from(good, (i) => values[i] as number),
  )
  if (!curve) return
  let run = 0
  for (let i = (good[0] as number) + 1; i < (good.at(-1) as number); i++) {
    run = Number.isNaN(values[i]) ? run + 1 : 0
    if (run > 0 && run <= maxGap) values[i] = curve(x[i] as number)
  }
}

/** The numbers along a dim: its coord, times from the first one on, or 0, 1, 2 … where nothing labels it. */
function positions(name: string, dim: string, index: Variable | undefined, length: number): Float64Array {
  if (!index) return Float64Array.from({ length }, (_, i) => i)
  const { data, dtype } = index
  if (data instanceof TextArray)
    throw new InputError(`${name}: ${dim} is text, so nothing lies between its labels`)
  const x = new Float64Array(length)
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const origin = data[0] ?? 0n
    for (let i = 0; i < length; i++) {
      const isNaT = isDatetime(dtype) && data[i] === NaT
      x[i] = isNaT ? Number.NaN : Number((data[i] as bigint) - origin)
    }
  } else x.set(data as NumberArray)
  for (let i = 1; i < length; i++) {
    if (!((x[i] as number) > (x[i - 1] as number))) {
      throw new InputError(
        `${name}: ${dim} must increase from each element to the next for CubicSplineInterp; it does not at index ${i}`,
      )
    }
  }
  return x
}
