import { beforeEach, describe, expect, it } from 'vitest'
import type { PutBody, PutOptions } from '../contracts.ts'
import { PreconditionFailedError, StoreError } from '../errors.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { createLedger } from './ledger.ts'
import { type LedgerClaim, type LedgerSubject, ledgerPrefix, subjectHash } from './ledger-entry.ts'
import { keysOf, textOf } from './testing/fixtures.ts'

let time: Date
let store: MemoryObjectStore
beforeEach(() => {
  time = new Date('2026-11-20T14:00:00Z')
  store = new MemoryObjectStore()
})

const subject: LedgerSubject = { kind: 'object', key: 'in/a b.csv' }
const ledgerOf = (of = store) =>
  createLedger({ store: of, pipeline: 'lidar', site: 'humboldt', clock: () => time })
const later = (seconds: number) => {
  time = new Date(time.getTime() + seconds * 1000)
}

async function claim(holder: string, digest = 'v1', ledger = ledgerOf()) {
  const leaseUntil = new Date(time.getTime() + 60_000)
  return ledger.claim({
    subject,
    digest,
    holder,
    runId: `run-${holder}`,
    attempt: 1,
    startedAt: time,
    leaseUntil,
  })
}

async function claimed(holder: string, digest = 'v1', ledger = ledgerOf()): Promise<LedgerClaim> {
  const result = await claim(holder, digest, ledger)
  if (result.outcome !== 'claimed') throw new Error(result.outcome)
  return result.claim
}

describe('a ledger entry', () => {
  it('is one object that a person can read', async () => {
    const mine = await claimed('h1')
    await ledgerOf().finish(subject, mine, { outcome: 'succeeded' })
    const [key] = await keysOf(store)
    expect(key).toMatch(/^ledger\/lidar\/humboldt\/[0-9a-f]{40}\.json$/)
    expect(await textOf(store, key as string)).toBe(`{
  "format": 1,
  "pipeline": "lidar",
  "site": "humboldt",
  "work": {
    "kind": "object",
    "key": "in/a b.csv"
  },
  "state": "done",
  "epoch": 0,
  "claims": 1,
  "done": {
    "digest": "v1",
    "epoch": 0,
    "number": 1,
    "outcome": "succeeded",
    "runId": "run-h1",
    "attempt": 1,
    "at": "2026-11-20T14:00:00.000Z"
  }
}
`)
    expect(await ledgerOf().known()).toEqual(new Set([subjectHash(subject)]))
  })

  it('has one name for one window, however its instants are written, and never shares it', () => {
    const hash = (start: string, end: string) => subjectHash({ kind: 'window', window: { start, end } })
    expect(hash('2026-11-20T13:00:00Z', '2026-11-20T14:00:00Z')).toBe(
      hash('2026-11-20T13:00:00.000Z', '2026-11-20T15:00:00+01:00'),
    )
    const hashes = [
      hash('2026-11-20T13:00:00Z', '2026-11-20T14:00:00Z'),
      subjectHash({ kind: 'object', key: 'in/' }),
      subjectHash({ kind: 'prefix', prefix: 'in/' }),
    ]
    expect(new Set(hashes).size).toBe(3)
    expect(ledgerPrefix('a/b', 'c')).not.toBe(ledgerPrefix('a', 'b/c'))
  })
})

