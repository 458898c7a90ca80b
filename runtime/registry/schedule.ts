import type { WindowUnit } from '../contracts.ts'
import { didYouMean } from '../ingest/config/nearest-name.ts'
import type { Parsed } from './duration.ts'

/** A schedule in EventBridge Scheduler's syntax, and the calendar unit that a named one stands for. */
export interface ScheduleSetting {
  readonly expression: string
  readonly window?: WindowUnit
}

/** tsdat's named schedules: it staggers their starts, so that daily runs have the hourly ones behind them. */
export const namedSchedules: ReadonlyMap<string, Required<ScheduleSetting>> = new Map([
  ['Hourly', { expression: 'cron(0 0/1 * * ? *)', window: 'hour' }],
  ['Daily', { expression: 'cron(0 2 * * ? *)', window: 'day' }],
  ['Weekly', { expression: 'cron(30 2 ? * 1 *)', window: 'week' }],
  ['Monthly', { expression: 'cron(0 3 1 * ? *)', window: 'month' }],
])

interface CronField {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly words?: readonly string[]
  /** What the field takes beyond numbers, `,`, `-` and `*`. */
  readonly takes: readonly ('/' | '?' | 'L' | 'W' | '#')[]
}

/** docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based */
const cronFields: readonly CronField[] = [
  { name: 'minutes', min: 0, max: 59, takes: ['/'] },
  { name: 'hours', min: 0, max: 23, takes: ['/'] },
  { name: 'day of month', min: 1, max: 31, takes: ['/', '?', 'L', 'W'] },
  {
    name: 'month',
    min: 1,
    max: 12,
    words: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
    takes: ['/'],
  },
  {
    name: 'day of week',
    min: 1,
    max: 7,
    words: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
    takes: ['?', 'L', '#'],
  },
  { name: 'year', min: 1970, max: 2199, takes: ['/'] },
]

const fieldNames = 'minutes hours day-of-month month day-of-week year'
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function numberOf(field: CronField, text: string): number | undefined {
  const word = field.words?.indexOf(text.toUpperCase()) ?? -1
  if (word >= 0) return field.min + word
  const number = /^\d{1,4}$/.test(text) ? Number(text) : undefined
  return number !== undefined && number >= field.min && number <= field.max ? number : undefined
}

function range(field: CronField): string {
  const words = field.words ? ` or ${field.words[0]} to ${field.words.at(-1)}` : ''
  return `${field.min} to ${field.max}${words}`
}

/** Why one item of a comma-separated field is wrong; `undefined` when it is right. */
function itemProblem(field: CronField, item: string): string | undefined {
  const [span = '', step, ...more] = item.split('/')
  if (more.length > 0 || (step !== undefined && !field.takes.includes('/'))) return `"${item}"`
  if (step !== undefined && !(/^\d{1,4}$/.test(step) && Number(step) >= 1 && Number(step) <= field.max)) {
    return `the step "${step}"`
  }
  if (span === '*') return undefined
  const ends = span.split('-')
  const numbers = ends.map((end) => numberOf(field, end))
  if (ends.length > 2 || numbers.includes(undefined)) return `"${span}"`
  const [first, last] = numbers as [number, number?]
  return last !== undefined && last < first ? `"${span}", which runs backwards,` : undefined
}

