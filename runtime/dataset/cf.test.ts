import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { cast } from './cast.ts'
import { decodeCf, withCoordinatesAttrs } from './cf.ts'
import { encodeVariable } from './cf-encode.ts'
import { parseTimeUnits } from './cf-time-units.ts'
import { fromValues } from './create.ts'
import type { AttrValue, Encoding, Variable } from './dataset.ts'
import { Dataset, variable as makeVariable } from './dataset.ts'
import { parseDatetime } from './datetime.ts'
import type { DType, NumberArray } from './dtype.ts'
import { allocate, NaT } from './dtype.ts'
import { product } from './take.ts'

function of(
  dtype: DType,
  values: (number | string | boolean | null)[],
  attrs: Record<string, AttrValue> = {},
  encoding: Encoding = {},
): Variable {
  return {
    ...fromValues(['time'], [values.length], dtype, values),
    attrs: new Map(Object.entries(attrs)),
    encoding,
  }
}
/** A dataset as it goes to disk, every value converted, as the writers do it in slices: `decodeCf` undoes it. */
function encodeCf(dataset: Dataset): Dataset {
  const prepared = withCoordinatesAttrs(dataset)
  const encodeAll = (variables: Map<string, Variable>): Map<string, Variable> =>
    new Map([...variables].map(([name, variable]) => [name, encodeWhole(name, variable)]))
  return new Dataset({
    coords: encodeAll(prepared.coords),
    dataVars: encodeAll(prepared.dataVars),
    attrs: prepared.attrs,
  })
}

function encodeWhole(name: string, variable: Variable): Variable {
  const encoded = encodeVariable(name, variable)
  const { dims, shape, dtype, attrs } = encoded
  if (encoded.dtype === 'str') return makeVariable(dims, shape, dtype, encoded.data, attrs)
  const data = allocate(dtype, product(shape)) as NumberArray
  encoded.encodeInto(data, 0, data.length)
  return makeVariable(dims, shape, dtype, data, attrs)
}

const one = (variable: Variable): Dataset => new Dataset({ dataVars: new Map([['v', variable]]) })
const encoded = (variable: Variable): Variable => encodeCf(one(variable)).get('v')!
const decoded = (variable: Variable): Variable => decodeCf(one(variable)).get('v')!
const list = (variable: Variable): unknown[] => Array.from(variable.data as Iterable<number | bigint>)

describe('parseTimeUnits', () => {
  it.each([
    ['Seconds since 1970-01-01 00:00:00', 'seconds since 1970-01-01'],
    ['seconds since 1970-01-01 00:00:00 UTC', 'seconds since 1970-01-01T00:00:00+00:00'],
    ['second since 1970-01-01T00:00:00Z', 'seconds since 1970-01-01T00:00:00+00:00'],
    ['hours since 1990-06-01 12:30', 'hours since 1990-06-01T12:30:00'],
    ['days since 2000-1-1 6:00:00.5', 'days since 2000-01-01T06:00:00.500000'],
    ['days since 2000-01-01 00:00:00 -6:00', 'days since 2000-01-01T00:00:00-06:00'],
    ['milliseconds since 2000-01-01 +0530', 'milliseconds since 2000-01-01T00:00:00+05:30'],
    ['days since 1-1-1', 'days since 0001-01-01'],
    ['h since 1 Jan 2000', 'hours since 2000-01-01'],
    ['minutes since 2000/02/29', 'minutes since 2000-02-29'],
    ['days since 20000229', 'days since 2000-02-29'],
  ])('spells %s as xarray does', (text, spelled) => {
    expect(parseTimeUnits(text)?.text).toBe(spelled)
  })

  it.each([
    'seconds',
    'fortnights since 2000-01-01',
    'days since yesterday',
    'days since 2000-13-01',
    'days since 2001-02-29',
    'seconds since 2000-01-01 25:00:00',
    '',
  ])('does not understand "%s"', (text) => {
    expect(parseTimeUnits(text)).toBeUndefined()
  })

  it('counts from the reference date, zone and calendar heeded', () => {
    expect(parseTimeUnits('days since 2000-01-01 00:00:00 -6:00')!.reference).toBe(
      parseDatetime('2000-01-01T06:00:00'),
    )
    const difference =
      parseTimeUnits('days since 1-1-1')!.reference -
      parseTimeUnits('days since 1-1-1', 'standard')!.reference
    expect(difference).toBe(2n * 86_400n * 10n ** 9n)
    expect(parseTimeUnits('days since 1582-10-15', 'gregorian')!.reference).toBe(
      parseTimeUnits('days since 1582-10-15')!.reference,
    )
  })
})

