import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Log, LogFields } from '../../contracts.ts'
import { type Attrs, type AttrValue, Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { NaT } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import type { Builtin } from '../config/types.ts'
import { checkers } from './builtins.ts'
import { CheckMonotonic } from './check-monotonic.ts'

function recordingLog(): Log & { lines: [string, LogFields | undefined][] } {
  const lines: [string, LogFields | undefined][] = []
  const line = (event: string, fields?: LogFields): void => {
    lines.push([event, fields])
  }
  const log = { lines, debug: line, info: line, warn: line, error: line, with: () => log }
  return log
}
const attrs = (values: Record<string, AttrValue>): Attrs => new Map(Object.entries(values))
const floats = (values: number[], own: Attrs = new Map()): Variable =>
  variable(['time'], [values.length], 'float64', Float64Array.from(values), own)
const times = (seconds: (number | bigint)[]): Variable =>
  variable(
    ['time'],
    [seconds.length],
    'datetime64[ns]',
    BigInt64Array.from(seconds, (s) => (s === NaT ? NaT : BigInt(s) * 1_000_000_000n)),
  )
const only = (x: Variable): Dataset => new Dataset({ dataVars: new Map([['x', x]]) })
function check(builtin: Builtin, x: Variable, parameters = {}): number[] | undefined {
  const checker = checkers[builtin]?.(parameters, recordingLog())
  const mask = checker?.check('x', only(x)) as Uint8Array | undefined
  return mask && [...mask]
}

describe('CheckMissing', () => {
  it('finds NaN and the fill of floats', () => {
    expect(check('CheckMissing', floats([1, Number.NaN, -9999], attrs({ _FillValue: -9999 })))).toEqual([
      0, 1, 1,
    ])
    expect(check('CheckMissing', floats([1, Number.NaN, -9999]))).toEqual([0, 1, 0])
  })

  it('finds a float32 fill that is no exact double', () => {
    const data = Float32Array.from([1, -99.9])
    const x = variable(['time'], [2], 'float32', data, attrs({ _FillValue: -99.9 }))
    expect(check('CheckMissing', x)).toEqual([0, 1])
  })

  it('finds the fill of 64-bit integers beyond 2^53 exactly', () => {
    const fill = 2n ** 60n
    const x = variable(
      ['time'],
      [2],
      'int64',
      BigInt64Array.from([fill, fill + 1n]),
      attrs({ _FillValue: fill }),
    )
    expect(check('CheckMissing', x)).toEqual([1, 0])
  })

  it('finds NaT, missing text and, without a fill, empty text', () => {
    expect(check('CheckMissing', times([1, NaT]))).toEqual([0, 1])
    const text = variable(['time'], [3], 'str', TextArray.from(['a', '', undefined]))
    expect(check('CheckMissing', text)).toEqual([0, 1, 1])
    text.attrs.set('_FillValue', 'a')
    expect(check('CheckMissing', text)).toEqual([1, 0, 1])
  })
})

describe('threshold checkers', () => {
  it('use no bit when the attribute is absent', () => {
    expect(check('CheckValidMin', floats([1]))).toBeUndefined()
    expect(check('CheckWarnDelta', floats([1]))).toBeUndefined()
  })

  it('compare strictly, leave fills and NaN out', () => {
    const own = attrs({ valid_min: 0n, fail_max: 5, _FillValue: -9999 })
    const x = floats([-1, 0, 5, 5.1, -9999, Number.NaN], own)
    expect(check('CheckValidMin', x)).toEqual([1, 0, 0, 0, 0, 0])
    expect(check('CheckFailMax', x)).toEqual([0, 0, 0, 1, 0, 0])
  })

  it('take both ends of a range', () => {
    const range: AttrValue = { dtype: 'float64', values: [0, 10], scalar: false }
    const x = floats([-1, 0, 10, 11], attrs({ warn_range: range }))
    expect(check('CheckWarnRangeMin', x)).toEqual([1, 0, 0, 0])
    expect(check('CheckWarnRangeMax', x)).toEqual([0, 0, 0, 1])
  })

  it('judge integers as numbers do', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** 40n), 2n ** 40n),
        fc.double({ min: -1e13, max: 1e13, noNaN: true }),
        (value, limit) => {
          const own = attrs({ valid_min: limit, valid_max: limit })
          const x = variable(['time'], [1], 'int64', BigInt64Array.from([value]), own)
          expect(check('CheckValidMin', x)).toEqual([Number(Number(value) < limit)])
          expect(check('CheckValidMax', x)).toEqual([Number(Number(value) > limit)])
        },
      ),
    )
    const own = attrs({
      valid_min: Number.NEGATIVE_INFINITY,
      valid_max: Number.NEGATIVE_INFINITY,
      _FillValue: 7n,
    })
    const x = variable(['time'], [2], 'int64', BigInt64Array.from([1n, 7n]), own)
    expect(check('CheckValidMin', x)).toEqual([0, 0])
    expect(check('CheckValidMax', x)).toEqual([1, 0])
  })

  it('measure steps along a dim, not across gaps', () => {
    const own = attrs({ valid_delta: 2, _FillValue: -9999 })
    expect(check('CheckValidDelta', floats([0, 2, 5, -9999, 50, 49], own))).toEqual([0, 0, 1, 0, 0, 0])
    const grid = variable(['z', 'time'], [2, 3], 'float64', Float64Array.from([0, 9, 9, 5, 5, 0]), own)
    expect(check('CheckValidDelta', grid, { dim: 'time' })).toEqual([0, 1, 0, 0, 0, 1])
    expect(check('CheckValidDelta', grid, { dim: 'z' })).toEqual([0, 0, 0, 1, 1, 1])
  })

  it('measure steps of times in seconds', () => {
    const x = times([0, 60, 180, 0])
    x.attrs.set('valid_delta', 60)
    expect(check('CheckValidDelta', x)).toEqual([0, 0, 1, 1])
  })

  it('flag only the high side by standard deviations', () => {
    const own = attrs({ warn_std: 1n, _FillValue: -9999 })
    // Mean 3.5, sample deviation 6.35: pandas' describe() of [-8, 2, 3, 4, 5, 15].
    expect(check('CheckWarnStd', floats([-8, 2, 3, 4, 5, 15, -9999], own))).toEqual([0, 0, 0, 0, 0, 1, 0])
    expect(check('CheckWarnStd', floats([15], own))).toEqual([0])
  })

  it('say what they cannot test', () => {
    const text = variable(['time'], [1], 'str', TextArray.from(['a']), attrs({ valid_min: 0 }))
    expect(() => check('CheckValidMin', text)).toThrow(
      'x is text: it cannot be tested against its attribute valid_min',
    )
    expect(() => check('CheckFailMin', floats([1], attrs({ fail_min: 'low' })))).toThrow(
      'fail_min is no number',
    )
    const scalar = variable([], [], 'float64', Float64Array.of(1), attrs({ valid_delta: 1 }))
    expect(() => check('CheckValidDelta', scalar)).toThrow(
      'valid_delta is tested along time, but its dims are ()',
    )
  })
})

