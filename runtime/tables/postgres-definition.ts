import type { CatalogSession } from '../contracts.ts'
import { ConfigError, type Problem } from '../errors.ts'
import { postgresType, showType } from './config/column-type.ts'
import { type TableColumn, type TableLoad, tableName } from './config/table-load.ts'
import { quoteName, quoteNames, quoteTable } from './sql-name.ts'

interface FoundColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
}

const kinds: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  c: 'a type',
}

/**
 * Whether the table is there. @throws ConfigError with every difference when what is there is not the table that the
 * configuration declares
 */
export async function checkTable(session: CatalogSession, load: TableLoad): Promise<boolean> {
  const { schema, table } = load
  const namespace = await session.query('select 1 from pg_catalog.pg_namespace where nspname = $1', [schema])
  if (namespace.count === 0) {
    throw refused(load, [`there is no schema ${quoteName(schema)} in the catalog: create it first`])
  }
  const { rows } = await session.query<{
    kind: string
    columns: FoundColumn[] | null
    keys: string[][] | null
  }>(definitionQuery, [schema, table])
  const [found] = rows
  if (!found) return false
  if (found.kind !== 'r' && found.kind !== 'p') {
    throw refused(load, [`is ${kinds[found.kind] ?? 'no table'} in the catalog; a table load needs a table`])
  }
  const differences = [
    ...columnDifferences(load, found.columns ?? []),
    ...keyDifferences(load, found.keys ?? []),
  ]
  if (differences.length > 0) throw refused(load, differences)
  return true
}

/** Unique indexes count as keys if they hold for every row at every time. */
const definitionQuery = `
select c.relkind::text as kind,
  (select json_agg(json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'nullable', not a.attnotnull) order by a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select json_agg((select json_agg(a.attname order by a.attname) from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum = any (i.indkey::int2[])))
    from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indisvalid
      and i.indpred is null and i.indexprs is null and i.indnkeyatts = i.indnatts) as keys
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2`

function columnDifferences(load: TableLoad, found: readonly FoundColumn[]): string[] {
  const byName = new Map(found.map((column) => [column.name, column]))
  const declared = new Set(load.columns.map(({ name }) => name))
  return [
    ...load.columns.flatMap((column) => differencesOf(column, byName.get(column.name))),
    ...found
      .filter(({ name }) => !declared.has(name))
      .map(({ name, type }) => `the table has a column ${quoteName(name)} (${type}), which is not declared`),
  ]
}

function differencesOf({ name, type, isNullable }: TableColumn, found: FoundColumn | undefined): string[] {
  const column = quoteName(name)
  if (!found) return [`the table has no column ${column} (${showType(type)})`]
  const differences: string[] = []
  if (found.type !== postgresType(type)) {
    differences.push(`column ${column} is ${found.type} in the table, and declared as ${postgresType(type)}`)
  }
  if (found.nullable !== isNullable) {
    const [is, declared] = found.nullable ? ['nullable', 'not to be'] : ['not nullable', 'to be']
    differences.push(`column ${column} is ${is} in the table, and declared ${declared}`)
  }
  return differences
}

function keyDifferences({ key }: TableLoad, found: readonly (readonly string[])[]): string[] {
  if (key.length === 0) return []
  const wanted = key.toSorted().join('\n')
  if (found.some((names) => names.toSorted().join('\n') === wanted)) return []
  return [`the table has no primary key or unique index on (${quoteNames(key)})`]
}

function refused(load: TableLoad, differences: readonly string[]): ConfigError {
  const name = tableName(load)
  return new ConfigError(
    differences.map(
      (difference): Problem => ({
        ...load.places.table,
        severity: 'error',
        path: 'table',
        message: `${name}: ${difference}`,
      }),
    ),
  )
}

/** The statement that makes the table as it is declared. */
export function createTable(load: TableLoad): string {
  const columns = load.columns.map(columnDefinition)
  const key = load.key.length > 0 ? [`primary key (${quoteNames(load.key)})`] : []
  return `create table ${quoteTable(load)} (${[...columns, ...key].join(', ')})`
}

/** The statement that makes a table like it for this transaction, without key, with the line of each row if asked for. */
export function createStaging(load: TableLoad, staging: string, lineColumn: string | undefined): string {
  const line = lineColumn === undefined ? [] : [`${quoteName(lineColumn)} bigint not null`]
  const columns = load.columns.map(columnDefinition)
  return `create temporary table ${quoteName(staging)} (${[...line, ...columns].join(', ')}) on commit drop`
}

function columnDefinition({ name, type, isNullable }: TableColumn): string {
  return `${quoteName(name)} ${postgresType(type)}${isNullable ? '' : ' not null'}`
}
