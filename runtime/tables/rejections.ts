import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
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
  #handle: FileHandle | undefined
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

  /** Writes what has gathered, once it is enough to write. */
  async flush(): Promise<void> {
    if (this.#text.length >= flushAt) await this.#write()
  }

  /** Writes the rest and closes the file. */
  async close(): Promise<void> {
    await this.#write()
    await this.#handle?.close()
    this.#handle = undefined
  }

  /** All that was rejected, once it is closed. */
  read(): AsyncIterable<Uint8Array> {
    return createReadStream(this.file)
  }

  async #write(): Promise<void> {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    this.#handle ??= await open(this.file, 'a')
    await this.#handle.appendFile(text)
  }
}

/** Whether so many rejected rows are too many; a share can only be told of all rows. */
export function isOverLimit(limit: RejectedLimit, rejected: number, rows: number): boolean {
  return limit.unit === 'rows' ? rejected > limit.max : rejected * 100 > limit.max * rows
}

export function showLimit(limit: RejectedLimit): string {
  return limit.unit === 'rows' ? `${limit.max}` : `${limit.max}% of all`
}
