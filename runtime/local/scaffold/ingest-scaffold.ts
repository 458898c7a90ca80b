import type { ProjectFiles } from '../../registry/project-files.ts'
import type { Scaffold } from './new-pipeline.ts'
import { sharedSections } from './shared-sections.ts'

/**
 * A whole ingest that works as it is, on a small table of temperature and humidity, for its owner to change: README,
 * configuration a site, sample input and test.
 */
export function ingestScaffold(name: string, sites: readonly string[], project: ProjectFiles): Scaffold {
  const { quality, storage, own } = sharedSections(project)
  const files = new Map([
    ['README.md', readme(name, sites, { quality, storage })],
    ...sites.map((site): [string, string] => [
      `config/pipeline_${site}.yaml`,
      pipelineYaml(name, site, { quality, storage }),
    ]),
    ['config/retriever.yaml', retrieverYaml],
    ['config/dataset.yaml', datasetYaml(name, sites[0] as string)],
    ...own,
    ['demo.ts', demo(name, sites)],
    [`test/${name.replaceAll('_', '-')}.test.ts`, test(name)],
  ])
  const entry = [
    `name: ${name}`,
    'type: Ingest',
    'trigger: S3',
    'files: "*.csv"',
    'configs:',
    ...sites.flatMap((site) => [
      `  ${site}:`,
      `    input_bucket_path: ${name}/${site}/`,
      `    config_file_path: pipelines/${name}/config/pipeline_${site}.yaml`,
    ]),
  ]
  return { files, entry }
}

interface Links {
  readonly quality: string
  readonly storage: string
}

const shown = (link: string) => (link.startsWith('./') ? `config/${link.slice(2)}` : `../../${link}`)

function readme(name: string, sites: readonly string[], { quality, storage }: Links): string {
  const datastreams = sites.map((site) => `\`${site}.${name}.a1\``).join(' and ')
  return `# ${name}

Turns CSV files of temperature and humidity, a record every 10 minutes, into netCDF with quality flags: ${datastreams}.
It works as it is; to make it yours, change from the top of this table to its end:

| file | says |
|---|---|
| \`demo.ts\` | makes the sample input: replace it by some lines of your own file |
| \`config/retriever.yaml\` | which column becomes which variable, and how time is read |
| \`config/dataset.yaml\` | names, types, units, limits and attributes of the output |
| \`config/pipeline_<site>.yaml\` | what differs at a site (\`overrides\`), and which file names are its own (\`triggers\`) |
| \`${shown(quality)}\` | what is checked, and what happens to what fails |
| \`${shown(storage)}\` | the file format, and paths and names of outputs |
| \`test/\` | what must come out |

\`\`\`sh
npx sluice check
npx sluice run ${name}/${sites[0]} your-file.csv
npx vitest run pipelines/${name}
\`\`\`
`
}

function pipelineYaml(name: string, site: string, { quality, storage }: Links): string {
  return `classname: tsdat.IngestPipeline

triggers:
  - .*${name}\\.${site}\\..*\\.csv

retriever:
  path: ./retriever.yaml

dataset:
  path: ./dataset.yaml
  overrides:
    /attrs/location_id: ${site}

quality:
  path: ${quality}

storage:
  path: ${storage}
`
}

const retrieverYaml = `classname: tsdat.io.retrievers.DefaultRetriever

readers:
  .*\\.csv:
    classname: tsdat.io.readers.CSVReader

coords:
  time:
    name: time
    data_converters:
      - classname: tsdat.io.converters.StringToDatetime
        format: "%Y-%m-%d %H:%M:%S"
        timezone: UTC

data_vars:
  air_temperature:
    # The column's name in the file, and its unit where that is another than dataset.yaml's.
    name: temperature
    data_converters:
      - classname: tsdat.io.converters.UnitsConverter
        input_units: degC
  relative_humidity:
    name: humidity
`

function datasetYaml(name: string, site: string): string {
  return `attrs:
  title: Temperature and humidity
  description: >-
    Air temperature and relative humidity, a record every 10 minutes, with quality flags.
  location_id: ${site}
  dataset_name: ${name}
  data_level: a1

coords:
  time:
    dims: [time]
    dtype: datetime64[s]
    attrs:
      long_name: Time
      standard_name: time
      units: Seconds since 1970-01-01 00:00:00

data_vars:
  air_temperature:
    dims: [time]
    dtype: float
    attrs:
      long_name: Air temperature
      standard_name: air_temperature
      units: K
      valid_min: 230.0
      valid_max: 325.0
  relative_humidity:
    dims: [time]
    dtype: float
    attrs:
      long_name: Relative humidity
      standard_name: relative_humidity
      units: "%"
      valid_min: 0.0
      valid_max: 100.0
`
}

function demo(name: string, sites: readonly string[]): string {
  const list = sites.map((site) => `'${site}'`).join(', ')
  const inline = `const sites = [${list}]`
  const block = `const sites = [\n${sites.map((site) => `  '${site}',`).join('\n')}\n]`
  return `${inline.length <= 110 ? inline : block}

/** A day at each site, with a value out of range and one that is missing. */
export function demoInputs(): { site: string; name: string; content: string }[] {
  return sites.map((site, i) => {
    const rows = Array.from({ length: 144 }, (_, record) => {
      const time = new Date(Date.UTC(2020, 11, 1, 0, 10 * record)).toISOString()
      const angle = ((record - 54) / 144) * 2 * Math.PI
      const temperature = (11 + i + 3 * Math.sin(angle)).toFixed(2)
      const humidity = record === 70 ? '120.0' : (75 - 10 * Math.sin(angle)).toFixed(1)
      return [time.slice(0, 19).replace('T', ' '), record === 30 ? '' : temperature, humidity].join(',')
    })
    const content = ['time,temperature,humidity', ...rows, ''].join('\\n')
    return { site, name: \`${name}.\${site}.20201201.csv\`, content }
  })
}
`
}

function test(name: string): string {
  return `import { afterAll, describe, expect, it } from 'vitest'
import { numbers, onlyDataset, pipelineTest } from '../../../runtime/local/testing/run-pipeline.ts'
import { demoInputs } from '../demo.ts'

const flagged = (flags: number[]) => flags.flatMap((flag, i) => (flag === 0 ? [] : [i]))

describe('${name}', () => {
  const test = pipelineTest()
  afterAll(() => test.remove())

  for (const input of demoInputs()) {
    const config = \`pipelines/${name}/config/pipeline_\${input.site}.yaml\`

    it(\`keeps every record of \${input.site}, in kelvin, and flags what is wrong\`, async () => {
      const dataset = onlyDataset(await test.run(config, input))
      const rows = input.content.trimEnd().split('\\n').slice(1)
      const celsius = rows.map((row) => Number(row.split(',')[1] || 'NaN'))
      const kelvin = numbers(dataset, 'air_temperature')
      expect(kelvin).toHaveLength(rows.length)
      celsius.forEach((value, i) => {
        if (Number.isNaN(value)) expect(kelvin[i]).toBeNaN()
        else expect(kelvin[i]).toBeCloseTo(value + 273.15, 9)
      })
      expect(flagged(numbers(dataset, 'qc_air_temperature'))).toEqual([30])
      expect(flagged(numbers(dataset, 'qc_relative_humidity'))).toEqual([70])
    })
  }
})
`
}
