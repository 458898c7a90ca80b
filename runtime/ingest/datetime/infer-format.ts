import { monthNames } from '../../dataset/datetime.ts'
import { dayNames } from './datetime-format.ts'

export interface InferOptions {
  /** `1/2/2022` is the first of February; without it, the second of January. */
  readonly dayFirst: boolean
  /** `22/1/2` begins with the year. */
  readonly yearFirst: boolean
}

interface Shape {
  readonly pattern: RegExp
  readonly format: (match: RegExpExecArray, options: InferOptions) => string | undefined
}

const months = monthNames.map((name) => `${name}|${name.slice(0, 3)}`).join('|')
const weekdays = dayNames.map((name) => `${name}|${name.slice(0, 3)}`).join('|')

/** What the date may look like, at the start of the text. */
const isoDates: readonly Shape[] = [
  { pattern: /^\d{4}-\d{2}-\d{2}/, format: () => '%Y-%m-%d' },
  { pattern: /^\d{8}(?!\d)/, format: () => '%Y%m%d' },
  { pattern: /^\d{4}-\d{2}$/, format: () => '%Y-%m' },
  { pattern: /^\d{4}$/, format: () => '%Y' },
]
const dates: readonly Shape[] = [
  ...isoDates,
  { pattern: /^\d{8}(?=\d{4}(?:\d\d)?$)/, format: () => '%Y%m%d' },
  { pattern: /^\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)/, format: ([, mark]) => `%Y${mark}%m${mark}%d` },
  {
    pattern: /^\d{2}([-/.])\d{1,2}\1\d{1,2}(?!\d)/,
    format: ([, mark], { yearFirst }) => (yearFirst ? `%y${mark}%m${mark}%d` : undefined),
  },
  { pattern: /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/, format: numericDate },
  { pattern: new RegExp(`^(${months})([ -])\\d{1,2}(,? |-)\\d{4}(?!\\d)`, 'i'), format: monthDayYear },
  { pattern: new RegExp(`^\\d{1,2}([ -]?)(${months})([ -]?)\\d{4}(?!\\d)`, 'i'), format: dayMonthYear },
]
const weekday = new RegExp(`^(?:(${weekdays})(,? ))?`, 'i')

/** After the date: the separator, the time, its half of the day, the zone. */
const time =
  /^(?:(?<mark>T| +)(?<hour>\d{1,2})(?::(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?<fraction>\.\d{1,9})?)?)?(?<half> ?[ap]m)?)?(?<zone> ?(?:Z|[+-]\d{2}(?::?\d{2})?)| (?:UTC|GMT))?$/i
const basicTime =
  /^(?<mark>T| )?(?<hour>\d{2})(?<minute>\d{2})(?:(?<second>\d{2})(?<fraction>\.\d{1,9})?)?(?<zone>Z|[+-]\d{2}(?::?\d{2})?)?$/i

/** The strftime format that a text seems to follow, or `undefined`: then someone has to say. */
export function inferFormat(text: string, options: InferOptions): string | undefined {
  const [prefix, dayName, mark] = weekday.exec(text) as unknown as [string, string | undefined, string]
  const shape = dayName === undefined ? '' : `${dayName.length === 3 ? '%a' : '%A'}${mark}`
  const rest = inferBy(dates, text.slice(prefix.length), options)
  return rest === undefined ? undefined : shape + rest
}

/** The format of a text in one of ISO 8601's calendar forms, or `undefined` when it is in none. */
export function inferIsoFormat(text: string): string | undefined {
  const format = inferBy(isoDates, text, { dayFirst: false, yearFirst: false })
  return format?.includes('%p') || format?.includes('%Z') ? undefined : format
}

function inferBy(shapes: readonly Shape[], text: string, options: InferOptions): string | undefined {
  for (const { pattern, format } of shapes) {
    const match = pattern.exec(text)
    const date = match && format(match, options)
    const rest = match && date ? timeFormat(text.slice(match[0].length)) : undefined
    if (rest !== undefined) return `${date}${rest}`
  }
  return undefined
}

/** The format of what follows a date, which may be nothing. */
function timeFormat(text: string): string | undefined {
  const withColons = time.exec(text)?.groups
  const groups = withColons ?? basicTime.exec(text)?.groups
  if (!groups) return undefined
  const { mark, hour, minute, second, fraction, half, zone } = groups
  const colon = withColons ? ':' : ''
  return [
    mark?.replace(/ +/, ' '),
    hour && (half ? '%I' : '%H'),
    minute && `${colon}%M`,
    second && `${colon}%S`,
    fraction && '.%f',
    half?.replace(/[ap]m/i, '%p'),
    zone && `${zone.startsWith(' ') ? ' ' : ''}${/[A-Y]/i.test(zone) ? '%Z' : '%z'}`,
  ].join('')
}

function numericDate(
  [, first, mark, second, year]: RegExpExecArray,
  options: InferOptions,
): string | undefined {
  const yearField = year?.length === 4 ? '%Y' : '%y'
  const [a, b] = [Number(first), Number(second)]
  // Month first unless said otherwise, or unless it cannot be.
  const isDayFirst = options.dayFirst ? a <= 31 && b <= 12 : a > 12
  return isDayFirst ? `%d${mark}%m${mark}${yearField}` : `%m${mark}%d${mark}${yearField}`
}

function monthDayYear([, name, first, second]: RegExpExecArray): string {
  return `${monthField(name as string)}${first}%d${second}%Y`
}

function dayMonthYear([, first, name, second]: RegExpExecArray): string {
  return `%d${first}${monthField(name as string)}${second}%Y`
}

/** May is both; then the short form, which May alone fits in both. */
function monthField(name: string): string {
  return name.length === 3 ? '%b' : '%B'
}
