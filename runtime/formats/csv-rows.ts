/** A row as it is handed over: valid during the call only. */
export interface CsvRow {
  /** Field i is `bytes[starts[i] .. ends[i])`: UTF-8, quotes undone. */
  readonly bytes: Buffer
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** How many fields there are. */
  readonly count: number
  /** Whether a line end follows it. */
  readonly isEnded: boolean
  /** The line that it ends in, counted from 1. */
  readonly line: number
}

/** Takes the rows of a CSV file as they are found. */
export interface RowSink {
  /** Gives `false` when no more rows are wanted. @throws TextFault */
  row(row: CsvRow): boolean
  /** A blank line or a comment that was left out. */
  gap(): void
}

/** Cuts the text of a CSV file into rows. */
export interface RowSource {
  /** The line, counted from 1, that is being read. */
  readonly line: number
  /** Takes the next part of the text. Gives `false` when no more is wanted. */
  push(chunk: Uint8Array): boolean
  /** Says that the text is complete. */
  end(): void
}

/** A row longer than this is refused: it is a damaged file or an unclosed quote, not data. */
export const maxRowBytes = 16 * 1024 * 1024

/** A fault in what stands in a line of the file, counted from 1. */
export class TextFault extends Error {
  override readonly name = 'TextFault'
  readonly line: number

  constructor(line: number, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.line = line
  }
}
