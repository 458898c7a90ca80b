import { InputError } from '../errors.ts'
import type { TimeUnits } from './cf-time-units.ts'
import { isKnownCalendar, parseTimeUnits } from './cf-time-units.ts'
import { floorDivide } from './datetime.ts'
import type { DType, NumberArray, TimeUnit } from './dtype.ts'
import { isFloat, NaT } from './dtype.ts'

const resolutions: readonly [TimeUnit, bigint][] = [
  ['ns', 1n],
  ['us', 1000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
]
const int64Max = 2n ** 63n - 1n

export interface DecodedTimes {
  readonly dtype: `datetime64[${TimeUnit}]`
  readonly data: BigInt64Array
}

/**
 * Numbers in CF's `<unit> since <date>` as datetimes: in nanoseconds, or in the finest unit that holds them all.
 * NaN and INT64_MIN are NaT. Floats are cut to the nanosecond as xarray does it, or rounded to the microsecond where
 * the span from the reference date is too long for that. @throws InputError for units, calendars and numbers that are no times
 */
export function decodeTimes(
  data: NumberArray | BigInt64Array | BigUint64Array,
  dtype: DType,
  units: string,
  calendar: string | undefined,
  name: string,
): DecodedTimes {
  const known = calendar ?? 'standard'
  if (!isKnownCalendar(known)) {
    throw new InputError(
      `${name}: the calendar ${JSON.stringify(known)} is not standard, gregorian or proleptic_gregorian`,
    )
  }
  const parsed = parseTimeUnits(units, known)
  if (!parsed)
    throw new InputError(`${name}: the units ${JSON.stringify(units)} are not "<unit> since <date>"`)
  return isFloat(dtype)
    ? decodeFloats(data as Float64Array, parsed, name)
    : decodeIntegers(data, parsed, name)
}

function decodeIntegers(
  data: NumberArray | BigInt64Array | BigUint64Array,
  { nanosecondsPerUnit: per, reference }: TimeUnits,
  name: string,
): DecodedTimes {
  let low: number | bigint | undefined
  let high: number | bigint | undefined
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number | bigint
    if (value === NaT) continue
    if (low === undefined || value < low) low = value
    if (high === undefined || value > high) high = value
  }
  const span = [low ?? 0, high ?? 0].map((value) => BigInt(value) * per + reference) as [bigint, bigint]
  const [unit, size] = fittingResolution(span, per, reference, name)
  const factor = per / size
  const offset = reference / size
  const result = new BigInt64Array(data.length)
  if (data instanceof BigInt64Array) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!
      result[i] = value === NaT ? NaT : BigInt.asIntN(64, value * factor + offset)
    }
  } else {
    for (let i = 0; i < data.length; i++) result[i] = BigInt(data[i]!) * factor + offset
  }
  return { dtype: `datetime64[${unit}]`, data: result }
}

/** The finest resolution in which all times fit and nothing is lost. */
function fittingResolution(
  [low, high]: [bigint, bigint],
  per: bigint,
  reference: bigint,
  name: string,
): [TimeUnit, bigint] {
  for (const [unit, size] of resolutions) {
    const isExact = per % size === 0n && reference % size === 0n
    if (isExact && low / size >= -int64Max && high / size <= int64Max) return [unit, size]
  }
  throw new InputError(`${name}: times from ${low} to ${high} ns since 1970 are beyond what a datetime holds`)
}

function decodeFloats(data: Float64Array | Float32Array, units: TimeUnits, name: string): DecodedTimes {
  const per = Number(units.nanosecondsPerUnit)
  const reference = Number(units.reference)
  const limit = 2 ** 63 - 1024
  let fitsNanoseconds = Math.abs(reference) < limit
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number
    if (Number.isNaN(value)) continue
    if (!Number.isFinite(value)) throw new InputError(`${name}: ${value} is not a time (element ${i})`)
    const span = value * per
    if (!(Math.abs(span) < limit && Math.abs(span + reference) < limit)) fitsNanoseconds = false
  }
  if (!fitsNanoseconds) return decodeToMicroseconds(data, units, name)
  const result = new BigInt64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number
    result[i] = Number.isNaN(value) ? NaT : BigInt(Math.trunc(value * per)) + units.reference
  }
  return { dtype: 'datetime64[ns]', data: result }
}

function decodeToMicroseconds(
  data: Float64Array | Float32Array,
  units: TimeUnits,
  name: string,
): DecodedTimes {
  const result = new BigInt64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number
    if (Number.isNaN(value)) {
      result[i] = NaT
      continue
    }
    const whole = Math.floor(value)
    const rest = (value - whole) * Number(units.nanosecondsPerUnit)
    const nanoseconds = BigInt(whole) * units.nanosecondsPerUnit + units.reference
    const microseconds = floorDivide(nanoseconds, 1000n) + BigInt(Math.round(rest / 1000))
    if (microseconds > int64Max || microseconds < -int64Max) {
      throw new InputError(`${name}: ${value} ${units.text} is beyond what a datetime holds (element ${i})`)
    }
    result[i] = microseconds
  }
  const limit = int64Max / 1000n
  if (result.some((count) => count !== NaT && (count > limit || count < -limit))) {
    return { dtype: 'datetime64[us]', data: result }
  }
  return { dtype: 'datetime64[ns]', data: result.map((count) => (count === NaT ? NaT : count * 1000n)) }
}
