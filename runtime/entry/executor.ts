import { createHash } from 'node:crypto'
import type { ClassLoader, Log, PlannedRun, WorkUnit } from '../contracts.ts'
import { type DueWork, dueWork, lookForWork } from '../due-work.ts'
import { TimeoutError } from '../errors.ts'
import { filesOf, moduleOf } from '../modules.ts'
import type { RunResult, RunStores } from '../run/execute.ts'
import { executeWork, worstResult } from '../run/execute-work.ts'
import { openLedger } from '../run/ledger.ts'
import { subjectsOf } from '../run/ledger-entry.ts'
import type { RunEvent } from './run-event.ts'
import type { Services } from './services.ts'

/** Everything about a planned run that does not change between its executions. */
export interface Executor {
  readonly run: PlannedRun
  readonly stores: RunStores
  readonly projectRoot: string
  /** A PATH, for runs that start installed programs. */
  readonly searchPath?: string
  readonly scratchRoot: string
  readonly codeVersion: string
  /** Of Sluice. */
  readonly version: string
  readonly classes: ClassLoader
  readonly clock: () => Date
  /** What the run uses beside its buckets, for one work unit. */
  readonly openServices: () => Promise<Services>
}

/** One execution: a Lambda request or a Batch job, with all of its attempts. */
export interface Execution {
  /** The same for every attempt, and for nothing else. */
  readonly id: string
  /** From 1; where nobody counts attempts, the ledger tells. */
  readonly attempt?: number
  /** When everything must be written. */
  readonly deadline: Date
  readonly log: Log
  readonly signal?: AbortSignal
}

/** Less than this share of a run's time is not worth starting with: the run would only be cut off. */
const leastShare = 0.1

/**
 * Does what an event asks for, one work unit after the other, also when one fails.
 * @throws TimeoutError when units are left that there was no time to start; StoreError when a run left no record
 */
export async function executeEvent(
  executor: Executor,
  event: RunEvent,
  execution: Execution,
): Promise<RunResult[]> {
  const { run, clock } = executor
  const { log } = execution
  const due = await dueUnits(executor, event)
  if (event.kind === 'work' && event.filtered.length > 0)
    log.debug('Event:Filtered', { keys: event.filtered })
  if (due.length === 0) log.info('Event:NothingToDo', { event: event.kind })
  // A retried look finds other work than the first one did: its runs are named for what they do.
  const isNamedForWork = event.kind === 'look' || due.length > 1
  const results: RunResult[] = []
  for (const [index, unit] of due.entries()) {
    const leftMs = execution.deadline.getTime() - clock().getTime()
    if (index > 0 && leftMs < run.compute.timeoutSeconds * 1000 * leastShare) {
      throw new TimeoutError(leftMessage(run, due.length, index, results))
    }
    const runId = isNamedForWork ? `${execution.id}-${nameOf(unit.work)}` : execution.id
    const replay = event.kind === 'work' && event.replay
    results.push(...(await executeUnit(executor, unit, execution, { runId, replay })))
  }
  return results
}

async function dueUnits(executor: Executor, event: RunEvent): Promise<readonly DueWork[]> {
  const { run, stores, clock } = executor
  const place = { ...executor, inputs: stores.inputs, logs: stores.logs }
  if (event.kind === 'look') return lookForWork(place, run, event.now, event.shardIndex)
  const now = event.now ?? clock()
  return Promise.all(event.work.map((work) => dueWork(place, run, work, now)))
}

async function executeUnit(
  executor: Executor,
  { work, now }: DueWork,
  { id, attempt, deadline, log, signal }: Execution,
  { runId, replay }: { readonly runId: string; readonly replay: boolean },
): Promise<RunResult[]> {
  const { run, projectRoot, version } = executor
  const { catalog, redshift, close } = await executor.openServices()
  try {
    return await executeWork({
      ...executor,
      work,
      now,
      runId,
      replay,
      module: moduleOf(run, version),
      makeFilesOf: () => filesOf(run, projectRoot),
      ...(catalog && { catalog }),
      ...(redshift && { redshift }),
      holder: id,
      attempt: attempt ?? (await attemptOf(executor, work, runId)),
      attempts: run.compute.attempts,
      deadline,
      log,
      ...(signal && { signal }),
    })
  } finally {
    await close()
  }
}

/** Which attempt of a run this is: one more than the ledger knows of. */
async function attemptOf({ run, stores, clock }: Executor, work: WorkUnit, runId: string): Promise<number> {
  const [subject] = subjectsOf(work)
  const entry = subject && (await openLedger(run, stores.logs, clock).read(subject))
  const isOurs = (last: { readonly runId: string } | undefined) =>
    last?.runId === runId || last?.runId.startsWith(`${runId}.`) === true
  const last = [entry?.claim, entry?.failed].filter(isOurs).map((of) => of?.attempt ?? 0)
  return 1 + Math.max(0, ...last)
}

/** A short name for a work unit: the same one has the same. */
function nameOf(work: WorkUnit): string {
  return createHash('sha256').update(JSON.stringify(work)).digest('hex').slice(0, 8)
}

function leftMessage(run: PlannedRun, units: number, started: number, results: readonly RunResult[]): string {
  const worst = worstResult(results)
  const failed = worst?.outcome === 'failed' ? `; before that, one failed: ${worst.error?.message}` : ''
  return (
    `${run.key}: there was no time for ${units - started} of ${units} work units within ` +
    `${run.compute.timeoutSeconds} seconds; a retry goes on with them (a longer timeout or a smaller max_windows helps)${failed}`
  )
}
