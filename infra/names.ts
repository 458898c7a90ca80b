import { createHash } from 'node:crypto'
import type { Plan, PlannedRun } from '../runtime/contracts.ts'
import { physicalName } from '../runtime/plan/names.ts'

/** What `runtime/plan/names.ts` does not name, because only AWS and Pulumi ask for it. */

const roleNameLength = 64

/** The role with which a schedule, or a rule whose target is a job queue, starts a run. */
export function startRoleName(plan: Plan, run: PlannedRun): string {
  return physicalName(plan, [run.pipeline, run.site, 'start'], roleNameLength)
}

/** A role, rule or schedule that a stack has once. One part, as those of runs have two or three. */
export function stackPartName(plan: Plan, part: string): string {
  return physicalName(plan, [part], roleNameLength)
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

const tagValueLength = 256

/** A tag's value as every service of AWS takes it: other characters become `-`. */
export function tagValue(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, '-').slice(0, tagValueLength)
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
