import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PgServer } from '../catalog/pg-server.ts'
import { startTestServer, type TestServer } from '../catalog/testing/postgres-server.ts'
import { showRows } from './show-rows.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const embedded = { env: { DATABASE_URL: '' } }

describe('sluice catalog', () => {
  let box: Sandbox
  beforeAll(() => {
    box = makeSandbox(embedded)
  })
  afterAll(() => box.remove())
  const query = (...args: string[]) => box.sluice('catalog', 'query', ...args)

  it('lists the named queries in its help', async () => {
    const { code, stdout } = await query('--help')
    expect(code).toBe(0)
    for (const name of [
      'files-count',
      'files-by-type',
      'files-recent',
      'thumbnails-smallest',
      'person-by-email',
    ]) {
      expect(stdout).toContain(name)
    }
    expect(stdout).toContain('--param email=…')
  })

  it('makes the catalog, adds shows, and finds them again', async () => {
    const added = await box.sluice(
      'catalog',
      'shows',
      'add',
      "O'Hara",
      '--director',
      'x"y',
      '--character',
      'A',
    )
    expect(added).toMatchObject({ code: 0, stdout: "added O'Hara\n", stderr: '' })
    expect(await box.sluice('catalog', 'shows', 'add', "O'Hara")).toMatchObject({
      code: 1,
      stderr: "there is a show O'Hara already: `sluice catalog shows set` changes it\n",
    })
    expect(await box.sluice('catalog', 'shows', 'add', 'b', '--release-date', 'soon')).toMatchObject({
      code: 1,
      stderr: 'invalid input syntax for type date: "soon"\n',
    })
    const listed = await box.sluice('catalog', 'shows', 'list', '--format', 'json')
    expect(JSON.parse(listed.stdout)).toEqual([
      {
        name: "O'Hara",
        release_date: null,
        director: 'x"y',
        blender_version: null,
        description: null,
        characters: ['A'],
        files: '0',
      },
    ])
    expect((await box.sluice('catalog', 'shows', 'show', "O'Hara")).stdout).toMatch(/director +x"y/)
    expect(
      await box.sluice(
        'catalog',
        'shows',
        'set',
        "O'Hara",
        '--release-date',
        '2024-05-01',
        '--character',
        'B',
      ),
    ).toMatchObject({ code: 0, stdout: "changed O'Hara\n" })
    const changed = (await box.sluice('catalog', 'shows', 'show', "O'Hara")).stdout
    for (const value of [/director +x"y/, /release_date +2024-05-01/, /characters +\["B"\]/]) {
      expect(changed).toMatch(value)
    }
    expect(await box.sluice('catalog', 'shows', 'set', "O'Hara")).toMatchObject({
      code: 1,
      stderr: `say what to change of O'Hara, such as: --director "Ann Marsh"\n`,
    })
    expect(await box.sluice('catalog', 'shows', 'set', 'none', '--director', 'x')).toMatchObject({
      code: 1,
      stderr: 'there is no show none\n',
    })
    expect((await box.sluice('catalog', 'shows', 'delete', "O'Hara")).stdout).toBe("deleted O'Hara\n")
    for (const command of ['show', 'delete']) {
      const gone = await box.sluice('catalog', 'shows', command, "O'Hara")
      expect(gone).toMatchObject({ code: 1, stderr: "there is no show O'Hara\n" })
    }
  })

  it('says what is applied', async () => {
    const { code, stdout } = await box.sluice('catalog', 'status')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^0001-shows-and-files +\d{4}-/m)
    expect((await box.sluice('catalog', 'migrate')).stdout).toMatch(/^the catalog is at \d{4}-/)
  })

  it('shows rows as table, CSV and JSON, to a limit', async () => {
    const sql =
      "select i as n, case i when 1 then 'a,\"b\"' when 2 then '' end as t from generate_series(1, 3) i"
    expect((await query('--sql', sql)).stdout).toBe('n  t\n1  a,"b"\n2\n3\n')
    expect((await query('--sql', sql, '--format', 'csv')).stdout).toBe('n,t\n1,"a,""b"""\n2,""\n3,\n')
    expect(JSON.parse((await query('--sql', sql, '--format', 'json')).stdout)[2]).toEqual({ n: 3, t: null })
    expect(await query('--sql', sql, '--limit', '2', '--format', 'csv')).toMatchObject({
      code: 0,
      stdout: 'n,t\n1,"a,""b"""\n2,""\n',
      stderr: 'these are the first 2 rows; --limit gives more\n',
    })
    expect(
      (await query('--sql', 'select $1::text as a, $2::int as b', '--param', "1=x'y", '--param', '2=7'))
        .stdout,
    ).toBe("a    b\nx'y  7\n")
  })

  it.each([
    [['nope'], 'nope is no query; there are files-count'],
    [[], 'give the name of a query'],
    [['files-count', '--sql', 'select 1'], 'give the name of a query'],
    [['files-count', '--param', 'x=1'], '--param x: files-count has no such parameter'],
    [['person-by-email'], 'the query needs --param email=…'],
    [['files-count', '--param', 'x'], '--param x: looks like name=value'],
    [['files-count', '--limit', '0'], '--limit 0: a number of rows'],
    [['files-count', '--format', 'xml'], '--format xml: choose table, csv, json'],
    [['--sql', "insert into shows values ('x')"], 'insert: a query is one select'],
    [['--sql', 'select nothing'], 'column "nothing" does not exist'],
    [['--sql', 'select 1; drop table shows'], 'cannot insert multiple commands'],
    [['--sql', 'select * from shows for update'], 'FOR UPDATE'],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stdout, stderr } = await query(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('gives a run its catalog, and the command what the run loaded', async () => {
    writeFileSync(
      path.join(box.folder, 'people.csv'),
      "0,ada@example.org,CA,10115,1 Main St\n1,o'hara@example.org,NY,20095,2 Side St\n",
    )
    const run = await box.sluice('run', 'persons/main', 'people.csv')
    expect({ code: run.code, stderr: run.stderr.replace(/^\[.*\n/gm, '') }).toEqual({ code: 0, stderr: '' })
    const found = await query('person-by-email', '--param', "email=o'hara@example.org", '--format', 'csv')
    expect(found.stdout).toMatch(/^1,o'hara@example\.org,NY,20095/m)
  })
})

describe('the embedded catalog, used by several processes', () => {
  let box: Sandbox
  beforeEach(() => {
    box = makeSandbox(embedded)
  })
  afterEach(() => box.remove())
  const names = async () => {
    const { code, stdout, stderr } = await box.sluice('catalog', 'shows', 'list', '--format', 'json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
  }

  it('is made once and has what all of them did', async () => {
    const wanted = ['a', 'b', 'c', 'd', 'e']
    const done = await Promise.all(wanted.map((name) => box.sluice('catalog', 'shows', 'add', name)))
    expect(done.map(({ code, stderr }) => [code, stderr])).toEqual(wanted.map(() => [0, '']))
    expect(await names()).toEqual(wanted)
  })

  it('is whole after kill -9 at any moment, while it is made too; what was confirmed is there', async () => {
    const confirmed: string[] = []
    const tried: string[] = []
    for (let round = 0; round < 8; round++) {
      const name = `s${round}`
      const { child, finished } = box.start('catalog', 'shows', 'add', name)
      tried.push(name)
      await (round === 7 ? finished : Promise.race([delay(250 + 500 * round), finished]))
      child.kill('SIGKILL')
      if ((await finished).stdout.includes('added')) confirmed.push(name)
    }
    expect(confirmed).toContain('s7')
    const found = await names()
    for (const name of confirmed) expect(found).toContain(name)
    for (const name of found) expect(tried).toContain(name)
    expect((await box.sluice('catalog', 'status')).stdout).not.toContain('not yet')
  })

  it('goes on for others when one is killed that has it open or waits for it', async () => {
    await box.sluice('catalog', 'migrate')
    const slow = ['catalog', 'query', '--sql', 'select count(*) from generate_series(1, 3000000)']
    const owner = box.start(...slow)
    await delay(1500)
    const client = box.start(...slow)
    await delay(300)
    client.child.kill('SIGKILL')
    const added = box.start('catalog', 'shows', 'add', 'after')
    expect((await owner.finished).code).toBe(0)
    expect((await added.finished).code).toBe(0)
    await client.finished
    expect(await names()).toEqual(['after'])
  })

  it('is taken over by one of those that wait when the one that has it open is killed', async () => {
    await box.sluice('catalog', 'migrate')
    const owner = box.start('catalog', 'query', '--sql', 'select count(*) from generate_series(1, 30000000)')
    await delay(1500)
    const waiting = ['a', 'b', 'c'].map((name) => box.start('catalog', 'shows', 'add', name))
    await delay(1000)
    owner.child.kill('SIGKILL')
    const done = await Promise.all(waiting.map(({ finished }) => finished))
    expect(done.map(({ code, stderr }) => [code, stderr])).toEqual(waiting.map(() => [0, '']))
    expect(await names()).toEqual(['a', 'b', 'c'])
  })

  it('is not taken for a server that only one of two commands names', async () => {
    const owner = box.start('catalog', 'query', '--sql', 'select count(*) from generate_series(1, 100000000)')
    for (let i = 0; i < 200 && !existsSync(path.join(box.folder, '.sluice/engine.sock')); i++) await delay(50)
    writeFileSync(path.join(box.folder, 'people.csv'), '0,ada@example.org,CA,10115,1 Main St\n')
    const other = await box.sluiceWith(
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' },
      'run',
      'persons/main',
      'people.csv',
    )
    expect(other).toMatchObject({ code: 1, stdout: '' })
    expect(other.stderr).toMatch(/^another sluice command is at work .* another DATABASE_URL: [^\n]*\n$/)
    owner.child.kill('SIGKILL')
    await owner.finished
  })

  it('passes from one to the next as commands come and go', async () => {
    await box.sluice('catalog', 'migrate')
    const started: ReturnType<typeof box.start>[] = []
    for (let i = 0; i < 12; i++) {
      started.push(box.start('catalog', 'shows', 'add', `s${String(i).padStart(2, '0')}`))
      await delay(70 * (i % 5))
    }
    const done = await Promise.all(started.map(({ finished }) => finished))
    expect(done.map(({ code, stderr }) => [code, stderr])).toEqual(started.map(() => [0, '']))
    expect(await names()).toHaveLength(12)
  })
})

describe('sluice catalog with DATABASE_URL', () => {
  let server: TestServer
  let database: PgServer
  let box: Sandbox
  beforeAll(async () => {
    server = await startTestServer()
    database = await server.createDatabase()
    box = makeSandbox({ env: { DATABASE_URL: urlOf(database, database.password as string) } })
  })
  afterAll(async () => {
    box.remove()
    await server.remove()
  })

  it('works on that server, once it is migrated', async () => {
    const status = await box.sluice('catalog', 'status')
    expect(status).toMatchObject({ code: 0, stderr: '' })
    expect(status.stdout).toMatch(/0001-shows-and-files +not yet/)
    const early = await box.sluice('catalog', 'query', 'files-count')
    expect(early.code).toBe(70)
    expect(early.stderr).toMatch(
      /^the catalog lacks 0001-shows-and-files, .*: run `sluice catalog migrate`\n$/,
    )
    expect((await box.sluice('catalog', 'migrate')).stdout).toMatch(/^applied 0001-shows-and-files\n/)
    expect(await box.sluice('catalog', 'shows', 'add', 'x')).toMatchObject({ code: 0 })
    const { stdout } = await box.sluice('catalog', 'query', '--sql', 'table shows', '--format', 'csv')
    expect(stdout).toMatch(/^x,/m)
    expect((await box.sluice('catalog', 'query', 'files-count', '--format', 'csv')).stdout).toBe('files\n0\n')
  })

  it('is used by runs too', async () => {
    writeFileSync(path.join(box.folder, 'people.csv'), '0,ada@example.org,CA,10115,1 Main St\n')
    expect((await box.sluice('run', 'persons/main', 'people.csv')).code).toBe(0)
    const { stdout } = await box.sluice(
      'catalog',
      'query',
      '--sql',
      'select email from persons',
      '--format',
      'csv',
    )
    expect(stdout).toBe('email\nada@example.org\n')
  })

  it.each([
    ['a wrong password', (url: string) => url],
    ['what is no URL', (url: string) => url.replace('127.0.0.1', '127.0.0.1:x')],
    ['an unknown parameter', (url: string) => `${url}?password=Hunter2/zz`],
    ['another port', (url: string) => url.replace(/:\d+\//, ':1/')],
  ])('shows no password, with %s', async (_, change) => {
    const wrong = makeSandbox({ env: { DATABASE_URL: change(urlOf(database, 'Hunter2/zz')) } })
    for (const flags of [[], ['--debug']]) {
      const { code, stdout, stderr } = await wrong.sluice('catalog', 'query', 'files-count', ...flags)
      expect(code).toBeGreaterThan(0)
      expect(stderr).not.toBe('')
      expect(stdout + stderr).not.toMatch(/Hunter2/)
    }
    wrong.remove()
  })
})

function urlOf({ host, port, user, database }: PgServer, password: string): string {
  return `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`
}

describe('showRows', () => {
  it('lets no value steer the terminal, and loses none in JSON', () => {
    const rows = [
      { 'a\u001b[31m': '\u001b]0;x\u0007\n', n: Number.NaN, b: new Uint8Array([1]), d: new Date(0) },
    ]
    const columns = ['a\u001b[31m', 'n', 'b', 'd']
    const text = showRows({ columns, rows }, 'table')
    expect(text).not.toContain('\u001b')
    expect(text.split('\n')).toHaveLength(2)
    expect(JSON.parse(showRows({ columns, rows }, 'json'))).toEqual([
      { 'a\u001b[31m': '\u001b]0;x\u0007\n', n: 'NaN', b: '\\x01', d: '1970-01-01T00:00:00.000Z' },
    ])
  })
})
