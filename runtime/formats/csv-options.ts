import type { Json, JsonObject } from '../contracts.ts'
import { type DType, isDatetime, parseDType } from '../dataset/dtype.ts'
import { showFloat } from '../dataset/number-text.ts'
import { ConfigError, type Place, type Problem } from '../errors.ts'
import { dateParser } from './csv-dates.ts'

/** What stands between fields: one byte, runs of blanks, or (as in pandas' python engine) whatever a regex matches. */
export type Separator =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'blanks' }
  | { readonly kind: 'regex'; readonly regex: RegExp }

export type CsvEncoding = 'utf-8' | 'latin-1' | 'cp1252' | 'utf-16' | 'utf-16-le' | 'utf-16-be'
export type CsvCompression = 'infer' | 'gzip' | 'zip' | 'zstd' | 'none'
export type ColumnKey = string | number

/** Texts that stand for "missing", and the numbers that do in columns of floats. */
export interface MissingTexts {
  readonly texts: ReadonlySet<string>
  readonly numbers: ReadonlySet<number>
}

/**
 * `pandas.read_csv`'s options, checked and with pandas' defaults, as `parseReadCsvOptions` gives them. Column keys are
 * names, or positions counted from 0 among the columns that are read.
 */
export interface ReadCsvOptions {
  readonly separator: Separator
  /** Which row, of those that are neither skipped, blank nor comment, holds the names. `undefined`: none does. */
  readonly header: number | undefined
  readonly names: readonly string[] | undefined
  /** `false`: the first column is never taken as index, even where rows are longer than the header. */
  readonly indexCol: readonly ColumnKey[] | false | undefined
  readonly usecols: readonly ColumnKey[] | undefined
  /** So many lines from the start, or the lines of these numbers, counted from 0. */
  readonly skiprows: number | ReadonlySet<number>
  readonly skipfooter: number
  readonly nrows: number | undefined
  readonly comment: number | undefined
  readonly missing: MissingTexts
  readonly missingByColumn: ReadonlyMap<string, MissingTexts>
  readonly dtype: DType | undefined
  readonly dtypeByColumn: ReadonlyMap<string, DType>
  /** `true`: the index. */
  readonly parseDates: boolean | readonly ColumnKey[]
  readonly dateFormat: string | ReadonlyMap<string, string> | undefined
  readonly thousands: number | undefined
  readonly decimal: number
  readonly encoding: CsvEncoding
  readonly compression: CsvCompression
  readonly quote: number | undefined
  readonly skipInitialSpace: boolean
  readonly skipBlankLines: boolean
  readonly onBadLines: 'error' | 'warn' | 'skip'
}

/** pandas' own list, `''` included. */
const defaultMissing = [
  '',
  '#N/A',
  '#N/A N/A',
  '#NA',
  '-1.#IND',
  '-1.#QNAN',
  '-NaN',
  '-nan',
  '1.#IND',
  '1.#QNAN',
  '<NA>',
  'N/A',
  'NA',
  'NULL',
  'NaN',
  'None',
  'n/a',
  'nan',
  'null',
]

const encodings: Readonly<Record<string, CsvEncoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-8-sig': 'utf-8',
  ascii: 'utf-8',
  'us-ascii': 'utf-8',
  latin1: 'latin-1',
  'latin-1': 'latin-1',
  'iso-8859-1': 'latin-1',
  'iso8859-1': 'latin-1',
  cp1252: 'cp1252',
  'windows-1252': 'cp1252',
  'utf-16': 'utf-16',
  utf16: 'utf-16',
  'utf-16-le': 'utf-16-le',
  'utf-16le': 'utf-16-le',
  'utf-16-be': 'utf-16-be',
  'utf-16be': 'utf-16-be',
}

/** Options of pandas that change how fast it reads, never what: any value is accepted. */
const withoutEffect = ['engine', 'low_memory']

