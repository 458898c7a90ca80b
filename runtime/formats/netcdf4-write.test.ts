import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { fromValues, scalar } from '../dataset/create.ts'
import type { AttrValue, Encoding, Variable } from '../dataset/dataset.ts'
import { Dataset, variable } from '../dataset/dataset.ts'
import type { DType } from '../dataset/dtype.ts'
import { NaT } from '../dataset/dtype.ts'
import { isSluiceError } from '../errors.ts'
import { fileInput } from './input-file.ts'
import { readNetcdf } from './netcdf.ts'
import { hasProgram, ncdump, pythonWith, pythonWithRecentXarray, runPython } from './netcdf-oracles.ts'
import { plainAttrs, plainValues, variablesOf } from './netcdf-plain.ts'
import { readNetcdf4, writeNetcdf4 } from './netcdf4.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netcdf4-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)
const typed = (dtype: 'uint32' | 'float64' | 'int16' | 'float32', ...values: number[]): AttrValue => ({
  dtype,
  values,
  scalar: values.length === 1,
})
const attrs = (entries: Record<string, AttrValue>): Map<string, AttrValue> => new Map(Object.entries(entries))
const seconds = 'Seconds since 1970-01-01 00:00:00'

function along(
  dims: string[],
  dtype: DType,
  values: unknown[],
  entries: Record<string, AttrValue> = {},
  encoding: Encoding = {},
): Variable {
  const shape: number[] = []
  for (let level: unknown = values; Array.isArray(level); level = level[0]) shape.push(level.length)
  return { ...fromValues(dims, shape, dtype, values as never), attrs: attrs(entries), encoding }
}

/** One of everything that can be written. */
function everything(): Dataset {
  const dataset = new Dataset({
    attrs: attrs({
      title: 'Everything, Zürich ☃',
      empty: '',
      long: 'x'.repeat(100_000),
      list: ['a', 'ü', ''],
      one_of_list: ['solo'],
      no_numbers: { dtype: 'float64', values: [], scalar: false },
      no_texts: [],
      whole: 2n ** 60n,
      real: 50,
      masks: typed('uint32', 1, 2, 4_294_967_295),
      one: typed('int16', -3),
    }),
  })
  const day = ['2022-03-24T21:43:00', '2022-03-24T21:53:00', '2022-03-24T22:03:00']
  dataset.coords.set(
    'time',
    along(['time'], 'datetime64[ns]', day, { standard_name: 'time' }, { units: seconds }),
  )
  dataset.coords.set('height', along(['height'], 'float32', [1.5, 2.5], { units: 'm' }))
  dataset.coords.set('site', along(['site'], 'str', ['north', 'süd']))
  dataset.coords.set('elevation', along(['site'], 'float64', [10, 20]))
  const put = (name: string, value: Variable): unknown => dataset.dataVars.set(name, value)
  put(
    'filled',
    along(['time'], 'float64', [1.5, null, -3], { _FillValue: typed('float64', -9999), units: 'degC' }),
  )
  put('literal', along(['time'], 'float64', [1.5, -9999, -3], { _FillValue: -9999 }))
  put('encoded', along(['time'], 'float32', [1.5, null, -3], {}, { fillValue: -9999 }))
  put('plain_nan', along(['time'], 'float32', [1.5, null, -3]))
  put(
    'matrix',
    along(
      ['time', 'height'],
      'float64',
      [
        [1, 2],
        [3, null],
        [5, 6],
      ],
      { _FillValue: -1 },
    ),
  )
  put(
    'turned',
    along(['height', 'time'], 'int32', [
      [1, 2, 3],
      [4, 5, 6],
    ]),
  )
  for (const dtype of ['int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32'] as const)
    put(dtype, along(['time'], dtype, [1, 2, 100]))
  put('int64', {
    ...along(['time'], 'int64', [1, 2, 3]),
    data: BigInt64Array.of(2n ** 62n, -(2n ** 63n), 5n),
  })
  put('uint64', { ...along(['time'], 'uint64', [1, 2, 3]), data: BigUint64Array.of(2n ** 64n - 1n, 0n, 5n) })
  put(
    'qc_filled',
    along(['time'], 'int32', [0, 3, 0], {
      flag_masks: typed('uint32', 1, 2),
      flag_meanings: ['is missing', 'is low'],
    }),
  )
  put('truth', along(['time'], 'bool', [true, false, true]))
  put('words', along(['time'], 'str', ['one', null, 'drei ☃']))
  put(
    'lidar_text',
    along(['height', 'site'], 'str', [
      ['a', 'b'],
      ['', 'd'],
    ]),
  )
  put('latitude', { ...scalar('float64', 46.5), attrs: attrs({ _FillValue: typed('float64', -9999) }) })
  put('label', scalar('str', 'a label'))
  put('bare', along(['bare_dim'], 'int16', [1, 2, 3, 4]))
  put(
    'stamps',
    along(
      ['time'],
      'datetime64[s]',
      ['2001-01-01', 'NaT', '2001-01-03'],
      {},
      { units: 'days since 2000-01-01' },
    ),
  )
  put(
    'fractions',
    along(
      ['time'],
      'datetime64[ns]',
      ['2001-01-01T00:00:00.5', '2001-01-01T00:00:01', 'NaT'],
      {},
      { units: 'seconds since 2001-01-01 UTC' },
    ),
  )
  put(
    'inferred',
    along(['time'], 'datetime64[ns]', ['2001-01-01T06:00:00', '2001-01-01T08:00:00', '2001-01-01T09:00:00']),
  )
  put(
    'packed',
    along(
      ['time'],
      'float64',
      [20.1, null, 25.4],
      {},
      { dtype: 'int16', scaleFactor: 0.1, addOffset: 20, fillValue: -32768 },
    ),
  )
  return dataset
}

