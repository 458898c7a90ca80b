import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectStore, PipelineModule, RunContext, WorkUnit } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { executeRun } from './execute.ts'
import { executeWork, type WorkRequest, worstResult } from './execute-work.ts'
import { openLedger } from './ledger.ts'
import { findNewObjects } from './new-objects.ts'
import {
  copyModule,
  cronTrigger,
  keysOf,
  makeWorld,
  moduleOf,
  plannedRun,
  textOf,
  type World,
} from './testing/fixtures.ts'

let root: string
let world: World
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'sluice-work-'))
  world = makeWorld(root)
})
afterEach(() => {
  expect(readdirSync(root)).toEqual([])
  rmSync(root, { recursive: true })
})

const objects = (...names: string[]): WorkUnit => ({
  kind: 'objects',
  keys: names.map((name) => `in/${name}`),
})
const work = (changes: Partial<WorkRequest>) => executeWork({ ...world.request(), ...changes })
const entryOf = (name: string, logs: ObjectStore = world.logs) =>
  openLedger(plannedRun(), logs, () => world.time).read({ kind: 'object', key: `in/${name}` })

/** Writes all that it is given as one object named for the first, and rejects a set with a text that is `bad`. */
function mergeModule(
  errorOf: (key: string) => Error = (key) => new InputError(`${key} is bad`),
): PipelineModule {
  return moduleOf(async ({ raw, output, work }: RunContext) => {
    const keys = work.kind === 'objects' ? work.keys : []
    const texts: string[] = []
    for (const key of keys) {
      const text = await textOf(raw, key)
      if (text?.startsWith('bad')) throw errorOf(key)
      texts.push(text as string)
    }
    await output.put(`data/${keys[0]}`, texts.join('+'))
    return { outcome: 'succeeded', counts: { files: keys.length } }
  })
}

async function upload(texts: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) await world.input.put(`in/${name}`, text)
}

const show = (results: Awaited<ReturnType<typeof work>>) =>
  results.map(({ work, outcome }) => [work.kind === 'objects' ? work.keys.join(' ') : work.kind, outcome])

describe('objects that are rejected together', () => {
  it('lose the one that the error names, and the rest run together', async () => {
    await upload({ a: 'a', b: 'bad', c: 'c' })
    const module = mergeModule(
      (key) => new InputError('is bad', { place: { file: key.slice('in/'.length), line: 3 } }),
    )
    const results = await work({ module, work: objects('a', 'b', 'c') })
    expect(show(results)).toEqual([
      ['in/a in/c', 'succeeded'],
      ['in/b', 'rejected'],
    ])
    expect(await keysOf(world.output)).toEqual(['data/in/a'])
    expect(await textOf(world.output, 'data/in/a')).toBe('a+c')
    expect(await entryOf('b')).toMatchObject({ state: 'done', done: { outcome: 'rejected' } })
    expect(await entryOf('a')).toMatchObject({ state: 'done', done: { outcome: 'succeeded' } })
    expect(await keysOf(world.logs, 'failures/')).toHaveLength(1)
    expect(await keysOf(world.logs, 'runs/')).toHaveLength(2)
  })

  it('are tried singly, writing nothing, when nobody is named', async () => {
    await upload({ a: 'bad a', b: 'b', c: 'c', d: 'bad d' })
    const results = await work({ module: mergeModule(), work: objects('a', 'b', 'c', 'd') })
    expect(show(results)).toEqual([
      ['in/a', 'rejected'],
      ['in/d', 'rejected'],
      ['in/b in/c', 'succeeded'],
    ])
    expect(await keysOf(world.output)).toEqual(['data/in/b'])
    expect(await textOf(world.output, 'data/in/b')).toBe('b+c')
  })

  it('are tried singly when there are more bad ones than the named one', async () => {
    await upload({ a: 'bad a', b: 'b', c: 'bad c', d: 'd' })
    const module = mergeModule((key) => new InputError('is bad', { place: { file: key } }))
    expect(show(await work({ module, work: objects('a', 'b', 'c', 'd') }))).toEqual([
      ['in/a', 'rejected'],
      ['in/c', 'rejected'],
      ['in/b in/d', 'succeeded'],
    ])
  })

  it('are run singly when only their combination is bad, and when all are bad', async () => {
    await upload({ a: 'a', b: 'b' })
    const together = moduleOf(async (context) => {
      if (context.work.kind === 'objects' && context.work.keys.length > 1)
        throw new InputError('they do not go together')
      return copyModule.run(context)
    })
    expect(show(await work({ module: together, work: objects('a', 'b') }))).toEqual([
      ['in/a', 'succeeded'],
      ['in/b', 'succeeded'],
    ])
    await upload({ a: 'bad 1', b: 'bad 2' })
    expect(show(await work({ module: mergeModule(), work: objects('a', 'b'), runId: 'r2' }))).toEqual([
      ['in/a', 'rejected'],
      ['in/b', 'rejected'],
    ])
  })

  it('are run singly where a trial would reach more than output stores', async () => {
    await upload({ a: 'bad', b: 'b', c: 'c' })
    let runs = 0
    const merge = mergeModule()
    const module = moduleOf((context) => {
      runs++
      return merge.run(context)
    })
    const results = await work({
      module,
      work: objects('a', 'b', 'c'),
      run: plannedRun({ uses: ['catalog'] }),
    })
    expect(show(results)).toEqual([
      ['in/a', 'rejected'],
      ['in/b', 'succeeded'],
      ['in/c', 'succeeded'],
    ])
    expect(runs).toBe(4)
  })

  it('have run ids of their own', async () => {
    await upload({ a: 'bad', b: 'b' })
    const results = await work({ module: mergeModule(), work: objects('a', 'b') })
    expect(results.map(({ runId }) => runId)).toEqual(['run-1.2', 'run-1.3'])
  })

  it('settle as a whole when only executeRun is asked', async () => {
    await upload({ a: 'bad', b: 'b' })
    const result = await executeRun(world.request({ module: mergeModule(), work: objects('a', 'b') }))
    expect(result).toMatchObject({ outcome: 'rejected', isSettled: true })
    expect((await entryOf('b'))?.done?.outcome).toBe('rejected')
  })
})

