import type { DateParts } from './datetime.ts'
import { civilFromDays, daysFromCivil, floorDivide, nanosecondsPerDay, parseDateParts } from './datetime.ts'

export type CfTimeUnit =
  | 'days'
  | 'hours'
  | 'minutes'
  | 'seconds'
  | 'milliseconds'
  | 'microseconds'
  | 'nanoseconds'

/** Nanoseconds in each unit, coarsest first. */
export const cfTimeUnits: ReadonlyMap<CfTimeUnit, bigint> = new Map([
  ['days', nanosecondsPerDay],
  ['hours', 3_600_000_000_000n],
  ['minutes', 60_000_000_000n],
  ['seconds', 1_000_000_000n],
  ['milliseconds', 1_000_000n],
  ['microseconds', 1000n],
  ['nanoseconds', 1n],
])

/** The short forms that cftime knows beside the names and their singulars. */
const abbreviations: Readonly<Record<string, CfTimeUnit>> = {
  d: 'days',
  h: 'hours',
  hr: 'hours',
  hrs: 'hours',
  min: 'minutes',
  mins: 'minutes',
  s: 'seconds',
  sec: 'seconds',
  secs: 'seconds',
  ms: 'milliseconds',
  msec: 'milliseconds',
  msecs: 'milliseconds',
  millisec: 'milliseconds',
  millisecs: 'milliseconds',
  microsec: 'microseconds',
  microsecs: 'microseconds',
}

/** CF's `<unit> since <date>`, understood. */
export interface TimeUnits {
  readonly unit: CfTimeUnit
  readonly nanosecondsPerUnit: bigint
  /** The reference date, in nanoseconds since 1970 UTC, unbounded. */
  readonly reference: bigint
  /** As xarray writes it: `seconds since 1970-01-01`, with `T…` where the time is not midnight or has a zone. */
  readonly text: string
}

/** Whether a `units` text has the form of a time coordinate's, whether or not it can be understood. */
export function looksLikeTimeUnits(units: string): boolean {
  return /^.+ since .+/.test(units)
}

/** Calendars that count days as datetimes do; the first two differ from the third before 1582-10-15. */
const calendars = ['standard', 'gregorian', 'proleptic_gregorian']

export function isKnownCalendar(calendar: string): boolean {
  return calendars.includes(calendar.toLowerCase())
}

/** The day on which the standard calendar went from Julian to Gregorian, in nanoseconds since 1970. */
export const gregorianReform = BigInt(daysFromCivil(1582, 10, 15)) * nanosecondsPerDay

/** `undefined` when the text is not `<unit> since <date>`. `calendar` matters for reference dates before 1582. */
export function parseTimeUnits(text: string, calendar = 'proleptic_gregorian'): TimeUnits | undefined {
  const match = /^(.+) since (.+)$/.exec(text.trim())
  if (!match) return undefined
  const unit = parseUnit(match[1] as string)
  const date = parseReference(match[2] as string)
  if (!unit || !date) return undefined
  const days = BigInt(daysOf(date, calendar))
  return {
    unit,
    nanosecondsPerUnit: cfTimeUnits.get(unit) as bigint,
    reference: days * nanosecondsPerDay + date.nanoseconds,
    text: `${unit} since ${showReference(date, match[2] as string)}`,
  }
}

function parseUnit(text: string): CfTimeUnit | undefined {
  const lower = text.trim().toLowerCase()
  const plural = (lower.endsWith('s') ? lower : `${lower}s`) as CfTimeUnit
  if (cfTimeUnits.has(plural)) return plural
  return Object.hasOwn(abbreviations, lower) ? abbreviations[lower] : undefined
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

function parseReference(text: string): DateParts | undefined {
  const iso = text
    .trim()
    .replace(/^(\d{1,2})[- ]([a-z]{3})[a-z]*[- ](\d{4})/i, (whole, day, month, year) => {
      const number = monthNames.indexOf(month.toLowerCase()) + 1
      return number === 0 ? whole : `${year}-${number}-${day}`
    })
    .replace(/^(\d{4})\/(\d{1,2})\/(\d{1,2})/, '$1-$2-$3')
  // Without four digits anywhere, the first number is the year: `since 1-1-1` is the year 1.
  const padded = /\d{4}/.test(iso) ? iso : iso.replace(/^\d+/, (year) => year.padStart(4, '0'))
  return parseDateParts(padded)
}

function daysOf({ year, month, day }: DateParts, calendar: string): number {
  const isBeforeReform = year < 1582 || (year === 1582 && (month < 10 || (month === 10 && day < 15)))
  if (calendar.toLowerCase() === 'proleptic_gregorian' || !isBeforeReform)
    return daysFromCivil(year, month, day)
  const [shiftedYear, shiftedMonth] = month <= 2 ? [year - 1, month + 12] : [year, month]
  const julianDay =
    Math.floor(365.25 * (shiftedYear + 4716)) + Math.floor(30.6001 * (shiftedMonth + 1)) + day - 1524
  return julianDay - 2_440_588
}

/** The date as pandas prints a Timestamp, with `T` before a time that is not a bare midnight. */
function showReference(date: DateParts, text: string): string {
  const zone = date.hasZone ? zoneSuffix(text) : ''
  const offset = zone === '' ? 0n : zoneNanoseconds(zone)
  return showDate(
    BigInt(daysFromCivil(date.year, date.month, date.day)) * nanosecondsPerDay + date.nanoseconds + offset,
    zone,
  )
}

/** Nanoseconds since 1970 as `2022-03-24` or `2022-03-24T21:43:00.5`: pandas' `isoformat`, midnight left out. */
export function showDate(nanoseconds: bigint, zone = ''): string {
  const { date, time } = splitDate(nanoseconds)
  return time === '00:00:00' && zone === '' ? date : `${date}T${time}${zone}`
}

/** Date and time of day as pandas prints them: 6 digits of a second, 9 where needed, none where there is no fraction. */
export function splitDate(nanoseconds: bigint): { date: string; time: string } {
  const days = floorDivide(nanoseconds, nanosecondsPerDay)
  const { year, month, day } = civilFromDays(Number(days))
  const ofDay = nanoseconds - days * nanosecondsPerDay
  const seconds = Number(ofDay / 1_000_000_000n)
  const fraction = String(ofDay % 1_000_000_000n).padStart(9, '0')
  const shown =
    fraction === '000000000' ? '' : `.${fraction.endsWith('000') ? fraction.slice(0, 6) : fraction}`
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0')
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    pad(part),
  )
  return { date: `${pad(year, 4)}-${pad(month)}-${pad(day)}`, time: clock.join(':') + shown }
}

function zoneSuffix(text: string): string {
  const offset = /([+-])(\d{1,2}):?(\d{2})?$/.exec(text.trim())
  if (!offset) return '+00:00'
  return `${offset[1]}${(offset[2] as string).padStart(2, '0')}:${offset[3] ?? '00'}`
}

function zoneNanoseconds(zone: string): bigint {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return BigInt((zone.startsWith('-') ? -1 : 1) * minutes) * 60_000_000_000n
}
