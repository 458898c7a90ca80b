import type net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isConnectionLost } from '../catalog/database-error.ts'
import { openCatalog } from '../catalog/open-catalog.ts'
import type { Catalog, PlannedRun, WorkUnit } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import type { RunResult } from '../run/execute.ts'
import { type EngineHandle, EngineLostError } from './engine-handle.ts'
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

/** How often something is asked of another engine, when the one that was asked has ended before it answered. */
const retries = 5
const pauseMs = 25

/**
 * The engine of a project: this process for as long as it lasts, or another that already is it and is talked to. When
 * that one ends, or is killed, the next one is asked, or this process becomes it: work that was done is found done.
 * @throws StoreError when the state folder cannot be used
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { prepare: _, ...others } = options
  let engine = await reachEngine(options)
  let reaching: Promise<EngineHandle> | undefined

  async function current(): Promise<EngineHandle> {
    if (!engine.hasEnded) return engine
    reaching ??= reachEngine(others).finally(() => {
      reaching = undefined
    })
    engine = await reaching
    return engine
  }

  async function ask<T>(action: (engine: EngineHandle) => Promise<T>): Promise<T> {
    for (let left = retries; ; left--) {
      const asked = await current()
      try {
        return await action(asked)
      } catch (error) {
        const isLost = error instanceof EngineLostError || (asked.hasEnded && isConnectionLost(error))
        if (!isLost || left === 0) throw error
      }
    }
  }

  const catalog = openCatalog({
    acquire: () => ask(({ connections }) => connections.acquire()),
    close: async () => {},
  })
  return {
    run: (request, onProgress = () => {}) => ask((asked) => asked.run(request, onProgress)),
    catalog: () => catalog,
    close: async () => (await (reaching ?? engine)).close(),
  }
}

async function reachEngine(options: EngineOptions): Promise<EngineHandle> {
  for (;;) {
    const lock = await lockEngine(options.stateRoot)
    if (lock.kind === 'owner') return becomeEngine(lock.server, options)
    if (options.prepare) {
      lock.socket.destroy()
      throw new UsageError(
        `${options.stateRoot} is in use by another sluice command: wait until it has ended`,
      )
    }
    const engine = await remoteEngine(lock.socket)
    if (engine) return engine
    await delay(pauseMs)
  }
}

function becomeEngine(server: net.Server, options: EngineOptions): EngineHandle {
  try {
    options.prepare?.()
    return ownEngine(server, options)
  } catch (error) {
    server.close()
    throw error
  }
}
