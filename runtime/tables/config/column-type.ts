import { didYouMean } from '../../ingest/config/nearest-name.ts'

export const plainTypes = [
  'text',
  'integer',
  'bigint',
  'smallint',
  'real',
  'double precision',
  'boolean',
  'date',
  'timestamptz',
  'timestamp',
  'uuid',
  'jsonb',
] as const
export type PlainType = (typeof plainTypes)[number]

/** The PostgreSQL types that a table load knows: a closed list, as each has a check of its own. */
export type ColumnType =
  | { readonly kind: PlainType }
  | { readonly kind: 'varchar' | 'char'; readonly length: number }
  | { readonly kind: 'numeric'; readonly precision: number; readonly scale: number }

/** The allowed types, for messages. */
export const allowedTypes = [...plainTypes, 'varchar(n)', 'char(n)', 'numeric(p,s)'].join(', ')

/** PostgreSQL's own limits. */
const limits = { length: 10_485_760, precision: 1000 }

/** What others call them, so that the message can say which is meant. */
const otherNames: Readonly<Record<string, string>> = {
  string: 'text',
  str: 'text',
  int: 'integer',
  int4: 'integer',
  int8: 'bigint',
  int2: 'smallint',
  float: 'double precision',
  float8: 'double precision',
  float4: 'real',
  double: 'double precision',
  bool: 'boolean',
  json: 'jsonb',
  datetime: 'timestamptz',
  decimal: 'numeric(p,s)',
  numeric: 'numeric(p,s)',
  varchar: 'varchar(n)',
  'character varying': 'varchar(n)',
  char: 'char(n)',
  character: 'char(n)',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
}

/** A type as the YAML writes it, or what is wrong with it. */
export function parseColumnType(text: string): ColumnType | { readonly problem: string } {
  const source = text.trim().replaceAll(/\s+/g, ' ').toLowerCase()
  const plain = plainTypes.find((type) => type === source)
  if (plain) return { kind: plain }
  const [, name, first, second] = /^(\w+) ?\( ?(\d{1,9}) ?(?:, ?(\d{1,9}) ?)?\)$/.exec(source) ?? []
  if ((name === 'varchar' || name === 'char') && second === undefined) {
    const length = Number(first)
    if (length >= 1 && length <= limits.length) return { kind: name, length }
    return { problem: `found ${JSON.stringify(text)}; the length is from 1 to ${limits.length}` }
  }
  if (name === 'numeric') {
    const precision = Number(first)
    const scale = Number(second ?? 0)
    if (precision >= 1 && precision <= limits.precision && scale <= precision) {
      return { kind: 'numeric', precision, scale }
    }
    return {
      problem: `found ${JSON.stringify(text)}; in numeric(p,s) p is from 1 to ${limits.precision}, s from 0 to p`,
    }
  }
  const bare = source.replace(/ ?\(.*$/, '')
  const meant = Object.hasOwn(otherNames, bare) ? otherNames[bare] : undefined
  const hint =
    meant === undefined
      ? didYouMean(bare, [...plainTypes, 'varchar', 'char', 'numeric'])
      : `; did you mean "${meant}"?`
  return { problem: `found ${JSON.stringify(text)}; expected one of ${allowedTypes}${hint}` }
}

/** The type as PostgreSQL's `format_type` shows it, which is also how it is declared. */
export function postgresType(type: ColumnType): string {
  switch (type.kind) {
    case 'varchar':
      return `character varying(${type.length})`
    case 'char':
      return `character(${type.length})`
    case 'numeric':
      return `numeric(${type.precision},${type.scale})`
    case 'timestamptz':
      return 'timestamp with time zone'
    case 'timestamp':
      return 'timestamp without time zone'
    default:
      return type.kind
  }
}

/** The type as the configuration writes it. */
export function showType(type: ColumnType): string {
  if (type.kind === 'varchar' || type.kind === 'char') return `${type.kind}(${type.length})`
  return type.kind === 'numeric' ? `numeric(${type.precision},${type.scale})` : type.kind
}
