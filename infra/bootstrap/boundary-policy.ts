import { alertTopicName } from '../names.ts'
import {
  arnOf,
  networkStatements,
  pullStatements,
  redshiftStatements,
  type Statement,
} from '../permissions.ts'
import type { AccountScope, StackKind } from './account-scope.ts'
import type { Denial } from './grants.ts'
import { imageRepository } from './image-repository.ts'
import { namedArns, prodBucketArns } from './protected-resources.ts'

/**
 * The boundary of the roles that stacks make: the most that any pipeline, trigger or alert of a kind of stack can be
 * given. A branch writes its own policies; this is what they cannot go beyond.
 */
export function boundaryStatements(scope: AccountScope, kind: StackKind): (Statement | Denial)[] {
  const { partition, prefix } = scope
  const own = (service: string, start: string) => arnOf(scope, service, `${start}${prefix[kind]}*`)
  const allow = (Sid: string, Action: readonly string[], Resource: readonly string[]): Statement => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
  })
  const buckets = Object.values(kind === 'prod' ? scope.prodBuckets : scope.previewBuckets).map(
    (name) => `arn:${partition}:s3:::${name}`,
  )
  return [
    allow('List', ['s3:ListBucket'], [...new Set(buckets)]),
    allow(
      'Objects',
      ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      [...new Set(buckets)].map((bucket) => `${bucket}/*`),
    ),
    allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], [own('logs', 'log-group:/sluice/')]),
    ...pullStatements(arnOf(scope, 'ecr', `repository/${imageRepository(scope, kind)}`)),
    ...networkStatements(scope),
    allow(
      'Start',
      ['batch:SubmitJob', 'events:PutEvents', 'lambda:InvokeFunction'],
      [
        own('batch', 'job-definition/'),
        own('batch', 'job-queue/'),
        own('events', 'event-bus/'),
        own('lambda', 'function:'),
      ],
    ),
    allow(
      'Queues',
      ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
      [own('sqs', '')],
    ),
    allow('Mail', ['sns:Publish'], [arnOf(scope, 'sns', alertTopicName)]),
    ...catalogStatements(scope, kind),
    // Whose statements a role sees is for its own policy to say, which knows the role's id.
    ...redshiftStatements(scope, '*'),
    ...(kind === 'preview' ? prodDenials(scope) : []),
  ]
}

function catalogStatements(scope: AccountScope, kind: StackKind): Statement[] {
  const { prodDatabase } = scope
  const cluster = arnOf(
    scope,
    'rds',
    kind === 'prod' ? 'cluster:catalog-cluster-*' : 'cluster:preview-catalog-cluster-*',
  )
  return [
    {
      Sid: 'Catalog',
      Effect: 'Allow',
      Action: ['rds-db:connect'],
      Resource: [arnOf(scope, 'rds-db', `dbuser:*/${kind === 'prod' ? prodDatabase : 'sluice_*'}`)],
    },
    {
      Sid: 'CatalogSetup',
      Effect: 'Allow',
      Action: [
        'rds-data:BeginTransaction',
        'rds-data:CommitTransaction',
        'rds-data:ExecuteStatement',
        'rds-data:RollbackTransaction',
      ],
      Resource: [cluster],
    },
    {
      // RDS gives the secret a name that says nothing, and a tag that says whose it is.
      Sid: 'CatalogMaster',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [arnOf(scope, 'secretsmanager', 'secret:rds!cluster-*')],
      Condition: { ArnLike: { 'aws:ResourceTag/aws:rds:primaryDBClusterArn': cluster } },
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
        arnOf(scope, 'rds-db', `dbuser:*/${scope.prodDatabase}`),
      ],
    },
  ]
}