describe('writeNetcdf4', () => {
  it('writes what the reader reads again, missing values as missing', async () => {
    const dataset = everything()
    await writeNetcdf4(dataset, at('all.nc'))
    const read = await readNetcdf(await fileInput(at('all.nc')))
    for (const name of [
      'filled',
      'encoded',
      'plain_nan',
      'matrix',
      'turned',
      'int64',
      'uint64',
      'stamps',
      'fractions',
      'inferred',
      'time',
      'truth',
      'lidar_text',
      'label',
      'bare',
      'site',
    ]) {
      const [written, found] = [dataset.get(name)!, read.get(name)!]
      expect({ name, dims: found.dims, shape: found.shape, values: plainValues(found) }).toEqual({
        name,
        dims: written.dims,
        shape: written.shape,
        values: plainValues(written),
      })
    }
    expect(plainValues(read.get('literal')!)).toEqual([1.5, 'NaN', -3])
    expect(plainValues(read.get('words')!)).toEqual(['one', '', 'drei ☃'])
    expect(plainValues(read.get('packed')!)[0]).toBeCloseTo(20.1, 10)
    expect([...read.coords.keys()]).toEqual(['time', 'height', 'site', 'elevation'])
    expect([...read.dataVars.keys()]).toEqual([...dataset.dataVars.keys()])
    expect(plainAttrs(read.attrs)).toEqual({
      ...plainAttrs(dataset.attrs),
      one_of_list: 'solo',
      no_texts: '',
      whole: { dtype: 'int64', values: [String(2n ** 60n)] },
      real: { dtype: 'float64', values: [50] },
    })
  })

  it('stores times, fills and packed values as xarray does', async () => {
    await writeNetcdf4(everything(), at('raw.nc'))
    const raw = await readNetcdf4(at('raw.nc'))
    const stored = (name: string): unknown => {
      const { dtype, attrs: found } = raw.get(name)!
      return { dtype, values: plainValues(raw.get(name)!), attrs: plainAttrs(found) }
    }
    const proleptic = { calendar: 'proleptic_gregorian' }
    expect(stored('time')).toEqual({
      dtype: 'int64',
      values: ['1648158180', '1648158780', '1648159380'],
      attrs: { standard_name: 'time', units: 'seconds since 1970-01-01', ...proleptic },
    })
    expect(stored('stamps')).toEqual({
      dtype: 'int64',
      values: ['366', String(NaT), '368'],
      attrs: { units: 'days since 2000-01-01', ...proleptic },
    })
    expect(stored('fractions')).toEqual({
      dtype: 'float64',
      values: [0.5, 1, 'NaN'],
      attrs: { units: 'seconds since 2001-01-01T00:00:00+00:00', ...proleptic },
    })
    expect(stored('inferred')).toEqual({
      dtype: 'int64',
      values: ['0', '2', '3'],
      attrs: { units: 'hours since 2001-01-01 06:00:00', ...proleptic },
    })
    const fill = { _FillValue: { dtype: 'float64', values: [-9999] } }
    expect(stored('filled')).toEqual({
      dtype: 'float64',
      values: [1.5, -9999, -3],
      attrs: { ...fill, units: 'degC' },
    })
    expect(stored('literal')).toEqual({ dtype: 'float64', values: [1.5, -9999, -3], attrs: fill })
    expect(stored('encoded')).toEqual({
      dtype: 'float32',
      values: [1.5, -9999, -3],
      attrs: { _FillValue: { dtype: 'float32', values: [-9999] } },
    })
    expect(stored('plain_nan')).toEqual({ dtype: 'float32', values: [1.5, 'NaN', -3], attrs: {} })
    expect(stored('truth')).toEqual({ dtype: 'int8', values: [1, 0, 1], attrs: { dtype: 'bool' } })
    expect(stored('packed')).toEqual({
      dtype: 'int16',
      values: [1, -32768, 54],
      attrs: {
        _FillValue: { dtype: 'int16', values: [-32768] },
        scale_factor: { dtype: 'float64', values: [0.1] },
        add_offset: { dtype: 'float64', values: [20] },
      },
    })
    expect(plainAttrs(raw.get('lidar_text')!.attrs)).toEqual({ coordinates: 'elevation' })
  })

  it('gives the same bytes at another time, and after other work', async () => {
    await writeNetcdf4(everything(), at('first.nc'))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 })
    try {
      const clock = Date.now
      await writeNetcdf4(new Dataset({ attrs: attrs({ other: 'x' }) }), at('between.nc'))
      await readNetcdf4(at('first.nc'))
      await writeNetcdf4(everything(), at('second.nc'))
      expect(readFileSync(at('second.nc')).equals(readFileSync(at('first.nc')))).toBe(true)
      expect(Date.now).toBe(clock)
    } finally {
      vi.useRealTimers()
    }
  })

  it.each([
    ['a short series', [3]],
    ['more than one slice', [1_200_000]],
    ['wide rows', [300, 70, 90]],
    ['rows that are larger than a slice', [2, 900, 1000]],
    ['no rows', [0, 4]],
  ])('keeps every value of %s', async (_, shape) => {
    const dims = ['time', 'y', 'x'].slice(0, shape.length)
    const length = shape.reduce((product, size) => product * size, 1)
    const data = Float64Array.from({ length }, (_, i) => (i % 7 === 3 ? Number.NaN : i / 8))
    const dataset = new Dataset()
    dataset.dataVars.set('v', variable(dims, shape, 'float64', data, attrs({ _FillValue: -1 })))
    for (const compressionLevel of [1, 0]) {
      await writeNetcdf4(dataset, at('shape.nc'), { compressionLevel })
      const found = (await readNetcdf4(at('shape.nc'))).get('v')!
      expect(found.shape).toEqual(shape)
      const expected = data.map((value) => (Number.isNaN(value) ? -1 : value))
      expect(bytesOf(found.data as Float64Array).equals(bytesOf(expected))).toBe(true)
    }
  })

  it('keeps every text of a long column', async () => {
    const words = Array.from({ length: 100_000 }, (_, i) =>
      i % 5 === 0 ? '' : `wörd ${i} ${'x'.repeat(i % 90)}`,
    )
    const dataset = new Dataset()
    dataset.dataVars.set('words', fromValues(['time'], [words.length], 'str', words))
    await writeNetcdf4(dataset, at('words.nc'))
    expect(plainValues((await readNetcdf4(at('words.nc'))).get('words')!)).toEqual(words)
  })

  it('hides a variable that has the name of a dimension which is not its own', async () => {
    const dataset = new Dataset()
    dataset.dataVars.set('x', along(['y'], 'float64', [1, 2]))
    dataset.dataVars.set(
      'v',
      along(['y', 'x'], 'float64', [
        [1, 2, 3],
        [4, 5, 6],
      ]),
    )
    await writeNetcdf4(dataset, at('hidden.nc'))
    const read = await readNetcdf4(at('hidden.nc'))
    expect(plainValues(read.get('x')!)).toEqual([1, 2])
    expect(read.get('v')!.dims).toEqual(['y', 'x'])
  })

  it.each<[string, () => Dataset, RegExp]>([
    ['a name with a slash', () => one('a/b', along(['time'], 'int8', [1])), /"a\/b"/],
    [
      'a reserved attribute',
      () => one('v', along(['time'], 'int8', [1], { CLASS: 'x' })),
      /v: an attribute cannot be called "CLASS"/,
    ],
    [
      'a NUL in an attribute',
      () => one('v', along(['time'], 'int8', [1], { note: 'a\0b' })),
      /v: the attribute note has a NUL/,
    ],
    ['a NUL in a text', () => one('v', along(['time'], 'str', ['a\0b'])), /v: .*NUL/],
    [
      'NaN as an integer without a fill',
      () => one('v', along(['time'], 'float64', [1, null], {}, { dtype: 'int32' })),
      /v: a missing value \(element 1\)/,
    ],
    [
      'a fill that does not fit',
      () => one('v', along(['time'], 'int8', [1], { _FillValue: -9999 })),
      /v: _FillValue: -9999.*int8/,
    ],
    [
      'units that are no time units',
      () => one('time', along(['time'], 'datetime64[ns]', ['2001-01-01'], { units: 'fortnights' })),
      /time: the units "fortnights"/,
    ],
    [
      'a calendar that is unknown',
      () => one('time', along(['time'], 'datetime64[ns]', ['2001-01-01'], {}, { calendar: 'noleap' })),
      /time: the calendar "noleap"/,
    ],
  ])('refuses %s, and leaves no file', async (_, make, message) => {
    const error = await writeNetcdf4(make(), at('refused.nc')).catch((thrown: unknown) => thrown)
    expect(isSluiceError(error, 'input')).toBe(true)
    expect(String(error)).toMatch(message)
    expect(readdirSync(folder).filter((name) => name.startsWith('refused'))).toEqual([])
  })

  it.skipIf(!existsSync('/dev/full'))('fails when the disk is full, and leaves what was there', async () => {
    await writeNetcdf4(one('v', along(['time'], 'int8', [1])), at('full.nc'))
    const before = readFileSync(at('full.nc'))
    symlinkSync('/dev/full', at('full.nc.part'))
    const error = await writeNetcdf4(everything(), at('full.nc')).catch((thrown: unknown) => thrown)
    expect(isSluiceError(error, 'store')).toBe(true)
    expect(String(error)).toMatch(
      /full\.nc: the netCDF file could not be written: .*No space left on device$/,
    )
    expect(existsSync(at('full.nc.part'))).toBe(false)
    expect(readFileSync(at('full.nc')).equals(before)).toBe(true)
    await writeNetcdf4(everything(), at('full.nc'))
    expect((await readNetcdf4(at('full.nc'))).get('bare')!.shape).toEqual([4])
  })

  it('fails when the folder is not there', async () => {
    const error = await writeNetcdf4(everything(), at('nowhere/x.nc')).catch((thrown: unknown) => thrown)
    expect(isSluiceError(error, 'store')).toBe(true)
  })
})

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function one(name: string, value: Variable): Dataset {
  const dataset = new Dataset()
  const isCoord = value.dims[0] === name
  ;(isCoord ? dataset.coords : dataset.dataVars).set(name, value)
  return dataset
}

