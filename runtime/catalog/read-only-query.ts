import type { Catalog, SqlResult, SqlValue } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { withoutLeadingComments } from './sql-text.ts'

export interface LimitedResult extends SqlResult {
  /** Whether there are more rows than were asked for. */
  readonly isCut: boolean
}

/** Ends the transaction without a trace: even what a read-only one may do (settings, locks) is undone. */
class RollBack extends Error {}

/**
 * The first `limit` rows of one statement that reads: `select`, `values`, `table` or `with`. Nothing it calls can change a
 * row: it is read by a cursor, which no statement that writes can have, in a read-only transaction that is rolled back.
 * `pageRows` at a time, for who cannot get them all at once.
 * @throws UsageError for any other statement, and for columns of one name
 */
export async function readOnlyQuery(
  catalog: Catalog,
  sql: string,
  parameters: readonly SqlValue[],
  limit: number,
  pageRows = limit + 1,
): Promise<LimitedResult> {
  const statement = readingStatement(sql)
  const found: SqlResult[] = []
  try {
    await catalog.transaction(async (session) => {
      await session.query('set transaction read only')
      await session.query(`declare sluice_query no scroll cursor for ${statement}`, parameters)
      for (let left = limit + 1; left > 0; left -= pageRows) {
        const wanted = Math.min(pageRows, left)
        const page = await session.query(`fetch ${wanted} from sluice_query`)
        found.push(page)
        if (page.rows.length < wanted) break
      }
      throw new RollBack()
    })
  } catch (error) {
    if (!(error instanceof RollBack)) throw error
  }
  const { columns } = found[0] as SqlResult
  const rows = found.flatMap((page) => page.rows)
  const twice = columns.find((name, i) => columns.indexOf(name) < i)
  if (twice !== undefined) {
    throw new UsageError(`two columns have the name ${twice}: tell them apart with \`as\``)
  }
  const shown = rows.slice(0, limit)
  return { columns, rows: shown, count: shown.length, isCut: rows.length > limit }
}

/** The statement alone, without what stands around it. @throws UsageError for one that does not read */
export function readingStatement(sql: string): string {
  const statement = withoutLeadingComments(sql).replace(/;\s*$/, '')
  if (/^(?:select|values|table|with|\()/i.test(statement)) return statement
  const word = statement.split(/[\s;]/, 1)[0]
  throw new UsageError(
    `${word === '' ? 'an empty statement' : word}: a query is one select, values, table or with; it changes nothing`,
  )
}
