import { type ColumnType, showType } from './config/column-type.ts'
import type { TableColumn, TableLoad } from './config/table-load.ts'
import { markerTable } from './sink-load.ts'
import { quoteName, quoteNames, quoteTable } from './sql-name.ts'

/** What stands for null in the staged rows: Redshift takes it for null also in quotes, so no value may be it. */
export const redshiftNullText = '@sluice:null@'
/** The longest text Redshift can hold, in bytes. */
export const redshiftTextBytes = 65_535

const staging = '"sluice_staging"'
const before = '"sluice_before"'
const refused = '"sluice_refused"'
const line = '"sluice_line"'
/** So many of the rows that are refused are named. */
const namedRows = 20

export interface RedshiftLoad {
  readonly load: TableLoad
  /** `s3://…` of the staged rows. */
  readonly uri: string
  readonly roleArn: string
  /** Hexadecimal digits, as are the next two: they stand in the statements as they are. */
  readonly sourceHash: string
  readonly identity: string
  readonly token: string
  readonly rejected: number
  readonly timeoutMs: number
}

/**
 * One load as one batch, which the Data API runs in one transaction. Nothing is truncated: in Redshift, TRUNCATE commits.
 * Everything that changes the table does so only if the load is not there yet, and nothing of it is refused. The lock on
 * the markers comes before anything is read, so that of two loads at once the second sees the first; readers of the table
 * are not held up. The last two statements give the refused rows and the marker.
 */
export function loadStatements(request: RedshiftLoad): readonly string[] {
  const { load, identity, sourceHash, token } = request
  const target = quoteTable(load)
  const markers = quoteTable({ schema: load.schema, table: markerTable })
  const isThis = `table_name = '${load.table}' and source = '${sourceHash}' and identity = '${identity}'`
  const isDue = `not exists (select 1 from ${markers} where ${isThis}) and not exists (select 1 from ${refused})`
  const names = load.columns.map(({ name }) => name)
  const others = load.mode === 'replace' ? '' : ` and source = '${sourceHash}'`
  return [
    `set statement_timeout to ${Math.ceil(request.timeoutMs)}`,
    `create table if not exists ${markers} (table_name varchar(127) not null, source varchar(64) not null, ` +
      'identity varchar(64) not null, token varchar(64) not null, rows_before bigint, rows_after bigint, ' +
      'rows_loaded bigint, rows_rejected bigint, rows_superseded bigint, loaded_at timestamptz default getdate())',
    createTable(load),
    `lock ${markers}`,
    `create temporary table ${staging} (${[`${line} bigint`, ...load.columns.map(stagingColumn)].join(', ')})`,
    `copy ${staging} (${[line, quoteNames(names)].join(', ')}) from ${quoteText(request.uri)} ` +
      `iam_role ${quoteText(request.roleArn)} format as csv null as '${redshiftNullText}' encoding utf8 ` +
      "dateformat 'YYYY-MM-DD' timeformat 'auto' maxerror 0 compupdate off statupdate off",
    `create temporary table ${before} as select count(*) as rows from ${target}`,
    `create temporary table ${refused} as ${refusedRows(load, target, `not exists (select 1 from ${markers} where ${isThis})`)}`,
    ...deletions(load, target, isDue),
    `insert into ${target} (${quoteNames(names)}) select ${load.columns.map(selected).join(', ')} ` +
      `from ${latest(load)} where ${isDue}`,
    `delete from ${markers} where table_name = '${load.table}'${others} and identity <> '${identity}' ` +
      `and not exists (select 1 from ${refused})`,
    `insert into ${markers} (table_name, source, identity, token, rows_before, rows_after, rows_loaded, rows_rejected, rows_superseded) ` +
      `select '${load.table}', '${sourceHash}', '${identity}', '${token}', (select rows from ${before}), ` +
      `(select count(*) from ${target}), (select count(*) from ${latest(load)}), ${request.rejected}, ` +
      `(select count(*) from ${staging}) - (select count(*) from ${latest(load)}) where ${isDue}`,
    `select line, first, keys from ${refused} order by line limit ${namedRows}`,
    `select token, rows_before, rows_after, rows_loaded, rows_rejected, rows_superseded from ${markers} where ${isThis}`,
  ]
}

