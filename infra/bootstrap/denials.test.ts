import { describe, expect, it } from 'vitest'
import { accountRoles } from '../testing/account-roles.ts'
import type { RequestContext } from '../testing/policy-condition.ts'
import {
  decide,
  type PolicyDocument,
  type PolicyStatement,
  parsePolicy,
  type SimulatedRole,
} from '../testing/policy-simulator.ts'
import { boundaryArn } from './role-grants.ts'
import { keyPolicy } from './secret-keys.ts'
import { statePolicy } from './state-bucket.ts'

/** What nobody may do from a workflow, by the names of what is there: tags are left out, which would deny it again. */

const { scope, policies, deployProd, deployPreview, preview } = accountRoles()
const { names } = scope
const iam = (resource: string) => `arn:aws:iam::123456789012:${resource}`
const arn = (service: string, resource: string) => `arn:aws:${service}:us-west-2:123456789012:${resource}`
const state = (key: string) => `arn:aws:s3:::${names.stateBucket}/.pulumi/${key}`
const own = 'ocean-pipelines--feature-x-1234abcd--lidar--humboldt'
const ofProd = 'ocean-pipelines--prod--lidar--humboldt'
const everything: PolicyDocument = {
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
}

const may = (role: SimulatedRole, action: string, resource: string, context: RequestContext = {}) =>
  decide(role, { action, resource, context }).isAllowed

type Case = readonly [action: string, resource: string, context?: RequestContext]
const bound = (kind: 'prod' | 'preview') => ({ 'iam:PermissionsBoundary': boundaryArn(scope, kind) })

