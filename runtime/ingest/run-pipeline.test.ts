import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zipSync } from 'fflate'
import { afterAll, describe, expect, it } from 'vitest'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import type { TextArray } from '../dataset/text-array.ts'
import { AbortedError, ConfigError, InputError, isSluiceError, QualityError, UsageError } from '../errors.ts'
import { bytesInput } from '../formats/input-file.ts'
import { readNetcdf } from '../formats/netcdf.ts'
import { readBytes } from '../storage/body.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import type { PlotContext } from './interfaces.ts'
import {
  type Files,
  keysOf,
  recordingLog,
  runConfiguration,
  writeFiles,
} from './testing/run-configuration.ts'

const root = mkdtempSync(join(tmpdir(), 'run-pipeline-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const ingest = `
classname: tsdat.IngestPipeline
triggers: []
retriever:
  classname: tsdat.DefaultRetriever
  readers:
    '.*\\.csv.*': {classname: tsdat.CSVReader}
    '.*\\.nc': {classname: tsdat.NetCDFReader}
    '.*\\.zip': {classname: tsdat.ZipReader, parameters: {readers: {'.*\\.csv': {classname: tsdat.CSVReader}}}}
  coords:
    time: {name: [t, time], data_converters: [{classname: tsdat.StringToDatetime, format: '%Y-%m-%d %H:%M:%S'}]}
  data_vars:
    temp: {name: T}
dataset:
  attrs: {title: t, description: d, location_id: sgp, dataset_name: met, data_level: b1}
  coords:
    time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: 'Seconds since 1970-01-01 00:00:00'}}
  data_vars:
    temp: {dims: [time], dtype: float, attrs: {units: degC, valid_max: 40}}
