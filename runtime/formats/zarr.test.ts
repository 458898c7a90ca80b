import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { create, root, set } from 'zarrita'
import { Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { isFloat, NaT } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError } from '../errors.ts'
import { readArchiveMembers } from './archives.ts'
import { crc32c } from './crc32c.ts'
import { fileInput } from './input-file.ts'
import { type ReadZarrOptions, readZarr, writeZarr } from './zarr.ts'
import { parseExactJson, showExactJson } from './zarr-json.ts'

const fixtures = join(import.meta.dirname, 'fixtures/zarr')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zarr-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Shown = readonly [
  dims: readonly string[],
  shape: readonly number[],
  dtype: string,
  values: readonly (string | number)[],
]

function show({ dims, shape, dtype, data }: Variable): Shown {
  if (data instanceof TextArray) {
    return [dims, shape, dtype, Array.from(data, (text, i) => (data.isMissing(i) ? 'nan' : text))]
  }
  const one = (value: number | bigint): string | number => {
    if (dtype === 'bool') return value === 1 ? 'True' : 'False'
    return isFloat(dtype) ? Number(value) : String(value)
  }
  return [dims, shape, dtype, Array.from(data as ArrayLike<number | bigint>, one)]
}

function showAll(dataset: Dataset): Record<string, Shown> {
  return Object.fromEntries([...dataset.variables()].map(([name, each]) => [name, show(each)]))
}

interface Expected {
  readonly options: { mask_and_scale?: boolean; decode_times?: boolean; consolidated?: boolean }
  readonly attrs: Record<string, string>
  readonly variables: Record<string, readonly [string[], number[], string, string[]]>
  readonly coords: readonly string[]
}

async function unzip(name: string): Promise<string> {
  const target = join(folder, name.replace('.zip', ''))
  const file = await fileInput(join(fixtures, name))
  const request = { kind: 'zip', scratchDir: join(folder, 'scratch'), wants: () => true } as const
  for await (const member of readArchiveMembers(file, request)) {
    const path = join(target, member.name)
    await mkdir(dirname(path), { recursive: true })
    await cp(await member.file.localPath(), path)
  }
  return target
}

describe('stores of version 2 are read as xarray reads them, from a zip and from a folder', () => {
  for (const name of readdirSync(fixtures).filter((each) => each.endsWith('.zip'))) {
    test(name.replace('.zip', ''), async () => {
      const expected = JSON.parse(
        readFileSync(join(fixtures, name.replace('.zip', '.json')), 'utf8'),
      ) as Expected
      const { mask_and_scale, decode_times, consolidated } = expected.options
      const options: ReadZarrOptions = {
        ...(mask_and_scale === undefined ? {} : { maskAndScale: mask_and_scale }),
        ...(decode_times === undefined ? {} : { decodeTimes: decode_times }),
        ...(consolidated === undefined ? {} : { consolidated }),
      }
      const variables = Object.fromEntries(
        Object.entries(expected.variables).map(([each, [dims, shape, dtype, values]]) => {
          const isNumber = dtype.startsWith('float')
          return [
            each,
            [
              dims,
              shape,
              dtype,
              isNumber ? values.map((text) => Number(text.replace('nan', 'NaN'))) : values,
            ],
          ]
        }),
      )
      for (const path of [join(fixtures, name), await unzip(name)]) {
        const dataset = await readZarr(await fileInput(path), options)
        const found = showAll(dataset)
        // Newer versions of xarray unpack with the type of the factors, which JSON has as doubles.
        if (found.packed && variables.packed) variables.packed[2] = found.packed[2]
        expect(found).toEqual(variables)
        expect([...dataset.coords.keys()].sort()).toEqual(expected.coords)
        expect(
          Object.fromEntries([...dataset.attrs].map(([key, value]) => [key, `${value as string | bigint}`])),
        ).toEqual(expected.attrs)
      }
    })
  }

  test('only wanted variables are read, besides index coords, and dropped ones are not', async () => {
    const file = await fileInput(join(fixtures, 'xarray.zip'))
    expect(Object.keys(showAll(await readZarr(file, {}, new Set(['temp', 'nope']))))).toEqual([
      'height',
      'time',
      'temp',
    ])
    const dropped = await readZarr(file, { dropVariables: ['height', 'temp'] }, new Set(['temp', 'single']))
    expect(Object.keys(showAll(dropped))).toEqual(['time', 'single'])
  })
})

