import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectStore, PutBody, RunContext } from '../contracts.ts'
import { AbortedError, ConfigError, InputError, QualityError, StoreError } from '../errors.ts'
import type { PipelineConfig } from '../ingest/config/types.ts'
import { createFilesOf } from '../ingest/storage/stored-files.ts'
import { createLog } from '../log.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { executeRun, type RunRequest } from './execute.ts'
import type { FilesOf } from './inputs.ts'
import { openLedger } from './ledger.ts'
import { type FailureReport, type RunRecord, readRecord } from './record.ts'
import {
  copyModule,
  keysOf,
  makeWorld,
  moduleOf,
  plannedRun,
  textOf,
  type World,
} from './testing/fixtures.ts'

let root: string
let world: World
beforeEach(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'sluice-run-'))
  world = makeWorld(root)
  await world.input.put('in/a.csv', 'one')
})
afterEach(() => rmSync(root, { recursive: true }))

const run = (changes: Partial<RunRequest> = {}) => executeRun(world.request(changes))
const succeeded = { outcome: 'succeeded', counts: {} } as const
const failing = (error: unknown) => moduleOf(() => Promise.reject(error))
const ledger = () => openLedger(plannedRun(), world.logs, () => world.time)
const entry = () => ledger().read({ kind: 'object', key: 'in/a.csv' })
async function recordOf(key: string | undefined): Promise<RunRecord> {
  const record = await readRecord(world.logs, key as string)
  if (!record) throw new Error('there is no record')
  return record
}

describe('a run that succeeds', () => {
  it('leaves outputs, then a record with checksums, then a ledger entry that is done', async () => {
    const result = await run()
    expect(result).toMatchObject({
      outcome: 'succeeded',
      isSettled: true,
      counts: { files: 1 },
      runId: 'run-1',
    })
    expect(result.record).toBe('runs/lidar/humboldt/2026/11/20/140500-succeeded-run-1-1.json')
    expect(result.failure).toBeUndefined()
    expect(await textOf(world.output, 'data/in/a.csv')).toBe('one')
    const etag = (await world.input.head('in/a.csv'))?.etag
    expect(await recordOf(result.record)).toMatchObject({
      codeVersion: 'abc123',
      holder: 'holder-1',
      inputs: { total: 1, bytes: 3, objects: [{ key: 'in/a.csv', size: 3, etag }] },
      outputs: {
        objects: [
          {
            bucket: 'output',
            key: 'data/in/a.csv',
            size: 3,
            sha256: '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',
          },
        ],
      },
    })
    expect(await entry()).toMatchObject({ state: 'done', work: { key: 'in/a.csv' }, done: { digest: etag } })
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  it('is not done again, by anyone, and leaves no second record', async () => {
    await run()
    const again = await run({ runId: 'run-2', holder: 'holder-2' })
    expect(again).toMatchObject({ outcome: 'skipped', reason: 'done', outputs: [] })
    expect(again.record).toBeUndefined()
    expect(await keysOf(world.logs, 'runs/')).toHaveLength(1)
  })

  it('is done for the next version', async () => {
    await run()
    await world.input.put('in/a.csv', 'two')
    expect((await run({ runId: 'run-2' })).outcome).toBe('succeeded')
    expect(await textOf(world.output, 'data/in/a.csv')).toBe('two')
  })

  it('gets the trigger time, the project and a place to work, and tells of its progress', async () => {
    const seen: unknown[] = []
    const module = moduleOf(async (context: RunContext) => {
      expect(context.now).toEqual(new Date('2026-11-20T14:00:00Z'))
      expect(context.projectRoot).toBe('/project')
      expect(readdirSync(context.scratchDir)).toEqual([])
      expect(context.outputs.output).toBe(context.output)
      context.progress(1, 2)
      return succeeded
    })
    const onProgress = (...args: unknown[]) => seen.push(args)
    const result = await run({ module, now: new Date('2026-11-20T14:00:00Z'), onProgress })
    expect(result).toMatchObject({ outcome: 'succeeded' })
    expect(seen).toEqual([[1, 2]])
  })

  it('logs lines with run id and code version', async () => {
    const lines: string[] = []
    const log = createLog({ write: (line) => lines.push(line), now: () => world.time, fields: {} })
    await run({ log })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'Run:Start', runId: 'run-1', codeVersion: 'abc123', pipeline: 'lidar' },
      { event: 'Run:Done', outcome: 'succeeded', outputs: 1, runId: 'run-1' },
    ])
  })
})

