import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPgCatalog } from '../catalog/pg-catalog.ts'
import { openPgliteCatalog } from '../catalog/pglite-catalog.ts'
import { startTestServer, type TestServer } from '../catalog/testing/postgres-server.ts'
import type { Catalog, SinkOutcome } from '../contracts.ts'
import { isSluiceError } from '../errors.ts'
import { createPostgresSink } from './postgres-sink.ts'
import type { RejectedRow } from './rejections.ts'
import { personsConfig, testLoad } from './testing/sink-load.ts'

interface Loaded {
  readonly outcome?: SinkOutcome
  readonly error?: Error
  readonly rejected: readonly RejectedRow[]
}

const person = (id: number, address = `${id} Amanda Knolls St.`) =>
  `${id},p${id}@example.net,NC,34491,${address}\n`
const persons = (count: number) => Array.from({ length: count }, (_, i) => person(i)).join('')

let server: TestServer
let folder: string
beforeAll(async () => {
  server = await startTestServer()
  folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-tables-'))
})
afterAll(async () => {
  await server.remove()
  rmSync(folder, { recursive: true })
})

const engines: readonly (readonly [string, () => Promise<Catalog>])[] = [
  ['PGlite', async () => openPgliteCatalog({ spoolDir: path.join(folder, 'spool') })],
  ['PostgreSQL', async () => openPgCatalog({ server: await server.createDatabase() })],
]

