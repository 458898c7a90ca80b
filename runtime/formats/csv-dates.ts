import { monthNames } from '../dataset/datetime.ts'
import { NaT } from '../dataset/dtype.ts'
import type { TextArray } from '../dataset/text-array.ts'

/** Nanoseconds since 1970 for a text, or `undefined` when it is not of the format. */
type DateParser = (text: string) => bigint | undefined

const shortMonthNames: readonly string[] = monthNames.map((name) => name.slice(0, 3))

/** What each strptime directive matches. */
const directives: Readonly<Record<string, string>> = {
  Y: '(\\d{4})',
  y: '(\\d{2})',
  m: '(1[0-2]|0?[1-9])',
  d: '(3[01]|[12]\\d|0?[1-9])',
  j: '(36[0-6]|3[0-5]\\d|[12]\\d\\d|0?\\d?[1-9]|0?[1-9]0)',
  H: '(2[0-3]|[01]?\\d)',
  I: '(1[0-2]|0?[1-9])',
  M: '([0-5]?\\d)',
  S: '([0-5]?\\d)',
  f: '(\\d{1,9})',
  p: '(am|pm)',
  b: `(${shortMonthNames.join('|')})`,
  B: `(${monthNames.join('|')})`,
  z: '(Z|[+-]\\d\\d:?\\d\\d)',
}

const dates = [
  '%Y-%m-%d',
  '%Y/%m/%d',
  '%m/%d/%Y',
  '%d/%m/%Y',
  '%m-%d-%Y',
  '%d-%m-%Y',
  '%d.%m.%Y',
  '%d-%b-%Y',
  '%d %b %Y',
  '%b %d, %Y',
  '%B %d, %Y',
]
const times = ['%H:%M:%S', '%H:%M:%S.%f', '%H:%M', '%I:%M:%S %p', '%I:%M %p']
const candidates = [
  ...dates,
  ...dates.flatMap((date) => times.flatMap((time) => [`${date} ${time}`, `${date} ${time}%z`])),
  ...times.flatMap((time) => [`%Y-%m-%dT${time}`, `%Y-%m-%dT${time}%z`]),
  '%Y%m%d',
  '%Y%m%d%H%M%S',
  '%Y%m%dT%H%M%S',
  '%Y%m%d %H%M%S',
  '%Y%m%dT%H%M%S%z',
]

/**
 * Times in nanoseconds since 1970 UTC, NaT where missing, if every text is of `format`, or of the format that fits the
 * first text; `undefined` when one is not: as in pandas, such a column stays text. Texts without an offset are UTC,
 * those with one are converted to it.
 */
export function parseDateColumn(texts: TextArray, format: string | undefined): BigInt64Array | undefined {
  let parse: DateParser | undefined = format === undefined ? undefined : dateParser(format)
  const values = new BigInt64Array(texts.length)
  for (let row = 0; row < texts.length; row++) {
    if (texts.isMissing(row)) {
      values[row] = NaT
      continue
    }
    const text = texts.at(row)
    parse ??= guess(text)
    const value = parse?.(text)
    if (value === undefined) return undefined
    values[row] = value
  }
  return values
}

function guess(text: string): DateParser | undefined {
  for (const candidate of candidates) {
    const parse = dateParser(candidate)
    if (parse(text) !== undefined) return parse
  }
  return undefined
}

/** Makes a strict parser from a strptime format. @throws RangeError for a directive that is not known */
export function dateParser(format: string): DateParser {
  const fields: string[] = []
  const pattern = format.replace(/%(.)|[\\^$.*+?()[\]{}|/-]|\s+/g, (found, directive: string | undefined) => {
    if (directive === undefined) return /\s/.test(found) ? '\\s+' : `\\${found}`
    if (directive === '%') return '%'
    const matcher = Object.hasOwn(directives, directive) ? directives[directive] : undefined
    if (!matcher) throw new RangeError(`%${directive} is not a known directive of a time format`)
    fields.push(directive)
    return matcher
  })
  const regex = new RegExp(`^${pattern}$`, 'i')
  return (text) => {
    const match = regex.exec(text)
    return match
      ? toNanoseconds(new Map(fields.map((field, i) => [field, match[i + 1] as string])))
      : undefined
  }
}

function toNanoseconds(parts: ReadonlyMap<string, string>): bigint | undefined {
  const number = (field: string, fallback: number): number => Number(parts.get(field) ?? fallback)
  const year = parts.has('y') ? centuryOf(number('y', 0)) : number('Y', 1900)
  const dayOfYear = parts.get('j')
  const month = dayOfYear === undefined ? monthOf(parts) : 1
  const day = dayOfYear === undefined ? number('d', 1) : Number(dayOfYear)
  let hour = parts.has('I') ? number('I', 0) % 12 : number('H', 0)
  if (parts.get('p')?.toLowerCase() === 'pm' && parts.has('I')) hour += 12
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const isReal =
    dayOfYear === undefined
      ? date.getUTCMonth() === month - 1 && date.getUTCDate() === day
      : date.getUTCFullYear() === year
  if (!isReal) return undefined
  date.setUTCHours(hour, number('M', 0), number('S', 0))
  const fraction = BigInt((parts.get('f') ?? '').padEnd(9, '0'))
  const value = BigInt(date.getTime() - offsetOf(parts.get('z'))) * 1_000_000n + fraction
  // What 64 bits of nanoseconds cannot hold is left as text, as pandas does.
  return value === BigInt.asIntN(64, value) && value !== NaT ? value : undefined
}

/** POSIX: 69 to 99 are in the last century. */
function centuryOf(twoDigits: number): number {
  return twoDigits < 69 ? 2000 + twoDigits : 1900 + twoDigits
}

function monthOf(parts: ReadonlyMap<string, string>): number {
  const name = (parts.get('b') ?? parts.get('B'))?.slice(0, 3).toLowerCase()
  return name === undefined ? Number(parts.get('m') ?? 1) : shortMonthNames.indexOf(name) + 1
}

/** In milliseconds. */
function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) as RegExpExecArray
  return (sign === '-' ? -60_000 : 60_000) * (Number(hours) * 60 + Number(minutes))
}
