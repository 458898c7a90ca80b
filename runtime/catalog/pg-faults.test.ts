import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { csvOf } from './conformance.ts'
import { openPgCatalog, type PgCatalogOptions } from './pg-catalog.ts'
import type { PgServer } from './pg-server.ts'
import { administer, embeddedBinaries, startOwnServer } from './testing/postgres-server.ts'

const server = await startOwnServer()
const database = await server.createDatabase()
const folder = mkdtempSync(path.join(os.tmpdir(), 'pg-faults-'))
const opened: { close(): Promise<void> }[] = []
afterAll(async () => {
  for (const catalog of opened) await catalog.close()
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
})

function open(options: Partial<PgCatalogOptions> = {}, changes: Partial<PgServer> = {}) {
  const catalog = openPgCatalog({ connectRetries: 0, ...options, server: { ...database, ...changes } })
  opened.push(catalog)
  return catalog
}

const target = { table: 'rows', columns: ['id'] }

async function withRows<T extends ReturnType<typeof open>>(catalog: T): Promise<T> {
  await catalog.query('drop table if exists rows')
  await catalog.query('create table rows (id int primary key)')
  return catalog
}

describe('a server that goes away', () => {
  it('is found again by reads and by transactions, whose idle connections it ended', async () => {
    const catalog = await withRows(open({ connectRetries: 5 }))
    await Promise.all([1, 2, 3, 4].map(() => catalog.query('select pg_sleep(0.05)')))
    await server.stop()
    await server.start()
    expect((await catalog.query('select 1 as v')).rows).toEqual([{ v: 1 }])
    await server.kill()
    await server.start()
    await catalog.transaction((session) => session.query('insert into rows values (1)'))
    expect((await catalog.query('select id from rows')).rows).toEqual([{ id: 1 }])
  })

  it('is waited for while it starts', async () => {
    const catalog = open({ connectRetries: 8 })
    await server.stop()
    const found = catalog.query('select 1 as v')
    await delay(300)
    await server.start()
    expect((await found).rows).toEqual([{ v: 1 }])
  })

  it('loses a transaction and a copy it was killed in, whole; the catalog works on', async () => {
    for (let round = 0; round < 5; round++) {
      const catalog = await withRows(open({ connectRetries: 5 }))
      await catalog.query('insert into rows values (0)')
      const failed = catalog.transaction(async (session) => {
        await session.query('insert into rows values (1)')
        const csv = async function* () {
          for (let i = 2; ; i++) {
            if (i === 3000) setTimeout(() => void server.kill(), round * 7)
            if (i % 500 === 0) await delay(1)
            yield Buffer.from(`${i}\n`)
          }
        }
        await session.copyFrom(target, csv())
      })
      await expect(failed).rejects.toMatchObject({
        tag: 'catalog',
        code: expect.stringMatching(/^(?:08|57P)/),
      })
      await server.start()
      expect((await catalog.query('select id from rows')).rows).toEqual([{ id: 0 }])
    }
  })

  it('does not have a write done twice: it is reported as lost', async () => {
    const catalog = await withRows(open())
    const writing = catalog
      .query('insert into rows select 1 from pg_sleep(5)')
      .catch((error: unknown) => error)
    await delay(200)
    await administer(
      database,
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'insert into rows%'",
    )
    expect(await writing).toMatchObject({ tag: 'catalog', code: '57P01' })
    expect((await catalog.query('select * from rows')).count).toBe(0)
  })

  it('may end the connection of a transaction whose work is at something else', async () => {
    const catalog = await withRows(open({ poolSize: 1 }))
    const failed = catalog.transaction(async (session) => {
      await session.query('insert into rows values (1)')
      const { rows } = await session.query<{ pid: number }>('select pg_backend_pid() as pid')
      await administer(database, `select pg_terminate_backend(${rows[0]?.pid})`)
      await delay(100)
      await session.query('insert into rows values (2)')
    })
    await expect(failed).rejects.toMatchObject({ tag: 'catalog', code: expect.stringMatching(/^(?:08|57P)/) })
    expect((await catalog.query('select * from rows')).count).toBe(0)
  })
})

