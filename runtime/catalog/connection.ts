import type { CopyTarget, SqlResult } from '../contracts.ts'
import { sqlParsers } from './sql-types.ts'

/** One connection to a database, as a driver gives it: it does one thing at a time. Errors are CatalogErrors. */
export interface SqlConnection {
  /** One statement; parameters are texts. */
  query(sql: string, parameters: readonly (string | null)[]): Promise<SqlResult>
  copyFrom(target: CopyTarget, csv: AsyncIterable<Uint8Array>): Promise<number>
}

/** Where connections come from: a pool, or the one session there is. */
export interface ConnectionSource {
  /** Waits for one. @throws CatalogError when none comes in time */
  acquire(): Promise<Lease>
  /** Ends every connection. Nothing may be acquired any more. */
  close(): Promise<void>
}

export interface Lease {
  readonly connection: SqlConnection
  /** Gives it back; with an error, because it can no longer be used. */
  release(error?: Error): void
}

/** A result from rows of texts. */
export function resultOf(
  fields: readonly { readonly name: string; readonly type: number }[],
  rows: readonly (readonly (string | null)[])[],
  count: number,
): SqlResult {
  const parsers = fields.map(({ type }) => sqlParsers.get(type) ?? String)
  return {
    columns: fields.map(({ name }) => name),
    rows: rows.map((row) =>
      Object.fromEntries(
        fields.map(({ name }, i) => {
          const text = row[i]
          return [
            name,
            text === null || text === undefined ? null : (parsers[i] as (t: string) => unknown)(text),
          ]
        }),
      ),
    ),
    count,
  }
}