describe('encodeCf', () => {
  it('takes finer units where an integer type was asked for', () => {
    const found = encoded(
      of(
        'datetime64[ns]',
        ['2022-01-01T00:00:00.25', null],
        {},
        { units: 'days since 2022-01-01', dtype: 'int64' },
      ),
    )
    expect([found.dtype, found.attrs.get('units'), ...list(found)]).toEqual([
      'int64',
      'milliseconds since 2022-01-01',
      250n,
      NaT,
    ])
  })

  it('puts the fill in the place of NaT', () => {
    const found = encoded(
      of('datetime64[s]', ['2022-01-02', null], {}, { units: 'days since 2022-01-01', fillValue: -1 }),
    )
    expect(list(found)).toEqual([1n, -1n])
    expect(found.attrs.get('_FillValue')).toEqual({ dtype: 'int64', values: [-1n], scalar: true })
  })

  it('rounds to even what is packed, and refuses what does not fit', () => {
    const pack = (values: number[]): Variable => of('float64', values, {}, { dtype: 'int8', scaleFactor: 2 })
    expect(list(encoded(pack([1, 3, 5, -1, -3, 250])))).toEqual([0, 2, 2, 0, -2, 125])
    expect(() => encoded(pack([300]))).toThrow(/^v \(element 0\): 150 does not fit int8/)
  })

  it('stores unsigned integers as signed ones where told to', () => {
    const found = encoded(
      of('uint8', [0, 127, 128, 254], {}, { dtype: 'int8', unsigned: true, fillValue: 255 }),
    )
    expect([found.dtype, ...list(found), found.attrs.get('_Unsigned')]).toEqual([
      'int8',
      0,
      127,
      -128,
      -2,
      'true',
    ])
    expect(found.attrs.get('_FillValue')).toEqual({ dtype: 'int8', values: [-1], scalar: true })
  })

  it('refuses two fills, and a calendar that differs in old times', () => {
    expect(() => encoded(of('float64', [1], {}, { fillValue: -1, missingValue: -2 }))).toThrow(
      /^v: _FillValue is -1 and missing_value is -2/,
    )
    expect(encoded(of('float64', [null], {}, { missingValue: -2 })).attrs.has('_FillValue')).toBe(false)
    expect(() =>
      encoded(
        of('datetime64[s]', ['1500-01-01'], {}, { units: 'days since 2000-01-01', calendar: 'standard' }),
      ),
    ).toThrow(/^v: times before 1582-10-15/)
  })

  it('lists coords that are no indexes where they belong', () => {
    const dataset = new Dataset({
      coords: new Map([
        ['time', of('float64', [1, 2])],
        ['lat', of('float64', [1, 2])],
        ['lon', of('float64', [1, 2])],
        ['station', fromValues([], [], 'float64', 1)],
        ['far', fromValues(['z'], [1], 'float64', [1])],
      ]),
      dataVars: new Map([
        ['v', of('float64', [1, 2])],
        ['s', fromValues([], [], 'float64', 1)],
        ['own', of('float64', [1, 2], {}, { coordinates: 'lon' })],
      ]),
    })
    const stored = encodeCf(dataset)
    expect(stored.get('v')!.attrs.get('coordinates')).toBe('lat lon station')
    expect(stored.get('s')!.attrs.get('coordinates')).toBe('station')
    expect(stored.get('own')!.attrs.get('coordinates')).toBe('lon')
    expect(stored.attrs.get('coordinates')).toBe('far')
    const again = decodeCf(
      new Dataset({
        coords: new Map([['time', stored.get('time')!]]),
        dataVars: new Map([...stored.variables()].slice(1)),
        attrs: stored.attrs,
      }),
    )
    expect([...again.coords.keys()].toSorted()).toEqual([...dataset.coords.keys()].toSorted())
  })

  it('does not touch the dataset', () => {
    const dataset = one(of('float64', [1, null], { _FillValue: -9999, units: 'm' }))
    encodeCf(dataset)
    expect(list(dataset.get('v')!)).toEqual([1, Number.NaN])
    expect([...dataset.get('v')!.attrs.keys()]).toEqual(['_FillValue', 'units'])
  })
})

