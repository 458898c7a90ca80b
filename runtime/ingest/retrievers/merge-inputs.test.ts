import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Dataset, variable } from '../../dataset/dataset.ts'
import { merge } from '../../dataset/merge.ts'
import { mergeInputs } from './merge-inputs.ts'

function dataset(start: number, values: readonly number[], extra = false): Dataset {
  const times = BigInt64Array.from(values, (_, i) => BigInt(start + i))
  const column = variable(
    ['time'],
    [values.length],
    'float64',
    Float64Array.from(values),
    new Map([['from', `${start}`]]),
  )
  return new Dataset({
    coords: new Map([['time', variable(['time'], [values.length], 'datetime64[s]', times)]]),
    dataVars: new Map([
      ['x', column],
      ...(extra ? ([['lat', variable([], [], 'float64', Float64Array.of(1))]] as const) : []),
    ]),
    attrs: new Map([['from', `${start}`]]),
  })
}
const plain = (ds: Dataset) => ({
  time: Array.from(ds.get('time')?.data as BigInt64Array),
  x: Array.from(ds.get('x')?.data as Float64Array),
  attrs: [...ds.attrs, ...(ds.get('x')?.attrs ?? [])],
})
const parts = (datasets: readonly Dataset[]) => new Map(datasets.map((ds, i) => [`part ${i}`, ds]))

describe('mergeInputs', () => {
  it('gives what xarray.merge gives, also where parts follow each other in any order', () => {
    const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(Number.NaN)), {
      minLength: 1,
      maxLength: 4,
    })
    const part = fc.record({ start: fc.integer({ min: 0, max: 30 }), values })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (described) => {
        const datasets = () => described.map(({ start, values: own }) => dataset(start, own))
        const attempt = (make: () => Dataset) => {
          try {
            return plain(make())
          } catch (error) {
            return error instanceof Error ? error.message : error
          }
        }
        const expected = attempt(() => merge(datasets(), { sources: [...parts(datasets()).keys()] }))
        expect(attempt(() => mergeInputs(parts(datasets()), {}))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps a scalar that all parts have a scalar', () => {
    const merged = mergeInputs(parts([dataset(0, [1], true), dataset(5, [2], true)]), {})
    expect(merged.get('lat')?.dims).toEqual([])
  })

  it('obeys merge_kwargs', () => {
    const both = () => parts([dataset(0, [1, 2]), dataset(1, [2, 3])])
    expect(plain(mergeInputs(both(), { join: 'inner' })).x).toEqual([2])
    expect(() => mergeInputs(both(), { join: 'exact' })).toThrow('time')
  })
})
