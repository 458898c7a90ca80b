import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../contracts.ts'
import { migrate } from './migrate.ts'
import { namedQuery } from './named-queries.ts'
import { openPgCatalog } from './pg-catalog.ts'
import { openPgliteCatalog } from './pglite-catalog.ts'
import { readOnlyQuery } from './read-only-query.ts'
import { startTestServer } from './testing/postgres-server.ts'

const server = await startTestServer()
const spoolDir = mkdtempSync(path.join(os.tmpdir(), 'read-only-query-'))
afterAll(async () => {
  await server.remove()
  rmSync(spoolDir, { recursive: true, force: true })
})

const functions = [
  `create function sneak() returns int language plpgsql as $$ begin insert into shows (name) values ('sneaked'); return 1; end $$`,
  `create function sneak_sql() returns int language sql as $$ delete from shows; select 1 $$`,
  `create function sneak_out() returns int language plpgsql as
   $$ begin set transaction read write; delete from shows; return 1; end $$`,
  'create sequence numbers',
]

describe.each([
  ['PGlite', async () => openPgliteCatalog({ spoolDir })],
  [server.version, async () => openPgCatalog({ server: await server.createDatabase() })],
] as const)('free SQL on %s', (_, open) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await migrate(catalog)
    for (const sql of functions) await catalog.query(sql)
    await catalog.query("insert into shows (name) values ('a'), ('b'), ('c')")
  })
  afterAll(() => catalog.close())
  const names = async () =>
    (await catalog.query('select name from shows order by name')).rows.map((row) => row.name)

  it('gives rows, with parameters, to a limit', async () => {
    const query = (sql: string, limit = 10) => readOnlyQuery(catalog, sql, [], limit)
    expect(await query('select name from shows order by 1;', 2)).toMatchObject({
      rows: [{ name: 'a' }, { name: 'b' }],
      columns: ['name'],
      count: 2,
      isCut: true,
    })
    expect(await query('-- all\n (table shows)', 3)).toMatchObject({ count: 3, isCut: false })
    expect((await query('values (1), (2)')).count).toBe(2)
    expect((await query('with x as (select 1 as a) select * from x')).rows).toEqual([{ a: 1 }])
    expect((await query("select ';' as a -- the end")).rows).toEqual([{ a: ';' }])
    expect(
      (await readOnlyQuery(catalog, 'select $1::text as v', ["'; drop table shows; --"], 1)).rows,
    ).toEqual([{ v: "'; drop table shows; --" }])
  })

  it.each([
    "insert into shows (name) values ('x')",
    'update shows set name = name',
    'delete from shows',
    'truncate shows cascade',
    'drop table shows cascade',
    'create table x (id int)',
    'alter table shows add x int',
    'grant all on shows to public',
    'vacuum',
    'do $$ begin delete from shows; end $$',
    'call nothing()',
    'commit',
    'set transaction read write',
    "copy shows from '/dev/null'",
    'explain analyze delete from shows',
    "merge into shows using (values ('a')) v(n) on name = n when matched then delete",
    '/* select */ delete from shows',
    'select 1; delete from shows',
    'select 1; commit; delete from shows',
    '; delete from shows',
    'with x as (delete from shows returning *) select * from x',
    "with x as (insert into shows (name) values ('x') returning *) select 1",
    'select * into copied from shows',
    'select * from shows for update',
    'select sneak()',
    'select sneak_sql()',
    'select sneak_out()',
    'select * from shows where sneak() = 1',
    "select nextval('numbers')",
    "select setval('numbers', 5)",
    "select set_config('transaction_read_only', 'off', false), sneak_sql()",
    "select lo_from_bytea(0, 'x')",
    'select 1 as a, 2 as a',
    '',
  ])('refuses %j and changes nothing', async (sql) => {
    await expect(readOnlyQuery(catalog, sql, [], 10)).rejects.toSatisfy(
      (error: { tag: string }) => error.tag === 'usage' || error.tag === 'catalog',
    )
    expect(await names()).toEqual(['a', 'b', 'c'])
    const { rows } = await catalog.query("select to_regclass('copied') as t, is_called as c from numbers")
    expect(rows).toEqual([{ t: null, c: false }])
  })

  it('leaves no settings behind', async () => {
    await readOnlyQuery(catalog, "select set_config('search_path', 'nowhere', false)", [], 1)
    expect(await names()).toEqual(['a', 'b', 'c'])
    await catalog.query("update shows set director = 'x' where name = 'a'")
  })

  it('answers the named queries', async () => {
    const named = async (name: string, ...parameters: string[]) => {
      return (await readOnlyQuery(catalog, namedQuery(name)?.sql ?? '', parameters, 100)).rows
    }
    await catalog.query(`insert into files (file_name, file_path, file_type, file_size, scan_date)
      select 'f' || i, '/f' || i, case when i % 3 = 0 then 'image' else 'code' end, 1000000000000 + i,
        '2024-01-01'::timestamptz + i * interval '1 hour' from generate_series(1, 12) i`)
    await catalog.query("update files set deleted_at = now() where file_name = 'f12'")
    expect(await named('files-count')).toEqual([{ files: '11' }])
    expect(await named('files-by-type')).toEqual([
      { file_type: 'code', files: '8', bytes: '8000000000048' },
      { file_type: 'image', files: '3', bytes: '3000000000018' },
    ])
    const recent = await named('files-recent')
    expect(recent.map((row) => row.file_name)).toEqual([
      'f11',
      'f10',
      'f9',
      'f8',
      'f7',
      'f6',
      'f5',
      'f4',
      'f3',
      'f2',
    ])

    const upload = `insert into file_upload_catalog
      (bucket, key, version, upload_date, upload_time, file_name, original_size, thumbnail_size)
      select 'b', 'k' || s, 'v1', '2024-05-01', '10:00:00+00', 'p' || s || '.jpg', 3 * s, s
      from unnest($1::bigint[]) s on conflict (bucket, key, version) do nothing`
    const sizes = [9000, 10500, 870, 12000, 100000, 99]
    expect((await catalog.query(upload, [sizes])).count).toBe(6)
    expect((await catalog.query(upload, [sizes])).count).toBe(0)
    const smallest = await named('thumbnails-smallest')
    expect(smallest.map((row) => row.thumbnail_size)).toEqual(['99', '870', '9000', '10500', '12000'])
    expect(smallest[1]).toEqual({
      id: expect.stringMatching(/^\d+$/),
      bucket: 'b',
      key: 'k870',
      version: 'v1',
      upload_date: '2024-05-01',
      upload_time: '10:00:00+00',
      file_name: 'p870.jpg',
      original_size: '2610',
      thumbnail_size: '870',
    })

    await catalog.query('create table persons (id text primary key, email text not null)')
    await catalog.query("insert into persons values ('1', 'o''hara@example.org'), ('2', 'x')")
    expect(await named('person-by-email', "o'hara@example.org")).toEqual([
      { id: '1', email: "o'hara@example.org" },
    ])
    expect(await named('person-by-email', "' or '1'='1")).toEqual([])
  })

  it('keeps files and their types together', async () => {
    const { rows } = await catalog.query(
      "insert into files (file_name, file_path, file_type, scan_date, show) values ('i', '/i', 'image', now(), 'a') returning id",
    )
    const id = rows[0]?.id as string
    await catalog.query("insert into images (file_id, mode) values ($1, 'RGB')", [id])
    const again = catalog.query(
      "insert into files (file_name, file_path, file_type, scan_date) values ('j', '/i', 'image', now())",
    )
    await expect(again).rejects.toMatchObject({ code: '23505' })
    const odd = catalog.query("update files set file_type = 'movie' where id = $1", [id])
    await expect(odd).rejects.toMatchObject({ code: '23514' })
    await catalog.query("delete from shows where name = 'a'")
    expect((await catalog.query('select show from files where id = $1', [id])).rows).toEqual([{ show: null }])
    await catalog.query('delete from files where id = $1', [id])
    expect((await catalog.query('select * from images')).count).toBe(0)
  })
})
