import type { Catalog, CatalogSession } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import { migrations as ourMigrations } from './migrations.generated.ts'
import { splitStatements } from './split-statements.ts'

/** One step of the schema. Never changed once it was applied anywhere: what is wrong is put right by a later one. */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number
  readonly name: string
  /** SHA-256 of `sql` in hex. */
  readonly checksum: string
  readonly sql: string
}

export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[]
  /** What a migration would apply, in order. */
  readonly pending: readonly Migration[]
}

export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
}

/** Any number that nobody else uses: the key of the lock under which migrations are applied. */
const lockKey = '7146201846313025'

/**
 * Applies what is missing, each migration in a transaction of its own, and gives those that it applied. Several processes
 * may do this at once: each migration is applied by one of them.
 * @throws CatalogError when the database is newer than this program, or was made by other migrations than its own
 */
export async function migrate(
  catalog: Catalog,
  migrations: readonly Migration[] = ourMigrations,
): Promise<Migration[]> {
  const applied: Migration[] = []
  for (;;) {
    const migration = await applyNext(catalog, migrations)
    if (!migration) return applied
    applied.push(migration)
  }
}

/** What is applied and what is not. Changes nothing. @throws CatalogError as `migrate` does */
export async function migrationStatus(
  catalog: Catalog,
  migrations: readonly Migration[] = ourMigrations,
): Promise<MigrationStatus> {
  return compare(await readApplied(catalog), migrations)
}

/** @throws CatalogError unless every migration of this program is applied, and no other */
export async function assertMigrated(catalog: Catalog): Promise<void> {
  const { pending } = await migrationStatus(catalog)
  if (pending.length === 0) return
  const names = pending.map(nameOf).join(', ')
  throw new CatalogError(`the catalog lacks ${names}: run \`sluice catalog migrate\``)
}

export const nameOf = ({ version, name }: Pick<Migration, 'version' | 'name'>) =>
  `${String(version).padStart(4, '0')}-${name}`

/** Applies the first migration that is missing; `undefined` when none is. */
async function applyNext(catalog: Catalog, migrations: readonly Migration[]): Promise<Migration | undefined> {
  // Without the lock first: where there is nothing to do, nobody is waited for.
  if ((await migrationStatus(catalog, migrations)).pending.length === 0) return undefined
  return catalog.transaction(async (session) => {
    // Others may be at a long migration: they are waited for, however long that takes.
    await session.query('set local lock_timeout = 0')
    await session.query('set local statement_timeout = 0')
    // Not the function's own result: the Data API has no word for void.
    await session.query('select 1 as locked from pg_advisory_xact_lock($1)', [lockKey])
    const [next] = compare(await readApplied(session), migrations).pending
    if (!next) return undefined
    await session.query(`create table if not exists sluice_migrations (
      version integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`)
    for (const statement of splitStatements(next.sql)) await applyStatement(session, next, statement)
    await session.query('insert into sluice_migrations (version, name, checksum) values ($1, $2, $3)', [
      next.version,
      next.name,
      next.checksum,
    ])
    return next
  })
}

async function applyStatement(session: CatalogSession, migration: Migration, sql: string): Promise<void> {
  try {
    await session.query(sql)
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error
    throw new CatalogError(`migration ${nameOf(migration)}: ${error.message}`, {
      code: error.code,
      cause: error,
    })
  }
}

async function readApplied(session: CatalogSession): Promise<AppliedMigration[]> {
  // Not by to_regclass: after the wait for the lock, it would answer from what this connection knew before.
  const { rows: found } = await session.query(
    `select exists (select from pg_catalog.pg_class
      where relname = 'sluice_migrations' and pg_catalog.pg_table_is_visible(oid)) as there`,
  )
  if (found[0]?.there !== true) return []
  const { rows } = await session.query<AppliedMigration>(
    'select version, name, checksum, applied_at as "appliedAt" from sluice_migrations order by version',
  )
  return [...rows]
}

function compare(applied: readonly AppliedMigration[], migrations: readonly Migration[]): MigrationStatus {
  for (const [i, done] of applied.entries()) {
    const ours = migrations[i]
    if (!ours) {
      const newest = applied.at(-1) as AppliedMigration
      throw new CatalogError(
        `the catalog is at migration ${nameOf(newest)}, and this version of Sluice knows ${migrations.length}: use a newer version of Sluice`,
      )
    }
    if (done.version !== ours.version || done.checksum !== ours.checksum) {
      throw new CatalogError(
        `migration ${nameOf(done)} of the catalog is not the one that this version of Sluice has: ${nameOf(ours)} was changed after it was applied, or the catalog is another program's`,
      )
    }
  }
  return { applied, pending: migrations.slice(applied.length) }
}
