import type { WorkflowRun } from './ci-environment.ts'

/** A lock as Pulumi's own backends write it: `.pulumi/locks/organization/<project>/<stack>/<id>.json`. */
export interface StackLock {
  readonly key: string
  readonly username: string
  readonly hostname: string
  readonly timestamp: string
}

/** How a run of a workflow stands now, `undefined` where this repository has no such run. */
export type RunState = { readonly attempt: number; readonly isOver: boolean } | undefined

/**
 * What becomes of a lock. `stale`: its run is over, so that nobody can give it back. `held`: its run goes on.
 * `foreign`: no run of this repository has taken it, so that only a person can know.
 */
export type LockState = 'stale' | 'held' | 'foreign'

/** What workflows call their machine before they lock a stack, so that the lock says whose it is: see deploy.yml. */
export function hostnameOf({ id, attempt }: WorkflowRun): string {
  return `sluice-run-${id}-${attempt}`
}

/** The run that has taken a lock; `undefined` if it was none. */
export function ownerOf({ hostname }: Pick<StackLock, 'hostname'>): WorkflowRun | undefined {
  const [, id, attempt] = /^sluice-run-([1-9]\d{0,15})-([1-9]\d{0,5})$/.exec(hostname) ?? []
  return id === undefined ? undefined : { id: Number(id), attempt: Number(attempt) }
}

/** What becomes of a lock, seen from the run `me`; `state` is how its owner's run stands. */
export function judgeLock(owner: WorkflowRun | undefined, me: WorkflowRun, state: RunState): LockState {
  if (!owner || !state) return 'foreign'
  // An attempt begins when the one before it is over.
  const latest = owner.id === me.id ? Math.max(me.attempt, state.attempt) : state.attempt
  if (owner.attempt < latest) return 'stale'
  if (owner.attempt > latest) return 'foreign'
  return state.isOver && owner.id !== me.id ? 'stale' : 'held'
}

/** Reads a lock's content. Text that is no lock has unknown owners, and is nobody's to take away. */
export function parseLock(key: string, text: string): StackLock {
  let content: Record<string, unknown> = {}
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) content = parsed as Record<string, unknown>
  } catch {
    // Half written, say.
  }
  const field = (name: string) => (typeof content[name] === 'string' ? content[name] : 'unknown')
  return { key, username: field('username'), hostname: field('hostname'), timestamp: field('timestamp') }
}

/** For people: who has locked, and since when. */
export function showLock(lock: StackLock): string {
  const owner = ownerOf(lock)
  const by = owner
    ? `run ${owner.id}, attempt ${owner.attempt}, of a workflow`
    : `${lock.username}@${lock.hostname}`
  return `locked by ${by} at ${lock.timestamp} (${lock.key})`
}