describe('decodeCf', () => {
  it('undoes encodeCf', () => {
    const cases: Variable[] = [
      of('float64', [1, null, 3], { _FillValue: -9999 }),
      of(
        'datetime64[ns]',
        ['2022-01-01T00:00:00.123456789', null],
        {},
        { units: 'nanoseconds since 2000-01-01' },
      ),
      of(
        'datetime64[ns]',
        ['1600-01-01'].map(() => null),
        {},
        { units: 'days since 2000-01-01' },
      ),
      of('bool', [true, false]),
      of('uint16', [0, 65_534], {}, { dtype: 'int16', unsigned: true }),
      of('float64', [20.5, null], {}, { dtype: 'int16', scaleFactor: 0.5, addOffset: 20, fillValue: -1 }),
    ]
    for (const variable of cases) {
      const found = decoded(encoded(variable))
      expect(list(found)).toEqual(list(variable))
      expect(found.dtype).toBe(variable.dtype)
    }
  })

  it('keeps times that nanoseconds cannot hold, in coarser units', () => {
    const found = decoded(
      of('int64', [0, 1], { units: 'days since 0001-01-01', calendar: 'proleptic_gregorian' }),
    )
    expect([found.dtype, ...list(found)]).toEqual([
      'datetime64[us]',
      -62_135_596_800_000_000n,
      -62_135_510_400_000_000n,
    ])
    const far = decoded(of('int64', [1e11], { units: 'seconds since 1970-01-01' }))
    expect([far.dtype, ...list(far)]).toEqual(['datetime64[us]', 10n ** 17n])
  })

  it.each([
    [
      of('int32', [1], { units: 'days since 2000-01-01', calendar: 'noleap' }),
      /^v: the calendar "noleap" is not/,
    ],
    [of('int32', [1], { units: 'days since the flood' }), /^v: the units "days since the flood" are not/],
    [
      of('float64', [Number.POSITIVE_INFINITY], { units: 'days since 2000-01-01' }),
      /^v: Infinity is not a time/,
    ],
    [
      of('float64', [1e300], { units: 'days since 2000-01-01' }),
      /^v: 1e\+300 days since 2000-01-01 is beyond/,
    ],
  ])('refuses what is no time (%#)', (variable, message) => {
    expect(() => decoded(variable)).toThrow(message)
  })

  it('leaves as they are what it is told not to decode', () => {
    const dataset = one(
      of('int16', [1, -9], { _FillValue: -9, units: 'days since 2000-01-01', coordinates: 'lat' }),
    )
    const options = { decodeTimes: false, maskAndScale: false, decodeCoords: false }
    expect(decodeCf(dataset, options).get('v')!.attrs).toEqual(dataset.get('v')!.attrs)
    expect(decodeCf(dataset, { decodeTimes: false }).get('v')!.dtype).toBe('float32')
    expect(decodeCf(dataset, { dropVariables: ['v'] }).get('v')).toBeUndefined()
  })

  it('changes the arrays that it was given only where it may', () => {
    const dataset = one(of('float64', [1, -9], { _FillValue: -9 }))
    decodeCf(dataset)
    expect(list(dataset.get('v')!)).toEqual([1, -9])
    const reused = decodeCf(dataset, { reuse: true }).get('v')!
    expect(reused.data).toBe(dataset.get('v')!.data)
    expect(list(reused)).toEqual([1, Number.NaN])
  })
})

