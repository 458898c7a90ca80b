import type { ReadCsvOptions } from './csv-options.ts'
import { type CsvRow, maxRowBytes, type RowSink, type RowSource, TextFault } from './csv-rows.ts'

// What a byte may mean.
const ordinary = 0
const separator = 1
const lineFeed = 2
const carriageReturn = 3
const quote = 4
const comment = 5
const nul = 6

// Where in a row the tokenizer stands: the states of pandas' tokenizer, by its names.
const startRecord = 0
const startField = 1
const inField = 2
const inQuotedField = 3
const quoteInQuotedField = 4
/** In a field of which some quotes have been undone: bytes have to be moved. */
const inMovedField = 5
const eatComment = 6
const eatLineComment = 7
const whitespaceLine = 8
const eatWhitespace = 9
const skipLine = 10
const skipQuoted = 11

const space = 0x20
const tab = 0x09
const sliceBytes = 256 * 1024

/**
 * Cuts CSV text with a one-byte separator, or runs of blanks, into rows as pandas' C tokenizer does: quotes count at a
 * field's start only, a doubled quote stands for one, `\n`, `\r\n` and `\r` end a row. Text is held for one row at a
 * time; state is kept between chunks, so that a long row is scanned once.
 */
export class CsvTokenizer implements RowSource {
  line = 1
  private readonly sink: RowSink
  private readonly options: ReadCsvOptions
  private readonly classes: Uint8Array
  private readonly isBlanks: boolean
  /** The highest byte that is not ordinary. */
  private readonly highest: number
  private bytes = Buffer.alloc(0)
  private used = 0
  private at = 0
  private rowStart = 0
  private fieldStart = 0
  /** Where the next byte of a field goes whose quotes are being undone. */
  private out = 0
  private state = startRecord
  private isSkipFieldStart = true
  private afterCarriageReturn = false
  private quoteLine = 0
  private record = 0
  private count = 0
  private starts = new Int32Array(64)
  private ends = new Int32Array(64)
  private isStopped = false
  /** One for all rows: making one for each would cost more than cutting it. */
  private readonly row: { -readonly [Key in keyof CsvRow]: CsvRow[Key] }

  constructor(options: ReadCsvOptions, sink: RowSink) {
    this.options = options
    this.sink = sink
    this.row = { bytes: this.bytes, starts: this.starts, ends: this.ends, count: 0, isEnded: false, line: 1 }
    this.isBlanks = options.separator.kind === 'blanks'
    this.classes = classesOf(options)
    this.highest = this.classes.findLastIndex((kind) => kind !== ordinary)
  }

  push(chunk: Uint8Array): boolean {
    for (let start = 0; start < chunk.length && !this.isStopped; start += sliceBytes) {
      this.take(chunk.subarray(start, start + sliceBytes))
      this.scan()
    }
    return !this.isStopped
  }

  end(): void {
    if (this.isStopped) return
    switch (this.state) {
      case startRecord:
      case whitespaceLine:
      case eatLineComment:
      case skipLine:
      case skipQuoted:
        return
      case inQuotedField:
        throw new TextFault(this.quoteLine, 'a quote opens here that is never closed')
      case inField:
        this.endField(this.used)
        break
      case startField:
        this.fieldStart = this.used
        this.endField(this.used)
        break
      case quoteInQuotedField:
      case inMovedField:
        this.endField(this.out)
        break
    }
    this.emit(false)
  }

