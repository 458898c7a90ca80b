import { describe, expect, it } from 'vitest'
import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { ConfigError, InputError } from '../../errors.ts'
import {
  contextOf,
  elements,
  floats,
  parameters,
  type TestContext,
  times,
  timesBetween,
} from '../converters/testing.ts'
import { AdiTransform } from './adi-transform.ts'
import { CreateTimeGrid } from './create-time-grid.ts'
import { TransformV2, type V2Method } from './transform-v2.ts'

const fill = undefined

/** Start and end of a bin about each label. */
function boundsAround(labels: Variable, minutes: number): Variable {
  const half = BigInt(minutes * 30) * 1_000_000_000n
  const edges = [...(labels.data as BigInt64Array)].flatMap((label) => [label - half, label + half])
  return variable(['time', 'bound'], [labels.data.length, 2], 'datetime64[ns]', BigInt64Array.from(edges))
}

/** A dataset of `temp` along time, with what else is given. */
function inputOf(time: Variable, temp: Variable, others: Readonly<Record<string, Variable>> = {}): Dataset {
  return new Dataset({
    coords: new Map([['time', time]]),
    dataVars: new Map([['temp', temp], ...Object.entries(others)]),
  })
}

function rounded({ data }: Variable): (number | undefined)[] {
  return Array.from(data as Float64Array, (value) =>
    Number.isNaN(value) ? undefined : Math.round(value * 1e9) / 1e9,
  )
}

/** `temp` on the output's time, by ARM's method. */
function adi(
  method: ConstructorParameters<typeof AdiTransform>[0],
  input: Dataset,
  time: Variable,
  context: TestContext = {},
) {
  const full = contextOf({ input, coords: new Map([['time', time]]), ...context })
  return new AdiTransform(method, 'ALL').convert(input.get('temp')!, full)!
}

