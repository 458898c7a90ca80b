import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedRun, Shard } from '../contracts.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { resolveInputs } from './inputs.ts'
import { openLedger } from './ledger.ts'
import { findNewObjects, type ObjectLook } from './new-objects.ts'
import { shardOf } from './shards.ts'
import { cronTrigger, plannedRun } from './testing/fixtures.ts'

const day = 86_400_000
const start = Date.UTC(2026, 10, 20)

/** A prefix with a ledger, at a time that moves. */
function makeSite(changes: Partial<PlannedRun> = {}) {
  const site = {
    time: new Date(start) as Date,
    run: plannedRun({ trigger: cronTrigger(), ...changes }),
    input: new MemoryObjectStore({ now: (): Date => site.time }),
    logs: new MemoryObjectStore(),
    ledger: () => openLedger(site.run, site.logs, () => site.time),
    look: async (holder?: string) =>
      (
        await findNewObjects({
          run: site.run,
          reader: site.input,
          ledger: site.ledger(),
          now: site.time,
          ...(holder !== undefined && { holder }),
        })
      ).map((work) => (work.kind === 'objects' ? work.keys : [work.kind])),
    async claim(key: string, holder = 'h', runId = 'r') {
      const subject = { kind: 'object', key } as const
      const digest = (await site.input.head(key))?.etag as string
      const leaseUntil = new Date(site.time.getTime() + 60_000)
      const result = await site
        .ledger()
        .claim({ subject, digest, holder, runId, attempt: 1, startedAt: site.time, leaseUntil })
      if (result.outcome !== 'claimed') throw new Error(result.outcome)
      return { subject, claim: result.claim }
    },
    async finish(key: string, outcome: 'succeeded' | 'rejected' = 'succeeded') {
      const { subject, claim } = await site.claim(key)
      await site.ledger().finish(subject, claim, { outcome })
    },
    lookAt: (shardIndex?: number): ObjectLook => ({
      run: site.run,
      reader: site.input,
      ledger: site.ledger(),
      now: site.time,
      ...(shardIndex !== undefined && { shardIndex }),
    }),
    /** What the ledger has after a scan of the prefix as it is. */
    async scan(shard?: Shard) {
      const work = { kind: 'prefix', prefix: 'in/', ...(shard && { shard }) } as const
      const { subjects } = await resolveInputs(site.run, work, site.input, undefined)
      const { subject, digest } = subjects[0] as (typeof subjects)[number]
      const leaseUntil = new Date(site.time.getTime() + 60_000)
      const request = {
        subject,
        digest,
        holder: 'h',
        runId: 'r',
        attempt: 1,
        startedAt: site.time,
        leaseUntil,
      }
      const claimed = await site.ledger().claim(request)
      if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
      await site.ledger().finish(subject, claimed.claim, { outcome: 'succeeded' })
    },
    async fail(key: string, runId = 'r') {
      const { subject, claim } = await site.claim(key, 'h', runId)
      await site.ledger().giveBack(subject, claim, 'no luck')
    },
  }
  return site
}

