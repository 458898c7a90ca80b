import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { showPlace } from '../errors.ts'
import type { RejectedLimit } from './config/table-load.ts'

/** A row that is not loaded, and why. Lines and characters count from 1; a row of several lines begins at `line`. */
export interface RejectedRow {
  readonly file: string
  readonly line: number
  /** Where in the line the value begins, in characters. */
  readonly character?: number
  /** The table's column. */
  readonly column?: string
  /** As it stands in the file, shortened. */
  readonly value?: string
  readonly reason: string
}

/** `file:line:character: column postal: found "abc"; expected …` */
export function showRejected({ file, line, character, column, value, reason }: RejectedRow): string {
  const place = showPlace({ file, line, ...(character !== undefined && { column: character }) })
  const what = column === undefined ? '' : `column ${column}: `
  const found = value === undefined ? '' : `found ${JSON.stringify(value)}; `
  return `${place}: ${what}${found}${reason}`
}

/** So many rejected rows stand in the record; the report has all. */
const firstRows = 20
const flushAt = 64 * 1024

/** The rejected rows of one pass over the input: counted, the first ones kept, all of them written to a file. */
export class Rejections {
  count = 0
  readonly first: RejectedRow[] = []
  readonly file: string
  #stream: WriteStream | undefined
  #text = ''

  /** `file`: where all are written, as lines of JSON, once there is one. */
  constructor(file: string) {
    this.file = file
  }

  add(row: RejectedRow): void {
    this.count++
    if (this.first.length < firstRows) this.first.push(row)
    this.#text += `${JSON.stringify(row)}\n`
  }

  /** Writes what has gathered. */
  async flush(isEnd = false): Promise<void> {
    if (this.#text.length < flushAt && !isEnd) return
    if (this.#text !== '') {
      this.#stream ??= createWriteStream(this.file)
      const text = this.#text
      this.#text = ''
      if (!this.#stream.write(text)) await once(this.#stream, 'drain')
    }
    if (!isEnd || !this.#stream) return
    this.#stream.end()
    await finished(this.#stream)
  }

  /** Closes the file, whatever is in it. */
  async abandon(): Promise<void> {
    this.#text = ''
    if (!this.#stream) return
    this.#stream.destroy()
    await finished(this.#stream).catch(() => undefined)
  }
}

/** Whether so many rejected rows are too many; a share can only be told of all rows. */
export function isOverLimit(limit: RejectedLimit, rejected: number, rows: number): boolean {
  return limit.unit === 'rows' ? rejected > limit.max : rejected * 100 > limit.max * rows
}

export function showLimit(limit: RejectedLimit): string {
  return limit.unit === 'rows' ? `${limit.max}` : `${limit.max}% of all`
}