describe('AdiTransform: the vectors of tsdat’s tests', () => {
  const time = timesBetween('14:00', '14:50', 10)
  const temp = floats([0, 1, 2, 99, 4, 5])
  const qc = variable(['time'], [6], 'int32', Int32Array.of(0, 0, 0, 1, 0, 0))
  const input = inputOf(time, temp, { time_bounds: boundsAround(time, 10), qc_temp: qc })

  it('interpolates to 5 minutes', () => {
    const transform = parameters({ range: 900, alignment: 'CENTER' })
    const { variable: found } = adi('Interpolate', input, timesBetween('13:50', '15:00', 5), { transform })
    expect(rounded(found)).toEqual([fill, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, fill])
  })

  it('averages over 30 minutes before each label', () => {
    const transform = parameters({ width: 1800, alignment: 'RIGHT' })
    const found = adi('BinAverage', input, timesBetween('13:30', '15:30', 30), { transform, units: 'degC' })
    expect(rounded(found.variable)).toEqual([fill, 0, 1.2, 4.5, fill])
    expect(rounded(found.extras!.get('temp_goodfraction')!)).toEqual(
      [fill, 1, 1 - 0.5 / 3, 0.8, fill].map((share) => share && Math.round(share * 1e9) / 1e9),
    )
    expect(found.extras!.get('temp_std')!.attrs).toEqual(
      new Map([
        ['long_name', 'Metric std for field temp'],
        ['units', 'degC'],
      ]),
    )
    expect([...(found.extras!.get('qc_temp')!.data as Int32Array)]).toEqual([129, 0, 32, 32, 129])
  })

  it('averages over the hour after each label', () => {
    const transform = parameters({ width: 3600, alignment: 'LEFT' })
    const { variable: found } = adi('BinAverage', input, timesBetween('12:00', '15:00', 60), { transform })
    expect(rounded(found)).toEqual([fill, 0, 2.666666667, fill])
  })

  it('takes the nearest', () => {
    const values = inputOf(time, floats([59, 60, 61, 62, 63, 64]))
    const transform = parameters({ range: 900, alignment: 'CENTER' })
    const { variable: found } = adi('NearestNeighbor', values, timesBetween('13:40', '15:10', 5), {
      transform,
    })
    const wanted = [fill, 59, 59, 59, 59, 59, 60, 60, 61, 61, 62, 62, 63, 63, 64, 64, 64, 64, fill]
    expect(rounded(found)).toEqual(wanted)
  })

  it('chooses by the steps', () => {
    const transform = parameters({ width: 1800, range: 900, alignment: 'RIGHT' })
    const coarse = timesBetween('13:30', '15:30', 30)
    expect(adi('Automatic', input, coarse, { transform })).toEqual(
      adi('BinAverage', input, coarse, { transform }),
    )
    const fine = timesBetween('13:50', '15:00', 5)
    expect(adi('Automatic', input, fine, { transform })).toEqual(
      adi('Interpolate', input, fine, { transform }),
    )
  })

  it('reads flags by their assessments', () => {
    const assessed = (attrs: Variable['attrs']) =>
      adi(
        'NearestNeighbor',
        inputOf(time, temp, { qc_temp: { ...qc, data: Int32Array.of(1, 2, 4, 0, 0, 0), attrs } }),
        time,
        { transform: parameters({ range: 0 }) },
      )
    const cf = assessed(
      new Map<string, never>([
        ['flag_masks', { dtype: 'uint32', values: [1, 2, 4], scalar: false } as never],
        ['flag_assessments', ['Indeterminate', 'Bad', 'Indeterminate'] as never],
      ]),
    )
    expect(rounded(cf.variable)).toEqual([0, fill, 2, 99, 4, 5])
    expect([...(cf.extras!.get('qc_temp')!.data as Int32Array)]).toEqual([2, 257, 2, 0, 0, 0])
    const arm = assessed(
      new Map([
        ['bit_3_assessment', 'Bad'],
        ['bit_1_assessment', 'Indeterminate'],
      ]),
    )
    expect(rounded(arm.variable)).toEqual([0, 1, fill, 99, 4, 5])
    const one = assessed(
      new Map<string, never>([
        ['flag_masks', 2 as never],
        ['flag_assessments', 'Bad' as never],
      ]),
    )
    expect(rounded(one.variable)).toEqual([0, fill, 2, 99, 4, 5])
  })

  it('takes the fill of the input, or -9999, for missing', () => {
    const values = (data: number[], attrs: Variable['attrs']) =>
      rounded(
        adi('NearestNeighbor', inputOf(time, { ...floats(data), attrs }), time, {
          transform: parameters({ range: 0 }),
        }).variable,
      )
    expect(values([0, -9999, -1, Infinity, 4, 5], new Map())).toEqual([0, fill, -1, fill, 4, 5])
    expect(values([0, -9999, -1, 3, 4, 5], new Map([['_FillValue', -1]]))).toEqual([0, -9999, fill, 3, 4, 5])
  })

  it('refuses bins of no width, coords, and what has no labels', () => {
    expect(() => adi('BinAverage', input, time, { transform: parameters({}) })).toThrow(
      'dataset.yaml:12:5 temp: cannot be averaged into bins of no width: transformation_parameters.width.time',
    )
    expect(() => adi('BinAverage', input, time, { role: 'coord' })).toThrow(ConfigError)
    const bare = new Dataset({ dataVars: new Map([['temp', floats([1])]]) })
    expect(() => adi('NearestNeighbor', bare, time)).toThrow(InputError)
  })
})

