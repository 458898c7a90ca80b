import type { MockedResource } from './mocked-stack.ts'
import type { PolicyRequest } from './policy-simulator.ts'
import {
  account,
  type Calls,
  idOf,
  many,
  on,
  type Requests,
  type TypeCalls,
  tagged,
} from './provider-call-parts.ts'

/**
 * What AWS is asked for by the provider when Pulumi makes, looks at, changes and deletes a resource: for each type the
 * calls, as hashicorp/aws makes them, with the resource that IAM checks them against.
 * docs.aws.amazon.com/service-authorization/latest/reference
 */

const bucketArn = (name: string) => `arn:aws:s3:::${name}`
const iamArn = (resource: string) => `arn:aws:iam::${account.id}:${resource}`
const arn = (service: string, resource: string) =>
  `arn:aws:${service}:${account.region}:${account.id}:${resource}`

/** A setting of a bucket that has a call to put it and one to get it. */
const bucketSetting =
  (get: string, put: string, remove = put): TypeCalls =>
  ({ inputs }) => {
    const bucket = bucketArn(String(inputs.bucket))
    return {
      create: on(bucket, `s3:${put}`),
      read: on(bucket, `s3:${get}`),
      update: on(bucket, `s3:${put}`),
      delete: on(bucket, `s3:${remove}`),
    }
  }

const passes = (role: unknown, service: string): PolicyRequest[] =>
  role === undefined
    ? []
    : on(iamArn(`role/${idOf(role)}`), 'iam:PassRole').map((request) => ({
        ...request,
        context: { 'iam:PassedToService': service },
      }))

const functionArn = (name: unknown) => arn('lambda', `function:${idOf(name)}`)
const ruleArn = ({ eventBusName, name, rule }: Readonly<Record<string, unknown>>) =>
  arn('events', `rule/${eventBusName === undefined ? '' : `${idOf(eventBusName)}/`}${idOf(name ?? rule)}`)

const mapping = ({ functionName }: Readonly<Record<string, unknown>>, ...actions: string[]) =>
  on(arn('lambda', 'event-source-mapping:0a1b2c3d'), ...actions).map((request) => ({
    ...request,
    context: { 'lambda:FunctionArn': functionArn(functionName) },
  }))

const roleCalls = (inputs: Readonly<Record<string, unknown>>): Calls => {
  const role = iamArn(`role/${String(inputs.name)}`)
  const bound = { 'iam:PermissionsBoundary': String(inputs.permissionsBoundary) }
  const put = on(role, 'iam:PutRolePermissionsBoundary').map((request) => ({ ...request, context: bound }))
  return {
    create: [
      ...on(role, 'iam:CreateRole').map((request) => ({ ...request, context: bound })),
      ...on(role, 'iam:TagRole'),
    ],
    read: on(role, 'iam:GetRole', 'iam:ListRolePolicies', 'iam:ListAttachedRolePolicies', 'iam:ListRoleTags'),
    update: [
      ...put,
      ...on(
        role,
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
        'iam:TagRole',
        'iam:UntagRole',
      ),
    ],
    delete: on(role, 'iam:ListInstanceProfilesForRole', 'iam:DeleteRole'),
  }
}

/** Of a role's inline policy, whose calls know the role's boundary. */
const rolePolicyCalls: TypeCalls = ({ inputs }, graph) => {
  const name = idOf(inputs.role)
  const role = graph.find(({ type, inputs: of }) => type === 'aws:iam/role:Role' && of.name === name)
  const bound = (action: string) =>
    on(iamArn(`role/${name}`), action).map((request) => ({
      ...request,
      context: { 'iam:PermissionsBoundary': String(role?.inputs.permissionsBoundary) },
    }))
  return {
    create: bound('iam:PutRolePolicy'),
    read: on(iamArn(`role/${name}`), 'iam:GetRolePolicy'),
    update: bound('iam:PutRolePolicy'),
    delete: bound('iam:DeleteRolePolicy'),
  }
}

const jobRole = ({ containerProperties }: Readonly<Record<string, unknown>>) =>
  (JSON.parse(String(containerProperties)) as { jobRoleArn: string }).jobRoleArn

