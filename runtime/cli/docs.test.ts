import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs } from '../../pipelines/buoy_waves/demo.ts'
import { fileInput } from '../formats/input-file.ts'
import { readNetcdf } from '../formats/netcdf.ts'
import { getNumbers } from '../ingest/values.ts'
import { copyProject, type ProjectCopy } from '../local/scaffold/testing/project-copy.ts'

const root = path.resolve(import.meta.dirname, '../..')
const page = (name: string) => readFileSync(path.join(root, 'docs', name), 'utf8')

/** The TypeScript of a page whose first line names its file. */
function filesOf(text: string): Map<string, string> {
  const blocks = [...text.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)]
  return new Map(blocks.map(([, file, code]) => [file as string, code as string]))
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

describe('docs/porting.md', () => {
  let project: ProjectCopy
  const files = filesOf(page('porting.md'))
  const put = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(project.folder, file)), { recursive: true })
    writeFileSync(path.join(project.folder, file), text)
  }
  beforeAll(() => {
    project = copyProject()
    for (const [file, code] of files) put(file, code)
  })
  afterAll(() => project.remove())

  it('has a class of each kind, before and after', () => {
    expect([...files.keys()]).toEqual([
      'pipelines/met/pipeline.ts',
      'pipelines/met/readers.ts',
      'pipelines/met/converters.ts',
      'shared/checks.ts',
    ])
    expect(page('porting.md').match(/^```python$/gm)).toHaveLength(files.size)
  })

  it('has code that passes every check of this project', () => {
    expect(project.codeProblems('pipelines/met', 'shared/checks.ts')).toBe('')
  })

  it('has code that runs', async () => {
    put('met.yaml', pipelineYaml)
    const rows = [11.5, 12, 12, 12, 99, null, 14].map((t, i) => ({
      time: `2020-12-01T00:0${i}:00`,
      t,
      rh: 80,
    }))
    put('met.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const { code, text } = project.run('sluice', 'run', '--config', 'met.yaml', 'met.jsonl')
    expect(code, text).toBe(0)
    expect(
      filesBelow(path.join(project.folder, 'out')).filter((name) => /\.\w+$/.test(path.basename(name))),
    ).toEqual(
      expect.arrayContaining([
        'ancillary/pier/pier.met.a1/pier.met.a1.20201201.000000.temperature.svg',
        'data/pier/pier.met.a1/pier.met.a1.20201201.000000.nc',
      ]),
    )
    const output = path.join(project.folder, 'out/data/pier/pier.met.a1/pier.met.a1.20201201.000000.nc')
    const dataset = await readNetcdf(await fileInput(output))
    const halved = [5.75, 6, 6, 6, 40, Number.NaN, 7]
    expect([...getNumbers(dataset, 'temperature')]).toEqual(halved)
    expect([...getNumbers(dataset, 'qc_temperature')]).toEqual([0, 1, 1, 1, 2, 0, 0])
    // At 80 % humidity: tables of the dew point say 2.6 degrees for 5.75.
    const dewPoint = getNumbers(dataset, 'dew_point')
    expect(dewPoint[0]).toBeCloseTo(2.6, 1)
    expect(dewPoint[5]).toBeNaN()
  })

  it('has a reader that says where a line is wrong', () => {
    put('broken.jsonl', '{"time": "2020-12-01T00:00:00", "t": 1, "rh": 80}\n{"time":\n')
    const { code, text } = project.run('sluice', 'run', '--config', 'met.yaml', 'broken.jsonl')
    expect(code).toBe(1)
    expect(text).toMatch(/^broken\.jsonl:2: this line is no JSON/m)
  })

  it('is where a class that is not ported yet is sent to', () => {
    put('unported.yaml', pipelineYaml.replace('MetPipeline', 'OtherPipeline'))
    const { code, text } = project.run('sluice', 'run', '--config', 'unported.yaml', 'met.jsonl')
    expect(code).toBe(1)
    expect(text).toContain('export OtherPipeline in pipelines/met/pipeline.ts')
    expect(text).toContain('docs/porting.md')
  })
})

const pipelineYaml = `classname: pipelines.met.pipeline.MetPipeline
triggers: ['.*\\.jsonl']
retriever:
  classname: tsdat.io.retrievers.DefaultRetriever
  readers:
    .*\\.jsonl: {classname: pipelines.met.readers.JsonLinesReader}
  coords:
    time:
      name: time
      data_converters: [{classname: tsdat.StringToDatetime, format: '%Y-%m-%dT%H:%M:%S'}]
  data_vars:
    temperature:
      name: t
      data_converters: [{classname: pipelines.met.converters.Calibrate, slope: 0.5}]
    humidity: {name: rh}
dataset:
  attrs: {title: Met, description: A station on a pier, location_id: pier, dataset_name: met, data_level: a1}
  coords:
    time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: Seconds since 1970-01-01 00:00:00}}
  data_vars:
    temperature: {dims: [time], dtype: float, attrs: {long_name: Temperature, units: degC, valid_min: -40.0, valid_max: 40.0}}
    humidity: {dims: [time], dtype: float, attrs: {long_name: Humidity, units: '%'}}
    dew_point: {dims: [time], dtype: float, attrs: {long_name: Dew point, units: degC}}
quality:
  managers:
    - name: Stuck
      checker: {classname: shared.checks.CheckStuck, parameters: {count: 3}}
      handlers: [{classname: tsdat.RecordQualityResults, parameters: {assessment: bad, meaning: Value is stuck}}]
      apply_to: [temperature]
    - name: Too high
      checker: {classname: tsdat.CheckValidMax}
      handlers:
        - {classname: shared.checks.ClipToValid}
        - {classname: tsdat.RecordQualityResults, parameters: {assessment: bad, meaning: Value was clipped}}
      apply_to: [temperature]
storage: {classname: tsdat.FileSystem, parameters: {storage_root: out}}
`

describe('docs/tsdat.md', () => {
  const commands = [...page('tsdat.md').matchAll(/^ *npx (sluice .*)$/gm)].map(
    ([, command]) => command as string,
  )
  let project: ProjectCopy
  beforeAll(() => {
    project = copyProject()
    const { name, content } = demoInputs().find(({ name }) => name.includes('z06.00.20201201')) as {
      name: string
      content: string
    }
    writeFileSync(path.join(project.folder, name), content)
  })
  afterAll(() => project.remove())

  it.each(commands)('%s', (command) => {
    const [program, ...args] = command.split(' ') as [string, ...string[]]
    const { code, text } = project.run(program, ...args)
    expect(code, text).toBe(0)
  })

  it('names commands', () => {
    expect(commands).toHaveLength(4)
  })
})

describe('links between pages', () => {
  const pages = [
    'README.md',
    ...readdirSync(path.join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  it.each(pages)('of %s lead somewhere', (name) => {
    const text = readFileSync(path.join(root, name), 'utf8')
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link]) => link as string)
    const missing = links.filter(
      (link) => !/^[a-z]+:/.test(link) && !existsSync(path.join(root, path.dirname(name), link)),
    )
    expect(missing).toEqual([])
  })
})