/** `L`, `LW`, `15W`, `6L`, `2#1`: the forms that stand alone in a field. */
function isSpecial(field: CronField, text: string): boolean {
  if (text === '?') return field.takes.includes('?')
  const [, day, , mark] = /^(\w+?)((#)([1-5])|L|W)$/i.exec(text) ?? []
  if (/^L$/i.test(text)) return field.takes.includes('L')
  if (/^LW$/i.test(text)) return field.takes.includes('W')
  if (day === undefined || numberOf(field, day) === undefined) return false
  // `15W` is a day of month; `6L`, the last Friday, a day of week like `6#1`, the first.
  return field.takes.includes(mark !== '#' && /W$/i.test(text) ? 'W' : '#')
}

function fieldProblem(field: CronField, text: string): string | undefined {
  if (isSpecial(field, text)) return undefined
  const wrong = text
    .split(',')
    .map((item) => itemProblem(field, item))
    .find((problem) => problem !== undefined)
  return wrong && `${wrong} does not fit the field ${field.name}: ${range(field)}`
}

/** Whether a day of month such as 30 comes in none of the months: the schedule would never start anything. */
function neverComes(day: string, month: string): boolean {
  const monthField = cronFields[3] as CronField
  if (!/^\d+(,\d+)*$/.test(day) || !/^\w+(,\w+)*$/.test(month)) return false
  const months = month.split(',').map((text) => numberOf(monthField, text) as number)
  const days = day.split(',').map(Number)
  return months.every((m) => days.every((d) => d > (longestMonths[m - 1] as number)))
}

/** Six fields in AWS's sense, if a `?` for one of the days is all that they lack: cron elsewhere has `*` for both. */
function suggestion(fields: readonly string[]): string {
  const [minutes, hours, day, month, weekday, year] = fields
  const days = weekday === '*' ? [day, month, '?'] : day === '*' ? ['?', month, weekday] : undefined
  // Where cron elsewhere has numbers for days of the week, they count from another day.
  if (fields.length !== 6 || !days || /\d/.test(days[2] ?? '')) return ''
  const body = [minutes, hours, ...days, year].join(' ')
  return 'value' in parseCron(body, body) ? `; did you mean cron(${body})?` : ''
}

function parseCron(text: string, body: string): Parsed<ScheduleSetting> {
  const fields = body.trim().split(/\s+/)
  if (fields.length !== cronFields.length) {
    const hint = suggestion(fields.length === 5 ? [...fields, '*'] : fields)
    const count = body.trim() === '' ? 0 : fields.length
    return { problem: `${text} has ${count} fields instead of six: ${fieldNames}${hint}` }
  }
  for (const [i, field] of cronFields.entries()) {
    const wrong = fieldProblem(field, fields[i] as string)
    if (wrong) return { problem: `in ${text}, ${wrong}` }
  }
  const [, , day, month, weekday] = fields as [string, string, string, string, string, string]
  if ((day === '?') === (weekday === '?')) {
    return {
      problem: `${text} must have ? as day of month or as day of week, in exactly one of them${suggestion(fields)}`,
    }
  }
  if (neverComes(day, month)) return { problem: `${text} never comes: no such day of month` }
  return { value: { expression: `cron(${fields.join(' ')})` } }
}

function parseRate(text: string, body: string): Parsed<ScheduleSetting> {
  const [, amount, unit] = /^\s*(\d{1,9})\s+(minute|hour|day)s?\s*$/.exec(body) ?? []
  if (amount === undefined || unit === undefined || Number(amount) < 1) {
    return {
      problem: `${text} is not a rate: a whole number from 1 on and minutes, hours or days, such as rate(15 minutes)`,
    }
  }
  const count = Number(amount)
  return { value: { expression: `rate(${count} ${unit}${count === 1 ? '' : 's'})` } }
}

/** Hourly, Daily, Weekly or Monthly, `cron(…)` or `rate(…)`, checked as EventBridge Scheduler would. */
export function parseSchedule(text: string): Parsed<ScheduleSetting> {
  const trimmed = text.trim()
  const named = namedSchedules.get(trimmed)
  if (named) return { value: named }
  const [, kind, body] = /^(cron|rate)\s*\(([^)]*)\)$/.exec(trimmed) ?? []
  if (kind === 'cron') return parseCron(trimmed, body as string)
  if (kind === 'rate') return parseRate(trimmed, body as string)
  const names = [...namedSchedules.keys()]
  if (/^[-\d*?/,A-Z]+(\s+[-\d*?/,A-Z#]+){4,5}$/.test(trimmed)) {
    return { problem: `"${text}" is not a schedule: write cron(…) around it` }
  }
  return {
    problem: `"${text}" is not one of ${names.join(', ')}, cron(…), rate(…)${didYouMean(trimmed, names)}`,
  }
}

/** By lower case; made when first needed, since most registries name no zone. */
let zones: ReadonlyMap<string, string> | undefined

/** An IANA time zone by its exact name, which AWS wants; never an offset such as +01:00. */
export function parseTimezone(text: string): Parsed<string> {
  zones ??= new Map([...Intl.supportedValuesOf('timeZone'), 'UTC'].map((zone) => [zone.toLowerCase(), zone]))
  const sameLetters = zones.get(text.toLowerCase())
  if (sameLetters === text) return { value: text }
  const problem = `"${text}" is not an IANA time zone such as America/Los_Angeles or UTC`
  if (sameLetters !== undefined) return { problem: `${problem}; did you mean ${sameLetters}?` }
  // Intl lists each zone under one name, but takes the older ones too, in any case: those that look right pass.
  if (/^[A-Z]/.test(text) && text.length <= 50) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: text })
      return { value: text }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  return { problem: `${problem}${didYouMean(text, zones.values())}` }
}