const known = [
  'sep',
  'delimiter',
  'header',
  'names',
  'index_col',
  'usecols',
  'skiprows',
  'skipfooter',
  'nrows',
  'comment',
  'na_values',
  'keep_default_na',
  'dtype',
  'parse_dates',
  'date_format',
  'thousands',
  'decimal',
  'encoding',
  'compression',
  'quotechar',
  'skipinitialspace',
  'skip_blank_lines',
  'on_bad_lines',
  ...withoutEffect,
]

/**
 * Checks a `read_csv_kwargs` map. An option that is not supported is an error, never ignored.
 * @throws ConfigError that lists every problem, placed at `place`
 */
export function parseReadCsvOptions(
  kwargs: JsonObject,
  place: Place = { file: 'read_csv_kwargs' },
): ReadCsvOptions {
  const problems: Problem[] = []
  const options = new OptionReader(kwargs, (path, message) => {
    problems.push({ ...place, severity: 'error', path, message })
  })
  for (const key of Object.keys(kwargs)) {
    if (!known.includes(key))
      options.refuse(key, `is not an option of CSV reading here; known are ${known.join(', ')}`)
  }
  const parsed = parseAll(options)
  if (problems.length > 0) throw new ConfigError(problems)
  return parsed
}

function parseAll(o: OptionReader): ReadCsvOptions {
  const names = o.names()
  const missing = parseMissing(o)
  const dtypes = parseDTypes(o)
  return {
    separator: parseSeparator(o),
    header: parseHeader(o, names !== undefined),
    names,
    indexCol: o.value('index_col') === false ? false : o.columnKeys('index_col'),
    usecols: parseUsecols(o),
    skiprows: parseSkiprows(o),
    skipfooter: o.count('skipfooter') ?? 0,
    nrows: o.count('nrows'),
    comment: o.character('comment'),
    ...missing,
    ...dtypes,
    parseDates: parseParseDates(o),
    dateFormat: parseDateFormat(o),
    thousands: o.character('thousands'),
    decimal: o.character('decimal') ?? 0x2e,
    encoding: parseEncoding(o),
    compression: parseCompression(o),
    quote: o.value('quotechar') === undefined ? 0x22 : o.character('quotechar'),
    skipInitialSpace: o.boolean('skipinitialspace', false),
    skipBlankLines: o.boolean('skip_blank_lines', true),
    onBadLines: o.choice('on_bad_lines', ['error', 'warn', 'skip'], 'error'),
  }
}

/** Reads one option after the other; what is wrong goes to `refuse`. `null` counts as not given, as in pandas. */
class OptionReader {
  readonly refuse: (path: string, message: string) => void
  private readonly kwargs: JsonObject

  constructor(kwargs: JsonObject, refuse: (path: string, message: string) => void) {
    this.kwargs = kwargs
    this.refuse = refuse
  }

  has(key: string): boolean {
    return Object.hasOwn(this.kwargs, key)
  }

  value(key: string): Exclude<Json, null> | undefined {
    return this.has(key) ? (this.kwargs[key] ?? undefined) : undefined
  }

  wrong(key: string, allowed: string): undefined {
    this.refuse(key, `found ${JSON.stringify(this.kwargs[key])}; allowed is ${allowed}`)
    return undefined
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.value(key)
    if (value === undefined || typeof value === 'boolean') return value ?? fallback
    this.wrong(key, 'true or false')
    return fallback
  }