quality: {managers: []}
storage: {classname: tsdat.FileSystem}
`
const header = 't,T\n'
const rows = '2022-01-01 00:00:00,1\n2022-01-01 00:01:00,2\n'

function folderOf(pipeline: string, files: Files): string {
  const folder = mkdtempSync(join(root, 'run-'))
  writeFiles(folder, { 'pipeline.yaml': pipeline, ...files })
  return folder
}

const outKey = 'data/sgp/sgp.met.b1/sgp.met.b1.20220101.000000.nc'
async function stored(store: MemoryObjectStore, key = outKey): Promise<Dataset> {
  const bytes = await readBytes((await store.get(key))?.body ?? '')
  return readNetcdf(bytesInput('out.nc', bytes, mkdtempSync(join(root, 'read-'))))
}
const columnOf = (dataset: Dataset, name: string) => (dataset.get(name) as Variable).data as Float64Array
const numbers = (dataset: Dataset, name: string) => Array.from(columnOf(dataset, name))

/** Runs a pipeline that must refuse its input: gives the error, having seen that nothing was written. */
async function rejection(pipeline: string, files: Files, inputs = Object.keys(files)): Promise<Error> {
  const store = new MemoryObjectStore()
  const error: unknown = await runConfiguration(folderOf(pipeline, files), inputs, { store }).catch(
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(Error)
  expect((error as Error).message.split('\n')).toHaveLength(1)
  expect(await keysOf(store)).toEqual([])
  return error as Error
}

describe('bad input is refused with its file and place, and nothing is written', () => {
  const bad: [string, string | Uint8Array, RegExp][] = [
    ['an empty file', '', /^in\.csv/],
    ['a header without rows', header, /^in\.csv: there are no rows of data$/],
    ['a truncated row', `${header}${rows}2022-01-01 00:0`, /^in\.csv/],
    ['binary data', Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256), /^in\.csv/],
    ['another separator', `t;T\n2022-01-01 00:00:00;1\n`, /^in\.csv:2: .*sep: ";"/],
    ['no time column', 'stamp,T\n2022-01-01 00:00:00,1\n', /^in\.csv.*"t" or "time".*found "stamp", "T"/],
    [
      'a time that does not parse',
      `${header}${rows}yesterday,3\n`,
      /^in\.csv:4: time, read from "t": row 3: "yesterday"/,
    ],
    [
      'a value that is no number',
      `${header}${rows}\n2022-01-01 00:02:00,warm\n`,
      /^in\.csv:5: temp, read from "T": "warm"/,
    ],
    ['times that are all missing', `${header},1\n,2\n`, /^in\.csv: .*time/],
    ['a row with too many fields', `${header}${rows}2022-01-01 00:02:00,3,4\n`, /^in\.csv:4/],
  ]
  it.each(bad)('%s', async (_, content, message) => {
    const error = await rejection(ingest, { 'in.csv': content })
    expect(isSluiceError(error, 'input'), String(error.stack)).toBe(true)
    expect(error.message).toMatch(message)
  })

  it('damaged gzip, zip and netCDF', async () => {
    const gzip = gzipSync(Buffer.from(header + rows.repeat(500)))
    const zip = zipSync({ 'a.csv': Buffer.from(header + rows.repeat(500)) })
    for (const [name, bytes] of [
      ['in.csv.gz', gzip.subarray(0, gzip.length / 2)],
      ['in.zip', zip.subarray(0, zip.length / 2)],
      ['in.nc', Buffer.from('CDF\u0001 and then nothing of the kind')],
    ] as const) {
      const error = await rejection(ingest, { [name]: bytes })
      expect(error).toBeInstanceOf(InputError)
      expect(error.message).toContain(name)
    }
  })

  it('an archive that leads out of itself', async () => {
    const error = await rejection(ingest, { 'in.zip': zipSync({ '../a.csv': Buffer.from(header + rows) }) })
    expect(error.message).toContain('../a.csv')
  })

  it('an archive with a bad member, by both names', async () => {
    const bad = zipSync({
      'a.csv': Buffer.from(header + rows),
      'b.csv': Buffer.from(`${header}yesterday,3\n`),
    })
    expect((await rejection(ingest, { 'in.zip': bad })).message).toMatch(/^in\.zip: b\.csv.*yesterday/)
    const ragged = zipSync({ 'a.csv': Buffer.from(`${header}${rows}1,2,3\n`) })
    expect((await rejection(ingest, { 'in.zip': ragged })).message).toMatch(/^in\.zip: a\.csv:4/)
  })

  it('a wrong format of times, at its place in the configuration', async () => {
    const pipeline = ingest.replace('%d %H', '%Q %H')
    const error = await rejection(pipeline, { 'in.csv': header + rows })
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toMatch(/^pipeline\.yaml:11:\d+ time: .*directive %Q/)
  })

  it('a header that is one endless name, without repeating all of it', async () => {
    const error = await rejection(ingest, { 'in.csv': `${'x'.repeat(100_000)}\n1\n` })
    expect(error.message).toMatch(/^in\.csv: time is to be read from/)
    expect(error.message.length).toBeLessThan(300)
  })

  it('units that cannot be converted', async () => {
    const pipeline = ingest.replace(
      'temp: {name: T}',
      'temp: {name: T, data_converters: [{classname: tsdat.UnitsConverter, input_units: m}]}',
    )
    const error = await rejection(pipeline, { 'in.csv': header + rows })
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toMatch(/^in\.csv.*temp/)
  })

  it('inputs that disagree', async () => {
    const files = { 'a.csv': `${header}${rows}`, 'b.csv': `${header}2022-01-01 00:00:00,9\n` }
    expect((await rejection(ingest, files)).message).toMatch(/temp.*a\.csv.*b\.csv/)
  })

  it('inputs that no reader knows', async () => {
    expect((await rejection(ingest, { 'in.txt': 'x' })).message).toMatch(/the inputs are in\.txt/)
  })

  it('a failed quality check', async () => {
    const pipeline = ingest.replace(
      'managers: []',
      'managers: [{name: m, checker: {classname: tsdat.CheckValidMax}, handlers: [{classname: tsdat.FailPipeline}], apply_to: [temp]}]',
    )
    const error = await rejection(pipeline, { 'in.csv': `${header}2022-01-01 00:00:00,41\n` })
    expect(error).toBeInstanceOf(QualityError)
    expect(error.message).toMatch(/^in\.csv: temp: 1 of 1 values failed/)
  })

  it('data of which a check leaves nothing', async () => {
    const pipeline = ingest
      .replace(
        ', data_converters: [{classname: tsdat.StringToDatetime,',
        ', data_converters: [{classname: tsdat.StringToDatetime, to_datetime_kwargs: {errors: coerce},',
      )
      .replace(
        'managers: []',
        'managers: [{name: m, checker: {classname: tsdat.CheckMissing}, handlers: [{classname: tsdat.RemoveFailedValues}], apply_to: [time]}]',
      )
    expect((await rejection(pipeline, { 'in.csv': `${header}x,1\ny,2\n` })).message).toContain(
      'nothing is left to store',
    )
  })

  it('more than the memory of the run holds, before it starts', async () => {
    const store = new MemoryObjectStore()
    const folder = folderOf(ingest, { 'in.csv': header + rows.repeat(10_000) })
    const run = (memoryMB: number) => runConfiguration(folder, ['in.csv'], { store, memoryMB })
    await expect(run(128)).rejects.toThrow(/^the input needs about \d+ MB of memory .* the run has 128 MB/)
    expect(await keysOf(store)).toEqual([])
  })
})

describe('a run', () => {
  it('gives the same bytes for the same input, with the trigger’s time in its history', async () => {
    const folder = folderOf(ingest, { 'in.csv': header + rows })
    const bytes = async (now?: Date) => {
      const store = new MemoryObjectStore()
      await runConfiguration(folder, ['in.csv'], { store, ...(now ? { now } : {}) })
      return { bytes: await readBytes((await store.get(outKey))?.body ?? ''), dataset: await stored(store) }
    }
    const now = new Date('2024-05-06T07:08:09.010Z')
    const [first, second, without] = [await bytes(now), await bytes(now), await bytes()]
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0)
    expect(first.dataset.attrs.get('history')).toBe('Created by sluice v0.0.0 at 2024-05-06T07:08:09.010Z')
    expect(without.dataset.attrs.get('history')).toBe('Created by sluice v0.0.0')
  })

  it('counts rows, variables, flagged and missing values', async () => {
    const pipeline = ingest.replace(
      'managers: []',
      'managers: [{name: m, checker: {classname: tsdat.CheckValidMax}, handlers: [{classname: tsdat.RecordQualityResults, parameters: {assessment: bad, meaning: hot}}], apply_to: [DATA_VARS]}]',
    )
    const content = `${header}2022-01-01 00:00:00,41\n2022-01-01 00:01:00,\n2022-01-01 00:02:00,1\n`
    const result = await runConfiguration(folderOf(pipeline, { 'in.csv': content }), ['in.csv'])
    expect(result).toMatchObject({
      outcome: 'succeeded',
      counts: { rows: 3, variables: 1, flagged: 1, missing: 1 },
    })
  })

  it('joins inputs in any order, and lists them', async () => {
    const store = new MemoryObjectStore()
    const files = {
      'b.csv': `${header}2022-01-01 00:02:00,3\n2022-01-01 00:03:00,4.5\n`,
      'a.csv': header + rows,
      'notes.txt': 'x',
    }
    const log = recordingLog()
    await runConfiguration(folderOf(ingest, files), Object.keys(files), { store, log })
    const dataset = await stored(store)
    expect(numbers(dataset, 'temp')).toEqual([1, 2, 3, 4.5])
    expect(dataset.attrs.get('inputs')).toEqual(['b.csv', 'a.csv', 'notes.txt'])
    expect(log.lines.map(([event]) => event)).toContain('Input:Ignored')
  })

  it('fills the gaps of integers that inputs leave, with the fill', async () => {
    const pipeline = ingest
      .replace('temp: {name: T}', "temp: {'a.*': {name: T}}\n    count: {'b.*': {name: N}}")
      .replace('quality:', '    count: {dims: [time], dtype: int, attrs: {units: "1"}}\nquality:')
    const files = { 'a.csv': header + rows, 'b.csv': 't,N\n2022-01-01 00:01:00,7\n2022-01-01 00:02:00,8\n' }
    const store = new MemoryObjectStore()
    await runConfiguration(folderOf(pipeline, files), Object.keys(files), { store })
    const raw = await readNetcdf(
      bytesInput('out.nc', await readBytes((await store.get(outKey))?.body ?? ''), root),
      { decode_cf: false },
    )
    expect(raw.get('count')?.data).toEqual(BigInt64Array.of(-9999n, 7n, 8n))
    expect(raw.get('temp')?.data).toEqual(Float64Array.of(1, 2, -9999))
  })

  it('leaves empty in text what is missing among numbers', async () => {
    const pipeline = ingest.replace('temp: {dims: [time], dtype: float,', 'temp: {dims: [time], dtype: str,')
    const store = new MemoryObjectStore()
    const files = { 'in.csv': `${header}2022-01-01 00:00:00,1\n2022-01-01 00:01:00,\n` }
    await runConfiguration(folderOf(pipeline, files), ['in.csv'], { store })
    expect([...(((await stored(store)).get('temp') as Variable).data as TextArray)]).toEqual(['1.0', ''])
  })

  it('lets two outputs come from one column, and changes one without the other', async () => {
    const pipeline = ingest
      .replace('temp: {name: T}', 'temp: {name: T}\n    raw: {name: T}')
      .replace('quality:', '    raw: {dims: [time], dtype: float, attrs: {units: degC}}\nquality:')
      .replace(
        'managers: []',
        'managers: [{name: m, checker: {classname: tsdat.CheckValidMax}, handlers: [{classname: tsdat.RemoveFailedValues}], apply_to: [temp]}]',
      )
    const store = new MemoryObjectStore()
    await runConfiguration(
      folderOf(pipeline, { 'in.csv': `${header}2022-01-01 00:00:00,41\n` }),
      ['in.csv'],
      { store },
    )
    const dataset = await stored(store)
    expect([numbers(dataset, 'temp'), numbers(dataset, 'raw')]).toEqual([[Number.NaN], [41]])
  })

  it('reads the same timestamps at different rows of two files', async () => {
    const files = {
      'a.csv': header + rows,
      'b.csv': `${header}2022-01-01 00:01:00,2\n2022-01-01 00:00:00,1\n`,
    }
    const store = new MemoryObjectStore()
    await runConfiguration(folderOf(ingest, files), Object.keys(files), { store })
    expect(numbers(await stored(store), 'temp')).toEqual([1, 2])
  })

  it('stops between steps when it is told to', async () => {
    const store = new MemoryObjectStore()
    const stop = new AbortController()
    const progress = (): void => stop.abort(new AbortedError('told to stop'))
    const folder = folderOf(ingest, { 'in.csv': header + rows })
    await expect(
      runConfiguration(folder, ['in.csv'], { store, progress, signal: stop.signal }),
    ).rejects.toThrow('told to stop')
    expect(await keysOf(store)).toEqual([])
  })

  it('does not take a span of time for an ingest', async () => {
    const folder = folderOf(ingest, {})
    const window = { start: '2022-01-01T00:00:00Z', end: '2022-01-02T00:00:00Z' }
    await expect(runConfiguration(folder, { kind: 'window', window })).rejects.toThrow(UsageError)
  })
})

describe('hooks', () => {
  const custom = ingest.replace('tsdat.IngestPipeline', 'pipelines.met.pipeline.Met')
  const run = async (Pipeline: unknown) => {
    const store = new MemoryObjectStore()
    const folder = folderOf(custom, { 'in.csv': `${header}2022-01-01 00:00:00,1\n2022-01-01 00:01:00,\n` })
    const classes = { load: () => Promise.resolve(Pipeline) }
    const result = await runConfiguration(folder, ['in.csv'], { store, classes })
    return { store, result }
  }

  it('run in order, each with what it may see', async () => {
    const seen: unknown[] = []
    class Met {
      hook_customize_dataset(dataset: Dataset): Dataset {
        seen.push('customize', dataset.attrs.get('datastream'))
        return dataset
      }
      hook_finalize_dataset(dataset: Dataset): Dataset {
        const temp = dataset.get('temp')
        if (temp) (temp.data as Float64Array)[0] = 5
        dataset.attrs.set('note', 'finalized')
        return dataset
      }
      hook_plot_dataset(dataset: Dataset, context: PlotContext): void {
        seen.push('plot', numbers(dataset, 'temp'))
        const path = context.ancillaryPath('temperature')
        writeFiles(join(path, '..'), { [path.slice(path.lastIndexOf('/') + 1)]: 'a picture' })
        context.ancillaryPath('never-written', '.svg')
      }
    }
    const { store, result } = await run(Met)
    expect(seen).toEqual(['customize', 'sgp.met.b1', 'plot', [5, Number.NaN]])
    const plot = 'ancillary/sgp/sgp.met.b1/sgp.met.b1.20220101.000000.temperature.png'
    expect(await keysOf(store)).toEqual([plot, outKey])
    expect(result).toMatchObject({ outputs: [{ key: outKey }, { key: plot, contentType: 'image/png' }] })
    const dataset = await stored(store)
    expect(dataset.attrs.get('note')).toBe('finalized')
    expect(numbers(dataset, 'temp')).toEqual([5, Number.NaN])
  })

  it('that fail to plot leave the data, and no plot', async () => {
    const store = new MemoryObjectStore()
    class Met {
      hook_plot_dataset(_: Dataset, context: PlotContext): void {
        const path = context.ancillaryPath('x')
        writeFiles(join(path, '..'), { 'x.png': 'x' })
        throw new Error('no font')
      }
    }
    const folder = folderOf(custom, { 'in.csv': header + rows })
    const classes = { load: () => Promise.resolve(Met) }
    await expect(runConfiguration(folder, ['in.csv'], { store, classes })).rejects.toThrow('no font')
    expect(await keysOf(store)).toEqual([outKey])
  })

  it('must give a dataset back', async () => {
    class Met {
      hook_customize_dataset(): void {}
    }
    await expect(run(Met)).rejects.toThrow(
      'hook_customize_dataset must give back a dataset; it gave undefined',
    )
    await expect(run('a text')).rejects.toThrow(ConfigError)
  })
})

describe('a VAP', () => {
  const vap = `
