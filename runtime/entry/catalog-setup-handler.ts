import { migrate, nameOf } from '../catalog/migrate.ts'
import { quoteName, quoteText } from '../catalog/sql-text.ts'
import type { Catalog, Log } from '../contracts.ts'
import { InputError } from '../errors.ts'

export interface CatalogSetupParts {
  /** The cluster's databases by name, opened as its master. */
  readonly open: (database: string) => Catalog
  /** The database that every cluster has. */
  readonly mainDatabase: string
  readonly log: Log
}

/** What a deployment asks for: a stack's database and user; `tf` is what the deployment is about to do with it. */
interface SetupRequest {
  readonly database: string
  readonly user: string
  readonly action: 'setup' | 'drop'
}

/** What was done, for the deployment's log. */
export interface SetupAnswer {
  readonly database: string
  readonly action: SetupRequest['action']
  readonly migrations: readonly string[]
}

/** Only names that `infra` makes: a wrong one must not drop what is not a stack's. */
const ownName = /^sluice_[a-z0-9_]{1,56}$/

/**
 * Makes a stack's database and user where they are missing, migrates the database and grants the user what runs need;
 * or drops both when the deployment deletes the stack. Doing it again changes nothing.
 */
export function createCatalogSetupHandler(
  parts: CatalogSetupParts,
): (event: unknown) => Promise<SetupAnswer> {
  return async (event) => {
    const request = readRequest(event)
    const migrations = request.action === 'drop' ? await drop(parts, request) : await setUp(parts, request)
    const answer = { database: request.database, action: request.action, migrations }
    parts.log.info('Catalog:Setup', answer)
    return answer
  }
}

function readRequest(event: unknown): SetupRequest {
  const { database, user, tf } = (event ?? {}) as {
    readonly database?: unknown
    readonly user?: unknown
    readonly tf?: { readonly action?: unknown }
  }
  for (const name of [database, user]) {
    if (typeof name !== 'string' || !ownName.test(name)) {
      throw new InputError(
        `${JSON.stringify(name)} is not the database or user of a stack: these begin sluice_`,
      )
    }
  }
  return {
    database: database as string,
    user: user as string,
    action: tf?.action === 'delete' ? 'drop' : 'setup',
  }
}

async function setUp(
  { open, mainDatabase }: CatalogSetupParts,
  { database, user }: SetupRequest,
): Promise<string[]> {
  const main = open(mainDatabase)
  const [db, role] = [quoteName(database), quoteName(user)]
  const { count: databases } = await main.query('select 1 as found from pg_database where datname = $1', [
    database,
  ])
  if (databases === 0) await main.query(`create database ${db}`)
  const { count: users } = await main.query('select 1 as found from pg_roles where rolname = $1', [user])
  if (users === 0) await main.query(`create role ${role} login`)
  // Logins by token, for which AWS has this role; and nobody else's database.
  await main.query(`grant rds_iam to ${role}`)
  // Operators' commands log in as the master, who is no superuser on AWS, and become the user: tables that loads have
  // made are the user's own.
  await main.query(`grant ${role} to current_user`)
  await main.query(`revoke connect on database ${db} from public`)
  await main.query(`grant connect, temporary on database ${db} to ${role}`)
  await main.close()

  const own = open(database)
  const applied = await migrate(own)
  // Loads make staging tables, and tables of their own.
  await own.query(`grant usage, create on schema public to ${role}`)
  await own.query(`grant select, insert, update, delete, truncate on all tables in schema public to ${role}`)
  await own.query(`grant usage, select on all sequences in schema public to ${role}`)
  await own.query(`revoke insert, update, delete, truncate on sluice_migrations from ${role}`)
  await own.close()
  return applied.map(nameOf)
}

async function drop(
  { open, mainDatabase }: CatalogSetupParts,
  { database, user }: SetupRequest,
): Promise<string[]> {
  const main = open(mainDatabase)
  await main.query(`drop database if exists ${quoteName(database)} with (force)`)
  const { count } = await main.query(`select 1 as found from pg_roles where rolname = ${quoteText(user)}`)
  if (count > 0) await main.query(`drop role ${quoteName(user)}`)
  await main.close()
  return []
}
