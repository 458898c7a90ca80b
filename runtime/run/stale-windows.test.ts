import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ObjectInfo, PlannedRun, Window, WindowPolicy } from '../contracts.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { type FilesOf, resolveWindow } from './inputs.ts'
import { openLedger } from './ledger.ts'
import { findStaleWindows, surveyWindows, windowsToLookAt } from './stale-windows.ts'
import { plannedRun } from './testing/fixtures.ts'

/** Files are `data/<start time>`. */
const filesOf: FilesOf = async (reader, span) => {
  const found: ObjectInfo[] = []
  for await (const info of reader.list('data/')) {
    const time = Date.parse(info.key.slice('data/'.length))
    if (time >= Date.parse(span.start) && time < Date.parse(span.end)) found.push(info)
  }
  return found
}

const policy: WindowPolicy = {
  unit: 'hour',
  lookBackSeconds: 86_400,
  lagSeconds: 0,
  maxWindows: 24,
  padding: { beforeSeconds: 0, afterSeconds: 0 },
}

function makeSite(changes: Partial<WindowPolicy> = {}) {
  const run: PlannedRun = plannedRun({
    type: 'vap',
    trigger: { kind: 'cron', expression: 'rate(1 hour)', timezone: 'UTC' },
    reads: [{ bucket: 'output', prefix: 'data/' }],
    window: { ...policy, ...changes },
  })
  const site = {
    time: new Date('2026-11-20T14:05:00Z'),
    run,
    data: new MemoryObjectStore(),
    logs: new MemoryObjectStore(),
    look: () => ({
      run,
      reader: site.data,
      filesOf,
      ledger: openLedger(run, site.logs, () => site.time),
      now: site.time,
    }),
    find: async () =>
      (await findStaleWindows(site.look())).map((work) =>
        work.kind === 'window' ? hourOf(work.window) : work.kind,
      ),
    file: (time: string, text = 'x') => site.data.put(`data/2026-11-${time}Z`, text),
    async settle(window: Window, how: 'finish' | 'fail' | 'claim') {
      const ledger = site.look().ledger
      const { subject, digest } = await resolveWindow(run, window, site.data, filesOf)
      const leaseUntil = new Date(site.time.getTime() + 60_000)
      const claimed = await ledger.claim({
        subject,
        digest,
        holder: 'h',
        runId: 'r',
        attempt: 1,
        startedAt: site.time,
        leaseUntil,
      })
      if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
      if (how === 'finish') await ledger.finish(subject, claimed.claim, { outcome: 'succeeded' })
      if (how === 'fail') await ledger.giveBack(subject, claimed.claim, 'no luck')
    },
    async settleAll(how: 'finish' | 'fail') {
      for (const work of await findStaleWindows(site.look()))
        if (work.kind === 'window') await site.settle(work.window, how)
    },
  }
  return site
}

const hourOf = ({ start }: Window) => start.slice(8, 16)

