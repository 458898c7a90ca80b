import { InputError } from '../errors.ts'
import type { Variable } from './dataset.ts'
import { convertTimeUnit, formatDatetime, parseDatetime } from './datetime.ts'
import type { BigArray, DataArray, DType, NumberArray } from './dtype.ts'
import { allocate, isDatetime, isFloat, isInteger, NaT, timeUnit } from './dtype.ts'
import { Int64Words } from './int64-words.ts'
import { missingTest } from './missing.ts'
import { parseFloatText, parseIntegerText, showFloat } from './number-text.ts'
import { TextArray, TextArrayBuilder } from './text-array.ts'

/** One value of any type: bools are `boolean` or 0 and 1, datetimes counts of their unit, `null` is missing. */
export type Element = number | bigint | string | boolean | null

/**
 * The variable with its values as another type, by numpy's rules: floats are cut toward zero, datetimes lose
 * resolution toward minus infinity, texts are read strictly. NaN, NaT and missing text become `missing` where the
 * type has no missing value of its own. Attributes and encoding are shared; so is the data if nothing changes.
 * @throws InputError that names the variable and the element, for a value that the type cannot hold: INT_MIN is
 * never made up.
 */
export function cast(
  variable: Variable,
  dtype: DType,
  missing?: number | bigint | string | null,
  name = 'the variable',
): Variable {
  if (variable.dtype === dtype) return variable
  return { ...variable, dtype, data: castData(variable.data, variable.dtype, dtype, missing, name) }
}

/** `cast` of the bare array. */
export function castData(
  data: DataArray,
  from: DType,
  to: DType,
  missing?: number | bigint | string | null,
  name = 'the variable',
): DataArray {
  if (from === to) return data
  if (widens(from, to)) return new Float64Array(data as NumberArray)
  if (from === 'float64' && to === 'float32') return narrowToFloat32(data as Float64Array, name)
  if (/^u?int64$/.test(from) && to === 'float64') return nearestDoubles(data as BigArray)
  const at = elementReader(data, from, to, missing, name)
  if (isFloat(from) && isInteger(to)) return truncateFloats(data as Float64Array, to, at)
  if (to === 'str') return castToText(data.length, at)
  const result = allocate(to, data.length) as NumberArray
  for (let i = 0; i < data.length; i++) result[i] = at(i) as number
  return result
}

/** Gives each element as one of `to`. */
function elementReader(
  data: DataArray,
  from: DType,
  to: DType,
  missing: number | bigint | string | null | undefined,
  name: string,
): (index: number) => number | bigint | string {
  const convert = elementCast(from, to)
  const isMissing = missingTest(from, data)
  const fill = missing === undefined || missing === null ? undefined : toElement(to, missing, name)
  const word = isDatetime(from) ? 'NaT' : 'nan'
  const stand = missingAs(to) ?? fill ?? (to === 'str' ? word : undefined)
  const valueAt = (index: number): number | bigint | string =>
    data instanceof TextArray ? data.at(index) : (data[index] as number | bigint)
  return (index) => {
    const value = isMissing(index) ? undefined : valueAt(index)
    const element = value === undefined ? stand : convert(value)
    if (element !== undefined) return element
    const why =
      value === undefined
        ? `a missing value cannot be ${to}, and there is no _FillValue to stand for it`
        : refusal(value, from, to)
    throw new InputError(`${name}: ${why} (element ${index})`, { element: index })
  }
}

/** Float32 and the integers up to 32 bits fit a float64 as they are. */
function widens(from: DType, to: DType): boolean {
  return to === 'float64' && /^(?:float32|bool|u?int(?:8|16|32))$/.test(from)
}

function narrowToFloat32(data: Float64Array, name: string): Float32Array {
  const result = new Float32Array(data)
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(result[i] as number) && Number.isFinite(data[i] as number)) {
      const why = refusal(data[i] as number, 'float64', 'float32')
      throw new InputError(`${name}: ${why} (element ${i})`, { element: i })
    }
  }
  return result
}

function nearestDoubles(data: BigArray): Float64Array {
  const words = new Int64Words(data)
  const result = new Float64Array(data.length)
  for (let i = 0; i < result.length; i++) result[i] = words.at(i)
  return result
}

/** Floats cut toward zero; `at` is asked, or throws, for those that are missing or out of range. */
function truncateFloats(
  data: Float64Array,
  to: DType,
  at: (index: number) => number | bigint | string,
): NumberArray | BigArray {
  const { low, high } = rangeOf(to)
  const result = allocate(to, data.length) as NumberArray | BigArray
  const words =
    result instanceof BigInt64Array || result instanceof BigUint64Array ? new Int64Words(result) : undefined
  for (let i = 0; i < data.length; i++) {
    const whole = Math.trunc(data[i] as number)
    if (!(whole >= low && whole < high)) result[i] = at(i) as number
    else if (words) words.set(i, whole)
    else result[i] = whole
  }
  return result
}

/** NaN and NaT become the words `nan` and `NaT` unless there is a fill, as in numpy. */
function castToText(length: number, at: (index: number) => number | bigint | string): TextArray {
  const builder = new TextArrayBuilder()
  for (let i = 0; i < length; i++) builder.push(String(at(i)))
  return builder.build()
}

/** What stands for "no value" in a number or time type that has such a thing. */
function missingAs(dtype: DType): number | bigint | undefined {
  if (isFloat(dtype)) return Number.NaN
  return isDatetime(dtype) ? NaT : undefined
}

