import type { PlannedRun, WorkUnit } from '../contracts.ts'
import { openLedger } from '../run/ledger.ts'
import { findNewObjects } from '../run/new-objects.ts'
import { findStaleWindows } from '../run/stale-windows.ts'
import { clock } from './clock.ts'
import { filesOf } from './modules.ts'
import type { LocalState } from './state.ts'

/** A work unit, and the time of what started it. */
export interface DueWork {
  readonly work: WorkUnit
  readonly now: Date
}

/** The work of a planned run that is not done: what its trigger would find at `now`. */
export async function lookForWork(
  state: LocalState,
  run: PlannedRun,
  projectRoot: string,
  now: Date,
): Promise<DueWork[]> {
  const ledger = openLedger(run, state.bucket('logs'), clock)
  const files = filesOf(run, projectRoot)
  const units = files
    ? await findStaleWindows({ run, reader: state.bucket('output'), filesOf: files, ledger, now })
    : await findNewObjects({ run, reader: state.bucket(run.trigger.source?.bucket ?? 'input'), ledger, now })
  return Promise.all(units.map(async (work) => ({ work, now: (await uploadTime(state, run, work)) ?? now })))
}

/** Of a run that an upload starts, the upload's time is the trigger's: the newest, where there are more. */
async function uploadTime(state: LocalState, run: PlannedRun, work: WorkUnit): Promise<Date | undefined> {
  if (run.trigger.kind !== 's3' || work.kind !== 'objects') return undefined
  const bucket = state.bucket(run.trigger.source.bucket)
  const infos = await Promise.all(work.keys.map((key) => bucket.head(key)))
  const times = infos.flatMap((info) => (info ? [info.lastModified.getTime()] : []))
  return times.length > 0 ? new Date(Math.max(...times)) : undefined
}