describe('CheckMonotonic', () => {
  it('compares with the last that passed', () => {
    expect(check('CheckMonotonic', times([0, 120, 60, 180, 180]))).toEqual([0, 0, 1, 0, 1])
    expect(check('CheckMonotonic', floats([5, 4, 4, 6, 3]))).toEqual([0, 0, 1, 1, 0])
  })

  it('takes the direction that is asked for', () => {
    expect(check('CheckMonotonic', floats([5, 4, 3]), { require_increasing: true })).toEqual([0, 1, 1])
    expect(check('CheckMonotonic', floats([1, 2]), { require_decreasing: true })).toEqual([0, 1])
  })

  it('fails NaN and NaT, also at the start', () => {
    expect(check('CheckMonotonic', times([NaT, 1, 2]))).toEqual([1, 0, 0])
    expect(check('CheckMonotonic', floats([1, Number.NaN, 2]))).toEqual([0, 1, 0])
  })

  it('judges several dims by the gradient along one', () => {
    const grid = variable(['z', 'time'], [2, 4], 'float64', Float64Array.from([0, 1, 2, 3, 0, 1, 1, 0]))
    expect(check('CheckMonotonic', grid, { dim: 'time' })).toEqual([0, 0, 0, 0, 0, 0, 1, 1])
  })

  it('does not test text, scalars, and several dims without one named', () => {
    const log = recordingLog()
    const checker = new CheckMonotonic({}, log)
    const grid = variable(['z', 'time'], [1, 1], 'float64', Float64Array.of(1))
    expect(checker.check('x', only(grid))).toBeUndefined()
    expect(checker.check('x', only(variable(['t'], [1], 'str', TextArray.from(['a']))))).toBeUndefined()
    expect(checker.check('x', only(variable([], [], 'float64', Float64Array.of(1))))).toBeUndefined()
    expect(log.lines.map(([event]) => event)).toEqual(['Quality:Skipped', 'Quality:Skipped'])
  })

  it('passes exactly the running records of any sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 20 }), (values) => {
        const expected = values.map((value, i) =>
          Number(values.slice(0, i).some((earlier) => earlier >= value)),
        )
        expect(check('CheckMonotonic', floats(values), { require_increasing: true })).toEqual(expected)
      }),
    )
  })
})

describe('CheckArrayMaskThreshold', () => {
  it.each([
    ['<', [1, 0, 0]],
    ['<=', [1, 1, 0]],
    ['>', [0, 0, 1]],
    ['>=', [0, 1, 1]],
    ['==', [0, 1, 0]],
    ['!', [1, 0, 1]],
  ])('fails each element by itself: %s', (comparitor, expected) => {
    expect(check('CheckArrayMaskThreshold', floats([29, 30, 31]), { comparitor })).toEqual(expected)
  })
})