describe('a run that is skipped', () => {
  it.each(['empty', 'no-input'] as const)('as %s leaves a record with a warning', async (reason) => {
    const result = await run({ module: moduleOf(async () => ({ outcome: 'skipped', reason })) })
    expect(result).toMatchObject({ outcome: 'skipped', reason, isSettled: true })
    expect((await recordOf(result.record)).warnings).toHaveLength(1)
    expect(await keysOf(world.logs, 'failures/')).toEqual([])
  })

  it('as filtered leaves none, and is done', async () => {
    const result = await run({ module: moduleOf(async () => ({ outcome: 'skipped', reason: 'filtered' })) })
    expect(result.record).toBeUndefined()
    expect((await entry())?.state).toBe('done')
  })

  it('because its object is not there says so', async () => {
    const result = await run({ work: { kind: 'objects', keys: ['in/none.csv'] } })
    expect(result).toMatchObject({ outcome: 'skipped', reason: 'no-input' })
    expect(result.warnings).toContain('in/none.csv: there is no such object')
    expect(result.record).toBeDefined()
    expect(await keysOf(world.logs, 'ledger/')).toEqual([])
  })

  it('because someone else is at it leaves no record', async () => {
    const nested: { outcome: string; reason?: string }[] = []
    const module = moduleOf(async () => {
      nested.push(await run({ holder: 'holder-2', runId: 'run-2', module: copyModule }))
      return succeeded
    })
    await run({ module })
    expect(nested).toMatchObject([{ outcome: 'skipped', reason: 'in-progress' }])
    expect(await keysOf(world.logs, 'runs/')).toHaveLength(1)
  })
})

describe('a run that is rejected', () => {
  it.each([
    new InputError('the file is empty', { place: { file: 'in/a.csv', line: 1 }, cause: new Error('root') }),
    new QualityError('too many failed'),
  ])('by %s leaves a record and a failure report, and is not tried again', async (error) => {
    const result = await run({ module: failing(error) })
    expect(result).toMatchObject({ outcome: 'rejected', isSettled: true, error: { message: error.message } })
    expect(await recordOf(result.record)).toMatchObject({ outcome: 'rejected', error: { tag: error.tag } })
    const report: FailureReport = JSON.parse((await textOf(world.logs, result.failure as string)) as string)
    expect(report).toMatchObject({ record: result.record, runId: 'run-1', error: { message: error.message } })
    expect(await entry()).toMatchObject({ state: 'done', done: { outcome: 'rejected' } })
    expect(await run({ runId: 'run-2' })).toMatchObject({ outcome: 'skipped', reason: 'done' })
  })

  it('for its configuration runs again once that is mended', async () => {
    const error = new ConfigError([{ file: 'p.yaml', path: 'a', message: 'is wrong', severity: 'error' }])
    const result = await run({ module: failing(error) })
    expect(result).toMatchObject({ outcome: 'rejected', isSettled: false })
    expect(result.failure).toBeDefined()
    expect(await entry()).toMatchObject({ state: 'failed', failed: { message: 'p.yaml a: is wrong' } })
    expect((await run({ runId: 'run-2', holder: 'other' })).outcome).toBe('succeeded')
  })
})

