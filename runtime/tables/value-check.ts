import type { ColumnType } from './config/column-type.ts'

/**
 * What a column's values may be. PostgreSQL accepts all that passes here, as just the value that is written: what it
 * would round, cut, guess (the order of day and month, a missing time zone) or refuse is refused before it is sent.
 */
export interface ValueCheck {
  /** In words: `a whole number from 0 to 9`. */
  readonly expected: string
  /** Whether usual values are valid, by their bytes; `false` says nothing yet. `undefined`: every text is. */
  readonly isPlainlyValid?: (bytes: Uint8Array, start: number, end: number) => boolean
  /** The last word. */
  readonly isValid: (text: string) => boolean
}

/** The check of a column type. */
export function valueCheck(type: ColumnType): ValueCheck {
  switch (type.kind) {
    case 'text':
      return { expected: 'text', isValid: () => true }
    case 'varchar':
    case 'char':
      return textOf(type.length)
    case 'smallint':
      return integerOf(16, 4)
    case 'integer':
      return integerOf(32, 9)
    case 'bigint':
      return integerOf(64, 18)
    case 'numeric':
      return numericOf(type.precision, type.scale)
    case 'real':
      return floatOf('real', Math.fround)
    case 'double precision':
      return floatOf('double precision', (value) => value)
    case 'boolean':
      return booleans
    case 'date':
      return dates
    case 'timestamp':
      return timestamps
    case 'timestamptz':
      return zonedTimestamps
    case 'uuid':
      return uuids
    case 'jsonb':
      return jsons
  }
}

const zero = 0x30
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= 0x39

/** Length is counted in characters, as PostgreSQL does. */
function textOf(length: number): ValueCheck {
  return {
    expected: `at most ${length} ${length === 1 ? 'character' : 'characters'}`,
    isPlainlyValid(bytes, start, end) {
      if (end - start <= length) return true
      let count = 0
      for (let at = start; at < end; at++) if (((bytes[at] as number) & 0xc0) !== 0x80) count++
      return count <= length
    },
    isValid(text) {
      if (text.length <= length) return true
      let count = 0
      for (const _ of text) if (++count > length) return false
      return true
    },
  }
}

/** `plainDigits`: so many digits fit whatever they are. */
function integerOf(bits: number, plainDigits: number): ValueCheck {
  const max = 2n ** BigInt(bits - 1) - 1n
  const min = -max - 1n
  return {
    expected: `a whole number from ${min} to ${max}`,
    isPlainlyValid(bytes, start, end) {
      const first = bytes[start] === 0x2d ? start + 1 : start
      if (end - first > plainDigits || end === first) return false
      for (let at = first; at < end; at++) if (!isDigit(bytes[at])) return false
      return true
    },
    isValid(text) {
      const match = /^[ \t]*([+-]?)0*(\d{0,30})[ \t]*$/.exec(text)
      if (!match || !/\d/.test(text)) return false
      const value = BigInt(match[2] || '0') * (match[1] === '-' ? -1n : 1n)
      return value >= min && value <= max
    },
  }
}

const decimal = /^[ \t]*[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?[ \t]*$/

function numericOf(precision: number, scale: number): ValueCheck {
  const before = precision - scale
  const digits = (count: number) => `${count} ${count === 1 ? 'digit' : 'digits'}`
  return {
    expected: `a number of at most ${digits(before)} before and ${digits(scale)} behind the point`,
    isPlainlyValid(bytes, start, end) {
      let at = bytes[start] === 0x2d ? start + 1 : start
      const first = at
      while (at < end && isDigit(bytes[at])) at++
      if (at === first || at - first > before) return false
      if (at === end) return true
      if (bytes[at] !== 0x2e) return false
      const point = at++
      while (at < end && isDigit(bytes[at])) at++
      return at === end && end - point - 1 <= scale && end - point > 1
    },
    isValid(text) {
      const match = text.length > 5000 ? null : decimal.exec(text)
      if (!match) return false
      const [, whole = '', fraction = '', exponent = '0'] = match
      if (whole + fraction === '') return false
      // As a whole number times a power of ten, without zeros at either end.
      const significant = (whole + fraction).replace(/^0+/, '')
      const stripped = significant.replace(/0+$/, '')
      if (stripped === '') return true
      const power = Number(exponent) - fraction.length + (significant.length - stripped.length)
      return stripped.length + power <= before && -power <= scale
    },
  }
}

function floatOf(name: string, rounded: (value: number) => number): ValueCheck {
  return {
    expected: `a number that ${name} can hold`,
    isPlainlyValid(bytes, start, end) {
      const first = bytes[start] === 0x2d ? start + 1 : start
      if (end - first > 15 || !isDigit(bytes[first]) || !isDigit(bytes[end - 1])) return false
      let points = 0
      for (let at = first + 1; at < end; at++) {
        if (isDigit(bytes[at])) continue
        if (bytes[at] !== 0x2e || ++points > 1) return false
      }
      return true
    },
    isValid(text) {
      if (/^[ \t]*(?:nan|[+-]?inf(?:inity)?)[ \t]*$/i.test(text)) return true
      const match = text.length > 5000 ? null : decimal.exec(text)
      if (!match || (match[1] ?? '') + (match[2] ?? '') === '') return false
      const value = rounded(Number(text))
      // What is too small to be told from zero is refused, as PostgreSQL does.
      return Number.isFinite(value) && (value !== 0 || !/[1-9]/.test((match[1] ?? '') + (match[2] ?? '')))
    },
  }
}

const truths = new Set(['t', 'true', 'y', 'yes', 'on', '1', 'f', 'false', 'n', 'no', 'off', '0'])

const booleans: ValueCheck = {
  expected: 'true or false (also t, f, yes, no, y, n, on, off, 1, 0)',
  isPlainlyValid(bytes, start, end) {
    const byte = bytes[start]
    // t, f, 0, 1
    return end - start === 1 && (byte === 0x74 || byte === 0x66 || byte === 0x30 || byte === 0x31)
  },
  isValid: (text) => truths.has(text.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase()),
}

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (month === 2 && isLeap ? 29 : (daysOfMonth[month - 1] as number))
}

