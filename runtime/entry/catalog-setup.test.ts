import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataApiCatalog } from '../catalog/data-api-catalog.ts'
import { migrations } from '../catalog/migrations.generated.ts'
import type { PgServer } from '../catalog/pg-server.ts'
import { DataApi } from '../catalog/testing/data-api.ts'
import { startTestServer, type TestServer } from '../catalog/testing/postgres-server.ts'
import { createLog } from '../log.ts'
import { createCatalogSetupHandler } from './catalog-setup-handler.ts'

describe('the setup of a stack’s catalog, on real PostgreSQL through a stand-in of the Data API', () => {
  let server: TestServer
  let main: PgServer
  let api: DataApi
  const database = `sluice_test_${randomUUID().slice(0, 8)}`
  const user = database
  const waits: number[] = []
  const open = (name: string) =>
    openDataApiCatalog({
      client: api.client(),
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
    api = new DataApi(main)
    api.asleep = 2
    const admin = await api.connect(main.database)
    // What every Aurora cluster has.
    await admin.query('do $$ begin create role rds_iam; exception when duplicate_object then null; end $$')
    await admin.end()
  })
  afterAll(async () => {
    await setup({ database, user, tf: { action: 'delete' } })
    await api.close()
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
