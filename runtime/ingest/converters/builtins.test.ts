import { describe, expect, it } from 'vitest'
import { variable } from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { converters } from './builtins.ts'
import { contextOf, times } from './testing.ts'

describe('converters', () => {
  it('has every converter of tsdat', () => {
    expect(Object.keys(converters).toSorted()).toEqual([
      'NearestNeighbor',
      'StringToDatetime',
      'UnitsConverter',
      'transform.Automatic',
      'transform.BinAverage',
      'transform.CreateTimeGrid',
      'transform.Interpolate',
      'transform.NearestNeighbor',
      'transform_v2.BinAverage',
      'transform_v2.LinearInterpolate',
      'transform_v2.NearestNeighbor',
    ])
  })

  it('makes them from the fields of YAML', async () => {
    const texts = variable(['time'], [2], 'str', TextArray.from(['31/1/2022', 'x']))
    const make = converters.StringToDatetime!
    const converter = make({
      format: null,
      timezone: null,
      to_datetime_kwargs: { dayfirst: true, errors: 'coerce', utc: null, exact: true },
    })
    const context = contextOf({ name: 'time', dtype: 'datetime64[s]' })
    const converted = await converter.convert(texts, context)
    expect([...(converted!.variable.data as BigInt64Array)]).toEqual([1_643_587_200n, -(2n ** 63n)])
    expect(() => make({ format: '%d/%m/%Y' }).convert(texts, context)).toThrow('row 2')
  })

  it('makes all with nothing but what they need', async () => {
    const context = contextOf({ coords: new Map([['time', times(['00:00'])]]), units: 'm' })
    const interval = '1h'
    for (const [name, make] of Object.entries(converters)) {
      const converter = make({ interval })
      expect(typeof converter.convert, name).toBe('function')
    }
    const units = converters.UnitsConverter!({ input_units: null })
    expect(await units.convert(variable(['time'], [1], 'float32', Float32Array.of(1)), context)).toBeDefined()
  })
})
