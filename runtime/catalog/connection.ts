import type { CopyTarget, SqlResult } from '../contracts.ts'
import { sqlParsers } from './sql-types.ts'

/** What a statement gave, as PostgreSQL's texts: they travel between processes as they are. */
export interface RawResult {
  /** The columns, each with its type's OID. */
  readonly fields: readonly { readonly name: string; readonly type: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
  readonly count: number
}

/** One connection to a database, as a driver gives it: it does one thing at a time. Errors are CatalogErrors. */
export interface SqlConnection {
  /** One statement; parameters are texts. */
  query(sql: string, parameters: readonly (string | null)[]): Promise<RawResult>
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
  /** Stops what it is doing, because nobody waits for that any more. Where there is no way to, it is waited for. */
  cancel?(): void
}

/** The result with values of its columns' types. */
export function resultOf<R>({ fields, rows, count }: RawResult): SqlResult<R> {
  const parsers = fields.map(({ type }) => sqlParsers.get(type) ?? String)
  const parse = (text: string | null | undefined, i: number) =>
    text === null || text === undefined ? null : parsers[i]?.(text)
  return {
    columns: fields.map(({ name }) => name),
    rows: rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, parse(row[i], i)])) as R),
    count,
  }
}
