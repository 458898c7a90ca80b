const lineFeed = 0x0a
const carriageReturn = 0x0d

/** A value in the row being read: its bytes are `[start, end)`, without the quotes that stood around it. */
export interface Field {
  start: number
  end: number
  isQuoted: boolean
  /** Some quotes inside are doubled. */
  isEscaped: boolean
}

/** A fault of the quoting, at the byte `at`. */
export interface QuoteFault {
  readonly at: number
  readonly field: number
  readonly reason: string
}

/** What bytes mean, for one kind of file. */
export interface CsvDialect {
  readonly delimiter: number
  readonly quote: number | undefined
}

/**
 * Reads one row with care, after RFC 4180: a quote opens a value at its start only, and behind the closing one comes the
 * value's end. A row that breaks this is read to its end all the same, as far as that can be told. After `parse`,
 * `fields` holds `count` values, and `next` is where the following row starts.
 */
export class RowParser {
  readonly fields: Field[] = []
  count = 0
  /** Where the row's own line end begins. */
  end = 0
  next = 0
  fault: QuoteFault | undefined
  readonly #dialect: CsvDialect

  constructor(dialect: CsvDialect) {
    this.#dialect = dialect
  }

  /**
   * The row at `start`, in bytes that end at `used`. `open`: it does not end there; with `isLast`, that is because a
   * quote is never closed.
   */
  parse(bytes: Buffer, start: number, used: number, isLast: boolean): 'row' | 'open' {
    const { delimiter, quote } = this.#dialect
    this.count = 0
    this.fault = undefined
    for (let at = start; ; at++) {
      const field = this.#nextField()
      field.start = at
      const isWhole =
        at < used && bytes[at] === quote
          ? this.#quoted(bytes, at, used, isLast)
          : this.#plain(bytes, at, used)
      if (isWhole === undefined) return 'open'
      at = isWhole
      if (at < used && bytes[at] === delimiter) continue
      return this.#endRow(bytes, at, used, isLast)
    }
  }

  #nextField(): Field {
    const known = this.fields[this.count]
    const field = known ?? { start: 0, end: 0, isQuoted: false, isEscaped: false }
    if (!known) this.fields.push(field)
    field.isQuoted = false
    field.isEscaped = false
    this.count++
    return field
  }

  get #field(): Field {
    return this.fields[this.count - 1] as Field
  }

  /** Gives where the value ends. */
  #plain(bytes: Buffer, start: number, used: number): number {
    const { delimiter, quote } = this.#dialect
    let at = start
    for (; at < used; at++) {
      const byte = bytes[at]
      if (byte === delimiter || byte === lineFeed || byte === carriageReturn) break
      if (byte === quote)
        this.#blame(
          at,
          'a quote inside a value that does not begin with one: put the value in quotes, and double the quote',
        )
    }
    this.#field.end = at
    return at
  }

  /** Gives where the delimiter or line end behind the closing quote is; `undefined` when there is no closing quote yet. */
  #quoted(bytes: Buffer, start: number, used: number, isLast: boolean): number | undefined {
    const { delimiter, quote } = this.#dialect
    const field = this.#field
    field.isQuoted = true
    field.start = start + 1
    for (let at = start + 1; ; ) {
      const close = bytes.subarray(at, used).indexOf(quote as number)
      if (close < 0) return undefined
      at += close
      // Whether it is doubled cannot be told yet.
      if (at + 1 === used && !isLast) return undefined
      if (at + 1 < used && bytes[at + 1] === quote) {
        field.isEscaped = true
        at += 2
        continue
      }
      field.end = at++
      while (at < used && bytes[at] !== delimiter && bytes[at] !== lineFeed && bytes[at] !== carriageReturn) {
        this.#blame(at++, 'text behind the closing quote of a value')
      }
      return at
    }
  }

  #blame(at: number, reason: string): void {
    this.fault ??= { at, field: this.count - 1, reason }
  }

  #endRow(bytes: Buffer, at: number, used: number, isLast: boolean): 'row' | 'open' {
    // A carriage return may be half of a line end.
    if (!isLast && (at >= used || (bytes[at] === carriageReturn && at + 1 >= used))) return 'open'
    this.end = at
    if (at >= used) this.next = used
    else
      this.next =
        bytes[at] === carriageReturn && at + 1 < used && bytes[at + 1] === lineFeed ? at + 2 : at + 1
    return 'row'
  }

  /** The value as text, doubled quotes undone. */
  text(bytes: Buffer, field: Field): string {
    const text = bytes.toString('utf8', field.start, field.end)
    if (!field.isEscaped) return text
    const quote = String.fromCharCode(this.#dialect.quote as number)
    return text.replaceAll(quote + quote, quote)
  }
}
