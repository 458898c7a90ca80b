import type { ObjectStore, PlannedRun } from '../contracts.ts'
import { isSluiceError, StoreError } from '../errors.ts'
import { jsonText, readJsonObject } from './json-object.ts'
import {
  type ClaimRequest,
  type ClaimResult,
  claimTransition,
  type DoneReport,
  emptyEntry,
  finishTransition,
  giveBackTransition,
  isHeld,
  type LedgerClaim,
  type LedgerEntry,
  type LedgerSubject,
  ledgerPrefix,
  parseLedgerEntry,
  replayTransition,
  type Settlement,
  subjectHash,
  subjectsOf,
  type Transition,
} from './ledger-entry.ts'
import { findRecords, type RunRecord } from './record.ts'

export interface LedgerOptions {
  /** The stack's logs bucket. */
  readonly store: ObjectStore
  readonly pipeline: string
  readonly site: string
  readonly clock: () => Date
  /**
   * What the run of an abandoned claim had come to, if it got as far as its record. A run that was killed between its
   * record and the ledger is done; without this its work would be repeated, and a group of objects torn apart.
   */
  readonly findDone?: (subject: LedgerSubject, claim: LedgerClaim) => Promise<DoneReport | undefined>
}

/** Answers "is this work already done?" for every trigger. @throws StoreError from every method */
export interface Ledger {
  read(subject: LedgerSubject): Promise<LedgerEntry | undefined>
  /** `subjectHash` of every subject that has an entry. */
  known(): Promise<Set<string>>
  claim(request: ClaimRequest): Promise<ClaimResult>
  /** Marks what was claimed as done. */
  finish(subject: LedgerSubject, claim: LedgerClaim, report: DoneReport): Promise<Settlement>
  /** Lets others, or a retry, claim at once. `message`: what failed. */
  giveBack(subject: LedgerSubject, claim: LedgerClaim, message?: string): Promise<Settlement>
  /** Makes the subject to be done again, once for each `replayId`. Gives the epoch. */
  replay(subject: LedgerSubject, replayId: string): Promise<number>
}

/** Every lost race means that someone else got on, so this many in a row is no race any more. */
const maxRaces = 50

/**
 * The ledger of one pipeline at one site: one object a subject, created with `ifNoneMatch` and moved with `ifMatch`.
 * All that decides is in `ledger-entry.ts`; this reads, asks, and writes what was answered unless someone else did.
 */
export function createLedger(options: LedgerOptions): Ledger {
  const { store, pipeline, site, clock } = options
  const prefix = ledgerPrefix(pipeline, site)
  const keyOf = (subject: LedgerSubject) => `${prefix}${subjectHash(subject)}.json`

  async function load(key: string): Promise<{ entry: LedgerEntry; etag: string } | undefined> {
    const found = await readJsonObject(store, key)
    return found && { entry: parseLedgerEntry(found.value, key), etag: found.etag }
  }

  async function move<T>(
    subject: LedgerSubject,
    decide: (entry: LedgerEntry | undefined) => Transition<T> | Promise<Transition<T>>,
  ): Promise<T> {
    const key = keyOf(subject)
    for (let race = 0; race < maxRaces; race++) {
      const found = await load(key)
      const { write, result } = await decide(found?.entry)
      if (!write) return result
      try {
        await store.put(key, jsonText(write), {
          ...(found ? { ifMatch: found.etag } : { ifNoneMatch: '*' }),
          contentType: 'application/json',
        })
        return result
      } catch (error) {
        // Someone was faster; or our own write had arrived and its answer was lost, which the next look sees.
        if (!isSluiceError(error, 'precondition-failed')) throw error
      }
    }
    throw new StoreError(`${key}: changed under ${maxRaces} attempts to write it`)
  }

  const entryFor = (subject: LedgerSubject, entry: LedgerEntry | undefined) =>
    entry ?? emptyEntry(pipeline, site, subject)

  return {
    read: async (subject) => (await load(keyOf(subject)))?.entry,
    async known() {
      const hashes = new Set<string>()
      for await (const { key } of store.list(prefix)) hashes.add(key.slice(prefix.length, -'.json'.length))
      return hashes
    },
    claim: (request) =>
      move(request.subject, async (found) => {
        const now = clock()
        const entry = await withAbandonedDone(entryFor(request.subject, found), request, now, options)
        const transition = claimTransition(entry, request, now)
        return entry === found || transition.write ? transition : { ...transition, write: entry }
      }),
    finish: (subject, claim, report) =>
      move(subject, (entry) => finishTransition(entry, claim, report, clock())),
    giveBack: (subject, claim, message) =>
      move(subject, (entry) => giveBackTransition(entry, claim, message, clock())),
    replay: (subject, replayId) =>
      move(subject, (entry) => replayTransition(entryFor(subject, entry), replayId)),
  }
}

/** The ledger of a planned run in its stack's logs bucket. */
export function openLedger(run: PlannedRun, logs: ObjectStore, clock: () => Date): Ledger {
  const { pipeline, site } = run
  // A group of objects has one record for all of its claims.
  const found = new Map<string, RunRecord>()
  return createLedger({
    store: logs,
    pipeline,
    site,
    clock,
    async findDone(subject, claim) {
      const { runId, attempt, startedAt } = claim
      const id = JSON.stringify([runId, attempt, startedAt])
      const known = found.get(id)
      if (known && isDoneBy(known, subject, claim)) return reportOf(known)
      const name = { pipeline, site, runId, attempt, startedAt: new Date(startedAt) }
      for await (const record of findRecords(logs, name)) {
        if (!isDoneBy(record, subject, claim)) continue
        found.set(id, record)
        return reportOf(record)
      }
      return undefined
    },
  })
}

/** Whether this is the record of just that run, on just that version, and the work is settled by it. */
function isDoneBy(record: RunRecord, subject: LedgerSubject, claim: LedgerClaim): boolean {
  if (!record.isSettled || record.startedAt !== claim.startedAt) return false
  if (subject.kind === 'object') {
    return record.inputs.objects.some(({ key, etag }) => key === subject.key && etag === claim.digest)
  }
  const isSameWork = subjectsOf(record.work).some((other) => subjectHash(other) === subjectHash(subject))
  return isSameWork && record.digest === claim.digest
}

function reportOf({ outcome, reason }: RunRecord): DoneReport | undefined {
  if (outcome === 'failed') return undefined
  return { outcome, ...(reason && { reason }) }
}

/** The entry, with an abandoned claim turned into what its run had come to. */
async function withAbandonedDone(
  entry: LedgerEntry,
  request: ClaimRequest,
  now: Date,
  { findDone }: LedgerOptions,
): Promise<LedgerEntry> {
  const { claim } = entry
  if (!claim || !findDone || isHeld(entry, now, request.holder)) return entry
  const report = await findDone(request.subject, claim)
  return (report && finishTransition(entry, claim, report, now).write) ?? entry
}
