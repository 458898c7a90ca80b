import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ObjectStore, PutBody, PutOptions } from '../contracts.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import type { RunResult } from './execute.ts'
import { executeWork, worstResult } from './execute-work.ts'
import { openLedger } from './ledger.ts'
import { isDoneFor, type LedgerEntry } from './ledger-entry.ts'
import { findNewObjects } from './new-objects.ts'
import {
  copyModule,
  cronTrigger,
  keysOf,
  moduleOf,
  plannedRun,
  silentLog,
  textOf,
} from './testing/fixtures.ts'
import { type Actor, Interleaving } from './testing/interleaving.ts'

// Every await is then a microtask or a store's answer, so that the order of events is the test's alone.
vi.mock('node:fs/promises', () => ({
  mkdir: async () => undefined,
  mkdtemp: async (prefix: string) => `${prefix}x`,
  rm: async () => undefined,
}))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: new Date('2026-11-20T14:05:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

const clock = () => new Date()

/** A logs bucket that keeps every state that a ledger entry was in, with the time. */
class WatchedStore extends MemoryObjectStore {
  readonly history: { key: string; entry: LedgerEntry; at: number }[] = []

  override async put(key: string, body: PutBody, options?: PutOptions) {
    const info = await super.put(key, body, options)
    if (key.startsWith('ledger/')) {
      this.history.push({ key, entry: JSON.parse(body as string), at: Date.now() })
    }
    return info
  }

  historyOf(key: string) {
    return this.history.filter((state) => state.key === key)
  }
}

type Action =
  | { do: 'step'; choice: number }
  | { do: 'die'; choice: number; fate: 'dies-before' | 'dies-after' }
  | { do: 'restart' }
  | { do: 'upload'; key: number }
  | { do: 'duplicate'; key: number }
  | { do: 'replay'; key: number }
  | { do: 'wait'; seconds: number }
  | { do: 'fail' }

const choice = fc.nat({ max: 7 })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('step' as const), choice }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      choice,
      fate: fc.constantFrom('dies-before' as const, 'dies-after' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('upload' as const), key: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('duplicate' as const), key: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const), key: fc.nat({ max: 2 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(20, 61, 130) }),
  },
)

/** The stores, the processes at work, and what is expected of them. */
class Scenario {
  readonly stage = new Interleaving()
  readonly input = new MemoryObjectStore({ now: clock })
  readonly output = new MemoryObjectStore()
  readonly logs = new WatchedStore()
  readonly newest = new Map<string, string>()
  readonly replays = new Map<string, number>()
  private readonly restarts = new Map<Actor, () => void>()
  private serial = 0
  /** So many of the next runs of the pipeline fail. */
  private failures = 0
  readonly keys: readonly string[]
  readonly maxActors: number

  constructor(keys: readonly string[], maxActors: number) {
    this.keys = keys
    this.maxActors = maxActors
  }

  async upload(key: string): Promise<void> {
    const text = `version ${++this.serial} of ${key}`
    await this.input.put(key, text)
    this.newest.set(key, text)
  }

  get isFull(): boolean {
    return this.stage.actors.filter(({ isDead, hasEnded }) => !isDead && !hasEnded).length >= this.maxActors
  }

  /** One event's execution, as a Lambda request or Batch job is: retried under the same id until it does not fail. */
  startEvent(key: string, replay = false): void {
    const id = `event-${++this.serial}`
    this.startHolder(id, async (stores, attempt) => {
      return worstResult(
        await executeWork({
          ...this.request(id, stores, attempt),
          work: { kind: 'objects', keys: [key] },
          replay,
        }),
      )
    })
  }

  /** A scheduled look: finds what is new and runs it. */
  startLook(group: 'together' | 'each'): void {
    const id = `look-${++this.serial}`
    const run = plannedRun({ trigger: cronTrigger(group) })
    this.startHolder(id, async (stores, attempt) => {
      const ledger = openLedger(run, stores.logs, clock)
      const found = await findNewObjects({ run, reader: stores.input, ledger, now: clock() })
      const results: RunResult[] = []
      for (const [index, work] of found.entries()) {
        results.push(
          ...(await executeWork({
            ...this.request(`${id}-${index}`, stores, attempt),
            run,
            holder: id,
            work,
          })),
        )
      }
      return worstResult(results)
    })
  }

  private startHolder(
    id: string,
    execute: (stores: GatedStores, attempt: number) => Promise<RunResult | undefined>,
    attempt = 1,
  ): void {
    let next = attempt
    const actor = this.stage.start(id, async (self) => {
      const gate = (store: ObjectStore) => this.stage.gated(store, self)
      const stores = { input: gate(this.input), output: gate(this.output), logs: gate(this.logs) }
      for (;;) {
        const result = await execute(stores, next++)
        if (result?.outcome !== 'failed') return
      }
    })
    this.restarts.set(actor, () => this.startHolder(id, execute, next))
  }