describe('claims', () => {
  it('belong to one holder until the lease ends; the same one may claim again at once', async () => {
    await claimed('h1')
    expect(await claim('h2')).toEqual({
      outcome: 'in-progress',
      holder: 'h1',
      until: '2026-11-20T14:01:00.000Z',
    })
    expect((await claim('h1')).outcome).toBe('claimed')
    later(59)
    expect((await claim('h2')).outcome).toBe('in-progress')
    later(1)
    expect((await claim('h2')).outcome).toBe('claimed')
    expect((await claim('h1')).outcome).toBe('in-progress')
  })

  it('are given to one of many that ask at once', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => claim(`h${i}`)))
    expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1)
    expect(results.filter(({ outcome }) => outcome === 'in-progress')).toHaveLength(39)
  })

  it('that were lost settle nothing', async () => {
    const old = await claimed('h1')
    later(61)
    const mine = await claimed('h2')
    expect(await ledgerOf().finish(subject, old, { outcome: 'succeeded' })).toEqual({
      state: 'lost',
      isOvertaken: false,
    })
    expect(await ledgerOf().giveBack(subject, old, 'late')).toEqual({ state: 'lost', isOvertaken: false })
    expect((await ledgerOf().read(subject))?.claim).toEqual(mine)
  })

  it('tell their holder that a newer version came meanwhile', async () => {
    const mine = await claimed('h1', 'v1')
    expect((await claim('h2', 'v2')).outcome).toBe('in-progress')
    expect(await ledgerOf().finish(subject, mine, { outcome: 'succeeded' })).toEqual({
      state: 'settled',
      isOvertaken: true,
    })
    expect((await ledgerOf().read(subject))?.state).toBe('waiting')
    const next = await claimed('h1', 'v2')
    expect(await ledgerOf().finish(subject, next, { outcome: 'succeeded' })).toEqual({
      state: 'settled',
      isOvertaken: false,
    })
    expect(await ledgerOf().read(subject)).toMatchObject({ state: 'done', done: { digest: 'v2' } })
  })

  it('from before a replay do not make the replay done', async () => {
    const old = await claimed('h1')
    expect(await ledgerOf().replay(subject, 'replay-1')).toBe(1)
    expect(await ledgerOf().replay(subject, 'replay-1')).toBe(1)
    expect((await claim('h2')).outcome).toBe('in-progress')
    expect(await ledgerOf().finish(subject, old, { outcome: 'succeeded' })).toEqual({
      state: 'settled',
      isOvertaken: true,
    })
    expect((await ledgerOf().read(subject))?.state).toBe('waiting')
    await ledgerOf().finish(subject, await claimed('h2'), { outcome: 'succeeded' })
    expect((await claim('h3')).outcome).toBe('done')
  })

  it('that were rejected are done for their version', async () => {
    await ledgerOf().finish(subject, await claimed('h1'), { outcome: 'rejected' })
    expect(await claim('h2')).toMatchObject({ outcome: 'done', done: { outcome: 'rejected' } })
    expect((await claim('h2', 'v2')).outcome).toBe('claimed')
  })
})

describe('races', () => {
  /** The first writes arrive, but their answers are lost: a client that tries again meets its own write. */
  class LosingAnswers extends MemoryObjectStore {
    lost = 0
    override async put(key: string, body: PutBody, options?: PutOptions) {
      const info = await super.put(key, body, options)
      if (this.lost-- > 0) throw new PreconditionFailedError(key)
      return info
    }
  }

  it('with an own write whose answer was lost are won', async () => {
    const losing = new LosingAnswers()
    const ledger = ledgerOf(losing)
    losing.lost = 1
    const mine = await claimed('h1', 'v1', ledger)
    losing.lost = 1
    expect(await ledger.finish(subject, mine, { outcome: 'succeeded' })).toEqual({
      state: 'settled',
      isOvertaken: false,
    })
    losing.lost = 1
    expect(await ledger.replay(subject, 'replay-1')).toBe(1)
    const again = await claimed('h1', 'v1', ledger)
    losing.lost = 1
    expect(await ledger.giveBack(subject, again, 'no luck')).toEqual({ state: 'settled', isOvertaken: false })
  })

  it('that never end are an error that names the entry', async () => {
    const never = new MemoryObjectStore()
    let tries = 0
    never.put = (key) => {
      tries++
      return Promise.reject(new PreconditionFailedError(key))
    }
    await expect(claim('h1', 'v1', ledgerOf(never))).rejects.toThrow(StoreError)
    expect(tries).toBe(50)
  })

  it('are no excuse for other errors', async () => {
    const broken = new MemoryObjectStore()
    broken.put = () => Promise.reject(new StoreError('denied'))
    await expect(claim('h1', 'v1', ledgerOf(broken))).rejects.toThrow('denied')
  })
})
