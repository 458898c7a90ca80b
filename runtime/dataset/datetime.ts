import type { TimeUnit } from './dtype.ts'
import { NaT, unitsPerSecond } from './dtype.ts'

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar. After Howard Hinnant's `days_from_civil`. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The inverse of `daysFromCivil`. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

/** In English and in lower case, as date formats are read. */
export const monthNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const

export function daysInMonth(year: number, month: number): number {
  return month === 12 ? 31 : daysFromCivil(year, month + 1, 1) - daysFromCivil(year, month, 1)
}

/** Division that rounds toward minus infinity, as numpy does when a datetime loses resolution. */
export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor < 0n ? quotient - 1n : quotient
}

/** A count of `from` as a count of `to`; finer parts are cut toward minus infinity. NaT stays NaT. Unbounded. */
export function convertTimeUnit(count: bigint, from: TimeUnit, to: TimeUnit): bigint {
  if (from === to || count === NaT) return count
  const [have, want] = [unitsPerSecond(from), unitsPerSecond(to)]
  return want > have ? count * (want / have) : floorDivide(count, have / want)
}

export interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Of the time of day; with the zone's offset taken off, so it may be negative or beyond a day. */
  readonly nanoseconds: bigint
  readonly hasZone: boolean
}

const isoPattern =
  /^(?<year>[+-]?\d{4})(?:-(?<month>\d{1,2})(?:-(?<day>\d{1,2})(?:[T ]\s*(?<hour>\d{1,2})(?::(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:\.(?<fraction>\d{0,9})\d*)?)?)?)?)?)?\s*(?<zone>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?$/i
const basicPattern =
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})(?:[T ]?(?<hour>\d{2})(?<minute>\d{2})(?:(?<second>\d{2})(?:\.(?<fraction>\d{0,9})\d*)?)?)?\s*(?<zone>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?$/i

/** The parts of an ISO 8601 date and time (blank or T between, zone optional), or `undefined`. */
export function parseDateParts(text: string): DateParts | undefined {
  const groups = (isoPattern.exec(text.trim()) ?? basicPattern.exec(text.trim()))?.groups
  if (!groups) return undefined
  const [year, month, day] = [Number(groups.year), Number(groups.month ?? 1), Number(groups.day ?? 1)]
  const [hour, minute, second] = [groups.hour, groups.minute, groups.second].map((part) => Number(part ?? 0))
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined
  const offset = zoneOffsetSeconds(groups.zone)
  if (offset === undefined) return undefined
  const seconds = BigInt(hour! * 3600 + minute! * 60 + second! - offset)
  const fraction = BigInt((groups.fraction ?? '').padEnd(9, '0'))
  return {
    year,
    month,
    day,
    nanoseconds: seconds * 1_000_000_000n + fraction,
    hasZone: groups.zone !== undefined,
  }
}

function zoneOffsetSeconds(zone: string | undefined): number | undefined {
  if (zone === undefined || /^[a-z]/i.test(zone)) return 0
  const [, sign, hours, minutes] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone) as unknown as string[]
  if (Number(hours) > 23 || Number(minutes ?? 0) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes ?? 0) * 60)
}

/** Nanoseconds since 1970 (UTC) that an ISO 8601 text stands for, or `undefined`. Without a zone it is UTC. */
export function parseDatetime(text: string): bigint | undefined {
  const parts = parseDateParts(text)
  if (!parts) return undefined
  const days = BigInt(daysFromCivil(parts.year, parts.month, parts.day))
  return days * nanosecondsPerDay + parts.nanoseconds
}

export const nanosecondsPerDay = 86_400_000_000_000n

/** `2022-03-24T21:43:00` and as many digits of a second as the unit holds, as numpy prints it; `NaT` for NaT. */
export function formatDatetime(count: bigint, unit: TimeUnit): string {
  if (count === NaT) return 'NaT'
  const perSecond = unitsPerSecond(unit)
  const seconds = floorDivide(count, perSecond)
  const days = floorDivide(seconds, 86_400n)
  const { year, month, day } = civilFromDays(Number(days))
  const ofDay = Number(seconds - days * 86_400n)
  const time = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60].map((part) => pad(part, 2))
  const digits = { s: 0, ms: 3, us: 6, ns: 9 }[unit]
  const fraction = digits === 0 ? '' : `.${String(count - seconds * perSecond).padStart(digits, '0')}`
  const yearText = year < 0 ? `-${pad(-year, 4)}` : pad(year, 4)
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}T${time.join(':')}${fraction}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
