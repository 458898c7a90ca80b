import { arnOf } from '../permissions.ts'
import type { AccountScope, StackKind } from './account-scope.ts'
import type { Grant } from './grants.ts'

/**
 * What deploying and destroying branch stacks takes: for each type of resource that `infra/components` makes, the calls
 * of its provider, on the names of one kind of stack. docs.aws.amazon.com/service-authorization/latest/reference
 */

/** A resource of one kind of stack, as the end of an ARN. */
function own(scope: AccountScope, kind: StackKind) {
  const prefix = scope.prefix[kind]
  return (service: string, ...before: string[]) =>
    (before.length === 0 ? [''] : before).map((start) => arnOf(scope, service, `${start}${prefix}*`))
}

export function computeGrants(scope: AccountScope, kind: StackKind): Grant[] {
  const of = own(scope, kind)
  const functions = of('lambda', 'function:')
  const mappings = [arnOf(scope, 'lambda', 'event-source-mapping:*')]
  return [
    {
      sid: 'Functions',
      reads: [
        'lambda:GetFunction',
        'lambda:GetFunctionCodeSigningConfig',
        'lambda:GetFunctionConcurrency',
        'lambda:GetFunctionConfiguration',
        'lambda:GetFunctionEventInvokeConfig',
        'lambda:GetPolicy',
        'lambda:ListTags',
        'lambda:ListVersionsByFunction',
      ],
      writes: [
        'lambda:CreateFunction',
        'lambda:DeleteFunction',
        'lambda:DeleteFunctionConcurrency',
        'lambda:DeleteFunctionEventInvokeConfig',
        // Sets up the catalog, and runs once what was deployed.
        'lambda:InvokeFunction',
        'lambda:PutFunctionConcurrency',
        'lambda:PutFunctionEventInvokeConfig',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateFunctionCode',
        'lambda:UpdateFunctionConfiguration',
        'lambda:UpdateFunctionEventInvokeConfig',
      ],
      resources: functions,
    },
    {
      sid: 'FunctionsForRules',
      writes: ['lambda:AddPermission'],
      resources: functions,
      condition: { StringEquals: { 'lambda:Principal': 'events.amazonaws.com' } },
    },
    {
      sid: 'Mappings',
      reads: ['lambda:GetEventSourceMapping'],
      writes: [
        'lambda:CreateEventSourceMapping',
        'lambda:DeleteEventSourceMapping',
        'lambda:UpdateEventSourceMapping',
      ],
      resources: mappings,
      condition: { ArnLike: { 'lambda:FunctionArn': functions } },
    },
    {
      sid: 'MappingTags',
      reads: ['lambda:ListTags'],
      writes: ['lambda:TagResource', 'lambda:UntagResource'],
      resources: mappings,
      condition: { StringEqualsIfExists: { 'aws:ResourceTag/sluice:project': scope.project } },
    },
    {
      sid: 'Network',
      reads: ['ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'],
      resources: ['*'],
    },
    {
      sid: 'Logs',
      reads: ['logs:ListTagsForResource'],
      writes: [
        'logs:CreateLogGroup',
        'logs:DeleteLogGroup',
        'logs:DeleteRetentionPolicy',
        'logs:PutRetentionPolicy',
        'logs:TagResource',
        'logs:UntagResource',
      ],
      resources: of('logs', 'log-group:/sluice/'),
    },
    { sid: 'LogGroups', reads: ['logs:DescribeLogGroups'], resources: ['*'] },
    {
      sid: 'Jobs',
      reads: ['batch:ListTagsForResource'],
      writes: [
        'batch:CreateJobQueue',
        'batch:DeleteJobQueue',
        'batch:DeregisterJobDefinition',
        'batch:RegisterJobDefinition',
        'batch:SubmitJob',
        'batch:TagResource',
        'batch:UntagResource',
        'batch:UpdateJobQueue',
      ],
      resources: of('batch', 'job-definition/', 'job-queue/'),
    },
    {
      sid: 'JobEnvironments',
      writes: ['batch:CreateJobQueue', 'batch:UpdateJobQueue'],
      resources: [arnOf(scope, 'batch', 'compute-environment/jobs-*')],
    },
    {
      sid: 'JobsSeen',
      reads: [
        'batch:DescribeComputeEnvironments',
        'batch:DescribeJobDefinitions',
        'batch:DescribeJobQueues',
        'batch:DescribeJobs',
      ],
      resources: ['*'],
    },
  ]
}

