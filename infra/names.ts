import { createHash } from 'node:crypto'
import type { Plan, PlannedRun } from '../runtime/contracts.ts'
import { physicalName, stackPartName, tagValue } from '../runtime/plan/names.ts'

/** What `runtime/plan/names.ts` does not name, because only AWS and Pulumi ask for it; and what it does. */

export { stackPartName, tagValue }

const roleNameLength = 64

/** The role with which a schedule, or a rule whose target is a job queue, starts a run. */
export function startRoleName(plan: Plan, run: PlannedRun): string {
  return physicalName(plan, [run.pipeline, run.site, 'start'], roleNameLength)
}

/** The name by which Pulumi knows a run: no two runs share it, and it stays when anything else of the registry changes. */
export function logicalName(run: PlannedRun): string {
  return run.key
}

/** The most characters of a PostgreSQL name. */
const databaseNameLength = 63

/** The database of a stack in the catalog cluster, and the user that logs in to it. Always with a hash, as `-` is `_`. */
export function catalogName({ project, stack, owner }: Pick<Plan, 'project' | 'stack' | 'owner'>): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([project, stack, owner ?? null]))
    .digest('hex')
    .slice(0, 10)
  const words = [project, stack].map((text) => text.toLowerCase().replace(/[^a-z0-9]+/g, '_'))
  const readable = words.join('_').replace(/^[^a-z]+/, '')
  return `${`sluice_${readable}`.slice(0, databaseNameLength - hash.length - 1).replace(/_+$/, '')}_${hash}`
}

/** Tags of everything in a stack. */
export function stackTags(plan: Plan): Record<string, string> {
  return Object.fromEntries(Object.entries(plan.tags).map(([key, value]) => [key, tagValue(value)]))
}

/** Tags by which costs are told apart, beside the stack's. */
export function runTags(run: PlannedRun): Record<string, string> {
  return { 'sluice:pipeline': tagValue(run.pipeline), 'sluice:site': tagValue(run.site) }
}

/** The topic of the base stack that all alerts of an account and region go to. */
export const alertTopicName = 'sluice-alerts'
