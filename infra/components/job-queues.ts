import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { queueName } from './run-target.ts'

/** The compute environments of a base stack. */
export interface ComputeEnvironments {
  readonly spotArn: string
  readonly onDemandArn: string
}

const hour = 3600

/** Why a job can wait at the head of a queue for ever, holding up all others. A shortage may pass; a mistake does not. */
const stuck = [
  { reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY', maxTimeSeconds: 6 * hour },
  { reason: 'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE', maxTimeSeconds: 600 },
  { reason: 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT', maxTimeSeconds: 600 },
].map((entry) => ({ ...entry, action: 'CANCEL', state: 'RUNNABLE' }))

/** The names of the queues that a plan's jobs wait in, sorted; none without jobs. */
export function jobQueueNames(plan: Plan): string[] {
  const names = plan.runs.filter((run) => run.compute.kind === 'Batch').map((run) => queueName(plan, run))
  return [...new Set(names)].toSorted()
}

/** A stack's own queues before the shared compute environments: Spot first where it is wanted, on-demand after it. */
export class JobQueues extends pulumi.ComponentResource {
  readonly byName: ReadonlyMap<string, aws.batch.JobQueue>

  constructor(
    name: string,
    { plan, environments }: { readonly plan: Plan; readonly environments: ComputeEnvironments },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:JobQueues', name, {}, opts)
    const { spotArn, onDemandArn } = environments
    this.byName = new Map(
      jobQueueNames(plan).map((queue) => {
        const isSpot = queue === plan.names.jobQueue
        return [
          queue,
          new aws.batch.JobQueue(
            `${name}-${isSpot ? 'spot' : 'on-demand'}`,
            {
              name: queue,
              state: 'ENABLED',
              priority: 1,
              computeEnvironmentOrders: (isSpot ? [spotArn, onDemandArn] : [onDemandArn]).map(
                (computeEnvironment, i) => ({ order: i + 1, computeEnvironment }),
              ),
              jobStateTimeLimitActions: stuck,
            },
            { parent: this },
          ),
        ]
      }),
    )
    this.registerOutputs({ names: jobQueueNames(plan) })
  }
}