export function eventGrants(scope: AccountScope, kind: StackKind): Grant[] {
  const of = own(scope, kind)
  return [
    {
      sid: 'Events',
      reads: [
        'events:DescribeEventBus',
        'events:DescribeRule',
        'events:ListTagsForResource',
        'events:ListTargetsByRule',
      ],
      writes: [
        'events:CreateEventBus',
        'events:DeleteEventBus',
        'events:DeleteRule',
        'events:DisableRule',
        'events:EnableRule',
        'events:PutRule',
        'events:PutTargets',
        'events:RemoveTargets',
        'events:TagResource',
        'events:UntagResource',
        'events:UpdateEventBus',
      ],
      // Rules of the stack's own bus, and the one on the default bus that feeds it.
      resources: of('events', 'event-bus/', 'rule/'),
    },
    {
      sid: 'Schedules',
      reads: ['scheduler:GetSchedule', 'scheduler:GetScheduleGroup', 'scheduler:ListTagsForResource'],
      writes: [
        'scheduler:CreateSchedule',
        'scheduler:CreateScheduleGroup',
        'scheduler:DeleteSchedule',
        'scheduler:DeleteScheduleGroup',
        'scheduler:TagResource',
        'scheduler:UntagResource',
        'scheduler:UpdateSchedule',
      ],
      resources: of('scheduler', 'schedule-group/', 'schedule/'),
    },
    {
      sid: 'Queues',
      reads: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ListQueueTags'],
      writes: [
        'sqs:CreateQueue',
        'sqs:DeleteQueue',
        'sqs:SetQueueAttributes',
        'sqs:TagQueue',
        'sqs:UntagQueue',
      ],
      resources: of('sqs'),
    },
    ...(kind === 'prod' ? watchGrants(scope) : []),
  ]
}

/** Only prod has alarms, a dashboard and a gallery on CloudFront, whose names are ids. */
function watchGrants(scope: AccountScope): Grant[] {
  const { accountId, partition, prefix, project } = scope
  const distribution = `arn:${partition}:cloudfront::${accountId}:distribution/*`
  return [
    {
      sid: 'Alarms',
      reads: ['cloudwatch:ListTagsForResource'],
      writes: [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      resources: [arnOf(scope, 'cloudwatch', `alarm:${prefix.prod}*`)],
    },
    { sid: 'AlarmsSeen', reads: ['cloudwatch:DescribeAlarms'], resources: ['*'] },
    {
      sid: 'Dashboard',
      reads: ['cloudwatch:GetDashboard'],
      writes: ['cloudwatch:DeleteDashboards', 'cloudwatch:PutDashboard'],
      resources: [`arn:${partition}:cloudwatch::${accountId}:dashboard/${prefix.prod}*`],
    },
    {
      sid: 'GalleryMake',
      writes: ['cloudfront:CreateDistribution', 'cloudfront:TagResource'],
      resources: [distribution],
      condition: {
        StringEquals: { 'aws:RequestTag/sluice:project': project, 'aws:RequestTag/sluice:stack': 'prod' },
      },
    },
    {
      sid: 'Gallery',
      reads: ['cloudfront:GetDistribution', 'cloudfront:ListTagsForResource'],
      writes: [
        'cloudfront:DeleteDistribution',
        'cloudfront:TagResource',
        'cloudfront:UntagResource',
        'cloudfront:UpdateDistribution',
      ],
      resources: [distribution],
      condition: {
        StringEquals: { 'aws:ResourceTag/sluice:project': project, 'aws:ResourceTag/sluice:stack': 'prod' },
      },
    },
    {
      // Such a control has an id for a name and no tags; it grants nothing by itself.
      sid: 'GalleryAccess',
      reads: ['cloudfront:GetOriginAccessControl'],
      writes: [
        'cloudfront:CreateOriginAccessControl',
        'cloudfront:DeleteOriginAccessControl',
        'cloudfront:UpdateOriginAccessControl',
      ],
      resources: [`arn:${partition}:cloudfront::${accountId}:origin-access-control/*`],
    },
  ]
}

const bucketReads = [
  's3:GetAccelerateConfiguration',
  's3:GetBucketAcl',
  's3:GetBucketCORS',
  's3:GetBucketLocation',
  's3:GetBucketLogging',
  's3:GetBucketNotification',
  's3:GetBucketObjectLockConfiguration',
  's3:GetBucketOwnershipControls',
  's3:GetBucketPolicy',
  's3:GetBucketPublicAccessBlock',
  's3:GetBucketRequestPayment',
  's3:GetBucketTagging',
  's3:GetBucketVersioning',
  's3:GetBucketWebsite',
  's3:GetEncryptionConfiguration',
  's3:GetLifecycleConfiguration',
  's3:GetReplicationConfiguration',
  's3:ListBucket',
  's3:ListTagsForResource',
]
const bucketWrites = [
  's3:CreateBucket',
  's3:PutBucketNotification',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketTagging',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
  's3:TagResource',
  's3:UntagResource',
]
/** With its bucket, a preview's objects go too: in all their versions, and what of them was never finished. */
const previewBucketWrites = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:ListBucketMultipartUploads',
  's3:ListBucketVersions',
]
const previewObjectWrites = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:DeleteObjectVersion']
/** What a deployment puts into the logs bucket. */
const deployedKeys = ['code/*', 'deployment.json', 'plan.json']
/** What tells whether a run that a deployment has started went well. */
const journalKeys = ['failures/*', 'ledger/*', 'runs/*']

