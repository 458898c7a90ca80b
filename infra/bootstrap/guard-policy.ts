import { arnOf, type Statement } from '../permissions.ts'
import type { AccountScope, StackKind } from './account-scope.ts'
import type { Denial, Grant } from './grants.ts'
import { imageRepository } from './image-repository.ts'
import { namedArns, prodBucketArns } from './protected-resources.ts'
import { boundaryArn } from './role-grants.ts'
import { baseStateArns, prodStateArns } from './state-grants.ts'

/**
 * The boundary of the roles that workflows take. It grants nothing: it says what they cannot do whatever policy they
 * are given, by mistake or by somebody who can: raise their own rights, make roles without a boundary, touch another
 * project, unmake what bootstrap made; and, of who deploys previews, anything of prod.
 */
export function guardStatements(
  scope: AccountScope,
  kind: StackKind,
  grants: readonly Grant[],
): (Statement | Denial)[] {
  return [
    { Sid: 'Services', Effect: 'Allow', Action: reach(grants), Resource: ['*'] },
    ...ownRightsDenials(scope, kind),
    ...otherProjectsDenials(scope),
    ...(kind === 'preview' ? prodDenials(scope) : []),
  ]
}

/** Services as wholes, but of IAM only the actions that are granted. */
function reach(grants: readonly Grant[]): string[] {
  const actions = grants.flatMap(({ reads = [], writes = [] }) => [...reads, ...writes])
  return [
    ...new Set(
      actions.map((action) =>
        action.startsWith('iam:') ? action : `${action.slice(0, action.indexOf(':'))}:*`,
      ),
    ),
  ].toSorted()
}

function ownRightsDenials(scope: AccountScope, kind: StackKind): Denial[] {
  const { accountId, names, partition, prefix } = scope
  const iam = (resource: string) => `arn:${partition}:iam::${accountId}:${resource}`
  const stateBucket = `arn:${partition}:s3:::${names.stateBucket}`
  return [
    {
      Sid: 'OwnRights',
      Effect: 'Deny',
      Action: ['iam:*'],
      Resource: [
        iam(`role/${prefix.bootstrap}*`),
        iam(`policy/${prefix.bootstrap}*`),
        iam('oidc-provider/*'),
      ],
    },
    {
      Sid: 'Unbounded',
      Effect: 'Deny',
      Action: [
        'iam:AttachRolePolicy',
        'iam:CreateRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
      ],
      Resource: ['*'],
      Condition: { StringNotEquals: { 'iam:PermissionsBoundary': boundaryArn(scope, kind) } },
    },
    {
      Sid: 'Unbinding',
      Effect: 'Deny',
      Action: ['iam:AttachRolePolicy', 'iam:DeleteRolePermissionsBoundary'],
      Resource: ['*'],
    },
    {
      // What is deleted or overwritten there can be had back.
      Sid: 'StateBucket',
      Effect: 'Deny',
      NotAction: ['s3:DeleteObject', 's3:GetBucketLocation', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
      Resource: [stateBucket, `${stateBucket}/*`],
    },
  ]
}

/** By tags, for projects whose names begin with the same twenty characters. */
function otherProjectsDenials({ project }: AccountScope): Denial[] {
  return [
    {
      Sid: 'OtherProjects',
      Effect: 'Deny',
      Action: ['*'],
      Resource: ['*'],
      Condition: {
        Null: { 'aws:ResourceTag/sluice:project': 'false' },
        StringNotEquals: { 'aws:ResourceTag/sluice:project': project },
      },
    },
  ]
}

function prodDenials(scope: AccountScope): Denial[] {
  return [
    {
      Sid: 'Prod',
      Effect: 'Deny',
      Action: ['*'],
      Resource: [
        ...namedArns(scope, 'prod'),
        ...prodBucketArns(scope),
        ...prodStateArns(scope),
        arnOf(scope, 'ecr', `repository/${imageRepository(scope, 'prod')}`),
      ],
    },
    {
      Sid: 'BaseState',
      Effect: 'Deny',
      Action: ['s3:DeleteObject', 's3:PutObject'],
      Resource: baseStateArns(scope),
    },
    {
      Sid: 'ProdByTag',
      Effect: 'Deny',
      Action: ['*'],
      Resource: ['*'],
      Condition: { StringEquals: { 'aws:ResourceTag/sluice:stack': 'prod' } },
    },
    {
      Sid: 'ProdSecrets',
      Effect: 'Deny',
      Action: ['kms:*'],
      Resource: ['*'],
      Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': scope.names.prodKeyAlias } },
    },
  ]
}