  private request(id: string, { input, output, logs }: GatedStores, attempt: number) {
    return {
      run: plannedRun(),
      module: moduleOf(async (context) => {
        const result = await copyModule.run(context)
        if (this.failures > 0) {
          this.failures--
          throw new Error('no luck')
        }
        return result
      }),
      stores: { inputs: { input }, outputs: { output }, logs },
      runId: id,
      holder: id,
      attempt,
      attempts: 3,
      now: clock(),
      clock,
      log: silentLog,
      scratchRoot: '/scratch',
      codeVersion: 'v',
      projectRoot: '/',
      classes: { load: () => Promise.reject(new Error('none')) },
    }
  }

  /** Starts one process anew that had died. */
  restart(): boolean {
    const dead = this.stage.actors.find((actor) => actor.isDead && this.restarts.has(actor))
    if (!dead) return false
    const again = this.restarts.get(dead) as () => void
    this.restarts.delete(dead)
    again()
    return true
  }

  /** Everything alive goes on to its end, and what had died is retried, however long that takes. */
  async finish(): Promise<void> {
    do {
      await this.stage.drain()
      vi.advanceTimersByTime(1000)
    } while (this.restart())
  }

  async perform(action: Action, start: (key: string, replay: boolean) => void): Promise<void> {
    const key = this.keys['key' in action ? action.key % this.keys.length : 0] as string
    switch (action.do) {
      case 'step':
        await this.stage.step(action.choice)
        return
      case 'die':
        await this.stage.step(action.choice, action.fate)
        return
      case 'restart':
        this.restart()
        break
      case 'fail':
        this.failures++
        return
      case 'wait':
        vi.advanceTimersByTime(action.seconds * 1000)
        break
      default:
        if (this.isFull) return
        if (action.do === 'upload') await this.upload(key)
        if (action.do === 'replay') this.replays.set(key, (this.replays.get(key) ?? 0) + 1)
        start(key, action.do === 'replay')
    }
    await this.stage.settle()
  }

  async check(): Promise<void> {
    const ledger = openLedger(plannedRun(), this.logs, clock)
    for (const [key, text] of this.newest) {
      const entry = await ledger.read({ kind: 'object', key })
      const digest = (await this.input.head(key))?.etag as string
      expect({ done: isDoneFor(entry, digest), state: entry?.state, claim: entry?.claim }).toEqual({
        done: true,
        state: 'done',
        claim: undefined,
      })
      expect(entry?.epoch).toBe(this.replays.get(key) ?? 0)
      expect(await textOf(this.output, `data/${key}`)).toBe(text)
    }
    for (const key of await keysOf(this.logs, 'ledger/')) this.checkHistory(key)
  }

  private checkHistory(key: string): void {
    const done = new Map<string, number>()
    const states = this.logs.historyOf(key)
    states.forEach(({ entry, at }, index) => {
      const before = states[index - 1]?.entry
      if (entry.done && entry.done.number !== before?.done?.number) {
        const version = `${entry.done.digest} at epoch ${entry.done.epoch}`
        done.set(version, (done.get(version) ?? 0) + 1)
        // A claim from before a replay does not count as the replay's work.
        expect(before?.claim?.epoch).toBe(entry.done.epoch)
      }
      const [old, now] = [before?.claim, entry.claim]
      if (old && now && old.number !== now.number && old.holder !== now.holder) {
        expect(Date.parse(old.leaseUntil)).toBeLessThanOrEqual(at)
      }
    })
    for (const [version, times] of done) expect({ version, times }).toEqual({ version, times: 1 })
  }
}

interface GatedStores {
  readonly input: ObjectStore
  readonly output: ObjectStore
  readonly logs: ObjectStore
}

const runsOf = (usual: number) => ({ numRuns: Number(process.env.SLUICE_INTERLEAVINGS ?? usual) })

describe('any interleaving of holders, crashes, expired leases, duplicates, re-uploads and replays', () => {
  it.each([2, 3])(
    'ends with the newest version done once an epoch: events, %i at once',
    async (maxActors) => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
          const scenario = new Scenario(['in/a.csv'], maxActors)
          await scenario.upload('in/a.csv')
          scenario.startEvent('in/a.csv')
          scenario.startEvent('in/a.csv')
          await scenario.stage.settle()
          for (const each of actions)
            await scenario.perform(each, (key, replay) => scenario.startEvent(key, replay))
          await scenario.finish()
          await scenario.check()
        }),
        runsOf(1200),
      )
    },
  )

  it.each(['together', 'each'] as const)('ends so: looks at three objects, %s', async (group) => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
        const scenario = new Scenario(['in/a.csv', 'in/b.csv', 'in/c.csv'], 2)
        for (const key of scenario.keys) await scenario.upload(key)
        scenario.startLook(group)
        scenario.startLook(group)
        await scenario.stage.settle()
        for (const each of actions) {
          await scenario.perform(each, (key, replay) =>
            replay ? scenario.startEvent(key, true) : scenario.startLook(group),
          )
        }
        await scenario.finish()
        // What was left to a holder that gave up is found by the next look, at the latest when its lease has ended.
        vi.advanceTimersByTime(130_000)
        scenario.startLook(group)
        await scenario.finish()
        await scenario.check()
      }),
      runsOf(600),
    )
  })
})
