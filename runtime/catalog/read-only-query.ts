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
 * @throws UsageError for any other statement, and for columns of one name
 */
export async function readOnlyQuery(
  catalog: Catalog,
  sql: string,
  parameters: readonly SqlValue[],
  limit: number,
): Promise<LimitedResult> {
  const statement = withoutLeadingComments(sql).replace(/;\s*$/, '')
  if (!/^(?:select|values|table|with|\()/i.test(statement)) {
    const word = statement.split(/[\s;]/, 1)[0]
    throw new UsageError(
      `${word === '' ? 'an empty statement' : word}: a query is one select, values, table or with; it changes nothing`,
    )
  }
  let found: SqlResult | undefined
  try {
    await catalog.transaction(async (session) => {
      await session.query('set transaction read only')
      await session.query(`declare sluice_query no scroll cursor for ${statement}`, parameters)
      found = await session.query(`fetch ${limit + 1} from sluice_query`)
      throw new RollBack()
    })
  } catch (error) {
    if (!(error instanceof RollBack)) throw error
  }
  const { columns, rows } = found as SqlResult
  const twice = columns.find((name, i) => columns.indexOf(name) < i)
  if (twice !== undefined) {
    throw new UsageError(`two columns have the name ${twice}: tell them apart with \`as\``)
  }
  const shown = rows.slice(0, limit)
  return { columns, rows: shown, count: shown.length, isCut: rows.length > limit }
}
