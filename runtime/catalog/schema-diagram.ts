import type { Catalog } from '../contracts.ts'

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
  readonly isPrimary: boolean
  readonly isUnique: boolean
  readonly references: string | null
}

/**
 * The tables of a catalog as a Mermaid entity relationship diagram, as the database itself describes them; without the
 * list of migrations.
 */
export async function schemaDiagram(catalog: Catalog): Promise<string> {
  const { rows } = await catalog.query<Column>(`
    select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as "isRequired",
      exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p'
        and a.attnum = any (k.conkey)) as "isPrimary",
      exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'u'
        and a.attnum = any (k.conkey)) as "isUnique",
      (select r.relname from pg_constraint k join pg_class r on r.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey)) as "references"
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and c.relname <> 'sluice_migrations'
    order by c.relname, a.attnum`)
  const tables = [...new Set(rows.map(({ table }) => table))]
  const entities = tables.flatMap((table) => [
    `  ${table} {`,
    ...rows.filter((column) => column.table === table).map((column) => `    ${columnLine(column)}`),
    '  }',
  ])
  const relations = rows
    .filter(({ references }) => references !== null)
    .map(
      ({ table, name, references, isPrimary, isRequired }) =>
        `  ${references} ${isRequired ? '||' : '|o'}--${isPrimary ? 'o|' : 'o{'} ${table} : ${name}`,
    )
  return ['erDiagram', ...relations, ...entities].join('\n')
}

function columnLine({ type, name, isPrimary, isUnique, references, isRequired }: Column): string {
  const keys = [
    ...(isPrimary ? ['PK'] : []),
    ...(references === null ? [] : ['FK']),
    ...(isUnique ? ['UK'] : []),
  ]
  const parts = [type.replaceAll(' ', '_'), name, ...(keys.length > 0 ? [keys.join(', ')] : [])]
  return isRequired ? parts.join(' ') : `${parts.join(' ')} "may be null"`
}
