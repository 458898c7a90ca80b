import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectReader } from '../../contracts.ts'
import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { readText } from '../../storage/body.ts'
import { MemoryObjectStore } from '../../storage/memory.ts'
import type { Builtin, ClassConfig, StorageConfig } from '../config/types.ts'
import { keysOf, recordingLog } from '../testing/run-configuration.ts'
import { DatastreamStorage, type StorageEnvironment } from './datastream-storage.ts'
import { createFilesOf, listStoredFiles, type TimeSpan } from './stored-files.ts'

const scratchDir = mkdtempSync(join(tmpdir(), 'storage-'))
afterAll(() => rmSync(scratchDir, { recursive: true, force: true }))

const classOf = (builtin: Builtin, parameters = {}): ClassConfig => ({
  classname: `tsdat.${builtin}`,
  builtin,
  parameters,
  place: { file: 'storage.yaml' },
})
const handlers = {
  NetCDF: { reader: classOf('NetCDFReader'), writer: classOf('NetCDFWriter'), extension: 'nc' },
  SplitNetCDF: {
    reader: classOf('NetCDFReader'),
    writer: classOf('SplitNetCDFWriter', { time_unit: 'h' }),
    extension: 'nc',
  },
  Parquet: { reader: classOf('ParquetReader'), writer: classOf('ParquetWriter'), extension: 'parquet' },
  Zarr: {
    reader: classOf('ZarrReader'),
    writer: classOf('ZarrWriter'),
    extension: 'zarr',
  },
  CSV: { reader: classOf('CSVReader'), writer: classOf('CSVWriter'), extension: 'csv' },
  A2eCSV: { reader: classOf('A2eCSVReader'), writer: classOf('A2eCSVWriter'), extension: 'csv' },
}
const configOf = (
  handler: StorageConfig['handler'],
  templates: Partial<StorageConfig> = {},
): StorageConfig => ({
  ...classOf('FileSystem'),
  handler,
  storageRoot: undefined,
  bucket: undefined,
  region: undefined,
  dataStoragePath: 'data/{location_id}/{datastream}',
  dataFilenameTemplate: '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{extension}',
  ancillaryStoragePath: 'ancillary/{location_id}/{datastream}',
  ancillaryFilenameTemplate: '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{title}.{extension}',
  ...templates,
})

const day = (text: string, hours = 0) =>
  BigInt(Date.parse(`${text}T00:00:00Z`)) * 1_000_000n + BigInt(hours) * 3_600_000_000_000n
const span = (start: bigint, end: bigint, includesEnd = false): TimeSpan => ({ start, end, includesEnd })

/** Hourly values that are the hours since the first day's midnight. */
function dataset(datastream: string, start: bigint, hours: number): Dataset {
  const times = BigInt64Array.from({ length: hours }, (_, i) => start + BigInt(i) * 3_600_000_000_000n)
  const values = Float64Array.from(
    { length: hours },
    (_, i) => Number((start - day('2022-01-01')) / 3_600_000_000_000n) + i,
  )
  const units = new Map([['units', 'seconds since 1970-01-01']])
  return new Dataset({
    coords: new Map([['time', variable(['time'], [hours], 'datetime64[ns]', times, units)]]),
    dataVars: new Map([
      ['x', variable(['time'], [hours], 'float64', values, new Map([['_FillValue', -9999]]))],
      ['lat', variable([], [], 'float64', Float64Array.of(36))],
    ]),
    attrs: new Map([
      ['datastream', datastream],
      ['location_id', datastream.split('.')[0] as string],
    ]),
  })
}
const valuesOf = ({ dataset }: { dataset: Dataset }) =>
  Array.from((dataset.get('x')?.data ?? []) as Float64Array)

let store: MemoryObjectStore
let clock: Date
beforeEach(() => {
  clock = new Date('2024-01-01T00:00:00Z')
  store = new MemoryObjectStore({ now: () => clock })
})
function storageOf(config: StorageConfig, environment: Partial<StorageEnvironment> = {}): DatastreamStorage {
  return new DatastreamStorage(config, {
    reader: store,
    store,
    keyPrefix: '',
    scratchDir,
    log: recordingLog(),
    classes: { load: () => Promise.reject(new Error('none')) },
    ...environment,
  })
}

