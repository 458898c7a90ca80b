import { describe, expect, it } from 'vitest'
import { InputError } from '../../errors.ts'
import { parseInputKey, parseKeyTime, showKeyTimes } from './input-key.ts'

const instant = (text: string) => BigInt(Date.parse(text)) * 1_000_000n

describe('parseInputKey', () => {
  it('reads the short form', () => {
    const text = 'sgp.met.b1::20220413.060000::20220414'
    expect(parseInputKey(text)).toEqual({
      text,
      datastream: 'sgp.met.b1',
      start: instant('2022-04-13T06:00:00Z'),
      end: instant('2022-04-14T00:00:00Z'),
      values: {},
    })
  })

  it('reads options, in quotes too, and keeps those it does not know for the path', () => {
    const key = parseInputKey(`--datastream sgp.met.b1 -start 20220413 --end '20220414' --site "north pole"`)
    expect(key).toMatchObject({ datastream: 'sgp.met.b1', values: { site: 'north pole' } })
  })

  it.each([
    'sgp.met.b1',
    'sgp.met.b1::20220413',
    'a::20220413::20220414::b',
    'sgp.met.b1::2022-04-13::20220414',
    'sgp.met.b1::20221301::20221302',
    '--datastream sgp.met.b1 --start 20220413',
    '--datastream sgp.met.b1 stray --start 20220413 --end 20220414',
    '--datastream --start 20220413 --end 20220414',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseInputKey(text)).toThrow(InputError)
  })

  it('does not take a key for a property of all objects', () => {
    expect(() => parseInputKey('--__proto__ x --constructor y')).toThrow('is not of the form')
  })
})

it('times are shown as they are read', () => {
  const [start, end] = [instant('2022-04-13T00:00:00Z'), instant('2022-04-14T00:00:00Z')]
  expect(showKeyTimes(start, end)).toEqual(['20220413', '20220414'])
  const shown = showKeyTimes(start, end + 3_600_000_000_000n)
  expect(shown).toEqual(['20220413.000000', '20220414.010000'])
  expect(shown.map(parseKeyTime)).toEqual([start, end + 3_600_000_000_000n])
})
