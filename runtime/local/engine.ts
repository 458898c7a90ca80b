import type { Catalog, PlannedRun, WorkUnit } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import type { RunResult } from '../run/execute.ts'
import { lockEngine } from './engine-lock.ts'
import { ownEngine } from './own-engine.ts'
import { remoteEngine } from './remote-engine.ts'

/** One work unit to do. Plain JSON. */
export interface EngineRequest {
  readonly run: PlannedRun
  readonly work: WorkUnit
  /** The trigger's time, ISO 8601. */
  readonly now: string
  /** Do it again although it is done. */
  readonly replay: boolean
  readonly codeVersion: string
}

/** What a work unit came to, after all attempts. */
export interface EngineReport {
  /** One a run; more than one where objects that came together had to be told apart. */
  readonly results: readonly RunResult[]
  readonly milliseconds: number
}

export type OnProgress = (done: number, total?: number) => void

export interface Engine {
  run(request: EngineRequest, onProgress?: OnProgress): Promise<EngineReport>
  /** The embedded catalog, migrated. It costs nothing until it is used. */
  catalog(): Catalog
  /** Waits for what has been asked of this engine, by other commands too, then ends it. */
  close(): Promise<void>
}

export interface EngineOptions {
  readonly projectRoot: string
  /** The state folder: `.sluice/` in the project. */
  readonly stateRoot: string
  /** Done to the folder before anything else is, if this process is its engine; if it is not, there is no engine. */
  readonly prepare?: () => void
}

/**
 * The engine of a project: this process for as long as it lasts, or another that already is it and is talked to.
 * @throws StoreError when the state folder cannot be used
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const lock = await lockEngine(options.stateRoot)
  if (lock.kind === 'client') {
    if (!options.prepare) return remoteEngine(lock.socket)
    lock.socket.destroy()
    throw new UsageError(`${options.stateRoot} is in use by another sluice command: wait until it has ended`)
  }
  try {
    options.prepare?.()
    return ownEngine(lock.server, options)
  } catch (error) {
    lock.server.close()
    throw error
  }
}
