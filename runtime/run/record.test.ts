import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError, StoreError } from '../errors.ts'
import { summarizeError } from '../log.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import {
  type FailureReport,
  findRecords,
  listing,
  parseRecordKey,
  type RecordName,
  type RunRecord,
  readRecord,
  recordKey,
  writeFailure,
  writeRecord,
} from './record.ts'
import { listRecords, type RecordFilter } from './record-list.ts'
import { textOf } from './testing/fixtures.ts'

function recordOf(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    format: 1,
    pipeline: 'lidar',
    site: 'humboldt',
    runId: 'run-1',
    attempt: 1,
    attempts: 3,
    holder: 'h',
    codeVersion: 'abc',
    outcome: 'succeeded',
    isSettled: true,
    work: { kind: 'objects', keys: ['in/a.csv'] },
    now: '2026-11-20T14:00:00.000Z',
    startedAt: '2026-11-20T14:05:06.789Z',
    endedAt: '2026-11-20T14:05:08.289Z',
    seconds: 1.5,
    inputs: listing([{ key: 'in/a.csv', size: 3, etag: 'e' }]),
    outputs: listing([{ bucket: 'output' as const, key: 'data/a.nc', size: 9, etag: 'f', sha256: '00' }]),
    counts: { rows: 10 },
    warnings: [],
    ...changes,
  }
}

describe('records', () => {
  it('stand under the day and second of their start, and read back as they were', async () => {
    const store = new MemoryObjectStore()
    const error = summarizeError(new InputError('bad', { cause: new Error('why') }))
    const record = recordOf({ outcome: 'rejected', error, reason: 'empty' })
    const key = await writeRecord(store, record)
    expect(key).toBe('runs/lidar/humboldt/2026/11/20/140506-rejected-run-1-1.json')
    expect(await readRecord(store, key)).toEqual(record)
    expect(await readRecord(store, 'runs/none')).toBeUndefined()
  })

  it('are never written over; the same one again is no harm', async () => {
    const store = new MemoryObjectStore()
    await writeRecord(store, recordOf())
    await writeRecord(store, recordOf())
    await expect(writeRecord(store, recordOf({ seconds: 2 }))).rejects.toThrow(StoreError)
  })

  it('that are damaged are refused by name', async () => {
    const store = new MemoryObjectStore()
    for (const text of ['', 'null', '{"format": 2}', '[]', '{"format":1']) {
      await store.put('runs/x', text)
      await expect(readRecord(store, 'runs/x')).rejects.toThrow(/^runs\/x: /)
    }
  })

  it('have keys that say what they are, whatever the names', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    const name: fc.Arbitrary<RecordName> = fc.record({
      pipeline: text,
      site: text,
      runId: text,
      attempt: fc.nat(),
      outcome: fc.constantFrom('succeeded', 'skipped', 'rejected', 'failed'),
      startedAt: fc
        .integer({ min: 0, max: Date.UTC(9999, 11, 31) / 1000 })
        .map((seconds) => new Date(seconds * 1000)),
    })
    fc.assert(
      fc.property(name, (it) => {
        expect(parseRecordKey(recordKey(it))).toEqual(it)
      }),
    )
    for (const key of [
      'runs/a/b/2026/11/20/140506-done-r-1.json',
      'runs/a/b/2026/99/20/140506-failed-r-1.json',
      'x',
    ]) {
      expect(parseRecordKey(key)).toBeUndefined()
    }
  })

  it('are found by run, attempt and start', async () => {
    const store = new MemoryObjectStore()
    await writeRecord(store, recordOf())
    await writeRecord(store, recordOf({ runId: 'run-1-1' }))
    await writeRecord(store, recordOf({ attempt: 11 }))
    const found: RunRecord[] = []
    const startedAt = new Date('2026-11-20T14:05:06.789Z')
    for await (const record of findRecords(store, {
      pipeline: 'lidar',
      site: 'humboldt',
      runId: 'run-1',
      attempt: 1,
      startedAt,
    })) {
      found.push(record)
    }
    expect(found).toEqual([recordOf()])
  })

  it('of failures name their record and the error', async () => {
    const store = new MemoryObjectStore()
    const key = await writeFailure(store, recordOf({ outcome: 'failed', error: { name: 'E', message: 'm' } }))
    expect(key).toBe('failures/lidar/humboldt/2026/11/20/140506-failed-run-1-1.json')
    const report: FailureReport = JSON.parse((await textOf(store, key)) as string)
    expect(report).toMatchObject({
      record: 'runs/lidar/humboldt/2026/11/20/140506-failed-run-1-1.json',
      error: { name: 'E', message: 'm' },
      work: { kind: 'objects', keys: ['in/a.csv'] },
      codeVersion: 'abc',
    })
  })
})