const python = pythonWithRecentXarray('netCDF4')
describe.skipIf(!python)(
  'written files in netCDF4-python and xarray (needs python3 with netCDF4 and xarray of 2025 or later)',
  () => {
    const read = `import generate, json, sys, netCDF4
with netCDF4.Dataset(sys.argv[1]) as d:
    raw = generate.raw(d)
    dims = {n: [len(x), x.isunlimited()] for n, x in d.dimensions.items()}
print(json.dumps({'raw': raw, 'dims': dims, 'decoded': generate.decoded(sys.argv[1])}))`

    it('have the same dims, types, values and attributes', async () => {
      await writeNetcdf4(everything(), at('python.nc'))
      const found = runPython(python!, read, at('python.nc')) as {
        raw: { variables: Record<string, object>; attrs: object }
        dims: object
        decoded: { variables: object; attrs: object; coords: string[] }
      }
      const raw = await readNetcdf4(at('python.nc'))
      const withoutShape = Object.fromEntries(
        Object.entries(found.raw.variables).map(([name, value]) => [name, { ...value, shape: undefined }]),
      )
      expect(withoutShape).toEqual(variablesOf(raw))
      expect(found.raw.attrs).toEqual(plainAttrs(raw.attrs))
      expect(found.dims).toEqual({
        time: [3, true],
        height: [2, false],
        site: [2, false],
        bare_dim: [4, false],
      })
      const decoded = await readNetcdf(await fileInput(at('python.nc')))
      expect(found.decoded.variables).toEqual(variablesOf(decoded))
      expect(found.decoded.coords.toSorted()).toEqual([...decoded.coords.keys()].toSorted())
    })

    it('can be appended to along time', async () => {
      const rows = 70_000
      const dataset = new Dataset()
      const time = BigInt64Array.from({ length: rows }, (_, i) => BigInt(i) * 10n ** 9n)
      dataset.coords.set(
        'time',
        variable(['time'], [rows], 'datetime64[ns]', time, new Map(), { units: seconds }),
      )
      dataset.dataVars.set(
        'v',
        variable(
          ['time', 'x'],
          [rows, 2],
          'float64',
          new Float64Array(rows * 2).fill(1),
          attrs({ _FillValue: -9999 }),
        ),
      )
      dataset.dataVars.set(
        'word',
        fromValues(
          ['time'],
          [rows],
          'str',
          Array.from({ length: rows }, () => 'w'),
        ),
      )
      await writeNetcdf4(dataset, at('append.nc'))
      const append = `import netCDF4, sys, json
with netCDF4.Dataset(sys.argv[1], 'a') as d:
    n = len(d.dimensions['time'])
    d['time'][n:n + 2] = [n, n + 1]
    d['v'][n:n + 2, :] = [[7, 8], [9, 10]]
    d['word'][n] = 'new'
    d.createVariable('late', 'i4', ('time',))[:] = 5
print(json.dumps(n))`
      expect(runPython(python!, append, at('append.nc'))).toBe(rows)
      const read = await readNetcdf4(at('append.nc'))
      expect(read.dims().get('time')).toBe(rows + 2)
      expect((read.get('v')!.data as Float64Array).subarray(-6)).toEqual(Float64Array.of(1, 1, 7, 8, 9, 10))
      expect((read.get('time')!.data as BigInt64Array).at(-1)).toBe(BigInt(rows + 1))
      expect(plainValues(read.get('word')!).slice(-3)).toEqual(['w', 'new', ''])
      expect((read.get('late')!.data as Int32Array).every((value) => value === 5)).toBe(true)
    })
  },
)