/** By Pulumi's type. */
export const providerCalls: Readonly<Record<string, TypeCalls>> = {
  'aws:s3/bucket:Bucket': ({ inputs }) => {
    const bucket = bucketArn(String(inputs.bucket))
    return {
      create: on(bucket, 's3:CreateBucket', 's3:PutBucketTagging', 's3:TagResource'),
      read: on(
        bucket,
        's3:ListBucket',
        's3:GetBucketLocation',
        's3:GetBucketPolicy',
        's3:GetBucketAcl',
        's3:GetBucketCORS',
        's3:GetBucketWebsite',
        's3:GetBucketVersioning',
        's3:GetAccelerateConfiguration',
        's3:GetBucketRequestPayment',
        's3:GetBucketLogging',
        's3:GetLifecycleConfiguration',
        's3:GetReplicationConfiguration',
        's3:GetEncryptionConfiguration',
        's3:GetBucketObjectLockConfiguration',
        's3:GetBucketTagging',
        's3:ListTagsForResource',
      ),
      update: on(bucket, 's3:PutBucketTagging', 's3:TagResource', 's3:UntagResource'),
      delete: [
        ...on(bucket, 's3:DeleteBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'),
        ...on(`${bucket}/some/key`, 's3:DeleteObject', 's3:DeleteObjectVersion', 's3:AbortMultipartUpload'),
      ],
    }
  },
  'aws:s3/bucketOwnershipControls:BucketOwnershipControls': bucketSetting(
    'GetBucketOwnershipControls',
    'PutBucketOwnershipControls',
  ),
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': bucketSetting(
    'GetBucketPublicAccessBlock',
    'PutBucketPublicAccessBlock',
  ),
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': bucketSetting(
    'GetEncryptionConfiguration',
    'PutEncryptionConfiguration',
  ),
  'aws:s3/bucketVersioning:BucketVersioning': bucketSetting('GetBucketVersioning', 'PutBucketVersioning'),
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': bucketSetting(
    'GetLifecycleConfiguration',
    'PutLifecycleConfiguration',
  ),
  'aws:s3/bucketNotification:BucketNotification': bucketSetting(
    'GetBucketNotification',
    'PutBucketNotification',
  ),
  'aws:s3/bucketPolicy:BucketPolicy': bucketSetting(
    'GetBucketPolicy',
    'PutBucketPolicy',
    'DeleteBucketPolicy',
  ),
  'aws:s3/bucketObjectv2:BucketObjectv2': ({ inputs }) => {
    const bucket = bucketArn(idOf(inputs.bucket))
    const object = `${bucket}/${String(inputs.key)}`
    const put = on(object, 's3:PutObject', 's3:PutObjectTagging')
    return {
      create: put,
      read: on(object, 's3:GetObject', 's3:GetObjectTagging'),
      update: put,
      delete: [
        ...on(bucket, 's3:ListBucketVersions'),
        ...on(object, 's3:DeleteObject', 's3:DeleteObjectVersion'),
      ],
    }
  },

  'aws:sqs/queue:Queue': ({ inputs }) => {
    const queue = arn('sqs', String(inputs.name))
    return {
      create: on(queue, 'sqs:CreateQueue', 'sqs:TagQueue'),
      read: on(queue, 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ListQueueTags'),
      update: on(queue, 'sqs:SetQueueAttributes', 'sqs:TagQueue', 'sqs:UntagQueue'),
      delete: on(queue, 'sqs:DeleteQueue'),
    }
  },
  'aws:sqs/queuePolicy:QueuePolicy': ({ inputs }) => {
    const queue = arn('sqs', idOf(inputs.queueUrl))
    const set = on(queue, 'sqs:SetQueueAttributes')
    return { create: set, read: on(queue, 'sqs:GetQueueAttributes'), update: set, delete: set }
  },

  'aws:cloudwatch/eventBus:EventBus': ({ inputs }) =>
    tagged('events', arn('events', `event-bus/${String(inputs.name)}`), {
      create: ['CreateEventBus'],
      read: ['DescribeEventBus'],
      update: ['UpdateEventBus'],
      delete: ['DeleteEventBus'],
    }),
  'aws:cloudwatch/eventRule:EventRule': ({ inputs }) =>
    tagged('events', ruleArn(inputs), {
      create: ['PutRule'],
      read: ['DescribeRule'],
      update: ['PutRule'],
      delete: ['DeleteRule'],
    }),
  'aws:cloudwatch/eventTarget:EventTarget': ({ inputs }) => {
    const rule = ruleArn(inputs)
    const put = [...on(rule, 'events:PutTargets'), ...passes(inputs.roleArn, 'events.amazonaws.com')]
    return {
      create: put,
      read: on(rule, 'events:ListTargetsByRule'),
      update: put,
      delete: on(rule, 'events:RemoveTargets'),
    }
  },
  'aws:scheduler/scheduleGroup:ScheduleGroup': ({ inputs }) =>
    tagged('scheduler', arn('scheduler', `schedule-group/${String(inputs.name)}`), {
      create: ['CreateScheduleGroup'],
      read: ['GetScheduleGroup'],
      update: [],
      delete: ['DeleteScheduleGroup'],
    }),
  'aws:scheduler/schedule:Schedule': ({ inputs }) => {
    const schedule = arn('scheduler', `schedule/${idOf(inputs.groupName)}/${String(inputs.name)}`)
    const { roleArn } = inputs.target as { roleArn: string }
    const pass = passes(roleArn, 'scheduler.amazonaws.com')
    return {
      create: [...on(schedule, 'scheduler:CreateSchedule'), ...pass],
      read: on(schedule, 'scheduler:GetSchedule'),
      update: [...on(schedule, 'scheduler:UpdateSchedule'), ...pass],
      delete: on(schedule, 'scheduler:DeleteSchedule'),
    }
  },

  'aws:cloudwatch/logGroup:LogGroup': ({ inputs }) => {
    const group = arn('logs', `log-group:${String(inputs.name)}`)
    return {
      create: on(`${group}:*`, 'logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:TagResource'),
      read: [...on('*', 'logs:DescribeLogGroups'), ...on(group, 'logs:ListTagsForResource')],
      update: on(
        group,
        'logs:PutRetentionPolicy',
        'logs:DeleteRetentionPolicy',
        'logs:TagResource',
        'logs:UntagResource',
      ),
      delete: on(`${group}:*`, 'logs:DeleteLogGroup'),
    }
  },
  'aws:iam/role:Role': ({ inputs }) => roleCalls(inputs),
  'aws:iam/rolePolicy:RolePolicy': rolePolicyCalls,

  'aws:lambda/function:Function': ({ inputs }) => {
    const target = functionArn(inputs.name)
    const code = `${bucketArn(idOf(inputs.s3Bucket))}/${String(inputs.s3Key)}`
    const change = [
      ...passes(inputs.role, 'lambda.amazonaws.com'),
      ...on(code, 's3:GetObject'),
      ...(inputs.vpcConfig === undefined
        ? []
        : on('*', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs')),
    ]
    return {
      create: [
        ...on(target, 'lambda:CreateFunction', 'lambda:TagResource', 'lambda:PutFunctionConcurrency'),
        ...change,
      ],
      read: on(
        target,
        'lambda:GetFunction',
        'lambda:GetFunctionConfiguration',
        'lambda:ListVersionsByFunction',
        'lambda:GetFunctionCodeSigningConfig',
        'lambda:GetFunctionConcurrency',
        'lambda:ListTags',
      ),
      update: [
        ...on(
          target,
          'lambda:UpdateFunctionCode',
          'lambda:UpdateFunctionConfiguration',
          'lambda:PutFunctionConcurrency',
          'lambda:DeleteFunctionConcurrency',
          'lambda:TagResource',
          'lambda:UntagResource',
        ),
        ...change,
      ],
      delete: on(target, 'lambda:DeleteFunction'),
    }
  },
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': ({ inputs }) => {
    const config = (verb: string) =>
      on(functionArn(inputs.functionName), `lambda:${verb}FunctionEventInvokeConfig`)
    return { create: config('Put'), read: config('Get'), update: config('Put'), delete: config('Delete') }
  },
  'aws:lambda/permission:Permission': ({ inputs }) => {
    const target = functionArn(inputs.function)
    const add = on(target, 'lambda:AddPermission').map((request) => ({
      ...request,
      context: { 'lambda:Principal': String(inputs.principal) },
    }))
    return {
      create: add,
      read: on(target, 'lambda:GetPolicy'),
      update: [],
      delete: on(target, 'lambda:RemovePermission'),
    }
  },
  'aws:lambda/eventSourceMapping:EventSourceMapping': ({ inputs }) => ({
    create: mapping(inputs, 'lambda:CreateEventSourceMapping', 'lambda:TagResource'),
    read: mapping(inputs, 'lambda:GetEventSourceMapping', 'lambda:ListTags'),
    update: mapping(inputs, 'lambda:UpdateEventSourceMapping', 'lambda:TagResource', 'lambda:UntagResource'),
    delete: mapping(inputs, 'lambda:DeleteEventSourceMapping'),
  }),
  'aws:lambda/invocation:Invocation': ({ inputs }) => {
    const invoke = on(functionArn(inputs.functionName), 'lambda:InvokeFunction')
    return { create: invoke, read: [], update: invoke, delete: invoke }
  },

  'aws:batch/jobDefinition:JobDefinition': ({ inputs }) => {
    const definition = arn('batch', `job-definition/${String(inputs.name)}`)
    const register = [
      ...on(definition, 'batch:RegisterJobDefinition', 'batch:TagResource'),
      ...passes(jobRole(inputs), 'ecs-tasks.amazonaws.com'),
    ]
    return {
      create: register,
      read: [
        ...on('*', 'batch:DescribeJobDefinitions'),
        ...on(`${definition}:1`, 'batch:ListTagsForResource'),
      ],
      update: [...register, ...on(`${definition}:1`, 'batch:DeregisterJobDefinition')],
      delete: on(`${definition}:1`, 'batch:DeregisterJobDefinition'),
    }
  },
  'aws:batch/jobQueue:JobQueue': ({ inputs }) => {
    const queue = arn('batch', `job-queue/${String(inputs.name)}`)
    const orders = many(inputs.computeEnvironmentOrders) as readonly { computeEnvironment: string }[]
    const onEnvironments = (action: string) =>
      orders.flatMap(({ computeEnvironment }) => on(computeEnvironment, action))
    return {
      create: [
        ...on(queue, 'batch:CreateJobQueue', 'batch:TagResource'),
        ...onEnvironments('batch:CreateJobQueue'),
      ],
      read: [...on('*', 'batch:DescribeJobQueues'), ...on(queue, 'batch:ListTagsForResource')],
      update: [
        ...on(queue, 'batch:UpdateJobQueue', 'batch:UntagResource'),
        ...onEnvironments('batch:UpdateJobQueue'),
      ],
      delete: on(queue, 'batch:UpdateJobQueue', 'batch:DeleteJobQueue'),
    }
  },

  'aws:cloudwatch/metricAlarm:MetricAlarm': ({ inputs }) => {
    const alarm = arn('cloudwatch', `alarm:${String(inputs.name)}`)
    const put = on(alarm, 'cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource')
    return {
      create: put,
      read: [...on('*', 'cloudwatch:DescribeAlarms'), ...on(alarm, 'cloudwatch:ListTagsForResource')],
      update: [...put, ...on(alarm, 'cloudwatch:UntagResource')],
      delete: on(alarm, 'cloudwatch:DeleteAlarms'),
    }
  },
  'aws:cloudwatch/dashboard:Dashboard': ({ inputs }) => {
    const dashboard = `arn:aws:cloudwatch::${account.id}:dashboard/${String(inputs.dashboardName)}`
    const put = on(dashboard, 'cloudwatch:PutDashboard')
    return {
      create: put,
      read: on(dashboard, 'cloudwatch:GetDashboard'),
      update: put,
      delete: on(dashboard, 'cloudwatch:DeleteDashboards'),
    }
  },
  'aws:cloudfront/distribution:Distribution': () =>
    tagged('cloudfront', `arn:aws:cloudfront::${account.id}:distribution/E1EXAMPLE`, {
      create: ['CreateDistribution'],
      read: ['GetDistribution'],
      update: ['UpdateDistribution'],
      delete: ['UpdateDistribution', 'DeleteDistribution'],
    }),
  'aws:cloudfront/originAccessControl:OriginAccessControl': () => {
    const control = (verb: string) =>
      on(
        `arn:aws:cloudfront::${account.id}:origin-access-control/E2EXAMPLE`,
        `cloudfront:${verb}OriginAccessControl`,
      )
    return {
      create: control('Create'),
      read: control('Get'),
      update: control('Update'),
      delete: control('Delete'),
    }
  },
}

/** Every request of one kind for a whole graph. @throws TypeError at a type whose calls nobody has listed */
export function requestsOf(
  graph: readonly MockedResource[],
  table: Readonly<Record<string, TypeCalls>>,
  verbs: readonly (keyof Calls)[],
): Requests {
  return graph
    .filter(({ type, isCustom }) => (isCustom && type.startsWith('aws:')) || Object.hasOwn(table, type))
    .flatMap((resource) => {
      const calls = table[resource.type]
      if (!calls) throw new TypeError(`no calls are listed for ${resource.type}`)
      const of = calls(resource, graph)
      const asked = resource.readId === undefined ? verbs : (['read'] as const)
      return asked.flatMap((verb) =>
        of[verb].map((request) => ({ where: `${verb} ${resource.type} ${resource.name}`, verb, request })),
      )
    })
}
