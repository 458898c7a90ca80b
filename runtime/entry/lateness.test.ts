import { describe, expect, it } from 'vitest'
import { plannedRun } from '../run/testing/fixtures.ts'
import { allowedAge, longestGap } from './lateness.ts'

const hour = 3600
const day = 24 * hour

describe('longestGap', () => {
  it.each([
    ['rate(15 minutes)', 900],
    ['rate(1 hour)', hour],
    ['rate(3 days)', 3 * day],
    ['cron(0 0/1 * * ? *)', hour],
    ['cron(*/5 * * * ? *)', hour],
    ['cron(0 2 * * ? *)', day],
    ['cron(0 0/6 * * ? *)', day],
    ['cron(30 2 ? * 1 *)', 7 * day],
    ['cron(0 3 1 * ? *)', 31 * day],
    ['cron(0 3 1 6 ? *)', 366 * day],
  ])('of %s is at most %i s', (expression, seconds) => {
    expect(longestGap(expression)).toBe(seconds)
  })
})

describe('allowedAge', () => {
  it('is of scheduled runs only, and counts window, lag and attempts', () => {
    expect(allowedAge(plannedRun())).toBeUndefined()
    const trigger = { kind: 'cron' as const, expression: 'cron(0 2 * * ? *)', timezone: 'UTC' }
    const window = {
      unit: 'week' as const,
      lookBackSeconds: 0,
      lagSeconds: 60,
      maxWindows: 1,
      padding: { beforeSeconds: 0, afterSeconds: 0 },
    }
    const run = plannedRun({ trigger, window, lagSeconds: 60 })
    expect(allowedAge(run)).toBe(2 * day + 7 * day + 60 + 180)
  })
})