describe('listing', () => {
  it('totals everything and keeps the first', () => {
    const objects = [1, 2, 3].map((size) => ({ size }))
    expect(listing(objects, 2)).toEqual({ total: 3, bytes: 6, objects: [{ size: 1 }, { size: 2 }] })
    expect(listing(objects).objects).toHaveLength(3)
  })
})

describe('listRecords', () => {
  const site = fc.constantFrom(
    ['lidar', 'humboldt'],
    ['lidar', 'morro'],
    ['lidar_vap', 'humboldt'],
    ['lidar-x', 'a'],
  )
  const day = 86_400
  const start = Date.UTC(2024, 1, 27) / 1000
  const seconds = fc.oneof(
    fc.integer({ min: start, max: start + 5 * day }),
    fc.constantFrom(0, day - 1, start + 400 * day, start + 900 * day, Date.UTC(9999, 11, 31) / 1000),
  )
  const outcome = fc.constantFrom('succeeded' as const, 'failed' as const)
  const names = fc.uniqueArray(fc.record({ site, seconds, outcome, runId: fc.constantFrom('a', 'b-1') }), {
    maxLength: 25,
    selector: (it) => JSON.stringify(it),
  })
  const at = fc.option(
    seconds.map((s) => new Date(s * 1000)),
    { nil: undefined },
  )

  it('gives what a filter over all would, newest first', async () => {
    const filters = fc.record({
      pipeline: fc.option(fc.constantFrom('lidar', 'none'), { nil: undefined }),
      site: fc.option(fc.constantFrom('humboldt', 'a'), { nil: undefined }),
      outcome: fc.option(outcome, { nil: undefined }),
      from: at,
      to: at,
    })
    await fc.assert(
      fc.asyncProperty(names, filters, async (all, given) => {
        const store = new MemoryObjectStore()
        for (const { site, seconds, outcome, runId } of all) {
          const [pipeline, siteName] = site as [string, string]
          const startedAt = new Date(seconds * 1000)
          await store.put(
            recordKey({ pipeline, site: siteName, startedAt, outcome, runId, attempt: 1 }),
            '{}',
          )
        }
        const filter = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value !== undefined),
        ) as RecordFilter
        const found: { pipeline: string; site: string; startedAt: Date; outcome: string; runId: string }[] =
          []
        for await (const record of listRecords(store, filter)) found.push(record)
        const times = found.map(({ startedAt }) => startedAt.getTime())
        expect(times).toEqual(times.toSorted((a, b) => b - a))
        const expected = all.filter(
          ({ site: [pipeline, siteName], seconds, outcome }) =>
            (given.pipeline === undefined || given.pipeline === pipeline) &&
            (given.site === undefined || given.site === siteName) &&
            (given.outcome === undefined || given.outcome === outcome) &&
            (given.from === undefined || seconds * 1000 >= given.from.getTime()) &&
            (given.to === undefined || seconds * 1000 < given.to.getTime()),
        )
        const show = (it: {
          pipeline: string
          site: string
          seconds: number
          outcome: string
          runId: string
        }) => `${it.pipeline}/${it.site} ${it.seconds} ${it.outcome} ${it.runId}`
        expect(found.map((it) => show({ ...it, seconds: it.startedAt.getTime() / 1000 })).sort()).toEqual(
          expected
            .map((it) => show({ ...it, pipeline: it.site[0] as string, site: it.site[1] as string }))
            .sort(),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('reads keys only, and few pages for the newest of a long history', async () => {
    let lists = 0
    class Counting extends MemoryObjectStore {
      override get(): never {
        throw new Error('no content is needed')
      }
      override list(prefix: string, options?: { readonly startAfter?: string }) {
        lists++
        return super.list(prefix, options)
      }
    }
    const store = new Counting()
    for (let i = 0; i < 400; i++) {
      const startedAt = new Date(Date.UTC(2025, 0, 1 + i))
      await store.put(
        recordKey({ pipeline: 'p', site: 's', startedAt, outcome: 'failed', runId: 'r', attempt: 1 }),
        '{}',
      )
    }
    for await (const { startedAt } of listRecords(store)) {
      expect(startedAt).toEqual(new Date(Date.UTC(2025, 0, 400)))
      break
    }
    expect(lists).toBeLessThan(40)
  })
})
