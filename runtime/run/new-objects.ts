import type { ObjectInfo, ObjectReader, PlannedRun, WorkUnit } from '../contracts.ts'
import { concurrently } from './concurrently.ts'
import { matchesFiles } from './file-filter.ts'
import { digestShards } from './inputs.ts'
import type { Ledger } from './ledger.ts'
import { isDoneFor, isHeld, type LedgerEntry, subjectHash } from './ledger-entry.ts'
import { compareKeys } from './object-listing.ts'
import { prefixUnits } from './shards.ts'

export interface ObjectLook {
  readonly run: PlannedRun
  /** Of the bucket that `run.trigger.source` names. */
  readonly reader: ObjectReader
  readonly ledger: Ledger
  /** The trigger's time. */
  readonly now: Date
  /** Who will do the work: what it holds itself is found too. */
  readonly holder?: string
  /** Of a scan that is shared: only this one of its shards. */
  readonly shardIndex?: number
}

/**
 * The work that is not done under an ingest's prefix: objects without a ledger entry however old they are, and known
 * ones that changed or did not come through. What someone is working on is left to them. An upload counts as new
 * whenever it appears: nothing is compared with when the last look was. A scheduled look leaves known objects that are
 * older than `lookBackSeconds` and all that are younger than `lagSeconds`, and finds at most `maxUnits`: what was
 * tried in vain comes after all else.
 */
export async function findNewObjects(look: ObjectLook): Promise<WorkUnit[]> {
  const { run, ledger, now } = look
  const { trigger } = run
  const prefix = trigger.source?.prefix ?? ''
  if (run.input === 'prefix') return findChangedPrefix(look, prefix)
  const known = await ledger.known()
  const fresh: string[] = []
  const toCheck: ObjectInfo[] = []
  const isScheduled = trigger.kind === 'cron'
  const oldest = isScheduled ? now.getTime() - run.lookBackSeconds * 1000 : -Infinity
  const youngest = isScheduled ? now.getTime() - run.lagSeconds * 1000 : Infinity
  for await (const info of look.reader.list(prefix)) {
    const time = info.lastModified.getTime()
    if (!matchesFiles(trigger.files, info.key, prefix) || time > youngest) continue
    if (!known.has(subjectHash({ kind: 'object', key: info.key }))) fresh.push(info.key)
    else if (time >= oldest) toCheck.push(info)
  }
  const unfinished = await findUnfinished(look, toCheck)
  const isEach = trigger.kind === 's3' || trigger.group === 'each'
  const units = groupsOf(fresh, unfinished).flatMap((keys) => (isEach ? keys.map((key) => [key]) : [keys]))
  return units
    .slice(0, trigger.kind === 'cron' ? run.maxUnits : Infinity)
    .map((keys) => ({ kind: 'objects', keys }))
}

/**
 * A prefix without objects is work too, once: what was there before is gone, or nothing was ever where it was looked
 * for, and either should be seen.
 */
async function findChangedPrefix(look: ObjectLook, prefix: string): Promise<WorkUnit[]> {
  const { run, reader, ledger, now, holder, shardIndex } = look
  const units = prefixUnits(run, prefix)
  const digests = await digestShards(run, prefix, units.length, reader)
  const wanted = units.filter((_, index) => shardIndex === undefined || shardIndex === index)
  const entries = await concurrently(wanted, 16, (unit) => ledger.read(unit))
  return wanted.filter((unit, i) => {
    const digest = digests[unit.shard?.index ?? 0] as string
    return !isDoneFor(entries[i], digest) && !isHeld(entries[i], now, holder)
  })
}

/** Keys that are not done, with the run that last tried this version of them, if one did. */
type Unfinished = ReadonlyMap<string | undefined, readonly string[]>

async function findUnfinished(look: ObjectLook, objects: readonly ObjectInfo[]): Promise<Unfinished> {
  const entries = await concurrently(objects, 16, ({ key }) => look.ledger.read({ kind: 'object', key }))
  const byRun = new Map<string | undefined, string[]>()
  objects.forEach(({ key, etag }, index) => {
    const entry = entries[index]
    if (isDoneFor(entry, etag) || isHeld(entry, look.now, look.holder)) return
    const runId = triedBy(entry, etag)
    const keys = byRun.get(runId)
    if (keys) keys.push(key)
    else byRun.set(runId, [key])
  })
  return byRun
}

/** The run that last tried this version and did not get through. */
function triedBy(entry: LedgerEntry | undefined, etag: string): string | undefined {
  const last = entry?.claim ?? entry?.failed
  return last?.digest === etag ? last.runId : undefined
}

/**
 * What was tried together stays together and without anything new, so that a run that was cut short comes to the same
 * outputs; and a group that keeps failing does not hold back what is new, which is the first group.
 */
function groupsOf(fresh: readonly string[], unfinished: Unfinished): string[][] {
  const retried = [...unfinished].filter(([runId]) => runId !== undefined).map(([, keys]) => keys)
  return [[...fresh, ...(unfinished.get(undefined) ?? [])], ...retried]
    .filter((keys) => keys.length > 0)
    .map((keys) => keys.toSorted(compareKeys))
}
