import type net from 'node:net'
import type { CatalogAnswer } from '../catalog/catalog-messages.ts'
import { openCatalog } from '../catalog/open-catalog.ts'
import { remoteSource } from '../catalog/remote-catalog.ts'
import { StoreError } from '../errors.ts'
import { connection } from './connection.ts'
import type { Engine, EngineReport, OnProgress } from './engine.ts'

interface Waiting {
  readonly resolve: (report: EngineReport) => void
  readonly reject: (error: Error) => void
  readonly onProgress: OnProgress
}

/** What the engine answers: progress any number of times, then a report or an error. */
interface Answer {
  readonly id: number
  readonly progress?: { readonly done: number; readonly total?: number }
  readonly report?: EngineReport
  readonly error?: string
}

/** The engine in another process, reached by its socket. */
export function remoteEngine(socket: net.Socket): Engine {
  const engine = connection(socket)
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  const catalogListeners = new Set<(answer: CatalogAnswer) => void>()
  const catalog = remoteSource({
    send: (request) => engine.send({ catalog: request }),
    onMessage: (listener) => catalogListeners.add(listener),
    onClose: (listener) => engine.onClose(listener),
  })
  engine.onMessage((message) => {
    if ('catalog' in (message as object)) {
      const answer = (message as { catalog: CatalogAnswer }).catalog
      for (const listener of catalogListeners) listener(answer)
      return
    }
    const { id, progress, report, error } = message as Answer
    const request = waiting.get(id)
    if (!request) return
    if (progress) {
      request.onProgress(progress.done, progress.total)
      return
    }
    waiting.delete(id)
    if (report) request.resolve(report)
    else request.reject(new StoreError(`the engine could not do this run: ${error}`))
  })
  engine.onClose(() => {
    for (const { reject } of waiting.values()) {
      reject(new StoreError('the engine that was asked to do this run has ended; run the command again'))
    }
    waiting.clear()
  })
  return {
    catalog: () => ({ ...openCatalog(catalog), close: async () => {} }),
    run(request, onProgress = () => {}) {
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
}
