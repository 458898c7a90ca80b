import { CatalogError } from '../errors.ts'
import type { ConnectionSource, Lease, SqlConnection } from './connection.ts'

interface Waiting {
  readonly resolve: (lease: Lease) => void
  readonly timer: NodeJS.Timeout
}

/** Lends out the one connection there is: first come, first served. */
export function singleSession(options: {
  /** Gives the connection when it is wanted; called again after one was given up. */
  readonly connect: () => Promise<SqlConnection>
  readonly close: () => Promise<void>
  /** Stops what the connection is doing, which is then given up. */
  readonly cancel?: () => void
  /** How long to wait for others to be done with it. */
  readonly lockTimeoutMs: number
}): ConnectionSource {
  const waiting = new Set<Waiting>()
  let isTaken = false
  let isClosed = false
  let drained: (() => void) | undefined

  async function lend(): Promise<Lease> {
    try {
      const connection = await options.connect()
      let isReleased = false
      return {
        connection,
        release() {
          if (isReleased) return
          isReleased = true
          passOn()
        },
        ...(options.cancel && { cancel: options.cancel }),
      }
    } catch (error) {
      passOn()
      throw error
    }
  }

  function passOn(): void {
    const [next] = waiting
    if (next) {
      waiting.delete(next)
      clearTimeout(next.timer)
      next.resolve(lend() as unknown as Lease)
      return
    }
    isTaken = false
    drained?.()
  }

  return {
    acquire() {
      if (isClosed) return Promise.reject(new CatalogError('the catalog is closed'))
      if (!isTaken) {
        isTaken = true
        return lend()
      }
      return new Promise<Lease>((resolve, reject) => {
        const entry: Waiting = {
          resolve,
          timer: setTimeout(() => {
            waiting.delete(entry)
            const seconds = options.lockTimeoutMs / 1000
            reject(
              new CatalogError(`the catalog was in use by another transaction for ${seconds} s`, {
                code: '55P03',
              }),
            )
          }, options.lockTimeoutMs),
        }
        waiting.add(entry)
      })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      if (isTaken) await new Promise<void>((resolve) => (drained = resolve))
      await options.close()
    },
  }
}
