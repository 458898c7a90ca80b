import { createHash } from 'node:crypto'
import type { Shard, SkipReason, Window, WorkUnit } from '../contracts.ts'
import { StoreError } from '../errors.ts'
import { keySegment } from './json-object.ts'

/** What has one ledger entry: of a work unit of objects, each key by itself. */
export type LedgerSubject =
  | { readonly kind: 'object'; readonly key: string }
  | { readonly kind: 'window'; readonly window: Window }
  | { readonly kind: 'prefix'; readonly prefix: string; readonly shard?: Shard }

/** Who works on a subject, and until when nobody else may. */
export interface LedgerClaim {
  readonly digest: string
  readonly epoch: number
  /** How many claims there were with this one: no two claims of a subject share a number. */
  readonly number: number
  /** The Lambda request, Batch job or engine work id: it may claim again at once, as its retry. */
  readonly holder: string
  readonly runId: string
  readonly attempt: number
  /** When the run started; with runId and attempt it names the run's record. */
  readonly startedAt: string
  readonly leaseUntil: string
}

export interface LedgerDone {
  readonly digest: string
  readonly epoch: number
  readonly number: number
  /** `rejected` is done too: no retry can help these inputs. */
  readonly outcome: 'succeeded' | 'skipped' | 'rejected'
  readonly reason?: SkipReason
  readonly runId: string
  readonly attempt: number
  readonly at: string
}

/** A try that ended without being done. */
export interface LedgerFailure {
  readonly digest: string
  readonly epoch: number
  readonly number: number
  readonly runId: string
  readonly attempt: number
  readonly at: string
  readonly message: string
}

/** What one subject was last done for and who works on it now. Written to be read by people too. */
export interface LedgerEntry {
  readonly format: 1
  readonly pipeline: string
  readonly site: string
  readonly work: LedgerSubject
  /** What the other fields come to; they decide. `waiting`: something newer is wanted and nobody works on it. */
  readonly state: 'working' | 'done' | 'failed' | 'waiting'
  /** Raised by a replay: done counts only at the present epoch. */
  readonly epoch: number
  readonly claims: number
  /** The latest replays that raised the epoch. */
  readonly replays?: readonly string[]
  readonly claim?: LedgerClaim
  /** A digest that someone else met while `claim` was working on another: its holder goes on with the newest. */
  readonly wanted?: string
  readonly done?: LedgerDone
  readonly failed?: LedgerFailure
}

/** Where the entries of one pipeline at one site stand. */
export function ledgerPrefix(pipeline: string, site: string): string {
  return `ledger/${keySegment(pipeline)}/${keySegment(site)}/`
}

/** A name of 40 hex digits for a subject. */
export function subjectHash(subject: LedgerSubject): string {
  return createHash('sha256')
    .update(JSON.stringify(identity(subject)))
    .digest('hex')
    .slice(0, 40)
}

function identity(subject: LedgerSubject): string[] {
  switch (subject.kind) {
    case 'object':
      return [subject.kind, subject.key]
    case 'prefix':
      return [
        subject.kind,
        subject.prefix,
        ...(subject.shard ? [`${subject.shard.index}/${subject.shard.of}`] : []),
      ]
    case 'window':
      // However an instant was written, it is the same window.
      return [
        subject.kind,
        ...[subject.window.start, subject.window.end].map((t) => new Date(t).toISOString()),
      ]
  }
}

export function subjectsOf(work: WorkUnit): LedgerSubject[] {
  return work.kind === 'objects' ? [...new Set(work.keys)].map((key) => ({ kind: 'object', key })) : [work]
}

/** The work unit that some of a work unit's subjects make, if any. */
export function workOf(subjects: readonly LedgerSubject[]): WorkUnit | undefined {
  const [first] = subjects
  if (first?.kind !== 'object') return first
  return {
    kind: 'objects',
    keys: subjects.flatMap((subject) => (subject.kind === 'object' ? subject.key : [])),
  }
}

export function isDoneFor(entry: LedgerEntry | undefined, digest: string): boolean {
  return entry?.done?.digest === digest && entry.done.epoch === entry.epoch
}

/** Whether someone other than `holder` may still be at work. */
export function isHeld(entry: LedgerEntry | undefined, now: Date, holder?: string): boolean {
  const claim = entry?.claim
  return claim !== undefined && claim.holder !== holder && Date.parse(claim.leaseUntil) > now.getTime()
}

export interface ClaimRequest {
  readonly subject: LedgerSubject
  readonly digest: string
  readonly holder: string
  readonly runId: string
  readonly attempt: number
  readonly startedAt: Date
  readonly leaseUntil: Date
}

export type ClaimResult =
  | { readonly outcome: 'claimed'; readonly claim: LedgerClaim }
  | { readonly outcome: 'done'; readonly done: LedgerDone }
  | { readonly outcome: 'in-progress'; readonly holder: string; readonly until: string }

/** A new entry to write, if any, and what it means. */
export interface Transition<T> {
  readonly write?: LedgerEntry
  readonly result: T
}

export function emptyEntry(pipeline: string, site: string, work: LedgerSubject): LedgerEntry {
  return { format: 1, pipeline, site, work, state: 'waiting', epoch: 0, claims: 0 }
}

