import type { ClaimedInput, Counts, Log, RunNotes, Skipped, SkipReason, Succeeded } from '../contracts.ts'
import { isSluiceError, StoreError } from '../errors.ts'
import { type ClaimedReader, claimedReader } from './claimed-reader.ts'
import { concurrently } from './concurrently.ts'
import type { RunRequest } from './execute.ts'
import { inputBucket, resolveInputs, type Subject } from './inputs.ts'
import type { Ledger } from './ledger.ts'
import {
  type ClaimResult,
  type LedgerClaim,
  type LedgerSubject,
  subjectHash,
  workOf,
} from './ledger-entry.ts'
import { byKey, listingOf, type ObjectListing } from './object-listing.ts'
import type { Outcome } from './record.ts'
import { type RecordedOutputs, recordOutputs } from './recorded-outputs.ts'
import { runModule } from './run-module.ts'
import { orAborted, type TimeLimit } from './time-limit.ts'

export interface Held {
  readonly subject: LedgerSubject
  readonly claim: LedgerClaim
}

/** A run under way. `held`, `inputs`, `outputs` and `warnings` tell how far it got, however it ends. */
export interface Execution {
  readonly request: RunRequest
  readonly startedAt: Date
  readonly leaseUntil: Date
  readonly limit: TimeLimit
  readonly ledger: Ledger
  readonly log: Log
  /** What this run holds in the ledger, by `subjectHash`. */
  readonly held: Map<string, Held>
  inputs: ObjectListing
  outputs: RecordedOutputs | undefined
  readonly warnings: string[]
  /** What the pipeline has noted for the record. */
  noted: RunNotes
}

/** What came of the work, before it is recorded. */
export interface Finding {
  readonly outcome: Outcome
  readonly reason?: SkipReason
  readonly counts: Counts
  readonly error?: unknown
}

/** How often a run starts over because an input was replaced while it was read. */
const maxPasses = 5

/** Resolves, claims and runs. Whatever goes wrong is an outcome. */
export async function attemptRun(execution: Execution): Promise<Finding> {
  const { signal } = execution.limit
  try {
    for (let pass = 1; pass <= maxPasses; pass++) {
      const finding = await runPass(execution)
      if (finding) return finding
      execution.log.info('Run:StartOver', { pass })
    }
    throw new StoreError(
      `the inputs were replaced ${maxPasses} times while they were read; a retry takes the newest`,
    )
  } catch (error) {
    const decisive: unknown = signal.aborted ? signal.reason : error
    return { outcome: outcomeOf(decisive), counts: {}, error: decisive }
  }
}

/**
 * A wrong configuration rejects as bad input does: no retry mends it. But it is not the input's fault, so the ledger
 * does not call the input done (`settles`), and it runs once the configuration is mended.
 */
function outcomeOf(error: unknown): Outcome {
  return isSluiceError(error, 'input', 'quality', 'config') ? 'rejected' : 'failed'
}

/** Whether the ledger calls the inputs done after this. */
export function settles({ outcome, reason, error }: Finding): boolean {
  if (outcome === 'skipped') return reason !== 'in-progress'
  return outcome === 'succeeded' || (outcome === 'rejected' && !isSluiceError(error, 'config'))
}

/** One look at the inputs as they are; `undefined` when they changed under it. */
async function runPass(execution: Execution): Promise<Finding | undefined> {
  const { request, limit, warnings } = execution
  const { run, stores } = request
  const bucket = inputBucket(run)
  const reader = stores.inputs[bucket]
  if (!reader) throw new StoreError(`${run.key}: there is no store for the ${bucket} bucket`)
  const resolving = resolveInputs(run, request.work, reader, request.makeFilesOf?.())
  const { subjects, missing } = await orAborted(resolving, limit.signal)
  execution.noted = {}
  warnings.splice(0, warnings.length, ...missing.map((key) => `${key}: there is no such object`))
  // Never left in flight: a claim that arrives after its run has ended would hold the work for nobody.
  const { mine, isAnyBusy } = await claimAll(execution, subjects)
  execution.inputs = listingOfAll(mine)
  if (subjects.length > 0 && mine.length === 0) return skipped(isAnyBusy ? 'in-progress' : 'done')
  // Of a prefix that is empty now, the pipeline may know what was there.
  if (execution.inputs.count === 0 && request.work.kind !== 'prefix') return skipped('no-input')
  limit.check()
  const raw = claimedReader(reader, execution.inputs)
  const result = await runClaimed(execution, mine, raw)
  return (
    result && {
      outcome: result.outcome,
      ...('reason' in result && { reason: result.reason }),
      counts: countsOf(result),
    }
  )
}

