import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['15 minutes', 900],
    ['1 hour', 3600],
    ['1 hours', 3600],
    ['1.5 days', 129_600],
    ['2 weeks', 1_209_600],
    ['0 seconds', 0],
    ['0.1 minutes', 6],
    [' 3 seconds ', 3],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toEqual({ value: seconds })
  })

  it.each([
    ['15', '"15" has no unit; write a number and seconds'],
    ['2h', 'did you mean "2 hours"?'],
    ['1m', 'did you mean "1 minute"?'],
    ['15minutes', 'did you mean "15 minutes"?'],
    ['3 mintues', 'did you mean "3 minutes"?'],
    ['5 Days', 'did you mean "5 days"?'],
    ['1 month', 'is not a duration'],
    ['-1 hour', 'is not a duration'],
    ['1e3 hours', 'is not a duration'],
    ['', 'is not a duration'],
    ['one hour', 'is not a duration'],
    ['0.1 seconds', 'is not a whole number of seconds'],
    ['99999999 weeks', 'is more than 100 years'],
  ])('refuses %j: %s', (text, problem) => {
    expect(parseDuration(text)).toEqual({ problem: expect.stringContaining(problem) })
  })

  it('understands every whole number of every unit, singular and plural', () => {
    const unit = fc.constantFrom(
      ['second', 1],
      ['minute', 60],
      ['hour', 3600],
      ['day', 86_400],
      ['week', 604_800],
    ) as fc.Arbitrary<[string, number]>
    fc.assert(
      fc.property(fc.nat({ max: 5000 }), unit, fc.constantFrom('', 's'), (amount, [name, seconds], s) => {
        expect(parseDuration(`${amount} ${name}${s}`)).toEqual({ value: amount * seconds })
      }),
    )
  })
})
