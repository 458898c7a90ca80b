import { describe, expect, it } from 'vitest'
import { parseFrequency, parseSeconds, parseTimedelta } from './timedelta.ts'

const second = 1_000_000_000n

describe('parseTimedelta', () => {
  it.each([
    ['900s', 900n * second],
    ['15min', 900n * second],
    ['15m', 900n * second],
    ['1h', 3600n * second],
    ['1.5h', 5400n * second],
    ['1h30min', 5400n * second],
    ['1 day 2 hours', 93_600n * second],
    ['2 days, 3 hours', 183_600n * second],
    ['1 days 02:03:04.5', 93_784n * second + second / 2n],
    ['02:03:04', 7384n * second],
    ['500ms', second / 2n],
    ['1us', 1000n],
    ['1 ns', 1n],
    ['1W', 604_800n * second],
    ['-24h', -86_400n * second],
    ['+1 D', 86_400n * second],
    ['PT1H30M', 5400n * second],
    ['P1DT0.5S', 86_400n * second + second / 2n],
    ['.5s', second / 2n],
  ])('%s', (text, expected) => expect(parseTimedelta(text)).toBe(expected))

  it.each(['', '300', 'h', '1 month', '1M', '1Y', 'soon', '1h x', '1:2:3:4', 'P', 'PT', '--1h', '1hh'])(
    'not "%s"',
    (text) => expect(parseTimedelta(text)).toBeUndefined(),
  )
})

describe('parseFrequency', () => {
  it.each([
    ['30s', 30n * second],
    ['5min', 300n * second],
    ['5T', 300n * second],
    ['1h', 3600n * second],
    ['1H', 3600n * second],
    ['1D', 86_400n * second],
    ['1.5h', 5400n * second],
    ['1 min', 60n * second],
    ['h', 3600n * second],
    ['1h30min', 5400n * second],
    ['100ms', second / 10n],
  ])('%s', (text, expected) => expect(parseFrequency(text)).toBe(expected))

  it.each(['', '5', '1W', '1M', '1ME', '1Y', '0s', '-1h', '1m', '5 minutes', 'x'])('not "%s"', (text) =>
    expect(parseFrequency(text)).toBeUndefined(),
  )
})

describe('parseSeconds', () => {
  it.each([
    [900, 900],
    ['900', 900],
    ['-1.5', -1.5],
    ['900s', 900],
    ['1h', 3600],
    ['500ms', 0.5],
  ])('%s', (value, expected) => expect(parseSeconds(value)).toBe(expected))

  it.each(['', 'x', '5 fortnights', Number.NaN, Infinity])('not %s', (value) =>
    expect(parseSeconds(value)).toBeUndefined(),
  )
})
