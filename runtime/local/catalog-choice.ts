import { createHash } from 'node:crypto'
import { lazyCatalog } from '../catalog/lazy-catalog.ts'
import { assertMigrated } from '../catalog/migrate.ts'
import type { Catalog } from '../contracts.ts'

/** The URL of the server that is the catalog in place of the embedded one, if there is one. */
export function catalogUrl(): string | undefined {
  return process.env.DATABASE_URL || undefined
}

/** The same for processes that have the same catalog; it tells no password. */
export function catalogIdentity(): string {
  const url = catalogUrl()
  return url === undefined ? 'embedded' : createHash('sha256').update(url).digest('hex')
}

/**
 * The catalog on the server that `url` names, opened at first use.
 * @throws CatalogError at first use when its schema is not this program's, unless that is what it is opened for
 */
export function serverCatalog(
  url: string,
  options: { readonly statementTimeoutMs?: number; readonly isToBeMigrated?: true } = {},
): Catalog {
  return lazyCatalog(async () => {
    const [{ openPgCatalog }, { serverOfUrl }] = await Promise.all([
      import('../catalog/pg-catalog.ts'),
      import('../catalog/pg-server.ts'),
    ])
    const { statementTimeoutMs } = options
    const catalog = openPgCatalog({
      server: serverOfUrl(url),
      ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
    })
    if (options.isToBeMigrated) return catalog
    try {
      await assertMigrated(catalog)
      return catalog
    } catch (error) {
      await catalog.close()
      throw error
    }
  })
}