describe('save and fetch', () => {
  it.each(['NetCDF', 'SplitNetCDF', 'Parquet', 'Zarr'] as const)(
    '%s: gives back what was saved',
    async (name) => {
      const storage = storageOf(configOf(handlers[name]))
      await storage.save(dataset('sgp.met.b1', day('2022-01-01'), 24))
      await storage.save(dataset('sgp.met.b1', day('2022-01-02'), 24))
      const found = await storage.fetch('sgp.met.b1', span(day('2022-01-01', 2), day('2022-01-02', 2), true))
      // Files that start before the span are not read: of the split ones the second hour's is the first.
      const expected = Array.from({ length: 27 }, (_, hour) => hour).filter((hour) =>
        name === 'SplitNetCDF' ? hour >= 2 : hour >= 24,
      )
      expect(valuesOf(found)).toEqual(expected)
      expect(readdirSync(scratchDir)).toEqual([])
    },
  )

  it('names the files of CSV and A2e by their tables', async () => {
    await storageOf(configOf(handlers.CSV)).save(dataset('sgp.met.b1', day('2022-01-01'), 2))
    await storageOf(configOf(handlers.A2eCSV)).save(dataset('sgp.met.a2', day('2022-01-01'), 2))
    const base = (stream: string) => `data/sgp/${stream}/${stream}.20220101.000000`
    expect(await keysOf(store)).toEqual([
      `${base('sgp.met.a2')}.time.1d.a2e.csv`,
      `${base('sgp.met.b1')}.attrs.csv`,
      `${base('sgp.met.b1')}.hdr.csv`,
      `${base('sgp.met.b1')}.time.1d.csv`,
    ])
  })

  it('splits by span: no sample twice, none lost, no empty file', async () => {
    const config = configOf({
      ...handlers.SplitNetCDF,
      writer: classOf('SplitNetCDFWriter', { time_interval: 6, time_unit: 'h' }),
    })
    const whole = dataset('sgp.met.b1', day('2022-01-01'), 13)
    // A gap of 12 hours: no file for it.
    const times = whole.get('time') as Variable
    times.data = (times.data as BigInt64Array).with(12, day('2022-01-02'))
    await storageOf(config).save(whole)
    expect((await keysOf(store)).map((key) => key.slice(-18))).toEqual([
      '20220101.000000.nc',
      '20220101.060000.nc',
      '20220102.000000.nc',
    ])
    const all = await storageOf(config).fetch('sgp.met.b1', span(day('2022-01-01'), day('2022-01-03')))
    expect(valuesOf(all)).toEqual(Array.from({ length: 13 }, (_, i) => i))
  })

  it('reads files whose start is in the span, its end as it is said', async () => {
    const storage = storageOf(configOf(handlers.NetCDF))
    for (const date of ['2022-01-01', '2022-01-02', '2022-01-03']) {
      await storage.save(dataset('sgp.met.b1', day(date), 24))
    }
    const fetch = async (includesEnd: boolean) =>
      storage.fetch('sgp.met.b1', span(day('2022-01-02'), day('2022-01-03'), includesEnd))
    expect(valuesOf(await fetch(false))).toHaveLength(24)
    expect((await fetch(false)).files.map(({ key }) => key)).toEqual([
      'data/sgp/sgp.met.b1/sgp.met.b1.20220102.000000.nc',
    ])
    expect(valuesOf(await fetch(true))).toHaveLength(25)
  })

  it('gives nothing for a span without files', async () => {
    const found = await storageOf(configOf(handlers.NetCDF)).fetch('sgp.met.b1', span(0n, 1n))
    expect([found.files, [...found.dataset.variables()]]).toEqual([[], []])
  })

  it('reads only the variables that are wanted', async () => {
    const storage = storageOf(configOf(handlers.NetCDF))
    await storage.save(dataset('sgp.met.b1', day('2022-01-01'), 2))
    const { dataset: found } = await storage.fetch('sgp.met.b1', span(day('2022-01-01'), day('2022-01-02')), {
      names: new Set(['x']),
    })
    expect([...found.dataVars.keys()]).toEqual(['x'])
  })

  it('keeps below its prefix, and follows templates with folders', async () => {
    const config = configOf(handlers.NetCDF, {
      dataStoragePath: './{location_id}/{year}/{month}',
      dataFilenameTemplate: '{date_time}[.{qualifier}].{ext}',
    })
    const storage = storageOf(config, { keyPrefix: 'storage/root/' })
    await storage.save(dataset('sgp.met.b1', day('2022-01-31'), 24))
    await storage.save(dataset('sgp.met.b1', day('2022-02-01'), 24))
    expect(await keysOf(store)).toEqual([
      'storage/root/sgp/2022/01/20220131.000000.nc',
      'storage/root/sgp/2022/02/20220201.000000.nc',
    ])
    const listed: string[] = []
    const reader: ObjectReader = {
      get: (key, options) => store.get(key, options),
      head: (key) => store.head(key),
      list: (prefix, options) => {
        listed.push(prefix)
        return store.list(prefix, options)
      },
    }
    const found = await listStoredFiles(
      config,
      { reader, keyPrefix: 'storage/root/' },
      'sgp.met.b1',
      span(day('2022-02-01'), day('2022-02-02')),
    )
    expect(found).toHaveLength(1)
    expect(listed).toEqual(['storage/root/sgp/2022/02/'])
  })

  it('does not take one datastream for another, nor other files for its own', async () => {
    const config = configOf(handlers.NetCDF, { dataStoragePath: 'data' })
    const storage = storageOf(config)
    await storage.save(dataset('sgp.met.b1', day('2022-01-01'), 1))
    await storage.save(dataset('sgp.met-z01.b1', day('2022-01-01'), 1))
    await storage.save(dataset('sgp.met.b10', day('2022-01-01'), 1))
    for (const name of [
      'sgp.met.b1.20220101.000000.nc.tmp',
      'sgp.met.b1.20221399.000000.nc',
      'sgp.met.b1.latest.nc',
      'sub/sgp.met.b1.20220101.000000.nc',
    ]) {
      await store.put(`data/${name}`, 'x')
    }
    const place = { reader: store, keyPrefix: '' }
    const found = await listStoredFiles(config, place, 'sgp.met.b1', span(0n, day('2100-01-01')))
    expect(found.map(({ key }) => key)).toEqual(['data/sgp.met.b1.20220101.000000.nc'])
  })

  it('does not write outside of its root', async () => {
    const storage = storageOf(configOf(handlers.NetCDF, { dataStoragePath: 'data/{where}' }))
    const escaping = dataset('sgp.met.b1', day('2022-01-01'), 1)
    escaping.attrs.set('where', '../..')
    await expect(storage.save(escaping)).rejects.toThrow('leads out of the storage')
    const named = storageOf(configOf(handlers.NetCDF, { dataFilenameTemplate: '{where}/x.nc' }))
    await expect(named.save(escaping)).rejects.toThrow('leads out of the storage')
    expect(await keysOf(store)).toEqual([])
  })

  it('says what a template lacks', async () => {
    const storage = storageOf(configOf(handlers.NetCDF, { dataFilenameTemplate: '{nope}.nc' }))
    await expect(storage.save(dataset('sgp.met.b1', day('2022-01-01'), 1))).rejects.toThrow(
      /^storage\.yaml storage\.parameters\.data_filename_template: the template .* needs \{nope\}/,
    )
  })
})

