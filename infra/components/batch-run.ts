import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan, PlannedRun } from '../../runtime/contracts.ts'
import { type CatalogAccess, catalogEnvironment, redshiftEnvironment } from '../catalog-access.ts'
import type { JobImage } from '../job-image.ts'
import { runTags } from '../names.ts'
import {
  arnOf,
  catalogStatements,
  logStatements,
  partitionOf,
  pullStatements,
  redshiftStatements,
  statementsOf,
  trustJson,
} from '../permissions.ts'
import { jobEnvironment } from '../run-environment.ts'
import { makeIdentity } from './identity.ts'
import { runPolicy } from './run-policy.ts'
import type { RunTarget } from './run-target.ts'

export interface BatchRunArgs {
  readonly plan: Plan
  readonly run: PlannedRun
  readonly image: JobImage
  readonly architecture: 'arm64' | 'x64'
  readonly queue: aws.batch.JobQueue
  readonly catalog?: CatalogAccess
}

/** What Fargate gives every job. */
const includedScratchGiB = 20

/** The only place that a job may write to; the image owns it, as Fargate's volumes are root's otherwise. */
export const scratchPath = '/scratch'

/** Tries again what the infrastructure broke and what the program calls a failure (75); nothing else, and by default EXIT. */
const retried = [
  { action: 'RETRY', onStatusReason: 'Your Spot Task was interrupted*' },
  { action: 'RETRY', onReason: 'CannotPullContainer*' },
  { action: 'RETRY', onReason: 'ResourceInitializationError*' },
  { action: 'RETRY', onExitCode: '75' },
  { action: 'EXIT', onReason: '*' },
]

/** A pipeline at a site as a Batch job on Fargate, with a role that reaches what its plan names and nothing else. */
export class BatchRun extends pulumi.ComponentResource {
  readonly jobDefinition: aws.batch.JobDefinition
  readonly target: RunTarget

  constructor(name: string, args: BatchRunArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:BatchRun', name, {}, opts)
    const { plan, run, queue } = args
    const { compute } = run
    const { logGroup, role, access } = makeIdentity(
      name,
      {
        plan,
        logGroupName: run.names.logGroup,
        role: {
          name: run.names.role,
          description: `What ${run.key} may do`,
          assumeRolePolicy: trustJson('ecs-tasks.amazonaws.com', plan, arnOf(plan, 'ecs', '*')),
        },
        policy: (role) => runPolicy(run.key, role, (roleId) => jobStatements(args, roleId)),
        tags: runTags(run),
      },
      { parent: this },
    )
    this.jobDefinition = new aws.batch.JobDefinition(
      `${name}-definition`,
      {
        name: run.names.jobDefinition,
        type: 'container',
        platformCapabilities: ['FARGATE'],
        propagateTags: true,
        containerProperties: role.arn.apply((roleArn) => containerProperties(args, roleArn)),
        retryStrategy: { attempts: compute.attempts, evaluateOnExits: retried },
        timeout: { attemptDurationSeconds: compute.timeoutSeconds },
        tags: runTags(run),
      },
      { parent: this, dependsOn: [access, logGroup] },
    )
    this.target = {
      kind: 'job',
      queueArn: queue.arn,
      definitionArn: this.jobDefinition.arnPrefix,
      ...(run.shards !== undefined && { shards: run.shards }),
    }
    this.registerOutputs({ jobDefinition: this.jobDefinition.name })
  }
}

/**
 * The container as JSON, with sorted variables and nothing undefined, so that a second deployment finds the same. One
 * role serves to start the container and to run in it: what starting takes, its image and log group, is its own anyway.
 */
function containerProperties(args: BatchRunArgs, roleArn: string): string {
  const { plan, run, image, architecture } = args
  const { vcpus, memoryMB } = run.compute
  const scratchGiB = Math.ceil(run.compute.scratchMB / 1024)
  return JSON.stringify({
    image: image.uri,
    jobRoleArn: roleArn,
    executionRoleArn: roleArn,
    environment: environmentOf(args),
    resourceRequirements: [
      { type: 'VCPU', value: String(vcpus) },
      { type: 'MEMORY', value: String(memoryMB) },
    ],
    ...(scratchGiB > includedScratchGiB && {
      ephemeralStorage: { sizeInGiB: scratchGiB },
    }),
    readonlyRootFilesystem: true,
    volumes: [{ name: 'scratch' }],
    mountPoints: [{ sourceVolume: 'scratch', containerPath: scratchPath, readOnly: false }],
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': run.names.logGroup,
        'awslogs-region': plan.region,
        'awslogs-stream-prefix': 'job',
      },
    },
    networkConfiguration: { assignPublicIp: 'ENABLED' },
    fargatePlatformConfiguration: { platformVersion: 'LATEST' },
    runtimePlatform: {
      cpuArchitecture: architecture === 'arm64' ? 'ARM64' : 'X86_64',
      operatingSystemFamily: 'LINUX',
    },
  })
}

function environmentOf({ plan, run, image, catalog }: BatchRunArgs) {
  const variables: Record<string, string> = {
    ...jobEnvironment(run, plan.buckets, image.version),
    ...(catalog && catalogEnvironment(catalog)),
    ...redshiftEnvironment(plan, run),
    TMPDIR: scratchPath,
  }
  return Object.entries(variables)
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function jobStatements({ plan, run, image, catalog }: BatchRunArgs, roleId: string) {
  return [
    ...statementsOf(run, plan.buckets, partitionOf(plan.region)),
    ...logStatements(plan, run.names.logGroup),
    ...pullStatements(image.repositoryArn),
    ...(catalog ? catalogStatements(plan, catalog.clusterResourceId, catalog.user) : []),
    ...(run.uses.includes('redshift') ? redshiftStatements(plan, roleId) : []),
  ]
}
