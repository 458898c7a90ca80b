/**
 * Times `sluice check` and `sluice plan` of registries of 1,000 to 10,000 runs: `npx tsx bench/registry.ts`.
 * The project is made in a temporary folder: ten sites a pipeline, all sharing ten configurations. Aims: 1,000
 * pipelines (10,000 runs) checked in under 2 s, and a plan whose time grows with the number of runs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createConfigLoader } from '../runtime/ingest/config/config-loader.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { checkRegistry } from '../runtime/registry/load.ts'
import { projectFiles } from '../runtime/registry/project-files.ts'

const sitesPerPipeline = 10
const sharedConfigs = 10

function writeIn(root: string, file: string, text: string): void {
  const target = path.join(root, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, text)
}

function pipelineYaml(location: string): string {
  return `classname: tsdat.IngestPipeline
triggers: ['.*\\.csv']
retriever:
  classname: tsdat.io.retrievers.DefaultRetriever
  readers:
    .*\\.csv: {classname: tsdat.io.readers.CSVReader}
  coords:
    time: {name: time}
  data_vars:
${Array.from({ length: 24 }, (_, i) => `    speed_${i}: {name: speed ${i}}`).join('\n')}
dataset:
  path: shared/wind.yaml
  overrides: {/attrs/location_id: ${location}}
quality: {managers: []}
storage: {classname: tsdat.io.storage.FileSystem}
`
}

function datasetYaml(): string {
  const variables = Array.from(
    { length: 24 },
    (_, i) =>
      `  speed_${i}:\n    dims: [time]\n    dtype: float\n    attrs: {long_name: Wind speed ${i}, units: m/s}`,
  )
  return `attrs: {title: Wind, description: Wind speeds, location_id: a, dataset_name: lidar, data_level: a1}
coords:
  time: {dims: [time], dtype: 'datetime64[s]', attrs: {units: 'Seconds since 1970-01-01 00:00:00'}}
data_vars:
${variables.join('\n')}
`
}

/** The entries differ in nothing but names and prefixes, as where a team copies one that works. */
function registryYaml(pipelines: number): string {
  const entry = (p: number) =>
    `  - name: pipeline_${p}\n    type: Ingest\n    trigger: S3\n    files: "*.csv"\n    timeout: 5 minutes\n    configs:\n${Array.from(
      { length: sitesPerPipeline },
      (_, s) =>
        `      site_${s}:\n        input_bucket_path: pipeline_${p}/site_${s}/\n        config_file_path: shared/pipeline_${s % sharedConfigs}.yaml\n`,
    ).join('')}`
  return `pipelines_repo_name: ocean-pipelines
account_id: "123456789012"
region: us-west-2
input_bucket_name: acme-ocean-input
output_bucket_name: acme-ocean-output
quotas: {rules_per_event_bus: 20000, roles: 20000}
pipelines:
${Array.from({ length: pipelines }, (_, p) => entry(p)).join('')}`
}

function makeProject(root: string, pipelines: number): void {
  writeIn(root, 'shared/wind.yaml', datasetYaml())
  for (let s = 0; s < sharedConfigs; s++)
    writeIn(root, `shared/pipeline_${s}.yaml`, pipelineYaml(`site_${s}`))
  for (let p = 0; p < pipelines; p++) writeIn(root, `pipelines/pipeline_${p}/test/sample.csv`, 'time\n')
  writeIn(root, 'pipelines_config.yml', registryYaml(pipelines))
}

/** Wall time, and the time of the processor: on a busy machine the first tells of the others. */
function timed<T>(run: () => T): { ms: number; cpuMs: number; value: T } {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const value = run()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000, value }
}

function measure(pipelines: number): string {
  const root = mkdtempSync(path.join(tmpdir(), 'sluice-bench-'))
  try {
    makeProject(root, pipelines)
    const read: string[] = []
    const files = projectFiles(root)
    const loader = createConfigLoader({
      root: '.',
      readText: (file) => {
        read.push(file)
        return files.readText(file)
      },
    })
    const checked = timed(() => checkRegistry({ projectRoot: root, files, configs: loader }))
    const { registry, problems } = checked.value
    if (!registry) throw new Error(`not sound: ${problems[0]?.message}`)
    const planned = timed(() => planRuns(registry, { stack: 'prod' }))
    const printed = timed(() => JSON.stringify(planned.value, null, 2))
    const runs = planned.value.runs.length
    const perRun = ((planned.ms + printed.ms) * 1000) / runs
    const isOnce = new Set(read).size === read.length
    const columns = [runs, checked.ms, checked.cpuMs, planned.ms, printed.ms, perRun].map((n) =>
      n.toFixed(0).padStart(10),
    )
    return `${columns.join('')}${(isOnce ? 'once' : 'AGAIN').padStart(10)}`
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

console.log('      runs  check ms    cpu ms   plan ms   JSON ms  µs a run   configs read')
for (const pipelines of [100, 200, 500, 1000]) console.log(measure(pipelines))
