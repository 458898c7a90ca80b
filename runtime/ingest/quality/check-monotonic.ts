import type { Log } from '../../contracts.ts'
import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { type BigArray, isDatetime, type NumberArray } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import type { Checker } from '../interfaces.ts'
import { missingMask } from './check-missing.ts'
import { lanesAlong } from './lanes.ts'

/** Which way a variable must run, or `undefined` for the way that most of its steps go. */
export interface MonotonicParameters {
  readonly direction?: 'increasing' | 'decreasing'
  /** Of variables with several dims: along which. */
  readonly dim?: string
}

/**
 * Fails elements that do not lie strictly beyond the last one that passed; NaN and NaT fail. Variables with several
 * dims are tested by the sign of their gradient along `dim`. Text, scalars and several dims without `dim`: no test.
 */
export class CheckMonotonic implements Checker {
  private readonly parameters: MonotonicParameters
  private readonly log: Log

  constructor(parameters: MonotonicParameters, log: Log) {
    this.parameters = parameters
    this.log = log
  }

  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const variable = dataset.get(name)
    if (!variable || variable.dims.length === 0) return undefined
    const { dim } = this.parameters
    const skip = variable.data instanceof TextArray ? 'it is text' : undefined
    const reason =
      skip ?? (variable.dims.length > 1 && !dim ? 'it has several dims and no dim is given' : undefined)
    if (reason) {
      this.log.warn('Quality:Skipped', { checker: 'CheckMonotonic', variable: name, reason })
      return undefined
    }
    const missing = missingNotANumber(variable)
    if (variable.dims.length === 1) return this.checkSequence(variable, missing)
    return this.checkGradient(name, variable, dim as string, missing)
  }

  private checkSequence(variable: Variable, missing: Uint8Array): Uint8Array {
    const { data } = variable
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      return failedBigs(data, missing, this.parameters.direction)
    }
    return failedNumbers(data as NumberArray, missing, this.parameters.direction)
  }

  private checkGradient(name: string, variable: Variable, dim: string, missing: Uint8Array): Uint8Array {
    const axis = variable.dims.indexOf(dim)
    if (axis < 0) {
      throw new InputError(
        `${name}: CheckMonotonic goes along ${dim}, but its dims are (${variable.dims.join(', ')})`,
      )
    }
    const data = variable.data as NumberArray | BigArray
    const step = (from: number, to: number): number =>
      missing[from] || missing[to] ? Number.NaN : Number((data[to] as number) - (data[from] as number))
    const lanes = [...lanesAlong(variable.shape, axis)]
    const rises = this.parameters.direction
      ? this.parameters.direction === 'increasing'
      : lanes.reduce(
          (balance, lane) =>
            balance +
            countSteps(lane.length, (i) =>
              step(lane.start + (i - 1) * lane.step, lane.start + i * lane.step),
            ),
          0,
        ) >= 0
    const mask = new Uint8Array(data.length)
    for (const { start, step: stride, length } of lanes) {
      for (let i = 0; length > 1 && i < length; i++) {
        const gradient = step(
          start + Math.max(i - 1, 0) * stride,
          start + Math.min(i + 1, length - 1) * stride,
        )
        if (rises ? gradient <= 0 : gradient >= 0) mask[start + i * stride] = 1
      }
    }
    return mask
  }
}

/** How many more steps go up than down. */
function countSteps(length: number, step: (index: number) => number): number {
  let balance = 0
  for (let i = 1; i < length; i++) balance += Math.sign(step(i)) || 0
  return balance
}

/** NaN and NaT only: a literal fill is a value to a test of order, as in the reference. */
function missingNotANumber(variable: Variable): Uint8Array {
  const bare = { ...variable, attrs: new Map(), encoding: {} }
  return isDatetime(variable.dtype) || variable.dtype.startsWith('float')
    ? missingMask(bare)
    : new Uint8Array(variable.data.length)
}

function failedNumbers(
  data: NumberArray,
  missing: Uint8Array,
  direction: 'increasing' | 'decreasing' | undefined,
): Uint8Array {
  let balance = 0
  for (let i = 1; i < data.length; i++) {
    if (missing[i] || missing[i - 1]) continue
    const [before, value] = [data[i - 1] as number, data[i] as number]
    if (value > before) balance++
    else if (value < before) balance--
  }
  const rises = direction ? direction === 'increasing' : balance >= 0
  const mask = missing.slice()
  let last: number | undefined
  for (let i = 0; i < data.length; i++) {
    if (missing[i]) continue
    const value = data[i] as number
    if (last === undefined || (rises ? value > last : value < last)) last = value
    else mask[i] = 1
  }
  return mask
}

/** `failedNumbers` for 64-bit integers: apart, so that each loop sees one type of array and stays fast. */
function failedBigs(
  data: BigArray,
  missing: Uint8Array,
  direction: 'increasing' | 'decreasing' | undefined,
): Uint8Array {
  let balance = 0
  for (let i = 1; i < data.length; i++) {
    if (missing[i] || missing[i - 1]) continue
    const before = data[i - 1] as bigint
    const value = data[i] as bigint
    if (value > before) balance++
    else if (value < before) balance--
  }
  const rises = direction ? direction === 'increasing' : balance >= 0
  const mask = missing.slice()
  let hasLast = false
  let last = 0n
  for (let i = 0; i < data.length; i++) {
    if (missing[i]) continue
    const value = data[i] as bigint
    if (!hasLast || (rises ? value > last : value < last)) {
      last = value
      hasLast = true
    } else mask[i] = 1
  }
  return mask
}
