/** Takes the rows of a CSV file as they are found. */
export interface RowSink {
  /**
   * A row of `count` fields, field i being `bytes[starts[i] .. ends[i])`: UTF-8, quotes undone, valid during the call
   * only. `isEnded`: a line end follows it. Gives `false` when no more rows are wanted.
   */
  row(bytes: Buffer, starts: Int32Array, ends: Int32Array, count: number, isEnded: boolean): boolean
  /** A blank line or a comment that was left out. */
  gap(): void
}

/** Cuts the text of a CSV file into rows. */
export interface RowSource {
  /** The line, counted from 1, that is being read: while a row is handed over, the one it ends in. */
  readonly line: number
  /** Takes the next part of the text. Gives `false` when no more is wanted. */
  push(chunk: Uint8Array): boolean
  /** Says that the text is complete. */
  end(): void
}

/** A row longer than this is refused: it is a damaged file or an unclosed quote, not data. */
export const maxRowBytes = 16 * 1024 * 1024

/** A fault in the text itself, at the source's current line unless it says otherwise. */
export class TextFault extends Error {
  override readonly name = 'TextFault'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}
