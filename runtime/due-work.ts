import type { BucketRole, ObjectReader, ObjectStore, PlannedRun, WorkUnit } from './contracts.ts'
import { StoreError } from './errors.ts'
import { filesOf } from './modules.ts'
import { inputBucket } from './run/inputs.ts'
import { openLedger } from './run/ledger.ts'
import { findNewObjects } from './run/new-objects.ts'
import { findStaleWindows } from './run/stale-windows.ts'

/** A work unit, and the time of what started it. */
export interface DueWork {
  readonly work: WorkUnit
  readonly now: Date
}

/** Where a look finds what it compares. */
export interface WorkPlace {
  readonly inputs: Readonly<Partial<Record<BucketRole, ObjectReader>>>
  readonly logs: ObjectStore
  readonly projectRoot: string
  readonly clock: () => Date
  /** Who will do the work: what it holds itself is found too. */
  readonly holder?: string
}

/** The work of a planned run that is not done: what its trigger would find at `now`, or one shard of that. */
export async function lookForWork(
  place: WorkPlace,
  run: PlannedRun,
  now: Date,
  shardIndex?: number,
): Promise<DueWork[]> {
  const reader = inputReader(place, run)
  const ledger = openLedger(run, place.logs, place.clock)
  const files = filesOf(run, place.projectRoot)
  const look = {
    run,
    reader,
    ledger,
    now,
    ...(place.holder !== undefined && { holder: place.holder }),
    ...(shardIndex !== undefined && { shardIndex }),
  }
  const units = files ? await findStaleWindows({ ...look, filesOf: files }) : await findNewObjects(look)
  return Promise.all(units.map((work) => dueWork(place, run, work, now)))
}

/**
 * The work with its trigger's time: of objects that an upload starts, the upload's, the newest where there are more,
 * so that a duplicated or repeated event comes to the same bytes; else `now`.
 */
export async function dueWork(
  place: Pick<WorkPlace, 'inputs'>,
  run: PlannedRun,
  work: WorkUnit,
  now: Date,
): Promise<DueWork> {
  if (run.trigger.kind !== 's3' || work.kind !== 'objects') return { work, now }
  const reader = inputReader(place, run)
  const infos = await Promise.all(work.keys.map((key) => reader.head(key)))
  const times = infos.flatMap((info) => (info ? [info.lastModified.getTime()] : []))
  return { work, now: times.length > 0 ? new Date(Math.max(...times)) : now }
}

function inputReader({ inputs }: Pick<WorkPlace, 'inputs'>, run: PlannedRun): ObjectReader {
  const bucket = inputBucket(run)
  const reader = inputs[bucket]
  if (!reader) throw new StoreError(`${run.key}: there is no store for the ${bucket} bucket`)
  return reader
}