const withH5netcdf = pythonWith('h5netcdf', 'h5py', 'xarray')
describe.skipIf(!withH5netcdf)(
  "written files in xarray's h5netcdf engine (needs python3 with h5netcdf and h5py)",
  () => {
    it('have the same values', async () => {
      const dataset = everything()
      // xarray makes bools of these even when told not to decode.
      dataset.dataVars.delete('truth')
      await writeNetcdf4(dataset, at('h5netcdf.nc'))
      const code = `import xarray, json, sys
d = xarray.open_dataset(sys.argv[1], engine='h5netcdf', decode_cf=False)
print(json.dumps({n: [list(v.dims), str(v.dtype), v.values.astype(str).ravel().tolist(), {k: str(a) for k, a in v.attrs.items()}] for n, v in d.variables.items()}))`
      const found = runPython(withH5netcdf!, code, at('h5netcdf.nc')) as Record<
        string,
        [string[], string, string[], Record<string, string>]
      >
      const raw = await readNetcdf4(at('h5netcdf.nc'))
      expect(Object.keys(found).toSorted()).toEqual([...raw.variables()].map(([name]) => name).toSorted())
      for (const [name, variable] of raw.variables()) {
        const [dims, dtype, values, found_] = found[name]!
        expect([name, dims, dtype.replace(/^<U\d+$/, 'object')]).toEqual([
          name,
          variable.dims,
          variable.dtype === 'str' ? 'object' : variable.dtype,
        ])
        const asNumber = (value: unknown): unknown =>
          typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))
            ? Number(value)
            : value === 'nan'
              ? 'NaN'
              : value
        expect([name, ...values.map(asNumber)]).toEqual([name, ...plainValues(variable).map(asNumber)])
        expect(Object.keys(found_).toSorted()).toEqual([...variable.attrs.keys()].toSorted())
      }
    })
  },
)

