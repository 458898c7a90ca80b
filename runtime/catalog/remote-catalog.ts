import type { CopyTarget } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import {
  bytesPerMessage,
  type CatalogAnswer,
  type CatalogChannel,
  type CatalogRequest,
} from './catalog-messages.ts'
import type { ConnectionSource, Lease, RawResult, SqlConnection } from './connection.ts'
import { connectionLost } from './database-error.ts'
import { copyStatement } from './sql-text.ts'

interface Waiting {
  readonly resolve: (done: RawResult | number | null) => void
  readonly reject: (error: Error) => void
  readonly rows: (readonly (string | null)[])[]
}

type Ask = (session: number, request: WithoutIds<CatalogRequest>) => Promise<RawResult | number | null>
type WithoutIds<R> = R extends unknown ? Omit<R, 'id' | 'session'> : never

/** Connections to a catalog that another process serves with `serveCatalog`. Closing ends no channel. */
export function remoteSource(channel: CatalogChannel<CatalogRequest, CatalogAnswer>): ConnectionSource {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let lastSession = 0
  let isClosed = false
  let isLost = false

  channel.onMessage((answer) => {
    const request = waiting.get(answer.id)
    if (!request) return
    if ('rows' in answer) {
      for (const row of answer.rows) request.rows.push(row)
      return
    }
    waiting.delete(answer.id)
    if ('error' in answer) request.reject(new CatalogError(answer.error.message, { code: answer.error.code }))
    else if (answer.done === null || typeof answer.done === 'number') request.resolve(answer.done)
    else request.resolve({ ...answer.done, rows: request.rows })
  })
  channel.onClose(() => {
    isLost = true
    for (const { reject } of waiting.values()) reject(lost())
    waiting.clear()
  })

  const ask: Ask = (session, request) => {
    if (isLost) return Promise.reject(lost())
    const id = ++lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject, rows: [] })
      channel.send({ ...request, id, session } as CatalogRequest)
    })
  }

  return {
    async acquire(): Promise<Lease> {
      if (isClosed) throw new CatalogError('the catalog is closed')
      const session = ++lastSession
      await ask(session, { do: 'open' })
      return {
        connection: connectionOf(session, ask),
        release(error) {
          // Whoever gives it back does not wait; the next one to open a session is served after this.
          ask(session, { do: 'close', isBroken: error !== undefined }).catch(() => {})
        },
      }
    },
    async close() {
      isClosed = true
    },
  }
}

function lost(): CatalogError {
  return new CatalogError('the process that has the catalog open has ended', { code: connectionLost })
}

function connectionOf(session: number, ask: Ask): SqlConnection {
  return {
    query: async (sql, parameters) => (await ask(session, { do: 'query', sql, parameters })) as RawResult,
    copyFrom: (target, csv) => copyThrough(session, ask, target, csv),
  }
}

/** Sends the stream, a chunk whenever the other side has taken the one before. */
async function copyThrough(
  session: number,
  ask: Ask,
  target: CopyTarget,
  csv: AsyncIterable<Uint8Array>,
): Promise<number> {
  // Names that cannot be are refused before the stream is touched.
  copyStatement(target, 'STDIN')
  let isOver = false
  const copied = ask(session, { do: 'copy', target }).finally(() => {
    isOver = true
  })
  // What it failed with is thrown below, once the stream is no longer read.
  copied.catch(() => {})
  try {
    for await (const chunk of csv) {
      for (let i = 0; i < chunk.length && !isOver; i += bytesPerMessage) {
        const part = chunk.subarray(i, i + bytesPerMessage)
        const base64 = Buffer.from(part.buffer, part.byteOffset, part.length).toString('base64')
        await ask(session, { do: 'chunk', base64 })
      }
      if (isOver) break
    }
  } catch (error) {
    await ask(session, { do: 'fail' }).catch(() => {})
    await copied.catch(() => {})
    throw error
  }
  await ask(session, { do: 'end' })
  return (await copied) as number
}