/** A conversion that gives `undefined` for what the type cannot hold. The input is never missing. */
function elementCast(
  from: DType,
  to: DType,
): (value: number | bigint | string) => number | bigint | string | undefined {
  if (to === 'str') return (value) => showElement(value as number | bigint, from)
  if (isDatetime(from)) {
    const unit = timeUnit(from)
    if (isDatetime(to)) return (value) => inRange(convertTimeUnit(value as bigint, unit, timeUnit(to)), to)
  }
  if (from === 'str') return (value) => parseElement(value as string, to)
  return (value) => toNumber(value as number | bigint, to)
}

/** A number as the element type `to`, cut toward zero for integers; `undefined` when out of range. */
function toNumber(value: number | bigint, to: DType): number | bigint | undefined {
  if (to === 'bool') return Number(value !== 0 && value !== 0n)
  if (isFloat(to)) {
    const float = to === 'float32' ? Math.fround(Number(value)) : Number(value)
    return Number.isFinite(float) || (typeof value === 'number' && !Number.isFinite(value))
      ? float
      : undefined
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return undefined
    return inRange(Math.trunc(value), to)
  }
  return inRange(value, to)
}

function parseElement(text: string, to: DType): number | bigint | undefined {
  if (isDatetime(to)) {
    if (text.trim() === 'NaT') return NaT
    const nanoseconds = parseDatetime(text)
    return nanoseconds === undefined
      ? undefined
      : inRange(convertTimeUnit(nanoseconds, 'ns', timeUnit(to)), to)
  }
  if (to === 'bool') return { true: 1, '1': 1, false: 0, '0': 0 }[text.trim().toLowerCase()]
  if (isFloat(to)) {
    const value = parseFloatText(text)
    return value === undefined ? undefined : toNumber(value, to)
  }
  const value = parseIntegerText(text)
  return value === undefined ? undefined : inRange(value, to)
}

/** The lowest and highest integer of a type; datetimes have one less at the low end, which is NaT. */
export function integerRange(dtype: DType): { readonly min: bigint; readonly max: bigint } {
  if (isDatetime(dtype)) return { min: NaT + 1n, max: 2n ** 63n - 1n }
  if (!isInteger(dtype)) throw new TypeError(`${dtype} is not an integer type`)
  const bits = BigInt(/\d+$/.exec(dtype)![0])
  return dtype.startsWith('u')
    ? { min: 0n, max: 2n ** bits - 1n }
    : { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n }
}

interface Range {
  readonly min: bigint
  readonly max: bigint
  /** The same as numbers, the upper end exclusive: exact for every type, and far faster to compare with. */
  readonly low: number
  readonly high: number
}
const ranges = new Map<DType, Range>()

function rangeOf(dtype: DType): Range {
  let range = ranges.get(dtype)
  if (!range) {
    const { min, max } = integerRange(dtype)
    range = { min, max, low: Number(min), high: Number(max + 1n) }
    ranges.set(dtype, range)
  }
  return range
}

function inRange(value: number | bigint, dtype: DType): number | bigint | undefined {
  const range = rangeOf(dtype)
  if (isDatetime(dtype) || dtype.endsWith('int64')) {
    if (typeof value === 'number' && (value < range.low || value >= range.high)) return undefined
    const big = BigInt(value)
    return big < range.min || big > range.max ? undefined : big
  }
  if (typeof value === 'bigint') return value < range.min || value > range.max ? undefined : Number(value)
  return value < range.low || value >= range.high ? undefined : value
}

/**
 * One value as the element type `dtype`: `null` is NaN, NaT or missing text. Datetimes may be given as ISO texts.
 * @throws InputError when the type cannot hold it
 */
export function toElement(dtype: DType, value: Element, name = 'the value'): number | bigint | string | null {
  if (value === null) {
    if (dtype === 'str') return null
    const missing = missingAs(dtype)
    if (missing === undefined) throw new InputError(`${name}: a missing value cannot be ${dtype}`)
    return missing
  }
  const plain = typeof value === 'boolean' ? Number(value) : value
  if (dtype === 'str') {
    if (typeof value === 'string') return value
    if (typeof value === 'boolean') return value ? 'True' : 'False'
    return typeof value === 'number' && !Number.isInteger(value) ? showFloat(value) : String(value)
  }
  if (typeof plain === 'number' && Number.isNaN(plain) && missingAs(dtype) !== undefined)
    return missingAs(dtype)!
  const element = typeof plain === 'string' ? parseElement(plain, dtype) : toNumber(plain, dtype)
  if (element === undefined) {
    const given = typeof plain === 'string' ? 'str' : Number.isInteger(plain) ? 'int64' : 'float64'
    throw new InputError(`${name}: ${refusal(plain, given, dtype)}`)
  }
  return element
}

/** An element as text: Python's spelling of numbers and bools, ISO 8601 for datetimes. */
export function showElement(value: number | bigint | string, dtype: DType): string {
  if (isDatetime(dtype)) return formatDatetime(value as bigint, timeUnit(dtype))
  if (isFloat(dtype)) return showFloat(value as number, dtype)
  if (dtype === 'bool') return value ? 'True' : 'False'
  return String(value)
}

function refusal(value: number | bigint | string, from: DType, to: DType): string {
  if (typeof value === 'string') return `${JSON.stringify(value)} is not ${describe(to)}`
  if (isInteger(to)) {
    const { min, max } = integerRange(to)
    return `${showElement(value, from)} does not fit ${to}, which holds ${min} to ${max}`
  }
  return `${showElement(value, from)} does not fit ${to}`
}

function describe(dtype: DType): string {
  if (isDatetime(dtype)) return `a date and time (${dtype})`
  if (dtype === 'bool') return 'True or False'
  return isFloat(dtype) ? `a number (${dtype})` : `a whole number (${dtype})`
}
