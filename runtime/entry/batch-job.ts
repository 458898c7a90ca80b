import { isSluiceError } from '../errors.ts'
import { createLog } from '../log.ts'
import type { RunResult } from '../run/execute.ts'
import { worstResult } from '../run/execute-work.ts'
import { executeEvent } from './executor.ts'
import { eventOf } from './job-event.ts'
import { openExecutor, type ProcessParts } from './open-executor.ts'
import { parseRunEvent } from './run-event.ts'
import { variable } from './settings.ts'

/** How a job ends. `rejected` is not retried (`EX_DATAERR`), `failed` is (`EX_TEMPFAIL`). */
export const exitCodes = { done: 0, rejected: 65, failed: 75 } as const

/** What a run keeps for its record before Batch ends the job: a tenth of its time, at most 30 seconds. */
function reserveMs(timeoutSeconds: number): number {
  return Math.min(30_000, timeoutSeconds * 100)
}

/**
 * Runs a Batch job to its exit code. `signal` is aborted when the job is told to stop (a Spot interruption): the run
 * then fails, gives back what it held, and is retried.
 */
export async function runBatchJob(parts: ProcessParts, signal: AbortSignal): Promise<number> {
  const { environment, clock } = parts
  const startedAt = clock()
  const id = (environment.AWS_BATCH_JOB_ID ?? '').replaceAll(':', '-')
  const log = createLog({ write: parts.write, now: clock, fields: { jobId: environment.AWS_BATCH_JOB_ID } })
  try {
    if (id === '') variable(environment, 'AWS_BATCH_JOB_ID')
    const { executor, buckets } = openExecutor(parts)
    const { run } = executor
    const { timeoutSeconds } = run.compute
    const event = parseRunEvent(eventOf(environment), run, buckets)
    const deadline = new Date(startedAt.getTime() + timeoutSeconds * 1000 - reserveMs(timeoutSeconds))
    const attempt = Number(environment.AWS_BATCH_JOB_ATTEMPT ?? '1')
    return exitCodeOf(await executeEvent(executor, event, { id, attempt, deadline, log, signal }))
  } catch (error) {
    log.error('Job:Failed', { error })
    return isSluiceError(error, 'input', 'config') ? exitCodes.rejected : exitCodes.failed
  }
}

function exitCodeOf(results: readonly RunResult[]): number {
  const outcome = worstResult(results)?.outcome
  return outcome === 'failed' || outcome === 'rejected' ? exitCodes[outcome] : exitCodes.done
}
