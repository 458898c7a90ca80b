import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { from as copyFromStdin } from 'pg-copy-streams'
import type { Catalog, CopyTarget } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import { borrowedSource } from './borrowed-source.ts'
import type { ConnectionSource, Lease, RawResult, SqlConnection } from './connection.ts'
import { catalogError, isConnectionLost, neverConnected } from './database-error.ts'
import { endMarkerGuard } from './end-marker-guard.ts'
import { openCatalog } from './open-catalog.ts'
import type { PgServer, PgTls } from './pg-server.ts'
import { copyStatement } from './sql-text.ts'
import { watchSource } from './watched-source.ts'

export interface PgCatalogOptions {
  readonly server: PgServer
  /** The most connections at a time: 1 in Lambda, where one request is handled at a time. 4 unless given. */
  readonly poolSize?: number
  /** How long one connection may take: 45 s unless given, which covers Aurora's resume from 0 ACU. */
  readonly connectTimeoutMs?: number
  /** How often a connection that was refused is tried again, after 0.1 s, 0.2 s, 0.4 s … 5 times unless given. */
  readonly connectRetries?: number
  /** How long a statement may take; without limit unless given: a run has a limit of its own. */
  readonly statementTimeoutMs?: number
  /** How long to wait for what others have locked, or for a connection of the pool: 60 s unless given. */
  readonly lockTimeoutMs?: number
}

/** The first major version in which `\.` on a line of CSV is data. */
const endMarkerIsData = 180_000
const firstRetryMs = 100
const connectTimeoutMs = 45_000

/**
 * A catalog on a PostgreSQL server. Connections are made at first use; closing ends them at once, and what was under way
 * is rolled back. Its password is in no error and no log.
 */
export function openPgCatalog(options: PgCatalogOptions): Catalog {
  const connections = new PgConnections(options)
  const borrowed = borrowedSource(connections)
  return openCatalog({
    acquire: () => borrowed.acquire(),
    async close() {
      await borrowed.close()
      await connections.close()
    },
  })
}

class PgConnections implements ConnectionSource {
  readonly #options: PgCatalogOptions
  readonly #pool: pg.Pool
  /** What passwords were used, to keep them out of messages. */
  readonly #secrets = new Set<string>()
  readonly #prepared = new WeakMap<pg.PoolClient, SqlConnection>()
  #closing: Promise<void> | undefined