/** The number that `count` digits at `at` make, or NaN. */
function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const byte = bytes[i] as number
    if (byte < zero || byte > 0x39) return Number.NaN
    value = value * 10 + byte - zero
  }
  return value
}

/** `YYYY-MM-DD` at `at`. */
function isPlainDay(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d) return false
  return isDay(digitsAt(bytes, at, 4), digitsAt(bytes, at + 5, 2), digitsAt(bytes, at + 8, 2))
}

/** `YYYY-MM-DD HH:MM:SS` at `at`, with a blank or `T`. */
function isPlainInstant(bytes: Uint8Array, at: number): boolean {
  const between = bytes[at + 10]
  if (between !== 0x20 && between !== 0x54) return false
  if (bytes[at + 13] !== 0x3a || bytes[at + 16] !== 0x3a || !isPlainDay(bytes, at)) return false
  return (
    digitsAt(bytes, at + 11, 2) <= 23 &&
    digitsAt(bytes, at + 14, 2) <= 59 &&
    digitsAt(bytes, at + 17, 2) <= 59
  )
}

const dates: ValueCheck = {
  expected: 'a day as YYYY-MM-DD',
  isPlainlyValid: (bytes, start, end) => end - start === 10 && isPlainDay(bytes, start),
  isValid(text) {
    const match = /^[ \t]*(\d{4})-(\d\d)-(\d\d)[ \t]*$/.exec(text)
    return match !== null && isDay(Number(match[1]), Number(match[2]), Number(match[3]))
  },
}

const instant =
  /^[ \t]*(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?(?: ?(Z|UTC|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?))?[ \t]*$/i

function isInstant(text: string, isZoned: boolean): boolean {
  const match = instant.exec(text)
  if (!match || (match[7] !== undefined) !== isZoned) return false
  const [year, month, day, hour, minute, second = 0] = match.slice(1, 7).map((part) => Number(part ?? 0))
  return (
    isDay(year as number, month as number, day as number) &&
    (hour as number) <= 23 &&
    (minute as number) <= 59 &&
    second <= 59
  )
}

const timestamps: ValueCheck = {
  expected: 'a time as YYYY-MM-DD HH:MM:SS, with up to 6 digits of a second and no time zone',
  isPlainlyValid: (bytes, start, end) => end - start === 19 && isPlainInstant(bytes, start),
  isValid: (text) => isInstant(text, false),
}

const zonedTimestamps: ValueCheck = {
  expected: 'a time as YYYY-MM-DDTHH:MM:SSZ, with up to 6 digits of a second and a time zone (Z, +HH:MM)',
  isPlainlyValid: (bytes, start, end) =>
    end - start === 20 && bytes[end - 1] === 0x5a && isPlainInstant(bytes, start),
  isValid: (text) => isInstant(text, true),
}

const hyphens = [8, 13, 18, 23]

const uuids: ValueCheck = {
  expected: 'a UUID as 8-4-4-4-12 hexadecimal digits',
  isPlainlyValid(bytes, start, end) {
    if (end - start !== 36 || hyphens.some((at) => bytes[start + at] !== 0x2d)) return false
    for (let at = 0; at < 36; at++) {
      const byte = (bytes[start + at] as number) | 0x20
      // Digits stay what they are, letters become small ones; a hyphen is 0x2d in both.
      const isHex = (byte >= zero && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
      if (!isHex && !(byte === 0x2d && hyphens.includes(at))) return false
    }
    return true
  },
  isValid: (text) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
}

/** Nothing that JSON can escape and PostgreSQL's text cannot hold: NUL and halves of surrogate pairs. */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i

const jsons: ValueCheck = {
  expected: 'JSON that PostgreSQL can hold',
  isValid(text) {
    try {
      return !unstorable.test(JSON.stringify(JSON.parse(text)))
    } catch {
      return false
    }
  },
}
