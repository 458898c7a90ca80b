import { InputError } from '../errors.ts'
import type { TableLoad } from './config/table-load.ts'
import { CsvOutput } from './csv-output.ts'
import { redshiftNullText, redshiftTextBytes } from './redshift-statements.ts'
import type { RejectedRow } from './rejections.ts'
import { type Field, RowParser } from './row-parser.ts'
import { type ValueCheck, valueCheck } from './value-check.ts'

const ordinary = 0
const delimiterKind = 1
const lineFeedKind = 2
const carriageReturnKind = 3
const quoteKind = 4

const lineFeed = 0x0a

export interface ScanOptions {
  /** What rejected rows are called by. */
  readonly file: string
  /** What stands for null in the output. */
  readonly nullText: string
  /** Puts the line that a row begins in before its values. */
  readonly withLines: boolean
  /** Added to the lines that stand before values. */
  readonly firstLine: number
  readonly reject: (row: RejectedRow) => void
}

/**
 * Cuts a file into rows, checks every value, and writes the rows that fit to `output`. Most rows are plain: their bytes
 * are looked at once and copied through as they are, many rows at a time. All others take the careful way.
 */
export class RowScanner {
  readonly output: CsvOutput
  /** The line that the next row begins in. */
  line = 1
  /** Rows of data, with those that were rejected; neither the header nor blank lines. */
  rows = 0
  readonly #load: TableLoad
  readonly #options: ScanOptions
  readonly #checks: readonly ValueCheck[]
  readonly #plainChecks: readonly (ValueCheck['isPlainlyValid'] | undefined)[]
  /** Of columns that take every text. */
  readonly #isFree: readonly boolean[]
  readonly #classes: Uint8Array
  readonly #nullText: Buffer
  readonly #parser: RowParser
  readonly #copiesThrough: boolean
  readonly #isForRedshift: boolean
  #needsHeader: boolean
  /** Rows that are to be copied through: `[runStart, runEnd)`. */
  #runStart = 0
  #runEnd = 0

  constructor(load: TableLoad, options: ScanOptions) {
    this.#load = load
    this.#options = options
    this.output = new CsvOutput(options.nullText)
    this.#checks = load.columns.map(({ type }) => valueCheck(type))
    this.#plainChecks = this.#checks.map(({ isPlainlyValid }) => isPlainlyValid)
    this.#isFree = load.columns.map(({ type }) => type.kind === 'text')
    const delimiter = load.delimiter.charCodeAt(0)
    const quote = load.quote?.charCodeAt(0)
    this.#classes = classesOf(delimiter, quote)
    this.#nullText = Buffer.from(load.nullText)
    this.#parser = new RowParser({ delimiter, quote })
    this.#needsHeader = load.header !== 'none'
    this.#isForRedshift = load.sinks.includes('redshift')
    this.#copiesThrough =
      !this.#isForRedshift &&
      load.delimiter === ',' &&
      load.quote === '"' &&
      load.nullText === options.nullText
  }

  /**
   * Takes the whole rows of `bytes[0 .. used)`, gives where the first one starts that is not whole. There must be a line
   * feed at `used`. With `isLast`, the text ends there. @throws InputError for a quote that is never closed
   */
  scan(bytes: Buffer, used: number, isLast: boolean): number {
    let at = 0
    this.#runStart = 0
    this.#runEnd = 0
    while (at < used) {
      const next = this.#needsHeader
        ? this.#header(bytes, at, used, isLast)
        : this.#row(bytes, at, used, isLast)
      if (next < 0) break
      at = next
    }
    this.#endRun(bytes)
    return at
  }

