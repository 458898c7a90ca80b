import type { CopyTarget, SqlValue } from '../contracts.ts'
import { CatalogError } from '../errors.ts'

/** What PostgreSQL keeps of a name, in bytes; a longer one it would cut, and mean another. */
const longestName = 63
/** Half of a surrogate pair, which is no character and has no UTF-8. */
const loneSurrogate = /\p{Surrogate}/u

/** A name of a table, column or schema as it stands in SQL: quoted, so that it can be nothing else. @throws CatalogError */
export function quoteName(name: string): string {
  if (name === '') throw new CatalogError('a name in SQL cannot be empty', { code: '42602' })
  if (name.includes('\0') || loneSurrogate.test(name)) {
    throw new CatalogError(`${JSON.stringify(name)} is no name: it holds what text in PostgreSQL cannot`, {
      code: '42602',
    })
  }
  if (Buffer.byteLength(name) > longestName) {
    throw new CatalogError(
      `${name}: a name in PostgreSQL has at most ${longestName} bytes, this one has ${Buffer.byteLength(name)}`,
      { code: '42622' },
    )
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** A text constant of SQL, whatever the text is. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  // With a backslash, what plain quotes mean depends on a setting; this form does not.
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** `COPY … FROM source` for CSV; `source` is `STDIN` or a quoted file name. */
export function copyStatement(target: CopyTarget, source: string): string {
  const table = [...(target.schema === undefined ? [] : [target.schema]), target.table]
    .map(quoteName)
    .join('.')
  const columns = target.columns.map(quoteName).join(', ')
  if (columns === '')
    throw new CatalogError(`${table}: a copy needs the names of its columns`, { code: '42601' })
  const nullText = quoteText(target.nullText ?? '')
  return `copy ${table} (${columns}) from ${source} with (format csv, null ${nullText}, encoding 'UTF8')`
}

/** A parameter as PostgreSQL's text for it; what that text means follows from where the parameter stands. @throws CatalogError */
export function parameterText(value: SqlValue): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return dateText(value)
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`
  if (typeof value === 'object') return `{${value.map(elementText).join(',')}}`
  return scalarText(value)
}

function scalarText(value: string | number | bigint | boolean): string {
  if (typeof value !== 'string') return Object.is(value, -0) ? '-0' : String(value)
  if (value.includes('\0') || loneSurrogate.test(value)) {
    throw new CatalogError(
      'a text parameter holds a NUL character or half of a surrogate pair, which PostgreSQL cannot store',
      { code: '22021' },
    )
  }
  return value
}

function elementText(value: string | number | bigint | boolean | null): string {
  if (value === null || value === undefined) return 'NULL'
  return `"${scalarText(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function dateText(date: Date): string {
  if (Number.isNaN(date.getTime()))
    throw new CatalogError('a parameter is an invalid Date', { code: '22007' })
  const year = date.getUTCFullYear()
  const rest = date.toISOString().replace(/^[+-]?\d+/, '')
  // ISO 8601 has a year 0, PostgreSQL counts 1 BC before 1 AD.
  return year > 0
    ? `${String(year).padStart(4, '0')}${rest}`
    : `${String(1 - year).padStart(4, '0')}${rest} BC`
}

/** The SQL after leading space and comments: what its first word is decides what kind of statement it is. */
export function withoutLeadingComments(sql: string): string {
  let rest = sql.trimStart()
  for (;;) {
    if (rest.startsWith('--')) {
      const end = rest.search(/[\n\r]/)
      rest = end < 0 ? '' : rest.slice(end).trimStart()
    } else if (rest.startsWith('/*')) rest = rest.slice(commentEnd(rest)).trimStart()
    else return rest
  }
}

/** Where the block comment that `sql` starts with ends; PostgreSQL's nest. */
export function commentEnd(sql: string): number {
  const marks = /\/\*|\*\//g
  for (let depth = 0, mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return sql.length
}