describe('a Zarr storage', () => {
  const templates = {
    dataStoragePath: 'data/{location_id}',
    dataFilenameTemplate: '{datastream}.{extension}',
  }
  const zarr = (parameters = {}) =>
    storageOf(configOf({ ...handlers.Zarr, writer: classOf('ZarrWriter', parameters) }, templates))

  it('keeps a store that is there, unless it is the same run again', async () => {
    await zarr().save(dataset('sgp.met.b1', day('2022-01-01'), 3))
    const before = await keysOf(store)
    expect(before).toContain('data/sgp/sgp.met.b1.zarr/.zmetadata')
    await zarr().save(dataset('sgp.met.b1', day('2022-01-01'), 3))
    await expect(zarr().save(dataset('sgp.met.b1', day('2022-01-02'), 3))).rejects.toThrow(
      'exists with other content',
    )
    expect(await keysOf(store)).toEqual(before)
    const found = await zarr().fetch('sgp.met.b1', span(day('2022-01-01', 1), day('2022-01-02')))
    expect(valuesOf(found)).toEqual([1, 2])
  })

  it('replaces it when told to, leaving nothing of the old one', async () => {
    const old = dataset('sgp.met.b1', day('2022-01-01'), 3)
    old.dataVars.set('gone', variable([], [], 'float64', Float64Array.of(1)))
    await zarr().save(old)
    await zarr({ to_zarr_kwargs: { mode: 'w' } }).save(dataset('sgp.met.b1', day('2022-01-02'), 2))
    expect((await keysOf(store)).filter((key) => key.includes('gone'))).toEqual([])
    expect(valuesOf(await zarr().fetch('sgp.met.b1', span(0n, day('2100-01-01'))))).toEqual([24, 25])
  })

  it('is of version 2', async () => {
    const third = zarr({ to_zarr_kwargs: { zarr_format: 3 } })
    await expect(third.save(dataset('sgp.met.b1', day('2022-01-01'), 1))).rejects.toThrow(
      'written in version 2',
    )
  })
})