describe('limits', () => {
  it('end a statement that takes too long', async () => {
    const catalog = open({ statementTimeoutMs: 200 })
    await expect(catalog.query('select pg_sleep(10)')).rejects.toMatchObject({
      tag: 'catalog',
      code: '57014',
    })
    expect((await catalog.query('select 1')).count).toBe(1)
  })

  it('end a wait for what others have locked', async () => {
    const catalog = await withRows(open({ lockTimeoutMs: 200 }))
    await catalog.transaction(async (session) => {
      await session.query('lock table rows')
      const waiting = copyElsewhere()
      await expect(waiting).rejects.toMatchObject({ tag: 'catalog', code: '55P03' })
    })
    async function copyElsewhere() {
      return open({ lockTimeoutMs: 200 }).copyFrom(target, csvOf('1\n'))
    }
  })

  it('end a wait for a connection of the pool, and give it to the next', async () => {
    const catalog = open({ poolSize: 1, lockTimeoutMs: 100 })
    await catalog.query('select 1')
    const slow = catalog.query('select pg_sleep(0.6)')
    await expect(catalog.query('select 1')).rejects.toMatchObject({ tag: 'catalog', code: '55P03' })
    await slow
    expect((await catalog.query('select 1')).count).toBe(1)
  })

  it('end an attempt to connect that nobody answers', async () => {
    const deaf = net.createServer(() => {})
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    const { port } = deaf.address() as net.AddressInfo
    const catalog = open({ connectTimeoutMs: 200, connectRetries: 5 }, { port })
    const started = performance.now()
    const failed = catalog.query('select 1')
    await expect(failed).rejects.toMatchObject({ tag: 'catalog', code: '08001' })
    await expect(failed).rejects.toThrow(`at 127.0.0.1:${port} cannot be reached: no answer within 0.2 s`)
    expect(performance.now() - started).toBeLessThan(5000)
    deaf.close()
  })

  it('never take more connections than were allowed', async () => {
    const catalog = open({ poolSize: 2 })
    const sleeping = Promise.all(
      Array.from({ length: 6 }, () => catalog.query("select pg_sleep(0.3), 'counted'")),
    )
    await delay(150)
    const [row] = await administer(
      database,
      "select count(*)::int as n from pg_stat_activity where query like '%counted%' and query not like '%activity%'",
    )
    expect(row?.n).toBe(2)
    await sleeping
  })
})

describe('closing', () => {
  it('rolls back what is under way, at once', async () => {
    const catalog = await withRows(open())
    const never = new Promise<never>(() => {})
    let inserted = () => {}
    const hasInserted = new Promise<void>((resolve) => {
      inserted = resolve
    })
    void catalog
      .transaction(async (session) => {
        await session.query('insert into rows values (1)')
        inserted()
        await never
      })
      .catch(() => {})
    await hasInserted
    await catalog.close()
    expect((await open().query('select * from rows')).count).toBe(0)
  })
})

describe('secrets', () => {
  const secret = 'Pa55w0rd/with:odd@signs'
  const everything = (error: unknown) => inspect(error, { depth: 20, showHidden: true })

  it.each<[string, Partial<PgServer>]>([
    ['a wrong password', { password: secret }],
    ['a password from a function', { password: async () => secret }],
    ['an unknown user', { password: secret, user: 'nobody_of_this_name' }],
    ['an unknown database', { password: secret, database: 'nothing_of_this_name' }],
    ['a host that is none', { password: secret, host: 'no-such-host.invalid' }],
    ['a port where nobody listens', { password: secret, port: 1 }],
    ['a socket that is not there', { password: secret, host: '/no/such/folder' }],
    ['TLS where there is none', { password: secret, tls: { mode: 'verify-full' } }],
  ])('are in no error: %s', async (_, changes) => {
    const catalog = open({}, changes)
    const error = await catalog.query('select 1').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ tag: 'catalog' })
    const failed = await catalog.transaction(async () => 1).catch((caught: unknown) => caught)
    for (const text of [everything(error), everything(failed), everything(catalog)]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(encodeURIComponent(secret))
    }
  })

  it('are masked even where the server repeats them', async () => {
    const own = database.password as string
    const error = await open()
      .query('select $1::int', [own])
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: '22P02' })
    expect(everything(error)).not.toContain(own)
  })

  it('are asked for anew for each connection', async () => {
    let asked = 0
    const password = async () => {
      asked++
      return database.password as string
    }
    const catalog = open({ poolSize: 3 }, { password })
    await Promise.all([1, 2, 3].map(() => catalog.query('select pg_sleep(0.2)')))
    expect(asked).toBe(3)
  })

  it('may fail to come, which is said', async () => {
    const password = async () => {
      throw new Error('no credentials')
    }
    await expect(open({}, { password }).query('select 1')).rejects.toThrow('no credentials')
  })
})

