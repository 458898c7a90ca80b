import { daysFromCivil, daysInMonth } from '../../dataset/datetime.ts'

/** What a text says of a date and time, before it is put together; parts that it does not say keep their start value. */
export interface DateFields {
  /** -1: not said, which counts as 1900 as in Python. */
  year: number
  month: number
  day: number
  /** -1: not said; it goes before month and day. */
  dayOfYear: number
  hour: number
  /** Of an hour of twelve (`%I`): 0 before, 1 after noon; -1: the hour is one of twenty-four. */
  half: number
  minute: number
  /** 60 and 61 run over into the next minute. */
  second: number
  nanosecond: number
  /** Seconds that the zone is ahead of UTC. */
  offset: number
  /** Of `%Z`: a zone that has to be looked up. */
  zone: string | undefined
}

export function clearFields(fields: DateFields): void {
  fields.year = -1
  fields.month = 1
  fields.day = 1
  fields.dayOfYear = -1
  fields.hour = 0
  fields.half = -1
  fields.minute = 0
  fields.second = 0
  fields.nanosecond = 0
  fields.offset = 0
  fields.zone = undefined
}

export function newFields(): DateFields {
  const fields = {} as DateFields
  clearFields(fields)
  return fields
}

/** POSIX and Python: 69 to 99 are of the 20th century. */
export function yearOfTwoDigits(year: number): number {
  return year < 69 ? 2000 + year : 1900 + year
}

/** Days since 1970 of the date, or `undefined` when the calendar has no such day. */
export function daysOf({ year, month, day, dayOfYear }: DateFields): number | undefined {
  const ofYear = year === -1 ? 1900 : year
  if (ofYear < 1) return undefined
  if (dayOfYear === -1) {
    return day <= 28 || day <= daysInMonth(ofYear, month) ? daysFromCivil(ofYear, month, day) : undefined
  }
  const newYear = daysFromCivil(ofYear, 1, 1)
  // tsdat: day 366 of a year that has 365 is the next year's first.
  return newYear + dayOfYear <= daysFromCivil(ofYear + 1, 1, 1) ? newYear + dayOfYear - 1 : undefined
}

/** Seconds since midnight, the zone's offset taken off. */
export function secondOfDay({ hour, half, minute, second, offset }: DateFields): number {
  const ofDay = half === -1 ? hour : (hour % 12) + 12 * half
  return ofDay * 3600 + minute * 60 + second - offset
}