  constructor(options: PgCatalogOptions) {
    this.#options = options
    const { server } = options
    const config: pg.ClientConfig = {
      host: server.host,
      port: server.port,
      user: server.user,
      database: server.database,
      password: () => this.#password(),
      ssl: tlsOptions(server),
      connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'sluice',
    }
    this.#pool = new pg.Pool({
      max: options.poolSize ?? 4,
      // Nothing waits for connections that nobody uses: a program may end without closing.
      allowExitOnIdle: true,
      // The time to connect is the client's, not the pool's: that one would also count the wait for others.
      Client: class extends pg.Client {
        constructor() {
          super(config)
        }
      },
    })
    // An idle connection that is lost is replaced when one is wanted.
    this.#pool.on('error', () => {})
  }

  async acquire(): Promise<Lease> {
    const client = await this.#connect()
    try {
      let connection = this.#prepared.get(client)
      if (!connection) {
        connection = await this.#prepare(client)
        this.#prepared.set(client, connection)
      }
      return { connection, release: (error) => client.release(error) }
    } catch (error) {
      client.release(error as Error)
      throw this.#describe(error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end()
    return this.#closing
  }

  async #connect(): Promise<pg.PoolClient> {
    for (let retry = 0; ; retry++) {
      if (this.#closing) throw new CatalogError('the catalog is closed')
      try {
        return await this.#fromPool()
      } catch (error) {
        const failure = this.#describe(error)
        if (retry >= (this.#options.connectRetries ?? 5) || !mayPass(failure))
          throw this.#unreachable(failure)
        await delay(firstRetryMs * 2 ** retry)
      }
    }
  }

  async #fromPool(): Promise<pg.PoolClient> {
    const timeoutMs = this.#options.lockTimeoutMs ?? 60_000
    const client = this.#pool.connect()
    const isWaiting = this.#pool.waitingCount > 0 && this.#pool.totalCount >= (this.#options.poolSize ?? 4)
    if (!isWaiting) return client
    const timer = new AbortController()
    const late = delay(timeoutMs, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const)
    const first = await Promise.race([client, late]).finally(() => timer.abort())
    if (first !== 'late') return first
    client.then(
      (unused) => unused.release(),
      () => {},
    )
    const seconds = timeoutMs / 1000
    throw new CatalogError(`all connections to the catalog were in use for ${seconds} s`, { code: '55P03' })
  }

  async #password(): Promise<string> {
    const { password } = this.#options.server
    const secret = typeof password === 'function' ? await password() : (password ?? '')
    this.#secrets.add(secret)
    return secret
  }

  /** A connection that never came to be, as such; what a server said that was reached, as it is. */
  #unreachable(failure: CatalogError): CatalogError {
    const isTimeout = isTimedOut(failure)
    if (!isTimeout && !isConnectionLost(failure)) return failure
    const { host, port, database } = this.#options.server
    const seconds = (this.#options.connectTimeoutMs ?? connectTimeoutMs) / 1000
    const why = isTimeout ? `no answer within ${seconds} s` : failure.message
    return new CatalogError(`the catalog ${database} at ${host}:${port} cannot be reached: ${why}`, {
      code: neverConnected,
      cause: failure,
    })
  }

  #describe(error: unknown): CatalogError {
    return catalogError(error, [...this.#secrets])
  }

  /** Makes a new connection's settings what results and parameters rely on, whatever the database's own are. */
  async #prepare(client: pg.PoolClient): Promise<SqlConnection> {
    // Lost while it is lent out and idle: the next statement says so.
    client.on('error', () => {})
    const results = (await client.query(
      `set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
       set extra_float_digits = 1; set client_encoding = 'UTF8'; set standard_conforming_strings = on;
       set statement_timeout = ${Math.round(this.#options.statementTimeoutMs ?? 0)};
       set lock_timeout = ${Math.round(this.#options.lockTimeoutMs ?? 60_000)};
       select current_setting('server_version_num')::int as version`,
    )) as unknown as pg.QueryResult<{ version: number }>[]
    const version = results.at(-1)?.rows[0]?.version ?? 0
    return {
      query: async (sql, parameters) => {
        try {
          return await runQuery(client, sql, parameters)
        } catch (error) {
          throw this.#describe(error)
        }
      },
      copyFrom: async (target, csv) => {
        const guarded = version < endMarkerIsData ? endMarkerGuard(csv) : csv
        return runCopy(client, target, guarded, (error) => this.#describe(error))
      },
    }
  }
}

async function runQuery(
  client: pg.PoolClient,
  sql: string,
  parameters: readonly (string | null)[],
): Promise<RawResult> {
  const { fields, rows, rowCount } = await client.query<(string | null)[], unknown[]>({
    text: sql,
    values: [...parameters],
    rowMode: 'array',
    // Never the simple protocol, in which one text may hold several statements.
    queryMode: 'extended',
    types: { getTypeParser: () => (text: string) => text },
  } as pg.QueryArrayConfig)
  return {
    fields: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
    rows,
    count: rowCount ?? 0,
  }
}

/** An error of the stream is thrown as it is, an error of the database as `describe` has it. */
async function runCopy(
  client: pg.PoolClient,
  target: CopyTarget,
  csv: AsyncIterable<Uint8Array>,
  describe: (error: unknown) => CatalogError,
): Promise<number> {
  const source = watchSource(csv)
  const copy = client.query(copyFromStdin(copyStatement(target, 'STDIN')))
  try {
    await pipeline(Readable.from(source.chunks, { objectMode: false }), copy)
    return copy.rowCount
  } catch (error) {
    // Not before the server has answered the abandoned copy is the connection free for something else.
    await client.query('select 1').catch(() => {})
    const failure = source.failure()
    throw failure ? failure.error : describe(error)
  }
}

/** Whether another attempt to connect may go better: refused or lost, starting up, too many connections. */
function mayPass(error: CatalogError): boolean {
  const { code } = (error.cause ?? {}) as { code?: unknown }
  if (code === 'ENOTFOUND' || code === 'ENOENT') return false
  return error.code === '53300' || (isConnectionLost(error) && !isTimedOut(error))
}

function isTimedOut({ message }: CatalogError): boolean {
  return /\btimeout (?:expired|exceeded)/i.test(message)
}

function tlsOptions({ host, tls }: PgServer): pg.ClientConfig['ssl'] {
  if (tls.mode === 'disable') return false
  const options: ConnectionOptions = {
    rejectUnauthorized: true,
    // What the certificate is checked against: of an address, pg itself says nothing, and it would be `localhost`.
    host,
    ...caOf(tls),
    ...(tls.mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  }
  return options
}

function caOf(tls: PgTls): { ca?: string } {
  return tls.mode !== 'disable' && tls.ca !== undefined ? { ca: tls.ca } : {}
}
