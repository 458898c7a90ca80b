import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Dataset, variable } from '../dataset/dataset.ts'
import { fileInput } from '../formats/input-file.ts'
import { writeNetcdf4 } from '../formats/netcdf4.ts'
import { requireMemory } from './memory.ts'
import { loadConfiguration, writeFiles } from './testing/run-configuration.ts'

const folder = mkdtempSync(join(tmpdir(), 'memory-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const recorder = `
    - name: m
      checker: {classname: tsdat.CheckMissing}
      handlers: [{classname: tsdat.RecordQualityResults, parameters: {assessment: bad, meaning: m}}]
      apply_to: [DATA_VARS]`

const pipeline = ({ quality = ' []', more = '' } = {}) => `
classname: tsdat.IngestPipeline
triggers: []
retriever:
  classname: tsdat.DefaultRetriever
  readers:
    '.*\\.csv': {classname: tsdat.CSVReader}
    '.*\\.nc': {classname: tsdat.NetCDFReader}
  coords:
    time: {name: time}
  data_vars:
    temp: {name: T}
dataset:
  attrs: {title: t, description: d, location_id: sgp, dataset_name: met, data_level: b1}
  coords:
    time: {dims: [time], dtype: float, attrs: {units: '1'}}
  data_vars:
    temp: {dims: [time], dtype: float, attrs: {units: degC}}
${more}
quality:
  managers:${quality}
storage: {classname: tsdat.FileSystem}
`

/** The MB of columns that a run on the files is rejected for. */
async function columnsMB(
  files: readonly string[],
  options?: Parameters<typeof pipeline>[0],
): Promise<number> {
  writeFiles(folder, { 'pipeline.yaml': pipeline(options) })
  const inputs = await Promise.all(files.map((name) => fileInput(join(folder, name), name)))
  const message = await requireMemory(loadConfiguration(folder), inputs, 1).then(
    () => 'let pass',
    (error: Error) => error.message,
  )
  return Number(/times the (\d+) MB of its columns\), and the run has 1 MB/.exec(message)?.[1])
}

/** Two columns that are wanted and one that is not; 16 bytes of memory a row. */
const table = (rows: number) =>
  `time,T,other\n${Array.from({ length: rows }, (_, i) => `${i}.5,${i % 30}.25,ignored`).join('\n')}\n`
const mega = 1024 ** 2

describe('requireMemory', () => {
  it('judges a table by its size and first rows, for the columns that are wanted', async () => {
    writeFiles(folder, { 'a.csv': table(400_000), 'b.csv': table(400_000) })
    const exact = (400_000 * 16) / mega
    const one = await columnsMB(['a.csv'])
    expect(one).toBeGreaterThanOrEqual(exact)
    expect(one).toBeLessThan(exact * 1.3)
    const both = await columnsMB(['a.csv', 'b.csv'])
    expect(both).toBeGreaterThanOrEqual(2 * exact)
    expect(both).toBeLessThan(2 * exact * 1.3)
  })

  it('counts qc variables, and variables that nothing gives a value', async () => {
    writeFiles(folder, { 'a.csv': table(400_000) })
    const plain = await columnsMB(['a.csv'])
    expect(await columnsMB(['a.csv'], { quality: recorder })).toBeCloseTo(plain * 1.5, -0.5)
    const more = ['x', 'y', 'z', 'w']
      .map((name) => `    ${name}: {dims: [time], dtype: float, attrs: {units: '1'}}`)
      .join('\n')
    expect(await columnsMB(['a.csv'], { more })).toBeCloseTo(plain * 3, -0.5)
    const constant = `    c: {dims: [], dtype: float, data: 1, attrs: {units: '1'}}`
    expect(await columnsMB(['a.csv'], { more: constant })).toBe(plain)
  })

  it('judges a netCDF file by its header, however small it was packed', async () => {
    const rows = 2 ** 20
    const column = () => variable(['time'], [rows], 'float64', new Float64Array(rows))
    const dataset = new Dataset({
      coords: new Map([['time', column()]]),
      dataVars: new Map([
        ['T', column()],
        ['other', column()],
      ]),
    })
    await writeNetcdf4(dataset, join(folder, 'a.nc'))
    expect(await columnsMB(['a.nc'])).toBe(16)
  })

  it('leaves it to the reader to say what is wrong with a netCDF file', async () => {
    writeFiles(folder, { 'broken.nc': 'no netCDF' })
    expect(await columnsMB(['broken.nc'])).toBe(1)
  })

  it('lets pass what fits, and every run that nothing limits', async () => {
    writeFiles(folder, { 'pipeline.yaml': pipeline(), 'a.csv': table(10) })
    const config = loadConfiguration(folder)
    const inputs = [await fileInput(join(folder, 'a.csv'), 'a.csv')]
    await expect(requireMemory(config, inputs, 256)).resolves.toBeUndefined()
    await expect(requireMemory(config, inputs, undefined)).resolves.toBeUndefined()
  })
})