describe('a run that fails', () => {
  it('leaves a record; a failure report only when its attempts are used up', async () => {
    const first = await run({ module: failing(new Error('no luck')), attempt: 1 })
    expect(first).toMatchObject({ outcome: 'failed', isSettled: false, error: { message: 'no luck' } })
    expect(first.record).toBeDefined()
    expect(first.failure).toBeUndefined()
    const last = await run({ module: failing('a text'), attempt: 3 })
    expect(last).toMatchObject({ outcome: 'failed', error: { name: 'Thrown', message: 'a text' } })
    expect(last.failure).toBeDefined()
    expect(await keysOf(world.logs, 'failures/')).toHaveLength(1)
  })

  it('gives its claim back, so that anyone may go on at once', async () => {
    await run({ module: failing(new Error('no luck')) })
    expect(await entry()).toMatchObject({ state: 'failed', failed: { message: 'no luck' } })
    expect((await run({ holder: 'holder-2', runId: 'run-2' })).outcome).toBe('succeeded')
    expect((await entry())?.failed).toBeUndefined()
  })

  it('when the pipeline throws before its first await, or returns nonsense', async () => {
    const thrower = moduleOf(() => {
      throw new Error('at once')
    })
    expect(await run({ module: thrower })).toMatchObject({ outcome: 'failed', error: { message: 'at once' } })
    const nonsense = moduleOf(async () => undefined as never)
    expect((await run({ module: nonsense, attempt: 2 })).error?.message).toMatch(
      /succeeded\(…\) or skipped\(…\)/,
    )
  })

  it('when it writes outside its plan, even if it swallows the refusal', async () => {
    const module = moduleOf(async ({ output }) => {
      await output.put('elsewhere/x', 'x').catch(() => undefined)
      await output.delete('elsewhere/y').catch(() => undefined)
      return succeeded
    })
    const result = await run({ module })
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { message: 'output:elsewhere/x: lidar/humboldt may not write here; allowed: output:data/*' },
    })
    expect(await keysOf(world.output)).toEqual([])
  })

  it('when the input store cannot be reached', async () => {
    const input = new MemoryObjectStore()
    input.head = () => Promise.reject(new StoreError('unreachable'))
    const stores = { ...world.request().stores, inputs: { input } }
    expect(await run({ stores })).toMatchObject({ outcome: 'failed', error: { message: 'unreachable' } })
  })

  it('when it runs out of time, although the pipeline ignores the signal', async () => {
    let late: Promise<unknown> = Promise.resolve()
    const module = moduleOf(async ({ output }) => {
      await sleep(150)
      late = output.put('data/late', 'x')
      await late
      return succeeded
    })
    const short = plannedRun({ compute: { ...plannedRun().compute, timeoutSeconds: 0.05 } })
    const result = await run({ module, run: short })
    expect(result).toMatchObject({ outcome: 'failed', error: { tag: 'timeout' } })
    expect(result.error?.message).toBe(
      'lidar/humboldt run-1 did not end within its 0.1 seconds (timeout, in the registry)',
    )
    await sleep(200)
    await expect(late).rejects.toThrow()
    expect(await keysOf(world.output)).toEqual([])
    expect(readdirSync(root)).toEqual([])
  })

  it('when its deadline passed while the process slept: nothing is written after it', async () => {
    const module = moduleOf(async ({ output }) => {
      world.time = new Date(world.time.getTime() + 61_000)
      await output.put('data/x', 'x')
      return succeeded
    })
    expect(await run({ module })).toMatchObject({ outcome: 'failed', error: { tag: 'timeout' } })
    expect(await keysOf(world.output)).toEqual([])
  })

  it('when it came back after its deadline: someone else may have begun by then', async () => {
    const module = moduleOf(async () => {
      world.time = new Date(world.time.getTime() + 60_000)
      return succeeded
    })
    expect(await run({ module })).toMatchObject({ outcome: 'failed', error: { tag: 'timeout' } })
    await world.input.put('in/a.csv', 'two')
    const deadline = new Date(world.time.getTime() + 1000)
    const early = moduleOf(async () => {
      world.time = deadline
      return succeeded
    })
    expect((await run({ module: early, deadline })).error?.message).toMatch(
      /within its 1 second \(timeout, in the registry\)$/,
    )
  })

  it('when it is told to stop', async () => {
    const controller = new AbortController()
    const module = moduleOf(async ({ signal }) => {
      controller.abort(new AbortedError('the machine goes away'))
      expect(signal.aborted).toBe(true)
      return new Promise(() => undefined)
    })
    const result = await run({ module, signal: controller.signal })
    expect(result).toMatchObject({ outcome: 'failed', error: { message: 'the machine goes away' } })
    const before = await run({ signal: AbortSignal.abort('bye'), attempt: 2 })
    expect(before).toMatchObject({ outcome: 'failed', error: { tag: 'aborted', cause: { message: 'bye' } } })
  })
})

