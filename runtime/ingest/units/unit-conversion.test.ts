import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../errors.ts'
import { convertValues, unitConversion } from './unit-conversion.ts'

type Pair = readonly [from: string, to: string, scale: number, offset: number]
const { pairs } = JSON.parse(
  readFileSync(new URL('fixtures/udunits-conversions.json', import.meta.url), 'utf8'),
) as { pairs: readonly Pair[] }

/** What pint has another value for than udunits2; pint wins. */
const differing = new Map([
  ['au|parsec|light_year', 'udunits2 rounds the parsec and the light year to 6 digits'],
  ['year|month', 'udunits2: tropical, 365.242198781 d; pint: Julian, 365.25 d'],
  ['u', 'CODATA of different years'],
  ['eV', 'CODATA of different years'],
  ['torr', 'pint: exactly 1/760 atm'],
  ['cal', 'udunits2: international, 4.1868 J; pint: thermochemical, 4.184 J'],
  ['BTU|therm', 'udunits2: international table and US; pint: ISO and EC'],
  ['horsepower|slug', 'udunits2 rounds them to 6 digits'],
  ['gallon|pint|quart|cup|bushel', 'udunits2 rounds them to 6 digits'],
])
const hasOwnValueInPint = (text: string) =>
  text
    .split(/[^A-Za-z_]+/)
    .some((name) => [...differing.keys()].some((names) => names.split('|').includes(name)))
const isComparable = ([from, to]: Pair) =>
  !hasOwnValueInPint(from) && !hasOwnValueInPint(to) && !from.startsWith('2 ') && !to.startsWith('2 ')

const at = (from: string, to: string, value: number) =>
  convertValues([value], unitConversion(from, to))[0] as number

describe('unitConversion', () => {
  it('agrees with udunits2 on over 200 pairs', () => {
    const comparable = pairs.filter(isComparable)
    expect(comparable.length).toBeGreaterThan(200)
    for (const [from, to, scale, offset] of comparable) {
      for (const value of [0, 1, -40, 1234.5]) {
        const wanted = value * scale + offset
        const tolerance = 1e-12 * Math.max(Math.abs(value * scale), Math.abs(offset))
        expect(Math.abs(at(from, to, value) - wanted), `${value} ${from} -> ${to}`).toBeLessThanOrEqual(
          tolerance,
        )
      }
    }
  })

  it('gives pint’s values where udunits2 has others', () => {
    expect(at('cal', 'J', 1)).toBe(4.184)
    expect(at('year', 'day', 1)).toBe(365.25)
    expect(at('BTU', 'J', 1)).toBe(1055.056)
    expect(at('inHg', 'Pa', 1)).toBe(3386.388640341)
    expect(at('2 degC', 'K', 10)).toBeCloseTo(293.15, 12)
  })

  it.each([
    ['degC', 'K', 0, 273.15],
    ['degC', 'K', 100, 373.15],
    ['degF', 'degC', 32, 0],
    ['degC', 'degF', 20, 68],
    ['fraction', '%', 0.5, 50],
    ['knot', 'm/s', 10, 5.144444444444445],
    ['10 m', 'm', 3, 30],
    ['degree', 'radian', 180, Math.PI],
    ['cm', 'm', 57, 0.57],
    ['um', 'mm', 1000, 1],
    ['mm/hr', 'm/s', 3600, 0.001],
    ['degC/km', 'degC/m', -6.5, -0.0065],
    ['dBm', 'mW', 10, 10],
    ['mW', 'dBm', 100, 20],
    ['dB/km', 'dB/m', 3, 0.003],
    ['dBm', 'dBm', 3, 3],
    ['rpm', 'Hz', 60, 2 * Math.PI],
  ])('%s -> %s: %d becomes %d', (from, to, value, wanted) => {
    expect(at(from, to, value)).toBeCloseTo(wanted, 12)
  })

  it('keeps NaN and infinities', () => {
    const converted = convertValues(
      new Float64Array([Number.NaN, Infinity, -Infinity]),
      unitConversion('degF', 'K'),
    )
    expect([...converted]).toEqual([Number.NaN, Infinity, -Infinity])
  })

  it('reads 64-bit integers', () => {
    expect([...convertValues(new BigInt64Array([1n, -2n]), unitConversion('km', 'm'))]).toEqual([1000, -2000])
  })

  it('refuses incompatible units and texts that are none', () => {
    expect(() => unitConversion('m', 's')).toThrow(
      new InputError('units "m" (length) cannot be converted to "s" (time)'),
    )
    expect(() => unitConversion('dB/m', '1/m')).toThrow(/cannot be converted/)
    expect(() => unitConversion('C', 'K')).toThrow(/; "C" is the coulomb: degrees Celsius are degC$/)
    expect(() => unitConversion('deg C', 'K')).toThrow(
      '(current time) cannot be converted to "K" (temperature)',
    )
    expect(() => unitConversion('NTU', 'm')).toThrow('"NTU" is not a unit')
  })

  const scales = fc.constantFrom('degC', 'degF', 'K', 'degR', '2 degC', 'mK', 'degRe')
  const lengths = fc.constantFrom('m', 'km', 'ft', 'um', 'nmi', 'inch', 'parsec', '3 m', 'cm')
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  const three = fc.oneof(fc.tuple(scales, scales, scales), fc.tuple(lengths, lengths, lengths))
  const near = (a: number, b: number, size: number) =>
    Math.abs(a - b) <= 1e-11 * Math.max(1, Math.abs(a), size)

  it('comes back to where it started', () => {
    fc.assert(fc.property(three, value, ([a, b], x) => near(at(b, a, at(a, b, x)), x, 1000)))
  })

  it('is the same in one step as in two', () => {
    fc.assert(
      fc.property(three, value, ([a, b, c], x) =>
        near(at(b, c, at(a, b, x)), at(a, c, x), 1000 * at(b, c, 1)),
      ),
    )
  })

  it('is affine', () => {
    fc.assert(
      fc.property(three, value, value, ([a, b], x, y) => {
        const middle = at(a, b, (x + y) / 2)
        return near(
          (at(a, b, x) + at(a, b, y)) / 2,
          middle,
          Math.abs(at(a, b, x)) + Math.abs(at(a, b, y)) + 1000,
        )
      }),
    )
  })
})

const hasUdunits = spawnSync('udunits2', ['-H', 'm', '-W', 'km']).status === 0
describe.skipIf(!hasUdunits)(
  `unitConversion beside the program udunits2${hasUdunits ? '' : ' (not installed)'}`,
  () => {
    it('agrees on every pair that the program converts', () => {
      const comparable = pairs.filter(isComparable).filter(([from]) => !/^\d/.test(from))
      const input = comparable.map(([from, to]) => `${from}\n${to}\n`).join('')
      const { stdout } = spawnSync('udunits2', ['-U'], { input, encoding: 'utf8' })
      const answers = [...stdout.matchAll(/You want: +1 .* = (\S+) /g)].map((match) => Number(match[1]))
      expect(answers).toHaveLength(comparable.length)
      comparable.forEach(([from, to], i) => {
        const wanted = answers[i] as number
        // The program prints 6 digits.
        expect(Math.abs(at(from, to, 1) - wanted), `${from} -> ${to}`).toBeLessThanOrEqual(
          1e-5 * Math.abs(wanted),
        )
      })
    })
  },
)