describe('findNewObjects', () => {
  it('finds nothing under an empty prefix', async () => {
    expect(await makeSite().look()).toEqual([])
  })

  it('runs everything new together or each alone, in the order of the keys, without markers', async () => {
    const site = makeSite()
    for (const key of ['in/', 'in/b', 'in/a', 'in/sub/', 'other/c']) await site.input.put(key, key)
    expect(await site.look()).toEqual([['in/a', 'in/b']])
    const each = makeSite({ trigger: cronTrigger('each') })
    for (const key of ['in/b', 'in/a']) await each.input.put(key, key)
    expect(await each.look()).toEqual([['in/a'], ['in/b']])
  })

  it('leaves what is done or rejected until it changes', async () => {
    const site = makeSite()
    for (const key of ['in/a', 'in/b']) await site.input.put(key, key)
    await site.finish('in/a')
    await site.finish('in/b', 'rejected')
    expect(await site.look()).toEqual([])
    await site.input.put('in/b', 'mended')
    expect(await site.look()).toEqual([['in/b']])
  })

  it('sees new objects however old they are, and changed ones within the look-back', async () => {
    const site = makeSite({ lookBackSeconds: 30 * 86_400 })
    await site.input.put('in/known', 'one')
    await site.finish('in/known')
    // A multipart upload appears with the time at which it was begun.
    await site.input.put('in/old', 'x')
    await site.input.put('in/known', 'two')
    site.time = new Date(start + 29 * day)
    expect(await site.look()).toEqual([['in/known', 'in/old']])
    site.time = new Date(start + 31 * day)
    expect(await site.look()).toEqual([['in/old']])
  })

  it('forgets no object of a pipeline that uploads start, however old', async () => {
    const site = makeSite({ trigger: plannedRun().trigger })
    await site.input.put('in/a', 'x')
    await site.fail('in/a')
    site.time = new Date(start + 400 * day)
    expect(await site.look()).toEqual([['in/a']])
  })

  it('leaves what someone works on, until their lease has ended', async () => {
    const site = makeSite()
    await site.input.put('in/a', 'x')
    await site.claim('in/a')
    expect(await site.look()).toEqual([])
    site.time = new Date(start + 60_000)
    expect(await site.look()).toEqual([['in/a']])
  })

  it('takes what failed together up again together, after all that is new', async () => {
    const site = makeSite()
    for (const key of ['in/a', 'in/b', 'in/c', 'in/d', 'in/e']) await site.input.put(key, key)
    await site.fail('in/a', 'run-1')
    await site.fail('in/c', 'run-1')
    await site.fail('in/d', 'run-2')
    await site.fail('in/e', 'run-2')
    await site.input.put('in/e', 'changed')
    expect(await site.look()).toEqual([['in/b', 'in/e'], ['in/a', 'in/c'], ['in/d']])
  })

  it('leaves what is too young, and never finds more than asked', async () => {
    const site = makeSite({ trigger: cronTrigger('each'), lagSeconds: 600, maxUnits: 2 })
    for (const key of ['in/a', 'in/b', 'in/c', 'in/d']) await site.input.put(key, key)
    expect(await site.look()).toEqual([])
    site.time = new Date(start + 600_000)
    expect(await site.look()).toEqual([['in/a'], ['in/b']])
    await site.fail('in/a', 'run-1')
    expect(await site.look()).toEqual([['in/b'], ['in/c']])
  })

  it('has a prefix scanned when anything in it has changed', async () => {
    const site = makeSite({ input: 'prefix' })
    await site.input.put('in/a', 'x')
    expect(await site.look()).toEqual([['prefix']])
    await site.scan()
    expect(await site.look()).toEqual([])
    await site.input.put('in/a', 'y')
    expect(await site.look()).toEqual([['prefix']])
  })

  it('has an empty prefix scanned once, and again when all of it is gone', async () => {
    const site = makeSite({ input: 'prefix' })
    expect(await site.look()).toEqual([['prefix']])
    await site.scan()
    expect(await site.look()).toEqual([])
    await site.input.put('in/a', 'x')
    await site.scan()
    await site.input.delete('in/a')
    expect(await site.look()).toEqual([['prefix']])
  })

  it('has those shards scanned in which anything has changed, of which an array job asks for one', async () => {
    const site = makeSite({ input: 'prefix', shards: 3 })
    const look = (shardIndex?: number) => findNewObjects(site.lookAt(shardIndex))
    const unit = (index: number) => ({ kind: 'prefix', prefix: 'in/', shard: { index, of: 3 } })
    expect(await look()).toEqual([unit(0), unit(1), unit(2)])
    for (const shard of [0, 1, 2]) await site.scan({ index: shard, of: 3 })
    expect(await look()).toEqual([])
    await site.input.put('in/a_1.png', 'x')
    const index = shardOf('in/a_1.png', 3)
    expect(await look()).toEqual([unit(index)])
    expect(await look(index)).toEqual([unit(index)])
    expect(await look((index + 1) % 3)).toEqual([])
    await site.scan({ index, of: 3 })
    expect(await look()).toEqual([])
    // The whole is another piece of work than its parts.
    site.run = { ...site.run, shards: 1 }
    expect(await look()).toEqual([{ kind: 'prefix', prefix: 'in/' }])
  })

  it('leaves what someone holds, but not what the one who looks was cut off from', async () => {
    const site = makeSite()
    await site.input.put('in/a', 'a')
    await site.claim('in/a', 'h')
    expect(await site.look()).toEqual([])
    expect(await site.look('other')).toEqual([])
    expect(await site.look('h')).toEqual([['in/a']])
  })

  it('finds exactly what is neither done nor held, whatever happened before', async () => {
    const happening = fc.record({
      key: fc.constantFrom('in/a', 'in/b', 'in/c', 'in/ü', 'in/sub/d'),
      what: fc.constantFrom('upload', 'finish', 'fail', 'claim', 'wait'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 25 }), async (happenings) => {
        const site = makeSite()
        const open = new Set<string>()
        const held = new Set<string>()
        let version = 0
        for (const { key, what } of happenings) {
          const isThere = (await site.input.head(key)) !== undefined
          if (what === 'wait') {
            site.time = new Date(site.time.getTime() + 61_000)
            held.clear()
          } else if (what === 'upload') {
            await site.input.put(key, `${++version}`)
            open.add(key)
          } else if (isThere && open.has(key)) {
            if (what === 'finish') await site.finish(key)
            else if (what === 'fail') await site.fail(key)
            else await site.claim(key)
            if (what === 'finish') open.delete(key)
            if (what === 'claim') held.add(key)
            else held.delete(key)
          }
        }
        const expected = [...open].filter((key) => !held.has(key))
        expect((await site.look()).flat().sort()).toEqual(expected.sort())
      }),
      { numRuns: 300 },
    )
  })
})