function sample(): Dataset {
  const day = 86_400_000_000_000n
  return new Dataset({
    coords: new Map([
      [
        'time',
        variable(
          ['time'],
          [3],
          'datetime64[ns]',
          new BigInt64Array([0n, day, NaT]),
          new Map([['units', 'seconds since 1970-01-01']]),
        ),
      ],
      ['height', variable(['height'], [2], 'float32', new Float32Array([10, 20]))],
      ['site', variable(['time'], [3], 'str', TextArray.from(['p', 'größe', '']))],
    ]),
    dataVars: new Map([
      [
        'temp',
        variable(
          ['time', 'height'],
          [3, 2],
          'float64',
          new Float64Array([1, 2, Number.NaN, 4, 5, 6]),
          new Map([['units', 'degC']]),
          { fillValue: -9999 },
        ),
      ],
      ['plain', variable(['time'], [3], 'float64', new Float64Array([1.5, Number.NaN, -0]))],
      ['count', variable(['time'], [3], 'int64', new BigInt64Array([1n, -(2n ** 62n) - 1n, 3n]))],
      ['tiny', variable(['time'], [3], 'uint8', new Uint8Array([0, 1, 255]))],
      ['flag', variable(['time'], [3], 'bool', new Uint8Array([1, 0, 1]))],
      ['lat', variable([], [], 'float64', new Float64Array([36.6]))],
      ['empty', variable(['none'], [0], 'float64', new Float64Array(0))],
    ]),
    attrs: new Map<string, string | bigint | number>([
      ['title', 'größe'],
      ['whole', 3n],
      ['real', 3],
    ]),
  })
}

describe('what is written', () => {
  test('is read back', async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path)
    expect(await readdir(folder)).toEqual(['x.zarr'])
    for (const options of [{}, { consolidated: false }]) {
      const dataset = await readZarr(await fileInput(path), options)
      expect(showAll(dataset)).toEqual(showAll(sample()))
      expect([...dataset.coords.keys()].sort()).toEqual(['height', 'site', 'time'])
      expect(dataset.attrs).toEqual(sample().attrs)
    }
    const stored = await readZarr(await fileInput(path), { decodeCf: false })
    expect(show(stored.get('temp') as Variable)[3]).toEqual([1, 2, -9999, 4, 5, 6])
  })

  test('goes into many chunks when it is large, the same bytes each time', async () => {
    const values = Float64Array.from({ length: 300_000 * 4 }, (_, i) => i / 3)
    const large = new Dataset({
      dataVars: new Map([['a', variable(['x', 'y'], [300_000, 4], 'float64', values)]]),
    })
    await writeZarr(large, join(folder, 'a.zarr'))
    await writeZarr(large, join(folder, 'b.zarr'))
    const names = await readdir(join(folder, 'a.zarr/a'))
    expect(names.toSorted()).toEqual(['.zarray', '.zattrs', '0.0', '1.0', '2.0'])
    for (const name of names) {
      expect(
        (await readFile(join(folder, 'a.zarr/a', name))).equals(
          await readFile(join(folder, 'b.zarr/a', name)),
        ),
      ).toBe(true)
    }
    const read = (await readZarr(await fileInput(join(folder, 'a.zarr')))).get('a')?.data as Float64Array
    expect(Buffer.compare(new Uint8Array(read.buffer), new Uint8Array(values.buffer))).toBe(0)
  })

  test('does not replace a store unless told', async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path)
    await expect(writeZarr(sample(), path)).rejects.toThrow('there is a store already')
    await writeZarr(new Dataset(), path, { mode: 'w' })
    expect([...(await readZarr(await fileInput(path))).variables()]).toEqual([])
  })

  test('can be a group below the root', async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path, { group: 'a/b' })
    const dataset = await readZarr(await fileInput(path), { group: 'a/b' })
    expect(showAll(dataset)).toEqual(showAll(sample()))
    await expect(readZarr(await fileInput(path), { group: 'nope' })).rejects.toThrow(
      'there is no group /nope/',
    )
  })

  test('names that would leave the folder are refused, and nothing stays behind', async () => {
    const bad = new Dataset({
      dataVars: new Map([['../evil', variable([], [], 'float64', new Float64Array(1))]]),
    })
    await expect(writeZarr(bad, join(folder, 'x.zarr'))).rejects.toThrow('cannot be named in Zarr')
    expect(await readdir(folder)).toEqual([])
  })
})

