import { randomUUID } from 'node:crypto'
import type { ExecuteStatementCommandInput, Field } from '@aws-sdk/client-rds-data'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DataApiOptions, openDataApiCatalog } from '../catalog/data-api-catalog.ts'
import { migrations } from '../catalog/migrations.generated.ts'
import type { PgServer } from '../catalog/pg-server.ts'
import { startTestServer, type TestServer } from '../catalog/testing/postgres-server.ts'
import { createLog } from '../log.ts'
import { createCatalogSetupHandler } from './catalog-setup-handler.ts'

/** RDS's Data API over a real PostgreSQL: what it is asked, done; its answers in its own form. */
function dataApi(server: PgServer) {
  const transactions = new Map<string, pg.Client>()
  const requests: string[] = []
  let asleep = 2

  async function connect(database: string): Promise<pg.Client> {
    const { host, port, user } = server
    const password = await (typeof server.password === 'function' ? server.password() : server.password)
    const client = new pg.Client({ host, port, user, password, database })
    // As text, so that the types are told by the answer as the Data API tells them.
    client.setTypeParser = () => undefined
    await client.connect()
    return client
  }

  const typeNames: Readonly<Record<number, string>> = {
    16: 'bool',
    20: 'int8',
    23: 'int4',
    25: 'text',
    1184: 'timestamptz',
  }
  const fieldOf = (value: unknown, type: string): Field => {
    if (value === null) return { isNull: true }
    const text = value as string
    if (type === 'bool') return { booleanValue: text === 't' }
    if (type === 'int4' || type === 'int8') return { longValue: Number(text) }
    return { stringValue: type === 'timestamptz' ? text.replace(/\+00$/, '') : text }
  }

  async function execute({ sql, database, transactionId }: ExecuteStatementCommandInput) {
    requests.push(sql as string)
    const client = transactionId
      ? (transactions.get(transactionId) as pg.Client)
      : await connect(database as string)
    try {
      const result = await client.query({
        text: sql as string,
        rowMode: 'array',
        types: { getTypeParser: () => (text: string) => text } as never,
      })
      const types = result.fields.map(({ dataTypeID }) => typeNames[dataTypeID] ?? 'text')
      return {
        columnMetadata: result.fields.map(({ name }, i) => ({ name, label: name, typeName: types[i] })),
        records: (result.rows as unknown[][]).map((row) =>
          row.map((value, i) => fieldOf(value, types[i] as string)),
        ),
        numberOfRecordsUpdated: result.rowCount ?? 0,
      }
    } catch (cause) {
      const { message, code } = cause as { message: string; code: string }
      throw Object.assign(new Error(`ERROR: ${message}; SQLState: ${code}`), {
        name: 'DatabaseErrorException',
      })
    } finally {
      if (!transactionId) await client.end()
    }
  }

  async function send(command: { readonly input: ExecuteStatementCommandInput }): Promise<unknown> {
    if (asleep-- > 0)
      throw Object.assign(new Error('the cluster is resuming'), { name: 'DatabaseResumingException' })
    const { input } = command
    switch (command.constructor.name) {
      case 'BeginTransactionCommand': {
        const client = await connect(input.database as string)
        await client.query('begin')
        const transactionId = randomUUID()
        transactions.set(transactionId, client)
        return { transactionId }
      }
      case 'CommitTransactionCommand':
      case 'RollbackTransactionCommand': {
        const client = transactions.get(input.transactionId as string) as pg.Client
        transactions.delete(input.transactionId as string)
        await client.query(command.constructor.name.startsWith('Commit') ? 'commit' : 'rollback')
        await client.end()
        return {}
      }
      default:
        return execute(input)
    }
  }
  return { client: { send } as unknown as DataApiOptions['client'], requests, connect, transactions }
}

