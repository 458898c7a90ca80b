import { CatalogError } from '../errors.ts'
import type { ConnectionSource, Lease } from './connection.ts'

/**
 * Connections of `source` for a while: closing gives up those that were not given back, with what they had begun, and
 * leaves the source open.
 */
export function borrowedSource(source: ConnectionSource): ConnectionSource {
  const lent = new Set<Lease>()
  let isClosed = false
  const giveUp = () => new CatalogError('the catalog was closed')
  return {
    async acquire() {
      if (isClosed) throw new CatalogError('the catalog is closed')
      const lease = await source.acquire()
      if (isClosed) {
        lease.release(giveUp())
        throw new CatalogError('the catalog is closed')
      }
      lent.add(lease)
      return {
        ...lease,
        release(error) {
          if (lent.delete(lease)) lease.release(error)
        },
      }
    },
    async close() {
      isClosed = true
      for (const lease of lent) lease.release(giveUp())
      lent.clear()
    },
  }
}
