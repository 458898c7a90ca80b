import { describe, expect, it } from 'vitest'
import type { Json } from '../contracts.ts'
import { Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { TextArray } from '../dataset/text-array.ts'
import { ConfigError, InputError } from '../errors.ts'
import type { DatasetConfig, VariableConfig } from './config/types.ts'
import { prepareDataset } from './prepare.ts'
import { recordingLog } from './testing/run-configuration.ts'

const place = { file: 'dataset.yaml', line: 7 }
const spec = (name: string, dtype: string, own: Partial<VariableConfig> = {}): VariableConfig => ({
  name,
  dims: ['time'],
  dtype,
  attrs: new Map<string, Json>([['units', '1']]),
  floatAttrs: new Set(),
  fillValue: null,
  data: undefined,
  place,
  ...own,
})
function configOf(dataVars: VariableConfig[], own: Partial<DatasetConfig> = {}): DatasetConfig {
  return {
    attrs: new Map<string, Json>([['title', 't']]),
    datastream: 'sgp.met.b1',
    floatAttrs: new Set(),
    coords: new Map([['time', spec('time', 'datetime64[s]')]]),
    dataVars: new Map(dataVars.map((each) => [each.name, each])),
    ...own,
  } as DatasetConfig
}
const column = (values: number[]) => variable(['time'], [values.length], 'float64', Float64Array.from(values))
function retrieved(dataVars: Record<string, Variable>): Dataset {
  return new Dataset({
    coords: new Map([['time', variable(['time'], [2], 'datetime64[s]', BigInt64Array.of(0n, 1n))]]),
    dataVars: new Map(Object.entries(dataVars)),
  })
}
const run = { codeVersion: 'abc', history: 'made', inputs: ['a.csv'] }
const prepare = (dataset: Dataset, config: DatasetConfig) =>
  prepareDataset(dataset, config, run, recordingLog())
const dataOf = (dataset: Dataset, name: string) => Array.from(dataset.get(name)?.data as Float64Array)

describe('prepareDataset', () => {
  it('casts, with the fill for what integers cannot say', () => {
    const dataset = prepare(
      retrieved({ n: column([1.9, Number.NaN]) }),
      configOf([spec('n', 'int', { fillValue: -9999n })]),
    )
    expect(dataset.get('n')).toMatchObject({ dtype: 'int64', data: BigInt64Array.of(1n, -9999n) })
    expect(dataset.get('n')?.attrs.get('_FillValue')).toEqual({
      dtype: 'int64',
      values: [-9999n],
      scalar: true,
    })
  })

  it('leaves text missing that is missing, instead of writing nan', () => {
    const dataset = prepare(retrieved({ s: column([1.5, Number.NaN]) }), configOf([spec('s', 'str')]))
    const text = dataset.get('s')?.data as TextArray
    expect([text.at(0), text.isMissing(1)]).toEqual(['1.5', true])
  })

  it('drops what is not named, and quality variables even if they are', () => {
    const config = configOf([spec('x', 'float'), spec('qc_x', 'int32')])
    const dataset = prepare(retrieved({ x: column([1, 2]), y: column([1, 2]), qc_x: column([0, 0]) }), config)
    expect([...dataset.dataVars.keys()]).toEqual(['x'])
  })

  it('adds what is missing: static data, fills, empty text, NaT', () => {
    const config = configOf([
      spec('given', 'float', { data: [1, 2] }),
      spec('lat', 'float', { dims: [], data: 36.5 }),
      spec('filled', 'float', { fillValue: -9999 }),
      spec('bare', 'float'),
      spec('count', 'uint8', { fillValue: 0 }),
      spec('note', 'str'),
      spec('when', 'datetime64[s]'),
    ])
    const dataset = prepare(retrieved({}), config)
    expect(['given', 'lat', 'filled', 'bare', 'count'].map((name) => dataOf(dataset, name))).toEqual([
      [1, 2],
      [36.5],
      [-9999, -9999],
      [Number.NaN, Number.NaN],
      [0, 0],
    ])
    expect(Array.from(dataset.get('note')?.data as TextArray)).toEqual(['', ''])
    expect(dataset.get('when')?.data).toEqual(BigInt64Array.of(-(2n ** 63n), -(2n ** 63n)))
  })

  it('prefers what was retrieved to static data', () => {
    const dataset = prepare(
      retrieved({ x: column([1, 2]) }),
      configOf([spec('x', 'float', { data: [8, 9] })]),
    )
    expect(dataOf(dataset, 'x')).toEqual([1, 2])
  })

  it('adds coords with static data', () => {
    const config = configOf([spec('x', 'float', { dims: ['time', 'height'] })])
    const height = spec('height', 'float', { dims: ['height'], data: [10, 20, 30] })
    const coords = new Map([...config.coords, ['height', height]])
    const dataset = prepare(retrieved({}), { ...config, coords })
    expect(dataset.get('x')?.shape).toEqual([2, 3])
    expect(dataOf(dataset, 'height')).toEqual([10, 20, 30])
  })

  it('keeps attributes of the input that the configuration does not set', () => {
    const x = column([1, 2])
    x.attrs.set('valid_max', 3).set('units', 'K')
    const own = new Map<string, Json>([
      ['units', 'degC'],
      ['valid_min', 1],
      ['valid_range', [1, 2]],
      ['flag', ['a', 1]],
      ['one', [5]],
    ])
    const input = retrieved({ x })
    input.attrs.set('station', 'north').set('title', 'old')
    const dataset = prepare(
      input,
      configOf([spec('x', 'float', { attrs: own, floatAttrs: new Set(['valid_range']) })]),
    )
    expect(Object.fromEntries(dataset.get('x')?.attrs ?? [])).toEqual({
      valid_max: 3,
      units: 'degC',
      valid_min: 1n,
      valid_range: { dtype: 'float64', values: [1, 2], scalar: false },
      flag: ['a', '1'],
      one: 5n,
    })
    expect(Object.fromEntries(dataset.attrs)).toEqual({
      station: 'north',
      title: 't',
      code_version: 'abc',
      history: 'made',
      inputs: 'a.csv',
    })
  })

  it('stores missing_value in the type of the variable', () => {
    const own = new Map<string, Json>([
      ['units', '1'],
      ['missing_value', -99],
    ])
    const dataset = prepare(
      retrieved({ x: column([1, 2]) }),
      configOf([spec('x', 'float32', { attrs: own })]),
    )
    expect(dataset.get('x')?.attrs.get('missing_value')).toEqual({
      dtype: 'float32',
      values: [-99],
      scalar: true,
    })
  })

  it('leaves variables with qc in their names as they are', () => {
    const dataset = prepare(retrieved({ sqc: column([1.5, 2]) }), configOf([spec('sqc', 'int')]))
    expect([dataset.get('sqc')?.dtype, dataset.get('sqc')?.attrs.size]).toEqual(['float64', 0])
  })

  it('says where the configuration leaves something open', () => {
    const refuse =
      (own: Partial<VariableConfig>, dtype = 'float') =>
      () =>
        prepare(retrieved({}), configOf([spec('x', dtype, own)]))
    expect(refuse({ dims: ['height'] })).toThrow(
      'dataset.yaml:7 x: dims name height, which is no dimension of the dataset; those are time',
    )
    expect(refuse({}, 'int32')).toThrow('int32 without a _FillValue cannot be missing')
    expect(refuse({ data: [1, 2, 3] })).toThrow(ConfigError)
    expect(refuse({ attrs: new Map([['note', null]]) })).toThrow('dataset.yaml:7 x: note is null')
    const config = configOf([], { attrs: new Map<string, Json>([['flag', true]]) })
    expect(() => prepare(retrieved({}), config)).toThrow('flag is true')
  })

  it('wants a time, and times of it', () => {
    expect(() => prepare(new Dataset(), configOf([]))).toThrow('the coord time was found in no input')
    const text = variable(['time'], [1], 'str', TextArray.from(['1 Jan']))
    expect(() => prepare(new Dataset({ coords: new Map([['time', text]]) }), configOf([]))).toThrow(
      'time is text, such as "1 Jan"',
    )
    const big = retrieved({ x: column([1e9, 2]) })
    expect(() => prepare(big, configOf([spec('x', 'int8', { fillValue: -128 })]))).toThrow(InputError)
  })
})
