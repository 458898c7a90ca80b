import type { Place } from '../../errors.ts'
import type { ColumnType } from './column-type.ts'

export type LoadMode = 'replace' | 'append' | 'upsert'
export type SinkName = 'postgres' | 'redshift'
export type TableEncoding = 'utf-8' | 'latin-1' | 'cp1252' | 'utf-16'

export interface TableColumn {
  readonly name: string
  /** What the file's header calls it. */
  readonly header: string
  readonly type: ColumnType
  readonly isNullable: boolean
}

/** How many rows of a load may be rejected: more of them reject the load. */
export type RejectedLimit =
  | { readonly unit: 'rows'; readonly max: number }
  | { readonly unit: 'percent'; readonly max: number }

/** A table load as its configuration declares it: checked, with defaults filled in. Names are not yet quoted. */
export interface TableLoad {
  /** The configuration file, from the project root. */
  readonly file: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly TableColumn[]
  /** Names of columns; empty: the table has none. */
  readonly key: readonly string[]
  readonly mode: LoadMode
  readonly sinks: readonly SinkName[]
  /** One ASCII character. */
  readonly delimiter: string
  /** One ASCII character; `undefined`: quotes have no meaning. */
  readonly quote: string | undefined
  readonly header: 'none' | 'skipped' | 'checked'
  /** What stands for null where it is not quoted. */
  readonly nullText: string
  readonly encoding: TableEncoding
  readonly rejected: RejectedLimit
  /** Where the file says what can turn out wrong later. */
  readonly places: { readonly table: Place; readonly columns: Place; readonly sinks: Place }
}

/** `schema.table`, for people. */
export function tableName({ schema, table }: Pick<TableLoad, 'schema' | 'table'>): string {
  return `${schema}.${table}`
}
