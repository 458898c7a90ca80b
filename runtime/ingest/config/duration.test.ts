import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFrequency, parseDuration, parsePadding } from './duration.ts'

const file = path.join(import.meta.dirname, 'fixtures', 'durations.json')
const table = JSON.parse(readFileSync(file, 'utf8')) as [string, number | null][]

/**
 * pandas 1.5 takes a month's letter for minutes (later versions refuse it), knows weeks only as W, skips commas and
 * spaces in numbers, counts a 60th minute, and has no parts of a nanosecond. Here these are errors, or what they say.
 */
const differs = ([text]: [string, number | null]) =>
  /[MYy]$|week|^(?:\.5h|1,5h|1 2h|01:60:00)$|^1\.5(?:ns|[Nn]$|nano)/.test(text)

describe('parseDuration', () => {
  it.each(table.filter((row) => !differs(row)))('%j as pandas: %j', (text, seconds) => {
    if (seconds === null) expect(parseDuration(text)).toBeUndefined()
    else expect(parseDuration(text)).toBeCloseTo(seconds, 9)
  })

  it.each([
    ['300', 300],
    [' 2.5 ', 2.5],
    ['.5', 0.5],
    ['500ms', 0.5],
    ['2 weeks', 1_209_600],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  it.each([
    '',
    ' ',
    '-5s',
    '+5s',
    '1M',
    '1Y',
    '1y',
    '1 month',
    'P1D',
    '12 parsecs',
    '1h ago',
    '٣s',
    '1_000s',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it('takes no time over long texts', () => {
    expect(parseDuration(`${'1h '.repeat(20_000)}x`)).toBeUndefined()
    expect(parseDuration(`${'1'.repeat(50_000)} ${' '.repeat(50_000)}x!`)).toBeUndefined()
  })
})

describe('parsePadding', () => {
  it.each([
    ['-24h', 86_400, 0],
    ['+1h', 0, 3600],
    ['30min', 1800, 1800],
    ['-90', 90, 0],
    ['+ 1 day', 0, 86_400],
  ])('%s', (text, beforeSeconds, afterSeconds) => {
    expect(parsePadding(text)).toEqual({ beforeSeconds, afterSeconds })
  })

  it.each(['', '-', '+-1h', '1 month', 'a day'])('refuses %j', (text) => {
    expect(parsePadding(text)).toBeUndefined()
  })
})

describe('checkFrequency', () => {
  it.each(['30s', '5min', '5T', '1h', '1H', '1D', '1.5h', '1 min', '500ms'])('takes %s', (text) => {
    expect(checkFrequency(text)).toBeUndefined()
  })

  it.each(['1W', '1M', '1Y', '60', '0s', '-1h', 'h', '', '1x'])('refuses %j', (text) => {
    expect(checkFrequency(text)).toMatch(/expected an interval/)
  })
})
