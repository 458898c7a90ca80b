import { describe, expect, it } from 'vitest'
import { nearUsualRate, parseFraction } from './frame-rate.ts'

describe('parseFraction', () => {
  it.each([
    ['30000/1001', 29.97002997002997],
    ['25/1', 25],
    ['25', 25],
    ['2.040000', 2.04],
  ])('reads %s', (text, value) => expect(parseFraction(text)).toBe(value))

  it.each(['0/0', '25/0', '0/1', '', 'N/A', '1/2/3', '-25/1', '1e3', 'process.exit()', undefined])(
    'finds no number in %s',
    (text) => expect(parseFraction(text)).toBeUndefined(),
  )

  it('takes other separators', () => expect(parseFraction('4:3', ':')).toBeCloseTo(4 / 3))
})

describe('nearUsualRate', () => {
  it.each([
    ['29.97 of two seconds, in milliseconds', 29.9645, 2.002, 30_000 / 1001],
    ['23.976', 23.98, 4, 24_000 / 1001],
    ['25', 24.99, 2, 25],
    ['25 exactly', 25, 2, 25],
    ['a variable rate, which stays as it is', 12.755, 4, 12.755],
    ['what is too far from 30 over a minute', 29.99, 60, 29.99],
    ['slower than one a second', 0.2, 100, 0.2],
  ])('finds %s', (_, measured, seconds, rate) => expect(nearUsualRate(measured, seconds)).toBe(rate))
})
