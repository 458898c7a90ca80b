import type net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { CatalogRequest } from '../catalog/catalog-messages.ts'
import type { ConnectionSource } from '../catalog/connection.ts'
import { serveCatalog } from '../catalog/serve-catalog.ts'
import { catalogIdentity } from './catalog-choice.ts'
import { type Connection, connection } from './connection.ts'
import type { EngineHandle } from './engine-handle.ts'
import type { ClientMessage, EngineMessage } from './engine-messages.ts'

/** How long a command that has nothing under way may take to leave. */
const patienceMs = 5000
/** How long the last answer may take to arrive. */
const goodbyeMs = 1000

/** What other commands ask of the engine, done. */
export interface EngineService {
  /**
   * Has everyone ask elsewhere, and waits until they have left: whoever has something under way stays until it is done.
   * One that does not listen, because it is stopped, is waited for no longer than a few seconds.
   */
  drain(): Promise<void>
  /** Ends what is left, and listens no more. */
  stop(): Promise<void>
}

/** Does what other commands ask of this process, which is the engine. */
export function serveEngine(
  server: net.Server,
  { run, catalog }: Pick<EngineHandle, 'run'> & { readonly catalog: ConnectionSource },
): EngineService {
  const clients = new Set<Connection>()
  let isEnding = false
  let left: (() => void) | undefined

  server.on('connection', (socket) => {
    const client = connection(socket)
    const tell = (message: EngineMessage) => client.send(message)
    clients.add(client)
    client.onClose(() => {
      clients.delete(client)
      if (clients.size === 0) left?.()
    })
    tell(isEnding ? { engine: 'ending' } : { engine: 'open', catalog: catalogIdentity() })
    const catalogListeners = new Set<(request: CatalogRequest) => void>()
    serveCatalog(catalog, {
      send: (answer) => tell({ catalog: answer }),
      onMessage: (listener) => catalogListeners.add(listener),
      onClose: (listener) => client.onClose(listener),
    })
    client.onMessage((given) => {
      const message = given as ClientMessage
      if ('catalog' in message) {
        for (const listener of catalogListeners) listener(message.catalog)
        return
      }
      const { id, request } = message
      run(request, (done, total) =>
        tell({ id, progress: { done, ...(total !== undefined && { total }) } }),
      ).then(
        (report) => tell({ id, report }),
        (error: Error) => tell({ id, error: error.message }),
      )
    })
  })

  return {
    async drain() {
      isEnding = true
      if (clients.size === 0) return
      const allLeft = new Promise<void>((resolve) => {
        left = resolve
      })
      for (const client of clients) client.send({ engine: 'ending' } satisfies EngineMessage)
      await Promise.race([allLeft, delay(patienceMs, undefined, { ref: false })])
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const client of clients) client.end()
      await Promise.race([closed, delay(goodbyeMs, undefined, { ref: false })])
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
