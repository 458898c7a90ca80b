import { numbersAttr } from '../../dataset/attrs.ts'
import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { type BigArray, isDatetime, type NumberArray, timeUnit, unitsPerSecond } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import { fillOf } from '../attributes.ts'
import type { Checker } from '../interfaces.ts'
import { missingMask } from './check-missing.ts'
import { lanesAlong } from './lanes.ts'

/** Fails values beyond a limit that the variable's attribute names; equal passes, missing passes. */
export class CheckLimit implements Checker {
  private readonly attribute: string
  private readonly side: 'below' | 'above'

  /** `attribute` is such as `valid_min` or `fail_range`: its first number is the lower limit, its last the upper. */
  constructor(attribute: string, side: 'below' | 'above') {
    this.attribute = attribute
    this.side = side
  }

  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const found = thresholds(name, dataset, this.attribute)
    if (!found) return undefined
    const { variable, numbers } = found
    if (isDatetime(variable.dtype)) throw cannotTest(name, this.attribute, 'a time')
    const limit = (this.side === 'below' ? numbers[0] : numbers.at(-1)) as number
    const fill = fillOf(variable)
    const { data } = variable
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      return bigsBeyond(data, limit, this.side, typeof fill === 'bigint' ? fill : undefined)
    }
    return numbersBeyond(data as NumberArray, limit, this.side, typeof fill === 'number' ? fill : undefined)
  }
}

/** Fails elements that differ from the one before by more than `*_delta`; in seconds for times. */
export class CheckDelta implements Checker {
  private readonly attribute: string
  private readonly dim: string

  constructor(attribute: string, dim: string) {
    this.attribute = attribute
    this.dim = dim
  }

  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const found = thresholds(name, dataset, this.attribute)
    if (!found) return undefined
    const { variable, numbers } = found
    const limit = numbers[0] as number
    const axis = axisOf(name, variable, this.dim, this.attribute)
    const missing = missingMask(variable)
    const distance = distanceOf(variable)
    const mask = new Uint8Array(variable.data.length)
    for (const { start, step, length } of lanesAlong(variable.shape, axis)) {
      for (let i = 1; i < length; i++) {
        const at = start + i * step
        if (missing[at] || missing[at - step]) continue
        if (distance(at - step, at) > limit) mask[at] = 1
      }
    }
    return mask
  }
}

/** Fails values more than `*_std` sample standard deviations above the mean over time: the high side only. */
export class CheckStd implements Checker {
  private readonly attribute: string

  constructor(attribute: string) {
    this.attribute = attribute
  }

  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const found = thresholds(name, dataset, this.attribute)
    if (!found) return undefined
    const { variable, numbers } = found
    if (isDatetime(variable.dtype)) throw cannotTest(name, this.attribute, 'a time')
    const axis = axisOf(name, variable, 'time', this.attribute)
    const missing = missingMask(variable)
    const data = variable.data as NumberArray | BigArray
    const mask = new Uint8Array(data.length)
    for (const { start, step, length } of lanesAlong(variable.shape, axis)) {
      const at = (i: number) => start + i * step
      const { mean, deviation } = spread(length, (i) => (missing[at(i)] ? Number.NaN : Number(data[at(i)])))
      const limit = mean + (numbers[0] as number) * deviation
      for (let i = 0; i < length; i++) if (!missing[at(i)] && Number(data[at(i)]) > limit) mask[at(i)] = 1
    }
    return mask
  }
}

/** Mean and sample standard deviation (ddof 1) of what is not NaN, in two passes; NaN when there is too little. */
function spread(length: number, value: (index: number) => number): { mean: number; deviation: number } {
  let count = 0
  let sum = 0
  for (let i = 0; i < length; i++) {
    const x = value(i)
    if (Number.isNaN(x)) continue
    count++
    sum += x
  }
  const mean = sum / count
  let squares = 0
  for (let i = 0; i < length; i++) {
    const x = value(i)
    if (!Number.isNaN(x)) squares += (x - mean) ** 2
  }
  return { mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN }
}

function thresholds(
  name: string,
  dataset: Dataset,
  attribute: string,
): { variable: Variable; numbers: readonly number[] } | undefined {
  const variable = dataset.get(name)
  if (!variable?.attrs.has(attribute)) return undefined
  const numbers = numbersAttr(variable.attrs, attribute)?.map(Number)
  if (!numbers || numbers.length === 0) {
    throw new InputError(`${name}: its attribute ${attribute} is no number, so it cannot be tested against`)
  }
  if (variable.data instanceof TextArray) throw cannotTest(name, attribute, 'text')
  return { variable, numbers }
}

function cannotTest(name: string, attribute: string, kind: string): InputError {
  return new InputError(`${name} is ${kind}: it cannot be tested against its attribute ${attribute}`)
}

function axisOf(name: string, variable: Variable, dim: string, attribute: string): number {
  const axis = variable.dims.indexOf(dim)
  if (axis >= 0) return axis
  throw new InputError(
    `${name}: ${attribute} is tested along ${dim}, but its dims are (${variable.dims.join(', ')})`,
  )
}

function distanceOf(variable: Variable): (from: number, to: number) => number {
  const { data, dtype } = variable
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const scale = isDatetime(dtype) ? Number(unitsPerSecond(timeUnit(dtype))) : 1
    return (from, to) => Math.abs(Number((data[to] as bigint) - (data[from] as bigint))) / scale
  }
  const numbers = data as NumberArray
  return (from, to) => Math.abs((numbers[to] as number) - (numbers[from] as number))
}

function numbersBeyond(
  data: NumberArray,
  limit: number,
  side: 'below' | 'above',
  fill: number | undefined,
): Uint8Array {
  const mask = new Uint8Array(data.length)
  // NaN equals nothing, so a variable without a fill skips nothing.
  const skip = fill ?? Number.NaN
  if (side === 'below') {
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number
      if (value < limit && value !== skip) mask[i] = 1
    }
  } else {
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number
      if (value > limit && value !== skip) mask[i] = 1
    }
  }
  return mask
}

/** For whole numbers `x < 2.5` is `x < 3`: a bound of the same type compares exactly, and fast. */
function bigsBeyond(
  data: BigArray,
  limit: number,
  side: 'below' | 'above',
  fill: bigint | undefined,
): Uint8Array {
  const mask = new Uint8Array(data.length)
  if (Number.isNaN(limit)) return mask
  if (!Number.isFinite(limit)) {
    const failsAll = limit > 0 === (side === 'below')
    if (failsAll) for (let i = 0; i < data.length; i++) mask[i] = data[i] === fill ? 0 : 1
    return mask
  }
  const bound = BigInt(side === 'below' ? Math.ceil(limit) : Math.floor(limit))
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as bigint
    if ((side === 'below' ? value < bound : value > bound) && value !== fill) mask[i] = 1
  }
  return mask
}