  /** Appends a chunk behind what is left of the row that is being read. */
  private take(chunk: Uint8Array): void {
    const kept = this.used - this.rowStart
    if (kept > maxRowBytes) {
      if (this.state === inQuotedField) {
        throw new TextFault(this.quoteLine, `a quote opens here that is not closed in ${maxRowBytes} bytes`)
      }
      throw new TextFault(this.line, `a row longer than ${maxRowBytes} bytes`)
    }
    if (this.rowStart > 0) this.rebase()
    if (kept + chunk.length + 1 > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, kept + chunk.length + 1))
      this.bytes.copy(grown, 0, 0, kept)
      this.bytes = grown
    }
    this.bytes.set(chunk, kept)
    this.used = kept + chunk.length
    // Ends every inner loop without a test for the end of the text.
    this.bytes[this.used] = 0x0a
  }

  /** Moves the row that is being read to the buffer's start. */
  private rebase(): void {
    const shift = this.rowStart
    this.bytes.copyWithin(0, shift, this.used)
    this.at -= shift
    this.fieldStart -= shift
    this.out -= shift
    this.rowStart = 0
    for (let i = 0; i < this.count; i++) {
      this.starts[i] = (this.starts[i] as number) - shift
      this.ends[i] = (this.ends[i] as number) - shift
    }
  }

  private scan(): void {
    const { bytes, used, classes } = this
    while (this.at < used && !this.isStopped) {
      switch (this.state) {
        case inField:
          this.scanField(bytes, used, classes)
          break
        case startRecord:
          this.scanRecordStart(bytes)
          break
        case startField:
          this.scanFieldStart(bytes)
          break
        case inQuotedField:
          this.scanQuoted(bytes, used)
          break
        case quoteInQuotedField:
        case inMovedField:
          this.scanMoved(bytes)
          break
        case whitespaceLine:
        case eatWhitespace:
          this.scanWhitespace(bytes)
          break
        default:
          this.scanIgnored(bytes)
      }
    }
    // A row that has not begun leaves nothing to keep.
    if (this.state === startRecord || this.isIgnoring()) this.rowStart = this.at
  }

  /** The inner loop: plain fields, one after the other, to the end of the row. */
  private scanField(bytes: Buffer, used: number, classes: Uint8Array): void {
    let at = this.at
    const { highest } = this
    for (;;) {
      // Most bytes lie above every special one: the table is only asked about the others.
      for (let byte = bytes[at] as number; byte > highest || classes[byte] === ordinary; ) {
        byte = bytes[++at] as number
      }
      if (at >= used) break
      const kind = classes[bytes[at] as number]
      if (kind === quote) {
        at++
        continue
      }
      if (kind !== separator || this.isBlanks) {
        this.at = at
        this.finishField(bytes, at)
        return
      }
      this.endField(at)
      this.fieldStart = ++at
      const next = classes[bytes[at] as number]
      // Plain bytes and empty fields go on here; what needs a closer look is left to the states.
      if (
        at >= used ||
        next === quote ||
        next === nul ||
        (this.options.skipInitialSpace && bytes[at] === space)
      ) {
        this.state = startField
        break
      }
    }
    this.at = at
  }

  private scanRecordStart(bytes: Buffer): void {
    const byte = bytes[this.at] as number
    const kind = this.classes[byte]
    if (this.afterCarriageReturn) {
      this.afterCarriageReturn = false
      if (kind === lineFeed) {
        this.at++
        return
      }
    }
    this.rowStart = this.at
    this.count = 0
    if (this.isSkipped()) {
      this.state = skipLine
      this.isSkipFieldStart = true
    } else if (kind === lineFeed || kind === carriageReturn) {
      this.at++
      if (this.options.skipBlankLines) this.endGap(kind === carriageReturn)
      else this.endRow(kind === carriageReturn)
    } else if (kind === comment) {
      this.state = eatLineComment
    } else if ((byte === space || byte === tab) && (this.isBlanks || kind !== separator)) {
      if (this.options.skipBlankLines) this.state = whitespaceLine
      else this.state = this.isBlanks ? eatWhitespace : startField
    } else {
      this.state = startField
    }
  }

  private scanFieldStart(bytes: Buffer): void {
    const byte = bytes[this.at] as number
    const kind = this.classes[byte]
    this.fieldStart = this.at
    if (byte === space && this.options.skipInitialSpace && kind !== separator) {
      this.at++
    } else if (kind === quote) {
      this.quoteLine = this.line
      this.at++
      this.fieldStart = this.at
      this.out = this.at
      this.state = inQuotedField
    } else if (kind === ordinary) {
      this.at++
      this.state = inField
    } else {
      this.finishField(bytes, this.at)
    }
  }

  /** At a byte that is neither ordinary nor a quote: ends the field that ends at `end`. */
  private finishField(bytes: Buffer, end: number): void {
    const kind = this.classes[bytes[this.at] as number]
    if (kind === nul) throw new TextFault(this.line, 'a NUL byte: this is binary data, not CSV text')
    this.endField(end)
    if (kind === comment) {
      this.state = eatComment
      return
    }
    this.at++
    if (kind === separator) this.state = this.isBlanks ? eatWhitespace : startField
    else this.endRow(kind === carriageReturn)
  }

  private scanQuoted(bytes: Buffer, used: number): void {
    const quoteByte = this.options.quote
    let { at, out } = this
    while (at < used) {
      const byte = bytes[at++] as number
      if (byte === quoteByte) {
        this.state = quoteInQuotedField
        break
      }
      if (byte === 0x0a) this.line++
      else if (byte === 0) throw new TextFault(this.line, 'a NUL byte: this is binary data, not CSV text')
      bytes[out++] = byte
    }
    this.at = at
    this.out = out
  }

  /** Behind a closing quote: the field's end, a doubled quote, or, as pandas lets pass, more of the field. */
  private scanMoved(bytes: Buffer): void {
    const byte = bytes[this.at] as number
    const kind = this.classes[byte]
    if (kind === quote && this.state === quoteInQuotedField) {
      this.state = inQuotedField
    } else if (kind === ordinary || kind === quote) {
      this.state = inMovedField
    } else {
      this.finishField(bytes, this.out)
      return
    }
    bytes[this.out++] = byte
    this.at++
  }

  private scanWhitespace(bytes: Buffer): void {
    const byte = bytes[this.at] as number
    const kind = this.classes[byte]
    if (kind === lineFeed || kind === carriageReturn) {
      this.at++
      if (this.state === whitespaceLine) this.endGap(kind === carriageReturn)
      else this.endRow(kind === carriageReturn)
    } else if (kind === comment && (this.isBlanks || this.state === eatWhitespace)) {
      this.state = this.state === whitespaceLine ? eatLineComment : eatComment
    } else if (byte === space || byte === tab) {
      // A separator that is a blank ends the blanks in front of it.
      if (!this.isBlanks && kind === separator) this.backToRowStart()
      else this.at++
    } else if (this.isBlanks) {
      this.state = startField
    } else {
      this.backToRowStart()
    }
  }

  /** The blanks were the start of a field after all. */
  private backToRowStart(): void {
    this.at = this.rowStart
    this.state = startField
  }

  /** Inside comments and skipped lines. */
  private scanIgnored(bytes: Buffer): void {
    const byte = bytes[this.at++] as number
    if (this.state === skipQuoted) {
      if (byte === 0x0a) this.line++
      if (byte === this.options.quote) this.state = skipLine
      return
    }
    if (byte === 0x0a || byte === 0x0d) {
      if (this.state === eatComment) this.endRow(byte === 0x0d)
      else this.endGap(byte === 0x0d, this.state === skipLine)
    } else if (this.state === skipLine) {
      if (byte === this.options.quote && this.isSkipFieldStart) this.state = skipQuoted
      this.isSkipFieldStart = this.classes[byte] === separator
    }
  }

  private isIgnoring(): boolean {
    return this.state === eatLineComment || this.state === skipLine || this.state === skipQuoted
  }

  private isSkipped(): boolean {
    const { skiprows } = this.options
    return typeof skiprows === 'number' ? this.record < skiprows : skiprows.has(this.record)
  }

  private endField(end: number): void {
    if (this.count === this.starts.length) {
      this.starts = doubled(this.starts)
      this.ends = doubled(this.ends)
    }
    this.starts[this.count] = this.fieldStart
    this.ends[this.count++] = end
  }

  private endRow(isCarriageReturn: boolean): void {
    this.emit(true)
    this.afterCarriageReturn = isCarriageReturn
    this.line++
  }

  private emit(isEnded: boolean): void {
    this.state = startRecord
    this.record++
    const { row } = this
    row.bytes = this.bytes
    row.starts = this.starts
    row.ends = this.ends
    row.count = this.count
    row.isEnded = isEnded
    row.line = this.line
    if (!this.sink.row(row)) this.isStopped = true
    this.count = 0
    this.rowStart = this.at
  }

  private endGap(isCarriageReturn: boolean, isSkipped = false): void {
    if (!isSkipped) this.sink.gap()
    this.state = startRecord
    this.record++
    this.line++
    this.afterCarriageReturn = isCarriageReturn
  }
}

function classesOf(options: ReadCsvOptions): Uint8Array {
  const classes = new Uint8Array(256)
  classes[0] = nul
  if (options.quote !== undefined) classes[options.quote] = quote
  if (options.comment !== undefined) classes[options.comment] = comment
  if (options.separator.kind === 'byte') classes[options.separator.byte] = separator
  if (options.separator.kind === 'blanks') {
    classes[space] = separator
    classes[tab] = separator
  }
  classes[0x0a] = lineFeed
  classes[0x0d] = carriageReturn
  return classes
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2)
  grown.set(array)
  return grown
}
