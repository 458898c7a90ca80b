import { describe, expect, it } from 'vitest'
import { defaultAssumptions, estimateCost } from './cost.ts'
import { daysPerMonth, looksPerMonth } from './looks-per-month.ts'
import { planRuns } from './plan.ts'
import { ingest, registryOf, vap } from './testing/sites.ts'

const lidar = ingest('lidar/humboldt', 'lidar/')

describe('looksPerMonth', () => {
  it.each([
    ['rate(1 minute)', daysPerMonth * 1440],
    ['rate(5 minutes)', daysPerMonth * 288],
    ['rate(2 days)', daysPerMonth / 2],
    ['cron(0 0/1 * * ? *)', daysPerMonth * 24],
    ['cron(0 2 * * ? *)', daysPerMonth],
    ['cron(30 2 ? * 1 *)', daysPerMonth / 7],
    ['cron(0 3 1 * ? *)', 1],
    ['cron(0/15 8-17 ? * MON-FRI *)', (4 * 10 * 5 * daysPerMonth) / 7],
    ['cron(0,30 6 * JAN,JUL ? *)', (2 * daysPerMonth) / 6],
    ['cron(0 0 L * ? *)', 1],
  ])('%s', (expression, expected) => {
    expect(looksPerMonth(expression)).toBeCloseTo(expected, 9)
  })
})

describe('estimateCost', () => {
  const planOf = (...sites: Parameters<typeof registryOf>[0][number][]) =>
    planRuns(registryOf(sites), { stack: 'prod' })

  it('adds up a function by hand: 24 runs a day of 10 s at 1 GB', () => {
    const [run] = estimateCost(planOf(lidar)).runs
    const runs = 24 * daysPerMonth
    expect(run?.runsPerMonth).toBeCloseTo(runs, 9)
    expect(run?.compute).toBeCloseTo(runs * (2e-7 + 10 * 0.0000133334), 9)
    expect(run?.requests).toBeCloseTo(runs * (1e-6 + 6 * 5e-6 + 8 * 4e-7 + 20e-6 * 0.5), 9)
    expect(run?.storage).toBeCloseTo(runs * 0.01 * 12 * 0.023, 9)
    expect(run?.total).toBeCloseTo((run?.compute ?? 0) + (run?.requests ?? 0) + (run?.storage ?? 0), 9)
  })

  it('counts a scheduled run by its schedule', () => {
    const [run] = estimateCost(
      planOf(vap('mean/humboldt', ['humboldt.lidar.a1'], ['humboldt.lidar.b1'])),
    ).runs
    expect(run?.runsPerMonth).toBeCloseTo(24 * daysPerMonth, 9)
  })

  it('asks for no more time than a run may take', () => {
    const day = estimateCost(planOf(lidar), { ...defaultAssumptions, secondsPerRun: 86_400 })
    const limit = estimateCost(planOf(lidar), { ...defaultAssumptions, secondsPerRun: 120 })
    expect(day).toEqual(limit)
  })

  it('takes Spot for cheaper than on-demand, and more scratch for dearer', () => {
    const batch = { ...lidar.compute, kind: 'Batch' as const, memoryMB: 2048 }
    const cost = (compute: typeof batch) => estimateCost(planOf({ ...lidar, compute })).runs[0]?.compute ?? 0
    expect(cost({ ...batch, spot: true })).toBeLessThan(cost({ ...batch, spot: false }))
    expect(cost({ ...batch, scratchMB: 102_400 })).toBeGreaterThan(cost(batch))
  })

  it('sums sites to pipelines, and pipelines and idle to the stack', () => {
    const estimate = estimateCost(planOf(lidar, ingest('lidar/morro', 'm/'), ingest('buoy/z06', 'b/')))
    expect(estimate.pipelines.map(({ what }) => what)).toEqual(['buoy', 'lidar'])
    const sum = [...estimate.pipelines, ...estimate.idle].reduce((total, { monthly }) => total + monthly, 0)
    expect(estimate.total).toBeCloseTo(sum, 9)
  })

  it('says that an idle preview of ingests costs next to nothing, and what prod adds', () => {
    const preview = estimateCost(planRuns(registryOf([lidar]), { stack: 'x', branch: 'x' }))
    const prod = estimateCost(planOf(lidar))
    const sum = (items: readonly { monthly: number }[]) =>
      items.reduce((total, { monthly }) => total + monthly, 0)
    expect(sum(preview.idle)).toBeLessThan(0.5)
    expect(sum(prod.idle)).toBeGreaterThan(sum(preview.idle) + 3)
    expect(preview.base).toEqual([])
    expect(sum(estimateCost(planOf({ ...lidar, uses: ['catalog'] })).base)).toBeCloseTo(2.8, 9)
  })
})
