import type { ObjectReader, PlannedRun, Window, WindowPolicy, WorkUnit } from '../contracts.ts'
import { windowsBetween } from '../plan/windows.ts'
import { concurrently } from './concurrently.ts'
import { type FilesOf, resolveWindow } from './inputs.ts'
import type { Ledger } from './ledger.ts'
import { isDoneFor, isHeld, type LedgerEntry, subjectHash } from './ledger-entry.ts'

export interface WindowLook {
  readonly run: PlannedRun
  readonly reader: ObjectReader
  readonly filesOf: FilesOf
  readonly ledger: Ledger
  /** The trigger's time. */
  readonly now: Date
  /** Who will do the work: what it holds itself is found too. */
  readonly holder?: string
}

/**
 * A window as it stands. `stale`: its inputs are not those it was done for; `failing`: the same, and this version of
 * them was tried in vain; `held`: someone is working on it; `no-input`: there never was any.
 */
export interface WindowState {
  readonly window: Window
  readonly state: 'done' | 'stale' | 'failing' | 'held' | 'no-input'
  /** How many files a run would read. */
  readonly files: number
}

/** These windows with their states, in the same order. Looks a little ahead of where it is read, and no further. */
export async function* surveyWindows(
  look: WindowLook,
  windows: readonly Window[],
): AsyncGenerator<WindowState> {
  const known = windows.length > 0 ? await look.ledger.known() : new Set<string>()
  for (let at = 0; at < windows.length; at += lookAhead) {
    yield* await concurrently(windows.slice(at, at + lookAhead), lookAhead, (window) =>
      surveyWindow(look, window, known),
    )
  }
}

const lookAhead = 8

async function surveyWindow(
  { run, reader, filesOf, ledger, now, holder }: WindowLook,
  window: Window,
  known: ReadonlySet<string>,
): Promise<WindowState> {
  const { digest, objects, subject } = await resolveWindow(run, window, reader, filesOf)
  const entry = known.has(subjectHash(subject)) ? await ledger.read(subject) : undefined
  return { window, state: stateOf(entry, digest, objects.count, now, holder), files: objects.count }
}

function stateOf(
  entry: LedgerEntry | undefined,
  digest: string,
  files: number,
  now: Date,
  holder: string | undefined,
): WindowState['state'] {
  if (!entry && files === 0) return 'no-input'
  if (isDoneFor(entry, digest)) return 'done'
  if (isHeld(entry, now, holder)) return 'held'
  const last = entry?.claim ?? entry?.failed
  return last?.digest === digest && last.epoch === entry?.epoch ? 'failing' : 'stale'
}

/**
 * The windows that a scheduled look runs: stale ones that ended at least `lagSeconds` ago and reach into the last
 * `lookBackSeconds`, oldest first, at most `maxWindows`. Those that were tried in vain come after all others, so that
 * a window that cannot succeed never keeps the rest from being run.
 */
export async function findStaleWindows(look: WindowLook): Promise<WorkUnit[]> {
  const policy = policyOf(look.run)
  const stale: Window[] = []
  const failing: Window[] = []
  for await (const { window, state } of surveyWindows(look, windowsToLookAt(policy, look.now))) {
    if (state === 'stale') stale.push(window)
    if (state === 'failing') failing.push(window)
    if (stale.length === policy.maxWindows) break
  }
  return [...stale, ...failing].slice(0, policy.maxWindows).map((window) => ({ kind: 'window', window }))
}

/** Those that ended `lagSeconds` ago or earlier and have an instant within the last `lookBackSeconds`; oldest first. */
export function windowsToLookAt(policy: WindowPolicy, now: Date): Window[] {
  const end = now.getTime() - policy.lagSeconds * 1000
  const start = now.getTime() - policy.lookBackSeconds * 1000
  return windowsBetween(new Date(start), new Date(end), policy.unit).filter(
    (window) => Date.parse(window.end) <= end,
  )
}

function policyOf({ key, window }: PlannedRun): WindowPolicy {
  if (!window) throw new TypeError(`${key} has no windows: only a VAP has`)
  return window
}
