import type { RunResult } from '../run/execute.ts'

/** What an invocation answers: enough for whoever waits for it; the record has the rest. */
export type RunSummary = Pick<
  RunResult,
  | 'pipeline'
  | 'site'
  | 'runId'
  | 'attempt'
  | 'outcome'
  | 'reason'
  | 'record'
  | 'failure'
  | 'counts'
  | 'warnings'
> & { readonly outputs: number; readonly error?: string }

export function summarizeRun(result: RunResult): RunSummary {
  const { pipeline, site, runId, attempt, outcome, reason, record, failure, counts, warnings, error } = result
  return {
    pipeline,
    site,
    runId,
    attempt,
    outcome,
    ...(reason && { reason }),
    ...(record !== undefined && { record }),
    ...(failure !== undefined && { failure }),
    counts,
    warnings,
    outputs: result.outputs.length,
    ...(error && { error: error.message }),
  }
}