  choice<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
    const value = this.value(key)
    if (value === undefined) return fallback
    return allowed.find((each) => each === value) ?? this.wrong(key, allowed.join(', ')) ?? fallback
  }

  count(key: string): number | undefined {
    const value = this.value(key)
    if (value === undefined || isCount(value)) return value
    return this.wrong(key, 'a whole number from 0')
  }

  /** The code of one ASCII character. */
  character(key: string): number | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    if (typeof value === 'string' && isAsciiCharacter(value)) return value.charCodeAt(0)
    return this.wrong(key, 'one ASCII character')
  }

  names(): readonly string[] | undefined {
    const value = this.value('names')
    if (value === undefined) return undefined
    if (!isList(value) || !value.every(isKey)) return this.wrong('names', 'a list of names')
    const names = value.map(String)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) this.refuse('names', `${JSON.stringify(twice)} is there twice; each name once`)
    return names
  }

  columnKeys(key: string): readonly ColumnKey[] | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    const list = isList(value) ? value : [value]
    if (list.every(isKey) && list.length > 0) return list
    return this.wrong(key, 'a column name, a position from 0, or a list of them')
  }
}

function isAsciiCharacter(text: string): boolean {
  const code = text.charCodeAt(0)
  return text.length === 1 && code > 0 && code < 0x80
}

function isCount(value: Json): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isKey(value: Json): value is ColumnKey {
  return typeof value === 'string' || isCount(value)
}

function parseSeparator(o: OptionReader): Separator {
  const key = o.has('delimiter') ? 'delimiter' : 'sep'
  if (o.has(key) && o.value(key) === undefined) {
    o.refuse(key, 'null asks to guess the separator; name it, for example ";" or "\\t"')
  }
  const sep = o.value(key) ?? ','
  if (sep === '\\s+') return { kind: 'blanks' }
  if (typeof sep === 'string' && isAsciiCharacter(sep) && !/[\r\n]/.test(sep)) {
    return { kind: 'byte', byte: sep.charCodeAt(0) }
  }
  if (typeof sep === 'string' && sep.length > 1) {
    try {
      return { kind: 'regex', regex: new RegExp(sep.replaceAll('(?P<', '(?<')) }
    } catch (error) {
      o.refuse(key, `${JSON.stringify(sep)} is not a regular expression: ${(error as Error).message}`)
    }
  } else {
    o.wrong(key, 'one ASCII character, "\\s+", or a regular expression of two characters or more')
  }
  return { kind: 'byte', byte: 0x2c }
}

function parseHeader(o: OptionReader, hasNames: boolean): number | undefined {
  if (!o.has('header') || o.value('header') === 'infer') return hasNames ? undefined : 0
  const value = o.value('header')
  if (value === undefined || isCount(value)) return value
  if (isList(value) && value.length === 1 && isCount(value[0] as Json)) return value[0] as number
  if (isList(value)) {
    o.refuse(
      'header',
      'names made of several header rows are not supported; use one row, or header: null with names',
    )
    return undefined
  }
  return o.wrong('header', 'the row of the names, counted from 0, or null')
}

function parseUsecols(o: OptionReader): readonly ColumnKey[] | undefined {
  const keys = o.columnKeys('usecols')
  if (keys?.some((key) => typeof key !== typeof keys[0])) {
    return o.wrong('usecols', 'a list of names, or a list of positions, not both')
  }
  return keys
}

function parseSkiprows(o: OptionReader): number | ReadonlySet<number> {
  const value = o.value('skiprows')
  if (value === undefined) return 0
  if (isCount(value)) return value
  if (isList(value) && value.every(isCount)) return new Set(value)
  o.wrong('skiprows', 'a number of lines, or a list of line numbers from 0')
  return 0
}

function parseMissing(o: OptionReader): Pick<ReadCsvOptions, 'missing' | 'missingByColumn'> {
  const defaults = o.boolean('keep_default_na', true) ? defaultMissing : []
  const value = o.value('na_values')
  const byColumn = new Map<string, MissingTexts>()
  const of = (given: Json, path: string): MissingTexts => {
    const list = isList(given) ? given : [given]
    if (!list.every((each) => typeof each === 'string' || typeof each === 'number')) {
      o.refuse(path, `found ${JSON.stringify(given)}; allowed is a text, a number, or a list of them`)
      return missingTexts(defaults)
    }
    return missingTexts([...defaults, ...(list as (string | number)[])])
  }
  if (!isMap(value)) return { missing: of(value ?? [], 'na_values'), missingByColumn: byColumn }
  for (const [column, given] of Object.entries(value)) {
    byColumn.set(column, of(given ?? [], `na_values.${column}`))
  }
  return { missing: missingTexts(defaults), missingByColumn: byColumn }
}

