import { createReadStream, statSync } from 'node:fs'
import path from 'node:path'
import type { Plan, PlannedRun, WorkUnit } from '../contracts.ts'
import { InputError, UsageError } from '../errors.ts'
import { codeVersion } from '../local/code-version.ts'
import { type Engine, openEngine } from '../local/engine.ts'
import { lookForWork } from '../local/look.ts'
import { type LocalState, openState, stateFolder } from '../local/state.ts'
import { planRuns } from '../plan/plan.ts'
import { loadRegistry } from '../registry/load.ts'
import { matchesFiles } from '../run/file-filter.ts'
import { findProject } from './project.ts'
import type { RunOptions } from './run.ts'
import { exitStatus, type FinishedRun, failureLines, runTable, showWork } from './run-table.ts'
import { Progress, print } from './terminal.ts'

/**
 * Runs a planned run on files of this machine: they are copied into the local input bucket, as an upload would be. A
 * scheduled run without files has one look at what is new.
 */
export async function runRegistered(
  key: string,
  files: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { projectRoot, registryFile } = findProject(options.registry)
  const plan = planRuns(loadRegistry({ projectRoot, file: registryFile }), { stack: 'local' })
  const run = findRun(plan, key)
  const state = openState(path.join(projectRoot, stateFolder))
  const engine = await openEngine({ projectRoot, stateRoot: state.root })
  try {
    const units =
      files.length > 0
        ? await takeIn(state, run, files)
        : await lookForWork(state, run, projectRoot, new Date())
    if (units.length === 0) {
      print(`${key}: nothing to do`)
      return
    }
    const finished = await runAll(
      engine,
      units.map((unit) => ({ run, ...unit, replay: options.replay === true })),
      codeVersion(projectRoot),
    )
    report(finished, state, projectRoot)
    process.exitCode = exitStatus(finished)
  } finally {
    await engine.close()
  }
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

/** The table of runs, and below it what went wrong. */
export function report(finished: readonly FinishedRun[], state: LocalState, projectRoot: string): void {
  print(runTable(finished))
  const logs = path.relative(projectRoot, state.bucket('logs').root)
  for (const line of failureLines(finished, (key) => path.join(logs, key))) print(`\n${line}`)
}

function findRun({ runs }: Plan, key: string): PlannedRun {
  const run = runs.find((candidate) => candidate.key === key)
  if (run) return run
  const known = runs.map((candidate) => candidate.key).join(', ')
  throw new UsageError(`${key} is no pipeline at a site of this registry; there are ${known || 'none'}`)
}

/** Copies the files to where their upload would have put them, with their own times. */
async function takeIn(state: LocalState, run: PlannedRun, files: readonly string[]): Promise<Unit[]> {
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
  const bucket = state.bucket(source.bucket)
  for (const { file, key, time } of arrivals) {
    const isThere = (await bucket.pathOf(key)) === path.resolve(file)
    if (!isThere) await bucket.put(key, createReadStream(file), { lastModified: time })
  }
  const newest = new Date(Math.max(...arrivals.map(({ time }) => time.getTime())))
  if (run.trigger.kind === 'cron' && run.trigger.group === 'together') {
    return [{ work: { kind: 'objects', keys: arrivals.map(({ key }) => key).sort() }, now: newest }]
  }
  return arrivals.map(({ key, time }) => ({ work: { kind: 'objects', keys: [key] }, now: time }))
}

function arrivalOf(file: string, run: PlannedRun, prefix: string): { file: string; key: string; time: Date } {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) throw new InputError('there is no such file', { place: { file } })
  if (!stat.isFile()) throw new InputError('is no file', { place: { file } })
  const key = prefix + path.basename(file)
  if (!matchesFiles(run.trigger.files, key, prefix)) {
    throw new UsageError(`${file}: ${run.key} takes ${run.trigger.files?.glob}`)
  }
  return { file, key, time: stat.mtime }
}
