import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromValues } from './create.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import type { DType } from './dtype.ts'
import {
  ascendingOrder,
  compareLabels,
  exact,
  isMonotonic,
  monotonicity,
  nearest,
  reindex,
  reindexVariable,
  sameLabels,
} from './labels.ts'

const of = (dtype: DType, ...values: (number | string | null)[]): Variable =>
  fromValues(['x'], [values.length], dtype, values)

describe('labels', () => {
  it('compare by value across number types, and never text with numbers', () => {
    expect([compareLabels(1, 2n), compareLabels(2n, 2), compareLabels('a', 'b')]).toEqual([-1, 0, -1])
    expect(() => compareLabels('1', 1)).toThrow(/cannot be compared/)
    expect(sameLabels(of('int32', 1, 2), of('float64', 1, 2))).toBe(true)
    expect(sameLabels(of('datetime64[s]', '2022-01-01'), of('datetime64[ns]', '2022-01-01'))).toBe(true)
    expect(sameLabels(of('int64', 0), of('datetime64[ns]', '1970-01-01'))).toBe(false)
    expect(sameLabels(of('float64', 1, null), of('float64', 1, null))).toBe(true)
  })

  it.each<[Variable, 'increasing' | 'decreasing' | undefined, boolean]>([
    [of('float64', 1, 2, 3), 'increasing', true],
    [of('float64', 1, 2, 2), 'increasing', false],
    [of('float64', 3, 2, 1), 'decreasing', true],
    [of('float64', 1, 3, 2), undefined, true],
    [of('float64', 1, null, 3), undefined, false],
    [of('datetime64[ns]', '2022-01-01', null), undefined, false],
    [of('str', 'a', 'b'), 'increasing', true],
    [of('str', 'b', 'a', 'a'), 'decreasing', false],
    [of('float64'), 'increasing', true],
  ])('know their order (%#)', (index, direction, isStrict) => {
    const found = monotonicity(index)
    expect(found.direction).toBe(direction)
    if (direction) expect(found.isStrict).toBe(isStrict)
    expect(isMonotonic(index, { isStrict: true })).toBe(direction !== undefined && isStrict)
  })
})

describe('exact', () => {
  it('finds labels, and says where there is none', () => {
    expect([...exact(of('int64', 5, 7), of('float64', 7, 6, 5))]).toEqual([1, -1, 0])
    expect([...exact(of('str', 'a', 'b'), of('str', 'b', 'z'))]).toEqual([1, -1])
    expect([...exact(of('datetime64[s]', '2022-01-02'), of('datetime64[ns]', '2022-01-02'))]).toEqual([0])
  })

  it('refuses labels that repeat, and those of another kind', () => {
    expect(() =>
      exact(of('datetime64[s]', '2022-01-02', '2022-01-02'), of('datetime64[s]', '2022-01-02'), 'time'),
    ).toThrow('time: 2022-01-02T00:00:00 stands twice')
    expect(() => exact(of('str', 'a'), of('float64', 1), 'x')).toThrow(
      /x: labels that are text cannot be matched with labels that are numbers/,
    )
  })
})

describe('nearest', () => {
  const index = of('float64', 0, 10, 20)
  it('takes the later or the earlier of two that are as near', () => {
    expect([...nearest(index, of('float64', 5, 15, 4, -99, 99), { tie: 'later' })]).toEqual([1, 2, 0, 0, 2])
    expect([...nearest(index, of('float64', 5, 15), { tie: 'earlier' })]).toEqual([0, 1])
    expect([...nearest(of('float64', 20, 10, 0), of('float64', 5, 15), { tie: 'later' })]).toEqual([1, 0])
  })

  it('has a tolerance that counts itself', () => {
    expect([...nearest(index, of('float64', 13, 14, null), { tie: 'later', tolerance: 3 })]).toEqual([
      1, -1, -1,
    ])
    const times = of('datetime64[s]', '2022-01-01T00:00:00', '2022-01-01T01:00:00')
    const targets = of('datetime64[ns]', '2022-01-01T00:10:00', '2022-01-01T00:10:00.000000001')
    expect([...nearest(times, targets, { tie: 'later', tolerance: 600n * 10n ** 9n })]).toEqual([0, -1])
  })

  it('refuses labels in no order or repeated, and finds nothing among none', () => {
    expect(() => nearest(of('float64', 1, 1), index, { tie: 'later' }, 'time')).toThrow(
      /^time: the nearest label needs/,
    )
    expect(() => nearest(of('str', 'a'), of('str', 'a'), { tie: 'later' })).toThrow(/nearest of texts/)
    expect([...nearest(of('float64'), index, { tie: 'later' })]).toEqual([-1, -1, -1])
  })

  it('finds what a search through all finds', () => {
    const numbers = fc
      .uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1 })
      .map((all) => all.toSorted((a, b) => a - b))
    fc.assert(
      fc.property(numbers, fc.array(fc.integer({ min: -60, max: 60 })), (labels, targets) => {
        const found = nearest(of('int32', ...labels), of('int32', ...targets), { tie: 'later' })
        const searched = targets.map((target) => {
          const gaps = labels.map((label) => Math.abs(label - target))
          return gaps.lastIndexOf(Math.min(...gaps))
        })
        expect([...found]).toEqual(searched)
      }),
    )
  })
})

describe('reindex', () => {
  const dataset = new Dataset({
    coords: new Map([['x', of('float64', 1, 2, 3)]]),
    dataVars: new Map([
      ['v', of('int32', 10, 20, 30)],
      ['other', fromValues(['y'], [1], 'float64', [5])],
    ]),
  })

  it('puts variables on other labels', () => {
    const found = reindex(dataset, 'x', of('float64', 2, 9), { method: 'exact' })
    expect([...(found.get('v')!.data as Float64Array)]).toEqual([20, Number.NaN])
    expect(found.get('x')!.data).toEqual(Float64Array.of(2, 9))
    expect(found.get('other')).toBe(dataset.get('other'))
    expect(reindex(dataset, 'x', of('int64', 1, 2, 3), { method: 'exact' })).toBe(dataset)
    expect(() => reindex(dataset, 'y', of('float64', 1), { method: 'exact' })).toThrow(
      /^y: there is no coordinate/,
    )
  })

  it('puts one variable on other labels', () => {
    const found = reindexVariable(dataset.get('v')!, 'x', dataset.get('x')!, of('float64', 2.5, 0), {
      method: 'nearest',
      tie: 'later',
    })
    expect(found.data).toEqual(Int32Array.of(30, 10))
  })
})

describe('ascendingOrder', () => {
  it('is stable', () => {
    expect([...ascendingOrder(of('datetime64[s]', '2022-01-02', null, '2022-01-01', '2022-01-02'))]).toEqual([
      2, 0, 3, 1,
    ])
  })
})
