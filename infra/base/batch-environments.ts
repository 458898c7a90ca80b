import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import type { Network } from './network.ts'

/** What all pipelines together may use at once: the sum of what each may. */
export function totalVcpus(plan: Pick<Plan, 'runs'>): number {
  const byPipeline = new Map(
    plan.runs
      .filter((run) => run.compute.kind === 'Batch')
      .map((run) => [run.pipeline, run.compute.maxVcpus]),
  )
  return [...byPipeline.values()].reduce((sum, vcpus) => sum + vcpus, 0)
}

/**
 * The two kinds of Fargate that the queues of all branches share. Named by Pulumi and without a service role: so they
 * can be changed in place, and one that must be replaced can stand beside its successor until the queues have moved.
 */
export class BatchEnvironments extends pulumi.ComponentResource {
  readonly spot: aws.batch.ComputeEnvironment
  readonly onDemand: aws.batch.ComputeEnvironment

  constructor(
    name: string,
    { network, maxVcpus }: { readonly network: Network; readonly maxVcpus: number },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:BatchEnvironments', name, {}, opts)
    const make = (part: string, type: 'FARGATE' | 'FARGATE_SPOT') =>
      new aws.batch.ComputeEnvironment(
        `${name}-${part}`,
        {
          type: 'MANAGED',
          state: 'ENABLED',
          computeResources: {
            type,
            maxVcpus,
            subnets: network.publicSubnetIds,
            securityGroupIds: [network.jobGroup.id],
          },
        },
        { parent: this },
      )
    this.spot = make('spot', 'FARGATE_SPOT')
    this.onDemand = make('on-demand', 'FARGATE')
    this.registerOutputs({ spotArn: this.spot.arn, onDemandArn: this.onDemand.arn })
  }
}