const vapRun = plannedRun({
  type: 'vap',
  trigger: { kind: 'cron', expression: 'rate(1 hour)', timezone: 'UTC' },
  reads: [{ bucket: 'output', prefix: 'data/' }],
  window: {
    unit: 'hour',
    lookBackSeconds: 86_400,
    lagSeconds: 0,
    maxWindows: 5,
    padding: { beforeSeconds: 600, afterSeconds: 60 },
  },
})

describe('inputs', () => {
  it('are read at the claimed version, and the run starts over when one was replaced', async () => {
    let passes = 0
    const module = moduleOf(async (context) => {
      if (++passes === 1) await world.input.put('in/a.csv', 'two')
      return copyModule.run(context)
    })
    const result = await run({ module })
    expect(result.outcome).toBe('succeeded')
    expect(passes).toBe(2)
    expect(await textOf(world.output, 'data/in/a.csv')).toBe('two')
    expect(await keysOf(world.logs, 'runs/')).toHaveLength(1)
    const etag = (await world.input.head('in/a.csv'))?.etag
    expect(await entry()).toMatchObject({ state: 'done', done: { digest: etag } })
  })

  it('that were replaced make it start over even if the pipeline swallows the error', async () => {
    let passes = 0
    const module = moduleOf(async ({ raw }) => {
      if (++passes === 1) await world.input.put('in/a.csv', 'two')
      await raw.get('in/a.csv').catch(() => undefined)
      return succeeded
    })
    await run({ module })
    expect(passes).toBe(2)
  })

  it('that never stay the same make it fail in the end', async () => {
    let version = 0
    const module = moduleOf(async (context) => {
      await world.input.put('in/a.csv', `version ${++version}`)
      return copyModule.run(context)
    })
    expect(await run({ module })).toMatchObject({ outcome: 'failed', isSettled: false })
    expect(version).toBe(5)
    expect((await entry())?.claim).toBeUndefined()
  })

  it('that went away meanwhile are no input, and nothing stays claimed', async () => {
    const module = moduleOf(async (context) => {
      await world.input.delete('in/a.csv')
      return copyModule.run(context)
    })
    expect(await run({ module })).toMatchObject({ outcome: 'skipped', reason: 'no-input' })
    expect(await entry()).toMatchObject({ state: 'waiting' })
    expect(await entry()).not.toHaveProperty('done')
  })

  it('are all that can be read', async () => {
    await world.input.put('in/b.csv', 'two')
    const module = moduleOf(async ({ raw }) => {
      const listed: string[] = []
      for await (const { key } of raw.list('in/')) listed.push(key)
      expect(listed).toEqual(['in/a.csv'])
      expect(await raw.head('in/none')).toBeUndefined()
      expect(await raw.get('in/none')).toBeUndefined()
      expect((await raw.head('in/a.csv'))?.size).toBe(3)
      const part = await raw.get('in/a.csv', { range: { start: 1 } })
      expect(part?.size).toBe(3)
      await expect(raw.head('in/b.csv')).rejects.toThrow("in/b.csv: is not among this run's inputs")
      await raw.get('in/b.csv')
      return succeeded
    })
    expect((await run({ module })).error?.message).toMatch(/^in\/b\.csv: is not among/)
  })

  it('of a prefix are its listing, as one piece of work', async () => {
    await world.input.put('in/', '')
    await world.input.put('in/b.txt', 'b')
    const scan = plannedRun({
      input: 'prefix',
      trigger: {
        kind: 's3',
        source: { bucket: 'input', prefix: 'in/' },
        files: { glob: '*.csv', ignoreCase: false },
      },
    })
    const seen: string[][] = []
    const module = moduleOf(async ({ raw, work }) => {
      expect(work).toEqual({ kind: 'prefix', prefix: 'in/' })
      const keys: string[] = []
      for await (const { key } of raw.list('in/')) keys.push(key)
      seen.push(keys)
      return succeeded
    })
    const request = { run: scan, module, work: { kind: 'prefix', prefix: 'in/' } as const }
    const first = await run(request)
    expect(first.outcome).toBe('succeeded')
    expect((await recordOf(first.record)).digest).toMatch(/^sha256:/)
    expect(await run({ ...request, runId: 'r2' })).toMatchObject({ reason: 'done' })
    await world.input.put('in/c.csv', 'c')
    expect((await run({ ...request, runId: 'r3' })).outcome).toBe('succeeded')
    expect(seen).toEqual([['in/a.csv'], ['in/a.csv', 'in/c.csv']])
  })

  it('of a shard are its share of the listing, each shard by itself done', async () => {
    const names = Array.from(
      { length: 40 },
      (_, i) => `in/${String.fromCharCode(97 + (i % 26))}${'x'.repeat(i)}.csv`,
    )
    await world.input.delete('in/a.csv')
    for (const name of names) await world.input.put(name, name)
    const scan = plannedRun({ input: 'prefix', shards: 3 })
    const seen: string[] = []
    const module = moduleOf(async ({ raw, inputs }) => {
      const keys: string[] = []
      for await (const { key } of raw.list('in/')) keys.push(key)
      expect(inputs.map(({ key }) => key)).toEqual(keys)
      const other = names.find((name) => !keys.includes(name)) as string
      await expect(raw.head(other)).rejects.toThrow("is not among this run's inputs")
      seen.push(...keys)
      return succeeded
    })
    for (const round of [1, 2]) {
      for (const index of [0, 1, 2]) {
        const work = { kind: 'prefix', prefix: 'in/', shard: { index, of: 3 } } as const
        const result = await run({ run: scan, module, work, runId: `r${round}-${index}` })
        if (round === 1) {
          const { inputs, digest } = await recordOf(result.record)
          expect(inputs.total).toBe(inputs.objects.length)
          expect(digest).toMatch(/^sha256:/)
        } else expect(result).toMatchObject({ outcome: 'skipped', reason: 'done' })
      }
    }
    expect(seen.toSorted()).toEqual(names.toSorted())
  })

  it('of an empty prefix are none, and the pipeline is asked what that means', async () => {
    const work = { kind: 'prefix', prefix: 'none/' } as const
    const module = moduleOf(async () => ({ outcome: 'skipped', reason: 'empty' }))
    const result = await run({ run: plannedRun({ input: 'prefix' }), module, work })
    expect(result).toMatchObject({ outcome: 'skipped', reason: 'empty', isSettled: true })
    expect((await recordOf(result.record)).warnings).toEqual(['the input holds no data'])
  })

  it('of a window are the files that its padded fetch reads; without any there is nothing to do', async () => {
    const window = { start: '2026-11-20T13:00:00Z', end: '2026-11-20T14:00:00Z' }
    const spans: unknown[] = []
    const filesOf: FilesOf = async (reader, span) => {
      spans.push(span)
      const info = await reader.head('data/x.nc')
      return info ? [info] : []
    }
    const module = moduleOf(async ({ raw, work }) => {
      expect(work).toEqual({ kind: 'window', window })
      expect(await textOf(raw, 'data/x.nc')).toBe('x')
      return succeeded
    })
    const request = {
      run: vapRun,
      module,
      makeFilesOf: () => filesOf,
      work: { kind: 'window', window } as const,
    }
    expect(await run(request)).toMatchObject({ outcome: 'skipped', reason: 'no-input' })
    await world.output.put('data/x.nc', 'x')
    expect((await run({ ...request, runId: 'r2' })).outcome).toBe('succeeded')
    expect(spans[0]).toEqual({ start: '2026-11-20T12:50:00.000Z', end: '2026-11-20T14:01:00.000Z' })
    expect(await run({ ...request, makeFilesOf: () => undefined, runId: 'r3' })).toMatchObject({
      outcome: 'failed',
    })
  })

  it('of a window are listed anew when the run starts over', async () => {
    const key: string = 'data/a.b.c1/a.b.c1.20201201.000000.nc'
    await world.output.put(key, 'v1')
    const config = {
      storage: {
        dataStoragePath: 'data/{datastream}',
        dataFilenameTemplate: '{datastream}.{date_time}.{extension}',
        handler: { extension: '.nc', writer: {}, reader: {} },
      },
      datastreams: ['a.b.c1'],
    }
    const read: (string | undefined)[] = []
    let runs = 0
    const module = moduleOf(async ({ raw, inputs }) => {
      if (++runs === 1) await world.output.put(key, 'v2')
      read.push(await textOf(raw, inputs[0]?.key ?? ''))
      return succeeded
    })
    const result = await run({
      run: vapRun,
      module,
      makeFilesOf: () => createFilesOf(config as unknown as PipelineConfig),
      work: { kind: 'window', window: { start: '2020-12-01T00:00:00Z', end: '2020-12-01T01:00:00Z' } },
    })
    expect(result.outcome).toBe('succeeded')
    expect(read).toEqual(['v2'])
  })

  it('of a window whose configuration is wrong reject the run, as no retry mends it', async () => {
    const problem = {
      severity: 'error',
      file: 'pipeline.yaml',
      path: 'storage',
      message: 'is missing',
    } as const
    const result = await run({
      run: vapRun,
      makeFilesOf: () => {
        throw new ConfigError([problem])
      },
      work: { kind: 'window', window: { start: '2020-12-01T00:00:00Z', end: '2020-12-01T01:00:00Z' } },
    })
    expect(result).toMatchObject({ outcome: 'rejected', isSettled: false, error: { name: 'ConfigError' } })
  })

  it('of several keys are claimed each, and only the free ones are run', async () => {
    await run()
    await world.input.put('in/b.csv', 'two')
    const module = moduleOf(async (context) => {
      expect(context.work).toEqual({ kind: 'objects', keys: ['in/b.csv'] })
      return copyModule.run(context)
    })
    const result = await run({
      module,
      runId: 'r2',
      work: { kind: 'objects', keys: ['in/a.csv', 'in/b.csv', 'in/b.csv'] },
    })
    expect(result.outcome).toBe('succeeded')
    expect((await recordOf(result.record)).inputs.total).toBe(1)
  })
})