describe('what changed', () => {
  it('is told by when files were written', async () => {
    const storage = storageOf(configOf(handlers.NetCDF))
    expect(await storage.lastModified('sgp.met.b1')).toBeUndefined()
    expect(await storage.modifiedSince('sgp.met.b1')).toEqual([])
    await storage.save(dataset('sgp.met.b1', day('2022-01-01'), 1))
    clock = new Date('2024-02-01T00:00:00Z')
    await storage.save(dataset('sgp.met.b1', day('2022-01-05'), 1))
    expect(await storage.lastModified('sgp.met.b1')).toEqual(clock)
    const since = new Date('2024-01-15T00:00:00Z')
    expect(await storage.modifiedSince('sgp.met.b1', since)).toEqual([new Date('2022-01-05T00:00:00Z')])
    expect(await storage.modifiedSince('sgp.met.b1')).toHaveLength(2)
  })

  it('is told to the engine by the files that a window reads, listed once', async () => {
    const config = configOf(handlers.NetCDF)
    for (const date of ['2022-01-01', '2022-01-02'])
      await storageOf(config).save(dataset('sgp.met.b1', day(date), 24))
    const window = (start: string, end: string) => ({ start: `${start}T00:00:00Z`, end: `${end}T00:00:00Z` })
    let lists = 0
    const reader: ObjectReader = {
      get: (key, options) => store.get(key, options),
      head: (key) => store.head(key),
      list: (prefix, options) => {
        lists++
        return store.list(prefix, options)
      },
    }
    const filesOf = createFilesOf({ storage: config, datastreams: ['sgp.met.b1'] })
    const first = await filesOf(reader, window('2022-01-01', '2022-01-02'))
    expect(first.map(({ key }) => key)).toEqual(['data/sgp/sgp.met.b1/sgp.met.b1.20220101.000000.nc'])
    expect(first[0]?.etag).toMatch(/./)
    expect(await filesOf(reader, window('2022-01-01', '2022-01-03'))).toHaveLength(2)
    expect(await filesOf(reader, window('2023-01-01', '2023-01-02'))).toEqual([])
    expect(lists).toBe(1)
    await expect(filesOf(reader, { start: 'then', end: 'now' })).rejects.toThrow('the window then to now')
  })
})

describe('savePlots', () => {
  it('puts whatever is left in the folder', async () => {
    const storage = storageOf(configOf(handlers.NetCDF))
    const put = await storage.savePlots(dataset('sgp.met.b1', day('2022-01-01', 21), 1), async (context) => {
      const { writeFile } = await import('node:fs/promises')
      await writeFile(context.ancillaryPath('wind/rose', 'svg'), '<svg/>')
    })
    const key = 'ancillary/sgp/sgp.met.b1/sgp.met.b1.20220101.210000.wind/rose.svg'
    expect(put).toMatchObject([{ key, contentType: 'image/svg+xml' }])
    expect(await readText((await store.get(key))?.body ?? '')).toBe('<svg/>')
  })

  it('does not let a title lead out of the folder', async () => {
    const storage = storageOf(configOf(handlers.NetCDF))
    await expect(
      storage.savePlots(dataset('sgp.met.b1', day('2022-01-01'), 1), (context) => {
        context.ancillaryPath('/../../../x')
      }),
    ).rejects.toThrow('leads out of the storage')
  })
})
