import type {
  BucketRole,
  Catalog,
  ClassLoader,
  Counts,
  Log,
  ObjectReader,
  ObjectStore,
  OutputRecord,
  PipelineModule,
  PlannedRun,
  Redshift,
  SkipReason,
  WorkUnit,
} from '../contracts.ts'
import type { ErrorSummary } from '../log.ts'
import { attemptRun, type Execution } from './attempt.ts'
import { concludeRun } from './conclude.ts'
import type { FilesOf } from './inputs.ts'
import { openLedger } from './ledger.ts'
import { listingOf } from './object-listing.ts'
import type { Outcome } from './record.ts'
import type { Stores } from './recorded-outputs.ts'
import { limitTime } from './time-limit.ts'

export interface RunStores {
  /** What may be read, by bucket. */
  readonly inputs: Readonly<Partial<Record<BucketRole, ObjectReader>>>
  /** What may be written, by bucket. */
  readonly outputs: Stores
  /** Where ledger and records are. */
  readonly logs: ObjectStore
}

/** Everything one run needs. Clock, ids and time limits come from whoever starts it. */
export interface RunRequest {
  readonly run: PlannedRun
  readonly work: WorkUnit
  readonly module: PipelineModule
  readonly stores: RunStores
  /** Of a VAP: makes what tells which files a fetch reads. Asked anew for every look at the inputs. */
  readonly makeFilesOf?: () => FilesOf | undefined
  /** Names the run in its record; the same for the attempts at one piece of work. */
  readonly runId: string
  /**
   * The Lambda request, the Batch job, or this machine, all of whose work has one holder. A holder is given again what
   * it has claimed: two executions of one holder must never be at the same subject at the same time.
   */
  readonly holder: string
  /** From 1. */
  readonly attempt: number
  readonly attempts: number
  /** The trigger's time. */
  readonly now: Date
  readonly clock: () => Date
  readonly log: Log
  /** A folder for scratch space; it is made if need be. */
  readonly scratchRoot: string
  readonly codeVersion: string
  readonly projectRoot: string
  /** A PATH, for runs that start installed programs. */
  readonly searchPath?: string
  readonly classes: ClassLoader
  /** Of a run that uses it. */
  readonly redshift?: Redshift | 'out-of-reach'
  /** Of a run that uses it. Whoever gave it closes it. */
  readonly catalog?: Catalog
  /** Stops the run when aborted: it fails, so that a retry goes on. */
  readonly signal?: AbortSignal
  /** When the run must have ended, if that is earlier than its plan's timeout allows. */
  readonly deadline?: Date
  readonly onProgress?: (done: number, total?: number) => void
  /** Does the work again although it is done: once for each id, however many runs and attempts name it. */
  readonly replayId?: string
  /** `give-back`: objects that were rejected together are not settled, because their bad ones are sought next. */
  readonly rejectedGroup?: 'settle' | 'give-back'
}

/** What became of a run, as plain JSON. Entry points map it to exit codes and rethrows. */
export interface RunResult {
  readonly pipeline: string
  readonly site: string
  readonly runId: string
  readonly attempt: number
  /** As it was asked for. */
  readonly work: WorkUnit
  readonly outcome: Outcome
  readonly reason?: SkipReason
  /** Whether these inputs are done with; if not, running them again makes sense. */
  readonly isSettled: boolean
  /** The key of the record in the logs bucket, if the outcome leaves one. */
  readonly record?: string
  /** The key of the failure report, if there is one. */
  readonly failure?: string
  readonly outputs: readonly OutputRecord[]
  readonly counts: Counts
  readonly warnings: readonly string[]
  readonly error?: ErrorSummary
  readonly startedAt: string
  readonly endedAt: string
  /** What has a newer version or was replayed meanwhile, and whose run was left to this holder. */
  readonly overtaken?: WorkUnit
}

/**
 * Leases outlast the time limit instead of being renewed: a run cannot go on after its limit, and a renewal needs a
 * timer, which a frozen or busy process does not serve. The rest is for writing the record, and for clocks that differ.
 */
const leaseGraceMs = 60_000

/**
 * One run of one work unit: claims it, runs the pipeline on exactly the claimed inputs, then writes its outputs' record
 * and the ledger, in this order. Every outcome is a result; the caller sees an error only when not even a record could
 * be written. @throws StoreError with the cause
 */
export async function executeRun(request: RunRequest): Promise<RunResult> {
  const { run, clock } = request
  const startedAt = clock()
  const deadline = deadlineOf(request, startedAt)
  const limit = limitTime(`${run.key} ${request.runId}`, startedAt, deadline, clock, request.signal)
  const execution: Execution = {
    request,
    startedAt,
    leaseUntil: new Date(deadline.getTime() + leaseGraceMs),
    limit,
    ledger: openLedger(run, request.stores.logs, clock),
    log: request.log.with({
      pipeline: run.pipeline,
      site: run.site,
      runId: request.runId,
      attempt: request.attempt,
      codeVersion: request.codeVersion,
    }),
    held: new Map(),
    inputs: listingOf([]),
    outputs: undefined,
    warnings: [],
    noted: {},
  }
  execution.log.info('Run:Start', { work: request.work, holder: request.holder })
  try {
    const finding = await attemptRun(execution)
    // Before anything is recorded: from here on, what the pipeline left behind can write no more.
    limit.stop()
    return await concludeRun(execution, finding)
  } finally {
    limit.stop()
  }
}

/** When a request's time is up: after the plan's timeout, or earlier if it says so. */
export function deadlineOf(request: RunRequest, startedAt: Date): Date {
  const planned = startedAt.getTime() + request.run.compute.timeoutSeconds * 1000
  return new Date(Math.min(planned, request.deadline?.getTime() ?? planned))
}
