import type { AccountScope, StackKind } from './account-scope.ts'
import type { Grant } from './grants.ts'

/** Who stacks give their roles to. */
const services = [
  'ecs-tasks.amazonaws.com',
  'events.amazonaws.com',
  'lambda.amazonaws.com',
  'scheduler.amazonaws.com',
]

/** The ARN of the policy beyond which no role of a kind of stack can reach. */
export function boundaryArn({ accountId, partition, names }: AccountScope, kind: StackKind): string {
  const name = kind === 'prod' ? names.prodBoundary : names.previewBoundary
  return `arn:${partition}:iam::${accountId}:policy/${name}`
}

/**
 * The roles of stacks. None can be made, or be given rights, without the boundary of its kind; none gets a managed
 * policy; none is passed to any service but those that run and start pipelines. IAM cannot limit whom a role is made to
 * trust: whoever that is, the boundary holds.
 */
export function roleGrants(scope: AccountScope, kind: StackKind): Grant[] {
  const { accountId, partition, prefix } = scope
  const resources = [`arn:${partition}:iam::${accountId}:role/${prefix[kind]}*`]
  const isBound = { StringEquals: { 'iam:PermissionsBoundary': boundaryArn(scope, kind) } }
  return [
    {
      sid: 'Roles',
      reads: [
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:ListRoleTags',
      ],
      writes: [
        'iam:DeleteRole',
        'iam:ListInstanceProfilesForRole',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      resources,
    },
    {
      sid: 'RolesWithinBoundary',
      writes: [
        'iam:CreateRole',
        'iam:DeleteRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
      ],
      resources,
      condition: isBound,
    },
    {
      sid: 'RolesForServices',
      writes: ['iam:PassRole'],
      resources,
      condition: { StringEquals: { 'iam:PassedToService': services } },
    },
  ]
}
