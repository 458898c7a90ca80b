import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../contracts.ts'
import { answerTooLarge, type DataApiOptions, openDataApiCatalog, valueNotTold } from './data-api-catalog.ts'
import { openPgCatalog } from './pg-catalog.ts'
import type { PgServer } from './pg-server.ts'
import { readOnlyQuery } from './read-only-query.ts'
import { DataApi } from './testing/data-api.ts'
import { administer, startTestServer, type TestServer } from './testing/postgres-server.ts'

describe('a catalog through the Data API', () => {
  let server: TestServer
  let database: PgServer
  let api: DataApi
  let pg: Catalog
  const open = (options: Partial<DataApiOptions> = {}) =>
    openDataApiCatalog({
      client: api.client(),
      target: { clusterArn: 'arn:cluster', secretArn: 'arn:secret', database: database.database },
      wait: async () => {},
      ...options,
    })
  beforeAll(async () => {
    server = await startTestServer()
    database = await server.createDatabase()
    api = new DataApi(database)
    pg = openPgCatalog({ server: database })
  })
  afterAll(async () => {
    await api.close()
    await pg.close()
    await server.remove()
  })

  it.each([
    'select 1::int2 as a, -7::int4 as b, 9007199254740991::int8 as c, null::int8 as d, 12.50::numeric as e',
    'select 0.1::float4 as a, 3.4028235e38::float4 as b, 1e-45::float4 as c, 16777216::float4 as d, 0.1::float8 as e',
    "select true as a, ''::text as b, 'x'::varchar as c, 'y '::char(3) as d, 'n'::name as e, '\\x00ff'::bytea as f",
    "select '2020-02-29'::date as a, '12:34:56.789'::time as b, '2020-01-01 12:00:00.123456'::timestamp as c",
    "select '2020-06-01 12:00:00+02'::timestamptz as a, 'infinity'::timestamptz as b, '0044-03-15 12:00 BC'::timestamptz as c",
    'select \'{"b": 1, "a": [null]}\'::jsonb as a, \'[1, "x"]\'::json as b, gen_random_uuid() is null as c',
    "select array[1, 2]::int4[] as a, array['x', 'y,\"']::text[] as b, array[0.1]::float4[] as c, array[true, false] as d",
    "select array[[1, 2], [3, 4]]::int8[] as a, array['2020-01-01 00:00:00'::timestamp] as b, '{}'::text[] as c",
    'select 1 as a where false',
  ])('gives what a connection gives: %s', async (sql) => {
    expect(await open().query(sql)).toEqual(await pg.query(sql))
  })

  it('tells an error as PostgreSQL says it, and of the service what it is', async () => {
    const catalog = open()
    for (const sql of ['select nothing', 'select 1; select 2', 'selec']) {
      const wanted = await pg.query(sql).catch((error: unknown) => error as Error)
      await expect(catalog.query(sql)).rejects.toThrow((wanted as Error).message)
    }
    const elsewhere = open({ target: { clusterArn: 'a', secretArn: 's', database: 'nowhere' } })
    await expect(elsewhere.query('select 1')).rejects.toMatchObject({
      message: 'database "nowhere" does not exist',
      code: '3D000',
    })
  })

  it('gives no value that it does not know, and no part of an answer that is too large', async () => {
    await expect(open().query("select '1 day'::interval")).rejects.toMatchObject({ code: valueNotTold })
    await expect(open().query('select 9007199254740993::int8')).rejects.toMatchObject({ code: valueNotTold })
    await expect(open().query("select repeat('x', 70000)")).rejects.toMatchObject({ code: answerTooLarge })
    const many = "select repeat('x', 60000) from generate_series(1, 30)"
    await expect(open().query(many)).rejects.toMatchObject({ code: answerTooLarge })
  })

  it('reads page by page what does not fit one answer', async () => {
    const sql = "select i, repeat('x', 60000) as text from generate_series(1, 30) i order by i"
    const { rows, isCut } = await readOnlyQuery(open(), sql, [], 29, 10)
    expect([rows.length, isCut, rows.at(-1)?.i]).toEqual([29, true, 29])
    const all = await readOnlyQuery(open(), sql, [], 30, 10)
    expect([all.rows.length, all.isCut]).toEqual([30, false])
    expect((await readOnlyQuery(open(), 'select 1 as a where false', [], 5, 2)).columns).toEqual(['a'])
  })

  it('tells once that the cluster has to wake up', async () => {
    api.asleep = 3
    let told = 0
    const catalog = open({
      onWakingUp: () => {
        told++
      },
    })
    await catalog.query('select 1')
    expect(told).toBe(1)
  })

  it('does everything in the role that is named', async () => {
    const role = `reader "${database.database}"`
    await administer(database, `create role "${role.replaceAll('"', '""')}"`)
    const catalog = open({ role })
    const asked = 'select current_user::text as me'
    expect((await catalog.query(asked)).rows).toEqual([{ me: role }])
    expect(await catalog.transaction(async (session) => (await session.query(asked)).rows)).toEqual([
      { me: role },
    ])
    await expect(catalog.query('create table mine ()')).rejects.toThrow('permission denied for schema public')
    expect((await open().query(asked)).rows).not.toEqual([{ me: role }])
    await administer(database, `drop role "${role.replaceAll('"', '""')}"`)
  })
})