  /** One row; gives where the next starts, or -1 when it is not whole. */
  #row(bytes: Buffer, start: number, used: number, isLast: boolean): number {
    const classes = this.#classes
    const checks = this.#plainChecks
    const width = checks.length
    let at = start
    let column = 0
    let kind: number
    for (;;) {
      const first = at
      let byte = bytes[at] as number
      while (classes[byte] === ordinary) byte = bytes[++at] as number
      kind = classes[byte] as number
      if (kind === quoteKind || column === width) return this.#carefulRow(bytes, start, used, isLast)
      if (this.#isNull(bytes, first, at) || !(this.#isFree[column] || checks[column]?.(bytes, first, at))) {
        return this.#carefulRow(bytes, start, used, isLast)
      }
      column++
      if (kind !== delimiterKind) break
      at++
    }
    const next = kind === carriageReturnKind ? at + 2 : at + 1
    if (column !== width || next > used || bytes[next - 1] !== lineFeed || !this.#copiesThrough) {
      return this.#carefulRow(bytes, start, used, isLast)
    }
    this.rows++
    this.#copy(bytes, start, at)
    this.line++
    return next
  }

  #isNull(bytes: Buffer, start: number, end: number): boolean {
    const { length } = this.#nullText
    if (end - start !== length) return false
    return length === 0 || this.#nullText.compare(bytes, start, end) === 0
  }

  /** A row whose line end is at `end`, as it is. */
  #copy(bytes: Buffer, start: number, end: number): void {
    // It might be `\.`, which ends the data for PostgreSQL before 18.
    const isAlone = this.#checks.length === 1 && end - start === 2
    if (this.#options.withLines || isAlone || bytes[end] !== lineFeed) {
      this.#endRun(bytes)
      if (this.#options.withLines) {
        this.output.number(this.#options.firstLine + this.line)
        this.output.separator()
      }
      if (isAlone) this.output.value(bytes, start, end, false)
      else this.output.raw(bytes, start, end)
      this.output.endRow()
      return
    }
    if (this.#runEnd !== start) {
      this.#endRun(bytes)
      this.#runStart = start
    }
    this.#runEnd = end + 1
  }

  #endRun(bytes: Buffer): void {
    if (this.#runEnd > this.#runStart) this.output.raw(bytes, this.#runStart, this.#runEnd)
    this.#runStart = 0
    this.#runEnd = 0
  }

  #carefulRow(bytes: Buffer, start: number, used: number, isLast: boolean): number {
    const parser = this.#parser
    if (parser.parse(bytes, start, used, isLast) === 'open') return this.#openRow(isLast)
    const isBlank = parser.count === 1 && parser.end === start
    if (isBlank && this.#checks.length > 1) {
      this.line++
      return parser.next
    }
    this.rows++
    if (this.#check(bytes, start)) this.#write(bytes, start)
    this.#countLines(bytes, start)
    return parser.next
  }

  #openRow(isLast: boolean): number {
    if (!isLast) return -1
    const line = this.line
    throw new InputError('a quote opens in the row that begins here, and is never closed', {
      place: { file: this.#options.file, line },
    })
  }

  #countLines(bytes: Buffer, start: number): void {
    this.line += 1 + linesWithin(bytes, start, this.#parser.end)
  }

  /** Whether every value fits; the first that does not is reported. */
  #check(bytes: Buffer, start: number): boolean {
    const { fault, count, fields } = this.#parser
    const { columns } = this.#load
    if (fault) {
      this.#reject(bytes, start, fault.at, columns[fault.field]?.name, undefined, fault.reason)
      return false
    }
    if (count !== columns.length) {
      const reason = `found ${count} ${count === 1 ? 'value' : 'values'}; expected ${columns.length} (${columns.map(({ name }) => name).join(', ')})`
      this.#reject(bytes, start, start, undefined, undefined, reason)
      return false
    }
    for (const [i, column] of columns.entries()) {
      const field = fields[i] as Field
      const reason = this.#reasonAgainst(bytes, field, i)
      if (reason === undefined) continue
      const isNull = !field.isQuoted && this.#isNull(bytes, field.start, field.end)
      const value = isNull ? undefined : this.#parser.text(bytes, field)
      this.#reject(bytes, start, field.start - (field.isQuoted ? 1 : 0), column.name, value, reason)
      return false
    }
    return true
  }

  #reasonAgainst(bytes: Buffer, field: Field, column: number): string | undefined {
    const { start, end, isQuoted, isEscaped } = field
    if (!isQuoted && this.#isNull(bytes, start, end)) {
      return this.#load.columns[column]?.isNullable ? undefined : 'null, in a column that is not nullable'
    }
    const nul = bytes.subarray(start, end).indexOf(0)
    if (nul >= 0) return 'a NUL character, which no database can hold in text'
    const { isPlainlyValid, isValid, expected } = this.#checks[column] as ValueCheck
    if (!isEscaped && isPlainlyValid?.(bytes, start, end)) return this.#redshiftReason(bytes, field)
    if (!this.#isFree[column] && !isValid(this.#parser.text(bytes, field))) return `expected ${expected}`
    return this.#redshiftReason(bytes, field)
  }

  /** What Redshift cannot hold is no row for the other sink either: both have the same rows. */
  #redshiftReason(bytes: Buffer, field: Field): string | undefined {
    if (!this.#isForRedshift) return undefined
    const { start, end } = field
    if (end - start > redshiftTextBytes)
      return `a text of ${end - start} bytes; Redshift holds ${redshiftTextBytes}`
    if (end - start !== redshiftNullText.length || this.#parser.text(bytes, field) !== redshiftNullText)
      return undefined
    return 'this text stands for null on the way to Redshift'
  }

  #reject(
    bytes: Buffer,
    start: number,
    at: number,
    column: string | undefined,
    value: string | undefined,
    reason: string,
  ): void {
    const lineStart = Math.max(start, bytes.lastIndexOf(lineFeed, at - 1) + 1)
    const last = this.line + linesWithin(bytes, start, this.#parser.end)
    const span = last > this.line ? ` (the row is lines ${this.line} to ${last})` : ''
    this.#options.reject({
      file: this.#options.file,
      line: this.line + linesWithin(bytes, start, at),
      character: charactersWithin(bytes, at > start ? lineStart : start, at) + 1,
      ...(column !== undefined && { column }),
      ...(value !== undefined && { value: shortened(value) }),
      reason: reason + span,
    })
  }

  #write(bytes: Buffer, start: number): void {
    const { count, fields, end } = this.#parser
    if (this.#copiesThrough && bytes[end] === lineFeed) {
      this.#copy(bytes, start, end)
      return
    }
    this.#endRun(bytes)
    const { output } = this
    if (this.#options.withLines) {
      output.number(this.#options.firstLine + this.line)
      output.separator()
    }
    for (let i = 0; i < count; i++) {
      if (i > 0) output.separator()
      const field = fields[i] as Field
      if (!field.isQuoted && this.#isNull(bytes, field.start, field.end)) output.null()
      else if (field.isEscaped) {
        const text = Buffer.from(this.#parser.text(bytes, field))
        output.value(text, 0, text.length, true)
      } else output.value(bytes, field.start, field.end, field.isQuoted)
    }
    output.endRow()
  }

  /** The first row that is not blank. @throws InputError when it must hold the columns' names and does not */
  #header(bytes: Buffer, start: number, used: number, isLast: boolean): number {
    const parser = this.#parser
    if (parser.parse(bytes, start, used, isLast) === 'open') return this.#openRow(isLast)
    if (parser.end > start) {
      this.#needsHeader = false
      if (this.#load.header === 'checked') {
        this.#compareHeader(parser.fields.slice(0, parser.count).map((field) => parser.text(bytes, field)))
      }
    }
    this.#countLines(bytes, start)
    return parser.next
  }

  #compareHeader(found: readonly string[]): void {
    const expected = this.#load.columns.map(({ header }) => header)
    const differs = Array.from({ length: Math.max(found.length, expected.length) }, (_, i) => i).filter(
      (i) => found[i] !== expected[i],
    )
    if (differs.length === 0) return
    const show = (name: string | undefined) =>
      name === undefined ? 'nothing' : JSON.stringify(shortened(name))
    const shown = differs
      .slice(0, 5)
      .map((i) => `${i + 1}: ${show(found[i])} instead of ${show(expected[i])}`)
    const more = differs.length > shown.length ? `, and ${differs.length - shown.length} more` : ''
    throw new InputError(`the header does not name the columns of the table: ${shown.join(', ')}${more}`, {
      place: { file: this.#options.file, line: this.line },
    })
  }
}

function classesOf(delimiter: number, quote: number | undefined): Uint8Array {
  const classes = new Uint8Array(256)
  // A NUL is looked at with care, where it is refused.
  classes[0] = quoteKind
  if (quote !== undefined) classes[quote] = quoteKind
  classes[delimiter] = delimiterKind
  classes[0x0a] = lineFeedKind
  classes[0x0d] = carriageReturnKind
  return classes
}

/** UTF-8 characters in `[start, end)`. */
function charactersWithin(bytes: Buffer, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) if (((bytes[at] as number) & 0xc0) !== 0x80) count++
  return count
}

/** Line ends in `[start, end)`: `\n`, `\r\n` and `\r` are one each. */
function linesWithin(bytes: Buffer, start: number, end: number): number {
  let lines = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === 0x0a || (byte === 0x0d && bytes[at + 1] !== 0x0a)) lines++
  }
  return lines
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80).replace(/[\uD800-\uDBFF]$/, '')}…` : text
}