describe('findStaleWindows', () => {
  it('is nothing where there never was any input', async () => {
    expect(await makeSite().find()).toEqual([])
  })

  it('finds every window with input on the first look, oldest first, and none on the second', async () => {
    const site = makeSite()
    for (const time of ['20T13:30:00', '20T13:00:00', '20T09:59:59', '19T20:10:00']) await site.file(time)
    expect(await site.find()).toEqual(['19T20:00', '20T09:00', '20T13:00'])
    await site.settleAll('finish')
    expect(await site.find()).toEqual([])
  })

  it('finds late, changed and removed input again', async () => {
    const site = makeSite()
    for (const time of ['20T08:30:00', '20T09:30:00', '20T10:30:00']) await site.file(time)
    await site.settleAll('finish')
    await site.file('20T05:00:00')
    await site.file('20T09:30:00', 'changed')
    await site.data.delete('data/2026-11-20T10:30:00Z')
    expect(await site.find()).toEqual(['20T05:00', '20T09:00', '20T10:00'])
    await site.settleAll('finish')
    expect(await site.find()).toEqual([])
  })

  it('waits for a window to end, and for late data as long as the lag says', async () => {
    const site = makeSite({ lagSeconds: 600 })
    await site.file('20T13:30:00')
    await site.file('20T14:01:00')
    expect(await site.find()).toEqual([])
    site.time = new Date('2026-11-20T14:10:00Z')
    expect(await site.find()).toEqual(['20T13:00'])
    site.time = new Date('2026-11-20T15:10:00Z')
    expect(await site.find()).toEqual(['20T13:00', '20T14:00'])
  })

  it('looks back as far as asked, whatever the downtime', async () => {
    const site = makeSite({ lookBackSeconds: 3 * 3600 })
    for (const time of ['20T09:30:00', '20T11:01:00', '20T13:30:00']) await site.file(time)
    expect(await site.find()).toEqual(['20T11:00', '20T13:00'])
  })

  it('leaves what someone holds, but not what the one who looks was cut off from', async () => {
    const site = makeSite()
    await site.file('20T13:30:00')
    const [work] = await findStaleWindows(site.look())
    if (work?.kind !== 'window') throw new Error('no window')
    await site.settle(work.window, 'claim')
    expect(await site.find()).toEqual([])
    expect(await findStaleWindows({ ...site.look(), holder: 'other' })).toEqual([])
    expect(await findStaleWindows({ ...site.look(), holder: 'h' })).toEqual([work])
  })

  it('counts files that only the padding reaches', async () => {
    const site = makeSite({ padding: { beforeSeconds: 600, afterSeconds: 0 } })
    await site.file('20T11:55:00')
    expect(await site.find()).toEqual(['20T11:00', '20T12:00'])
  })

  it('never gives more than asked; what was tried in vain comes last, until its input changes', async () => {
    const site = makeSite({ maxWindows: 2 })
    for (const time of ['20T08:30:00', '20T09:30:00', '20T10:30:00', '20T11:30:00']) await site.file(time)
    await site.settleAll('fail')
    expect(await site.find()).toEqual(['20T10:00', '20T11:00'])
    await site.settleAll('finish')
    expect(await site.find()).toEqual(['20T08:00', '20T09:00'])
    await site.file('20T09:45:00')
    expect(await site.find()).toEqual(['20T09:00', '20T08:00'])
  })

  it('leaves a window that someone works on', async () => {
    const site = makeSite()
    await site.file('20T08:30:00')
    await site.settle({ start: '2026-11-20T08:00:00Z', end: '2026-11-20T09:00:00Z' }, 'claim')
    expect(await site.find()).toEqual([])
    site.time = new Date(site.time.getTime() + 60_000)
    expect(await site.find()).toEqual(['20T08:00'])
  })

  it('takes the time from its trigger: a repeated look finds the same', async () => {
    const site = makeSite()
    await site.file('20T13:30:00')
    const look = { ...site.look(), now: new Date('2026-11-20T13:00:00Z') }
    expect(await findStaleWindows(look)).toEqual([])
  })

  it('refuses a run that has no windows', async () => {
    await expect(findStaleWindows({ ...makeSite().look(), run: plannedRun() })).rejects.toThrow(
      'has no windows',
    )
  })

  it('ends with every window that has input done for what it is now', async () => {
    const hours = fc.integer({ min: 0, max: 47 })
    const step = fc.record({
      hour: hours,
      minute: fc.integer({ min: 0, max: 59 }),
      looks: fc.nat({ max: 2 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, maxWindows) => {
          const site = makeSite({
            maxWindows,
            lookBackSeconds: 3 * 86_400,
            padding: { beforeSeconds: 1800, afterSeconds: 0 },
          })
          let version = 0
          for (const { hour, minute, looks } of steps) {
            const time = new Date(Date.UTC(2026, 10, 18, hour, minute)).toISOString().slice(8, 19)
            await site.file(time, `${++version}`)
            for (let i = 0; i < looks; i++) await site.settleAll('finish')
          }
          let looks = 0
          while ((await site.find()).length > 0) {
            await site.settleAll('finish')
            expect(++looks).toBeLessThan(100)
          }
          const windows = windowsToLookAt(site.run.window as WindowPolicy, site.time)
          for await (const { window, state, files } of surveyWindows(site.look(), windows)) {
            const { objects } = await resolveWindow(site.run, window, site.data, filesOf)
            expect(files).toBe(objects.count)
            expect(state).toBe(objects.count > 0 ? 'done' : 'no-input')
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('windowsToLookAt', () => {
  it('are those that are over and reach into the look-back', () => {
    const now = new Date('2026-11-20T14:05:00Z')
    for (const unit of ['hour', 'day', 'week', 'month'] as const) {
      for (const { start, end } of windowsToLookAt(
        { ...policy, unit, lookBackSeconds: 40 * 86_400, lagSeconds: 300 },
        now,
      )) {
        expect(Date.parse(end)).toBeLessThanOrEqual(now.getTime() - 300_000)
        expect(Date.parse(end)).toBeGreaterThan(now.getTime() - 40 * 86_400_000)
        expect(Date.parse(start)).toBeLessThan(Date.parse(end))
      }
    }
    const months = windowsToLookAt({ ...policy, unit: 'month', lookBackSeconds: 30 * 86_400 }, now)
    expect(months).toEqual([{ start: '2026-10-01T00:00:00Z', end: '2026-11-01T00:00:00Z' }])
  })
})
