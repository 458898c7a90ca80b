import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPgCatalog } from '../catalog/pg-catalog.ts'
import type { PgServer } from '../catalog/pg-server.ts'
import { type OwnTestServer, startOwnServer } from '../catalog/testing/postgres-server.ts'
import { createPostgresSink } from './postgres-sink.ts'
import { personsConfig, testLoad } from './testing/sink-load.ts'

const rows = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${i},${name}@x.org,NC,${i},${name}\n`).join('')
/** Two versions of the table that no reader may see mixed. */
const versions = { a: rows('a', 20_000), b: rows('b', 15_000) }
/** A linear congruential generator: the same moments every time, as far as clocks go. */
let seed = 7
const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

describe('a loader or server that is killed', () => {
  let server: OwnTestServer
  let database: PgServer
  let folder: string
  beforeAll(async () => {
    server = await startOwnServer()
    database = await server.createDatabase()
    folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-kill-'))
    writeFileSync(path.join(folder, 'config.yaml'), personsConfig())
    writeFileSync(path.join(folder, 'a.csv'), versions.a)
    writeFileSync(path.join(folder, 'b.csv'), versions.b)
  })
  afterAll(async () => {
    await server.remove()
    rmSync(folder, { recursive: true })
  })

  async function startLoader(): Promise<ChildProcess> {
    const files = ['config.yaml', 'a.csv', 'b.csv'].map((name) => path.join(folder, name))
    const script = path.join(import.meta.dirname, 'testing/load-forever.ts')
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(database), ...files], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
    return child
  }

  async function killLoader(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** What the table holds: one of the versions, whole. */
  async function version(): Promise<string> {
    const catalog = openPgCatalog({ server: database })
    try {
      const there = await catalog.query<{ found: boolean }>(
        "select to_regclass('public.persons') is not null as found",
      )
      if (!there.rows[0]?.found) return 'none'
      const { rows: groups } = await catalog.query<{ address: string; n: string }>(
        'select address, count(*) as n from persons group by address',
      )
      return groups.map(({ address, n }) => `${address} ${n}`).join(', ') || 'empty'
    } finally {
      await catalog.close()
    }
  }

  async function loadOnce(name: 'a' | 'b', epoch: number): Promise<void> {
    const catalog = openPgCatalog({ server: database })
    const load = testLoad(personsConfig(), { 'in/persons.csv': versions[name] }, { epoch })
    try {
      await createPostgresSink(catalog).load(load.request)
    } finally {
      load.remove()
      await catalog.close()
    }
  }

  it('leaves the old table or the new one after twenty kills of the loader, and the next run finishes', async () => {
    const seen = new Set<string>()
    for (let kill = 0; kill < 20; kill++) {
      const child = await startLoader()
      await delay(30 + random() * 900)
      await killLoader(child)
      const found = await version()
      expect(['none', 'a 20000', 'b 15000']).toContain(found)
      seen.add(found)
      const next = found === 'a 20000' ? 'b' : 'a'
      await loadOnce(next, 10_000 + kill)
      expect(await version()).toBe(next === 'a' ? 'a 20000' : 'b 15000')
    }
    expect(seen.size).toBeGreaterThan(1)
  }, 180_000)

  it('leaves the old table or the new one after five kills of PostgreSQL', async () => {
    for (let kill = 0; kill < 5; kill++) {
      const child = await startLoader()
      await delay(200 + random() * 900)
      await server.kill()
      await killLoader(child)
      await server.start()
      expect(['a 20000', 'b 15000']).toContain(await version())
      await loadOnce('a', 20_000 + kill)
      expect(await version()).toBe('a 20000')
    }
  }, 180_000)
})
