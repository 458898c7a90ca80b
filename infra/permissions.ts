import type { BucketRole, Location, Plan, PlannedRun } from '../runtime/contracts.ts'
import { ConfigError } from '../runtime/errors.ts'
import { partitionOf } from '../runtime/plan/partition.ts'

export { partitionOf }

/** One statement of an IAM policy, as IAM's JSON spells it. */
export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: Condition
}

export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>

/** Physical names of a stack's buckets. */
export type Buckets = Plan['buckets']

/** Where a stack is. */
export interface Account {
  readonly accountId: string
  readonly region: string
}

/**
 * Actions for which AWS has no permission below the account, so that their resource is `*`, and why each is needed.
 * docs.aws.amazon.com/service-authorization/latest/reference
 */
export const actionsWithoutResource: Readonly<Record<string, string>> = {
  'ec2:DescribeNetworkInterfaces': 'Lambda lists those of functions in a VPC; describing has no resource',
  'ec2:DescribeSubnets': 'Lambda checks its subnets when it makes interfaces',
  'ecr:GetAuthorizationToken': 'a registry login is for the account',
  'redshift-data:DescribeStatement': 'statements have no ARN; a condition limits it to its own',
  'redshift-data:GetStatementResult': 'statements have no ARN; a condition limits it to its own',
  'redshift-data:CancelStatement': 'statements have no ARN; a condition limits it to its own',
}

/** `arn:aws:<service>:<region>:<account>:<resource>` */
export function arnOf({ accountId, region }: Account, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`
}

/** Text that IAM takes as it stands: its wildcards and variables lose their meaning. */
function literal(text: string): string {
  return text.replace(/[*?$]/g, (character) => `\${${character}}`)
}

/** The segments by which a run's own keys in the logs bucket begin, escaped as `runtime/run` does. */
function ownPrefix(folder: string, run: PlannedRun): string {
  const segment = (text: string) => text.replace(/[%/]/g, encodeURIComponent)
  return `${folder}/${segment(run.pipeline)}/${segment(run.site)}/`
}

/** Prefixes by bucket name, since input and output may be one bucket. */
type Places = ReadonlyMap<string, readonly string[]>

function placesOf(locations: readonly Location[], buckets: Buckets): Places {
  const places = new Map<string, string[]>()
  for (const { bucket, prefix } of locations) {
    const name = bucketOf(buckets, bucket)
    const prefixes = places.get(name) ?? []
    if (!prefixes.includes(prefix)) places.set(name, [...prefixes, prefix].toSorted())
  }
  return places
}

function bucketOf(buckets: Buckets, role: BucketRole): string {
  const name = buckets[role]
  if (name === undefined) throw new RangeError(`the plan has no ${role} bucket`)
  return name
}

function objectArns(places: Places, partition: string): string[] {
  return [...places].flatMap(([bucket, prefixes]) =>
    prefixes.map((prefix) => `arn:${partition}:s3:::${bucket}/${literal(prefix)}*`),
  )
}

/**
 * A request for an object that is not there answers 404 only to who may list its bucket, and such a request has no
 * `s3:prefix`: hence IfExists. Without it a first claim in the ledger would end in 403.
 */
function listStatements(places: Places, partition: string): Statement[] {
  return [...places].map(([bucket, prefixes], i) => ({
    Sid: `List${i}`,
    Effect: 'Allow',
    Action: ['s3:ListBucket'],
    Resource: [`arn:${partition}:s3:::${bucket}`],
    Condition: {
      StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${literal(prefix)}*`) },
    },
  }))
}

/**
 * What a run may do with the stack's buckets: read its `reads` and what it wrote, write its `writes`, and keep its
 * ledger, records and failure reports in the logs bucket. Nothing else of any bucket.
 */
export function statementsOf(run: PlannedRun, buckets: Buckets, partition = 'aws'): Statement[] {
  const journal = (...folders: string[]): Location[] =>
    folders.map((folder) => ({ bucket: 'logs', prefix: ownPrefix(folder, run) }))
  const own = journal('failures', 'ledger', 'runs')
  const readable = placesOf([...run.reads, ...run.writes, ...own], buckets)
  const writable = placesOf(run.writes, buckets)
  return [
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: objectArns(readable, partition),
    },
    ...listStatements(readable, partition),
    {
      Sid: 'Record',
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: objectArns(placesOf(own, buckets), partition),
    },
    ...(writable.size === 0
      ? []
      : [
          {
            Sid: 'Write',
            Effect: 'Allow',
            Action: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:PutObject'],
            Resource: objectArns(writable, partition),
          } as const,
        ]),
  ]
}

/** Where Lambda leaves what it could not run. */
export const asyncFailuresPrefix = 'aws/lambda/async/'

/** Lambda writes the events that a function failed on with the function's own rights. */
export function failureDestinationStatements(run: PlannedRun, plan: Plan): Statement[] {
  const partition = partitionOf(plan.region)
  const bucket = bucketOf(plan.buckets, 'logs')
  const places = new Map([[bucket, [`${asyncFailuresPrefix}${run.names.function}/`]]])
  return [
    {
      Sid: 'OnFailure',
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: objectArns(places, partition),
    },
    ...listStatements(places, partition).map((statement) => ({ ...statement, Sid: 'OnFailureList' })),
  ]
}

/** Lines into streams of a log group that exists: the group is the stack's to make. */
export function logStatements(account: Account, logGroup: string): Statement[] {
  return [
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: [arnOf(account, 'logs', `log-group:${logGroup}:*`)],
    },
  ]
}

