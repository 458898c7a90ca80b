import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { showElement } from '../dataset/cast.ts'
import { Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { isDatetime, NaT } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError } from '../errors.ts'
import { fileInput } from './input-file.ts'
import { parseParquetCompression, readParquet, writeParquet } from './parquet.ts'

const fixtures = join(import.meta.dirname, 'fixtures/parquet')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parquet-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Shown = readonly [dtype: string, values: readonly (string | null)[]]

function show({ data, dtype }: Variable): Shown {
  if (data instanceof TextArray)
    return [dtype, Array.from(data, (text, i) => (data.isMissing(i) ? null : text))]
  const one = (value: number | bigint): string =>
    isDatetime(dtype) ? String(value) : showElement(value, dtype)
  return [dtype, Array.from(data as ArrayLike<number | bigint>, one)]
}

function showAll(variables: ReadonlyMap<string, Variable>): Record<string, Shown> {
  return Object.fromEntries([...variables].map(([name, each]) => [name, show(each)]))
}

async function read(path: string, names?: string[], columns?: string[]): Promise<Dataset> {
  return readParquet(await fileInput(path), columns ? { columns } : {}, names && new Set(names))
}

describe('files that fastparquet and duckdb wrote', () => {
  for (const file of readdirSync(fixtures).filter((each) => each.endsWith('.json'))) {
    test(file.replace('.json', ''), async () => {
      const expected = JSON.parse(readFileSync(join(fixtures, file), 'utf8')) as Record<
        'index' | 'columns',
        Record<string, Shown>
      >
      const names = Object.keys(expected.columns)
      const dataset = await read(join(fixtures, file.replace('.json', '.parquet')), names)
      expect(showAll(dataset.dataVars)).toEqual(expected.columns)
      expect(showAll(dataset.coords)).toEqual(expected.index)
      const dims = Object.keys(expected.index).length > 0 ? Object.keys(expected.index) : ['index']
      for (const each of dataset.dataVars.values()) expect(each.dims).toEqual(dims)
    })
  }

  test('types without a counterpart are refused when wanted, and passed over when not', async () => {
    const path = join(fixtures, 'duckdb-odd.parquet')
    expect(showAll((await read(path, ['a'])).dataVars)).toEqual({ a: ['int32', ['1']] })
    await expect(read(path, ['l'])).rejects.toThrow('column l is of a nested type, which is not supported')
    await expect(read(path, ['m'])).rejects.toThrow('column m is of a nested type')
    await expect(read(path)).rejects.toThrow('column l is of a nested type')
    await expect(read(path, ['c'])).rejects.toThrow('column c is of the type TIME, which is not supported')
  })

  test('only wanted columns, by names and by the columns option', async () => {
    const path = join(fixtures, 'fastparquet-snappy.parquet')
    expect([...(await read(path, ['i', 'f', 'nope'])).variables()].map(([name]) => name)).toEqual([
      'time',
      'i',
      'f',
    ])
    expect([...(await read(path, ['i', 'f'], ['f'])).variables()].map(([name]) => name)).toEqual([
      'time',
      'f',
    ])
  })
})

const second = 1_000_000_000n

function sample(): Dataset {
  const time = new BigInt64Array([1_577_836_800n * second, 1_577_836_801n * second, 1_577_836_802n * second])
  return new Dataset({
    coords: new Map([['time', variable(['time'], [3], 'datetime64[ns]', time)]]),
    dataVars: new Map([
      ['temp', variable(['time'], [3], 'float64', new Float64Array([1.5, Number.NaN, -0]))],
      ['single', variable(['time'], [3], 'float32', new Float32Array([0.1, 2, 3]))],
      ['i8', variable(['time'], [3], 'int8', new Int8Array([-128, 0, 127]))],
      ['u16', variable(['time'], [3], 'uint16', new Uint16Array([0, 1, 65535]))],
      ['u32', variable(['time'], [3], 'uint32', new Uint32Array([0, 1, 4294967295]))],
      ['i64', variable(['time'], [3], 'int64', new BigInt64Array([-(2n ** 63n) + 1n, 0n, 2n ** 63n - 1n]))],
      ['u64', variable(['time'], [3], 'uint64', new BigUint64Array([0n, 1n, 2n ** 64n - 1n]))],
      ['flag', variable(['time'], [3], 'bool', new Uint8Array([1, 0, 1]))],
      ['name', variable(['time'], [3], 'str', TextArray.from(['größe', null, '']))],
      ['seen', variable(['time'], [3], 'datetime64[s]', new BigInt64Array([0n, NaT, 1_600_000_000n]))],
      ['lat', variable([], [], 'float64', new Float64Array([36.6]))],
    ]),
    attrs: new Map([['title', 'lost']]),
  })
}

