import { summarizeError } from '../log.ts'
import type { RunResult } from '../run/execute.ts'
import { listing, type RunRecord, writeFailure, writeRecord } from '../run/record.ts'
import type { LocalState } from './state.ts'
import type { WorkerRequest } from './worker-messages.ts'

/**
 * The outcome of a run whose worker could not record it: *failed*, with the record that the worker did not write.
 * @throws StoreError when there can be no record at all
 */
export async function recordLostRun(
  state: LocalState,
  request: WorkerRequest,
  times: { readonly startedAt: Date; readonly endedAt: Date },
  error: unknown,
): Promise<RunResult> {
  const { run, runId, attempt, attempts, holder, codeVersion, work, now } = request
  const summary = summarizeError(error)
  const startedAt = times.startedAt.toISOString()
  const endedAt = times.endedAt.toISOString()
  const record: RunRecord = {
    format: 1,
    pipeline: run.pipeline,
    site: run.site,
    runId,
    attempt,
    attempts,
    holder,
    codeVersion,
    outcome: 'failed',
    isSettled: false,
    work,
    now,
    startedAt,
    endedAt,
    seconds: (times.endedAt.getTime() - times.startedAt.getTime()) / 1000,
    inputs: listing([]),
    outputs: listing([]),
    counts: {},
    warnings: [],
    error: summary,
  }
  const logs = state.bucket('logs')
  const failure = attempt >= attempts ? await writeFailure(logs, record) : undefined
  return {
    pipeline: run.pipeline,
    site: run.site,
    runId,
    attempt,
    work,
    outcome: 'failed',
    isSettled: false,
    record: await writeRecord(logs, record),
    ...(failure !== undefined && { failure }),
    outputs: [],
    counts: {},
    warnings: [],
    error: summary,
    startedAt,
    endedAt,
  }
}
