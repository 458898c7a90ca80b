import type { LimitedResult } from '../catalog/read-only-query.ts'
import type { Catalog, SqlValue } from '../contracts.ts'
import { clock } from '../local/clock.ts'
import { createLog } from '../log.ts'
import { operatedStack, operatorSettings } from './operator.ts'

export interface StackCatalogOptions {
  readonly registry: string
  readonly stack: string
}

/** Has `action` done with the catalog of a deployed stack, through the Data API. */
export async function withStackCatalog<T>(
  options: StackCatalogOptions,
  action: (catalog: Catalog) => Promise<T>,
  as: 'user' | 'master',
): Promise<T> {
  const { explained, openStackCatalog } = await import('../aws/stack-catalog.ts')
  const catalog = openStackCatalog({ ...(await deployed(options)), as, onWakingUp: tellWakingUp })
  return explained(options.stack, () => action(catalog))
}

/** A named query or free SQL, as `readOnlyQuery`, within what the Data API can answer. */
export async function queryStackCatalog(
  options: StackCatalogOptions,
  query: { readonly sql: string; readonly parameters: readonly SqlValue[]; readonly limit: number },
  onError: (error: unknown) => never,
): Promise<LimitedResult> {
  const { queryStack } = await import('../aws/query-stack.ts')
  const { sql, parameters, limit } = query
  const result = await withStackCatalog(
    options,
    (catalog) => queryStack(catalog, sql, parameters, limit).catch(onError),
    'user',
  )
  if (result.isText) {
    process.stderr.write('some types are unknown to the Data API: every value is shown as text\n')
  }
  return result
}

/** Brings the schema up to date as a deployment does; gives the names of what was applied. */
export async function migrateStackCatalog(options: StackCatalogOptions): Promise<readonly string[]> {
  const { setUpStackCatalog } = await import('../aws/stack-catalog.ts')
  const log = createLog({ write: () => {}, now: clock, fields: {} })
  return setUpStackCatalog({ ...(await deployed(options)), onWakingUp: tellWakingUp, log })
}

async function deployed(options: StackCatalogOptions) {
  const { planned } = operatedStack(options)
  const { findStack } = await import('../aws/find-stack.ts')
  const settings = await operatorSettings(planned)
  return { settings, stack: await findStack(planned, settings) }
}

function tellWakingUp(): void {
  process.stderr.write('the catalog is paused and wakes up, which takes up to half a minute\n')
}
