import { stringify } from 'yaml'
import type { Json } from '../../contracts.ts'

/** One input of a new VAP. */
export interface VapSource {
  readonly pipeline: string
  /** Of the first of the VAP's sites; where the sample input is from. */
  readonly site: string
  readonly configFile: string
  readonly title: string
  /** By the VAP's sites. */
  readonly datastreams: ReadonlyMap<string, string>
  readonly variables: readonly AveragedVariable[]
  /** Directions. */
  readonly leftOut: readonly string[]
  /** Whether its `demo.ts` makes sample inputs that the VAP's test can run. */
  readonly hasDemo: boolean
}

export interface AveragedVariable {
  /** In the VAP. */
  readonly name: string
  /** In its source. */
  readonly source: string
  /** In its source. */
  readonly attrs: ReadonlyMap<string, Json>
}

interface Vap {
  readonly name: string
  readonly sites: readonly string[]
  readonly sources: readonly VapSource[]
  readonly storage: string
}

/** README, configuration and test of a VAP of hourly means, by their paths in its folder. */
export function vapFiles(vap: Vap): Map<string, string> {
  return new Map([
    ['README.md', readme(vap)],
    ...vap.sites.map((site): [string, string] => [`config/pipeline_${site}.yaml`, pipelineYaml(vap, site)]),
    ['config/retriever.yaml', retrieverYaml(vap)],
    ['config/dataset.yaml', datasetYaml(vap)],
    ['config/quality.yaml', qualityYaml],
    [`test/${vap.name.replaceAll('_', '-')}.test.ts`, test(vap)],
  ])
}

const locationOf = (datastream: string) => datastream.slice(0, datastream.indexOf('.'))

function readme({ name, sites, sources, storage }: Vap): string {
  const outputs = sites.map(
    (site) => `\`${locationOf(sources[0]?.datastreams.get(site) ?? '')}.${name}-1h.b1\``,
  )
  const inputs = sources.map(({ pipeline }) => `[\`${pipeline}\`](../${pipeline}/README.md)`)
  const leftOut = sources.flatMap((source) => source.leftOut.map((variable) => `\`${variable}\``))
  const directions =
    leftOut.length === 0
      ? ''
      : `\nLeft out, as they are angles, and the mean of 350° and 10° is not 180°: ${leftOut.join(', ')}.\nAverage the components instead.\n`
  return `# ${name}

Hourly means of what ${inputs.join(' and ')} write${sources.length === 1 ? 's' : ''}:
${outputs.join(' and ')}, one file a day. Samples that quality tests call bad are left out.
${directions}
It starts on a schedule. Each look runs the days whose input files have changed since they were last done.

| file | says |
|---|---|
| \`config/pipeline_<site>.yaml\` | which datastreams are read |
| \`config/retriever.yaml\` | the grid (\`CreateTimeGrid\`), what an hour's mean is over, and which variables are averaged |
| \`config/dataset.yaml\` | names and attributes of the means; \`…_std\` and \`…_goodfraction\` come with a mean where they are listed |
| \`config/quality.yaml\` | what is checked |
| \`${storage.startsWith('./') ? `config/${storage.slice(2)}` : `../../${storage}`}\` | the file format, and paths and names of outputs |

\`\`\`sh
npx sluice run ${name}/${sites[0]}        # a look now: runs what is not done
npx vitest run pipelines/${name}
\`\`\`
`
}

function pipelineYaml({ sources, storage }: Vap, site: string): string {
  const datastreams = sources.map((source) => source.datastreams.get(site) as string)
  return `classname: tsdat.TransformationPipeline

triggers: []

parameters:
  datastreams:
${datastreams.map((datastream) => `    - ${datastream}`).join('\n')}

retriever:
  path: ./retriever.yaml

dataset:
  path: ./dataset.yaml
  overrides:
    /attrs/location_id: ${locationOf(datastreams[0] as string)}

quality:
  path: ./quality.yaml

storage:
  path: ${storage}
`
}