/** The first python that has what is needed: a distribution's own may, where one in front of it in PATH does not. */
const python = ['python3', '/usr/bin/python3'].find((each) => {
  try {
    execFileSync(each, ['-W', 'ignore', '-c', 'import zarr, xarray'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

test.skipIf(!python)(
  `xarray reads what is written (needs python3 with zarr and xarray${python ? '' : ': MISSING'})`,
  async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path)
    const script = `
import sys, warnings
warnings.simplefilter("ignore")
import xarray as xr
d = xr.open_zarr(sys.argv[1], consolidated=True)
print(sorted(d.coords), dict(d.attrs), sorted(d.sizes.items()))
print([str(t) for t in d.time.values[:2]], d.height.values.tolist(), d.height.dtype, d.site.values.tolist())
print(d.temp.values.tolist(), d.temp.attrs, d.temp.encoding["_FillValue"], d.plain.values.tolist())
print(d["count"].values.tolist(), d.tiny.dtype, d.tiny.values.tolist(), d.flag.dtype, d.flag.values.tolist(), float(d.lat))
`
    const printed = execFileSync(python as string, ['-W', 'ignore', '-c', script, path], { encoding: 'utf8' })
      .trim()
      .split('\n')
    expect(printed).toEqual([
      "['height', 'site', 'time'] {'title': 'größe', 'whole': 3, 'real': 3.0} [('height', 2), ('none', 0), ('time', 3)]",
      "['1970-01-01T00:00:00.000000000', '1970-01-02T00:00:00.000000000'] [10.0, 20.0] float32 ['p', 'größe', '']",
      "[[1.0, 2.0], [nan, 4.0], [5.0, 6.0]] {'units': 'degC'} -9999.0 [1.5, nan, -0.0]",
      '[1, -4611686018427387905, 3] uint8 [0, 1, 255] bool [True, False, True] 36.6',
    ])
  },
)

describe('version 3', () => {
  /** A store in memory, as zarrita writes it, put into a folder. */
  async function save(store: Map<string, Uint8Array>): Promise<string> {
    const path = join(folder, 'v3.zarr')
    await rm(path, { recursive: true, force: true })
    for (const [key, bytes] of store) {
      await mkdir(dirname(join(path, key)), { recursive: true })
      await writeFile(join(path, key), bytes)
    }
    return path
  }

  test('arrays that zarrita wrote, plain, by zstd and blosc', async () => {
    const store = new Map<string, Uint8Array>()
    const group = root(store)
    await create(group, { attributes: { title: 'three' } })
    const values = Float64Array.from({ length: 12 }, (_, i) => i / 4)
    const codecs = {
      plain: [],
      zstd: [{ name: 'zstd', configuration: { level: 1 } }],
      blosc: [{ name: 'blosc', configuration: { cname: 'lz4', clevel: 5, shuffle: 1, blocksize: 0 } }],
    }
    for (const [name, steps] of Object.entries(codecs)) {
      const array = await create(group.resolve(name), {
        dtype: 'float64',
        shape: [3, 4],
        chunkShape: [2, 3],
        codecs: steps,
        dimensionNames: ['y', 'x'],
        attributes: { units: 'm' },
      })
      await set(array, null, { data: values, shape: [3, 4], stride: [4, 1] })
    }
    const dataset = await readZarr(await fileInput(await save(store)))
    expect(dataset.attrs.get('title')).toBe('three')
    for (const name of Object.keys(codecs)) {
      expect(show(dataset.get(name) as Variable), name).toEqual([['y', 'x'], [3, 4], 'float64', [...values]])
    }
  })

  /** A one-dimensional array's metadata. */
  const meta = (more: object): string =>
    JSON.stringify({
      zarr_format: 3,
      node_type: 'array',
      shape: [4],
      data_type: 'int32',
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [4] } },
      chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
      fill_value: 7,
      codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
      dimension_names: ['x'],
      attributes: {},
      ...more,
    })
  const groupMeta = JSON.stringify({ zarr_format: 3, node_type: 'group', attributes: {} })
  const ints = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer)
  const checked = (bytes: Uint8Array): Buffer => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32c(bytes))
    return Buffer.concat([bytes, sum])
  }
  const readOne = async (metadata: string, chunk: Uint8Array | undefined): Promise<Shown> => {
    const files = new Map<string, Uint8Array>([
      ['zarr.json', Buffer.from(groupMeta)],
      ['a/zarr.json', Buffer.from(metadata)],
    ])
    if (chunk) files.set('a/c/0', chunk)
    return show((await readZarr(await fileInput(await save(files)))).get('a') as Variable)
  }

  test('a chunk that is not there stands for the fill value', async () => {
    expect(await readOne(meta({}), undefined)).toEqual([['x'], [4], 'int32', ['7', '7', '7', '7']])
  })

  test('gzip with crc32c, and transposed big-endian', async () => {
    const codecs = [
      { name: 'bytes', configuration: { endian: 'big' } },
      { name: 'gzip', configuration: { level: 1 } },
      { name: 'crc32c' },
    ]
    const chunk = checked(gzipSync(ints(1, 2, 3, -4).swap32()))
    expect((await readOne(meta({ codecs }), chunk))[3]).toEqual(['1', '2', '3', '-4'])
    const shape = {
      shape: [2, 2],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 2] } },
      dimension_names: ['y', 'x'],
    }
    const transposed = [
      { name: 'transpose', configuration: { order: [1, 0] } },
      { name: 'bytes', configuration: { endian: 'little' } },
    ]
    const files = new Map<string, Uint8Array>([
      ['zarr.json', Buffer.from(groupMeta)],
      ['a/zarr.json', Buffer.from(meta({ ...shape, codecs: transposed }))],
      ['a/c/0/0', ints(1, 3, 2, 4)],
    ])
    const path = await save(files)
    expect(show((await readZarr(await fileInput(path))).get('a') as Variable)[3]).toEqual([
      '1',
      '2',
      '3',
      '4',
    ])
  })

  test('shards', async () => {
    const index = Buffer.alloc(32)
    index.writeBigUInt64LE(0n, 0)
    index.writeBigUInt64LE(8n, 8)
    index.fill(0xff, 16)
    const inner = [{ name: 'bytes', configuration: { endian: 'little' } }]
    const codecs = [
      {
        name: 'sharding_indexed',
        configuration: {
          chunk_shape: [2],
          codecs: inner,
          index_codecs: [...inner, { name: 'crc32c' }],
          index_location: 'end',
        },
      },
    ]
    const shard = Buffer.concat([ints(1, 2), checked(index)])
    expect((await readOne(meta({ codecs }), shard))[3]).toEqual(['1', '2', '7', '7'])
    shard[20] = (shard[20] as number) ^ 1
    await expect(readOne(meta({ codecs }), shard)).rejects.toThrow(
      'chunk c/0 cannot be read: its checksum is wrong',
    )
  })

  test('texts, times and the fill value that xarray notes', async () => {
    const text = meta({
      data_type: 'string',
      fill_value: '',
      codecs: [{ name: 'vlen-utf8' }],
      shape: [2],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [2] } },
    })
    const bytes = Buffer.from('\x02\0\0\0\x01\0\0\0a\x03\0\0\0bcd', 'latin1')
    expect((await readOne(text, bytes))[3]).toEqual(['a', 'bcd'])
    const double = Buffer.alloc(8)
    double.writeDoubleLE(-9999)
    const filled = meta({
      data_type: 'float32',
      fill_value: 'NaN',
      attributes: { _FillValue: double.toString('base64') },
    })
    const chunk = Buffer.from(Float32Array.from([1, -9999, 3, 4]).buffer)
    expect((await readOne(filled, chunk))[3]).toEqual([1, Number.NaN, 3, 4])
    const times = meta({
      data_type: { name: 'numpy.datetime64', configuration: { unit: 's', scale_factor: 1 } },
      fill_value: 0,
    })
    const counts = Buffer.from(BigInt64Array.from([0n, 1n, 2n, 3n]).buffer)
    expect((await readOne(times, counts))[2]).toBe('datetime64[s]')
  })

  const wrong: readonly [title: string, more: object, message: string][] = [
    [
      'an unknown codec',
      { codecs: [{ name: 'bytes' }, { name: 'magic' }] },
      'the codec magic is not supported',
    ],
    ['an unknown type', { data_type: 'complex64' }, 'array a: the data type complex64 is not supported'],
    ['no names of dims', { dimension_names: undefined }, 'its dims have no names'],
    ['a shape that is none', { shape: [-1] }, 'shape is no list of lengths'],
    ['a giant shape', { shape: [1e12] }, 'are more than can be read'],
    [
      'a chunk shape of zero',
      { chunk_grid: { name: 'regular', configuration: { chunk_shape: [0] } } },
      'the chunk shape',
    ],
    ['a fill of another type', { fill_value: 'x' }, 'the fill value "x" is not of the type int32'],
    ['bytes too few', {}, 'chunk c/0 cannot be read: it holds 12 bytes, not 16'],
  ]
  for (const [title, more, message] of wrong) {
    test(`${title} is an input error`, async () => {
      await expect(readOne(meta(more), ints(1, 2, 3))).rejects.toThrow(message)
      await expect(readOne(meta(more), ints(1, 2, 3))).rejects.toThrow(InputError)
    })
  }
})