describe('outputs', () => {
  it('are streamed, hashed and recorded once each; what was deleted again is not', async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('ab')
      yield Buffer.from('c')
    }
    const module = moduleOf(async ({ output }) => {
      await output.put('data/x', 'first')
      await output.put('data/x', body())
      await output.put('data/y', new Uint8Array(2))
      await output.delete('data/y')
      return succeeded
    })
    const result = await run({ module })
    expect(result.outputs).toMatchObject([
      { key: 'data/x', size: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    ])
  })

  it('get the signal of the run, so that a write under way ends with it', async () => {
    const signals: (AbortSignal | undefined)[] = []
    class Watching extends MemoryObjectStore {
      override put(key: string, body: PutBody, options?: Parameters<ObjectStore['put']>[2]) {
        signals.push(options?.signal)
        return super.put(key, body, options)
      }
    }
    const output = new Watching()
    const own = new AbortController()
    const module = moduleOf(async (context) => {
      await context.output.put('data/x', 'x', { signal: own.signal })
      return succeeded
    })
    await run({ module, stores: { ...world.request().stores, outputs: { output } } })
    expect(signals[0]?.aborted).toBe(true)
  })

  it('may be none: a run without writes has a store that refuses', async () => {
    const module = moduleOf(async ({ output }) => {
      await output.put('data/x', 'x')
      return succeeded
    })
    const result = await run({ module, run: plannedRun({ writes: [] }) })
    expect(result.error?.message).toBe('output:data/x: lidar/humboldt may not write here; allowed: nothing')
  })
})

