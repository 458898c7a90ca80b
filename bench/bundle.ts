// Size and cold import of the functions' bundles, beside an empty handler: `npx tsx bench/bundle.ts`.
// Import is what Lambda does before the first event; netCDF loads HDF5 when a run first writes it, which is shown apart.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { unzipSync } from 'fflate'
import { bundleAlert, bundlePipeline } from '../infra/bundle.ts'
import { functionEnvironment } from '../infra/run-environment.ts'
import type { PlannedRun } from '../runtime/contracts.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'

const projectRoot = path.resolve(import.meta.dirname, '..')
const work = mkdtempSync(path.join(os.tmpdir(), 'bench-bundle-'))
const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
const rounds = 15

interface Candidate {
  readonly name: string
  readonly folder: string
  readonly zipBytes: number
  readonly environment: Record<string, string>
}

/** Wall and processor time of imports in a fresh process, in ms: of the handler, and of HDF5 where the bundle has it. */
interface Times {
  readonly wall: number
  readonly cpu: number
  readonly hdf5?: number
  readonly hdf5Cpu?: number
}

const probe = `
const [folder, hdf5] = process.argv.slice(1)
const cpu = process.cpuUsage()
const start = performance.now()
await import(folder + '/index.mjs')
const wall = performance.now() - start
const { user, system } = process.cpuUsage(cpu)
const times = { wall, cpu: (user + system) / 1000 }
if (hdf5) {
  const before = process.cpuUsage()
  await (await import(folder + '/' + hdf5)).ready
  const used = process.cpuUsage(before)
  times.hdf5 = performance.now() - start - wall
  times.hdf5Cpu = (used.user + used.system) / 1000
}
process.stdout.write(JSON.stringify(times))
`

function unpack(name: string, zip: string, environment: Record<string, string>): Candidate {
  const folder = path.join(work, name)
  for (const [file, content] of Object.entries(unzipSync(readFileSync(zip)))) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), content)
  }
  return { name, folder, zipBytes: statSync(zip).size, environment }
}

async function candidates(): Promise<Candidate[]> {
  const plan = planRuns(loadRegistry({ projectRoot, stack: 'prod' }), { stack: 'prod' })
  const folder = path.join(work, 'empty')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'index.mjs'), 'export const handler = async () => {}\n')
  const found: Candidate[] = [{ name: 'empty', folder, zipBytes: 0, environment: {} }]
  // Those that are functions, and the table load as it would be as one: the only one without netCDF or pictures.
  const isFunction = (run: PlannedRun) => run.compute.kind === 'Lambda' || run.module === 'table-load'
  for (const pipeline of new Set(plan.runs.filter(isFunction).map((run) => run.pipeline))) {
    const runs = plan.runs.filter((run) => run.pipeline === pipeline)
    const { file } = await bundlePipeline({ projectRoot, pipeline, runs, architecture, outDir: work })
    const environment = functionEnvironment(runs[0] as PlannedRun, plan.buckets, 'bench')
    found.push(unpack(pipeline, file, { ...environment }))
  }
  const { file } = await bundleAlert({ projectRoot, architecture, outDir: work })
  const environment = {
    SLUICE_BUCKETS: JSON.stringify(plan.buckets),
    SLUICE_STACK: 'prod',
    SLUICE_TOPIC_ARN: `arn:aws:sns:${plan.region}:${plan.accountId}:alerts`,
  }
  return [...found, unpack('alerts', file, environment)]
}

function measure({ folder, environment }: Candidate): Times {
  const hdf5 = readdirSync(folder).find((name) => name.startsWith('hdf5_hl-'))
  const args = ['--no-warnings', '--input-type=module', '-e', probe, folder, ...(hdf5 ? [hdf5] : [])]
  const env = { ...environment, AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' }
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Times
}

const middle = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number

try {
  const all = await candidates()
  const times = new Map(all.map(({ name }): [string, Times[]] => [name, []]))
  // In turn, so that whatever else this machine does falls on all of them.
  for (let round = 0; round < rounds; round++) {
    for (const candidate of all) times.get(candidate.name)?.push(measure(candidate))
  }
  const figureOf = (name: string, of: (time: Times) => number) => middle((times.get(name) ?? []).map(of))
  const over = (name: string, of: (time: Times) => number) =>
    `${(figureOf(name, of) - figureOf('empty', of)).toFixed(0)} ms`.padStart(8)
  console.log(
    `medians of ${rounds} cold imports in turn on Node ${process.version}, over those of an empty handler`,
  )
  console.log('bundle         zip     import  processor   HDF5, when first used, and its processor time')
  for (const { name, zipBytes } of all.slice(1)) {
    const hasHdf5 = times.get(name)?.[0]?.hdf5 !== undefined
    const ofHdf5 = (of: (time: Times) => number | undefined) =>
      `${figureOf(name, (time) => of(time) ?? 0).toFixed(0)} ms`
    const hdf5 = hasHdf5 ? `${ofHdf5((time) => time.hdf5)}, ${ofHdf5((time) => time.hdf5Cpu)}` : ''
    const size = `${(zipBytes / 1e6).toFixed(2)} MB`.padStart(8)
    console.log(
      `${name.padEnd(10)} ${size} ${over(name, ({ wall }) => wall)}   ${over(name, ({ cpu }) => cpu)}   ${hdf5}`,
    )
  }
  console.log(`empty handler: ${figureOf('empty', ({ wall }) => wall).toFixed(1)} ms`)
  console.log('aim: at most 150 ms over it for CSV to netCDF, 60 ms without netCDF')
} finally {
  rmSync(work, { recursive: true, force: true })
}
