import { describe, expect, it } from 'vitest'
import { fromValues } from './create.ts'
import { Dataset } from './dataset.ts'
import type { DType } from './dtype.ts'
import { NaT } from './dtype.ts'
import { slice, sliceByLabel, sortBy, take, takeVariable } from './select.ts'
import { TextArray } from './text-array.ts'

const of = (dtype: DType, ...values: (number | string | null)[]) =>
  fromValues(['time'], [values.length], dtype, values)
const list = (variable: { data: unknown }): unknown[] =>
  variable.data instanceof TextArray ? [...variable.data] : Array.from(variable.data as Float64Array)

function sample(): Dataset {
  return new Dataset({
    coords: new Map([
      ['time', of('datetime64[s]', '2022-01-01', '2022-01-02', '2022-01-03', '2022-01-04')],
      ['x', fromValues(['x'], [2], 'float64', [1, 2])],
    ]),
    dataVars: new Map([
      ['temp', of('float64', 1, 2, 3, 4)],
      ['count', of('int32', 1, 2, 3, 4)],
      ['word', of('str', 'a', 'b', 'c', 'd')],
      [
        'grid',
        fromValues(['x', 'time'], [2, 4], 'int16', [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
        ]),
      ],
      ['site', fromValues([], [], 'float64', 9)],
    ]),
  })
}

describe('take', () => {
  it('chooses along one dimension, of every variable that has it', () => {
    const taken = take(sample(), 'time', [3, 0, 0])
    expect(list(taken.get('grid')!)).toEqual([4, 1, 1, 8, 5, 5])
    expect(taken.get('grid')!.shape).toEqual([2, 3])
    expect(list(taken.get('word')!)).toEqual(['d', 'a', 'a'])
    expect(taken.get('site')).toBe(taken.get('site'))
    expect(taken.dims().get('time')).toBe(3)
  })

  it('leaves gaps where the index is -1, and makes integers floats for them', () => {
    const taken = take(sample(), 'time', [-1, 1])
    expect(list(taken.get('temp')!)).toEqual([Number.NaN, 2])
    expect([taken.get('count')!.dtype, ...list(taken.get('count')!)]).toEqual(['float64', Number.NaN, 2])
    expect([taken.get('grid')!.dtype, ...list(taken.get('grid')!)]).toEqual([
      'float32',
      Number.NaN,
      2,
      Number.NaN,
      6,
    ])
    expect(list(taken.get('time')!)[0]).toBe(NaT)
    expect((taken.get('word')!.data as TextArray).isMissing(0)).toBe(true)
  })

  it('refuses to lose digits of 64-bit integers beside gaps', () => {
    const large = { ...of('int64', 1), data: BigInt64Array.of(2n ** 53n + 1n) }
    expect(() => takeVariable(large, 'time', [0, -1], 'serial')).toThrow(
      /^serial: 9007199254740993 cannot be kept exactly/,
    )
    expect(list(takeVariable(large, 'time', [0, 0]))).toEqual([2n ** 53n + 1n, 2n ** 53n + 1n])
  })

  it('refuses an index outside', () => {
    expect(() => take(sample(), 'time', [4])).toThrow(RangeError)
  })
})

describe('slice', () => {
  it('cuts the first dimension without a copy, others with one', () => {
    const cut = slice(sample(), 'time', 1, 3)
    expect(list(cut.get('grid')!)).toEqual([2, 3, 6, 7])
    expect(list(cut.get('word')!)).toEqual(['b', 'c'])
    const whole = sample()
    expect((slice(whole, 'time', 1, 3).get('temp')!.data as Float64Array).buffer).toBe(
      (whole.get('temp')!.data as Float64Array).buffer,
    )
  })
})

const day = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

describe('sliceByLabel', () => {
  const times = (dataset: Dataset): number => dataset.dims().get('time')!

  it('is half-open, or closed if asked', () => {
    const [start, end] = [day('2022-01-02'), day('2022-01-04')]
    expect(times(sliceByLabel(sample(), 'time', start, end))).toBe(2)
    expect(times(sliceByLabel(sample(), 'time', start, end, { endInclusive: true }))).toBe(3)
    expect(times(sliceByLabel(sample(), 'time', undefined, end))).toBe(3)
    expect(times(sliceByLabel(sample(), 'time', day('2022-01-02T12:00'), undefined))).toBe(2)
    expect(times(sliceByLabel(sample(), 'time', end, start))).toBe(0)
  })

  it('works on labels that fall, as on those that rise', () => {
    const falling = sortBy(sample(), 'time', { ascending: false })
    const cut = sliceByLabel(falling, 'time', day('2022-01-02'), day('2022-01-04'))
    expect(list(cut.get('temp')!)).toEqual([3, 2])
    expect(
      list(
        sliceByLabel(falling, 'time', day('2022-01-02'), day('2022-01-03'), { endInclusive: true }).get(
          'temp',
        )!,
      ),
    ).toEqual([3, 2])
    expect(list(sliceByLabel(falling, 'time', undefined, undefined).get('temp')!)).toEqual([4, 3, 2, 1])
  })

  it('takes numbers and texts as labels', () => {
    expect(sliceByLabel(sample(), 'x', 1.5, 10).dims().get('x')).toBe(1)
    const words = new Dataset({ coords: new Map([['time', of('str', 'a', 'c', 'e')]]) })
    expect(list(sliceByLabel(words, 'time', 'b', 'e').get('time')!)).toEqual(['c'])
  })

  it('keeps repeated labels together', () => {
    const twice = new Dataset({ coords: new Map([['time', of('float64', 1, 2, 2, 3)]]) })
    expect(list(sliceByLabel(twice, 'time', 2, 3).get('time')!)).toEqual([2, 2])
    expect(list(sliceByLabel(twice, 'time', 1, 2, { endInclusive: true }).get('time')!)).toEqual([1, 2, 2])
  })

  it('refuses labels in no order, and dimensions without labels', () => {
    const mixed = new Dataset({ coords: new Map([['time', of('float64', 1, 3, 2)]]) })
    expect(() => sliceByLabel(mixed, 'time', 1, 2)).toThrow(/^time: cannot be sliced/)
    expect(() => sliceByLabel(sample(), 'nowhere', 1, 2)).toThrow(/^nowhere: there is no coordinate/)
  })
})

describe('sortBy', () => {
  it('keeps the order of equals, and puts missing ones last', () => {
    const mixed = new Dataset({
      coords: new Map([['time', of('float64', 3, null, 1, 3, 1)]]),
      dataVars: new Map([['place', of('int32', 0, 1, 2, 3, 4)]]),
    })
    expect(list(sortBy(mixed, 'time').get('place')!)).toEqual([2, 4, 0, 3, 1])
    expect(list(sortBy(mixed, 'time', { ascending: false }).get('place')!)).toEqual([1, 3, 0, 4, 2])
    expect(list(sortBy(mixed, 'place', { ascending: false }).get('time')!)).toEqual([1, 3, 1, Number.NaN, 3])
  })

  it('leaves alone what is sorted', () => {
    const sorted = sample()
    expect(sortBy(sorted, 'time')).toBe(sorted)
    expect(() => sortBy(sorted, 'grid')).toThrow(/only a variable with one dimension/)
  })
})
