import type { PlannedRun } from '../contracts.ts'
import type { EngineReport } from '../local/engine.ts'
import type { RunResult } from '../run/execute.ts'
import { worstResult } from '../run/execute-work.ts'
import type { SkippedFile } from './dispatch.ts'
import { harmless } from './harmless.ts'
import { colors, showDuration, table } from './terminal.ts'

/** Runs that were asked for, each with what it came to. */
export interface FinishedRun {
  readonly run: PlannedRun
  readonly report: EngineReport
}

const paint: Record<RunResult['outcome'], (text: string) => string> = {
  succeeded: colors.green,
  skipped: colors.dim,
  rejected: colors.red,
  failed: colors.red,
}

/** One row a run: what it was given, how it ended, how much came out; and one for each file that no run took. */
export function runTable(finished: readonly FinishedRun[], left: readonly SkippedFile[] = []): string {
  const runs = finished.flatMap(({ run, report }) =>
    report.results.map((result) => [
      run.pipeline,
      run.site,
      showWork(run, result),
      result.reason ? `${result.outcome}: ${result.reason}` : result.outcome,
      result.counts.rows === undefined ? '' : String(result.counts.rows),
      result.outputs.length === 0 ? '' : String(result.outputs.length),
      showDuration(Date.parse(result.endedAt) - Date.parse(result.startedAt)),
    ]),
  )
  const rows = [...runs, ...left.map(({ file, reason }) => ['', '', file, `skipped: ${reason}`])]
  return table(['pipeline', 'site', 'input', 'outcome', 'rows', 'outputs', 'time'], rows, {
    right: ['rows', 'outputs', 'time'],
    paint: (cell, column) =>
      column === 'outcome' ? paint[cell.split(':')[0] as RunResult['outcome']](cell) : cell,
  })
}

/** What a run was given: a name below its prefix, the start of a window, or how many objects. */
export function showWork(run: PlannedRun, { work }: Pick<RunResult, 'work'>): string {
  if (work.kind === 'prefix') {
    const share = work.shard ? ` (${work.shard.index + 1} of ${work.shard.of})` : ''
    return `${work.prefix || 'the whole bucket'}${share}`
  }
  if (work.kind === 'window') return showWindow(work.window.start, run.window?.unit)
  const prefix = run.trigger.source?.prefix ?? ''
  const [first = ''] = work.keys
  const name = first.startsWith(prefix) ? first.slice(prefix.length) : first
  return work.keys.length > 1 ? `${name} and ${work.keys.length - 1} more` : name
}

function showWindow(start: string, unit: string | undefined): string {
  return unit === 'hour' ? start.slice(0, 16).replace('T', ' ') : start.slice(0, 10)
}

/** One line for each run that was rejected or failed: which, why, and where its failure report is. */
export function failureLines(finished: readonly FinishedRun[], show: (key: string) => string): string[] {
  return finished.flatMap(({ run, report }) =>
    report.results
      .filter(({ error }) => error !== undefined)
      .map((result) => {
        const key = result.failure ?? result.record
        const where = key === undefined ? '' : `\n  ${colors.dim(show(key))}`
        const message = withName(run, result, harmless(result.error?.message ?? '', '\n'))
        return `${colors.red(result.outcome)}: ${message}${where}`
      }),
  )
}

/** So many warnings are shown; each is in its run's record. */
const mostWarnings = 10

/** What the runs warn of, a line each: a run that succeeded may have found less than was hoped for. */
export function warningLines(finished: readonly FinishedRun[]): string[] {
  const all = finished.flatMap(({ run, report }) =>
    report.results
      .filter(({ outcome }) => outcome !== 'skipped')
      .flatMap((result) =>
        result.warnings
          // What the run was rejected for has been told with its failure.
          .filter((warning) => !result.error?.message.includes(warning))
          .map((warning) => withName(run, result, harmless(warning))),
      ),
  )
  const lines = all.slice(0, mostWarnings).map((text) => `${colors.yellow('warning')}: ${text}`)
  return all.length > mostWarnings
    ? [...lines, `and ${all.length - mostWarnings} warnings more in the records`]
    : lines
}

/** With the run's name before it, unless it says itself what it is about. */
function withName(run: PlannedRun, result: RunResult, text: string): string {
  const name = harmless(showWork(run, result))
  return text.includes(name) ? text : `${run.key} ${name}: ${text}`
}

/** How many runs ended how, and with them the files that no run took: `2 succeeded, 1 skipped`. */
export function countLine(finished: readonly FinishedRun[], left: readonly SkippedFile[]): string {
  const outcomes = finished.flatMap(({ report }) => report.results.map(({ outcome }) => outcome))
  return (['succeeded', 'skipped', 'rejected', 'failed'] as const)
    .map((name) => {
      const count =
        outcomes.filter((outcome) => outcome === name).length + (name === 'skipped' ? left.length : 0)
      return { name, count }
    })
    .filter(({ name, count }) => count > 0 || name === 'succeeded')
    .map(({ name, count }) => `${count} ${name}`)
    .join(', ')
}

/** 1 when an input was rejected, 70 when a run failed, else 0. What was overtaken does not count. */
export function exitStatus(finished: readonly FinishedRun[]): 0 | 1 | 70 {
  const worst = worstResult(finished.flatMap(({ report }) => report.results))
  if (worst?.outcome === 'failed') return 70
  return worst?.outcome === 'rejected' ? 1 : 0
}
