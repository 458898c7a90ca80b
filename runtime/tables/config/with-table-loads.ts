import type { PipelineFacts } from '../../contracts.ts'
import type { ReadText } from '../../ingest/config/types.ts'
import { isOwnClass, tableLoadFacts } from './read-table-load.ts'

/** A loader of pipeline configurations that knows the facts of table loads too. */
export function withTableLoads<L extends { facts(file: string): PipelineFacts }>(
  loader: L,
  readText: ReadText,
): L {
  return {
    ...loader,
    facts(file: string) {
      const text = readText(file)
      return text !== undefined && isOwnClass(text, file) ? tableLoadFacts(text, file) : loader.facts(file)
    },
  }
}
