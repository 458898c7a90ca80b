import { createReadStream, existsSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import type { Plan, PlannedRun, WorkUnit } from '../contracts.ts'
import { lookForWork } from '../due-work.ts'
import { InputError, UsageError } from '../errors.ts'
import { codeVersion } from '../local/code-version.ts'
import { type Engine, openEngine } from '../local/engine.ts'
import { type LocalState, openState, stateFolder, workPlace } from '../local/state.ts'
import { matchesFiles } from '../run/file-filter.ts'
import { prefixUnits } from '../run/shards.ts'
import { keepFromDemo } from './demo-marker.ts'
import { candidatesOf, type Dispatched, dispatchFiles, type SkippedFile } from './dispatch.ts'
import { planProject } from './project.ts'
import type { RunOptions } from './run.ts'
import {
  countLine,
  exitStatus,
  type FinishedRun,
  failureLines,
  runTable,
  showWork,
  warningLines,
} from './run-table.ts'
import { fromHere, Progress, print } from './terminal.ts'

/**
 * Runs planned runs on files of this machine: they are copied into the local input bucket, as an upload would be.
 * `first` is a key of the registry (a scheduled run without files has one look at what is new), or the first of files
 * whose names choose their runs.
 */
export async function runFromRegistry(
  first: string,
  others: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { projectRoot, plan } = planProject(options.registry)
  const run = plan.runs.find(({ key }) => key === first)
  if (!run && !existsSync(first)) throw unknownRun(plan, first, others)
  if (run && options.multidispatch) {
    throw new UsageError(`--multidispatch is for files that choose their pipeline: leave it out, or ${first}`)
  }
  const state = openState(path.join(projectRoot, stateFolder))
  const { assigned, skipped } = run
    ? { assigned: new Map([[run, others]]), skipped: [] }
    : dispatch([first, ...others], plan, projectRoot, options)
  const arriving = [...assigned].map(([taker, files]) => ({ run: taker, arrivals: arrivalsOf(taker, files) }))
  const engine = await openEngine({ projectRoot, stateRoot: state.root })
  try {
    keepFromDemo(state.root)
    const due = []
    for (const { run: taker, arrivals } of arriving) {
      const units =
        arrivals.length > 0
          ? await takeIn(state, taker, arrivals, options.clump === true)
          : taker.input === 'prefix' && options.replay
            ? scanOf(taker, new Date())
            : await lookForWork(workPlace(state, projectRoot), taker, new Date())
      due.push(...units.map((unit) => ({ run: taker, ...unit, replay: options.replay === true })))
    }
    if (run && due.length === 0) {
      print(`${first}: nothing to do: ${whyNothing(run, state)}`)
      return
    }
    const finished = await runAll(engine, due, codeVersion(projectRoot))
    report(finished, state, skipped)
    process.exitCode = exitStatus(finished)
  } finally {
    await engine.close()
  }
}

function dispatch(
  files: readonly string[],
  plan: Plan,
  projectRoot: string,
  options: RunOptions,
): Dispatched {
  for (const file of files) requireFile(file)
  const given = files.map((file) => ({ file, path: path.resolve(file).split(path.sep).join('/') }))
  return dispatchFiles(given, candidatesOf(plan.runs, projectRoot), options)
}

/** A work unit, and the time of what started it. */
export interface Unit {
  readonly work: WorkUnit
  readonly now: Date
}

/** Has every unit run, as many at a time as the engine has workers, and shows how far it is. */
export async function runAll(
  engine: Engine,
  units: readonly (Unit & { readonly run: PlannedRun; readonly replay: boolean })[],
  version: string,
): Promise<FinishedRun[]> {
  const progress = new Progress(units.length)
  try {
    return await Promise.all(
      units.map(async ({ run, work, now, replay }) => {
        const name = `${run.key} ${showWork(run, { work })}`
        const request = { run, work, now: now.toISOString(), replay, codeVersion: version }
        const report = await engine.run(request, (done, total) => {
          progress.update(total ? `${name} ${Math.floor((100 * done) / total)} %` : name)
        })
        progress.step(`${name}: ${report.results.map(({ outcome }) => outcome).join(', ')}`)
        return { run, report }
      }),
    )
  } finally {
    progress.stop()
  }
}

/** The table of runs, below it what went wrong, and how many ended how. */
function report(finished: readonly FinishedRun[], state: LocalState, skipped: readonly SkippedFile[]): void {
  print(runTable(finished, skipped))
  const logs = fromHere(state.bucket('logs').root)
  for (const line of failureLines(finished, (key) => path.join(logs, key))) print(`\n${line}`)
  const warnings = warningLines(finished)
  if (warnings.length > 0) print(`\n${warnings.join('\n')}`)
  print(`\n${countLine(finished, skipped)}`)
  const isDoneBefore = finished.some(({ report }) => report.results.some(({ reason }) => reason === 'done'))
  if (isDoneBefore) print('What was done before is run again with --replay.')
}

/** Where a look found nothing new. */
function whyNothing({ window, trigger }: PlannedRun, state: LocalState): string {
  if (window) {
    const days = Number((window.lookBackSeconds / 86_400).toFixed(2))
    return `no window of the last ${days === 1 ? 'day' : `${days} days`} (look_back) has new or changed input`
  }
  const bucket = state.bucket(trigger.source?.bucket ?? 'input')
  return `there is no new file in ${fromHere(path.join(bucket.root, trigger.source?.prefix ?? ''))}${path.sep}`
}

function unknownRun({ runs }: Plan, key: string, others: readonly string[]): Error {
  const known = runs.map((candidate) => candidate.key).join(', ')
  // Files choose their pipelines only when all are files: else the first is a key that is written wrong.
  if (others.length === 0 && path.extname(key) !== '')
    return new InputError('there is no such file', { place: { file: key } })
  return new UsageError(
    `${key} is no pipeline at a site of this registry; there are ${known || 'none'}. Nor is it a file`,
  )
}

/** A file and where its upload would have put it, with its own time. */
interface Arrival {
  readonly file: string
  readonly key: string
  readonly time: Date
}

function arrivalsOf(run: PlannedRun, files: readonly string[]): Arrival[] {
  if (files.length === 0) return []
  const { source } = run.trigger
  if (!source) throw new UsageError(`${run.key} reads what other pipelines wrote: run it without files`)
  const arrivals = files.map((file) => arrivalOf(file, run, source.prefix))
  const seen = new Map<string, string>()
  for (const { file, key } of arrivals) {
    const other = seen.get(key)
    if (other !== undefined)
      throw new UsageError(`${other} and ${file} would both arrive as ${key}: run one at a time`)
    seen.set(key, file)
  }
  return arrivals
}

/** Copies the files to where they arrive; one work unit each, or one for all. */
async function takeIn(
  state: LocalState,
  run: PlannedRun,
  arrivals: readonly Arrival[],
  clump: boolean,
): Promise<Unit[]> {
  const bucket = state.bucket(run.trigger.source?.bucket ?? 'input')
  for (const { file, key, time } of arrivals) {
    const isThere = (await bucket.pathOf(key)) === path.resolve(file)
    if (!isThere) await bucket.put(key, createReadStream(file), { lastModified: time })
  }
  if (run.input === 'prefix') return scanOf(run, new Date())
  if (clump || (run.trigger.kind === 'cron' && run.trigger.group === 'together')) {
    const newest = new Date(Math.max(...arrivals.map(({ time }) => time.getTime())))
    return [{ work: { kind: 'objects', keys: arrivals.map(({ key }) => key).sort() }, now: newest }]
  }
  return arrivals.map(({ key, time }) => ({ work: { kind: 'objects', keys: [key] }, now: time }))
}

/** The whole of a prefix, changed or not. */
function scanOf(run: PlannedRun, now: Date): Unit[] {
  return prefixUnits(run, run.trigger.source?.prefix ?? '').map((work) => ({ work, now }))
}

/** @throws InputError when there is no file of this name */
function requireFile(file: string): Stats {
  let stat: Stats
  try {
    stat = statSync(file)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const isAbsent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code ?? '')
    const why = isAbsent ? 'there is no such file' : `cannot be read: ${message}`
    throw new InputError(why, { place: { file }, cause })
  }
  if (stat.isDirectory()) throw new InputError('is a folder: name the files in it', { place: { file } })
  if (!stat.isFile()) throw new InputError('is a pipe, a socket or a device, not a file', { place: { file } })
  return stat
}

function arrivalOf(file: string, run: PlannedRun, prefix: string): Arrival {
  const { mtime } = requireFile(file)
  const key = prefix + path.basename(file)
  if (!matchesFiles(run.trigger.files, key, prefix)) {
    throw new UsageError(`${file}: ${run.key} takes ${run.trigger.files?.glob}`)
  }
  return { file, key, time: mtime }
}
