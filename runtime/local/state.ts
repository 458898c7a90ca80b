import path from 'node:path'
import type { BucketRole } from '../contracts.ts'
import type { WorkPlace } from '../due-work.ts'
import { LocalObjectStore } from '../storage/local.ts'
import { clock } from './clock.ts'

/** Where everything stands in a project's state folder, `.sluice/`. */
export const stateFolder = '.sluice'

export interface LocalState {
  readonly root: string
  readonly scratch: string
  readonly classes: string
  readonly logFile: string
  bucket(role: BucketRole): LocalObjectStore
}

/**
 * Who holds the claims of every run on this machine. The same for every engine that owns a state folder, one after the
 * other: what a killed engine had claimed, the next one goes on with at once.
 */
export const localHolder = 'local'

/** The state folder `root`: its buckets are plain folders that people can look into and drop files into. */
export function openState(root: string): LocalState {
  const buckets = new Map<BucketRole, LocalObjectStore>()
  return {
    root,
    scratch: path.join(root, 'scratch'),
    classes: path.join(root, 'classes'),
    logFile: path.join(root, 'sluice.log'),
    bucket(role) {
      let store = buckets.get(role)
      if (!store) {
        store = new LocalObjectStore({
          root: path.join(root, role),
          stateDir: path.join(root, 'state', role),
        })
        buckets.set(role, store)
      }
      return store
    },
  }
}

const roles: readonly BucketRole[] = ['input', 'output', 'logs', 'thumbnails', 'gallery']

/** Every bucket, by role. */
export function bucketsOf(state: LocalState): Record<BucketRole, LocalObjectStore> {
  return Object.fromEntries(roles.map((role) => [role, state.bucket(role)])) as Record<
    BucketRole,
    LocalObjectStore
  >
}

/** Where a look finds the work of this project that is not done. */
export function workPlace(state: LocalState, projectRoot: string): WorkPlace {
  return { inputs: bucketsOf(state), logs: state.bucket('logs'), projectRoot, clock, holder: localHolder }
}
