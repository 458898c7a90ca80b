import * as aws from '@pulumi/aws'
import type * as pulumi from '@pulumi/pulumi'
import { startRoleName } from '../names.ts'
import { policyJson, type Statement, trustJson } from '../permissions.ts'
import { startStatements, type TriggerArgs } from './run-target.ts'

export interface StartRoleArgs extends Pick<TriggerArgs, 'plan' | 'run'> {
  readonly service: 'events.amazonaws.com' | 'scheduler.amazonaws.com'
  /** On whose behalf the service may take the role. */
  readonly sourceArn: string
  readonly statements?: readonly Statement[]
}

/** The role with which a trigger starts one run: its function or job, and no other. */
export function makeStartRole(
  name: string,
  { plan, run, service, sourceArn, statements = [] }: StartRoleArgs,
  opts: pulumi.CustomResourceOptions,
): { readonly role: aws.iam.Role; readonly access: aws.iam.RolePolicy } {
  const role = new aws.iam.Role(
    `${name}-role`,
    { name: startRoleName(plan, run), assumeRolePolicy: trustJson(service, plan, sourceArn) },
    opts,
  )
  const access = new aws.iam.RolePolicy(
    `${name}-access`,
    {
      name: 'access',
      role: role.name,
      policy: policyJson([...startStatements(plan, run), ...statements], run.key),
    },
    opts,
  )
  return { role, access }
}