/** As pandas: numbers, and texts that are some, match by value, whole ones with and without `.0`. */
function missingTexts(values: readonly (string | number)[]): MissingTexts {
  const texts = new Set<string>()
  const numbers = new Set<number>()
  for (const value of values) {
    const number = typeof value === 'number' ? value : numberOf(value)
    if (typeof value === 'string') texts.add(value)
    if (number === undefined) continue
    numbers.add(number)
    texts.add(showFloat(number))
    if (Number.isInteger(number)) texts.add(BigInt(number).toString())
  }
  return { texts, numbers }
}

function numberOf(text: string): number | undefined {
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (infinity) return infinity[1] === '-' ? -Infinity : Infinity
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined
}

function parseDTypes(o: OptionReader): Pick<ReadCsvOptions, 'dtype' | 'dtypeByColumn'> {
  const value = o.value('dtype')
  const one = (given: Json, path: string): DType | undefined => {
    const dtype = typeof given === 'string' ? parseDType(given) : undefined
    if (dtype !== undefined && !isDatetime(dtype)) return dtype
    const hint =
      dtype === undefined ? '' : '; read times with parse_dates, or with the StringToDatetime converter'
    o.refuse(
      path,
      `found ${JSON.stringify(given)}; allowed is a numpy type such as float64, int32, bool or str${hint}`,
    )
    return undefined
  }
  const byColumn = new Map<string, DType>()
  if (!isMap(value)) {
    return { dtype: value === undefined ? undefined : one(value, 'dtype'), dtypeByColumn: byColumn }
  }
  for (const [column, given] of Object.entries(value)) {
    const dtype = one(given, `dtype.${column}`)
    if (dtype) byColumn.set(column, dtype)
  }
  return { dtype: undefined, dtypeByColumn: byColumn }
}

function parseParseDates(o: OptionReader): boolean | readonly ColumnKey[] {
  const value = o.value('parse_dates')
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  if (isList(value) && value.every(isKey)) return value
  o.wrong('parse_dates', 'true (the index), false, or a list of names or positions')
  return false
}

function parseDateFormat(o: OptionReader): string | ReadonlyMap<string, string> | undefined {
  const value = o.value('date_format')
  if (value === undefined) return undefined
  const formats = isMap(value) ? Object.values(value) : [value]
  if (!formats.every((format) => typeof format === 'string')) {
    return o.wrong(
      'date_format',
      'a strptime format such as "%Y-%m-%d %H:%M:%S", or a map of column to format',
    )
  }
  for (const format of formats) {
    try {
      dateParser(format)
    } catch (error) {
      o.refuse('date_format', (error as Error).message)
    }
  }
  return isMap(value) ? new Map(Object.entries(value) as [string, string][]) : (value as string)
}

function parseEncoding(o: OptionReader): CsvEncoding {
  const value = o.value('encoding') ?? 'utf-8'
  const found = typeof value === 'string' ? encodings[value.toLowerCase().replaceAll('_', '-')] : undefined
  if (!found) o.wrong('encoding', 'utf-8, utf-8-sig, latin-1, cp1252, utf-16')
  return found ?? 'utf-8'
}

function parseCompression(o: OptionReader): CsvCompression {
  if (o.has('compression') && o.value('compression') === undefined) return 'none'
  const value = o.value('compression')
  const method = isMap(value) && Object.keys(value).join() === 'method' ? value.method : value
  const found = (['infer', 'gzip', 'zip', 'zstd'] as const).find((each) => each === (method ?? 'infer'))
  if (!found) o.wrong('compression', 'infer, gzip, zip, zstd or null')
  return found ?? 'infer'
}