/** Pulling images of one repository. */
export function pullStatements(repositoryArn: string): Statement[] {
  return [
    {
      Sid: 'Pull',
      Effect: 'Allow',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: [repositoryArn],
    },
    { Sid: 'PullLogin', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
  ]
}

/** What Lambda does to the network interfaces of functions in a VPC, whose ids nobody knows before. */
const interfaceActions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:UnassignPrivateIpAddresses',
]

/**
 * A function in a VPC: its network interfaces, which are Lambda's to manage with the function's role, and not its code's.
 * Lambda wants the rights on every kind of resource of EC2. docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
export function networkStatements(account: Account): Statement[] {
  return [
    {
      Sid: 'Network',
      Effect: 'Allow',
      Action: interfaceActions,
      Resource: [arnOf(account, 'ec2', '*/*')],
    },
    {
      Sid: 'NetworkSeen',
      Effect: 'Allow',
      Action: Object.keys(actionsWithoutResource).filter((action) => action.startsWith('ec2:')),
      Resource: ['*'],
    },
    {
      // Only requests of code name their function: Lambda's own do not.
      Sid: 'NetworkNotByCode',
      Effect: 'Deny',
      Action: interfaceActions,
      Resource: ['*'],
      Condition: { ArnLike: { 'lambda:SourceFunctionArn': arnOf(account, 'lambda', 'function:*') } },
    },
  ]
}

/** A database login by token, as one user of one cluster. */
export function catalogStatements(account: Account, clusterResourceId: string, user: string): Statement[] {
  return [
    {
      Sid: 'Catalog',
      Effect: 'Allow',
      Action: ['rds-db:connect'],
      Resource: [arnOf(account, 'rds-db', `dbuser:${clusterResourceId}/${user}`)],
    },
  ]
}

/** SQL on the cluster as its master, through the Data API: for making and dropping a stack's database. */
export function catalogSetupStatements(clusterArn: string, secretArn: string): Statement[] {
  return [
    {
      Sid: 'Sql',
      Effect: 'Allow',
      Action: [
        'rds-data:BeginTransaction',
        'rds-data:CommitTransaction',
        'rds-data:ExecuteStatement',
        'rds-data:RollbackTransaction',
      ],
      Resource: [clusterArn],
    },
    { Sid: 'Secret', Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: [secretArn] },
  ]
}

/**
 * SQL on Redshift through its Data API. A workgroup's ARN ends in an id that its name does not tell, so the account's
 * workgroups are told apart by the database role that the login gets; results can be read only of statements that the
 * role itself, by its unique id, has sent.
 */
export function redshiftStatements(account: Account, roleId: string): Statement[] {
  return [
    {
      Sid: 'Redshift',
      Effect: 'Allow',
      Action: [
        'redshift-data:BatchExecuteStatement',
        'redshift-data:ExecuteStatement',
        'redshift-serverless:GetCredentials',
      ],
      Resource: [arnOf(account, 'redshift-serverless', 'workgroup/*')],
    },
    {
      Sid: 'RedshiftResults',
      Effect: 'Allow',
      Action: Object.keys(actionsWithoutResource).filter((action) => action.startsWith('redshift-data:')),
      Resource: ['*'],
      // A session's user id is its role's, and its own name.
      Condition: { StringLike: { 'redshift-data:statement-owner-iam-userid': `${roleId}:*` } },
    },
  ]
}

/** What `entry/alert.ts` reads and writes in the logs bucket, and the queue and topic between which it stands. */
export function alertStatements(plan: Plan, topicArn: string | undefined): Statement[] {
  const partition = partitionOf(plan.region)
  const bucket = bucketOf(plan.buckets, 'logs')
  const at = (...prefixes: string[]): Places => new Map([[bucket, prefixes]])
  const readable = at('alerts/', asyncFailuresPrefix, 'failures/', 'ledger/', 'plan.json', 'runs/')
  return [
    { Sid: 'Read', Effect: 'Allow', Action: ['s3:GetObject'], Resource: objectArns(readable, partition) },
    ...listStatements(readable, partition),
    {
      Sid: 'Record',
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: objectArns(at('alerts/', 'failures/', 'runs/'), partition),
    },
    {
      Sid: 'Receive',
      Effect: 'Allow',
      Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      Resource: [arnOf(plan, 'sqs', plan.names.alertQueue)],
    },
    ...(topicArn === undefined
      ? []
      : [{ Sid: 'Mail', Effect: 'Allow', Action: ['sns:Publish'], Resource: [topicArn] } as const]),
  ]
}

/** An inline policy's limit for a role, blanks not counted. */
const inlinePolicyCharacters = 10_240

/** The policy as JSON. @throws ConfigError when IAM would refuse its length */
export function policyJson(statements: readonly Statement[], whose: string): string {
  const json = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  if (json.length <= inlinePolicyCharacters) return json
  const message = `its policy is ${json.length} characters long and IAM takes ${inlinePolicyCharacters}: it reads or writes too many places; use fewer and shorter prefixes`
  throw new ConfigError([{ severity: 'error', file: 'pipelines_config.yml', path: whose, message }])
}

/** A role's trust: one service, and only on behalf of `source` in this account. */
export function trustJson(service: string, account: Account, sourceArn?: string | readonly string[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'aws:SourceAccount': account.accountId },
          ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
        },
      },
    ],
  })
}

/** A bucket's own policy begins so: nothing in the clear. */
export function tlsOnlyStatement(resources: readonly string[], action: string) {
  return {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resources,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  } as const
}
