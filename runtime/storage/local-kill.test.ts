import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readText } from './body.ts'
import { LocalObjectStore } from './local.ts'
import { WORK_FOLDER } from './local-names.ts'
import { isWhole, wholeContent, writerKeys } from './testing/whole-content.ts'

const ROUNDS = 20

describe('LocalObjectStore', () => {
  let folder: string
  let root: string
  let stateDir: string
  let writer: string
  let counter: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-kill-'))
    root = path.join(folder, 'root')
    stateDir = path.join(folder, 'state')
    writer = await built('killed-writer')
    counter = await built('counting-writer')
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** Bundled once: starting through a TypeScript loader would take longer than the rounds. */
  async function built(name: string): Promise<string> {
    const outfile = path.join(folder, `${name}.mjs`)
    const entry = path.join(import.meta.dirname, 'testing', `${name}.ts`)
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile })
    return outfile
  }

  async function start(...command: string[]): Promise<ChildProcess> {
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout!, 'data')
    return child
  }

  const startWriter = () => start(writer, root, stateDir)

  async function kill(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    expect(await gone).toEqual([null, 'SIGKILL'])
  }

  async function expectEveryObjectWhole(store: LocalObjectStore): Promise<number> {
    let count = 0
    for await (const { key, etag, size } of store.list('')) {
      const content = await readText((await store.get(key))!.body)
      expect(writerKeys).toContain(key)
      expect(isWhole(content)).toBe(true)
      expect([size, etag]).toEqual([content.length, createHash('md5').update(content).digest('hex')])
      count++
    }
    return count
  }

  it(`shows whole objects only and works on after its writer was killed, ${ROUNDS} times`, async () => {
    let left = 0
    let seen = 0
    for (let round = 0; round < ROUNDS; round++) {
      const child = await startWriter()
      await sleep((round * 47) % 120)
      await kill(child)
      if (existsSync(path.join(root, WORK_FOLDER))) left++

      const store = new LocalObjectStore({ root, stateDir })
      seen += await expectEveryObjectWhole(store)
      const started = performance.now()
      await Promise.all(writerKeys.map((key, i) => store.put(key, wholeContent(1000 + i))))
      const { etag } = (await store.head('a/b'))!
      await store.put('a/b', wholeContent(3), { ifMatch: etag })
      await store.delete('a')
      expect(performance.now() - started).toBeLessThan(10_000)
      expect(existsSync(path.join(root, WORK_FOLDER))).toBe(false)
    }
    // Or the rounds have shown nothing: a writer that is killed at work leaves a lock or an unfinished file.
    expect(left).toBeGreaterThan(0)
    expect(seen).toBeGreaterThan(ROUNDS)
  })

  it('keeps what a living process is writing, whoever else writes or dies', async () => {
    const store = new LocalObjectStore({ root, stateDir })
    let finish = () => {}
    const waiting = new Promise<void>((resolve) => {
      finish = resolve
    })
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('first half, ')
      await waiting
      yield Buffer.from('second half')
    }
    const put = store.put('slow', slow())
    const child = await startWriter()
    await sleep(200)
    await kill(child)
    await new LocalObjectStore({ root }).put('a', wholeContent(1))
    const work = await readdir(path.join(root, WORK_FOLDER))
    expect(work).toHaveLength(1)
    finish()
    await put
    expect(await readText((await store.get('slow'))!.body)).toBe('first half, second half')
    await store.delete('slow')
  })

  it('gives way between processes: two writers and a reader see no half-written object', async () => {
    const children = await Promise.all([startWriter(), startWriter()])
    const store = new LocalObjectStore({ root, stateDir })
    for (let i = 0; i < 10; i++) {
      for (const key of writerKeys) {
        const object = await store.get(key)
        if (object) expect(isWhole(await readText(object.body))).toBe(true)
      }
    }
    for (const child of children) await kill(child)
  })

  it('lets no two processes hold a key’s lock at once: four count to one hundred together', async () => {
    const counting = path.join(folder, 'counting')
    await new LocalObjectStore({ root: counting }).put('counter', '0')
    const children = await Promise.all(Array.from({ length: 4 }, () => start(counter, counting, '25')))
    const codes = children.map(async (child) => child.exitCode ?? (await once(child, 'exit'))[0])
    expect(await Promise.all(codes)).toEqual([0, 0, 0, 0])
    const object = await new LocalObjectStore({ root: counting }).get('counter')
    expect(await readText(object!.body)).toBe('100')
    expect(existsSync(path.join(counting, WORK_FOLDER))).toBe(false)
  })
})
