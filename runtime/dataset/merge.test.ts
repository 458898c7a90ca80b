import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSluiceError } from '../errors.ts'
import type { Join } from './align.ts'
import { concat } from './combine.ts'
import { fromValues } from './create.ts'
import type { AttrValue, Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import type { DType } from './dtype.ts'
import type { Compat } from './merge.ts'
import { merge } from './merge.ts'
import { TextArray } from './text-array.ts'

type Values = (number | string | null | Values)[]

function of(dims: string[], dtype: DType, values: Values, attrs: Record<string, AttrValue> = {}): Variable {
  const shape: number[] = []
  for (let level: unknown = values; Array.isArray(level) && shape.length < dims.length; level = level[0])
    shape.push(level.length)
  return { ...fromValues(dims, shape, dtype, values), attrs: new Map(Object.entries(attrs)) }
}

function dataset(
  coords: Record<string, Variable>,
  dataVars: Record<string, Variable>,
  attrs: Record<string, AttrValue> = {},
): Dataset {
  return new Dataset({
    coords: new Map(Object.entries(coords)),
    dataVars: new Map(Object.entries(dataVars)),
    attrs: new Map(Object.entries(attrs)),
  })
}

const list = ({ data }: Variable): unknown[] =>
  data instanceof TextArray
    ? Array.from({ length: data.length }, (_, i) => (data.isMissing(i) ? null : data.at(i)))
    : Array.from(data as Float64Array, (value) => (Number.isNaN(value) ? null : value))

const left = dataset(
  { time: of(['time'], 'int64', [1, 2, 3]) },
  {
    a: of(['time'], 'float64', [10, null, 30]),
    n: of(['time'], 'int32', [1, 2, 3]),
    word: of(['time'], 'str', ['x', 'y', 'z']),
  },
  { title: 'left' },
)
const right = dataset(
  { time: of(['time'], 'int64', [2, 3, 4]) },
  { a: of(['time'], 'float64', [20, 30, 40]), b: of(['time'], 'float32', [1, 2, 3]) },
  { title: 'right' },
)

describe('merge', () => {
  it('joins labels, fills gaps from the later dataset, and keeps the attributes of the first', () => {
    const merged = merge([left, right])
    expect(list(merged.get('time')!)).toEqual([1n, 2n, 3n, 4n])
    expect(list(merged.get('a')!)).toEqual([10, 20, 30, 40])
    expect([merged.get('n')!.dtype, ...list(merged.get('n')!)]).toEqual(['float64', 1, 2, 3, null])
    expect(list(merged.get('word')!)).toEqual(['x', 'y', 'z', null])
    expect([merged.get('b')!.dtype, ...list(merged.get('b')!)]).toEqual(['float32', null, 1, 2, 3])
    expect(merged.attrs).toEqual(new Map([['title', 'left']]))
    expect([...merged.dataVars.keys()]).toEqual(['a', 'n', 'word', 'b'])
  })

  it.each([
    ['inner', [2n, 3n]],
    ['left', [1n, 2n, 3n]],
    ['right', [2n, 3n, 4n]],
  ] as const)('joins by %s', (join, labels) => {
    expect(list(merge([left, right], { join }).get('time')!)).toEqual(labels)
  })

  it('takes the labels of the first where it is told to override them', () => {
    const merged = merge([left, right], { join: 'override', compat: 'override' })
    expect(list(merged.get('time')!)).toEqual([1n, 2n, 3n])
    expect(list(merged.get('b')!)).toEqual([1, 2, 3])
  })

  it('leaves labels that are the same in the order that they have', () => {
    const mixed = { time: of(['time'], 'float64', [3, 1, 2]) }
    const merged = merge([
      dataset(mixed, { a: of(['time'], 'float64', [1, 2, 3]) }),
      dataset(mixed, { b: of(['time'], 'float64', [4, 5, 6]) }),
    ])
    expect(list(merged.get('time')!)).toEqual([3, 1, 2])
    expect(list(merged.get('b')!)).toEqual([4, 5, 6])
  })

  it('joins times of different units, and labels of different number types', () => {
    const seconds = dataset(
      { time: of(['time'], 'datetime64[s]', ['2022-01-01']) },
      { a: of(['time'], 'float64', [1]) },
    )
    const nanoseconds = dataset(
      { time: of(['time'], 'datetime64[ns]', ['2022-01-01T00:00:00.5']) },
      { a: of(['time'], 'float64', [2]) },
    )
    const merged = merge([seconds, nanoseconds])
    expect([merged.get('time')!.dtype, ...list(merged.get('time')!)]).toEqual([
      'datetime64[ns]',
      1640995200000000000n,
      1640995200500000000n,
    ])
    const mixed = merge([
      dataset({ x: of(['x'], 'int32', [1]) }, {}),
      dataset({ x: of(['x'], 'float64', [0.5]) }, {}),
    ])
    expect(list(mixed.get('x')!)).toEqual([0.5, 1])
  })

  const again = (values: Values, attrs = {}): Dataset =>
    dataset({ time: left.get('time')! }, { a: of(['time'], 'float64', values, attrs) })
  it.each<[string, () => unknown, RegExp]>([
    [
      'values that differ, with variable, values and place',
      () =>
        merge(
          [
            left,
            dataset({ time: of(['time'], 'int64', [1, 2, 3]) }, { a: of(['time'], 'float64', [10, 5, 31]) }),
          ],
          { sources: ['a.csv', 'b.csv'] },
        ),
      /^a: 30\.0 in a\.csv and 31\.0 in b\.csv at time=3$/,
    ],
    [
      'a gap where equality is wanted',
      () => merge([left, again([10, 20, 30])], { compat: 'equals' }),
      /^a: a missing value in dataset 1 and 20\.0 in dataset 2 at time=2$/,
    ],
    [
      'attributes that differ where identity is wanted',
      () =>
        merge([again([1, 2, 3], { units: 'm' }), again([1, 2, 3], { units: 'km' })], { compat: 'identical' }),
      /^a: the attributes differ in dataset 1 and dataset 2/,
    ],
    [
      'other dims where equality is wanted',
      () =>
        merge([again([1, 1, 1]), dataset({}, { a: of([], 'float64', 1 as never) })], { compat: 'equals' }),
      /^a: has dims \(time\) in dataset 1 and \(\) in dataset 2/,
    ],
    [
      'other labels where they must be the same',
      () => merge([left, right], { join: 'exact' }),
      /^time: the labels differ, and join is exact/,
    ],
    [
      'repeated labels that would have to be aligned',
      () => merge([left, dataset({ time: of(['time'], 'int64', [5, 5]) }, {})]),
      /^time: 5 stands twice/,
    ],
    [
      'lengths that differ without labels',
      () =>
        merge([
          dataset({}, { a: of(['x'], 'float64', [1, 2]) }),
          dataset({}, { b: of(['x'], 'float64', [1]) }),
        ]),
      /^x: 2 elements in dataset 1 and 1 in dataset 2/,
    ],
    [
      'a coord that is data elsewhere',
      () =>
        merge([
          dataset({ s: of([], 'float64', 1 as never) }, {}),
          dataset({}, { s: of([], 'float64', 1 as never) }),
        ]),
      /^s: a data variable in dataset 2/,
    ],
    [
      'text where numbers are',
      () =>
        merge([
          again([1, 2, 3]),
          dataset({ time: left.get('time')! }, { a: of(['time'], 'str', ['1', '2', '3']) }),
        ]),
      /^a: 1\.0 in dataset 1 and "1" in dataset 2 at time=1$/,
    ],
    [
      'attributes that may not differ',
      () => merge([left, right], { combineAttrs: 'no_conflicts' }),
      /^the datasets: the attribute title differs/,
    ],
    [
      'attributes that are not all there',
      () => merge([left, dataset({}, {})], { combineAttrs: 'identical' }),
      /^the datasets: the attributes differ/,
    ],
  ])('refuses %s', (_, run, message) => {
    try {
      run()
      expect.unreachable()
    } catch (error) {
      expect(isSluiceError(error, 'input')).toBe(true)
      expect((error as Error).message).toMatch(message)
    }
  })

  it('drops what conflicts where only a minimum is wanted, and takes the first where it is told to', () => {
    expect(merge([left, again([1, 2, 3])], { compat: 'minimal' }).get('a')).toBeUndefined()
    expect(list(merge([left, again([1, 2, 3])], { compat: 'override' }).get('a')!)).toEqual([10, null, 30])
  })

  it('makes one of a value and many that are the same', () => {
    const one = dataset({}, { a: of([], 'float64', 7 as never) })
    const many = dataset({}, { a: of(['x'], 'float64', [7, 7]) })
    expect(merge([one, many], { compat: 'broadcast_equals' }).get('a')!.shape).toEqual([2])
    expect(() =>
      merge([one, dataset({}, { a: of(['x'], 'float64', [7, 8]) })], { compat: 'broadcast_equals' }),
    ).toThrow(/a: 7\.0 in dataset 1 and 8\.0 in dataset 2 at x=1/)
    const turned = dataset(
      {},
      {
        a: of(['y', 'x'], 'float64', [
          [1, 2, 3],
          [4, 5, 6],
        ]),
      },
    )
    const other = dataset(
      {},
      {
        a: of(['x', 'y'], 'float64', [
          [1, 4],
          [2, 5],
          [3, 6],
        ]),
      },
    )
    expect(list(merge([turned, other]).get('a')!)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('combines attributes as it is told to', () => {
    const attrs = (how: 'drop' | 'drop_conflicts'): object =>
      Object.fromEntries(
        merge([dataset({}, {}, { a: 1, b: 2 }), dataset({}, {}, { a: 1n, b: 3, c: 4 })], {
          combineAttrs: how,
        }).attrs,
      )
    expect(attrs('drop')).toEqual({})
    expect(attrs('drop_conflicts')).toEqual({ a: 1, c: 4 })
  })

  it('gives back what it is given alone', () => {
    const merged = merge([left])
    expect(merged.get('a')!.data).toBe(left.get('a')!.data)
    expect(merge([]).dims().size).toBe(0)
  })
})

describe('concat', () => {
  it('leaves datasets empty that it may consume, and gives the same', () => {
    const parts = () =>
      [1, 2].map((day) =>
        dataset(
          { lat: of([], 'float64', 45 as never), time: of(['time'], 'datetime64[s]', [`2022-01-0${day}`]) },
          { v: of(['time'], 'int32', [day]) },
        ),
      )
    const consumed = parts()
    expect(concat(consumed, 'time', { consume: true })).toEqual(concat(parts(), 'time'))
    expect(consumed.map((part) => [...part.variables()])).toEqual([[], []])
  })

  it('puts datasets one after the other, and repeats what has no such dimension', () => {
    const site = { lat: of([], 'float64', 45 as never) }
    const first = dataset(
      { ...site, time: of(['time'], 'datetime64[s]', ['2022-01-01', '2022-01-02']) },
      { v: of(['time'], 'int32', [1, 2]), offset: of([], 'float64', 7 as never) },
      { title: 'first' },
    )
    const second = dataset(
      { ...site, time: of(['time'], 'datetime64[ns]', ['2022-01-03']) },
      {
        v: of(['time'], 'float64', [2.5]),
        offset: of([], 'float64', 8 as never),
        late: of(['time'], 'int16', [9]),
      },
      { title: 'second' },
    )
    const joined = concat([first, second], 'time')
    expect([joined.get('time')!.dtype, joined.get('time')!.shape]).toEqual(['datetime64[ns]', [3]])
    expect([joined.get('v')!.dtype, ...list(joined.get('v')!)]).toEqual(['float64', 1, 2, 2.5])
    expect([joined.get('offset')!.dims, ...list(joined.get('offset')!)]).toEqual([['time'], 7, 7, 8])
    expect(list(joined.get('late')!)).toEqual([null, null, 9])
    expect(joined.get('lat')!.dims).toEqual([])
    expect(joined.attrs.get('title')).toBe('first')
  })

  it('joins the labels of other dimensions, wherever the dimension stands', () => {
    const part = (x: number[], time: number, values: Values): Dataset =>
      dataset(
        { x: of(['x'], 'int64', x), time: of(['time'], 'int64', [time]) },
        { v: of(['x', 'time'], 'float64', values), word: of(['time'], 'str', [`t${time}`]) },
      )
    const joined = concat([part([1, 2], 0, [[10], [20]]), part([2, 3], 1, [[21], [31]])], 'time')
    expect(list(joined.get('x')!)).toEqual([1n, 2n, 3n])
    expect([joined.get('v')!.dims, joined.get('v')!.shape]).toEqual([
      ['x', 'time'],
      [3, 2],
    ])
    expect(list(joined.get('v')!)).toEqual([10, null, 20, 21, null, 31])
    expect(list(joined.get('word')!)).toEqual(['t0', 't1'])
  })

  it('lets a coord that differs gain the dimension', () => {
    const part = (lat: number): Dataset =>
      dataset({ lat: of([], 'float64', lat as never), time: of(['time'], 'int64', [lat]) }, {})
    expect(list(concat([part(1), part(2)], 'time').get('lat')!)).toEqual([1, 2])
  })

  it('refuses what cannot follow each other', () => {
    const part = (variable: Variable): Dataset =>
      dataset({ time: of(['time'], 'int64', [1]) }, { v: variable })
    expect(() =>
      concat([part(of(['time'], 'float64', [1])), part(of(['time'], 'str', ['a']))], 'time'),
    ).toThrow(/^v: float64 in one dataset and str in another/)
    expect(() => concat([left, dataset({}, {})], 'time')).toThrow(/^time: dataset 2 has no dimension/)
    expect(() => concat([], 'time')).toThrow(/nothing to concatenate/)
  })
})

// What xarray does today: older releases, such as Debian 12's, differ in details.
const recent = "import xarray; assert int(xarray.__version__.split('.')[0]) >= 2025"
const hasXarray = spawnSync('python3', ['-c', recent]).status === 0
describe.skipIf(!hasXarray)(
  'merge and concat beside xarray (needs python3 with xarray of 2025 or later)',
  () => {
    interface Case {
      datasets: { time: number[]; vars: Record<string, { dims: string[]; values: Values }> }[]
      join: Join
      compat: Compat
    }
    const pick = fc.constantFrom
    const value = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constant(null))
    const one = fc
      .uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 })
      .chain((time) => {
        const along = fc.array(value, { minLength: time.length, maxLength: time.length })
        const grid = fc.array(along, { minLength: 2, maxLength: 2 })
        return fc.record({
          time: fc.constant(time),
          vars: fc.record(
            {
              a: fc.record({ dims: fc.constant(['time']), values: along }),
              b: fc.oneof(
                fc.record({ dims: fc.constant(['x', 'time']), values: grid }),
                fc.record({ dims: fc.constant([] as string[]), values: value }),
              ),
              c: fc.record({
                dims: fc.constant(['x']),
                values: fc.array(value, { minLength: 2, maxLength: 2 }),
              }),
            },
            { requiredKeys: [] },
          ),
        })
      })
    const cases = fc.sample(
      fc.record({
        datasets: fc.array(one, { minLength: 1, maxLength: 3 }),
        join: pick<Join[]>('outer', 'inner', 'left', 'right', 'exact', 'override'),
        compat: pick<Compat[]>('no_conflicts', 'equals', 'broadcast_equals', 'override', 'minimal'),
      }),
      { seed: 7, numRuns: 400 },
    ) as Case[]
    const code = `
import json, sys, warnings
import numpy as np, xarray as xr
warnings.simplefilter('ignore')
def show(d):
    return {str(n): [list(v.dims), list(v.shape), [None if x != x else float(x) for x in v.values.ravel()]] for n, v in d.variables.items()}
def attempt(f):
    try:
        return show(f())
    except Exception as e:
        return 'error'
out = []
for c in json.load(sys.stdin):
    ds = [xr.Dataset({n: (v['dims'], np.array(v['values'], float)) for n, v in d['vars'].items()}, coords={'time': d['time']}) for d in c['datasets']]
    out.append([attempt(lambda: xr.merge(ds, join=c['join'], compat=c['compat'])),
                attempt(lambda: xr.concat(ds, 'time', data_vars='all', coords='different', compat='equals', join='outer', combine_attrs='override'))])
print(json.dumps(out))`
    const show = (read: Dataset): object =>
      Object.fromEntries(
        [...read.variables()].map(([name, variable]) => [
          name,
          [
            variable.dims,
            variable.shape,
            list(variable).map((each) => (each === null ? null : Number(each))),
          ],
        ]),
      )
    const attempt = (run: () => Dataset): object | string => {
      try {
        return show(run())
      } catch (error) {
        if (!isSluiceError(error, 'input')) throw error
        return 'error'
      }
    }

    it('gives the same in 400 cases', () => {
      const { stdout } = spawnSync('python3', ['-c', code], {
        input: JSON.stringify(cases),
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      })
      const expected = JSON.parse(stdout) as (object | string)[][]
      cases.forEach(({ datasets, join, compat }, i) => {
        const ours = datasets.map(({ time, vars }) =>
          dataset(
            { time: of(['time'], 'int64', time) },
            Object.fromEntries(
              Object.entries(vars).map(([name, { dims, values }]) => [name, of(dims, 'float64', values)]),
            ),
          ),
        )
        const merged = attempt(() => merge(ours, { join, compat }))
        expect({ case: cases[i], merged }).toEqual({ case: cases[i], merged: expected[i]![0] })
        const joined = attempt(() => concat(ours, 'time'))
        expect({ case: cases[i], joined }).toEqual({ case: cases[i], joined: expected[i]![1] })
      })
    })
  },
)