describe('scratch space', () => {
  it('is removed after success and failure, and two runs at once do not share it', async () => {
    const dirs = new Set<string>()
    const module = moduleOf(async ({ scratchDir }) => {
      expect(readdirSync(scratchDir)).toEqual([])
      dirs.add(scratchDir)
      await writeFile(path.join(scratchDir, 'x'), 'x')
      await sleep(10)
      expect(readdirSync(scratchDir)).toEqual(['x'])
      return succeeded
    })
    await world.input.put('in/b.csv', 'two')
    const other = { work: { kind: 'objects', keys: ['in/b.csv'] } as const, holder: 'h2', module }
    const results = await Promise.all([run({ module }), run({ ...other, runId: 'run-1', attempt: 2 })])
    expect(results.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
    expect(dirs.size).toBe(2)
    const leaving = moduleOf(async ({ scratchDir }) => {
      writeFileSync(path.join(scratchDir, 'left'), 'x')
      throw new Error('no')
    })
    await world.input.put('in/a.csv', 'two')
    expect((await run({ module: leaving, runId: 'job:7/../x' })).outcome).toBe('failed')
    expect(readdirSync(root)).toEqual([])
  })

  it('that cannot be made fails the run', async () => {
    writeFileSync(path.join(root, 'file'), '')
    const result = await run({ scratchRoot: path.join(root, 'file') })
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'EEXIST' } })
  })
})

