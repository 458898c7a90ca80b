import type { Catalog } from '../contracts.ts'

/** A catalog that is opened when something first wants it. An opening that failed is tried again by the next. */
export function lazyCatalog(open: () => Promise<Catalog>): Catalog {
  let opening: Promise<Catalog> | undefined
  const opened = () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  return {
    query: async (sql, parameters) => (await opened()).query(sql, parameters),
    copyFrom: async (target, csv) => (await opened()).copyFrom(target, csv),
    transaction: async (work) => (await opened()).transaction(work),
    close: async () => (await opening)?.close(),
  }
}
