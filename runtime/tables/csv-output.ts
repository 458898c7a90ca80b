const blockBytes = 256 * 1024
const comma = 0x2c
const doubleQuote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * CSV as PostgreSQL and Redshift read it: commas, double quotes, line feeds. What is taken out is never written to
 * again, so it can be sent while more is written.
 */
export class CsvOutput {
  #bytes = Buffer.allocUnsafe(blockBytes)
  #used = 0
  readonly #nullText: Buffer

  constructor(nullText: string) {
    this.#nullText = Buffer.from(nullText)
  }

  get isFull(): boolean {
    return this.#used >= blockBytes - 4096
  }

  /** What was written since. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used)
    this.#bytes = Buffer.allocUnsafe(blockBytes)
    this.#used = 0
    return taken
  }

  clear(): void {
    this.#used = 0
  }

  /** Bytes that are CSV already. */
  raw(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    source.copy(this.#bytes, this.#used, start, end)
    this.#used += end - start
  }

  null(): void {
    this.raw(this.#nullText, 0, this.#nullText.length)
  }

  /** A value: quoted where it must be, so that no value is null or ends the row. */
  value(source: Buffer, start: number, end: number, isQuoted: boolean): void {
    if (!isQuoted && !this.#needsQuotes(source, start, end)) {
      this.raw(source, start, end)
      return
    }
    this.#reserve((end - start) * 2 + 2)
    const bytes = this.#bytes
    let used = this.#used
    bytes[used++] = doubleQuote
    for (let at = start; at < end; at++) {
      const byte = source[at] as number
      if (byte === doubleQuote) bytes[used++] = doubleQuote
      bytes[used++] = byte
    }
    bytes[used++] = doubleQuote
    this.#used = used
  }

  /** A whole number of at least 0. */
  number(value: number): void {
    this.#reserve(20)
    this.#used += this.#bytes.write(String(value), this.#used, 'latin1')
  }

  separator(): void {
    this.#byte(comma)
  }

  endRow(): void {
    this.#byte(lineFeed)
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#used++] = byte
  }

  #needsQuotes(source: Buffer, start: number, end: number): boolean {
    const { length } = this.#nullText
    if (end - start === length && source.compare(this.#nullText, 0, length, start, end) === 0) return true
    // Alone in a line, `\.` ends the data for PostgreSQL before 18.
    if (end - start === 2 && source[start] === 0x5c && source[start + 1] === 0x2e) return true
    for (let at = start; at < end; at++) {
      const byte = source[at] as number
      if (
        byte <= comma &&
        (byte === comma || byte === doubleQuote || byte === lineFeed || byte === carriageReturn)
      )
        return true
    }
    // Redshift takes blanks at the ends away where there are no quotes.
    return start < end && ((source[start] as number) <= 0x20 || (source[end - 1] as number) <= 0x20)
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#used + length))
    this.#bytes.copy(grown, 0, 0, this.#used)
    this.#bytes = grown
  }
}
