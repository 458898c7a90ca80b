import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { NaT } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import { countFlags, flagVariables } from './inspect-flags.ts'
import { summarize } from './inspect-summary.ts'
import { makeSandbox } from './testing/sandbox.ts'

const fixtures = path.resolve(import.meta.dirname, '../formats/fixtures')
const along = (data: Variable['data'], dtype: Variable['dtype'], attrs = {}): Variable =>
  variable(['x'], [data.length], dtype, data, new Map(Object.entries(attrs)))

describe('sluice inspect', () => {
  const box = makeSandbox({ isEmpty: true })
  afterAll(() => box.remove())

  it('shows the header, then values as they are meant and what was flagged', async () => {
    const { code, stdout } = await box.sluice('inspect', path.join(fixtures, 'cdl/classic_cdf1.nc'))
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^netcdf classic_cdf1 \{\ndimensions:\n\ttime = UNLIMITED ; \/\/ \(3 currently\)\n/,
    )
    const [, summary] = stdout.split('\n}\n')
    expect(summary?.trim().split('\n')).toEqual([
      'variable  count  missing                  min                 mean                  max  flagged',
      'time          3        0  2000-01-01T00:00:00  2000-01-01T12:00:00  2000-01-02T00:00:00',
      'name          2        0',
      'packed        6        0                  0.5                 1.75                    3',
      'level         2        1                  1.5                 2.25                    3  1 too_low, 2 too_high',
    ])
  })

  it('shows groups, and fills of what was never written in dimensions of the group around', async () => {
    const { stdout } = await box.sluice('inspect', path.join(fixtures, 'cdl/odd_nc4.nc'))
    expect(stdout).toMatch(/\ngroup \/g1\nvariable .*\nt +9 +0 +9\.96921e\+36 .*\n/)
    expect(stdout).toMatch(/\ngroup \/g1\/deep\nvariable .*\nk +3 +0 +1 +2 +3\n/)
  })

  it('refuses what is no netCDF file in one line', async () => {
    const { code, stdout, stderr } = await box.sluice('inspect', path.join(fixtures, 'cdl/odd_nc4.cdl'))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/odd_nc4\.cdl: not a netCDF file: [^\n]*\n$/)
  })
})

describe('a summary', () => {
  it('counts what is missing and leaves it out', () => {
    const found = summarize(along(Float64Array.of(1, Number.NaN, 4), 'float64'))
    expect(found).toEqual({ count: 2, missing: 1, min: '1', mean: '2.5', max: '4' })
    const nothing = summarize(along(Float32Array.of(Number.NaN), 'float32'))
    expect(nothing).toEqual({ count: 0, missing: 1, min: '', mean: '', max: '' })
    const texts = summarize(along(TextArray.from(['a', null]), 'str'))
    expect(texts).toMatchObject({ count: 1, missing: 1, min: '' })
  })

  it('shows times in ISO 8601 with no more digits than they have', () => {
    const times = BigInt64Array.of(0n, NaT, 1_500_000_000n)
    expect(summarize(along(times, 'datetime64[ns]'))).toEqual({
      count: 2,
      missing: 1,
      min: '1970-01-01T00:00:00',
      mean: '1970-01-01T00:00:00.75',
      max: '1970-01-01T00:00:01.5',
    })
  })

  it('keeps 64-bit integers exact', () => {
    const big = 2n ** 63n - 1n
    const found = summarize(along(BigInt64Array.of(big, big - 2n), 'int64'))
    expect(found).toMatchObject({ min: String(big - 2n), mean: String(big - 1n), max: String(big) })
  })

  it('has the right mean of a long column whose terms cancel', () => {
    const data = new Float64Array(300_000)
    for (let i = 0; i < data.length; i += 3) data.set([1e16, 1, -1e16], i)
    expect(summarize(along(data, 'float64')).mean).toBe('0.3333333')
  })

  it('has a mean between the least and the greatest value', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 })
    fc.assert(
      fc.property(values, (list) => {
        const { min, mean, max } = summarize(along(Float64Array.from(list), 'float64'))
        const slack = 1e-6 * Math.max(Math.abs(Number(min)), Math.abs(Number(max)))
        expect(Number(mean)).toBeGreaterThanOrEqual(Number(min) - slack)
        expect(Number(mean)).toBeLessThanOrEqual(Number(max) + slack)
      }),
    )
  })
})

describe('flags', () => {
  const flagsOf = (qc: Variable): string => {
    const x = along(new Float64Array(qc.data.length), 'float64')
    const dataset = new Dataset({
      dataVars: new Map([
        ['x', x],
        ['qc_x', qc],
      ]),
    })
    return countFlags(dataset, flagVariables(dataset).of('x'))
  }
  const masks = (dtype: 'uint32' | 'uint64', values: readonly (number | bigint)[]) => ({
    dtype,
    values,
    scalar: values.length === 1,
  })

  it('are counted by test, by their meanings', () => {
    const flag_masks = masks('uint32', [1, 2, 4])
    const flag_meanings = ['missing', 'too low', 'too high']
    expect(flagsOf(along(Int32Array.of(0, 1, 3, 2, 2), 'int32', { flag_masks, flag_meanings }))).toBe(
      '2 missing, 3 too low',
    )
  })

  it('of one test have a meaning with blanks', () => {
    const attrs = { flag_masks: masks('uint32', [1]), flag_meanings: 'value is missing' }
    expect(flagsOf(along(Int32Array.of(1, 1), 'int32', attrs))).toBe('2 value is missing')
  })

  it('of more than 31 tests are 64-bit integers', () => {
    const values = Array.from({ length: 63 }, (_, bit) => 1n << BigInt(bit))
    const flag_meanings = values.map((_, bit) => `test of bit ${bit}`)
    const attrs = { flag_masks: masks('uint64', values), flag_meanings }
    expect(flagsOf(along(BigInt64Array.of(0n, (1n << 62n) | (1n << 40n), 1n << 62n), 'int64', attrs))).toBe(
      '1 test of bit 40, 2 test of bit 62',
    )
  })

  it('that exclude each other are compared by value', () => {
    const attrs = { flag_values: masks('uint32', [0, 1, 2]), flag_meanings: 'good suspect bad' }
    expect(flagsOf(along(Int32Array.of(0, 1, 2, 2), 'int32', attrs))).toBe('1 suspect, 2 bad')
  })

  it("are known by ARM's attributes too", () => {
    const attrs = { bit_1_description: 'Value is missing', bit_3_description: 'Bad grid point' }
    expect(flagsOf(along(Int32Array.of(4, 5), 'int32', attrs))).toBe('1 Value is missing, 2 Bad grid point')
  })
})
