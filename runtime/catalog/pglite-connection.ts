import { createWriteStream, rmSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CopyTarget } from '../contracts.ts'
import type { RawResult, SqlConnection } from './connection.ts'
import { copyStatement } from './sql-text.ts'

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
        await pipeline(Readable.from(csv, { objectMode: false }), createWriteStream(file))
        return await database.copyFile(target, name)
      } finally {
        rmSync(file, { force: true })
      }
    },
  }
}
