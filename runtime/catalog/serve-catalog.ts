import { AbortedError, CatalogError } from '../errors.ts'
import {
  type CatalogAnswer,
  type CatalogChannel,
  type CatalogRequest,
  rowsPerMessage,
} from './catalog-messages.ts'
import { ChunkQueue } from './chunk-queue.ts'
import type { ConnectionSource, Lease, RawResult } from './connection.ts'
import { catalogError } from './database-error.ts'

/** A connection that a client has. */
interface Session {
  readonly lease: Promise<Lease>
  /** What it does last: the client's requests are done in their order. */
  last: Promise<unknown>
  isBusy: boolean
  copy: ChunkQueue | undefined
}

/**
 * Does what a client in another process asks of the catalog. When the client is gone, whatever its sessions had begun is
 * rolled back.
 */
export function serveCatalog(
  source: ConnectionSource,
  channel: CatalogChannel<CatalogAnswer, CatalogRequest>,
): void {
  const sessions = new Map<number, Session>()

  function answer(id: number, result: Promise<RawResult | number | null>): void {
    result.then(
      (done) => {
        if (done === null || typeof done === 'number') return channel.send({ id, done })
        for (let i = 0; i < done.rows.length; i += rowsPerMessage) {
          channel.send({ id, rows: done.rows.slice(i, i + rowsPerMessage) })
        }
        channel.send({ id, done: { ...done, rows: [] } })
      },
      (error: unknown) => {
        const { message, code } = catalogError(error)
        channel.send({ id, error: { message, ...(code !== undefined && { code }) } })
      },
    )
  }

  function open(number: number): Promise<null> {
    const lease = source.acquire()
    sessions.set(number, { lease, last: Promise.resolve(), isBusy: false, copy: undefined })
    return lease.then(
      () => null,
      (error: unknown) => {
        sessions.delete(number)
        throw error
      },
    )
  }

  function sessionOf(number: number): Session {
    const session = sessions.get(number)
    if (!session) throw new CatalogError('there is no such session', { code: '08003' })
    return session
  }

  async function handle(request: CatalogRequest): Promise<RawResult | number | null> {
    if (request.do === 'open') return open(request.session)
    const session = sessionOf(request.session)
    switch (request.do) {
      case 'query':
        return inTurn(session, ({ connection }) => connection.query(request.sql, request.parameters))
      case 'copy': {
        const chunks = new ChunkQueue()
        session.copy = chunks
        return inTurn(session, ({ connection }) => connection.copyFrom(request.target, chunks)).finally(() =>
          chunks.stop(),
        )
      }
      case 'chunk':
        await session.copy?.push(Buffer.from(request.base64, 'base64'))
        return null
      case 'end':
        session.copy?.end()
        return null
      case 'fail':
        session.copy?.fail(new AbortedError('the copy was given up'))
        return null
      case 'close':
        sessions.delete(request.session)
        if (request.isBroken) await abandon(session)
        else {
          await session.last
          ;(await session.lease).release()
        }
        return null
    }
  }

  channel.onMessage((request) => answer(request.id, handle(request)))
  channel.onClose(() => {
    for (const session of sessions.values()) void abandon(session)
    sessions.clear()
  })
}

function inTurn<T>(session: Session, action: (lease: Lease) => Promise<T>): Promise<T> {
  const result = session.last.then(async () => {
    session.isBusy = true
    try {
      return await action(await session.lease)
    } finally {
      session.isBusy = false
    }
  })
  session.last = result.catch(() => {})
  return result
}

/** Gives back the connection of a client that is gone or gives up, with nothing left of what it had begun. */
async function abandon(session: Session): Promise<void> {
  const lease = await session.lease.catch(() => undefined)
  if (!lease) return
  const isCopying = session.copy !== undefined && !session.copy.isOver
  session.copy?.fail(new AbortedError('the one who copied is gone'))
  if (session.isBusy && !isCopying) lease.cancel?.()
  await session.last
  // Outside of a transaction this is no more than a notice.
  await lease.connection.query('rollback', []).then(
    () => lease.release(),
    (error: Error) => lease.release(error),
  )
}