describe('AdiTransform along several dims', () => {
  const time = times(['00:00', '00:10', '00:20', '00:30'])
  const height = variable(['height'], [3], 'float64', Float64Array.of(0, 10, 20))
  // time × height: 100 × time index + height
  const data = Float64Array.from({ length: 12 }, (_, i) => 100 * Math.floor(i / 3) + 10 * (i % 3))
  const temp = variable(['time', 'height'], [4, 3], 'float64', data)
  const input = new Dataset({
    coords: new Map([
      ['time', time],
      ['height', height],
    ]),
    dataVars: new Map([['temp', temp]]),
  })
  const coords = new Map([
    ['time', times(['00:00', '00:20'])],
    ['height', variable(['height'], [2], 'float64', Float64Array.of(5, 15))],
  ])
  const transform = {
    alignment: new Map([['time', 'LEFT' as const]]),
    range: new Map<string, number>(),
    width: new Map([
      ['time', 1200],
      ['height', 10],
    ]),
  }

  it('goes through all of them, first to last', () => {
    const context = contextOf({ dims: ['time', 'height'], input, coords, transform })
    const found = new AdiTransform('BinAverage', 'ALL').convert(temp, context)!
    expect(found.variable.dims).toEqual(['time', 'height'])
    expect(found.variable.shape).toEqual([2, 2])
    expect(rounded(found.variable)).toEqual([55, 65, 255, 265])
    expect(found.extras!.get('qc_temp')!.shape).toEqual([2, 2])
  })

  it('leaves the others as they are when one is named', () => {
    const context = contextOf({ dims: ['time', 'height'], input, coords, transform })
    const found = new AdiTransform('BinAverage', 'time').convert(temp, context)!
    expect(found.variable.shape).toEqual([2, 3])
    expect(rounded(found.variable)).toEqual([50, 60, 70, 250, 260, 270])
  })

  it('finds dims by name where the input has them in another order', () => {
    const turned = variable(
      ['height', 'time'],
      [3, 4],
      'float64',
      Float64Array.from({ length: 12 }, (_, i) => data[(i % 4) * 3 + Math.floor(i / 4)]!),
    )
    const context = contextOf({ dims: ['time', 'height'], input, coords, transform })
    const found = new AdiTransform('BinAverage', 'time').convert(turned, context)!
    expect(found.variable.dims).toEqual(['height', 'time'])
    expect(rounded(found.variable)).toEqual([50, 250, 60, 260, 70, 270])
  })

  it('takes input labels that fall, and leaves out those that are missing', () => {
    const falling = variable(['height'], [3], 'float64', Float64Array.of(20, Number.NaN, 0))
    const dataset = new Dataset({ coords: new Map([['height', falling]]), dataVars: new Map() })
    const column = floats([2, 99, 0], 'height')
    const context = contextOf({
      dims: ['height'],
      input: dataset,
      coords: new Map([['height', floats([5, 10], 'height')]]),
    })
    const found = new AdiTransform('Interpolate', 'height').convert(column, context)!
    expect(rounded(found.variable)).toEqual([0.5, 1])
  })
})

