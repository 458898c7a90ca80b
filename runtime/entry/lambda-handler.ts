import { createLog } from '../log.ts'
import { loadModule } from '../modules.ts'
import type { RunResult } from '../run/execute.ts'
import { worstResult } from '../run/execute-work.ts'
import { executeEvent } from './executor.ts'
import { openExecutor, type ProcessParts } from './open-executor.ts'
import { parseRunEvent } from './run-event.ts'
import { RunFailedError } from './run-failed-error.ts'
import { type RunSummary, summarizeRun } from './run-summary.ts'
import { readRunSettings } from './settings.ts'

/** The part of Lambda's context that is used. */
export interface LambdaContext {
  readonly awsRequestId: string
  getRemainingTimeInMillis(): number
}

export interface LambdaAnswer {
  readonly runs: readonly RunSummary[]
}

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<LambdaAnswer>

/** The handler of this process's function, with the code of its pipeline loaded: start-ups have a processor to themselves. */
export async function loadLambdaHandler(parts: ProcessParts): Promise<LambdaHandler> {
  const { run } = readRunSettings(parts.environment, parts.projectRoot)
  await loadModule(run)
  return createLambdaHandler(parts)
}

/** What a run keeps for its record and ledger before Lambda ends the process: a tenth of its time, at most 5 seconds. */
function reserveMs(timeoutSeconds: number): number {
  return Math.min(5000, timeoutSeconds * 100)
}

/**
 * The handler of a planned run's function. Returns when a retry cannot help or is not needed (succeeded, skipped,
 * rejected), throws when it can: Lambda retries an asynchronous event under the same request id.
 */
export function createLambdaHandler(parts: ProcessParts): LambdaHandler {
  const { executor, buckets } = openExecutor(parts)
  const { run, clock, codeVersion } = executor
  return async (event, context) => {
    const id = context.awsRequestId
    const log = createLog({ write: parts.write, now: clock, fields: { requestId: id, codeVersion } })
    const leftMs = context.getRemainingTimeInMillis() - reserveMs(run.compute.timeoutSeconds)
    try {
      const deadline = new Date(clock().getTime() + leftMs)
      const results = await executeEvent(executor, parseRunEvent(event, run, buckets), { id, deadline, log })
      const failure = failureOf(results)
      if (failure) throw failure
      return { runs: results.map(summarizeRun) }
    } catch (error) {
      log.error('Invocation:Failed', { pipeline: run.pipeline, site: run.site, error })
      throw error
    }
  }
}

/** The error of a failed execution, or `undefined` when a retry makes no sense. */
function failureOf(results: readonly RunResult[]): RunFailedError | undefined {
  const worst = worstResult(results)
  if (worst?.outcome !== 'failed') return undefined
  const { pipeline, site, runId, attempt, error } = worst
  return new RunFailedError(
    `${pipeline}/${site}: run ${runId} failed in attempt ${attempt}: ${error?.name}: ${error?.message}`,
  )
}