const skipped = (reason: SkipReason): Finding => ({ outcome: 'skipped', reason, counts: {} })
const countsOf = (result: Succeeded | Skipped) => ('counts' in result ? result.counts : {})

async function runClaimed(
  execution: Execution,
  mine: readonly Subject[],
  raw: ClaimedReader,
): Promise<Succeeded | Skipped | undefined> {
  const { request, limit, log } = execution
  const work = workOf(mine.map(({ subject }) => subject)) ?? request.work
  const outputs = recordOutputs(request.run, request.stores.outputs, limit)
  execution.outputs = outputs
  try {
    const inputs = () => claimedInputs(mine, execution.held)
    const note = ({ counts, warnings = [] }: RunNotes) => {
      const { noted } = execution
      execution.noted = {
        counts: { ...noted.counts, ...counts },
        warnings: [...(noted.warnings ?? []), ...warnings],
      }
    }
    const result = await runModule(request, { work, inputs, raw, outputs, log, signal: limit.signal, note })
    if (raw.replaced() !== undefined) return undefined
    const refused = outputs.refused()
    if (refused) throw refused
    limit.check()
    return result
  } catch (error) {
    if (raw.replaced() === undefined || limit.signal.aborted) throw error
    return undefined
  }
}

function listingOfAll(subjects: readonly Subject[]): ObjectListing {
  const [first, ...others] = subjects
  if (first && others.length === 0) return first.objects
  return listingOf(subjects.flatMap(({ objects }) => [...objects]))
}

function claimedInputs(mine: readonly Subject[], held: Execution['held']): ClaimedInput[] {
  return mine
    .flatMap(({ subject, objects }) => {
      const epoch = held.get(subjectHash(subject))?.claim.epoch ?? 0
      return [...objects].map(({ key, size, etag }) => ({ key, size, etag, epoch }))
    })
    .toSorted(byKey)
}

/**
 * Claims what is free, and gives up what an earlier pass had claimed and this one has no use for. Of several the first
 * in order is claimed before the others: who finds it busy leaves all of them, so that two holders who were given the
 * same group do not tear it apart.
 */
async function claimAll(
  execution: Execution,
  subjects: readonly Subject[],
): Promise<{ mine: readonly Subject[]; isAnyBusy: boolean }> {
  const { ledger, held } = execution
  const before = new Map(held)
  const claimNext = async (subject: Subject) => {
    const outcome = await claim(execution, subject)
    // Whatever the answer, an older claim of this run is no longer in the ledger.
    before.delete(subjectHash(subject.subject))
    return { subject, outcome }
  }
  const [first, ...others] = subjects.toSorted(inOrder)
  const claims = first ? [await claimNext(first)] : []
  if (claims[0]?.outcome !== 'in-progress') claims.push(...(await concurrently(others, 8, claimNext)))
  for (const [hash, { subject, claim }] of before) {
    await ledger.giveBack(subject, claim)
    held.delete(hash)
  }
  const claimed = new Set(claims.flatMap(({ subject, outcome }) => (outcome === 'claimed' ? [subject] : [])))
  return {
    mine: subjects.filter((subject) => claimed.has(subject)),
    isAnyBusy: claims.some(({ outcome }) => outcome === 'in-progress'),
  }
}

function inOrder({ subject: a }: Subject, { subject: b }: Subject): number {
  return a.kind === 'object' && b.kind === 'object' ? byKey(a, b) : 0
}

async function claim(execution: Execution, { subject, digest }: Subject): Promise<ClaimResult['outcome']> {
  const { request, ledger, held, limit, startedAt, leaseUntil } = execution
  const { holder, runId, attempt, replayId } = request
  limit.check()
  if (replayId !== undefined) await ledger.replay(subject, replayId)
  const result = await ledger.claim({ subject, digest, holder, runId, attempt, startedAt, leaseUntil })
  const hash = subjectHash(subject)
  held.delete(hash)
  if (result.outcome === 'claimed') held.set(hash, { subject, claim: result.claim })
  return result.outcome
}
