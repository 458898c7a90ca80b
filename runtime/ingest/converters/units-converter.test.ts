import { describe, expect, it } from 'vitest'
import { type Variable, variable } from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { ConfigError, InputError } from '../../errors.ts'
import { contextOf, elements, floats, recordingLog, type TestContext } from './testing.ts'
import { UnitsConverter } from './units-converter.ts'

function convert(
  values: Variable | readonly number[],
  from: string | undefined,
  to: string,
  context: TestContext = {},
) {
  const input = 'data' in values ? values : floats(values)
  return new UnitsConverter(from).convert(input, contextOf({ units: to, ...context }))?.variable
}

describe('UnitsConverter', () => {
  it.each([
    ['degC', 'K', [0, 100], [273.15, 373.15]],
    ['fraction', '%', [0.5], [50]],
    ['knot', 'm/s', [10], [5.144444444444445]],
    ['10 m', 'm', [3], [30]],
    ['degree', 'radian', [180], [Math.PI]],
    ['m2 s-2', 'J/kg', [1], [1]],
  ])('%s -> %s', (from, to, values, wanted) => {
    const found = convert(values, from, to)!
    expect([...(found.data as Float64Array)]).toEqual(wanted)
    expect(found.attrs.get('units')).toBe(to)
  })

  it('takes the units of the input where none are configured', () => {
    const input = { ...floats([1, 2]), attrs: new Map([['units', ' km ']]) }
    expect([...(convert(input, undefined, 'm')!.data as Float64Array)]).toEqual([1000, 2000])
    // The input is still what it was.
    expect([...(input.data as Float64Array)]).toEqual([1, 2])
    expect(input.attrs.get('units')).toBe(' km ')
  })

  it.each([
    [undefined, 'm'],
    ['', 'm'],
    ['1', 'm'],
    ['m', '1'],
    ['m s-1', ' m s^-1'],
    ['NTU', 'NTU'],
    ['NTU', 'm'],
  ])('only casts from %s to %s', (from, to) => {
    const found = convert([1.7, -1.7], from, to, { dtype: 'int32' })!
    expect(found.dtype).toBe('int32')
    expect([...(found.data as Int32Array)]).toEqual([1, -1])
    expect(found.attrs.get('units')).toBe(to)
  })

  it('warns of units that it does not know, if they differ', () => {
    const { lines, log } = recordingLog()
    convert([1], 'NTU', 'NTU', { log })
    expect(lines).toEqual([])
    convert([1], 'NTU', 'm', { log })
    convert([1], 'm', 'NTU', { log })
    convert([1], 's', 'seconds since 1970-01-01', { log })
    expect(lines).toEqual(['Units:Unknown', 'Units:Unknown'])
  })

  it('leaves alone what is no number, and outputs whose units are none', () => {
    const texts = variable(['time'], [1], 'str', TextArray.from(['1']))
    const flags = variable(['time'], [1], 'bool', Uint8Array.of(1))
    const instants = variable(['time'], [1], 'datetime64[ns]', BigInt64Array.of(1n))
    for (const input of [texts, flags, instants]) expect(convert(input, 'm', 's')).toBeUndefined()
    expect(convert([1], 'm', 'NTU')).toBeUndefined()
    expect(convert([1], 's', 'seconds since 1970-01-01')).toBeUndefined()
  })

  it('keeps NaN, and fills it in where the type has none', () => {
    expect(elements(convert([Number.NaN, 1], 'degC', 'K')!)).toEqual([Number.NaN, 274.15])
    const whole = convert([Number.NaN, 1.9], 'km', 'm', { dtype: 'int32', fillValue: -999 })!
    expect([...(whole.data as Int32Array)]).toEqual([-999, 1900])
  })

  it('converts integers of every size', () => {
    const big = variable(['time'], [2], 'int64', BigInt64Array.of(1n, -3n))
    expect([...(convert(big, 'km', 'm', { dtype: 'int64' })!.data as BigInt64Array)]).toEqual([1000n, -3000n])
    const small = variable(['time'], [1], 'int16', Int16Array.of(300))
    expect([...(convert(small, 'cm', 'm')!.data as Float64Array)]).toEqual([3])
  })

  it('refuses other dimensions, and outputs without units', () => {
    expect(() => convert([1], 'm', 's')).toThrow(
      new InputError('temp: units "m" (length) cannot be converted to "s" (time)'),
    )
    expect(() => convert([1], 'm', '')).toThrow(ConfigError)
    expect(() => convert([1], 'm', '')).toThrow('dataset.yaml:12:5 temp: has no units in dataset.yaml')
  })

  it('hands data through that needs no conversion', () => {
    const input = floats([1, 2])
    expect(convert(input, 'm', 'meter')!.data).toBe(input.data)
  })
})