describe.skipIf(!hasProgram('ncdump'))('written files in ncdump (needs netcdf-bin)', () => {
  it('look as netCDF-4 does', async () => {
    const dataset = everything()
    for (const name of dataset.dataVars.keys())
      if (!['filled', 'qc_filled', 'latitude', 'words', 'bare', 'matrix'].includes(name))
        dataset.dataVars.delete(name)
    dataset.attrs.delete('long')
    await writeNetcdf4(dataset, at('shown.nc'))
    expect(ncdump('-h', at('shown.nc'))).toMatchInlineSnapshot(`
      "netcdf shown {
      dimensions:
      	time = UNLIMITED ; // (3 currently)
      	height = 2 ;
      	site = 2 ;
      	bare_dim = 4 ;
      variables:
      	int64 time(time) ;
      		time:standard_name = "time" ;
      		time:units = "seconds since 1970-01-01" ;
      		time:calendar = "proleptic_gregorian" ;
      	float height(height) ;
      		height:units = "m" ;
      	string site(site) ;
      	double elevation(site) ;
      	double filled(time) ;
      		filled:_FillValue = -9999. ;
      		filled:units = "degC" ;
      	double matrix(time, height) ;
      		matrix:_FillValue = -1. ;
      	int qc_filled(time) ;
      		qc_filled:flag_masks = 1U, 2U ;
      		string qc_filled:flag_meanings = "is missing", "is low" ;
      	string words(time) ;
      	double latitude ;
      		latitude:_FillValue = -9999. ;
      	short bare(bare_dim) ;

      // global attributes:
      		:title = "Everything, Zürich ☃" ;
      		:empty = "" ;
      		string :list = "a", "ü", "" ;
      		:one_of_list = "solo" ;
      		:no_numbers = "" ;
      		:no_texts = "" ;
      		:whole = 1152921504606846976LL ;
      		:real = 50. ;
      		:masks = 1U, 2U, 4294967295U ;
      		:one = -3s ;
      		:coordinates = "elevation" ;
      }
      "
    `)
    expect(ncdump('-h', '-s', at('shown.nc'))).toMatch(
      /filled:_ChunkSizes = 512 ;\n\s+filled:_DeflateLevel = 1 ;/,
    )
  })
})
