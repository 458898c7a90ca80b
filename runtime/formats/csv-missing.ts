import { NumberParser, notNumber } from './csv-number.ts'
import type { MissingTexts } from './csv-options.ts'

/** Tests whether a field is one of the texts that stand for "missing", cheaply for the many that are not. */
export class MissingMatcher {
  readonly isEmptyMissing: boolean
  /** Whether some of the texts are numbers: then a field must be looked up even though it parses. */
  readonly hasNumbers: boolean
  /** Values that count as missing in a column of floats, however they are written. */
  readonly numbers: ReadonlySet<number>
  private readonly texts = new Set<string>()
  private readonly firstBytes = new Uint8Array(256)
  private maxLength = 0

  constructor({ texts, numbers }: MissingTexts) {
    const parser = new NumberParser()
    this.numbers = numbers
    this.isEmptyMissing = texts.has('')
    let hasNumbers = false
    for (const text of texts) {
      const bytes = Buffer.from(text)
      if (bytes.length === 0) continue
      this.texts.add(bytes.toString('latin1'))
      this.firstBytes[bytes[0] as number] = 1
      this.maxLength = Math.max(this.maxLength, bytes.length)
      // Digits in other words, such as `1,234`, may be a number under other options; those with `#` never are.
      hasNumbers ||= parser.parse(bytes, 0, bytes.length) !== notNumber || /^[^#]*\d[^#]*$/.test(text)
    }
    this.hasNumbers = hasNumbers
  }

  matches(bytes: Buffer, start: number, end: number): boolean {
    if (start === end) return this.isEmptyMissing
    if (end - start > this.maxLength || this.firstBytes[bytes[start] as number] === 0) return false
    return this.texts.has(bytes.toString('latin1', start, end))
  }
}