describe.each(engines)('createPostgresSink on %s', (_, open) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog.close())
  beforeEach(async () => {
    await catalog.query('drop table if exists persons, "t", sluice_table_loads')
  })

  async function load(
    config: string,
    content: string | Uint8Array | Readonly<Record<string, string>>,
    changes: Parameters<typeof testLoad>[2] = {},
  ): Promise<Loaded> {
    const files =
      typeof content === 'string' || content instanceof Uint8Array ? { 'in/persons.csv': content } : content
    const test = testLoad(config, files, changes)
    try {
      const outcome = await createPostgresSink(catalog).load(test.request)
      return { outcome, rejected: await test.rejected() }
    } catch (error) {
      return { error: error as Error, rejected: await test.rejected() }
    } finally {
      test.remove()
    }
  }
  const rows = async (table = 'persons') => (await catalog.query(`select * from ${table} order by 1`)).rows
  const count = async () => Number((await catalog.query('select count(*) as n from persons')).rows[0]?.n)

  it('makes the table and fills it; the same input again changes nothing', async () => {
    const first = await load(personsConfig(), persons(50))
    expect(first.outcome).toEqual({
      state: 'loaded',
      before: 0,
      after: 50,
      loaded: 50,
      rejected: 0,
      superseded: 0,
    })
    const again = await load(personsConfig(), persons(50))
    expect(again.outcome).toEqual({ ...first.outcome, state: 'already' })
    expect(await count()).toBe(50)
    expect((await rows())[0]).toEqual({
      id: '0',
      email: 'p0@example.net',
      state: 'NC',
      postal: '34491',
      address: '0 Amanda Knolls St.',
    })
  })

  it('replaces all rows, and does so again for a replay, another version, or an older one that came back', async () => {
    await load(personsConfig(), persons(50))
    const other = await load(personsConfig(), persons(3))
    expect(other.outcome).toMatchObject({ state: 'loaded', before: 50, after: 3, loaded: 3 })
    expect((await load(personsConfig(), persons(50))).outcome).toMatchObject({ before: 3, after: 50 })
    expect((await load(personsConfig(), persons(50), { epoch: 1 })).outcome).toMatchObject({
      state: 'loaded',
      before: 50,
      after: 50,
    })
  })

  it('leaves the old data alone for one bad row, and names its line and column', async () => {
    await load(personsConfig(), persons(50))
    const { error, rejected } = await load(
      personsConfig(),
      `${persons(2)}7,x@example.net,NC,three,5 Elm St.\n${person(9)}`,
    )
    expect(isSluiceError(error, 'input')).toBe(true)
    expect(error?.message).toBe(
      'in/persons.csv:3:20: 1 of 4 rows do not fit public.persons; allowed are 0:\n  in/persons.csv:3:20: column postal: ' +
        'found "three"; expected a number of at most 10 digits before and 0 digits behind the point',
    )
    expect(rejected).toHaveLength(1)
    expect(await count()).toBe(50)
  })

  it('goes on without rejected rows below the threshold, and reports every one', async () => {
    const bad = Array.from({ length: 30 }, (_, i) => `b${i},e@x.org,TOOLONG,1,s\n`).join('')
    const config = (max: string) => personsConfig(`mode: replace\nrejected: {max: ${max}}`)
    const within = await load(config('30'), persons(50) + bad)
    expect(within.outcome).toMatchObject({ after: 50, loaded: 50, rejected: 30 })
    expect(within.rejected).toHaveLength(30)
    expect(within.rejected[29]).toEqual({
      file: 'in/persons.csv',
      line: 80,
      character: 13,
      column: 'state',
      value: 'TOOLONG',
      reason: 'expected at most 3 characters',
    })
    const above = await load(config('29'), persons(50) + bad, { epoch: 1 })
    expect(above.error?.message).toContain('30 of 80 rows do not fit public.persons; allowed are 29')
    expect(above.rejected).toHaveLength(30)
    expect((await load(config('"37.5%"'), persons(50) + bad, { epoch: 2 })).outcome).toMatchObject({
      rejected: 30,
    })
    expect((await load(config('"37.4%"'), persons(50) + bad, { epoch: 3 })).error?.message).toContain(
      '37.4% of all',
    )
    expect((await load(config('100'), bad)).error?.message).toContain('none is left to load')
    expect(await count()).toBe(50)
  })

  it.each([
    ['a quote and a comma', '1,a@b.c,NC,1,"5 ""Elm"", St."\n', '5 "Elm", St.'],
    ['a line end in quotes', '1,a@b.c,NC,1,"5 Elm\nSt."\n', '5 Elm\nSt.'],
    ['Windows line ends', '1,a@b.c,NC,1,5 Elm\r\n2,a@b.c,NC,1,x\r\n', '5 Elm'],
    ['a Windows line end in quotes', '1,a@b.c,NC,1,"5\r\nElm"\r\n', '5\r\nElm'],
    ['old Macintosh line ends', '1,a@b.c,NC,1,5 Elm\r2,a@b.c,NC,1,x\r', '5 Elm'],
    ['mixed line ends', '1,a@b.c,NC,1,5 Elm\r\n2,a@b.c,NC,1,x\n3,a@b.c,NC,1,y\r', '5 Elm'],
    ['a byte order mark', '\ufeff1,a@b.c,NC,1,5 Elm\n', '5 Elm'],
    ['no line end at the end', '1,a@b.c,NC,1,5 Elm', '5 Elm'],
    ['blank lines', '\n\n1,a@b.c,NC,1,5 Elm\n\n2,a@b.c,NC,1,x\n\n', '5 Elm'],
    ['everything in quotes', '"1","a@b.c","NC","1","5 Elm"\n', '5 Elm'],
    ['characters of all lengths', '1,a@b.c,NC,1,é 漢 😀 \u0301\n', 'é 漢 😀 \u0301'],
    ['what SQL would run', "1,a@b.c,NC,1,'); drop table persons; --\n", "'); drop table persons; --"],
    ['a backslash and a dot', '1,a@b.c,NC,1,\\.\n2,a@b.c,NC,1,x\n', '\\.'],
    ['quoted emptiness', '1,a@b.c,NC,1,""\n', ''],
    ['blanks', '1,a@b.c,NC,1,  5 Elm  \n', '  5 Elm  '],
  ])('loads %s as it is', async (_name, content, address) => {
    const { outcome, error } = await load(personsConfig(), content)
    expect(error).toBeUndefined()
    expect(outcome?.rejected).toBe(0)
    expect((await rows())[0]).toEqual({ id: '1', email: 'a@b.c', state: 'NC', postal: '1', address })
  })

  it.each([
    [
      '10 columns too many',
      `1,a@b.c,NC,1,x${',y'.repeat(10)}\n`,
      2,
      1,
      'found 15 values; expected 5 (id, email,',
    ],
    ['a column too few', '1,a@b.c,NC,1\n', 2, 1, 'found 4 values; expected 5'],
    [
      'a stray quote',
      '1,a@b.c,NC,1,5 "Elm" St.\n',
      2,
      16,
      'a quote inside a value that does not begin with one',
    ],
    ['text behind a quote', '1,a@b.c,NC,1,"5 Elm" St.\n', 2, 21, 'text behind the closing quote'],
    ['a missing value', '1,,NC,1,x\n', 2, 3, 'null, in a column that is not nullable'],
    ['NUL', '1,a@b.c,NC,1,x\0y\n', 2, 14, 'a NUL character'],
    [
      'a digit too many',
      '1,a@b.c,NC,12345678901,x\n',
      2,
      12,
      'expected a number of at most 10 digits before',
    ],
    ['a fraction', '1,a@b.c,NC,1.5,x\n', 2, 12, 'expected a number of at most 10 digits before'],
    [
      'a fault behind a row of two lines',
      '1,a@b.c,NC,1,"x\ny"\n2,a@b.c,NC,?,z\n',
      4,
      12,
      'expected a number',
    ],
    [
      'a fault in the second line of a row',
      '1,a@b.c,"N\nCCC",x,z\n',
      2,
      9,
      'expected at most 3 characters (the row is lines 2 to 3)',
    ],
    ['a null key', ',a@b.c,NC,1,x\n', 2, 1, 'null, in a column that is not nullable'],
  ])('rejects %s with the place', async (_name, row, line, character, reason) => {
    await load(personsConfig(), persons(5))
    const { error, rejected } = await load(personsConfig(), person(8) + row + person(9))
    expect(isSluiceError(error, 'input')).toBe(true)
    expect(rejected).toMatchObject([{ line, character, reason: expect.stringContaining(reason) }])
    expect(error?.message).toContain(`in/persons.csv:${line}:${character}`)
    expect(await count()).toBe(5)
  })

  it('rejects text that cannot be read on, with the line', async () => {
    const open = await load(personsConfig(), `${persons(3)}9,a@b.c,NC,1,"5 Elm\n${persons(3)}`)
    expect(open.error?.message).toBe(
      'in/persons.csv:4: a quote opens in the row that begins here, and is never closed',
    )
    const latin = await load(personsConfig(), Buffer.from(`${persons(3)}9,a@b.c,NC,1,5 \xc9lm\n`, 'latin1'))
    expect(latin.error?.message).toMatch(/^in\/persons\.csv:4: bytes that are not UTF-8/)
    const named = await load(
      personsConfig('mode: replace\nencoding: latin-1'),
      Buffer.from(`9,a@b.c,NC,1,5 \xc9lm\n`, 'latin1'),
    )
    expect(named.error).toBeUndefined()
    expect((await rows())[0]?.address).toBe('5 Élm')
  })

  it('appends once, whatever is replayed or configured, and refuses keys that are there', async () => {
    const config = personsConfig('mode: append')
    expect((await load(config, { a: persons(3) })).outcome).toMatchObject({ before: 0, after: 3, loaded: 3 })
    expect((await load(config, { b: person(7) })).outcome).toMatchObject({ before: 3, after: 4, loaded: 1 })
    expect((await load(config, { a: persons(3) }, { epoch: 4 })).outcome).toMatchObject({
      state: 'already',
      after: 3,
    })
    const { error, rejected } = await load(config, { c: person(8) + person(2) + person(9) })
    expect(isSluiceError(error, 'input')).toBe(true)
    expect(error?.message).toContain('c:2: column id: found "2"; is in the table already')
    expect(rejected).toHaveLength(1)
    expect(await count()).toBe(4)
  })

  it('refuses a key that stands twice in the input, with both lines', async () => {
    for (const mode of ['replace', 'append']) {
      const { error } = await load(
        personsConfig(`mode: ${mode}\nrejected: {max: 5}`),
        persons(3) + person(1) + person(5),
      )
      expect(isSluiceError(error, 'input')).toBe(true)
      expect(error?.message).toContain('in/persons.csv:4: column id: found "1"; is the key of line 2 too')
      expect((await catalog.query("select to_regclass('persons') is null as gone")).rows[0]?.gone).toBe(true)
    }
  })

  it('merges by key: others stay, and of two rows with one key the last wins', async () => {
    await load(personsConfig(), persons(3))
    const config = personsConfig('mode: upsert')
    const merged = await load(config, { a: person(2, 'new') + person(9) })
    expect(merged.outcome).toMatchObject({ before: 3, after: 4, loaded: 2, superseded: 0 })
    const twice = await load(config, { b: person(2, 'newer') + person(2, 'newest') + person(10) })
    expect(twice.outcome).toMatchObject({ before: 4, after: 5, loaded: 2, superseded: 1 })
    expect((await rows()).map(({ id, address }) => [id, address])).toEqual([
      ['0', '0 Amanda Knolls St.'],
      ['1', '1 Amanda Knolls St.'],
      ['10', '10 Amanda Knolls St.'],
      ['2', 'newest'],
      ['9', '9 Amanda Knolls St.'],
    ])
    expect(
      (await load(config, { b: person(2, 'newer') + person(2, 'newest') + person(10) })).outcome?.state,
    ).toBe('already')
  })

  it('merges a table that is nothing but its key', async () => {
    const config = `
classname: sluice.TableLoad
table: t
columns: [{name: a, type: integer}, {name: b, type: text}]
key: [a, b]
mode: upsert`
    expect((await load(config, { a: '1,x\n1,y\n1,x\n' })).outcome).toMatchObject({
      after: 2,
      loaded: 2,
      superseded: 1,
    })
    expect((await load(config, { b: '1,x\n2,x\n' })).outcome).toMatchObject({
      before: 2,
      after: 3,
      loaded: 2,
    })
  })

  it('takes several files as one table, and names the file of a fault', async () => {
    const both = await load(personsConfig(), { 'in/a': persons(3), 'in/b': person(7) })
    expect(both.outcome).toMatchObject({ loaded: 4, after: 4 })
    const clash = await load(personsConfig(), { 'in/a': persons(3), 'in/b': person(7) + person(1) })
    expect(clash.error?.message).toContain('in/b:2: column id: found "1"; is the key of line 2 of in/a too')
    const bad = await load(personsConfig(), { 'in/a': persons(3), 'in/b': 'x\n' })
    expect(bad.error?.message).toMatch(/^in\/b:1:1: /)
  })

  it('refuses a table that is not as declared, with every difference', async () => {
    await catalog.query(
      'create table persons (id varchar(10) primary key, email varchar(40) not null, state varchar(3), postal numeric(10) not null, extra date)',
    )
    const { error } = await load(personsConfig(), persons(3))
    expect(isSluiceError(error, 'config')).toBe(true)
    expect(error?.message.split('\n').map((line) => line.replace(/^.*public\.persons: /, ''))).toEqual([
      'column "email" is character varying(40) in the table, and declared as character varying(50)',
      'column "state" is nullable in the table, and declared not to be',
      'the table has no column "address" (varchar(250))',
      'the table has a column "extra" (date), which is not declared',
    ])
    await catalog.query('drop table persons')
    await catalog.query('create view persons as select 1 as id')
    expect((await load(personsConfig(), persons(3))).error?.message).toContain('is a view in the catalog')
    await catalog.query('drop view persons')
    const missing = await load(personsConfig().replace('public.', 'nowhere.'), persons(3))
    expect(missing.error?.message).toContain('there is no schema "nowhere"')
  })

  it('says what a rule of the table refuses', async () => {
    await load(personsConfig(), persons(3))
    await catalog.query('alter table persons add check (postal < 90000)')
    const { error } = await load(personsConfig(), '1,a@b.c,NC,95000,x\n')
    expect(isSluiceError(error, 'input')).toBe(true)
    expect(error?.message).toContain('violates check constraint')
    expect(await count()).toBe(3)
  })

  it('never shows readers an empty or mixed table', async () => {
    await load(personsConfig(), persons(100))
    const seen = new Set<number>()
    let isDone = false
    const reading = (async () => {
      while (!isDone) {
        seen.add(await count())
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (const n of [200, 100, 200, 100, 200]) await load(personsConfig(), persons(n))
    isDone = true
    await reading
    expect([...seen].every((n) => n === 100 || n === 200)).toBe(true)
  })

  it('serves two loads of one table at once, one after the other', async () => {
    const config = personsConfig('mode: append')
    const of = (n: number) => ({ [`f${n}`]: person(n * 10) + person(n * 10 + 1) })
    const outcomes = await Promise.all([1, 2, 3, 4].map((n) => load(config, of(n))))
    expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined])
    expect(new Set(outcomes.map(({ outcome }) => outcome?.after))).toEqual(new Set([2, 4, 6, 8]))
    const same = await Promise.all([1, 2, 3].map(() => load(config, { f9: person(99) })))
    expect(same.filter(({ outcome }) => outcome?.state === 'loaded')).toHaveLength(1)
    expect(same.filter(({ outcome }) => outcome?.state === 'already')).toHaveLength(2)
    expect(await count()).toBe(9)
  })

  it('holds every type as it was written', async () => {
    const config = `
classname: sluice.TableLoad
table: t
columns:
  - {name: a, type: text}
  - {name: b, type: char(3)}
  - {name: c, type: integer}
  - {name: d, type: bigint}
  - {name: e, type: smallint}
  - {name: f, type: "numeric(12,3)"}
  - {name: g, type: real}
  - {name: h, type: double precision}
  - {name: i, type: boolean}
  - {name: j, type: date}
  - {name: k, type: timestamptz}
  - {name: l, type: timestamp}
  - {name: m, type: uuid}
  - {name: n, type: jsonb}
mode: replace
delimiter: ";"
null_text: NA
header: names must match`
    const header = 'a;b;c;d;e;f;g;h;i;j;k;l;m;n\n'
    const values = [
      'NA;NA;NA;NA;NA;NA;NA;NA;NA;NA;NA;NA;NA;NA',
      '"NA";x,y;-5;9223372036854775807;-32768;123456789.125;1.5;1e-300;yes;2024-02-29;2024-03-01T12:00:00+02:00;2024-03-01 12:00:00.123456;0b5f1b1e-0000-4000-8000-00000000000f;"{""a"": [1, ""x;y""]}"',
    ]
    const { outcome, error } = await load(config, `${header}${values.join('\n')}\n`)
    expect(error).toBeUndefined()
    expect(outcome?.loaded).toBe(2)
    const text = await catalog.query(
      'select a, b, c, d::text, e, f::text, g, h, i, j::text, k::text, l::text, m::text, n::text from t order by c nulls first',
    )
    expect(Object.values(text.rows[0] ?? {})).toEqual(Array.from({ length: 14 }, () => null))
    expect(Object.values(text.rows[1] ?? {})).toEqual([
      'NA',
      'x,y',
      -5,
      '9223372036854775807',
      -32768,
      '123456789.125',
      1.5,
      1e-300,
      true,
      '2024-02-29',
      '2024-03-01 10:00:00+00',
      '2024-03-01 12:00:00.123456',
      '0b5f1b1e-0000-4000-8000-00000000000f',
      '{"a": [1, "x;y"]}',
    ])
    const wrong = await load(config, `a;b;d;c;e;f;g;h;i;j;k;l;m\n${values.join('\n')}\n`)
    expect(wrong.error?.message).toBe(
      'in/persons.csv:1: the header does not name the columns of the table: 3: "d" instead of "c", 4: "c" instead of "d", 14: nothing instead of "n"',
    )
  })

  it('stops when it is told to, and leaves nothing behind', async () => {
    await load(personsConfig(), persons(3))
    const stop = new AbortController()
    stop.abort(new Error('time is up'))
    const { error } = await load(personsConfig(), persons(9), { signal: stop.signal })
    expect(error?.message).toBe('time is up')
    expect(await count()).toBe(3)
  })
})