/** tsdat reads YAML 1.1. */
const yaml = (value: unknown) =>
  stringify(value, { version: '1.1', lineWidth: 0 }).replace(/dims:\n +- time$/gm, 'dims: [time]')

/** A regular expression for the input keys of a source: its datastreams at any location, and `::` after them. */
function inputPattern({ datastreams }: VapSource): string {
  const names = new Set(
    [...datastreams.values()].map((datastream) => datastream.slice(datastream.indexOf('.') + 1)),
  )
  const escaped = [...names].map((name) => name.replaceAll('.', '\\.'))
  return `.*\\.${escaped.length === 1 ? escaped[0] : `(?:${escaped.join('|')})`}::.*`
}

function retrieverYaml({ sources }: Vap): string {
  const variables = sources.flatMap((source) =>
    source.variables.map(({ name, source: variable }) => [
      name,
      {
        [inputPattern(source)]: {
          name: variable,
          data_converters: [{ classname: 'tsdat.transform.BinAverage' }],
        },
      },
    ]),
  )
  return `classname: tsdat.io.retrievers.StorageRetriever

parameters:
  transformation_parameters:
    # An hour's label is its start, and an hour's mean is over all samples from its start up to, not including, its end.
    alignment:
      time: LEFT
    width:
      time: 1h
    range:
      time: 1h

coords:
  time:
    name: N/A
    data_converters:
      - classname: tsdat.transform.CreateTimeGrid
        interval: 1h

${yaml({ data_vars: Object.fromEntries(variables) })}`
}

function datasetYaml({ name, sites, sources }: Vap): string {
  const kept = ['standard_name', 'units']
  const variables = sources.flatMap(({ variables }) =>
    variables.map((variable) => {
      const { attrs } = variable
      const given = attrs.get('long_name')
      const longName = typeof given === 'string' ? given : variable.source
      const isWord = /^[A-Z][a-z]/.test(longName)
      const lower = isWord ? longName.charAt(0).toLowerCase() + longName.slice(1) : longName
      return [
        variable.name,
        {
          dims: ['time'],
          dtype: 'float',
          attrs: {
            long_name: `Hourly mean of ${lower}`,
            ...Object.fromEntries([...attrs].filter(([key]) => kept.includes(key))),
            cell_methods: 'time: mean',
          },
        },
      ]
    }),
  )
  const attrs = {
    title: `Hourly means: ${sources.map(({ title }) => title).join('; ')}`,
    description: `Hourly means of ${[...new Set(sources.flatMap(({ datastreams }) => [...datastreams.values()]))].join(', ')}. Samples that quality tests call bad are left out.`,
    location_id: locationOf(sources[0]?.datastreams.get(sites[0] as string) as string),
    dataset_name: name,
    temporal: '1h',
    data_level: 'b1',
  }
  const time = {
    dims: ['time'],
    dtype: 'datetime64[s]',
    attrs: {
      long_name: 'Start of the hour',
      standard_name: 'time',
      units: 'Seconds since 1970-01-01 00:00:00',
    },
  }
  return [
    yaml({ attrs }),
    yaml({ coords: { time } }),
    yaml({ data_vars: Object.fromEntries(variables) }),
  ].join('\n')
}

const qualityYaml = `managers:
  - name: Hours without a good sample
    checker:
      classname: tsdat.qc.checkers.CheckMissing
    handlers:
      - classname: tsdat.qc.handlers.RecordQualityResults
        parameters:
          assessment: bad
          meaning: No good sample in the hour
    apply_to: [DATA_VARS]
`

/** A text as the project's formatter lays it out: on a line of its own where it would make one of more than 110. */
function given(start: string, text: string, indent: string): string {
  const line = `${indent}${start} '${text}'`
  return line.length + (start.endsWith(':') ? 1 : 0) <= 110 ? line : `${indent}${start}\n${indent}  '${text}'`
}

function test({ name, sites, sources }: Vap): string {
  const tested = sources.filter(({ hasDemo, variables }) => hasDemo && variables.length > 0)
  return tested.length === 0
    ? emptyTest(name, sites[0] as string)
    : meansTest(name, sites[0] as string, tested)
}

