import type { Plan } from '../contracts.ts'
import { type CostAssumptions, defaultAssumptions, estimateCost } from './cost.ts'

/** An estimate of one thing's cost before and after, in US dollars a month; 0 where it does not exist. */
export interface CostChange {
  readonly what: string
  readonly before: number
  readonly after: number
}

export interface CostDiff {
  readonly assumptions: CostAssumptions
  /** Of the stack. */
  readonly total: CostChange
  /** Of what all stacks share, idle. */
  readonly base: CostChange
  /** Those whose cost differs, sorted by name. */
  readonly pipelines: readonly CostChange[]
}

/** What two plans' stacks would cost a month, under the same assumptions. */
export function diffCost(before: Plan, after: Plan, assumptions = defaultAssumptions): CostDiff {
  const [old, now] = [estimateCost(before, assumptions), estimateCost(after, assumptions)]
  const byName = (estimate: typeof old) =>
    new Map(estimate.pipelines.map(({ what, monthly }) => [what, monthly]))
  const [oldPipelines, newPipelines] = [byName(old), byName(now)]
  const baseOf = (estimate: typeof old) => estimate.base.reduce((sum, { monthly }) => sum + monthly, 0)
  return {
    assumptions,
    total: { what: 'the stack', before: old.total, after: now.total },
    base: { what: 'what all stacks share', before: baseOf(old), after: baseOf(now) },
    pipelines: [...new Set([...oldPipelines.keys(), ...newPipelines.keys()])]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((what) => ({ what, before: oldPipelines.get(what) ?? 0, after: newPipelines.get(what) ?? 0 }))
      .filter((change) => change.before !== change.after),
  }
}