describe('the table of what is allowed', () => {
  const cases: readonly [SimulatedRole, ...Case][] = [
    [deployPreview, 's3:PutObject', state('stacks/ocean-pipelines/feature-x-1234abcd.json')],
    [deployPreview, 's3:PutObject', state('stacks/ocean-pipelines/feature-x-1234abcd.pulumi-tags')],
    [deployPreview, 's3:PutObject', state('history/ocean-pipelines/feature-x-1234abcd/x.history.json')],
    [deployPreview, 's3:PutObject', state('backups/ocean-pipelines/feature-x-1234abcd/x.json')],
    [deployPreview, 's3:PutObject', state('journal/ocean-pipelines/feature-x-1234abcd/manifest.json')],
    [deployPreview, 's3:DeleteObject', state('locks/organization/ocean-pipelines/feature-x-1234abcd/1.json')],
    [deployPreview, 's3:GetObject', state('stacks/sluice-base/us-west-2.json')],
    [deployPreview, 's3:GetObject', state('meta.yaml')],
    [deployPreview, 's3:ListBucket', `arn:aws:s3:::${names.stateBucket}`],
    [deployPreview, 'iam:CreateRole', iam(`role/${own}`), bound('preview')],
    [deployPreview, 'iam:PassRole', iam(`role/${own}`), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
    // A pipeline may be called prod.
    [
      deployPreview,
      'lambda:CreateFunction',
      arn('lambda', 'function:ocean-pipelines--x-1234abcd--prod--main'),
    ],
    [deployPreview, 'ecr:PutImage', arn('ecr', `repository/${names.previewImageRepository}`)],
    [deployProd, 'ecr:PutImage', arn('ecr', `repository/${names.imageRepository}`)],
    [deployProd, 's3:PutObject', state('stacks/ocean-pipelines/prod.json')],
    [deployProd, 's3:PutObject', state('stacks/ocean-pipelines/prod.json.bak')],
    [deployProd, 's3:PutObject', state('locks/organization/ocean-pipelines/prod/1.json')],
    [deployProd, 's3:PutObject', state('stacks/sluice-base/us-west-2.json')],
    [deployProd, 'iam:CreateRole', iam(`role/${ofProd}`), bound('prod')],
    [preview, 's3:GetObject', state('stacks/ocean-pipelines/feature-x-1234abcd.json')],
    [preview, 's3:GetObject', state('history/ocean-pipelines/feature-x-1234abcd/x.history.json')],
    [preview, 's3:GetObject', state('stacks/sluice-base/us-west-2.json')],
  ]
  it.each(cases)('%#: $arn may %s %s', (role, action, resource, context) => {
    expect(may(role, action, resource, context)).toBe(true)
  })
})

/** What none of the roles may do, whichever branch it is of. */
const forbidden: Readonly<Record<string, readonly Case[]>> = {
  'make or pass roles without a boundary': [
    ['iam:CreateRole', iam(`role/${own}`)],
    ['iam:CreateRole', iam(`role/${ofProd}`)],
    ['iam:CreateRole', iam(`role/${own}`), { 'iam:PermissionsBoundary': iam('policy/AdministratorAccess') }],
    ['iam:CreateRole', iam('role/another'), bound('preview')],
    ['iam:PutRolePolicy', iam(`role/${own}`)],
    ['iam:PutRolePolicy', iam(`role/${ofProd}`)],
    ['iam:PutRolePermissionsBoundary', iam(`role/${own}`), { 'iam:PermissionsBoundary': iam('policy/wide') }],
    ['iam:DeleteRolePermissionsBoundary', iam(`role/${own}`), bound('preview')],
    ['iam:DeleteRolePermissionsBoundary', iam(`role/${ofProd}`), bound('prod')],
    [
      'iam:AttachRolePolicy',
      iam(`role/${own}`),
      { ...bound('preview'), 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' },
    ],
    ['iam:AttachRolePolicy', iam(`role/${ofProd}`), bound('prod')],
    ['iam:PassRole', iam(`role/${own}`), { 'iam:PassedToService': 'ec2.amazonaws.com' }],
    ['iam:PassRole', iam(`role/${own}`)],
    ['iam:PassRole', iam('role/admin'), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
    ['iam:PassRole', iam(`role/${names.deployProdRole}`), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
    [
      'iam:PassRole',
      iam(`role/${names.deployPreviewRole}`),
      { 'iam:PassedToService': 'lambda.amazonaws.com' },
    ],
    [
      'iam:CreateServiceLinkedRole',
      iam('role/aws-service-role/ec2.amazonaws.com/X'),
      { 'iam:AWSServiceName': 'ec2.amazonaws.com' },
    ],
  ],
  'raise their own rights': [
    ...[names.deployProdRole, names.deployPreviewRole, names.previewRole].flatMap((role): Case[] =>
      [
        'UpdateAssumeRolePolicy',
        'PutRolePolicy',
        'AttachRolePolicy',
        'PutRolePermissionsBoundary',
        'DeleteRolePermissionsBoundary',
        'DeleteRole',
        'UpdateRole',
        'TagRole',
      ].flatMap((action): Case[] => [
        [`iam:${action}`, iam(`role/${role}`), bound('prod')],
        [`iam:${action}`, iam(`role/${role}`), bound('preview')],
      ]),
    ),
    ...[names.prodBoundary, names.previewBoundary, policies.deployPreview.guard.name].flatMap(
      (policy): Case[] =>
        ['CreatePolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicy', 'DeletePolicyVersion'].map(
          (action) => [`iam:${action}`, iam(`policy/${policy}`)],
        ),
    ),
    ['iam:CreatePolicy', iam('policy/mine')],
    ['iam:CreateUser', iam('user/mallory')],
    ['iam:CreateAccessKey', iam('user/admin')],
    ['iam:AddClientIDToOpenIDConnectProvider', iam('oidc-provider/token.actions.githubusercontent.com')],
    ['iam:CreateOpenIDConnectProvider', iam('oidc-provider/evil.example')],
    ['sts:AssumeRole', iam('role/admin')],
    ['sts:AssumeRole', iam(`role/${own}`)],
    ['organizations:LeaveOrganization', '*'],
  ],
  'unmake what bootstrap made': [
    ['s3:DeleteBucket', `arn:aws:s3:::${names.stateBucket}`],
    ['s3:PutBucketPolicy', `arn:aws:s3:::${names.stateBucket}`],
    ['s3:PutBucketVersioning', `arn:aws:s3:::${names.stateBucket}`],
    ['s3:PutLifecycleConfiguration', `arn:aws:s3:::${names.stateBucket}`],
    ['s3:DeleteObjectVersion', state('stacks/ocean-pipelines/prod.json')],
    ['s3:DeleteObjectVersion', state('stacks/ocean-pipelines/feature-x-1234abcd.json')],
    ['s3:PutObject', state('meta.yaml')],
    ['s3:DeleteObject', state('meta.yaml')],
    ['ecr:DeleteRepository', arn('ecr', `repository/${names.imageRepository}`)],
    ['ecr:BatchDeleteImage', arn('ecr', `repository/${names.imageRepository}`)],
    ['ecr:PutImageTagMutability', arn('ecr', `repository/${names.imageRepository}`)],
    ['kms:ScheduleKeyDeletion', arn('kms', 'key/1'), { 'kms:ResourceAliases': [names.previewKeyAlias] }],
    ['kms:PutKeyPolicy', arn('kms', 'key/1'), { 'kms:ResourceAliases': [names.previewKeyAlias] }],
    ['kms:CreateAlias', arn('kms', names.previewKeyAlias)],
  ],
  'touch what is another project’s, or the account’s': [
    ['lambda:UpdateFunctionCode', arn('lambda', 'function:river-pipelines--prod--lidar--main')],
    ['lambda:UpdateFunctionCode', arn('lambda', 'function:ocean-pipelines-2--prod--lidar--main')],
    ['s3:PutBucketPolicy', 'arn:aws:s3:::river-input'],
    ['s3:GetObject', 'arn:aws:s3:::river-input/x'],
    ['s3:PutObject', state('stacks/river-pipelines/prod.json')],
    ['s3:GetObject', state('stacks/river-pipelines/x-1234abcd.json')],
    ['kms:Decrypt', arn('kms', 'key/2'), { 'kms:ResourceAliases': ['alias/river'] }],
    ['kms:Decrypt', arn('kms', 'key/2')],
    ['ecr:PutImage', arn('ecr', 'repository/river/bootstrap/jobs')],
    ['ec2:RunInstances', arn('ec2', 'instance/*')],
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:rds!cluster-1')],
    ['rds:ModifyDBCluster', arn('rds', 'cluster:payroll')],
  ],
  'open functions to others': [
    ['lambda:AddPermission', arn('lambda', `function:${own}`), { 'lambda:Principal': '*' }],
    ['lambda:AddPermission', arn('lambda', `function:${own}`), { 'lambda:Principal': '999999999999' }],
    ['lambda:AddPermission', arn('lambda', `function:${ofProd}`), { 'lambda:Principal': '*' }],
    ['lambda:CreateFunctionUrlConfig', arn('lambda', `function:${own}`)],
  ],
}

const roles = { deployProd, deployPreview, preview }

describe.each(Object.entries(forbidden))('may not %s', (_what, cases) => {
  it.each(Object.entries(roles))('%s', (_name, role) => {
    expect(cases.filter((of) => may(role, ...of))).toEqual([])
  })
})

const ofProdOnly: readonly Case[] = [
  ['s3:GetObject', state('stacks/ocean-pipelines/prod.json')],
  ['s3:GetObject', state('stacks/ocean-pipelines/prod.json.bak')],
  ['s3:GetObject', state('stacks/ocean-pipelines/prod.json.gz')],
  ['s3:GetObject', state('stacks/ocean-pipelines/prod.pulumi-tags')],
  ['s3:GetObject', state('history/ocean-pipelines/prod/prod-1.checkpoint.json')],
  ['s3:GetObject', state('backups/ocean-pipelines/prod/prod.1.json')],
  ['s3:GetObject', state('journal/ocean-pipelines/prod/0000000001.journal.json')],
  ['s3:PutObject', state('locks/organization/ocean-pipelines/prod/1.json')],
  ['s3:PutObject', state('stacks/ocean-pipelines/prod.json')],
  ['s3:DeleteObject', state('stacks/ocean-pipelines/prod.json')],
  ['s3:PutObject', state('stacks/sluice-base/us-west-2.json')],
  ['kms:Decrypt', arn('kms', 'key/1'), { 'kms:ResourceAliases': [names.prodKeyAlias] }],
  ['kms:Encrypt', arn('kms', 'key/1'), { 'kms:ResourceAliases': [names.prodKeyAlias] }],
  // A key with both names is prod's.
  [
    'kms:Decrypt',
    arn('kms', 'key/1'),
    { 'kms:ResourceAliases': [names.prodKeyAlias, names.previewKeyAlias] },
  ],
  ['lambda:UpdateFunctionCode', arn('lambda', `function:${ofProd}`)],
  ['lambda:InvokeFunction', arn('lambda', `function:${ofProd}`)],
  ['batch:SubmitJob', arn('batch', `job-definition/${ofProd}`)],
  ['events:PutRule', arn('events', 'rule/ocean-pipelines--prod--forward')],
  ['events:PutTargets', arn('events', `rule/ocean-pipelines--prod--events/${ofProd}`)],
  ['scheduler:DeleteSchedule', arn('scheduler', `schedule/ocean-pipelines--prod--schedules/${ofProd}`)],
  ['sqs:DeleteQueue', arn('sqs', 'ocean-pipelines--prod--dead-letters')],
  ['logs:DeleteLogGroup', arn('logs', `log-group:/sluice/${ofProd}:*`)],
  ['iam:GetRole', iam(`role/${ofProd}`)],
  ['iam:PutRolePolicy', iam(`role/${ofProd}`), bound('preview')],
  ['iam:PutRolePolicy', iam(`role/${ofProd}`), bound('prod')],
  ['iam:CreateRole', iam(`role/${own}`), bound('prod')],
  ['iam:PassRole', iam(`role/${ofProd}`), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['iam:UpdateAssumeRolePolicy', iam(`role/${ofProd}`)],
  ...Object.values(scope.prodBuckets).flatMap((bucket): Case[] => [
    ['s3:GetObject', `arn:aws:s3:::${bucket}/x`],
    ['s3:PutObject', `arn:aws:s3:::${bucket}/code/x.zip`],
    ['s3:ListBucket', `arn:aws:s3:::${bucket}`],
    ['s3:DeleteBucket', `arn:aws:s3:::${bucket}`],
    ['s3:PutBucketPolicy', `arn:aws:s3:::${bucket}`],
  ]),
  ['ecr:PutImage', arn('ecr', `repository/${names.imageRepository}`)],
  ['sns:DeleteTopic', arn('sns', 'sluice-alerts')],
  ['rds:ModifyDBCluster', arn('rds', 'cluster:catalog-cluster-0a1b2c3')],
  ['rds:ModifyDBCluster', arn('rds', 'cluster:preview-catalog-cluster-0a1b2c3')],
  ['cloudfront:UpdateDistribution', 'arn:aws:cloudfront::123456789012:distribution/E1'],
  ['cloudwatch:DeleteAlarms', arn('cloudwatch', 'alarm:ocean-pipelines--prod--errors-1')],
]

describe('prod', () => {
  it.each(['deployPreview', 'preview'] as const)('is out of reach of %s', (name) => {
    expect(ofProdOnly.filter((of) => may(roles[name], ...of))).toEqual([])
  })

  it.each(['deployPreview', 'preview'] as const)(
    'stays out of reach of %s when somebody gives it every right there is',
    (name) => {
      const raised = { ...roles[name], policies: [everything] }
      const still = ofProdOnly.filter(
        // What the base stack has is not by name.
        ([action]) => !/^(?:sns|rds|cloudfront|cloudwatch):/.test(action),
      )
      expect(
        still.filter((of) => may(raised, ...of)).map(([action, resource]) => `${action} ${resource}`),
      ).toEqual([])
      expect(forbidden['raise their own rights']?.filter((of) => may(raised, ...of))).toEqual([])
    },
  )

  it('is known by its tags as well, where names say nothing', () => {
    const raised = { ...deployPreview, policies: [everything] }
    const tag = (stack: string) => ({
      'aws:ResourceTag/sluice:project': 'ocean-pipelines',
      'aws:ResourceTag/sluice:stack': stack,
    })
    const mapping = arn('lambda', 'event-source-mapping:1')
    expect(may(raised, 'lambda:DeleteEventSourceMapping', mapping, tag('prod'))).toBe(false)
    expect(may(raised, 'lambda:DeleteEventSourceMapping', mapping, tag('x-1234abcd'))).toBe(true)
  })

  it('keeps its state and its key from previews by their own policies, too', () => {
    for (const role of [deployPreview, preview]) {
      const raised = { arn: role.arn, policies: [everything] }
      const of = (action: string, resource: string, json: string, isRequired?: true) =>
        decide(
          raised,
          { action, resource },
          { document: parsePolicy(json), ...(isRequired && { isRequired }) },
        )
      const key = arn('kms', 'key/1')
      expect(of('s3:GetObject', state('stacks/ocean-pipelines/prod.json'), statePolicy(scope)).sid).toBe(
        'ProdOnly',
      )
      expect(
        of('s3:GetObject', state('stacks/ocean-pipelines/x-1234abcd.json'), statePolicy(scope)).isAllowed,
      ).toBe(true)
      expect(of('kms:Decrypt', key, keyPolicy(scope, 'prod'), true).sid).toBe('ProdOnly')
      expect(of('kms:Decrypt', key, keyPolicy(scope, 'preview'), true).isAllowed).toBe(true)
    }
    const main = { arn: deployProd.arn, policies: [everything] }
    const decrypt = { action: 'kms:Decrypt', resource: arn('kms', 'key/1') }
    expect(
      decide(main, decrypt, { document: parsePolicy(keyPolicy(scope, 'prod')), isRequired: true }).isAllowed,
    ).toBe(true)
    const inTheClear = {
      action: 's3:GetObject',
      resource: state('meta.yaml'),
      context: { 'aws:SecureTransport': 'false' },
    }
    expect(decide(main, inTheClear, { document: parsePolicy(statePolicy(scope)) }).sid).toBe('TlsOnly')
  })
})

describe('other projects whose names begin alike', () => {
  it.each(Object.entries(roles))('are kept from %s by their tags', (_name, role) => {
    const raised = { ...role, policies: [everything] }
    const context = { 'aws:ResourceTag/sluice:project': 'ocean-pipelines-and-more' }
    expect(may(raised, 'lambda:GetFunction', arn('lambda', `function:${own}`), context)).toBe(false)
    expect(may(raised, 'lambda:GetFunction', arn('lambda', `function:${own}`))).toBe(true)
  })
})

describe('roles that stacks make', () => {
  const run = (kind: 'prod' | 'preview'): SimulatedRole => ({
    arn: iam('role/run'),
    policies: [everything],
    boundary: parsePolicy(kind === 'prod' ? policies.prodBoundary.json : policies.previewBoundary.json),
  })

  it.each(['prod', 'preview'] as const)('can do nothing to rights, keys, state or stacks, in %s', (kind) => {
    const cases: readonly Case[] = [
      ...Object.values(forbidden).flat(),
      ['iam:CreateRole', iam(`role/${own}`), bound('preview')],
      ['iam:PassRole', iam(`role/${own}`), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
      ['lambda:CreateFunction', arn('lambda', `function:${own}`)],
      ['s3:GetObject', state('stacks/ocean-pipelines/prod.json')],
      ['s3:PutObject', state('stacks/ocean-pipelines/x-1234abcd.json')],
      ['kms:Decrypt', arn('kms', 'key/1'), { 'kms:ResourceAliases': [names.previewKeyAlias] }],
      ['kms:Decrypt', arn('kms', 'key/1'), { 'kms:ResourceAliases': [names.prodKeyAlias] }],
      ['ecr:PutImage', arn('ecr', `repository/${names.imageRepository}`)],
      ['s3:PutBucketPolicy', 'arn:aws:s3:::acme-ocean-input'],
    ]
    expect(cases.filter((of) => may(run(kind), ...of))).toEqual([])
  })

  it.each(['prod', 'preview'] as const)(
    'leave network interfaces to Lambda, which manages them with a function’s role and names no function, in %s',
    (kind) => {
      const interfaces = arn('ec2', 'network-interface/eni-1')
      const byCode = { 'lambda:SourceFunctionArn': arn('lambda', `function:${own}`) }
      for (const action of ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']) {
        expect(may(run(kind), action, interfaces)).toBe(true)
        expect(may(run(kind), action, interfaces, byCode)).toBe(false)
        expect(may(run(kind), action, interfaces.replace('123456789012', '999999999999'))).toBe(false)
      }
    },
  )

  it('of a preview reach no bucket, queue, function, database or cluster of prod', () => {
    const master = (cluster: string) => ({
      'aws:ResourceTag/aws:rds:primaryDBClusterArn': arn('rds', `cluster:${cluster}`),
    })
    const cases: readonly Case[] = [
      ...ofProdOnly,
      ['sqs:SendMessage', arn('sqs', 'ocean-pipelines--prod--alert-queue')],
      ['events:PutEvents', arn('events', 'event-bus/ocean-pipelines--prod--events')],
      ['rds-db:connect', arn('rds-db', `dbuser:cluster-ABC/${scope.prodDatabase}`)],
      ['rds-data:ExecuteStatement', arn('rds', 'cluster:catalog-cluster-0a1b2c3')],
      [
        'secretsmanager:GetSecretValue',
        arn('secretsmanager', 'secret:rds!cluster-1'),
        master('catalog-cluster-0a1b2c3'),
      ],
    ]
    expect(cases.filter((of) => may(run('preview'), ...of))).toEqual([])
    expect(
      may(
        run('preview'),
        'secretsmanager:GetSecretValue',
        arn('secretsmanager', 'secret:rds!cluster-2'),
        master('preview-catalog-cluster-0a1b2c3'),
      ),
    ).toBe(true)
  })
})

describe('every statement of every policy', () => {
  const identity = [policies.deployProd, policies.deployPreview, policies.preview].flatMap(
    ({ policies: own }) => own,
  )
  const bounds = [policies.prodBoundary, policies.previewBoundary]
  const allowing = [...identity, ...bounds].flatMap(({ name, json }) =>
    (parsePolicy(json).Statement as readonly PolicyStatement[])
      .filter(({ Effect }) => Effect === 'Allow')
      .map((statement) => ({ name, statement })),
  )
  const listOf = (value: string | readonly string[] | undefined) => [value ?? []].flat()

  it('names its actions, and no more resources than it must', () => {
    expect(allowing.length).toBeGreaterThan(60)
    for (const { name, statement } of allowing) {
      expect(statement.NotAction ?? statement.NotResource).toBeUndefined()
      expect([name, listOf(statement.Action).filter((action) => action.includes('*'))]).toEqual([name, []])
      if (!listOf(statement.Resource).includes('*')) continue
      const wide = listOf(statement.Action).filter(
        // As in the stacks' own policies: AWS has no resource for these.
        (action) => !/:(?:Describe\w+|GetAuthorizationToken)$|^redshift-data:/.test(action),
      )
      expect([name, wide]).toEqual([name, []])
    }
  })

  it('lets no role be made, given rights or passed but within its boundary and to the services that run pipelines', () => {
    const withAction = (pattern: RegExp) =>
      allowing.filter(({ statement }) => listOf(statement.Action).some((action) => pattern.test(action)))
    const rights =
      /^iam:(?:Create|Put|Attach|Detach|Set|Add)(?!ServiceLinkedRole)|^iam:DeleteRole(?:Policy|Perm)/
    for (const { name, statement } of withAction(rights)) {
      const kind = name.includes('prod') ? 'prod' : 'preview'
      expect([name, statement.Condition]).toEqual([name, { StringEquals: bound(kind) }])
      for (const resource of listOf(statement.Resource))
        expect(resource.startsWith(iam('role/ocean-pipelines--'))).toBe(true)
    }
    const passing = withAction(/^iam:PassRole$/i)
    expect(passing.map(({ name }) => name)).toHaveLength(2)
    for (const { statement } of passing) {
      for (const resource of listOf(statement.Resource))
        expect(resource.startsWith(iam('role/ocean-pipelines--'))).toBe(true)
      expect(statement.Condition).toEqual({
        StringEquals: {
          'iam:PassedToService': [
            'ecs-tasks.amazonaws.com',
            'events.amazonaws.com',
            'lambda.amazonaws.com',
            'scheduler.amazonaws.com',
          ],
        },
      })
    }
    const granted = allowing.flatMap(({ statement }) => listOf(statement.Action))
    expect(
      granted.filter((action) =>
        /^(?:sts|organizations|account|sso):|^iam:\w*(?:User|Group|AccessKey|LoginProfile|OpenID|SAML|PolicyVersion)|^iam:(?:CreatePolicy|AttachRolePolicy)$/.test(
          action,
        ),
      ),
    ).toEqual([])
  })

  it('of who only looks changes nothing', () => {
    const actions = policies.preview.policies.flatMap(({ json }) =>
      (parsePolicy(json).Statement as readonly PolicyStatement[]).flatMap(({ Action }) => listOf(Action)),
    )
    expect(actions.filter((action) => !/:(?:Get|List|Describe)\w+$|^kms:Decrypt$/.test(action))).toEqual([])
  })
})
