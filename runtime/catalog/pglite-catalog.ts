import type { Catalog } from '../contracts.ts'
import { openCatalog } from './open-catalog.ts'
import { type PgliteOptions, pgliteConnection } from './pglite-connection.ts'
import { openPglite } from './pglite-database.ts'
import { singleSession } from './single-session.ts'

/**
 * The embedded catalog, in this thread: a statement that is under way holds up everything else here, and cannot be
 * stopped. Opened at first use. A copy holds a block of its stream in memory; the whole stands in the spool folder.
 */
export function openPgliteCatalog(options: PgliteOptions & { readonly lockTimeoutMs?: number }): Catalog {
  let opening: ReturnType<typeof openPglite> | undefined
  const open = () => {
    opening ??= openPglite(options).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  return openCatalog(
    singleSession({
      connect: async () => pgliteConnection(await open(), options.spoolDir),
      close: async () => (await opening)?.close(),
      lockTimeoutMs: options.lockTimeoutMs ?? 60_000,
    }),
  )
}