/** What is known of a load, by `source` and `identity`. */
export function markerQuery({ schema }: TableLoad): string {
  return (
    'select token, rows_before, rows_after, rows_loaded, rows_rejected, rows_superseded ' +
    `from ${quoteTable({ schema, table: markerTable })} where table_name = :table and source = :source and identity = :identity`
  )
}

/** The columns of a table, by `schema` and `table`. */
export const columnsQuery =
  'select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable ' +
  'from svv_columns where table_schema = :schema and table_name = :table order by ordinal_position'

/** Of a replacement every row, of an upsert those that have a row in the input. */
function deletions(load: TableLoad, target: string, isDue: string): string[] {
  if (load.mode === 'append') return []
  if (load.mode === 'replace') return [`delete from ${target} where ${isDue}`]
  return [`delete from ${target} using ${staging} as s where ${sameKey(load, target, 's')} and ${isDue}`]
}

/** The rows that a load puts into the table: of an upsert, of those with one key the last. */
function latest({ mode, key }: TableLoad): string {
  if (mode !== 'upsert') return `${staging} as s`
  const order = `row_number() over (partition by ${quoteNames(key)} order by ${line} desc)`
  return `(select * from (select *, ${order} as sluice_order from ${staging}) as ordered where sluice_order = 1) as s`
}

/** Keys are not enforced by Redshift: rows whose key another row has, in the input or (append) in the table. */
function refusedRows(load: TableLoad, target: string, isNew: string): string {
  const { key, mode } = load
  const keys = key.map((name) => `${quoteName(name)}::varchar`).join(" || ', ' || ")
  const none = `select 0::bigint as line, 0::bigint as first, ''::varchar(1000) as keys where false`
  if (key.length === 0 || mode === 'upsert') return none
  const twice =
    `select line, first, keys from (select ${line} as line, min(${line}) over (partition by ${quoteNames(key)}) as first, ` +
    `left(${keys}, 200) as keys from ${staging}) as counted where line > first and ${isNew}`
  if (mode === 'replace') return twice
  const prefixed = key.map((name) => `s.${quoteName(name)}::varchar`).join(" || ', ' || ")
  return (
    `${twice} union all select s.${line} as line, null::bigint as first, left(${prefixed}, 200) as keys ` +
    `from ${staging} as s join ${target} as t on ${sameKey(load, 't', 's')} where ${isNew}`
  )
}

function sameKey({ key }: TableLoad, left: string, right: string): string {
  return key.map((name) => `${left}.${quoteName(name)} = ${right}.${quoteName(name)}`).join(' and ')
}

function createTable(load: TableLoad): string {
  const columns = load.columns.map(
    ({ name, type, isNullable }) =>
      `${quoteName(name)} ${redshiftType(type)}${isNullable ? '' : ' not null'}`,
  )
  const key = load.key.length > 0 ? [`primary key (${quoteNames(load.key)})`] : []
  return `create table if not exists ${quoteTable(load)} (${[...columns, ...key].join(', ')})`
}

const stagingColumn = ({ name, type }: TableColumn) =>
  `${quoteName(name)} ${type.kind === 'jsonb' ? `varchar(${redshiftTextBytes})` : redshiftType(type)}`

const selected = ({ name, type }: TableColumn) =>
  type.kind === 'jsonb' ? `json_parse(s.${quoteName(name)})` : `s.${quoteName(name)}`

/** Redshift counts the length of text in bytes, four of which a character can need; char holds ASCII only. */
export function redshiftType(type: ColumnType): string {
  switch (type.kind) {
    case 'text':
      return `varchar(${redshiftTextBytes})`
    case 'varchar':
    case 'char':
      return `varchar(${Math.min(type.length * 4, redshiftTextBytes)})`
    case 'uuid':
      return 'varchar(36)'
    case 'jsonb':
      return 'super'
    default:
      return showType(type)
  }
}

/** A text constant: in Redshift a backslash escapes too. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