function emptyTest(name: string, site: string): string {
  return `import { describe, expect, it } from 'vitest'
import { pipelineTest } from '../../../runtime/local/testing/run-pipeline.ts'

${given('const config =', `pipelines/${name}/config/pipeline_${site}.yaml`, '')}

describe('${name}', () => {
  it('has nothing to do where there is nothing to average', async () => {
    const test = pipelineTest()
    const { outcome } = await test.run(config, { start: '2020-12-01T00:00:00Z', end: '2020-12-02T00:00:00Z' })
    expect(outcome).toBe('skipped')
    test.remove()
  })
})
`
}

function meansTest(name: string, site: string, sources: readonly VapSource[]): string {
  const imports = sources.map(
    ({ pipeline }, i) => `import { demoInputs as inputs${i + 1} } from '../../${pipeline}/demo.ts'`,
  )
  const list = sources.map(({ configFile, site: from, variables }, i) => {
    const [variable] = variables as readonly [AveragedVariable]
    return `  {
${given('config:', configFile, '    ')},
    input: inputs${i + 1}().find(({ site }) => site === '${from}'),
${given('from:', variable.source, '    ')},
${given('to:', variable.name, '    ')},
  },`
  })
  return `import { afterAll, describe, expect, it } from 'vitest'
import type { Dataset } from '../../../runtime/index.ts'
import { numbers, onlyDataset, pipelineTest } from '../../../runtime/local/testing/run-pipeline.ts'
${imports.join('\n')}

${given('const config =', `pipelines/${name}/config/pipeline_${site}.yaml`, '')}
const hour = 3600
const iso = (seconds: number) => new Date(1000 * seconds).toISOString()
const sources = [
${list.join('\n')}
]

/** The sum and number of the values of each hour in which all samples are good, by the hour's start. */
function goodHours(dataset: Dataset, name: string): Map<number, { sum: number; count: number }> {
  const values = numbers(dataset, name)
  const flags = dataset.get(\`qc_\${name}\`) ? numbers(dataset, \`qc_\${name}\`) : values.map(() => 0)
  const hours = new Map<number, { sum: number; count: number }>()
  const bad = new Set<number>()
  numbers(dataset, 'time').forEach((time, i) => {
    const start = Math.floor(time / hour) * hour
    const value = values[i] as number
    if (flags[i] !== 0 || Number.isNaN(value)) bad.add(start)
    const known = hours.get(start) ?? { sum: 0, count: 0 }
    hours.set(start, { sum: known.sum + value, count: known.count + 1 })
  })
  for (const start of bad) hours.delete(start)
  return hours
}

describe('${name}', () => {
  const test = pipelineTest()
  afterAll(() => test.remove())

  it('has nothing to do where there is nothing to average', async () => {
    const day = { start: '2020-12-01T00:00:00Z', end: '2020-12-02T00:00:00Z' }
    expect((await test.run(config, day)).outcome).toBe('skipped')
  })

  it.each(sources)('gives the mean of $from in each hour of good samples', async (source) => {
    if (!source.input) throw new Error(\`\${source.config} has no sample input\`)
    const dataset = onlyDataset(await test.run(source.config, source.input))
    const day = Math.floor((numbers(dataset, 'time')[0] as number) / (24 * hour)) * 24 * hour
    const made = onlyDataset(await test.run(config, { start: iso(day), end: iso(day + 24 * hour) }))
    const times = numbers(made, 'time')
    const means = numbers(made, source.to)
    const hours = [...goodHours(dataset, source.from)].filter(([time]) => time < day + 24 * hour)
    expect(hours.length).toBeGreaterThan(0)
    for (const [time, { sum, count }] of hours) {
      const expected = sum / count
      const difference = Math.abs((means[times.indexOf(time)] as number) - expected)
      expect(difference).toBeLessThan(1e-9 * (1 + Math.abs(expected)))
    }
  })
})
`
}
