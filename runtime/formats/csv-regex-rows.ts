import type { ReadCsvOptions } from './csv-options.ts'
import { maxRowBytes, type RowSink, type RowSource, TextFault } from './csv-rows.ts'

/**
 * Cuts lines into fields with a regex, as pandas' python engine does: a line's outer blanks go first, quotes mean
 * nothing, and a comment mark cuts the field that it stands in.
 */
export class RegexRows implements RowSource {
  line = 0
  private readonly options: ReadCsvOptions
  private readonly regex: RegExp
  private readonly sink: RowSink
  private readonly decoder = new TextDecoder('utf-8', { fatal: true })
  private readonly commentMark: string | undefined
  private rest = ''
  private record = 0
  private bytes = Buffer.alloc(4096)
  private starts = new Int32Array(64)
  private ends = new Int32Array(64)

  constructor(options: ReadCsvOptions, regex: RegExp, sink: RowSink) {
    this.options = options
    this.regex = regex
    this.sink = sink
    this.commentMark = options.comment === undefined ? undefined : String.fromCharCode(options.comment)
  }

  push(chunk: Uint8Array): boolean {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() as string
    if (this.rest.length > maxRowBytes)
      throw new TextFault(this.line + 1, `a line longer than ${maxRowBytes} bytes`)
    return lines.every((line) => this.take(line, true))
  }

  end(): void {
    const isEnded = this.rest.endsWith('\r')
    if (this.rest !== '') this.take(this.rest, isEnded)
  }

  /** One line, without its end. Gives `false` when no more is wanted. */
  private take(line: string, isEnded: boolean): boolean {
    this.line++
    if (line.includes('\0')) throw new TextFault(this.line, 'a NUL byte: this is binary data, not CSV text')
    const { skiprows, skipBlankLines } = this.options
    const record = this.record++
    if (typeof skiprows === 'number' ? record < skiprows : skiprows.has(record)) return true
    const fields = this.uncommented(line.trim().split(this.regex))
    const isBlank = fields.length === 0 || (fields.length === 1 && fields[0]?.trim() === '')
    if (isBlank && (skipBlankLines || fields.length === 0)) {
      this.sink.gap()
      return true
    }
    return this.emit(fields, isEnded)
  }

  /** A group of the regex that took no part gives no text. */
  private uncommented(fields: readonly (string | undefined)[]): string[] {
    const kept: string[] = []
    for (const field of fields) {
      const text = field ?? ''
      const mark = this.commentMark === undefined ? -1 : text.indexOf(this.commentMark)
      if (mark < 0) {
        kept.push(text)
        continue
      }
      if (mark > 0) kept.push(text.slice(0, mark))
      break
    }
    return kept
  }

  private emit(fields: readonly string[], isEnded: boolean): boolean {
    if (fields.length > this.starts.length) {
      this.starts = new Int32Array(fields.length * 2)
      this.ends = new Int32Array(fields.length * 2)
    }
    const needed = fields.reduce((sum, field) => sum + field.length * 3, 0)
    if (needed > this.bytes.length) this.bytes = Buffer.alloc(needed * 2)
    let at = 0
    fields.forEach((field, i) => {
      this.starts[i] = at
      at += this.bytes.write(field, at)
      this.ends[i] = at
    })
    const { bytes, starts, ends, line } = this
    return this.sink.row({ bytes, starts, ends, count: fields.length, isEnded, line })
  }
}
