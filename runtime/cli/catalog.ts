import path from 'node:path'
import { migrate, migrationStatus, nameOf } from '../catalog/migrate.ts'
import { namedQueries, namedQuery } from '../catalog/named-queries.ts'
import { readOnlyQuery } from '../catalog/read-only-query.ts'
import type { Catalog } from '../contracts.ts'
import { CatalogError, UsageError } from '../errors.ts'
import { catalogUrl, serverCatalog } from '../local/catalog-choice.ts'
import { openEngine } from '../local/engine.ts'
import { stateFolder } from '../local/state.ts'
import { migrateStackCatalog, queryStackCatalog, withStackCatalog } from './catalog-of-stack.ts'
import { findProject } from './project.ts'
import { type RowFormat, rowFormats, showRows } from './show-rows.ts'
import { print } from './terminal.ts'

/** How long a command's statement may take. */
const statementTimeoutMs = 300_000

export interface CatalogOptions {
  readonly registry: string
  /** A deployed stack, whose catalog is meant and not this machine's. */
  readonly stack?: string
}

/** Has `action` done with a stack's catalog, or this project's: the server of DATABASE_URL, else the embedded one. */
export async function withCatalog<T>(
  { registry, stack }: CatalogOptions,
  action: (catalog: Catalog) => Promise<T>,
  purpose: 'use' | 'migrate' = 'use',
): Promise<T> {
  if (stack !== undefined) {
    return withStackCatalog({ registry, stack }, action, purpose === 'use' ? 'user' : 'master')
  }
  const url = catalogUrl()
  if (url !== undefined) {
    const options = purpose === 'migrate' ? { isToBeMigrated: true as const } : { statementTimeoutMs }
    const catalog = serverCatalog(url, options)
    try {
      return await action(catalog)
    } finally {
      await catalog.close()
    }
  }
  const { projectRoot } = findProject(registry)
  const engine = await openEngine({ projectRoot, stateRoot: path.join(projectRoot, stateFolder) })
  try {
    return await action(engine.catalog())
  } finally {
    await engine.close()
  }
}

/** `sluice catalog migrate`. */
export async function migrateCatalog(options: CatalogOptions): Promise<void> {
  const { registry, stack } = options
  // A stack's database, user and grants are brought up to date with it.
  const done = stack === undefined ? undefined : await migrateStackCatalog({ registry, stack })
  await withCatalog(
    options,
    async (catalog) => {
      for (const name of done ?? (await migrate(catalog)).map(nameOf)) print(`applied ${name}`)
      const { applied } = await migrationStatus(catalog)
      print(`the catalog is at ${nameOf(applied[applied.length - 1] as (typeof applied)[number])}`)
    },
    'migrate',
  )
}

/** `sluice catalog status`: changes nothing. */
export async function showStatus(options: CatalogOptions): Promise<void> {
  const { applied, pending } = await withCatalog(options, (catalog) => migrationStatus(catalog), 'migrate')
  const rows = [
    ...applied.map((done) => ({ migration: nameOf(done), applied: done.appliedAt })),
    ...pending.map((next) => ({ migration: nameOf(next), applied: 'not yet' })),
  ]
  print(showRows({ columns: ['migration', 'applied'], rows }, 'table'))
  const command = `sluice catalog migrate${options.stack === undefined ? '' : ` --stack ${options.stack}`}`
  if (pending.length > 0) print(`\nRun \`${command}\` to apply what is not.`)
}

export interface QueryOptions extends CatalogOptions {
  readonly sql?: string
  readonly limit: string
  readonly format: string
  readonly param: readonly string[]
}

/** `sluice catalog query`: a named query or free SQL that reads. */
export async function queryCatalog(name: string | undefined, options: QueryOptions): Promise<void> {
  const format = formatOf(options.format)
  const limit = limitOf(options.limit)
  const { sql, parameters } = statementOf(name, options)
  const { registry, stack } = options
  const result =
    stack === undefined
      ? await withCatalog(options, (catalog) =>
          readOnlyQuery(catalog, sql, parameters, limit).catch(blameStatement),
        )
      : await queryStackCatalog({ registry, stack }, { sql, parameters, limit }, blameStatement)
  print(showRows(result, format))
  if (result.isCut) process.stderr.write(`these are the first ${limit} rows; --limit gives more\n`)
}

export function formatOf(text: string): RowFormat {
  const format = rowFormats.find((known) => known === text)
  if (format) return format
  throw new UsageError(`--format ${text}: choose ${rowFormats.join(', ')}`)
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 1_000_000) return limit
  throw new UsageError(`--limit ${text}: a number of rows from 1 to 1000000`)
}

function statementOf(name: string | undefined, { sql, param }: QueryOptions) {
  const names = namedQueries.map((query) => query.name).join(', ')
  if ((name === undefined) === (sql === undefined)) {
    throw new UsageError(`give the name of a query (${names}) or --sql "select …"`)
  }
  if (sql !== undefined) {
    // Those of free SQL are numbered: --param 1=… is $1.
    const given = parametersOf(param)
    return { sql, parameters: [...given.keys()].map((_, i) => take(given, String(i + 1))) }
  }
  const query = namedQuery(name ?? '')
  if (!query) throw new UsageError(`${name} is no query; there are ${names}`)
  const given = parametersOf(param)
  for (const key of given.keys()) {
    if (!query.parameters.includes(key)) {
      const known = query.parameters.join(', ') || 'none'
      throw new UsageError(`--param ${key}: ${query.name} has no such parameter; there is ${known}`)
    }
  }
  return { sql: query.sql, parameters: query.parameters.map((key) => take(given, key)) }
}

function take(given: ReadonlyMap<string, string>, key: string): string {
  const value = given.get(key)
  if (value === undefined) throw new UsageError(`the query needs --param ${key}=…`)
  return value
}

function parametersOf(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`--param ${text}: looks like name=value`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

/** What PostgreSQL says about the statement itself is the user's to change: syntax, names, values, an attempt to write. */
export function blameStatement(error: unknown): never {
  if (error instanceof CatalogError && /^(?:42|22|25|0A|2D|55000|P0)/.test(error.code ?? '')) {
    throw new UsageError(error.message, { cause: error })
  }
  throw error
}
