import type net from 'node:net'
import type { CatalogAnswer } from '../catalog/catalog-messages.ts'
import type { ConnectionSource, Lease } from '../catalog/connection.ts'
import { remoteSource } from '../catalog/remote-catalog.ts'
import { StoreError, UsageError } from '../errors.ts'
import { catalogIdentity } from './catalog-choice.ts'
import { connection } from './connection.ts'
import type { EngineReport, OnProgress } from './engine.ts'
import { type EngineHandle, EngineLostError } from './engine-handle.ts'
import type { EngineMessage } from './engine-messages.ts'

interface Waiting {
  readonly resolve: (report: EngineReport) => void
  readonly reject: (error: Error) => void
  readonly onProgress: OnProgress
}

const otherCatalog =
  'another sluice command is at work on this project, with another DATABASE_URL: wait until it has ended'

/**
 * The engine in another process, reached by its socket; `undefined` when that is about to end, or has ended.
 * @throws UsageError when its runs use another catalog than those of this process would
 */
export function remoteEngine(socket: net.Socket): Promise<EngineHandle | undefined> {
  const engine = connection(socket)
  const waiting = new Map<number, Waiting>()
  const catalogListeners = new Set<(answer: CatalogAnswer) => void>()
  let lastId = 0
  let openSessions = 0
  let hasEnded = false

  /** Leaves an engine that is ending, once it has answered everything. */
  function leaveWhenDone(): void {
    if (hasEnded && waiting.size === 0 && openSessions === 0) engine.end()
  }

  const source = remoteSource({
    send: (request) => engine.send({ catalog: request }),
    onMessage: (listener) => catalogListeners.add(listener),
    onClose: (listener) => engine.onClose(listener),
  })
  const connections: ConnectionSource = {
    async acquire(): Promise<Lease> {
      openSessions++
      const over = () => {
        openSessions--
        leaveWhenDone()
      }
      const lease = await source.acquire().catch((error: unknown) => {
        over()
        throw error
      })
      const release = (error?: Error) => {
        lease.release(error)
        over()
      }
      return { ...lease, release }
    },
    close: () => source.close(),
  }
  const handle: EngineHandle = {
    get hasEnded() {
      return hasEnded
    },
    connections,
    run(request, onProgress) {
      if (hasEnded) return Promise.reject(new EngineLostError())
      const id = ++lastId
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, onProgress })
        engine.send({ id, request })
      })
    },
    async close() {
      engine.end()
    },
  }

  return new Promise((resolve, reject) => {
    engine.onMessage((given) => {
      const message = given as EngineMessage
      if ('engine' in message) {
        hasEnded = message.engine === 'ending'
        if (message.engine === 'open' && message.catalog !== catalogIdentity()) {
          engine.end()
          reject(new UsageError(otherCatalog))
          return
        }
        resolve(hasEnded ? undefined : handle)
        leaveWhenDone()
        return
      }
      if ('catalog' in message) {
        for (const listener of catalogListeners) listener(message.catalog)
        return
      }
      const request = waiting.get(message.id)
      if (!request) return
      if ('progress' in message) {
        request.onProgress(message.progress.done, message.progress.total)
        return
      }
      waiting.delete(message.id)
      if ('report' in message) request.resolve(message.report)
      else request.reject(new StoreError(`the engine could not do this run: ${message.error}`))
      leaveWhenDone()
    })
    engine.onClose(() => {
      hasEnded = true
      resolve(undefined)
      for (const { reject } of waiting.values()) reject(new EngineLostError())
      waiting.clear()
    })
  })
}
