import { beforeAll, describe, expect, it } from 'vitest'
import { previewStackName } from '../runtime/plan/names.ts'
import { BranchStack } from './branch-stack.ts'
import { actionsWithoutResource } from './permissions.ts'
import { type MockedResource, recordUnderMocks } from './testing/mocked-stack.ts'
import { everySite, planOf, stackArgs } from './testing/plans.ts'

/** What must hold for every resource of every stack, whatever the registry says. */

interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly Principal?: string | Readonly<Record<string, string>>
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const many = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T]

const branches = [
  { title: 'main', branch: 'main' },
  { title: 'feature/x', branch: 'feature/x' },
  { title: 'a branch of 300 characters', branch: `feature/${'long-'.repeat(60)}`.slice(0, 300) },
]

describe.each(branches)('the stack of $title', ({ branch }) => {
  let graph: MockedResource[]
  const of = (type: string) =>
    graph.filter((resource) => resource.isCustom && resource.type.split(':').at(-1) === type)
  const inputOf = (resource: MockedResource, key: string) => resource.inputs[key] as string

  beforeAll(async () => {
    const plan =
      branch === 'main' ? planOf(everySite) : planOf(everySite, { stack: previewStackName(branch), branch })
    graph = await recordUnderMocks(() => new BranchStack('sluice', stackArgs(plan)))
    expect(graph.length).toBeGreaterThan(100)
  })

  const statements = (): { where: string; statement: PolicyStatement }[] =>
    graph.flatMap(({ type, name, inputs }) =>
      ['policy', 'assumeRolePolicy'].flatMap((key) =>
        typeof inputs[key] === 'string'
          ? many((JSON.parse(inputs[key]) as { Statement: PolicyStatement[] }).Statement).map(
              (statement) => ({ where: `${type} ${name}`, statement }),
            )
          : [],
      ),
    )

  it('allows no action on * but those that AWS gives no resource to', () => {
    const wide = statements().filter(
      ({ statement }) => statement.Effect === 'Allow' && many(statement.Resource).includes('*'),
    )
    expect(wide.length).toBeGreaterThan(0)
    for (const { where, statement } of wide)
      for (const action of many(statement.Action))
        expect([where, Object.keys(actionsWithoutResource)]).toEqual([
          where,
          expect.arrayContaining([action]),
        ])
  })

  it('allows no action by a wildcard, and nothing to everyone', () => {
    for (const { where, statement } of statements()) {
      if (statement.Effect === 'Deny') continue
      expect([where, many(statement.Action).filter((action) => action.includes('*'))]).toEqual([where, []])
      expect([where, JSON.stringify(statement.Principal ?? '')]).not.toEqual([
        where,
        expect.stringContaining('*'),
      ])
    }
  })

  it('has only private, encrypted, versioned buckets, reached over TLS', () => {
    const buckets = of('Bucket').map((bucket) => inputOf(bucket, 'bucket'))
    expect(buckets).toHaveLength(5)
    const settings = (type: string) =>
      Object.fromEntries(of(type).map((resource) => [inputOf(resource, 'bucket'), resource.inputs]))
    for (const bucket of buckets) {
      expect(settings('BucketPublicAccessBlock')[bucket]).toEqual({
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      })
      expect(settings('BucketServerSideEncryptionConfiguration')[bucket]).toMatchObject({
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
      })
      expect(settings('BucketVersioning')[bucket]).toMatchObject({
        versioningConfiguration: { status: 'Enabled' },
      })
      expect(settings('BucketOwnershipControls')[bucket]).toMatchObject({
        rule: { objectOwnership: 'BucketOwnerEnforced' },
      })
      const policies = of('BucketPolicy').filter((policy) => inputOf(policy, 'bucket') === bucket)
      expect(policies).toHaveLength(1)
      const policy = JSON.parse(inputOf(policies[0] as MockedResource, 'policy')) as {
        Statement: PolicyStatement[]
      }
      expect(policy.Statement[0]).toEqual({
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      })
    }
  })

  it('has only encrypted queues, reached over TLS', () => {
    expect(of('Queue')).toHaveLength(2)
    for (const queue of of('Queue')) expect(queue.inputs.sqsManagedSseEnabled).toBe(true)
    for (const policy of of('QueuePolicy'))
      expect(inputOf(policy, 'policy')).toContain('"aws:SecureTransport":"false"')
  })

  it('gives every function and job a log group of its own that forgets', () => {
    const groups = new Map(
      of('LogGroup').map((group) => [inputOf(group, 'name'), group.inputs.retentionInDays]),
    )
    for (const days of groups.values()) expect(days).toBeGreaterThan(0)
    const logging = of('Function').map(
      ({ inputs }) => inputs.loggingConfig as { logGroup: string; logFormat: string },
    )
    for (const { logGroup, logFormat } of logging)
      expect([logFormat, groups.has(logGroup)]).toEqual(['JSON', true])
    const jobs = of('JobDefinition').map((job) => JSON.parse(inputOf(job, 'containerProperties')))
    expect(jobs).toHaveLength(3)
    for (const { logConfiguration } of jobs)
      expect(groups.has(logConfiguration.options['awslogs-group'])).toBe(true)
    expect(groups.size).toBe(logging.length + jobs.length)
  })

  it('lets no role make log groups', () => {
    expect(JSON.stringify(graph)).not.toContain('logs:CreateLogGroup')
  })

  it('gives every target of a rule or schedule retries and dead letters', () => {
    const deadLetters = expect.stringContaining('dead-letters')
    expect(of('EventTarget').length).toBeGreaterThan(3)
    for (const { inputs } of of('EventTarget')) {
      expect(inputs.retryPolicy).toEqual({ maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 })
      expect(inputs.deadLetterConfig).toEqual({ arn: deadLetters })
    }
    expect(of('Schedule').length).toBeGreaterThan(1)
    for (const { inputs } of of('Schedule')) {
      const target = inputs.target as Record<string, unknown>
      expect(target.retryPolicy).toMatchObject({ maximumRetryAttempts: 30 })
      expect(target.deadLetterConfig).toEqual({ arn: deadLetters })
    }
  })

  it('lets one service take each role, on behalf of this account', () => {
    expect(of('Role').length).toBeGreaterThan(10)
    for (const role of of('Role')) {
      const trust = JSON.parse(inputOf(role, 'assumeRolePolicy')) as { Statement: PolicyStatement[] }
      expect(trust.Statement).toHaveLength(1)
      const [statement] = trust.Statement
      expect(Object.keys(statement?.Principal as object)).toEqual(['Service'])
      expect(Object.values(statement?.Principal as object)).toEqual([expect.any(String)])
      expect(statement?.Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': '123456789012' } })
    }
  })

  it('keeps every role to one policy that names its buckets by prefix', () => {
    expect(
      of('RolePolicy')
        .map((policy) => inputOf(policy, 'role'))
        .toSorted(),
    ).toEqual(
      of('Role')
        .map((role) => inputOf(role, 'name'))
        .toSorted(),
    )
    expect(graph.filter(({ type }) => /RolePolicyAttachment|:Policy$/.test(type))).toEqual([])
  })

  it('has no secret in an environment', () => {
    const environments = [
      ...of('Function').map(({ inputs }) => JSON.stringify(inputs.environment ?? {})),
      ...of('JobDefinition').map((job) =>
        JSON.stringify(JSON.parse(inputOf(job, 'containerProperties')).environment),
      ),
    ]
    expect(environments.length).toBeGreaterThan(5)
    for (const text of environments) expect(text).not.toMatch(/passw|secret_|token|api_?key|BEGIN/i)
  })

  it('names no revision of a job definition', () => {
    for (const { inputs } of [...of('EventTarget'), ...of('Schedule')])
      expect(JSON.stringify(inputs)).not.toMatch(/job-definition\/[^"\\]*:\d/)
  })

  it('keeps all names within AWS’s limits', () => {
    const limits: Readonly<Record<string, readonly [string, number, RegExp]>> = {
      Bucket: ['bucket', 63, /^[a-z0-9][a-z0-9-]+[a-z0-9]$/],
      Dashboard: ['dashboardName', 255, /^[A-Za-z0-9_-]+$/],
      EventBus: ['name', 256, /^[/.\-_A-Za-z0-9]+$/],
      EventRule: ['name', 64, /^[.\-_A-Za-z0-9]+$/],
      Function: ['name', 64, /^[A-Za-z0-9_-]+$/],
      JobDefinition: ['name', 128, /^[A-Za-z0-9][A-Za-z0-9_-]*$/],
      JobQueue: ['name', 128, /^[A-Za-z0-9][A-Za-z0-9_-]*$/],
      LogGroup: ['name', 512, /^[.\-_/#A-Za-z0-9]+$/],
      MetricAlarm: ['name', 255, /^[ -~]+$/],
      OriginAccessControl: ['name', 64, /^[ -~]+$/],
      Queue: ['name', 80, /^[A-Za-z0-9_-]+$/],
      Role: ['name', 64, /^[\w+=,.@-]+$/],
      Schedule: ['name', 64, /^[.\-_A-Za-z0-9]+$/],
      ScheduleGroup: ['name', 64, /^[.\-_A-Za-z0-9]+$/],
    }
    for (const [type, [key, length, pattern]] of Object.entries(limits)) {
      for (const resource of of(type)) {
        const name = inputOf(resource, key)
        expect([type, name.length <= length, pattern.test(name)]).toEqual([type, true, true])
      }
      const names = of(type).map((resource) => inputOf(resource, key))
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('keeps every rule’s pattern, target input and policy within AWS’s limits', () => {
    for (const rule of of('EventRule')) expect(inputOf(rule, 'eventPattern').length).toBeLessThanOrEqual(2048)
    for (const policy of of('RolePolicy'))
      expect(inputOf(policy, 'policy').length).toBeLessThanOrEqual(10_240)
    for (const { inputs } of of('Function'))
      expect(
        Buffer.byteLength(JSON.stringify((inputs.environment as { variables: object }).variables)),
      ).toBeLessThan(4096)
  })

  it('warns by mail and draws graphs in prod only', () => {
    const isProd = branch === 'main'
    expect(of('MetricAlarm').length > 0).toBe(isProd)
    expect(of('Dashboard').length > 0).toBe(isProd)
    expect(of('Distribution').length > 0).toBe(isProd)
    for (const { inputs } of of('MetricAlarm'))
      expect([inputs.treatMissingData, inputs.alarmActions]).toEqual([
        'notBreaching',
        [expect.stringContaining(':sns:')],
      ])
    for (const { inputs } of of('Schedule')) expect(inputs.state).toBe(isProd ? 'ENABLED' : 'DISABLED')
  })
})

describe('two branches', () => {
  it('share no name, bucket or trigger', async () => {
    const physical = async (branch: string) => {
      const plan =
        branch === 'main' ? planOf(everySite) : planOf(everySite, { stack: previewStackName(branch), branch })
      const graph = await recordUnderMocks(() => new BranchStack('sluice', stackArgs(plan)))
      return new Set(
        graph
          .filter(({ isCustom, type }) => isCustom && type.startsWith('aws:') && !type.includes('rolePolicy'))
          .flatMap(({ inputs }) => [inputs.name, inputs.bucket, inputs.dashboardName])
          .filter((name) => typeof name === 'string'),
      )
    }
    const sets: Set<unknown>[] = []
    for (const branch of ['main', 'feature/x', 'feature-x', 'Feature/X']) sets.push(await physical(branch))
    for (const [i, a] of sets.entries()) {
      expect(a.size).toBeGreaterThan(30)
      for (const b of sets.slice(i + 1)) expect([...a].filter((name) => b.has(name))).toEqual([])
    }
  })
})
