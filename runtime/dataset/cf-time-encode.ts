import { InputError } from '../errors.ts'
import type { TimeUnits } from './cf-time-units.ts'
import {
  cfTimeUnits,
  gregorianReform,
  isKnownCalendar,
  parseTimeUnits,
  showDate,
  splitDate,
} from './cf-time-units.ts'
import type { Encoding, Variable } from './dataset.ts'
import type { DType, TimeUnit } from './dtype.ts'
import { isFloat, isInteger, NaT, timeUnit, unitsPerSecond } from './dtype.ts'

/** How datetimes become numbers: `value = (count * countNanoseconds - reference) / perUnit`. */
export interface TimeEncoding {
  /** int64 unless there are fractions of the unit, or another was asked for. */
  readonly dtype: DType
  readonly units: string
  readonly calendar: string
  /** Whether every number is the count itself. */
  readonly isIdentity: boolean
  /** The number for one count, exact for an integer type. NaT must be dealt with before. */
  readonly encode: (count: bigint) => number | bigint
}

/**
 * Chooses units, calendar and type for a datetime variable as xarray does: units asked for are normalised; times
 * that are no whole number of them become float64, or, where an integer type was asked for, finer units are taken.
 * Without units, the coarsest that fit, since the first time. @throws InputError that names the variable
 */
export function planTimeEncoding(name: string, variable: Variable, wanted: Encoding): TimeEncoding {
  const calendar = wanted.calendar ?? 'proleptic_gregorian'
  if (!isKnownCalendar(calendar)) {
    throw new InputError(
      `${name}: the calendar ${JSON.stringify(calendar)} is not standard, gregorian or proleptic_gregorian`,
    )
  }
  const counts = variable.data as BigInt64Array
  const scale = 1_000_000_000n / unitsPerSecond(timeUnit(variable.dtype as `datetime64[${TimeUnit}]`))
  const units =
    wanted.units === undefined ? inferUnits(counts, scale) : requireUnits(name, wanted.units, calendar)
  requireAfterReform(name, counts, scale, units, calendar)
  const isWhole = divides(units.nanosecondsPerUnit, units.reference, counts, scale)
  if (isWhole || wanted.dtype === undefined || !isInteger(wanted.dtype)) {
    const dtype = wanted.dtype ?? (isWhole ? 'int64' : 'float64')
    return {
      dtype,
      units: units.text,
      calendar,
      isIdentity: isIdentity(units, scale),
      encode: encoder(units, scale, isFloat(dtype)),
    }
  }
  const finer = withFinerUnit(units, counts, scale)
  return {
    dtype: wanted.dtype,
    units: finer.text,
    calendar,
    isIdentity: isIdentity(finer, scale),
    encode: encoder(finer, scale, false),
  }
}

function isIdentity({ nanosecondsPerUnit, reference }: TimeUnits, scale: bigint): boolean {
  return reference === 0n && nanosecondsPerUnit === scale
}

function requireUnits(name: string, text: string, calendar: string): TimeUnits {
  const units = parseTimeUnits(text, calendar)
  if (!units) throw new InputError(`${name}: the units ${JSON.stringify(text)} are not "<unit> since <date>"`)
  return units
}

function encoder(
  { nanosecondsPerUnit: per, reference }: TimeUnits,
  scale: bigint,
  isFloating: boolean,
): (count: bigint) => number | bigint {
  if (isFloating) return (count) => Number(count * scale - reference) / Number(per)
  if (reference === 0n && per % scale === 0n) {
    const divisor = per / scale
    return (count) => count / divisor
  }
  return (count) => (count * scale - reference) / per
}

function divides(per: bigint, reference: bigint, counts: BigInt64Array, scale: bigint): boolean {
  if (per === 1n || (scale % per === 0n && reference % per === 0n)) return true
  if (per % scale === 0n && reference % scale === 0n) {
    const [divisor, offset] = [per / scale, reference / scale]
    const remainder = offset % divisor
    return counts.every(
      (count) => count === NaT || (count % divisor) - remainder === 0n || (count - offset) % divisor === 0n,
    )
  }
  return counts.every((count) => count === NaT || (count * scale - reference) % per === 0n)
}

function coarsestUnit(reference: bigint, counts: BigInt64Array, scale: bigint): TimeUnits['unit'] {
  for (const [unit, per] of cfTimeUnits) if (divides(per, reference, counts, scale)) return unit
  return 'nanoseconds'
}

function withFinerUnit({ reference }: TimeUnits, counts: BigInt64Array, scale: bigint): TimeUnits {
  const unit = coarsestUnit(reference, counts, scale)
  return {
    unit,
    nanosecondsPerUnit: cfTimeUnits.get(unit) as bigint,
    reference,
    text: `${unit} since ${showDate(reference)}`,
  }
}

function inferUnits(counts: BigInt64Array, scale: bigint): TimeUnits {
  const first = counts.find((count) => count !== NaT)
  const reference = first === undefined ? 0n : first * scale
  const unit = coarsestUnit(reference, counts, scale)
  const { date, time } = splitDate(reference)
  return {
    unit,
    nanosecondsPerUnit: cfTimeUnits.get(unit) as bigint,
    reference,
    text: `${unit} since ${date} ${time}`,
  }
}

/** Before 1582-10-15 the standard calendar is Julian, and datetimes are not. */
function requireAfterReform(
  name: string,
  counts: BigInt64Array,
  scale: bigint,
  units: TimeUnits,
  calendar: string,
): void {
  if (calendar.toLowerCase() === 'proleptic_gregorian') return
  const isEarly = (count: bigint): boolean => count !== NaT && count * scale < gregorianReform
  if (units.reference < gregorianReform || counts.some(isEarly)) {
    throw new InputError(
      `${name}: times before 1582-10-15 need the calendar proleptic_gregorian, not ${calendar}`,
    )
  }
}
