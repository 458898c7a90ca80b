import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../runtime/contracts.ts'
import type { CatalogCluster } from './catalog-access.ts'
import type { ComputeEnvironments } from './components/job-queues.ts'
import { alertTopicName } from './names.ts'
import { arnOf } from './permissions.ts'

export { baseProject } from '../runtime/plan/bootstrap.ts'

/** What a stack uses of its base stack. */
export interface BaseOutputs {
  readonly topicArn: string
  readonly environments?: ComputeEnvironments
  readonly catalog?: CatalogCluster
}

/** The output `base` of a base stack: what the stacks of all branches share. */
export interface SharedOutputs extends BaseOutputs {
  /** What previews have for `catalog`, which is prod's: a branch decides what its code does with its cluster. */
  readonly previewCatalog?: CatalogCluster
}

/** Whether anything of a plan runs in containers. */
export function usesBatch(plan: Pick<Plan, 'runs'>): boolean {
  return plan.runs.some((run) => run.compute.kind === 'Batch')
}

/** Whether anything of a plan has a database. */
export function usesCatalog(plan: Pick<Plan, 'runs'>): boolean {
  return plan.runs.some((run) => run.uses.includes('catalog'))
}

/**
 * What a base stack's output `base` says. The topic's name is the same everywhere; what else a plan needs must be there.
 * @throws RunError that says how to get it
 */
export function requireBase(plan: Plan, output: unknown, stackName: string): BaseOutputs {
  const { previewCatalog, catalog, ...found } = (output ?? {}) as Partial<SharedOutputs>
  const ownCatalog = plan.kind === 'prod' ? catalog : previewCatalog
  const missing = [
    ...(usesBatch(plan) && !found.environments ? ['the compute environments for compute: Batch'] : []),
    ...(usesCatalog(plan) && !ownCatalog ? ['the catalog cluster for uses: [catalog]'] : []),
  ]
  if (missing.length > 0) {
    throw new pulumi.RunError(
      `the base stack ${stackName} lacks ${missing.join(' and ')}; deploy it first: ` +
        `pulumi -C infra/base up --stack ${stackName.split('/').at(-1)}`,
    )
  }
  return {
    ...found,
    topicArn: found.topicArn ?? arnOf(plan, 'sns', alertTopicName),
    ...(ownCatalog && { catalog: ownCatalog }),
  }
}