describe('damage', () => {
  test('of a chunk written here is found at every byte', async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path)
    const good = showAll(await readZarr(await fileInput(path)))
    for (const name of ['temp/0.0', 'site/0', 'lat/0']) {
      const bytes = await readFile(join(path, name))
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Buffer.from(bytes)
        damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
        await writeFile(join(path, name), damaged)
        const found = await readZarr(await fileInput(path)).then(showAll, (error: unknown) => {
          expect(error).toBeInstanceOf(InputError)
          return 'refused'
        })
        if (found !== 'refused') expect(found, `${name} at ${at}`).toEqual(good)
        await writeFile(join(path, name), bytes.subarray(0, at))
        await expect(readZarr(await fileInput(path)), `${name} cut to ${at}`).rejects.toThrow(InputError)
      }
      await writeFile(join(path, name), bytes)
    }
  })

  test('of metadata is an input error that names the file', async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path, { consolidated: false })
    await writeFile(join(path, 'temp/.zarray'), '{"shape": [3')
    await expect(readZarr(await fileInput(path))).rejects.toThrow(
      'x.zarr/temp/.zarray: metadata cannot be read',
    )
    await writeFile(join(path, 'temp/.zarray'), '[]')
    await expect(readZarr(await fileInput(path))).rejects.toThrow('it is no JSON object')
    await expect(readZarr(await fileInput(path), { consolidated: true })).rejects.toThrow(
      'no consolidated metadata',
    )
    await expect(readZarr(await fileInput(folder))).rejects.toThrow('is no Zarr store')
  })

  test('names in consolidated metadata cannot reach files outside', async () => {
    const path = join(folder, 'x.zarr')
    await writeZarr(sample(), path)
    const all = await readFile(join(path, '.zmetadata'), 'utf8')
    await writeFile(join(path, '.zmetadata'), all.replaceAll('"lat/', '"..\\\\lat/'))
    await expect(readZarr(await fileInput(path))).rejects.toThrow('leaves the store')
  })
})

test('JSON keeps whole numbers whole, floats floats, and odd keys plain', () => {
  const text =
    '{"a": 9223372036854775807, "b": 1.0, "c": [NaN, -Infinity, 1e3, true, null, "x\\n"], "__proto__": {}}'
  const value = parseExactJson(text)
  expect(Object.entries(value as object)).toEqual([
    ['a', 9223372036854775807n],
    ['b', 1],
    ['c', [Number.NaN, Number.NEGATIVE_INFINITY, 1000, true, null, 'x\n']],
    ['__proto__', {}],
  ])
  expect(parseExactJson(showExactJson(value))).toEqual(value)
  for (const bad of ['', '{', '[1,]', '{"a" 1}', '1 2', '"a', '{1: 2}', '['.repeat(100), '01x']) {
    expect(() => parseExactJson(bad), bad).toThrow(SyntaxError)
  }
})

test('CRC-32C of the check word of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
})
