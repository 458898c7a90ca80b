import { describe, expect, it } from 'vitest'
import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { ConfigError, InputError } from '../../errors.ts'
import { NearestNeighbor } from './nearest-neighbor.ts'
import { contextOf, elements, floats, type TestContext, times, timesBetween } from './testing.ts'

function nearest(input: Variable, time: Variable, target: Variable, context: TestContext = {}): Variable {
  const dataset = new Dataset({ coords: new Map([[time.dims[0]!, time]]) })
  const full = contextOf({ input: dataset, coords: new Map([['time', target]]), ...context })
  return new NearestNeighbor('time').convert(input, full)!.variable
}

describe('NearestNeighbor', () => {
  it('gives tsdat’s values on a finer grid, the later of two', () => {
    const hours = timesBetween('00:00', '23:00', 60)
    const found = nearest(
      floats(Array.from({ length: 24 }, (_, i) => i)),
      hours,
      timesBetween('00:00', '23:30', 30),
    )
    // vap-nearest-30min, whose next day begins at 24:00; without it, the last stays.
    expect([...(found.data as Float64Array)]).toEqual(
      Array.from({ length: 48 }, (_, i) => Math.min(Math.ceil(i / 2), 23)),
    )
    const half = timesBetween('00:30', '23:30', 60)
    const lat = nearest(
      floats(Array.from({ length: 24 }, (_, i) => i)),
      half,
      timesBetween('00:00', '23:30', 30),
    )
    expect([...(lat.data as Float64Array)]).toEqual(Array.from({ length: 48 }, (_, i) => Math.floor(i / 2)))
  })

  it('has no tolerance, and takes labels that fall', () => {
    const found = nearest(floats([2, 1]), times(['02:00', '01:00']), times(['00:00', '23:00']))
    expect([...(found.data as Float64Array)]).toEqual([1, 2])
  })

  it('keeps types, texts too', () => {
    const input = variable(['time'], [2], 'str', TextArray.from(['a', 'b']))
    expect([...(nearest(input, times(['00:00', '01:00']), times(['00:50'])).data as TextArray)]).toEqual([
      'b',
    ])
    const whole = variable(['time'], [2], 'int16', Int16Array.of(1, 2))
    expect(nearest(whole, times(['00:00', '01:00']), times(['00:10'])).dtype).toBe('int16')
  })

  it('follows the coord by its place where the input calls it something else', () => {
    const input = variable(['Stamp', 'height'], [2, 2], 'float64', Float64Array.of(1, 2, 3, 4))
    const found = nearest(input, times(['00:00', '01:00'], 'Stamp'), times(['00:50', '00:40', '00:05']), {
      dims: ['time', 'height'],
    })
    expect(found.dims).toEqual(['time', 'height'])
    expect([...(found.data as Float64Array)]).toEqual([3, 4, 3, 4, 1, 2])
  })

  it('is missing where there is nothing at all', () => {
    const found = nearest(floats([]), times([]), times(['00:00']))
    expect(elements(found)).toEqual([Number.NaN])
  })

  it('refuses labels that repeat or wander, and coords that are not there', () => {
    const one = floats([1, 2, 3])
    expect(() => nearest(one, times(['00:00', '00:00', '01:00']), times(['00:10']))).toThrow(InputError)
    expect(() => nearest(one, times(['00:00', '02:00', '01:00']), times(['00:10']))).toThrow(InputError)
    expect(() =>
      nearest(one, times(['00:00', '01:00', '02:00']), times(['00:10']), { coords: new Map() }),
    ).toThrow(ConfigError)
    expect(() => nearest(one, times(['00:00', '01:00', '02:00']), times(['00:10']), { dims: [] })).toThrow(
      'which is none of its dims',
    )
    const scalar = variable([], [], 'float64', Float64Array.of(1))
    expect(() => nearest(scalar, times(['00:00']), times(['00:10']))).toThrow('none of which is for time')
  })
})
