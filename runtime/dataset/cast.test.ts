import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSluiceError } from '../errors.ts'
import { cast, castData, showElement, toElement } from './cast.ts'
import { fromValues } from './create.ts'
import type { DType } from './dtype.ts'
import { NaT } from './dtype.ts'
import { TextArray } from './text-array.ts'

const of = (dtype: DType, ...values: (number | string | boolean | null)[]) =>
  fromValues(['x'], [values.length], dtype, values)
const values = (from: ReturnType<typeof of>, to: DType, missing?: number | bigint | string): unknown[] => {
  const { data, dtype } = cast(from, to, missing, 'temp')
  expect(dtype).toBe(to)
  if (!(data instanceof TextArray)) return Array.from(data as ArrayLike<number | bigint>)
  return Array.from({ length: data.length }, (_, i) => (data.isMissing(i) ? null : data.at(i)))
}

describe('cast', () => {
  it('cuts floats toward zero', () => {
    expect(values(of('float64', 1.9, -1.9, 0.5, -0), 'int32')).toEqual([1, -1, 0, 0])
    expect(values(of('float32', 255.9), 'uint8')).toEqual([255])
    expect(values(of('float64', -1e18, 3.7), 'int64')).toEqual([-(10n ** 18n), 3n])
  })

  it('puts the fill in the place of NaN, NaT and missing text', () => {
    expect(values(of('float64', 1, null), 'int16', -9999)).toEqual([1, -9999])
    expect(values(of('datetime64[s]', '1970-01-02', null), 'int64', -1n)).toEqual([86_400n, -1n])
    expect(values(of('str', '7', null), 'int64', -9999)).toEqual([7n, -9999n])
    expect(values(of('float64', 0, 5, null), 'bool', 1)).toEqual([0, 1, 1])
  })

  it.each<[string, ReturnType<typeof of>, DType, RegExp]>([
    [
      'NaN without a fill',
      of('float64', 1, null),
      'int32',
      /^temp: a missing value cannot be int32.* \(element 1\)$/,
    ],
    [
      'too large a float',
      of('float64', 1, 300),
      'int8',
      /^temp: 300\.0 does not fit int8, which holds -128 to 127 \(element 1\)$/,
    ],
    ['infinity', of('float64', Number.POSITIVE_INFINITY), 'int64', /inf does not fit int64/],
    ['a float beyond int64', of('float64', 2 ** 63), 'int64', /does not fit int64/],
    ['a negative number', of('int32', -1), 'uint32', /-1 does not fit uint32/],
    ['a double beyond float32', of('float64', 1e39), 'float32', /1e\+39 does not fit float32/],
    [
      'text that is no number',
      of('str', '1', '1,5'),
      'float64',
      /"1,5" is not a number \(float64\) \(element 1\)/,
    ],
    ['hexadecimal text', of('str', '0x10'), 'int32', /"0x10" is not a whole number/],
    ['text with a fraction', of('str', '1.5'), 'int32', /"1.5" is not a whole number/],
    ['text that is no time', of('str', '2022-02-30'), 'datetime64[ns]', /is not a date and time/],
    ['text that is no truth', of('str', 'maybe'), 'bool', /is not True or False/],
    [
      'a time beyond nanoseconds',
      of('datetime64[s]', '3000-01-01'),
      'datetime64[ns]',
      /3000-01-01T00:00:00 does not fit/,
    ],
  ])('refuses %s', (_, from, to, message) => {
    const error = (() => {
      try {
        return cast(from, to, undefined, 'temp')
      } catch (thrown) {
        return thrown
      }
    })()
    expect(isSluiceError(error, 'input')).toBe(true)
    expect((error as Error).message).toMatch(message)
  })

  it('refuses a fill that the type cannot hold', () => {
    expect(() => cast(of('float64', null), 'int8', -9999)).toThrow(/-9999.* does not fit int8/)
  })

  it('reads text strictly', () => {
    expect(values(of('str', ' 1.5 ', '-2', '+.5e3', 'NaN', '-Infinity', null), 'float64')).toEqual([
      1.5,
      -2,
      500,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ])
    expect(values(of('str', 'True', '0', 'false'), 'bool')).toEqual([1, 0, 0])
    expect(
      values(
        of('str', '2022-03-24 21:43:00', '2022-03-24T21:43:00.5Z', '2022-03-24', 'NaT', null),
        'datetime64[ms]',
      ),
    ).toEqual([1_648_158_180_000n, 1_648_158_180_500n, 1_648_080_000_000n, NaT, NaT])
  })

  it('writes numbers as Python does', () => {
    expect(
      values(of('float64', 1, 1.5, 1e16, 123456789012345680, 1e-5, 0.0001, null, -0, 1e22), 'str'),
    ).toEqual(['1.0', '1.5', '1e+16', '1.2345678901234568e+17', '1e-05', '0.0001', 'nan', '-0.0', '1e+22'])
    expect(values(of('float32', 0.1, 3.4e38, 16777216), 'str')).toEqual(['0.1', '3.4e+38', '16777216.0'])
    expect(values(of('int64', 5), 'str')).toEqual(['5'])
    expect(values(of('bool', true, false), 'str')).toEqual(['True', 'False'])
    expect(values(of('datetime64[ns]', '2022-03-24T21:43:00.5', null), 'str')).toEqual([
      '2022-03-24T21:43:00.500000000',
      'NaT',
    ])
  })

  it('cuts times toward minus infinity', () => {
    const early = of('datetime64[ns]', '1969-12-31T23:59:59.999999999', '1970-01-01T00:00:00.999999999', null)
    expect(values(early, 'datetime64[s]')).toEqual([-1n, 0n, NaT])
    expect(values(of('datetime64[s]', '1970-01-01T00:00:01'), 'datetime64[us]')).toEqual([1_000_000n])
  })

  it('gives the same variable where nothing changes', () => {
    const same = of('float64', 1)
    expect(cast(same, 'float64')).toBe(same)
  })

  it('keeps every integer of a type through 64 bits and through text', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })), (numbers) => {
        const data = BigInt64Array.from(numbers)
        expect(castData(castData(data, 'int64', 'str'), 'str', 'int64')).toEqual(data)
      }),
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (number) => {
        expect(castData(castData(Float64Array.of(number), 'float64', 'str'), 'str', 'float64')).toEqual(
          Float64Array.of(number),
        )
      }),
    )
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (number) => {
        expect(castData(castData(Float32Array.of(number), 'float32', 'str'), 'str', 'float32')).toEqual(
          Float32Array.of(number),
        )
      }),
    )
  })
})

describe('toElement', () => {
  it('gives what a type holds', () => {
    expect([
      toElement('int64', 5),
      toElement('float32', 0.1),
      toElement('str', true),
      toElement('str', 1.5),
      toElement('bool', 7),
      toElement('datetime64[s]', '1970-01-02'),
    ]).toEqual([5n, Math.fround(0.1), 'True', '1.5', 1, 86_400n])
    expect([toElement('float64', null), toElement('datetime64[ns]', null), toElement('str', null)]).toEqual([
      Number.NaN,
      NaT,
      null,
    ])
    expect(() => toElement('int8', null, 'fill')).toThrow('fill: a missing value cannot be int8')
  })
})

describe('showElement', () => {
  it('shows times before 1970 and before the year 1000', () => {
    expect(showElement(-1n, 'datetime64[s]')).toBe('1969-12-31T23:59:59')
    expect(showElement(-62_135_596_800n, 'datetime64[s]')).toBe('0001-01-01T00:00:00')
  })
})