// What xarray does today: older releases, such as Debian 12's, differ in details.
const recent = "import xarray; assert int(xarray.__version__.split('.')[0]) >= 2025"
const hasXarray = spawnSync('python3', ['-c', recent]).status === 0
describe.skipIf(!hasXarray)('encodeCf beside xarray (needs python3 with xarray of 2025 or later)', () => {
  const units = [
    undefined,
    'seconds since 1970-01-01',
    'Hours since 2000-01-01 06:30:00',
    'days since 1999-12-31 00:00:00 UTC',
    'minutes since 2020-02-29T06:00:00+01:00',
    'milliseconds since 2000-01-01',
    'nanoseconds since 2021-01-01',
    'days since 1-1-1',
  ]
  const times = [
    ['2000-01-01T00:00:00', '2000-01-02T00:00:00', '2000-02-29T12:00:00'],
    ['1999-12-31T23:59:59.999', '2021-06-01T00:00:00.25'],
    ['2021-06-01T00:00:00.123456789'],
    ['2021-06-01T06:00:00', 'NaT', '2021-06-01T07:30:00'],
    ['1950-01-01T00:00:01', '1970-01-01T00:00:00'],
  ]
  const dtypes = [undefined, 'int64', 'float64', 'int32'] as const
  const cases = units.flatMap((unit) =>
    times.flatMap((dates) => dtypes.map((dtype) => ({ unit, dates, dtype }))),
  )
  const code = `
import json, sys, warnings
import numpy as np, xarray as xr
warnings.simplefilter('ignore')
out = []
for c in json.load(sys.stdin):
    encoding = {k: v for k, v in (('units', c.get('unit')), ('dtype', c.get('dtype'))) if v}
    try:
        v = xr.conventions.encode_cf_variable(xr.Variable(('time',), np.array(c['dates'], 'M8[ns]'), encoding=encoding), name='v')
        out.append([str(v.dtype), [repr(float(x)) if v.dtype.kind == 'f' else str(x) for x in v.values], v.attrs['units']])
    except Exception as e:
        out.append(str(e)[:100])
print(json.dumps(out))`

  it('gives the same numbers, types and units', () => {
    const { stdout } = spawnSync('python3', ['-c', code], {
      input: JSON.stringify(cases),
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    const expected = JSON.parse(stdout) as (string | [string, string[], string])[]
    let compared = 0
    cases.forEach(({ unit, dates, dtype }, i) => {
      const theirs = expected[i]!
      const encoding: Encoding = { ...(unit && { units: unit }), ...(dtype && { dtype }) }
      const variable = { ...cast(of('str', dates), 'datetime64[ns]'), encoding }
      // Where xarray wraps around, rounds through floats for a NaT, or fails on microseconds, we do what is right.
      if (
        typeof theirs === 'string' ||
        dates.includes('NaT') ||
        dtype === 'int32' ||
        unit?.includes('1-1-1')
      ) {
        try {
          encoded(variable)
        } catch (error) {
          expect(String(error)).toMatch(/InputError: v/)
        }
        return
      }
      const ours = encoded(variable)
      const values = list(ours).map((value) => (ours.dtype === 'float64' ? Number(value) : String(value)))
      const wanted = theirs[1].map((value) => (theirs[0] === 'float64' ? Number(value) : value))
      expect({ unit, dates, dtype, stored: ours.dtype, values, text: ours.attrs.get('units') }).toEqual({
        unit,
        dates,
        dtype,
        stored: theirs[0],
        values: wanted,
        text: theirs[2],
      })
      compared++
    })
    expect(compared).toBeGreaterThan(70)
  })
})