classname: tsdat.TransformationPipeline
triggers: []
parameters: {datastreams: [sgp.met.b1]}
retriever:
  classname: tsdat.StorageRetriever
  coords:
    time: {name: time}
  data_vars:
    temp: {name: temp}
dataset:
  attrs: {title: t, description: d, location_id: sgp, dataset_name: vap, data_level: c1}
  coords:
    time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: 'Seconds since 1970-01-01 00:00:00'}}
  data_vars:
    temp: {dims: [time], dtype: float, attrs: {units: degC}}
quality: {managers: []}
storage: {classname: tsdat.FileSystem}
`
  const hours = Array.from({ length: 49 }, (_, i) => {
    const time = new Date(Date.UTC(2022, 0, 1) + i * 3_600_000).toISOString()
    return `${time.slice(0, 10)} ${time.slice(11, 19)},${i}\n`
  })
  async function ingested(): Promise<MemoryObjectStore> {
    const store = new MemoryObjectStore()
    await runConfiguration(folderOf(ingest, { 'in.csv': header + hours.join('') }), ['in.csv'], { store })
    return store
  }
  const vapKey = 'data/sgp/sgp.vap.c1/sgp.vap.c1.20220101.000000.nc'
  const window = (start: string, end: string) =>
    ({ kind: 'window', window: { start: `${start}T00:00:00Z`, end: `${end}T00:00:00Z` } }) as const

  it("leaves out the end of the engine's window, and includes an end that is typed", async () => {
    const store = await ingested()
    await runConfiguration(folderOf(vap, {}), window('2022-01-01', '2022-01-02'), { store })
    expect(numbers(await stored(store, vapKey), 'temp')).toHaveLength(24)
    expect((await stored(store, vapKey)).attrs.get('inputs')).toBe('sgp.met.b1::20220101::20220102')
    await runConfiguration(folderOf(vap, {}), ['20220101', '20220102'], { store })
    expect(numbers(await stored(store, vapKey), 'temp')).toHaveLength(25)
  })

  it('is skipped when nothing is stored for its window', async () => {
    const store = await ingested()
    const before = await keysOf(store)
    const log = recordingLog()
    const result = await runConfiguration(folderOf(vap, {}), window('2023-01-01', '2023-01-02'), {
      store,
      log,
    })
    expect(result).toEqual({ outcome: 'skipped', reason: 'no-input' })
    expect(await runConfiguration(folderOf(vap, {}), ['20220101', '20220102'])).toEqual(result)
    expect(await keysOf(store)).toEqual(before)
    expect(log.lines.map(([event]) => event)).toEqual(['Input:Empty'])
  })

  it('reads its inputs where the engine says they are', async () => {
    const [reader, store] = [await ingested(), new MemoryObjectStore()]
    await runConfiguration(folderOf(vap, {}), window('2022-01-01', '2022-01-02'), { store, reader })
    expect(await keysOf(store)).toEqual([vapKey])
  })

  it('lets a hook change what was fetched', async () => {
    const store = await ingested()
    class Vap {
      hook_customize_input_datasets(inputs: Map<string, Dataset>): Map<string, Dataset> {
        expect([...inputs.keys()]).toEqual(['sgp.met.b1::20220101::20220102'])
        for (const dataset of inputs.values()) columnOf(dataset, 'temp')[0] = 99
        return inputs
      }
    }
    const folder = folderOf(vap.replace('tsdat.TransformationPipeline', 'shared.vap.Vap'), {})
    const classes = { load: () => Promise.resolve(Vap) }
    await runConfiguration(folder, window('2022-01-01', '2022-01-02'), { store, classes })
    expect(numbers(await stored(store, vapKey), 'temp')[0]).toBe(99)
  })

  it.each([
    [['20220101'], 'takes two inputs'],
    [['20220102', '20220101'], 'is not after the start'],
    [['20220102', '2022-01-03'], '"2022-01-03" is no time of the form YYYYMMDD'],
  ])('refuses %j', async (inputs, message) => {
    await expect(runConfiguration(folderOf(vap, {}), inputs)).rejects.toThrow(message)
  })
})
