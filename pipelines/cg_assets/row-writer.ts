import { type Catalog, compareKeys, isSluiceError, type ObjectStore } from '../../runtime/index.ts'
import { writeRows } from './asset-catalog.ts'
import type { AssetRow } from './asset-row.ts'

export interface RowWriterOptions {
  readonly catalog: Catalog
  readonly thumbnails: ObjectStore
  /** How many rows make a transaction. */
  readonly batchSize: number
  readonly scanDate: Date
}

/** How much may have been read for rows that are not written yet: a run that is killed reads it again. */
const maxUnwrittenBytes = 2 ** 31

/** Writes rows in batches, one after the other. */
export class RowWriter {
  readonly #options: RowWriterOptions
  #rows: AssetRow[] = []
  #bytes = 0
  #written: Promise<void> = Promise.resolve()

  constructor(options: RowWriterOptions) {
    this.#options = options
  }

  /** Adds a row; waits until all is written where that makes a batch. @throws CatalogError */
  async add(row: AssetRow, bytesRead: number): Promise<void> {
    this.#rows.push(row)
    this.#bytes += bytesRead
    if (this.#rows.length >= this.#options.batchSize || this.#bytes >= maxUnwrittenBytes) await this.flush()
  }

  /** Writes what is left. @throws CatalogError */
  flush(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    this.#bytes = 0
    // In one order, so that two scans of the same files wait for each other and never both.
    const sorted = rows.toSorted((a, b) => compareKeys(a.path, b.path))
    if (rows.length > 0) this.#written = this.#written.then(() => this.#write(sorted))
    return this.#written
  }

  async #write(rows: readonly AssetRow[]): Promise<void> {
    const { catalog, scanDate, thumbnails } = this.#options
    try {
      for (const key of await writeRows(catalog, rows, scanDate)) await thumbnails.delete(key)
    } catch (error) {
      if (!isRefusedValue(error)) throw error
      const [row, ...others] = rows
      if (row && others.length === 0) return this.#writeRefused(row, error)
      // One row must not keep the others out: each is tried by itself.
      for (const single of rows) await this.#write([single])
    }
  }

  /** A row whose values PostgreSQL does not take keeps what every file has. */
  async #writeRefused(row: AssetRow, error: Error): Promise<void> {
    if (row.extracted === undefined) throw error
    const message = `what it says of itself cannot be stored: ${error.message.replace(/\s+/g, ' ')}`
    await this.#write([{ ...row, extracted: undefined, error: message.slice(0, 500) }])
  }
}

/** SQLSTATE class 22 is a value that is out of range or none of its type, class 23 one that a constraint excludes. */
function isRefusedValue(error: unknown): error is Error {
  return isSluiceError(error, 'catalog') && /^2[23]/.test((error as { code?: string }).code ?? '')
}
