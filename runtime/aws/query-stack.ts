import { answerTooLarge, valueNotTold } from '../catalog/data-api-catalog.ts'
import { type LimitedResult, readingStatement, readOnlyQuery } from '../catalog/read-only-query.ts'
import type { Catalog, SqlValue } from '../contracts.ts'
import { CatalogError, UsageError } from '../errors.ts'

export interface StackResult extends LimitedResult {
  /** Whether every value is PostgreSQL's text for it, as the Data API cannot tell all of their types. */
  readonly isText: boolean
}

/** How many rows are asked for at once, to begin with: an answer has at most 1 MiB, and a row 64 KB. */
const firstPageRows = 1000

/**
 * The first `limit` rows of one statement that reads, through the Data API: in pages that fit into its answers, and as
 * text where there are types that it does not know. @throws UsageError as `readOnlyQuery`, and when one row is too large
 */
export async function queryStack(
  catalog: Catalog,
  sql: string,
  parameters: readonly SqlValue[],
  limit: number,
): Promise<StackResult> {
  try {
    return { ...(await inPages(catalog, sql, parameters, limit)), isText: false }
  } catch (error) {
    if (!isCode(error, valueNotTold)) throw error
    return asText(await inPages(catalog, textOf(sql), parameters, limit))
  }
}

async function inPages(
  catalog: Catalog,
  sql: string,
  parameters: readonly SqlValue[],
  limit: number,
): Promise<LimitedResult> {
  for (let pageRows = firstPageRows; ; pageRows = Math.ceil(pageRows / 10)) {
    try {
      return await readOnlyQuery(catalog, sql, parameters, limit, pageRows)
    } catch (error) {
      if (!isCode(error, answerTooLarge)) throw error
      if (pageRows > 1) continue
      throw new UsageError(
        'a row is larger than the 64 KB that the Data API gives of one: ask for fewer columns, or parts of them, such as left(column, 1000)',
        { cause: error },
      )
    }
  }
}

/** The same rows, each as a list of names and texts: in their order, and a name that stands twice stands twice. */
function textOf(sql: string): string {
  return `select coalesce((select json_agg(json_build_array(name, value) order by place)
    from json_each_text(row_to_json(sluice_row)) with ordinality as field (name, value, place)), '[]')::text as fields
    from (${readingStatement(sql)}\n) as sluice_row`
}

function asText({ rows, count, isCut }: LimitedResult): StackResult {
  const fields = rows.map((row) => JSON.parse(String(row.fields)) as [name: string, value: string | null][])
  const columns = (fields[0] ?? []).map(([name]) => name)
  const twice = columns.find((name, i) => columns.indexOf(name) < i)
  if (twice !== undefined)
    throw new UsageError(`two columns have the name ${twice}: tell them apart with \`as\``)
  return { columns, rows: fields.map((row) => Object.fromEntries(row)), count, isCut, isText: true }
}

const isCode = (error: unknown, code: string) => error instanceof CatalogError && error.code === code
