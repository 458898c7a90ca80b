import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Dataset, type Variable } from '../dataset/dataset.ts'
import { NaT } from '../dataset/dtype.ts'
import { getNumbers, getTexts, getTimes, makeVariable, setNumbers } from './values.ts'

const holding = (x: Variable) => new Dataset({ dataVars: new Map([['x', x]]) })

describe('getNumbers', () => {
  it('gives NaN for NaN and for the fill', () => {
    const x = makeVariable(['time'], [1, -9999, Number.NaN], { attrs: { _FillValue: -9999 } })
    expect([...getNumbers(holding(x), 'x')]).toEqual([1, Number.NaN, Number.NaN])
  })

  it('gives a copy', () => {
    const dataset = holding(makeVariable(['time'], [1, 2]))
    getNumbers(dataset, 'x')[0] = 7
    expect([...getNumbers(dataset, 'x')]).toEqual([1, 2])
  })

  it('refuses what is not there, no number, or too large for one', () => {
    expect(() => getNumbers(holding(makeVariable([], [1])), 'y')).toThrow(
      'y: there is no such variable; there are x',
    )
    expect(() => getNumbers(holding(makeVariable(['n'], ['a'])), 'x')).toThrow('x: holds texts')
    const big = makeVariable(['n'], [2n ** 53n + 1n])
    expect(() => getNumbers(holding(big), 'x')).toThrow('element 0, 9007199254740993, is beyond')
  })
})

describe('getTimes and getTexts', () => {
  it('give seconds since 1970', () => {
    const dates = [new Date('2020-12-01T00:00:00.5Z'), null, new Date(Number.NaN)]
    const dataset = new Dataset({ coords: new Map([['time', makeVariable(['time'], dates)]]) })
    expect([...getTimes(dataset)]).toEqual([1_606_780_800.5, Number.NaN, Number.NaN])
    expect(dataset.get('time')?.data).toEqual(BigInt64Array.of(1_606_780_800_500_000_000n, NaT, NaT))
    expect(() => getNumbers(dataset, 'time')).toThrow('see getTimes')
    expect(() => getTimes(holding(makeVariable(['n'], [1])), 'x')).toThrow('x: holds float64, not times')
  })

  it('give texts, null for those that are missing', () => {
    expect(getTexts(holding(makeVariable(['n'], ['a', null, 'ü'])), 'x')).toEqual(['a', null, 'ü'])
  })
})

describe('setNumbers', () => {
  it('keeps type, dims and attributes, and stores NaN as the fill', () => {
    const attrs = { _FillValue: { dtype: 'int16', values: [-1], scalar: true }, units: 'm' } as const
    const dataset = holding(makeVariable(['time'], [1, 2], { dtype: 'int16', attrs }))
    setNumbers(dataset, 'x', [7, Number.NaN])
    expect(dataset.get('x')).toMatchObject({ dtype: 'int16', dims: ['time'], data: Int16Array.of(7, -1) })
    expect(dataset.get('x')?.attrs.get('units')).toBe('m')
  })

  it('refuses what the type cannot hold', () => {
    const dataset = holding(makeVariable(['time'], [1, 2], { dtype: 'int8' }))
    expect(() => setNumbers(dataset, 'x', [1.5, 2])).toThrow('x: element 0, 1.5, is not whole')
    expect(() => setNumbers(dataset, 'x', [1, 200])).toThrow(/200.*int8/)
    expect(() => setNumbers(dataset, 'x', [1, Number.NaN])).toThrow(/int8/)
    expect(() => setNumbers(dataset, 'x', [1])).toThrow('x: has 2 values, and 1 were given')
    expect(getNumbers(dataset, 'x')).toEqual(Float64Array.of(1, 2))
  })

  it('undoes getNumbers', () => {
    const numbers = fc.array(fc.oneof(fc.double(), fc.constant(-9999)))
    fc.assert(
      fc.property(numbers, (values) => {
        const dataset = holding(makeVariable(['n'], values, { attrs: { _FillValue: -9999 } }))
        const before = getNumbers(dataset, 'x')
        setNumbers(dataset, 'x', before)
        expect(getNumbers(dataset, 'x')).toEqual(before)
      }),
    )
  })
})

describe('makeVariable', () => {
  it('needs a shape for more dims than one, and one that fits', () => {
    expect(makeVariable(['a', 'b'], [1, 2, 3, 4, 5, 6], { shape: [2, 3] }).shape).toEqual([2, 3])
    expect(() => makeVariable(['a', 'b'], [1])).toThrow('needs a shape')
    expect(() => makeVariable(['a'], [1], { shape: [2] })).toThrow('does not have 1 values')
    expect(makeVariable([], [3]).shape).toEqual([])
  })

  it('names the element that its type cannot hold', () => {
    expect(() => makeVariable(['a'], [1, 'x'], { dtype: 'float64' })).toThrow(
      /element 1 of a new variable.*"x"/,
    )
    expect(() => makeVariable(['a'], [0.5], { dtype: 'int32' })).toThrow('element 0, 0.5, is not whole')
  })
})
