import { describe, expect, it } from 'vitest'
import type { Log } from '../../contracts.ts'
import {
  type Attrs,
  type AttrValue,
  Dataset,
  type TypedAttr,
  type Variable,
  variable,
} from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import type { Builtin } from '../config/types.ts'
import type { Handler } from '../interfaces.ts'
import { handlers } from './builtins.ts'
import { CubicSplineInterp } from './cubic-spline-interp.ts'

const nothing = (): void => {}
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, with: () => log }
const make = (builtin: Builtin, parameters = {}): Handler => {
  const handler = handlers[builtin]?.(parameters, log)
  if (!handler) throw new Error(`no ${builtin}`)
  return handler
}
const attrs = (values: Record<string, AttrValue>): Attrs => new Map(Object.entries(values))
const floats = (values: number[], own: Attrs = new Map(), dims = ['time']): Variable =>
  variable(dims, dims.length ? [values.length] : [], 'float64', Float64Array.from(values), own)
function dataset(values: number[], own: Attrs = new Map()): Dataset {
  const seconds = BigInt64Array.from(values, (_, i) => BigInt(i) * 1_000_000_000n)
  return new Dataset({
    coords: new Map([['time', variable(['time'], [values.length], 'datetime64[ns]', seconds)]]),
    dataVars: new Map([['x', floats(values, own)]]),
  })
}
const mask = (...marks: number[]) => Uint8Array.from(marks)
const dataOf = (ds: Dataset, name: string) => Array.from(ds.get(name)?.data as Float64Array)

describe('RecordQualityResults', () => {
  const record = (ds: Dataset, meaning: string, failures: Uint8Array, assessment = 'bad') =>
    make('RecordQualityResults', { meaning, assessment }).handle('x', ds, failures) as Dataset

  it('gives each applied test the next bit, also when nothing failed', () => {
    const ds = dataset([1, 2, 3], attrs({ long_name: 'Ex' }))
    record(ds, 'low', mask(0, 0, 0))
    record(ds, 'high', mask(0, 1, 1), 'INDETERMINATE')
    const qc = ds.get('qc_x') as Variable
    expect(Array.from(qc.data as Int32Array)).toEqual([0, 2, 2])
    expect(qc.dtype).toBe('int32')
    expect(Object.fromEntries(qc.attrs)).toEqual({
      long_name: 'Quality check results on field: Ex',
      units: '1',
      flag_masks: { dtype: 'uint32', values: [1, 2], scalar: false },
      flag_meanings: ['low', 'high'],
      flag_assessments: ['Bad', 'Indeterminate'],
      standard_name: 'quality_flag',
    })
    expect(ds.get('x')?.attrs.get('ancillary_variables')).toBe('qc_x')
  })

  it('leaves a single test standing alone', () => {
    const ds = dataset([1])
    record(ds, 'low', mask(1))
    expect(Object.fromEntries(ds.get('qc_x')?.attrs ?? [])).toMatchObject({
      long_name: 'Quality check results for x',
      flag_masks: { dtype: 'uint32', values: [1], scalar: true },
      flag_meanings: 'low',
      flag_assessments: 'Bad',
    })
  })

  it('sets the bit of a scalar', () => {
    const ds = new Dataset({ dataVars: new Map([['x', floats([1], new Map(), [])]]) })
    record(ds, 'low', mask(1))
    expect(dataOf(ds, 'qc_x')).toEqual([1])
    expect(ds.get('qc_x')?.dims).toEqual([])
  })

  it('uses the quality variable that the input names', () => {
    const ds = dataset([1, 2], attrs({ ancillary_variables: 'other flags' }))
    const own = attrs({
      standard_name: 'air_temperature quality_flag',
      flag_masks: { dtype: 'int8', values: [1], scalar: true },
    })
    ds.dataVars.set('flags', variable(['time'], [2], 'int8', Int8Array.of(1, 0), own))
    record(ds, 'low', mask(0, 1))
    expect(ds.get('qc_x')).toBeUndefined()
    expect(dataOf(ds, 'flags')).toEqual([1, 2])
  })

  it('has room for 63 tests, as 64-bit flags from the 32nd on', () => {
    const ds = dataset([1, 2])
    for (let i = 1; i <= 31; i++) record(ds, `test ${i}`, mask(1, 0))
    expect(ds.get('qc_x')?.dtype).toBe('int32')
    expect(dataOf(ds, 'qc_x')).toEqual([2 ** 31 - 1, 0])
    record(ds, 'test 32', mask(1, 1))
    expect(ds.get('qc_x')?.dtype).toBe('int64')
    expect(ds.get('qc_x')?.data).toEqual(BigInt64Array.of(2n ** 32n - 1n, 2n ** 31n))
    const masks = ds.get('qc_x')?.attrs.get('flag_masks') as TypedAttr
    expect([masks.dtype, masks.values.length, masks.values.at(-1)]).toEqual(['uint64', 32, 2n ** 31n])
    for (let i = 33; i <= 63; i++) record(ds, `test ${i}`, mask(1, 0))
    expect(ds.get('qc_x')?.data).toEqual(BigInt64Array.of(2n ** 63n - 1n, 2n ** 31n))
    expect(() => record(ds, 'test 64', mask(1, 0))).toThrow('room for 63 tests')
  })
})

