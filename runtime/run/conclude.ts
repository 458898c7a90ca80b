import type { WorkUnit } from '../contracts.ts'
import { StoreError } from '../errors.ts'
import { type ErrorSummary, summarizeError } from '../log.ts'
import { type Execution, type Finding, type Held, settles } from './attempt.ts'
import { concurrently } from './concurrently.ts'
import type { RunResult } from './execute.ts'
import type { DoneReport, LedgerSubject } from './ledger-entry.ts'
import { workOf } from './ledger-entry.ts'
import type { ObjectListing } from './object-listing.ts'
import {
  type InputRecord,
  type Listing,
  listing,
  type RunRecord,
  writeFailure,
  writeRecord,
} from './record.ts'

/**
 * Failure report, then record, then ledger. Killed before the record, the run is repeated, and an alert may come twice
 * but never not at all; killed after it, the next to claim finds the record and only settles the ledger.
 */
export async function concludeRun(execution: Execution, finding: Finding): Promise<RunResult> {
  const { request, log } = execution
  const isSplit = isRejectedGroup(execution, finding)
  const error = finding.error === undefined ? undefined : summarizeError(finding.error)
  const isSettled = settles(finding) && !isSplit
  const record = recordOf(execution, finding, isSettled, error)
  const written = leavesRecord(finding) && !isSplit ? await writeAll(execution, record, finding) : {}
  const { overtaken, unsettled } = await settleAll(execution, finding, isSettled, error)
  const { outcome, reason, counts, seconds } = record
  const warnings = [...record.warnings, ...unsettled]
  const level =
    outcome === 'failed'
      ? 'error'
      : outcome === 'rejected' || (leavesRecord(finding) && reason)
        ? 'warn'
        : 'info'
  log[level](isSplit ? 'Run:Split' : 'Run:Done', {
    outcome,
    reason,
    seconds,
    counts,
    inputs: record.inputs.total,
    outputs: record.outputs.total,
    warnings: warnings.length > 0 ? warnings : undefined,
    error,
    ...written,
    overtaken,
  })
  return {
    pipeline: record.pipeline,
    site: record.site,
    runId: record.runId,
    attempt: record.attempt,
    work: request.work,
    outcome,
    ...(reason && { reason }),
    isSettled,
    ...written,
    outputs: execution.outputs?.records() ?? [],
    counts,
    warnings,
    ...(error && { error }),
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    ...(overtaken && { overtaken }),
  }
}

function isRejectedGroup({ request, held }: Execution, { outcome, error }: Finding): boolean {
  const isRejected = outcome === 'rejected' && settles({ outcome, error, counts: {} })
  return isRejected && request.rejectedGroup === 'give-back' && held.size > 1
}

/** Of the skipped ones, those that someone should know of: there was something to do, and nothing in it. */
function leavesRecord({ outcome, reason }: Finding): boolean {
  return outcome !== 'skipped' || reason === 'empty' || reason === 'no-input'
}

function recordOf(
  execution: Execution,
  finding: Finding,
  isSettled: boolean,
  error: ErrorSummary | undefined,
): RunRecord {
  const { request, startedAt, inputs, outputs, held, noted } = execution
  const { run, runId, attempt, attempts, holder, codeVersion, work } = request
  const { outcome, reason } = finding
  const counts = { ...noted.counts, ...finding.counts }
  const endedAt = request.clock()
  const digest = work.kind === 'objects' ? undefined : [...held.values()][0]?.claim.digest
  const isWarning = reason === 'empty' || reason === 'no-input'
  return {
    format: 1,
    pipeline: run.pipeline,
    site: run.site,
    runId,
    attempt,
    attempts,
    holder,
    codeVersion,
    outcome,
    ...(reason && { reason }),
    isSettled,
    work,
    ...(digest !== undefined && { digest }),
    now: request.now.toISOString(),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    seconds: (endedAt.getTime() - startedAt.getTime()) / 1000,
    // Of objects, all: the ledger reads from the record what was done (`isDoneBy`).
    inputs: inputRecords(inputs, work.kind === 'objects' ? Infinity : maxListed),
    outputs: listing(outputs?.records() ?? [], maxListed),
    counts,
    warnings: [...execution.warnings, ...(noted.warnings ?? []), ...(isWarning ? [warningOf[reason]] : [])],
    ...(error && { error }),
  }
}

const maxListed = 1000

function inputRecords(inputs: ObjectListing, limit: number): Listing<InputRecord> {
  const objects: InputRecord[] = []
  for (const { key, size, etag } of inputs) {
    if (objects.length >= limit) break
    objects.push({ key, size, etag })
  }
  return { total: inputs.count, bytes: inputs.bytes, objects }
}

const warningOf = {
  empty: 'the input holds no data',
  'no-input': 'there was no input to work on',
}

/** @throws StoreError when the run can leave no record; the claims are given back, so that a retry comes to the same. */
async function writeAll(
  execution: Execution,
  record: RunRecord,
  finding: Finding,
): Promise<{ record: string; failure?: string }> {
  const { stores, attempt, attempts } = execution.request
  const { outcome } = record
  try {
    const isAlert = outcome === 'rejected' || (outcome === 'failed' && attempt >= attempts)
    const failure = isAlert ? await writeFailure(stores.logs, record) : undefined
    return { record: await writeRecord(stores.logs, record), ...(failure !== undefined && { failure }) }
  } catch (error) {
    await settleAll(execution, finding, false, summarizeError(error))
    const what = `the run ${record.runId} of ${record.pipeline}/${record.site} ${outcome}, and that could not be recorded`
    const cause = finding.error === undefined ? error : new AggregateError([finding.error, error], what)
    throw new StoreError(what, { cause })
  }
}

/** Settles every claim as far as it can be done; gives the work whose newest version this holder must still see to. */
async function settleAll(
  execution: Execution,
  finding: Finding,
  isSettled: boolean,
  error: ErrorSummary | undefined,
): Promise<{ overtaken: WorkUnit | undefined; unsettled: string[] }> {
  const { ledger, held, log } = execution
  const unsettled: string[] = []
  const report = isSettled ? doneReport(finding) : undefined
  const overtaken: LedgerSubject[] = []
  await concurrently([...held.values()], 8, async ({ subject, claim }: Held) => {
    try {
      const settlement = report
        ? await ledger.finish(subject, claim, report)
        : await ledger.giveBack(subject, claim, error?.message.slice(0, 500))
      if (settlement.state === 'lost') log.warn('Ledger:Lost', { subject, claim })
      if (settlement.isOvertaken) overtaken.push(subject)
    } catch (cause) {
      // The lease ends by itself, and whoever comes next finds the record.
      unsettled.push(`the ledger could not be brought up to date: ${summarizeError(cause).message}`)
      log.error('Ledger:NotSettled', { subject, claim, error: cause })
    }
  })
  return { overtaken: workOf(overtaken), unsettled }
}

function doneReport({ outcome, reason }: Finding): DoneReport | undefined {
  if (outcome === 'failed') return undefined
  return { outcome, ...(reason && { reason }) }
}
