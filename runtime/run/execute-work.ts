import type { WorkUnit } from '../contracts.ts'
import { deadlineOf, executeRun, type RunRequest, type RunResult } from './execute.ts'
import { keyNamedBy, probeObjects } from './group-probe.ts'

export interface WorkRequest extends Omit<RunRequest, 'rejectedGroup' | 'replayId'> {
  /** Does the work again although it is done: once for this run id, however many attempts that takes. */
  readonly replay?: boolean
}

/**
 * Everything that one work unit comes to, within one time limit: its run; runs of what was replaced or replayed
 * meanwhile, which other holders have left to this one; and of objects that were rejected together, the bad ones singly
 * and the rest. The first run has the request's run id, the others `<id>.2`, `<id>.3`.
 * @throws StoreError when a run could not even be recorded
 */
export async function executeWork(request: WorkRequest): Promise<RunResult[]> {
  const deadline = deadlineOf(request, request.clock())
  const results: RunResult[] = []
  let runs = 0

  async function runOnce(work: WorkUnit, rejectedGroup: 'settle' | 'give-back'): Promise<RunResult> {
    runs++
    const runId = runs === 1 ? request.runId : `${request.runId}.${runs}`
    const replay = request.replay ? { replayId: request.runId } : {}
    return executeRun({ ...request, ...replay, work, runId, deadline, rejectedGroup })
  }

  async function runAll(first: WorkUnit): Promise<void> {
    const waiting: WorkUnit[] = [first]
    for (let work = waiting.shift(); work; work = waiting.shift()) {
      const result = await runOnce(work, 'give-back')
      if (isRejectedGroup(result)) await runSplit(result)
      else results.push(result)
      if (result.overtaken) waiting.push(result.overtaken)
    }
  }

  /**
   * The file that the error names is left out first, which is all it takes for one bad file. Else each is tried alone,
   * writing nothing; unless trying alone tells nothing apart, or would touch more than output stores.
   */
  async function runSplit({ work, error }: RunResult): Promise<void> {
    const keys = work.kind === 'objects' ? work.keys : []
    const named = keyNamedBy(error, keys)
    if (named !== undefined) {
      const rest = await runOnce({ kind: 'objects', keys: keys.filter((key) => key !== named) }, 'give-back')
      if (!isRejectedGroup(rest)) {
        results.push(rest)
        if (rest.overtaken) await runAll(rest.overtaken)
        return runAll({ kind: 'objects', keys: [named] })
      }
    }
    const bad = request.run.uses.length > 0 ? [] : await probeObjects({ ...request, deadline }, keys)
    const rest = keys.filter((key) => !bad.includes(key))
    if (bad.length === 0 || rest.length === 0) return runSingly(keys)
    await runSingly(bad)
    const together = await runOnce({ kind: 'objects', keys: rest }, 'give-back')
    if (isRejectedGroup(together)) return runSingly(rest)
    results.push(together)
    if (together.overtaken) await runAll(together.overtaken)
  }

  async function runSingly(keys: readonly string[]): Promise<void> {
    for (const key of keys) await runAll({ kind: 'objects', keys: [key] })
  }

  await runAll(request.work)
  return results
}

function isRejectedGroup({ outcome, isSettled, record }: RunResult): boolean {
  return outcome === 'rejected' && !isSettled && record === undefined
}

/**
 * The result that decides how an execution ends: failed before rejected before the others. A result whose inputs were
 * overtaken does not count, as the run of the newest follows it.
 */
export function worstResult(results: readonly RunResult[]): RunResult | undefined {
  const order = ['failed', 'rejected', 'succeeded', 'skipped']
  return results
    .filter(({ overtaken }) => overtaken === undefined)
    .toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))[0]
}
