import type { RunResult } from '../run/execute.ts'
import { subjectHash, subjectsOf } from '../run/ledger-entry.ts'

/**
 * The results of work after one more attempt at it: what earlier attempts have settled stays, and that the last one
 * found it done does not count.
 */
export function addAttempt(earlier: readonly RunResult[], last: readonly RunResult[]): RunResult[] {
  const settled = earlier.filter(({ isSettled }) => isSettled)
  const done = new Set(settled.flatMap(hashes))
  const isNews = (result: RunResult) =>
    result.outcome !== 'skipped' || !hashes(result).every((hash) => done.has(hash))
  return [...settled, ...last.filter(isNews)]
}

function hashes({ work }: RunResult): string[] {
  return subjectsOf(work).map(subjectHash)
}
