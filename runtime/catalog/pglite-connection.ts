import { createWriteStream, rmSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CopyTarget } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import type { RawResult, SqlConnection } from './connection.ts'
import { copyStatement } from './sql-text.ts'
import { watchSource } from './watched-source.ts'

export interface PgliteOptions {
  /** The folder of the database, made if need be; in memory without one. One process at a time may have it open. */
  readonly dataDir?: string
  /** A folder for what is copied in, which has to be a file for PGlite to read. Made if need be. */
  readonly spoolDir: string
}

/** PGlite, in this thread or another. */
export interface PgliteDatabase {
  query(sql: string, parameters: readonly (string | null)[]): Promise<RawResult>
  /** Copies from a file below the spool folder, by its name there. */
  copyFile(target: CopyTarget, name: string): Promise<number>
  close(): Promise<void>
}

/** A connection to the database; what is copied in stands in the spool folder first, so a stream that fails is never seen by it. */
export function pgliteConnection(
  database: Pick<PgliteDatabase, 'query' | 'copyFile'>,
  spoolDir: string,
): SqlConnection {
  let copies = 0
  return {
    query: (sql, parameters) => database.query(sql, parameters),
    async copyFrom(target, csv) {
      // Checked before anything is written: a name that cannot be should not cost a file.
      copyStatement(target, 'STDIN')
      const name = `copy-${++copies}.csv`
      const file = path.join(spoolDir, name)
      try {
        await spool(csv, file)
        return await database.copyFile(target, name)
      } finally {
        rmSync(file, { force: true })
      }
    },
  }
}

/** An error of the stream is thrown as it is; one of the file, such as a full disk, as a CatalogError. */
async function spool(csv: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const source = watchSource(csv)
  try {
    await pipeline(Readable.from(source.chunks, { objectMode: false }), createWriteStream(file))
  } catch (error) {
    const failure = source.failure()
    if (failure) throw failure.error
    throw new CatalogError(`${file}: what is copied in cannot be written here`, {
      code: '58030',
      cause: error,
    })
  }
}
