import { describe, expect, it } from 'vitest'
import { byteSize } from './byte-size.ts'
import { filled, fromValues, scalar } from './create.ts'
import { Dataset } from './dataset.ts'
import { NaT } from './dtype.ts'
import { dropVariables, rename, setCoords } from './rename.ts'
import type { TextArray } from './text-array.ts'

function sample(): Dataset {
  return new Dataset({
    coords: new Map([['index', fromValues(['index'], [2], 'int64', [0, 1])]]),
    dataVars: new Map([
      ['Stamp', fromValues(['index'], [2], 'float64', [5, 6])],
      ['T', fromValues(['index'], [2], 'float64', [7, 8])],
      ['site', scalar('float64', 1)],
    ]),
  })
}

const namesOf = (dataset: Dataset): [string[], string[]] => [
  [...dataset.coords.keys()],
  [...dataset.dataVars.keys()],
]

describe('rename', () => {
  it('changes variables and dimensions of a name together, and makes indexes coords', () => {
    const renamed = rename(
      sample(),
      new Map([
        ['index', 'row'],
        ['T', 'temp'],
      ]),
    )
    expect(namesOf(renamed)).toEqual([['row'], ['Stamp', 'temp', 'site']])
    expect(renamed.get('temp')!.dims).toEqual(['row'])
    const exchanged = rename(
      sample(),
      new Map([
        ['T', 'Stamp'],
        ['Stamp', 'T'],
      ]),
    )
    expect([...(exchanged.get('T')!.data as Float64Array)]).toEqual([5, 6])
    const bare = dropVariables(sample(), ['index'])
    expect(
      namesOf(
        rename(
          bare,
          new Map([
            ['index', 'T'],
            ['T', 'x'],
          ]),
        ),
      ),
    ).toEqual([[], ['Stamp', 'x', 'site']])
    expect(
      namesOf(
        rename(
          bare,
          new Map([
            ['index', 'time'],
            ['Stamp', 'time_of_stamp'],
          ]),
        ),
      ),
    ).toEqual([[], ['time_of_stamp', 'T', 'site']])
  })

  it('refuses names that are not there, or taken', () => {
    expect(() => rename(sample(), new Map([['nowhere', 'x']]))).toThrow(/^nowhere: there is nothing/)
    expect(() => rename(sample(), new Map([['T', 'Stamp']]))).toThrow(/^T: cannot be renamed Stamp/)
    expect(() =>
      rename(
        sample(),
        new Map([
          ['T', 'x'],
          ['Stamp', 'x'],
        ]),
      ),
    ).toThrow(/two names cannot both become one/)
  })
})

describe('setCoords and dropVariables', () => {
  it('leave out names that are not there', () => {
    expect(namesOf(setCoords(sample(), ['site', 'nowhere']))[0]).toContain('site')
    expect(namesOf(dropVariables(sample(), ['T', 'nowhere', 'index']))).toEqual([[], ['Stamp', 'site']])
  })
})

describe('filled and fromValues', () => {
  it('make arrays of every type', () => {
    expect(filled(['x'], [3], 'int64', -9999).data).toEqual(BigInt64Array.of(-9999n, -9999n, -9999n))
    expect(filled(['x'], [2], 'datetime64[ns]', null).data).toEqual(BigInt64Array.of(NaT, NaT))
    expect(filled(['x'], [2], 'float32', null).data).toEqual(Float32Array.of(Number.NaN, Number.NaN))
    const words = filled(['x'], [3], 'str', 'ab').data as TextArray
    expect([...words]).toEqual(['ab', 'ab', 'ab'])
    expect((filled(['x'], [2], 'str', null).data as TextArray).isMissing(1)).toBe(true)
    expect(scalar('bool', true)).toMatchObject({ dims: [], shape: [], data: Uint8Array.of(1) })
    expect(() => filled(['x'], [2], 'int8', null)).toThrow(/a missing value cannot be int8/)
  })

  it('say where nested lists have the wrong shape', () => {
    expect(
      fromValues(['x', 'y'], [2, 2], 'float64', [
        [1, 2],
        [3, null],
      ]).data,
    ).toEqual(Float64Array.of(1, 2, 3, Number.NaN))
    expect(() => fromValues(['x', 'y'], [2, 2], 'float64', [[1, 2], [3]], 'height')).toThrow(
      'height[1]: found a list of 1 where a list of 2 belongs',
    )
    expect(() => fromValues(['x'], [1], 'float64', [[1]], 'height')).toThrow(
      'height[0]: found a list where one value belongs',
    )
    expect(() => fromValues(['x'], [1], 'int8', [1000], 'height')).toThrow(
      /^height\[0\]: 1000.* does not fit int8/,
    )
    expect(() => fromValues(['x'], [1], 'int8', 5, 'height')).toThrow(
      'height: found 5 where a list of 1 belongs',
    )
  })
})

describe('byteSize', () => {
  it('counts values, not attributes', () => {
    expect(byteSize(sample())).toBe(16 + 16 + 16 + 8)
    expect(byteSize(filled(['x'], [10], 'int16', 0))).toBe(20)
    expect(byteSize(filled(['x'], [2], 'str', 'abc'))).toBe(6 + 12)
  })
})