/** What comes of asking for a subject. An expired lease, and one of the same holder, are nobody's. */
export function claimTransition(
  entry: LedgerEntry,
  request: ClaimRequest,
  now: Date,
): Transition<ClaimResult> {
  const { digest, holder, runId, attempt } = request
  const isHeldByOther = isHeld(entry, now, holder)
  if (entry.done && isDoneFor(entry, digest)) {
    const result: ClaimResult = { outcome: 'done', done: entry.done }
    // What was wanted or failed is older than `digest`; a claim left here is this holder's or dead.
    const isClean = !entry.claim && !entry.failed && entry.wanted === undefined
    if (isHeldByOther || isClean) return { result }
    return { write: settled(without(entry, 'claim', 'wanted', 'failed')), result }
  }
  if (isHeldByOther && entry.claim) {
    const result: ClaimResult = {
      outcome: 'in-progress',
      holder: entry.claim.holder,
      until: entry.claim.leaseUntil,
    }
    const isKnown = entry.claim.digest === digest || entry.wanted === digest
    return isKnown ? { result } : { write: { ...entry, wanted: digest }, result }
  }
  const claim: LedgerClaim = {
    digest,
    epoch: entry.epoch,
    number: entry.claims + 1,
    holder,
    runId,
    attempt,
    startedAt: request.startedAt.toISOString(),
    leaseUntil: request.leaseUntil.toISOString(),
  }
  const base = entry.wanted === digest ? without(entry, 'wanted') : entry
  return {
    write: settled({ ...base, claims: claim.number, claim }),
    result: { outcome: 'claimed', claim },
  }
}

/**
 * `lost`: the claim was someone else's by now, and nothing was written. `isOvertaken`: a newer version or a replay
 * is wanted, and this holder was told to see to it.
 */
export interface Settlement {
  readonly state: 'settled' | 'lost'
  readonly isOvertaken: boolean
}

export type DoneReport = Pick<LedgerDone, 'outcome' | 'reason'>

export function finishTransition(
  entry: LedgerEntry | undefined,
  claim: LedgerClaim,
  report: DoneReport,
  now: Date,
): Transition<Settlement> {
  if (entry?.done?.number === claim.number)
    return { result: { state: 'settled', isOvertaken: isOvertaken(entry, claim) } }
  if (!entry || entry.claim?.number !== claim.number) return lost
  const { digest, epoch, number, runId, attempt } = claim
  const done: LedgerDone = { digest, epoch, number, ...report, runId, attempt, at: now.toISOString() }
  return {
    write: settled({ ...without(entry, 'claim', 'failed'), done }),
    result: { state: 'settled', isOvertaken: isOvertaken(entry, claim) },
  }
}

/** Ends a claim without its being done; `message` says why, if something failed. */
export function giveBackTransition(
  entry: LedgerEntry | undefined,
  claim: LedgerClaim,
  message: string | undefined,
  now: Date,
): Transition<Settlement> {
  if (entry?.failed?.number === claim.number && !entry.claim) {
    return { result: { state: 'settled', isOvertaken: isOvertaken(entry, claim) } }
  }
  if (!entry || entry.claim?.number !== claim.number) return lost
  const { digest, epoch, number, runId, attempt } = claim
  const failed =
    message === undefined
      ? undefined
      : { digest, epoch, number, runId, attempt, at: now.toISOString(), message }
  return {
    write: settled({ ...without(entry, 'claim'), ...(failed && { failed }) }),
    result: { state: 'settled', isOvertaken: isOvertaken(entry, claim) },
  }
}

/** So many replays at the same time, each with retries, are told apart. */
const maxReplays = 20

/** Raises the epoch, once for each replay: a retry of it does not raise it again. */
export function replayTransition(entry: LedgerEntry, replayId: string): Transition<number> {
  const replays = entry.replays ?? []
  if (replays.includes(replayId)) return { result: entry.epoch }
  const epoch = entry.epoch + 1
  return {
    write: settled({ ...entry, epoch, replays: [...replays, replayId].slice(-maxReplays) }),
    result: epoch,
  }
}

const lost: Transition<Settlement> = { result: { state: 'lost', isOvertaken: false } }

function isOvertaken(entry: LedgerEntry, claim: LedgerClaim): boolean {
  return entry.epoch > claim.epoch || entry.wanted !== undefined
}

/** With the state that the other fields come to. */
function settled(entry: LedgerEntry): LedgerEntry {
  return { ...entry, state: stateOf(entry) }
}

function stateOf(entry: LedgerEntry): LedgerEntry['state'] {
  if (entry.claim) return 'working'
  if (entry.wanted !== undefined) return 'waiting'
  if (entry.failed && entry.failed.number > (entry.done?.number ?? 0)) return 'failed'
  return entry.done?.epoch === entry.epoch ? 'done' : 'waiting'
}

type Passing = 'claim' | 'wanted' | 'failed'

function without(entry: LedgerEntry, ...names: readonly Passing[]): LedgerEntry {
  const rest: { -readonly [K in keyof LedgerEntry]: LedgerEntry[K] } = { ...entry }
  for (const name of names) delete rest[name]
  return rest
}

/** @throws StoreError that says what to do, when the object is something else */
export function parseLedgerEntry(value: unknown, key: string): LedgerEntry {
  const entry = value as Partial<LedgerEntry> | null
  const isEntry =
    typeof entry === 'object' &&
    entry?.format === 1 &&
    typeof entry.epoch === 'number' &&
    typeof entry.claims === 'number' &&
    typeof entry.work === 'object'
  if (isEntry) return entry as LedgerEntry
  throw new StoreError(
    `${key}: is not a ledger entry of format 1; without it, its work unit would be done again`,
  )
}
