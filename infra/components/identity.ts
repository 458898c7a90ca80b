import * as aws from '@pulumi/aws'
import type * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { logRetentionDays } from './log-retention.ts'

export interface IdentityArgs {
  readonly plan: Pick<Plan, 'kind'>
  readonly logGroupName: string
  readonly role: Pick<aws.iam.RoleArgs, 'name' | 'description' | 'assumeRolePolicy'>
  readonly policy: (role: aws.iam.Role) => pulumi.Input<string>
  readonly tags?: Record<string, string>
}

/** What code runs with: where it logs, who it is, and what that one may do. */
export interface Identity {
  readonly logGroup: aws.cloudwatch.LogGroup
  readonly role: aws.iam.Role
  readonly access: aws.iam.RolePolicy
}

/** The identity of a function or job. Made before that: Lambda would make a log group that keeps everything for ever. */
export function makeIdentity(
  name: string,
  { plan, logGroupName, role: roleArgs, policy, tags }: IdentityArgs,
  opts: pulumi.CustomResourceOptions,
): Identity {
  const tagged = tags && { tags }
  const logGroup = new aws.cloudwatch.LogGroup(
    `${name}-logs`,
    { name: logGroupName, retentionInDays: logRetentionDays[plan.kind], ...tagged },
    opts,
  )
  const role = new aws.iam.Role(`${name}-role`, { ...roleArgs, ...tagged }, opts)
  const access = new aws.iam.RolePolicy(
    `${name}-access`,
    { name: 'access', role: role.name, policy: policy(role) },
    opts,
  )
  return { logGroup, role, access }
}