export function bucketGrants(scope: AccountScope, kind: StackKind): Grant[] {
  const arn = (name: string) => `arn:${scope.partition}:s3:::${name}`
  const names = kind === 'prod' ? scope.prodBuckets : scope.previewBuckets
  const made = Object.entries(names).filter(([role]) => !isAdopted(scope, kind, role))
  const adopted = Object.entries(names).filter(([role]) => isAdopted(scope, kind, role))
  const distinct = (of: readonly (readonly [string, string])[]) => [
    ...new Set(of.map(([, name]) => arn(name))),
  ]
  const logs = (keys: readonly string[]) => keys.map((key) => `${arn(names.logs)}/${key}`)
  return [
    {
      sid: 'Buckets',
      reads: bucketReads,
      writes: [...bucketWrites, ...(kind === 'preview' ? previewBucketWrites : [])],
      resources: distinct(made),
    },
    ...(adopted.length === 0
      ? []
      : [
          {
            sid: 'Adopted',
            reads: ['s3:GetBucketNotification', 's3:ListBucket'],
            resources: distinct(adopted),
          },
        ]),
    {
      sid: 'Deployed',
      reads: ['s3:GetObject', 's3:GetObjectTagging'],
      writes: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObject', 's3:PutObjectTagging'],
      resources: logs(deployedKeys),
    },
    ...(kind === 'prod'
      ? [
          { sid: 'DeployedVersions', writes: ['s3:ListBucketVersions'], resources: [arn(names.logs)] },
          // The only one of prod's policies that goes with what it is for.
          { sid: 'GalleryPolicy', writes: ['s3:DeleteBucketPolicy'], resources: [arn(names.gallery)] },
        ]
      : [
          {
            sid: 'Objects',
            writes: previewObjectWrites,
            resources: distinct(made).map((bucket) => `${bucket}/*`),
          },
        ]),
    { sid: 'Journal', writes: ['s3:GetObject'], resources: logs(journalKeys) },
    // A preview is tried with a sample when it is deployed.
    ...(kind === 'preview'
      ? [{ sid: 'Sample', writes: ['s3:PutObject'], resources: [`${arn(names.input)}/*`] }]
      : []),
  ]
}

function isAdopted(scope: AccountScope, kind: StackKind, role: string): boolean {
  return kind === 'prod' && scope.adopted.some((adopted) => adopted === role)
}