describe('the setup of a stack’s catalog, on real PostgreSQL through a stand-in of the Data API', () => {
  let server: TestServer
  let main: PgServer
  let api: ReturnType<typeof dataApi>
  const database = `sluice_test_${randomUUID().slice(0, 8)}`
  const user = database
  const waits: number[] = []
  const open = (name: string) =>
    openDataApiCatalog({
      client: api.client,
      target: { clusterArn: 'arn:cluster', secretArn: 'arn:secret', database: name },
      wait: async (milliseconds) => waits.push(milliseconds),
    })
  const setup = (event: unknown) =>
    createCatalogSetupHandler({
      open,
      mainDatabase: main.database,
      log: createLog({ write: () => {}, now: () => new Date(0), fields: {} }),
    })(event)

  beforeAll(async () => {
    server = await startTestServer()
    main = await server.createDatabase()
    api = dataApi(main)
    const admin = await api.connect(main.database)
    // What every Aurora cluster has.
    await admin.query('do $$ begin create role rds_iam; exception when duplicate_object then null; end $$')
    await admin.end()
  })
  afterAll(async () => {
    await setup({ database, user, tf: { action: 'delete' } })
    await server.remove()
  })

  it('waits for the cluster to wake up, makes database and user, and applies every migration', async () => {
    const answer = await setup({ database, user })
    expect(waits.length).toBeGreaterThan(0)
    expect(answer.migrations).toHaveLength(migrations.length)
  })

  it('changes nothing the second time', async () => {
    expect(await setup({ database, user, tf: { action: 'update' } })).toEqual({
      database,
      action: 'setup',
      migrations: [],
    })
  })

  it('lets the user read and write the catalog, and not its migrations', async () => {
    const client = await api.connect(database)
    await client.query(`set role "${user}"`)
    await client.query("insert into shows (name) values ('a show')")
    const { rows } = await client.query('select name from shows')
    expect(rows).toEqual([{ name: 'a show' }])
    await expect(client.query('delete from sluice_migrations')).rejects.toThrow('permission denied')
    await client.end()
  })

  it('reads values and parameters as the other drivers do', async () => {
    const catalog = open(database)
    const text = 'it\'s \\ $1 and "quoted" — ü'
    const { rows, columns, count } = await catalog.query(
      `select $1 as "text", '$2' as literal, $2 + 1 as number, 9007199254740991::int8 as big, $3::bool as no, null::text as none -- $9`,
      [text, 41, false],
    )
    expect({ rows, columns, count }).toEqual({
      rows: [{ text, literal: '$2', number: 42, big: '9007199254740991', no: false, none: null }],
      columns: ['text', 'literal', 'number', 'big', 'no', 'none'],
      count: 1,
    })
    await expect(catalog.query('select 9007199254740993::int8 as big')).rejects.toThrow(
      'too large for the Data API',
    )
    await expect(catalog.query('select $2', [1])).rejects.toThrow('$2 has no value')
  })

  it('rolls back a transaction whose work fails, and tells PostgreSQL’s code', async () => {
    const catalog = open(database)
    const work = catalog.transaction(async (session) => {
      await session.query("insert into shows (name) values ('never')")
      await session.query('select no_such_column from shows')
    })
    await expect(work).rejects.toMatchObject({ tag: 'catalog', code: '42703' })
    expect((await catalog.query("select 1 from shows where name = 'never'")).count).toBe(0)
    expect(api.transactions.size).toBe(0)
  })

  it('drops what it made when the stack goes, even twice', async () => {
    await setup({ database, user, tf: { action: 'delete' } })
    await setup({ database, user, tf: { action: 'delete' } })
    const { count } = await open(main.database).query('select 1 from pg_database where datname = $1', [
      database,
    ])
    expect(count).toBe(0)
  })

  it.each([{ database: 'postgres', user }, { database, user: 'sluice_master"; drop' }, {}, undefined])(
    'refuses names that no stack has: %j',
    async (event) => {
      await expect(setup(event)).rejects.toThrow('is not the database or user of a stack')
    },
  )
})