describe('RemoveFailedValues', () => {
  const remove = (ds: Dataset, name: string, failures: Uint8Array) =>
    make('RemoveFailedValues').handle(name, ds, failures) as Dataset

  it('puts the fill, or NaN without one', () => {
    expect(dataOf(remove(dataset([1, 2], attrs({ _FillValue: -9999 })), 'x', mask(0, 1)), 'x')).toEqual([
      1, -9999,
    ])
    expect(dataOf(remove(dataset([1, 2]), 'x', mask(1, 0)), 'x')).toEqual([Number.NaN, 2])
  })

  it('makes integers without a fill doubles', () => {
    const ds = new Dataset({
      dataVars: new Map([['x', variable(['time'], [2], 'int64', BigInt64Array.of(1n, 2n))]]),
    })
    expect(dataOf(remove(ds, 'x', mask(0, 1)), 'x')).toEqual([1, Number.NaN])
    expect(ds.get('x')?.dtype).toBe('float64')
  })

  it('takes text away', () => {
    const ds = new Dataset({
      dataVars: new Map([['x', variable(['time'], [2], 'str', TextArray.from(['a', 'b']))]]),
    })
    const text = remove(ds, 'x', mask(1, 0)).get('x')?.data as TextArray
    expect([text.isMissing(0), text.at(1)]).toEqual([true, 'b'])
  })

  it('drops the positions of a coord from everything; one that is left keeps its dim', () => {
    const ds = remove(dataset([1, 2, 3]), 'time', mask(1, 0, 1))
    expect(dataOf(ds, 'x')).toEqual([2])
    expect(ds.get('x')?.dims).toEqual(['time'])
    expect(ds.dims().get('time')).toBe(1)
  })
})

describe('SortDatasetByCoordinate', () => {
  it('sorts everything stably and notes it', async () => {
    const ds = dataset([1, 2, 3, 4])
    ds.coords.set('time', variable(['time'], [4], 'datetime64[ns]', BigInt64Array.of(3n, 1n, 2n, 1n)))
    const sort = make('SortDatasetByCoordinate', { correction: 'sorted' })
    const sorted = sort.handle('time', ds, mask(0, 1, 0, 0)) as Dataset
    expect(dataOf(sorted, 'x')).toEqual([2, 4, 3, 1])
    expect(sorted.get('time')?.attrs.get('corrections_applied')).toBe('sorted')
    await sort.handle('time', sorted, mask(1, 0, 0, 0))
    expect(sorted.get('time')?.attrs.get('corrections_applied')).toEqual(['sorted', 'sorted'])
  })

  it('does nothing when nothing failed', async () => {
    const ds = dataset([2, 1])
    await make('SortDatasetByCoordinate').handle('x', ds, mask(0, 0))
    expect(dataOf(ds, 'x')).toEqual([2, 1])
  })
})

describe('FailPipeline', () => {
  const fail = (parameters: object, failures: Uint8Array, ds = dataset([1, 2, 3, 4])) =>
    make('FailPipeline', parameters).handle('x', ds, failures)

  it('lets pass a share up to the tolerance', () => {
    expect(() => fail({ tolerance: 0.5 }, mask(1, 1, 0, 0))).not.toThrow()
    expect(() => fail({}, mask(0, 0, 0, 0))).not.toThrow()
  })

  it('says what failed, how much of it, and why it matters', () => {
    expect(() => fail({ tolerance: 0.25, context: 'Ask Ann.', display_limit: 1 }, mask(0, 1, 1, 0))).toThrow(
      'x: 2 of 4 values failed a quality check (50.00%, more than the 25% that are let pass); the first: [1] = 2. Ask Ann.',
    )
  })

  it('names the place in several dims, and times as times', () => {
    const grid = variable(['z', 'time'], [2, 2], 'float64', Float64Array.of(1, 2, 3, 4))
    const ds = new Dataset({ dataVars: new Map([['x', grid]]) })
    expect(() => fail({}, mask(0, 0, 1, 0), ds)).toThrow('the first: [1, 0] = 3')
    expect(() => make('FailPipeline').handle('time', dataset([1, 2]), mask(0, 1))).toThrow(
      '[1] = 1970-01-01T00:00:01',
    )
  })
})

describe('CubicSplineInterp', () => {
  const spline = new CubicSplineInterp({ points: 12, method: 'cubic', maxGap: 6 })

  it('replaces failed values, and fills beside them', () => {
    const values = [0, 1, 8, -9999, 64, 125, 216, 99, 512]
    const ds = spline.handle(
      'x',
      dataset(values, attrs({ _FillValue: -9999 })),
      mask(0, 0, 0, 0, 0, 0, 0, 1, 0),
    )
    dataOf(ds, 'x').forEach((value, i) => {
      expect(value).toBeCloseTo(i ** 3, 8)
    })
  })

  it('leaves what has too few neighbours missing', () => {
    const ds = spline.handle('x', dataset([0, 1, 2]), mask(0, 1, 0))
    expect(dataOf(ds, 'x')).toEqual([0, Number.NaN, 2])
  })

  it('refuses integers, and labels that do not rise', () => {
    const ints = new Dataset({
      dataVars: new Map([['x', variable(['time'], [1], 'int32', Int32Array.of(1))]]),
    })
    expect(() => spline.handle('x', ints, mask(1))).toThrow('needs float values')
    const ds = dataset([1, 2])
    ds.coords.set('time', variable(['time'], [2], 'datetime64[ns]', BigInt64Array.of(1n, 1n)))
    expect(() => spline.handle('x', ds, mask(1, 0))).toThrow('it does not at index 1')
  })
})
