import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan, PlannedRun } from '../../runtime/contracts.ts'
import type { Code } from '../artefacts.ts'
import { type CatalogAccess, catalogEnvironment, redshiftEnvironment } from '../catalog-access.ts'
import { runTags } from '../names.ts'
import {
  catalogStatements,
  failureDestinationStatements,
  logStatements,
  networkStatements,
  partitionOf,
  redshiftStatements,
  statementsOf,
  trustJson,
} from '../permissions.ts'
import { functionEnvironment } from '../run-environment.ts'
import { makeIdentity } from './identity.ts'
import { runPolicy } from './run-policy.ts'
import type { RunTarget } from './run-target.ts'

export interface LambdaRunArgs {
  readonly plan: Plan
  readonly run: PlannedRun
  readonly code: Code
  readonly architecture: 'arm64' | 'x64'
  /** Of a run that uses the catalog. */
  readonly catalog?: CatalogAccess
}

/** Where Lambda keeps Amazon's own certificates, which Node does not know and RDS is signed with. */
const amazonCertificates = '/var/runtime/ca-cert.pem'

/** How long Lambda keeps what it could not run yet. */
const sixHours = 6 * 3600

/** A pipeline at a site as a function, with a role that reaches what its plan names and nothing else. */
export class LambdaRun extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function
  readonly target: RunTarget

  constructor(name: string, args: LambdaRunArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:LambdaRun', name, {}, opts)
    const { plan, run } = args
    const { logGroup, role, access } = makeIdentity(
      name,
      {
        plan,
        logGroupName: run.names.logGroup,
        role: {
          name: run.names.role,
          description: `What ${run.key} may do`,
          assumeRolePolicy: trustJson('lambda.amazonaws.com', plan),
        },
        policy: (role) => runPolicy(run.key, role, (roleId) => functionStatements(args, roleId)),
        tags: runTags(run),
      },
      { parent: this },
    )
    this.function = this.#makeFunction(name, args, { logGroup, role, access })
    this.#retryOrReport(name, args)
    this.target = { kind: 'function', arn: this.function.arn, name: this.function.name }
    this.registerOutputs({ function: this.function.name })
  }

  #makeFunction(
    name: string,
    { plan, run, code, architecture, catalog }: LambdaRunArgs,
    {
      logGroup,
      role,
      access,
    }: {
      readonly logGroup: aws.cloudwatch.LogGroup
      readonly role: aws.iam.Role
      readonly access: aws.iam.RolePolicy
    },
  ): aws.lambda.Function {
    const { compute } = run
    return new aws.lambda.Function(
      `${name}-function`,
      {
        name: run.names.function,
        // Within Lambda's 256 characters, however long the names are; the project stands in the tags.
        description: `${run.type} ${run.key}`,
        ...code.location,
        handler: code.handler,
        runtime: 'nodejs24.x',
        architectures: [architecture === 'arm64' ? 'arm64' : 'x86_64'],
        role: role.arn,
        memorySize: compute.memoryMB,
        timeout: compute.timeoutSeconds,
        ephemeralStorage: { size: compute.scratchMB },
        loggingConfig: { logFormat: 'JSON', logGroup: logGroup.name },
        environment: {
          variables: {
            ...functionEnvironment(run, plan.buckets, code.version),
            ...(catalog && { ...catalogEnvironment(catalog), NODE_EXTRA_CA_CERTS: amazonCertificates }),
            ...redshiftEnvironment(plan, run),
          },
        },
        ...(compute.concurrency !== undefined && { reservedConcurrentExecutions: compute.concurrency }),
        ...(catalog && {
          vpcConfig: {
            subnetIds: [...catalog.functionSubnetIds],
            securityGroupIds: [catalog.securityGroupId],
          },
        }),
        tags: runTags(run),
      },
      // A function that is called before its role has its rights fails for no reason of its own.
      { parent: this, dependsOn: [access, logGroup] },
    )
  }

  #retryOrReport(name: string, { plan, run }: LambdaRunArgs): void {
    new aws.lambda.FunctionEventInvokeConfig(
      `${name}-attempts`,
      {
        functionName: this.function.name,
        maximumRetryAttempts: run.compute.attempts - 1,
        maximumEventAgeInSeconds: sixHours,
        destinationConfig: {
          onFailure: { destination: `arn:${partitionOf(plan.region)}:s3:::${plan.buckets.logs}` },
        },
      },
      { parent: this },
    )
  }
}

function functionStatements({ plan, run, catalog }: LambdaRunArgs, roleId: string) {
  return [
    ...statementsOf(run, plan.buckets, partitionOf(plan.region)),
    ...failureDestinationStatements(run, plan),
    ...logStatements(plan, run.names.logGroup),
    ...(catalog
      ? [...networkStatements(plan), ...catalogStatements(plan, catalog.clusterResourceId, catalog.user)]
      : []),
    ...(run.uses.includes('redshift') ? redshiftStatements(plan, roleId) : []),
  ]
}