describe('a group that two holders were given', () => {
  it('is run whole by the one that was first', async () => {
    await upload({ a: 'a', b: 'b', c: 'c' })
    const second: unknown[] = []
    /** The second holder comes when the first has just claimed one of the three. */
    class Meeting extends MemoryObjectStore {
      override async put(...args: Parameters<MemoryObjectStore['put']>) {
        const info = await super.put(...args)
        if (second.length === 0) {
          second.push('begun')
          second.push(...(await work({ ...request, holder: 'h2', runId: 'run-2' })))
        }
        return info
      }
    }
    const stores = { ...world.request().stores, logs: new Meeting() }
    const request = { module: mergeModule(), work: objects('c', 'a', 'b'), stores }
    expect(show(await work(request))).toEqual([['in/c in/a in/b', 'succeeded']])
    expect(second).toMatchObject(['begun', { outcome: 'skipped', reason: 'in-progress' }])
    expect(await keysOf(world.output)).toEqual(['data/in/c'])
    expect(await textOf(world.output, 'data/in/c')).toBe('c+a+b')
  })
})

describe('work that is overtaken', () => {
  it('goes on with the newest version, which its event had left to this holder', async () => {
    await upload({ a: 'one' })
    let isFirst = true
    const nested: unknown[] = []
    const module = moduleOf(async (context) => {
      const result = await copyModule.run(context)
      if (isFirst) {
        isFirst = false
        await upload({ a: 'two' })
        nested.push(...(await work({ work: objects('a'), holder: 'h2', runId: 'run-2' })))
      }
      return result
    })
    const results = await work({ module, work: objects('a') })
    expect(nested).toMatchObject([{ outcome: 'skipped', reason: 'in-progress' }])
    expect(results).toMatchObject([
      { outcome: 'succeeded', overtaken: objects('a') },
      { outcome: 'succeeded', runId: 'run-1.2' },
    ])
    expect(await textOf(world.output, 'data/in/a')).toBe('two')
  })

  it('does so too after a failure that used up its attempts', async () => {
    await upload({ a: 'one' })
    let isFirst = true
    const module = moduleOf(async (context) => {
      if (!isFirst) return copyModule.run(context)
      isFirst = false
      await upload({ a: 'two' })
      await work({ work: objects('a'), holder: 'h2', runId: 'run-2' })
      throw new Error('no luck')
    })
    const results = await work({ module, work: objects('a'), attempt: 3 })
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
    expect(worstResult(results)?.outcome).toBe('succeeded')
  })
})

describe('a replay', () => {
  it('does again what is done, once for all of its attempts', async () => {
    await upload({ a: 'one' })
    await work({ work: objects('a') })
    const replay = { work: objects('a'), replay: true, runId: 'replay-1', holder: 'replay-1' }
    expect(show(await work(replay))).toEqual([['in/a', 'succeeded']])
    expect(show(await work({ ...replay, attempt: 2 }))).toEqual([['in/a', 'skipped']])
    expect((await entryOf('a'))?.epoch).toBe(1)
  })
})