describe('when the logs bucket fails', () => {
  class Failing extends MemoryObjectStore {
    refuse = ''
    override put(...args: Parameters<MemoryObjectStore['put']>) {
      return args[0].startsWith(this.refuse) && this.refuse !== ''
        ? Promise.reject(new StoreError('the disk is full'))
        : super.put(...args)
    }
  }
  let logs: Failing
  beforeEach(() => {
    logs = new Failing()
  })
  const request = () => ({ stores: { ...world.request().stores, logs } })

  it('at the record: throws with the cause, and the next attempt comes to the same bytes', async () => {
    logs.refuse = 'runs/'
    const error: unknown = await run(request()).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoreError)
    expect((error as Error).cause).toMatchObject({ message: 'the disk is full' })
    const before = await textOf(world.output, 'data/in/a.csv')
    logs.refuse = ''
    // Anyone, at once: the claim was given back.
    const again = await run({ ...request(), holder: 'other', runId: 'run-2' })
    expect(again.outcome).toBe('succeeded')
    expect(await textOf(world.output, 'data/in/a.csv')).toBe(before)
    expect(await keysOf(logs, 'runs/')).toHaveLength(1)
  })

  it('at the record of a failure: the thrown error holds both', async () => {
    logs.refuse = 'runs/'
    const error = await run({ ...request(), module: failing(new Error('no luck')) }).catch(
      (thrown: Error) => thrown,
    )
    expect(((error as Error).cause as AggregateError).errors).toMatchObject([
      { message: 'no luck' },
      { message: 'the disk is full' },
    ])
  })

  it('at the claim: the run fails and nothing was run', async () => {
    logs.refuse = 'ledger/'
    const result = await run(request())
    expect(result).toMatchObject({ outcome: 'failed', error: { message: 'the disk is full' } })
    expect(await keysOf(world.output)).toEqual([])
  })

  it('after the record: the run is done, and whoever comes next finds that out from the record', async () => {
    const module = moduleOf(async (context) => {
      const result = await copyModule.run(context)
      logs.refuse = 'ledger/'
      return result
    })
    const result = await run({ ...request(), module })
    expect(result).toMatchObject({ outcome: 'succeeded', isSettled: true })
    expect(result.warnings[0]).toMatch(/ledger could not be brought up to date: the disk is full/)
    logs.refuse = ''
    const retry = await run({ ...request(), attempt: 2 })
    expect(retry).toMatchObject({ outcome: 'skipped', reason: 'done' })
    expect(await keysOf(logs, 'runs/')).toHaveLength(1)
  })

  it('by a damaged ledger entry: the run fails and names it', async () => {
    await run(request())
    const [key] = await keysOf(logs, 'ledger/')
    await logs.put(key as string, '{"format": 7}')
    expect((await run({ ...request(), runId: 'r2' })).error?.message).toMatch(
      /^ledger\/lidar\/humboldt\/[0-9a-f]{40}\.json: is not a ledger entry/,
    )
  })
})
