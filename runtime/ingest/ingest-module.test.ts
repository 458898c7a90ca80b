import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PlannedRun, RunContext, WorkUnit } from '../contracts.ts'
import { readProjectText } from '../project-text.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { createIngestModule } from './ingest-module.ts'
import { keysOf, recordingLog, writeFiles } from './testing/run-configuration.ts'

const projectRoot = mkdtempSync(join(tmpdir(), 'ingest-module-'))
afterAll(() => rmSync(projectRoot, { recursive: true, force: true }))
const dataset = (name: string, level: string) => `
dataset:
  attrs: {title: t, description: d, location_id: sgp, dataset_name: ${name}, data_level: ${level}}
  coords:
    time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: 'Seconds since 1970-01-01 00:00:00'}}
  data_vars:
    temp: {dims: [time], dtype: float, attrs: {units: degC}}
quality: {managers: []}
storage: {classname: tsdat.FileSystemS3, parameters: {storage_root: elsewhere, bucket: another}}
`
writeFiles(projectRoot, {
  'pipelines/met/config/pipeline.yaml': `
classname: tsdat.IngestPipeline
triggers: []
retriever:
  classname: tsdat.DefaultRetriever
  readers: {'.*\\.csv': {classname: tsdat.CSVReader}}
  coords:
    time: {name: t, data_converters: [{classname: tsdat.StringToDatetime, format: '%Y-%m-%d'}]}
  data_vars:
    temp: {name: T}
${dataset('met', 'b1')}`,
  'pipelines/met_vap/config/pipeline.yaml': `
classname: tsdat.TransformationPipeline
triggers: []
parameters: {datastreams: [sgp.met.b1]}
retriever:
  classname: tsdat.StorageRetriever
  coords: {time: {name: time}}
  data_vars: {temp: {name: temp}}
${dataset('vap', 'c1')}`,
})

const plannedRun = (pipeline: string, memoryMB = 1024) =>
  ({
    configFile: `pipelines/${pipeline}/config/pipeline.yaml`,
    compute: { memoryMB },
    output: { bucket: 'output', prefix: '' },
  }) as PlannedRun

function contextOf(
  run: PlannedRun,
  work: WorkUnit,
  raw: MemoryObjectStore,
  output: MemoryObjectStore,
): RunContext {
  return {
    run,
    runId: 'run-1',
    attempt: 1,
    inputs: [],
    note: () => {},
    work,
    raw,
    output,
    outputs: { output },
    log: recordingLog(),
    now: new Date('2022-01-03T00:00:00Z'),
    scratchDir: mkdtempSync(join(projectRoot, 'scratch-')),
    projectRoot,
    signal: new AbortController().signal,
    codeVersion: 'abc',
    classes: { load: () => Promise.reject(new Error('none')) },
    progress: () => {},
  }
}

describe('createIngestModule', () => {
  it('notes for the record what it warns of', async () => {
    const raw = new MemoryObjectStore()
    await raw.put('met/in.csv', 't,X\n2022-01-01,1\n')
    const warnings: string[] = []
    const work: WorkUnit = { kind: 'objects', keys: ['met/in.csv'] }
    await createIngestModule({ version: '1', readText: readProjectText }).run({
      ...contextOf(plannedRun('met'), work, raw, new MemoryObjectStore()),
      note: (notes) => void warnings.push(...(notes.warnings ?? [])),
    })
    expect(warnings).toEqual(['met/in.csv: there is no T to read temp from'])
  })

  const module = createIngestModule({ version: '1.2.3', readText: readProjectText })
  const window = { start: '2022-01-01T00:00:00.000Z', end: '2022-01-02T00:00:00.000Z' }

  it('runs objects, and then a window over what came of them, with keys that begin at data/', async () => {
    const [raw, output] = [new MemoryObjectStore(), new MemoryObjectStore()]
    await raw.put('met/a b+c.csv', 't,T\n2022-01-01,1\n2022-01-02,2\n')
    const work = { kind: 'objects', keys: ['met/a b+c.csv'] } as const
    const result = await module.run(contextOf(plannedRun('met'), work, raw, output))
    expect(result).toEqual({
      outcome: 'succeeded',
      counts: { rows: 2, variables: 1, flagged: 0, missing: 0 },
    })
    expect(await keysOf(output)).toEqual(['data/sgp/sgp.met.b1/sgp.met.b1.20220101.000000.nc'])
    const vap = await module.run(contextOf(plannedRun('met_vap'), { kind: 'window', window }, output, output))
    expect(vap).toMatchObject({ outcome: 'succeeded', counts: { rows: 1 } })
    expect(await keysOf(output)).toContain('data/sgp/sgp.vap.c1/sgp.vap.c1.20220101.000000.nc')
  })

  it("writes below the plan's output prefix, into the bucket that the plan says", async () => {
    const [raw, output, gallery] = [new MemoryObjectStore(), new MemoryObjectStore(), new MemoryObjectStore()]
    await raw.put('met/a.csv', 't,T\n2022-01-01,1\n')
    const run = { ...plannedRun('met'), output: { bucket: 'gallery', prefix: 'team/' } } as PlannedRun
    const context = contextOf(run, { kind: 'objects', keys: ['met/a.csv'] }, raw, output)
    await module.run({ ...context, outputs: { output, gallery } })
    expect(await keysOf(gallery)).toEqual(['team/data/sgp/sgp.met.b1/sgp.met.b1.20220101.000000.nc'])
    expect(await keysOf(output)).toEqual([])
  })

  it('runs all objects of a prefix', async () => {
    const [raw, output] = [new MemoryObjectStore(), new MemoryObjectStore()]
    await raw.put('met/1.csv', 't,T\n2022-01-01,1\n')
    await raw.put('met/2.csv', 't,T\n2022-01-02,2\n')
    const result = await module.run(
      contextOf(plannedRun('met'), { kind: 'prefix', prefix: 'met/' }, raw, output),
    )
    expect(result).toMatchObject({ counts: { rows: 2 } })
  })

  it('skips a window without input', async () => {
    const store = new MemoryObjectStore()
    const result = await module.run(
      contextOf(plannedRun('met_vap'), { kind: 'window', window }, store, store),
    )
    expect(result).toEqual({ outcome: 'skipped', reason: 'no-input' })
  })

  it('rejects what the run has no memory for, and objects that are gone', async () => {
    const [raw, output] = [new MemoryObjectStore(), new MemoryObjectStore()]
    await raw.put('1.csv', 't,T\n2022-01-01,1\n')
    const run = (keys: string[], memoryMB: number) =>
      module.run(contextOf(plannedRun('met', memoryMB), { kind: 'objects', keys }, raw, output))
    await expect(run(['1.csv'], 128)).rejects.toThrow('the run has 128 MB')
    await expect(run(['2.csv'], 1024)).rejects.toThrow('2.csv: the object is not there')
    expect(await keysOf(output)).toEqual([])
  })
})
