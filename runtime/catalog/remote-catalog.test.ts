import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../contracts.ts'
import type { CatalogChannel } from './catalog-messages.ts'
import { catalogConformance } from './conformance.ts'
import type { ConnectionSource } from './connection.ts'
import { openCatalog } from './open-catalog.ts'
import { pgliteConnection } from './pglite-connection.ts'
import { openPglite } from './pglite-database.ts'
import { remoteSource } from './remote-catalog.ts'
import { serveCatalog } from './serve-catalog.ts'
import { singleSession } from './single-session.ts'

const spoolDir = mkdtempSync(path.join(os.tmpdir(), 'remote-catalog-'))
let source: ConnectionSource
beforeAll(async () => {
  const database = await openPglite({ spoolDir })
  source = singleSession({
    connect: async () => pgliteConnection(database, spoolDir),
    close: () => database.close(),
    lockTimeoutMs: 30_000,
  })
})
afterAll(async () => {
  await source.close()
  rmSync(spoolDir, { recursive: true, force: true })
})

/** Messages as JSON, as between processes. */
function channelOf<Sent, Received>(port: MessagePort): CatalogChannel<Sent, Received> {
  return {
    send: (message) => port.postMessage(JSON.stringify(message)),
    onMessage: (listener) => port.on('message', (text: string) => listener(JSON.parse(text) as Received)),
    onClose: (listener) => port.on('close', listener),
  }
}

function connect(): { catalog: Catalog; source: ConnectionSource; hangUp: () => void } {
  const { port1, port2 } = new MessageChannel()
  serveCatalog(source, channelOf(port1))
  const remote = remoteSource(channelOf(port2))
  return { catalog: openCatalog(remote), source: remote, hangUp: () => port2.close() }
}

catalogConformance('PGlite in another process', async () => connect().catalog)

describe('a client that is gone', () => {
  it('has its transaction rolled back, and the next one is served', async () => {
    const { catalog } = connect()
    await catalog.query('drop table if exists gone')
    await catalog.query('create table gone (id int)')
    const dying = connect()
    const never = new Promise<never>(() => {})
    const begun = new Promise<void>((resolve) => {
      dying.catalog
        .transaction(async (session) => {
          await session.query('insert into gone values (1)')
          resolve()
          await session.query('select 1')
          await never
        })
        .catch(() => {})
    })
    await begun
    const next = catalog.query('select * from gone')
    dying.hangUp()
    expect((await next).rows).toEqual([])
  })

  it('leaves nothing of a copy that it was in the middle of', async () => {
    const { catalog } = connect()
    await catalog.query('drop table if exists gone')
    await catalog.query('create table gone (id int)')
    const dying = connect()
    const copying = dying.catalog.copyFrom(
      { table: 'gone', columns: ['id'] },
      (async function* () {
        yield Buffer.from('1\n')
        await delay(50)
        dying.hangUp()
        yield Buffer.from('2\n')
      })(),
    )
    await expect(copying).rejects.toMatchObject({ tag: 'catalog', code: '08006' })
    expect((await catalog.query('select * from gone')).rows).toEqual([])
    expect(readdirSync(spoolDir)).toEqual([])
  })

  it('gives up its place in the queue', async () => {
    const { catalog } = connect()
    const dying = connect()
    const third = connect()
    await catalog.transaction(async () => {
      dying.catalog.query('select 1').catch(() => {})
      await delay(20)
      dying.hangUp()
      await delay(20)
    })
    expect((await third.catalog.query('select 1')).count).toBe(1)
  })

  it('sees that the other side is gone', async () => {
    const { catalog, hangUp } = connect()
    const failed = catalog.transaction(async (session) => {
      hangUp()
      await delay(20)
      await session.query('select 1')
    })
    await expect(failed).rejects.toMatchObject({ tag: 'catalog', code: '08006' })
  })
})

it('gives results of many rows', async () => {
  const { catalog } = connect()
  const { rows, count } = await catalog.query('select i from generate_series(1, 12345) i')
  expect(count).toBe(12345)
  expect(rows.at(-1)).toEqual({ i: 12345 })
  expect(rows).toHaveLength(12345)
})