describe('what is written', () => {
  for (const compression of ['snappy', 'gzip', 'brotli', 'none'] as const) {
    test(`is read back, compressed by ${compression}`, async () => {
      const path = join(folder, 'x.parquet')
      await writeParquet(sample(), path, { compression })
      expect(await readdir(folder)).toEqual(['x.parquet'])
      const dataset = await read(path)
      const expected = { ...showAll(sample().dataVars) }
      // What had no dims lies along the rows, and seconds are milliseconds.
      expected.lat = ['float64', ['36.6', '36.6', '36.6']]
      expected.seen = ['datetime64[ms]', ['0', String(NaT), '1600000000000']]
      expect(showAll(dataset.dataVars)).toEqual(expected)
      expect(showAll(dataset.coords)).toEqual(showAll(sample().coords))
    })
  }

  test('with two dims comes back on two dims, in many row groups, the same bytes each time', async () => {
    const [times, heights] = [70_000, 3]
    const values = Float64Array.from({ length: times * heights }, (_, i) => i / 7)
    const grid = new Dataset({
      coords: new Map([
        [
          'time',
          variable(
            ['time'],
            [times],
            'int64',
            BigInt64Array.from({ length: times }, (_, i) => BigInt(i)),
          ),
        ],
        ['height', variable(['height'], [heights], 'float64', new Float64Array([10, 20, 30]))],
      ]),
      dataVars: new Map([['speed', variable(['time', 'height'], [times, heights], 'float64', values)]]),
    })
    await writeParquet(grid, join(folder, 'a.parquet'))
    await writeParquet(grid, join(folder, 'b.parquet'))
    expect(
      (await readFile(join(folder, 'a.parquet'))).equals(await readFile(join(folder, 'b.parquet'))),
    ).toBe(true)
    const dataset = await read(join(folder, 'a.parquet'))
    expect(dataset.dims()).toEqual(grid.dims())
    const speed = dataset.get('speed')?.data as Float64Array
    expect(Buffer.compare(new Uint8Array(speed.buffer), new Uint8Array(values.buffer))).toBe(0)
  })

  test('without rows is read back without rows', async () => {
    const none = new Dataset({
      coords: new Map([['time', variable(['time'], [0], 'datetime64[ns]', new BigInt64Array(0))]]),
      dataVars: new Map([['a', variable(['time'], [0], 'float64', new Float64Array(0))]]),
    })
    await writeParquet(none, join(folder, 'x.parquet'))
    const dataset = await read(join(folder, 'x.parquet'))
    expect([...dataset.dims()]).toEqual([['time', 0]])
  })
})

test('compressions of pandas', () => {
  expect([undefined, null, 'gzip'].map((each) => parseParquetCompression(each))).toEqual([
    'snappy',
    'none',
    'gzip',
  ])
  expect(() => parseParquetCompression('zstd')).toThrow(
    'found "zstd"; allowed is snappy, gzip, brotli or null',
  )
})

