import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { bytesInput } from '../../formats/input-file.ts'
import { readNetcdf } from '../../formats/netcdf.ts'
import { writeNetcdf4 } from '../../formats/netcdf4.ts'
import { readBytes } from '../../storage/body.ts'
import { MemoryObjectStore } from '../../storage/memory.ts'
import type { Converted, ConverterContext } from '../interfaces.ts'
import { recordingLog, runConfiguration, writeFiles } from '../testing/run-configuration.ts'

const root = mkdtempSync(join(tmpdir(), 'retrieve-stored-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const pipeline = (retriever: string, vars: string, coords = '') => `
classname: tsdat.TransformationPipeline
triggers: []
parameters: {datastreams: [sgp.met.b1, sgp.gps.b1]}
retriever:
  classname: tsdat.StorageRetriever
${retriever}
dataset:
  attrs: {title: t, description: d, location_id: sgp, dataset_name: vap, data_level: c1}
  coords:
    time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: 'Seconds since 1970-01-01 00:00:00'}}
${coords}
  data_vars:
${vars}
quality: {managers: []}
storage: {classname: tsdat.FileSystem}
`

const hour = 3600n
const midnight = BigInt(Date.UTC(2022, 0, 1) / 1000)
const times = (start: bigint, count: number, step = hour) =>
  variable(
    ['time'],
    [count],
    'datetime64[s]',
    BigInt64Array.from({ length: count }, (_, i) => midnight + start + BigInt(i) * step),
    new Map([['units', 'seconds since 1970-01-01']]),
  )
const column = (...values: number[]) =>
  variable(['time'], [values.length], 'float64', Float64Array.from(values))

async function put(store: MemoryObjectStore, name: string, dataset: Dataset): Promise<void> {
  const path = join(mkdtempSync(join(root, 'put-')), 'x.nc')
  await writeNetcdf4(dataset, path)
  const { readFile } = await import('node:fs/promises')
  await store.put(`data/sgp/${name.split('.').slice(0, 3).join('.')}/${name}`, await readFile(path))
}
const datasetOf = (coords: Record<string, Variable>, dataVars: Record<string, Variable>) =>
  new Dataset({ coords: new Map(Object.entries(coords)), dataVars: new Map(Object.entries(dataVars)) })

async function run(
  yaml: string,
  store: MemoryObjectStore,
  {
    inputs = ['20220101', '20220102'],
    Own = undefined as unknown,
    log = recordingLog(),
    memoryMB = 1024,
  } = {},
): Promise<Dataset> {
  const folder = mkdtempSync(join(root, 'run-'))
  writeFiles(folder, { 'pipeline.yaml': yaml })
  const classes = { load: () => Promise.resolve(Own) }
  const result = await runConfiguration(folder, inputs, { store, log, classes, memoryMB })
  if (result.outcome !== 'succeeded') throw new Error(result.reason)
  const found = await store.get(result.outputs[0]?.key ?? '')
  return readNetcdf(bytesInput('out.nc', await readBytes(found?.body ?? ''), folder))
}
const numbers = (dataset: Dataset, name: string) => Array.from(dataset.get(name)?.data as Float64Array)

const two = `  coords: {time: {'.*met.*': {name: time}}}
  data_vars:
    temp: {'.*met.*': {name: temp}}
    lat: {'.*gps.*': {name: lat}}`
const twoVars = `    temp: {dims: [time], dtype: float, attrs: {units: degC}}
    lat: {dims: [time], dtype: float, attrs: {units: degree_north}}`

async function twoStreams(): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore()
  await put(
    store,
    'sgp.met.b1.20220101.000000.nc',
    datasetOf({ time: times(0n, 3) }, { temp: column(0, 1, 2) }),
  )
  const offset = datasetOf({ time: times(0n, 3, 5400n) }, { lat: column(10, 11, 12) })
  await put(store, 'sgp.gps.b1.20220101.000000.nc', offset)
  return store
}

describe('retrieveStored', () => {
  it('matches what is on another grid label by label', async () => {
    const dataset = await run(pipeline(two, twoVars), await twoStreams())
    expect(numbers(dataset, 'temp')).toEqual([0, 1, 2])
    expect(numbers(dataset, 'lat')).toEqual([10, Number.NaN, Number.NaN])
  })

  it('lets a converter put it on the output grid', async () => {
    const nearest = two.replace(
      '{name: lat}',
      '{name: lat, data_converters: [{classname: tsdat.NearestNeighbor}]}',
    )
    expect(numbers(await run(pipeline(nearest, twoVars), await twoStreams()), 'lat')).toEqual([10, 11, 11])
  })

  it('gives coords and dims the names of the output', async () => {
    const store = new MemoryObjectStore()
    const ranges = variable(['range'], [2], 'float64', Float64Array.of(100, 200), new Map([['units', 'm']]))
    const grid = variable(['time', 'range'], [2, 2], 'float64', Float64Array.of(1, 2, 3, 4))
    await put(
      store,
      'sgp.met.b1.20220101.000000.nc',
      datasetOf({ time: times(0n, 2), range: ranges }, { u: grid }),
    )
    const retriever = `  coords: {time: {'.*met.*': {name: time}}, height: {'.*met.*': {name: range}}}
  data_vars: {wind: {'.*met.*': {name: u}}}`
    const vars = `    wind: {dims: [time, height], dtype: float, attrs: {units: m/s}}`
    const coords = `    height: {dims: [height], dtype: float, attrs: {units: km}}`
    const dataset = await run(pipeline(retriever, vars, coords), store)
    expect(dataset.get('wind')).toMatchObject({ dims: ['time', 'height'], data: Float64Array.of(1, 2, 3, 4) })
    expect(numbers(dataset, 'height')).toEqual([0.1, 0.2])
  })

  it('reads beyond the window as far as the padding says, and keeps the window', async () => {
    const store = new MemoryObjectStore()
    const early = datasetOf({ time: times(-2n * hour, 4) }, { temp: column(-2, -1, 0, 1) })
    await put(store, 'sgp.met.b1.20211231.220000.nc', early)
    const padded = `  parameters: {fetch_parameters: {time_padding: -3h}}\n${two}`
    expect(numbers(await run(pipeline(padded, twoVars), store), 'temp')).toEqual([0, 1])
    const without = run(pipeline(two, twoVars), store)
    await expect(without).rejects.toThrow('no-input')
  })

  it("asks a converter of the user's own which grid its result is on by its length alone", async () => {
    class Halve {
      convert(input: Variable, { coords }: ConverterContext): Converted {
        const length = coords.get('time')?.data.length ?? 0
        return { variable: { ...input, shape: [length], data: new Float64Array(length).fill(7) } }
      }
    }
    const store = new MemoryObjectStore()
    await put(
      store,
      'sgp.met.b1.20220101.000000.nc',
      datasetOf({ time: times(0n, 3) }, { temp: column(0, 1, 2) }),
    )
    await put(
      store,
      'sgp.gps.b1.20220101.000000.nc',
      datasetOf({ time: times(0n, 6, 1800n) }, { lat: column(0, 1, 2, 3, 4, 5) }),
    )
    const own = two.replace(
      '{name: lat}',
      '{name: lat, data_converters: [{classname: shared.converters.Halve}]}',
    )
    expect(numbers(await run(pipeline(own, twoVars), store, { Own: Halve }), 'lat')).toEqual([7, 7, 7])
  })

  it('says which coord nothing gives', async () => {
    const absent = two.replace("{time: {'.*met.*': {name: time}}}", "{time: {'.*met.*': {name: stamp}}}")
    await expect(run(pipeline(absent, twoVars), await twoStreams())).rejects.toThrow(
      'sgp.met.b1::20220101::20220102: the coord time is in no stored file, and no converter makes it',
    )
  })

  it('leaves missing what no stored file has, with a warning', async () => {
    const log = recordingLog()
    const absent = two.replace('{name: lat}', '{name: latitude}')
    const dataset = await run(pipeline(absent, twoVars), await twoStreams(), { log })
    expect(numbers(dataset, 'lat')).toEqual([Number.NaN, Number.NaN, Number.NaN])
    expect(log.lines).toContainEqual(['Variable:NotFound', expect.objectContaining({ variable: 'lat' })])
  })

  it('is rejected by what its first file takes in memory, before the others are read', async () => {
    const read: string[] = []
    class CountingStore extends MemoryObjectStore {
      override get(...args: Parameters<MemoryObjectStore['get']>): ReturnType<MemoryObjectStore['get']> {
        read.push(args[0])
        return super.get(...args)
      }
    }
    const rows = 2 ** 20
    const store = new CountingStore()
    for (const hours of ['00', '06', '12']) {
      const temp = variable(['time'], [rows], 'float64', new Float64Array(rows))
      const time = times(BigInt(hours) * hour, rows, 0n)
      await put(store, `sgp.met.b1.20220101.${hours}0000.nc`, datasetOf({ time }, { temp }))
    }
    // 48 MB of columns in well below 1 MB of files.
    await expect(run(pipeline(two, twoVars), store, { memoryMB: 300 })).rejects.toThrow(
      /3 times the 48 MB of its columns\), and the run has 300 MB/,
    )
    expect(read).toHaveLength(1)
  })

  it('is rejected when its files alone are more than the memory', async () => {
    await expect(run(pipeline(two, twoVars), await twoStreams(), { memoryMB: 100 })).rejects.toThrow(
      'the run has 100 MB',
    )
  })
})