describe('worstResult', () => {
  it('is undefined of nothing', () => {
    expect(worstResult([])).toBeUndefined()
  })
})

describe('killed at any step and run again', () => {
  /** Answers `answers` operations; the one after that takes effect, or not, and nothing is ever heard again. */
  function mortal(answers: number, isLastDone: boolean) {
    let left = answers
    const state = { isDead: false }
    async function through<T>(operation: () => Promise<T>): Promise<T> {
      if (left-- > 0) return operation()
      if (!state.isDead && isLastDone) await operation().catch(() => undefined)
      state.isDead = true
      return new Promise(() => undefined)
    }
    const wrap = (store: ObjectStore): ObjectStore => ({
      get: (key, options) => through(() => store.get(key, options)),
      head: (key) => through(() => store.head(key)),
      put: (key, body, options) => through(() => store.put(key, body, options)),
      delete: (key) => through(() => store.delete(key)),
      async *list(prefix, options) {
        yield* await through(async () => {
          const found = []
          for await (const info of store.list(prefix, options)) found.push(info)
          return found
        })
      },
    })
    return { wrap, state }
  }

  async function killAndRetry(answers: number, isLastDone: boolean, names: readonly string[]) {
    const stores = {
      input: new MemoryObjectStore(),
      output: new MemoryObjectStore(),
      logs: new MemoryObjectStore(),
    }
    for (const name of names) await stores.input.put(`in/${name}`, name)
    const { wrap, state } = mortal(answers, isLastDone)
    const end = new AbortController()
    const request = world.request({ module: mergeModule(), work: objects(...names) })
    const first = executeWork({
      ...request,
      signal: end.signal,
      stores: {
        inputs: { input: wrap(stores.input) },
        outputs: { output: wrap(stores.output) },
        logs: wrap(stores.logs),
      },
    })
    let hasEnded = false
    void first.then(() => {
      hasEnded = true
    })
    for (let i = 0; i < 200 && !hasEnded && !state.isDead; i++) await new Promise((r) => setTimeout(r, 1))
    if (state.isDead) await new Promise((r) => setTimeout(r, 2))
    const bytes = await textOf(stores.output, `data/in/${names[0]}`)
    expect([undefined, names.join('+')]).toContain(bytes)
    const plain = { inputs: { input: stores.input }, outputs: { output: stores.output }, logs: stores.logs }
    const retried = await executeWork({ ...request, attempt: 2, stores: plain })
    expect(retried).toHaveLength(1)
    expect(await keysOf(stores.output)).toEqual([`data/in/${names[0]}`])
    expect(await textOf(stores.output, `data/in/${names[0]}`)).toBe(names.join('+'))
    for (const name of names) expect((await entryOf(name, stores.logs))?.state).toBe('done')
    expect(await keysOf(stores.logs, 'ledger/')).toHaveLength(names.length)
    const succeeded = (await keysOf(stores.logs, 'runs/')).filter((key) => key.includes('-succeeded-'))
    expect(succeeded).toHaveLength(1)
    // Only now, so that the dead process leaves its scratch space and timer behind before the test ends.
    end.abort()
    await new Promise((r) => setTimeout(r, 5))
    return hasEnded
  }

  it.each([
    ['one object', ['a']],
    ['a group of objects', ['a', 'b', 'c']],
  ])('%s: the same bytes, one record, done', async (_, names) => {
    for (const isLastDone of [false, true]) {
      let answers = 0
      while (!(await killAndRetry(answers, isLastDone, names))) answers++
      expect(answers).toBeGreaterThan(6)
    }
  })

  it('a group is taken up again as it was, apart from what is new', async () => {
    const run = plannedRun({ trigger: cronTrigger() })
    const logs = world.logs
    await upload({ b: 'b', c: 'c' })
    const look = () =>
      findNewObjects({
        run,
        reader: world.input,
        ledger: openLedger(run, logs, () => world.time),
        now: world.time,
      })
    const [group] = await look()
    const failing = moduleOf(async (context) => {
      await mergeModule().run(context)
      throw new Error('no luck')
    })
    await executeWork({ ...world.request({ run, module: failing, work: group as WorkUnit }) })
    await upload({ a: 'a' })
    expect(await look()).toEqual([objects('a'), objects('b', 'c')])
  })
})