describe('TransformV2: the outputs of tsdat', () => {
  const hours = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`)
  const day = times(hours)
  const hour = 3_600_000_000_000n
  /** A day of 0 to 23, and the day after of 100 to 123, as far as the fetch reaches beyond the window. */
  const met = (extra: number) => {
    const length = 24 + extra
    const start = elements<bigint>(day)[0] as bigint
    const labels = BigInt64Array.from({ length }, (_, i) => start + BigInt(i) * hour)
    const values = Float64Array.from({ length }, (_, i) => (i < 24 ? i : 76 + i))
    return inputOf(
      variable(['time'], [length], 'datetime64[ns]', labels),
      variable(['time'], [length], 'float64', values),
    )
  }
  const gps = inputOf(times(hours.map((text) => text.replace(':00', ':30'))), floats(hours.map((_, i) => i)))
  const evenHours = timesBetween('00:00', '22:00', 120)

  function own(method: V2Method, input: Dataset, time: Variable, context: TestContext, options = {}) {
    const full = contextOf({ input, coords: new Map([['time', time]]), units: 'degC', ...context })
    return new TransformV2(method, { coord: 'time', keepQc: true, keepMetrics: true, ...options }).convert(
      input.get('temp')!,
      full,
    )
  }

  it('vap-v2-binavg-left', () => {
    const transform = parameters({ alignment: 'LEFT', width: 7200, range: 3600 })
    const found = own('BinAverage', met(3), evenHours, { transform })!
    expect(rounded(found.variable)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 42])
    const std = found.extras!.get('temp_std')!.data as Float64Array
    for (let i = 0; i < 11; i++) expect(std[i]).toBeCloseTo(Math.SQRT1_2, 14)
    expect(std[11]).toBeCloseTo(33.4888040992807, 11)
    expect(rounded(found.extras!.get('temp_goodfraction')!)).toEqual(Array(12).fill(1))
    expect([...(found.extras!.get('qc_temp')!.data as Int32Array)]).toEqual(Array(12).fill(0))
    const lat = own('BinAverage', gps, evenHours, { transform })!
    expect(rounded(lat.variable)).toEqual(Array.from({ length: 12 }, (_, i) => 2 * i + 0.5))
  })

  it('vap-v2-binavg-overlap', () => {
    const transform = parameters({ alignment: 'CENTER', width: 18_000, range: 3600 })
    const temp = own('BinAverage', met(6), evenHours, { transform })!
    expect(rounded(temp.variable)).toEqual([1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 37.2])
    const std = temp.extras!.get('temp_std')!.data as Float64Array
    expect(std[0]).toBeCloseTo(0.816496580927726, 14)
    expect(std[1]).toBeCloseTo(Math.SQRT2, 14)
    expect(std[11]).toBeCloseTo(31.41591953134589, 11)
    const lat = own('BinAverage', gps, evenHours, { transform })!
    const wanted = [0.8, 16 / 9, 3.5, 5.5, 7.5, 9.5, 11.5, 13.5, 15.5, 17.5, 19.5, 191 / 9]
    for (const [i, value] of wanted.entries()) expect(elements(lat.variable)[i]).toBeCloseTo(value, 12)
  })

  it('vap-v2-nn', () => {
    const transform = parameters({ alignment: 'CENTER', width: 7200, range: 600 })
    const grid = timesBetween('00:00', '23:15', 45)
    const temp = own('NearestNeighbor', met(0), grid, { transform }, { keepQc: false })!
    expect(rounded(temp.variable)).toEqual(
      Array.from({ length: 32 }, (_, i) => (i % 4 === 0 ? (i / 4) * 3 : fill)),
    )
    expect(temp.extras!.size).toBe(0)
    const lat = own('NearestNeighbor', gps, grid, { transform })!
    expect(rounded(lat.variable)).toEqual(
      Array.from({ length: 32 }, (_, i) => (i % 4 === 2 ? ((i - 2) / 4) * 3 + 1 : fill)),
    )
    // tsdat: fails for want of a qc variable.
    expect(lat.extras!.has('qc_temp')).toBe(true)
  })

  it('interpolates between and beyond', () => {
    const transform = parameters({ range: 3600 })
    const found = own('LinearInterpolate', gps, times(['00:00', '00:30', '01:00', '23:45']), { transform })!
    expect(rounded(found.variable)).toEqual([-0.5, 0, 0.5, 23.25])
    expect([...(found.extras!.get('qc_temp')!.data as Int32Array)]).toEqual([8, 0, 0, 8])
  })

  it('leaves what is flagged Bad in the average, and says so', () => {
    const qc = variable(
      ['time'],
      [24],
      'int32',
      Int32Array.from({ length: 24 }, (_, i) => Number(i < 2 || i === 5)),
    )
    const flagged = new Dataset({ coords: gps.coords, dataVars: new Map([...gps.dataVars, ['qc_temp', qc]]) })
    const found = own('BinAverage', flagged, evenHours, {
      transform: parameters({ alignment: 'LEFT', width: 7200 }),
    })!
    expect(rounded(found.variable).slice(0, 4)).toEqual([0.5, 2.5, 4.5, 6.5])
    expect([...(found.extras!.get('qc_temp')!.data as Int32Array)].slice(0, 4)).toEqual([
      257 | 2048,
      0,
      32,
      0,
    ])
  })

  it('passes over companions of other variables, and what lacks the coord', () => {
    const context: TestContext = { transform: parameters({ width: 3600 }) }
    expect(own('BinAverage', gps, evenHours, { ...context, dims: ['height'] })).toBeUndefined()
    expect(own('BinAverage', gps, evenHours, { ...context, name: 'qc_temp' })).toBeUndefined()
    const { datasetConfig } = contextOf({ name: 'temp' })
    expect(own('BinAverage', gps, evenHours, { ...context, name: 'temp_std', datasetConfig })).toBeUndefined()
    expect(own('BinAverage', gps, evenHours, { ...context, name: 'wind_std', datasetConfig })).toBeDefined()
  })

  it('works along numbers too', () => {
    const height = variable(['height'], [4], 'float32', Float32Array.of(0, 10, 20, 30))
    const dataset = new Dataset({
      coords: new Map([['height', height]]),
      dataVars: new Map([['temp', floats([0, 1, 2, 3], 'height')]]),
    })
    const context = contextOf({
      dims: ['height'],
      input: dataset,
      coords: new Map([['height', floats([5, 25], 'height')]]),
      transform: parameters({ coord: 'height', width: 20 }),
    })
    const found = new TransformV2('BinAverage', { coord: 'height', keepQc: true, keepMetrics: true }).convert(
      dataset.get('temp')!,
      context,
    )!
    expect(rounded(found.variable)).toEqual([0.5, 2.5])
  })

  it('says which parameter is missing', () => {
    expect(() => own('BinAverage', gps, evenHours, {})).toThrow(
      'transformation_parameters.width.time is missing',
    )
    expect(() => own('NearestNeighbor', gps, evenHours, { transform: parameters({ width: 1 }) })).toThrow(
      'range.time is missing',
    )
    expect(() => own('BinAverage', gps, evenHours, { role: 'coord' })).toThrow('is for data_vars')
  })

  it('refuses texts and times, and labels of another kind', () => {
    const instants = inputOf(day, { ...day, dims: ['time'] })
    expect(() =>
      own('NearestNeighbor', instants, evenHours, { transform: parameters({ range: 1 }) }),
    ).toThrow('temp: times cannot be averaged or interpolated')
    const numbers = new Dataset({
      coords: new Map([['time', floats([1, 2])]]),
      dataVars: new Map([['temp', floats([1, 2])]]),
    })
    expect(() => own('NearestNeighbor', numbers, evenHours, { transform: parameters({ range: 1 }) })).toThrow(
      'time holds numbers, and times are needed',
    )
  })
})

describe('CreateTimeGrid', () => {
  const timeSpan = {
    start: elements<bigint>(times(['00:00']))[0] as bigint,
    end: elements<bigint>(times(['06:00']))[0] as bigint,
  }
  const time: TestContext = { name: 'time', role: 'coord', dtype: 'datetime64[ns]', timeSpan }
  const nothing = floats([])
  const hoursOf = ({ data }: Variable) =>
    Array.from(data as BigInt64Array, (count) => Number(count - timeSpan.start) / 3.6e12)

  it('goes up to the end, not to it', () => {
    const { variable: grid, extras } = new CreateTimeGrid('1.5h').convert(nothing, contextOf(time))
    expect(hoursOf(grid)).toEqual([0, 1.5, 3, 4.5])
    expect(grid.dims).toEqual(['time'])
    expect(grid.attrs.get('units')).toBe('Seconds since 1970-01-01 00:00:00')
    expect(extras?.size).toBe(0)
    expect(hoursOf(new CreateTimeGrid('4h').convert(nothing, contextOf(time)).variable)).toEqual([0, 4])
  })

  it('has the output’s type', () => {
    const { variable: grid } = new CreateTimeGrid('1h').convert(
      nothing,
      contextOf({ ...time, dtype: 'datetime64[s]' }),
    )
    expect(grid.dtype).toBe('datetime64[s]')
    expect((grid.data as BigInt64Array)[1]).toBe(timeSpan.start / 1_000_000_000n + 3600n)
  })

  it('has bounds where there is a width', () => {
    const transform = parameters({ width: 3600, alignment: 'CENTER' })
    const { extras } = new CreateTimeGrid('3h').convert(nothing, contextOf({ ...time, transform }))
    const bounds = extras?.get('time_bound') as Variable
    expect(bounds.dims).toEqual(['time', 'bound'])
    expect(bounds.shape).toEqual([2, 2])
    expect(hoursOf(bounds)).toEqual([-0.5, 0.5, 2.5, 3.5])
  })

  it.each(['5', '1W', '0s', 'soon', ''])('refuses the interval "%s"', (interval) => {
    expect(() => new CreateTimeGrid(interval).convert(nothing, contextOf(time))).toThrow(ConfigError)
  })

  it('refuses a grid without a window, without end, or of numbers', () => {
    const { timeSpan: _, ...ingest } = time
    expect(() => new CreateTimeGrid('1h').convert(nothing, contextOf(ingest))).toThrow('is for a VAP')
    expect(() => new CreateTimeGrid('1ns').convert(nothing, contextOf(time))).toThrow(
      'makes 21600000000000 steps',
    )
    expect(() => new CreateTimeGrid('1h').convert(nothing, contextOf({ ...time, dtype: 'float' }))).toThrow(
      'of type float64',
    )
  })
})