function has(module: string): boolean {
  try {
    execFileSync('python3', ['-c', `import ${module}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const hasFastparquet = has('fastparquet')
const hasDuckdb = has('duckdb')

test.skipIf(!hasFastparquet)(
  `pandas gives the index back (needs python3 with fastparquet${hasFastparquet ? '' : ': MISSING'})`,
  async () => {
    const path = join(folder, 'x.parquet')
    await writeParquet(sample(), path)
    const script = `
import pandas as pd, sys
f = pd.read_parquet(sys.argv[1], engine="fastparquet")
print(f.index.name, [str(t) for t in f.index], list(f.columns))
print(f["temp"].tolist(), f["i8"].tolist(), f["u32"].tolist(), f["i64"].tolist(), f["u64"].tolist())
print(f["flag"].tolist(), f["name"].isna().tolist(), f["name"].tolist()[0], [str(t) for t in f["seen"]])
`
    const printed = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }).trim().split('\n')
    expect(printed).toEqual([
      "time ['2020-01-01 00:00:00', '2020-01-01 00:00:01', '2020-01-01 00:00:02'] ['temp', 'single', 'i8', 'u16', 'u32', 'i64', 'u64', 'flag', 'name', 'seen', 'lat']",
      '[1.5, nan, -0.0] [-128, 0, 127] [0, 1, 4294967295] [-9223372036854775807, 0, 9223372036854775807] [0, 1, 18446744073709551615]',
      "[True, False, True] [False, True, False] größe ['1970-01-01 00:00:00', 'NaT', '2020-09-13 12:26:40']",
    ])
  },
)

test.skipIf(!hasDuckdb)(
  `duckdb reads it (needs python3 with duckdb${hasDuckdb ? '' : ': MISSING'})`,
  async () => {
    const path = join(folder, 'x.parquet')
    await writeParquet(sample(), path)
    const script = `
import duckdb, sys
for row in duckdb.sql(f"select time::varchar, temp, i8, u16, u32, i64, u64, flag, name, seen::varchar, lat from '{sys.argv[1]}'").fetchall(): print(row)
`
    const printed = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }).trim().split('\n')
    expect(printed).toEqual([
      "('2020-01-01 00:00:00', 1.5, -128, 0, 0, -9223372036854775807, 0, True, 'größe', '1970-01-01 00:00:00', 36.6)",
      "('2020-01-01 00:00:01', None, 0, 1, 1, 0, 1, False, None, None, 36.6)",
      "('2020-01-01 00:00:02', -0.0, 127, 65535, 4294967295, 9223372036854775807, 18446744073709551615, True, '', '2020-09-13 12:26:40', 36.6)",
    ])
  },
)

describe('damaged files are errors', () => {
  async function outcome(bytes: Uint8Array): Promise<unknown> {
    const path = join(folder, 'damaged.parquet')
    await writeFile(path, bytes)
    try {
      const { coords, dataVars } = await read(path)
      return { ...showAll(coords), ...showAll(dataVars) }
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      expect(error.message).toMatch(/damaged\.parquet: /)
      expect(error.message).not.toContain('\n')
      return 'refused'
    }
  }

  test('of ours, every changed byte and every cut', async () => {
    const path = join(folder, 'x.parquet')
    await writeParquet(sample(), path)
    const bytes = await readFile(path)
    const good = await outcome(bytes)
    let passed = 0
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
      const found = await outcome(damaged)
      if (found === 'refused') continue
      expect(found, `byte ${at} of ${bytes.length}`).toEqual(good)
      passed++
    }
    // One byte of the mark before the checksums may change: it is still known for one.
    expect(passed).toBeLessThanOrEqual(8)
    for (let length = 0; length < bytes.length; length += 13) {
      expect(await outcome(bytes.subarray(0, length)), `cut to ${length}`).toBe('refused')
    }
  })

  test('of others, every cut; a changed byte of a gzipped page', async () => {
    const bytes = await readFile(join(fixtures, 'fastparquet-gzip.parquet'))
    const good = await outcome(bytes)
    for (let length = 0; length < bytes.length; length += 7) {
      expect(await outcome(bytes.subarray(0, length)), `cut to ${length}`).toBe('refused')
    }
    // The data of gzip streams lie behind their ten bytes of header.
    for (
      let start = bytes.indexOf('1f8b08', 0, 'hex');
      start >= 0;
      start = bytes.indexOf('1f8b08', start + 1, 'hex')
    ) {
      for (let at = start + 10; at < start + 18; at++) {
        const damaged = Buffer.from(bytes)
        damaged[at] = (damaged[at] as number) ^ 0x21
        const found = await outcome(damaged)
        if (found !== 'refused') expect(found, `byte ${at}`).toEqual(good)
      }
    }
  })

  test('of others, no changed byte makes anything but an input error or a table', async () => {
    const bytes = await readFile(join(fixtures, 'duckdb-v1.parquet'))
    for (let at = 0; at < bytes.length; at += 3) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
      await outcome(damaged)
    }
  })

  test('what is no Parquet says so', async () => {
    await writeFile(join(folder, 'x.parquet'), 'a,b\n1,2\n3,4,5,6,7\n')
    await expect(read(join(folder, 'x.parquet'))).rejects.toThrow(
      'cannot be read as Parquet: it does not begin with PAR1',
    )
    await writeFile(join(folder, 'x.parquet'), '')
    await expect(read(join(folder, 'x.parquet'))).rejects.toThrow('it is too short')
  })
})
