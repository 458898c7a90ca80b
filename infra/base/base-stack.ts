import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { usesBatch, usesCatalog } from '../base-outputs.ts'
import { tagValue } from '../names.ts'
import { AlertTopic } from './alert-topic.ts'
import { BatchEnvironments, totalVcpus } from './batch-environments.ts'
import { CatalogCluster } from './catalog-cluster.ts'
import { Network } from './network.ts'

/** What a base stack can have beside the topic of alerts. */
export interface Features {
  /** The most vCPUs of all jobs at once; 0 without Batch. */
  readonly maxVcpus: number
  readonly hasCatalog: boolean
}

/** What a plan's stack needs, and what is already there, since another branch may need that. */
export function neededFeatures(plan: Plan, previous: unknown): Features {
  const before = (previous ?? {}) as Partial<Features>
  return {
    maxVcpus: Math.max(usesBatch(plan) ? totalVcpus(plan) : 0, before.maxVcpus ?? 0),
    hasCatalog: usesCatalog(plan) || before.hasCatalog === true,
  }
}

/** What the stacks of all branches of an account and region share. */
export class BaseStack extends pulumi.ComponentResource {
  /** For `requireBase`. */
  readonly outputs: pulumi.Output<unknown>

  constructor(name: string, { plan, features }: { readonly plan: Plan; readonly features: Features }) {
    super('sluice:aws:BaseStack', name, {}, { providers: [makeProvider(plan)] })
    const child = { parent: this }
    const { topic } = new AlertTopic('alerts', { plan }, child)
    const needsNetwork = features.maxVcpus > 0 || features.hasCatalog
    const network = needsNetwork ? new Network('network', { region: plan.region }, child) : undefined
    const jobs =
      network && features.maxVcpus > 0
        ? new BatchEnvironments('jobs', { network, maxVcpus: features.maxVcpus }, child)
        : undefined
    // A branch decides what its code does with its cluster, whose master it can be: prod's is not the previews'.
    const clusterOf = (part: string) =>
      network && features.hasCatalog
        ? catalogOutputs(new CatalogCluster(part, { network }, child).cluster, network)
        : undefined
    const catalog = clusterOf('catalog')
    const previewCatalog = clusterOf('preview-catalog')
    this.outputs = pulumi.output({
      topicArn: topic.arn,
      ...(jobs && { environments: { spotArn: jobs.spot.arn, onDemandArn: jobs.onDemand.arn } }),
      ...(catalog && { catalog }),
      ...(previewCatalog && { previewCatalog }),
    })
    this.registerOutputs({ base: this.outputs })
  }
}

function catalogOutputs(cluster: aws.rds.Cluster, network: Network) {
  return {
    host: cluster.endpoint,
    port: cluster.port,
    clusterArn: cluster.arn,
    clusterResourceId: cluster.clusterResourceId,
    secretArn: cluster.masterUserSecrets.apply((secrets) => secrets[0]?.secretArn),
    functionSubnetIds: network.isolatedSubnetIds,
    securityGroupId: network.functionGroup.id,
  }
}

function makeProvider(plan: Plan): aws.Provider {
  return new aws.Provider('aws', {
    region: plan.region as aws.Region,
    allowedAccountIds: [plan.accountId],
    defaultTags: { tags: { 'sluice:project': tagValue(plan.project), 'sluice:stack': 'base' } },
  })
}