const openssl = spawnSync('openssl', ['version']).status === 0
describe.skipIf(!openssl)(`TLS${openssl ? '' : ' (needs openssl)'}`, () => {
  it('is used with a certificate that is checked, or not at all', async () => {
    makeCertificates()
    const { dataDir } = server
    const { uid, gid } = statSync(path.join(dataDir, 'postgresql.conf'))
    for (const name of ['server.key', 'server.crt']) {
      copyFileSync(path.join(folder, name), path.join(dataDir, name))
      if (process.getuid?.() === 0) chownSync(path.join(dataDir, name), uid, gid)
      execFileSync('chmod', ['600', path.join(dataDir, name)])
    }
    appendFileSync(path.join(dataDir, 'postgresql.conf'), '\nssl = on\n')
    await server.stop()
    await server.start()
    const ca = readFileSync(path.join(folder, 'ca.crt'), 'utf8')
    const other = readFileSync(path.join(folder, 'other.crt'), 'utf8')
    const query = async (host: string, tls: PgServer['tls']) => {
      const { rows } = await open({}, { host, tls }).query(
        'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
      )
      return rows[0]?.ssl
    }
    // The certificate is for localhost; 127.0.0.1 is another name.
    expect(await query('localhost', { mode: 'verify-full', ca })).toBe(true)
    expect(await query('127.0.0.1', { mode: 'verify-ca', ca })).toBe(true)
    expect(await query('localhost', { mode: 'disable' })).toBe(false)
    await expect(query('127.0.0.1', { mode: 'verify-full', ca })).rejects.toThrow(/IP|altnames/i)
    await expect(query('localhost', { mode: 'verify-full' })).rejects.toThrow(/certificate/)
    await expect(query('localhost', { mode: 'verify-full', ca: other })).rejects.toThrow(
      /certificate|signature/,
    )
    await expect(query('localhost', { mode: 'verify-ca', ca: other })).rejects.toThrow(
      /certificate|signature/,
    )
  })

  function makeCertificates(): void {
    const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
    for (const name of ['ca', 'other']) {
      run(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.crt`,
      )
    }
    run(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      'server.key',
      '-out',
      'server.csr',
    )
    run(
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-copy_extensions',
      'copy',
      '-out',
      'server.crt',
    )
  }
})

const older = '/usr/lib/postgresql/15/bin'
const hasOlder = existsSync(path.join(older, 'initdb'))
describe.skipIf(!hasOlder)(`PostgreSQL 15${hasOlder ? '' : ` (needs ${older})`}`, () => {
  it('is not fed a line that it would take for the end of the data', async () => {
    const old = await startOwnServer({ binaries: older })
    const catalog = openPgCatalog({ server: await old.createDatabase() })
    try {
      await catalog.query('create table texts (t text)')
      const texts = { table: 'texts', columns: ['t'] }
      for (const csv of ['a\n\\.\nb\n', 'a\r\n\\.\r\nb\r\n', '\\.\na\n', 'a\n\\.', '"a\n\\.\nb"\n']) {
        for (const size of [1, 2, 3, 100]) {
          await expect(catalog.copyFrom(texts, csvOf(csv, size))).rejects.toMatchObject({
            tag: 'catalog',
            code: '22P04',
          })
        }
      }
      for (const csv of ['"\\."\n', 'a\\.\n', '\\.a\n', '\\\\.\n']) {
        for (const size of [1, 2, 100]) expect(await catalog.copyFrom(texts, csvOf(csv, size))).toBe(1)
      }
    } finally {
      await catalog.close()
      await old.remove()
    }
  })
})

const isRoot = process.getuid?.() === 0
describe.skipIf(!isRoot)(`the test server, as root${isRoot ? '' : ' (needs root)'}`, () => {
  it('runs as another user also where that one cannot read its binaries', async () => {
    const home = path.join(folder, 'private')
    mkdirSync(home, { mode: 0o700 })
    const installed = await embeddedBinaries()
    cpSync(path.dirname(installed), path.join(home, 'native'), { recursive: true, verbatimSymlinks: true })
    const hidden = await startOwnServer({ binaries: path.join(home, 'native/bin') })
    const catalog = openPgCatalog({ server: await hidden.createDatabase() })
    expect((await catalog.query('select 1 as v')).rows).toEqual([{ v: 1 }])
    await catalog.close()
    await hidden.remove()
  })
})
