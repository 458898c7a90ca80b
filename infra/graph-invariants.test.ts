import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Plan, PlannedRun, RegisteredSite } from '../runtime/contracts.ts'
import { previewStackName } from '../runtime/plan/names.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { BranchStack } from './branch-stack.ts'
import { catalogName } from './names.ts'
import { actionsWithoutResource } from './permissions.ts'
import { type MockedResource, recordUnderMocks } from './testing/mocked-stack.ts'
import { everySite, image, planOf, redshift, stackArgs } from './testing/plans.ts'
import { copyEveryKey } from './testing/project-copy.ts'

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

const long = `feature/${'long-'.repeat(60)}`.slice(0, 300)
const root = path.resolve(import.meta.dirname, '..')

const everything = (branch: string) =>
  branch === 'main' ? planOf(everySite) : planOf(everySite, { stack: previewStackName(branch), branch })

const ofRegistry = (projectRoot: string, branch: string) => {
  const stack = branch === 'main' ? 'prod' : previewStackName(branch)
  return planRuns(loadRegistry({ projectRoot, stack }), { stack, branch })
}

const ofEveryKey = (branch: string) => {
  const copy = copyEveryKey()
  try {
    return ofRegistry(copy.folder, branch)
  } finally {
    copy.remove()
  }
}

/** With the longest names that a registry may have. */
const ofLongNames = (branch: string) => {
  const sites = everySite.map((site): RegisteredSite => {
    const [pipeline, name] = [site.pipeline.padEnd(100, '-p'), site.site.padEnd(100, '_s')]
    return { ...site, pipeline, site: name, key: `${pipeline}/${name}` as const }
  })
  const stack = branch === 'main' ? {} : { stack: previewStackName(branch), branch }
  return planOf(sites, { ...stack, registry: { project: 'ocean.pipelines'.padEnd(100, '-x') } })
}

const stacks: readonly { readonly title: string; readonly plan: () => Plan }[] = [
  { title: 'main', plan: () => everything('main') },
  { title: 'feature/x', plan: () => everything('feature/x') },
  { title: 'a branch of 300 characters', plan: () => everything(long) },
  { title: 'main, of names of 100 characters', plan: () => ofLongNames('main') },
  { title: 'a branch of 300 characters, of names of 100', plan: () => ofLongNames(long) },
  { title: 'main, of the sample registry', plan: () => ofRegistry(root, 'main') },
  { title: 'a branch of 300 characters, of the sample registry', plan: () => ofRegistry(root, long) },
  { title: 'main, of the registry with every key', plan: () => ofEveryKey('main') },
  { title: 'a branch of 300 characters, of the registry with every key', plan: () => ofEveryKey(long) },
]

const graphOf = (plan: Plan) => recordUnderMocks(() => new BranchStack('sluice', stackArgs(plan)))

describe.each(stacks)('the stack of $title', (stack) => {
  let plan: Plan
  let graph: MockedResource[]
  const of = (type: string) =>
    graph.filter((resource) => resource.isCustom && resource.type.split(':').at(-1) === type)
  const inputOf = (resource: MockedResource, key: string) => resource.inputs[key] as string
  const countRuns = (test: (run: PlannedRun) => boolean) => plan.runs.filter(test).length

  beforeAll(async () => {
    plan = stack.plan()
    graph = await graphOf(plan)
    expect(graph.length).toBeGreaterThan(100)
    expect(plan.kind).toBe(stack.title.startsWith('main') ? 'prod' : 'preview')
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
    expect(buckets.toSorted()).toEqual([...new Set(Object.values(plan.buckets))].toSorted())
    expect(buckets.length).toBeGreaterThan(2)
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
      // CloudFront alone is let in, to read, on behalf of the gallery's distribution.
      const isServed = plan.kind === 'prod' && bucket === plan.buckets.gallery
      expect(policy.Statement.slice(1)).toEqual(
        isServed
          ? [
              {
                Sid: 'CloudFront',
                Effect: 'Allow',
                Principal: { Service: 'cloudfront.amazonaws.com' },
                Action: 's3:GetObject',
                Resource: `arn:aws:s3:::${bucket}/*`,
                Condition: {
                  StringEquals: { 'aws:SourceArn': expect.stringMatching(/^arn:.*gallery-distribution$/) },
                },
              },
            ]
          : [],
      )
    }
  })

  it('serves a gallery from its bucket by signed requests, over TLS', () => {
    const isServed = plan.kind === 'prod' && plan.buckets.gallery !== undefined
    expect(of('Distribution')).toHaveLength(isServed ? 1 : 0)
    for (const { inputs } of of('Distribution')) {
      expect(inputs.origins).toEqual([
        {
          originId: 'gallery',
          domainName: expect.stringContaining(`${plan.buckets.gallery}.s3.`),
          // As the mocks call it.
          originAccessControlId: of('OriginAccessControl')[0]?.inputs.name,
        },
      ])
      expect(inputs.defaultCacheBehavior).toMatchObject({ viewerProtocolPolicy: 'redirect-to-https' })
    }
    for (const { inputs } of of('OriginAccessControl'))
      expect(inputs).toMatchObject({ signingBehavior: 'always', signingProtocol: 'sigv4' })
  })

  it('lets rules of its own start its functions, and nobody else', () => {
    expect(of('Permission')).toHaveLength(
      countRuns(({ trigger, compute }) => trigger.kind === 's3' && compute.kind === 'Lambda'),
    )
    const rules = of('EventRule').map((rule) => inputOf(rule, 'name'))
    for (const { inputs } of of('Permission')) {
      expect([inputs.action, inputs.principal]).toEqual(['lambda:InvokeFunction', 'events.amazonaws.com'])
      expect(rules).toContain(String(inputs.sourceArn).split('/').at(-1))
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
    expect(jobs).toHaveLength(countRuns(({ compute }) => compute.kind === 'Batch'))
    for (const { logConfiguration } of jobs)
      expect(groups.has(logConfiguration.options['awslogs-group'])).toBe(true)
    expect(jobs.length).toBeGreaterThan(0)
    expect(groups.size).toBe(logging.length + jobs.length)
  })

  it('lets no role make log groups', () => {
    expect(JSON.stringify(graph)).not.toContain('logs:CreateLogGroup')
  })

  it('gives every target of a rule or schedule retries and dead letters', () => {
    const deadLetters = expect.stringContaining('dead-letters')
    // One of each rule of a run, one that forwards, one for failures.
    expect(of('EventTarget')).toHaveLength(countRuns(({ trigger }) => trigger.kind === 's3') + 2)
    for (const { inputs } of of('EventTarget')) {
      expect(inputs.retryPolicy).toEqual({ maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 })
      expect(inputs.deadLetterConfig).toEqual({ arn: deadLetters })
    }
    expect(of('Schedule')).toHaveLength(countRuns(({ trigger }) => trigger.kind === 'cron') + 1)
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

  it('keeps all descriptions within AWS’s limits', () => {
    const limits = {
      Distribution: ['comment', 128],
      EventRule: ['description', 512],
      Function: ['description', 256],
      MetricAlarm: ['alarmDescription', 1024],
      OriginAccessControl: ['description', 256],
      Role: ['description', 1000],
      Schedule: ['description', 512],
    } as const
    for (const [type, [key, length]] of Object.entries(limits))
      for (const resource of of(type)) {
        const text = (resource.inputs[key] ?? '') as string
        expect([type, text, text.length <= length]).toEqual([type, text, true])
      }
    expect(of('Function').every((resource) => inputOf(resource, 'description').length > 5)).toBe(true)
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
    const isProd = plan.kind === 'prod'
    expect(of('MetricAlarm').length > 0).toBe(isProd)
    expect(of('Dashboard').length > 0).toBe(isProd)
    for (const { inputs } of of('MetricAlarm'))
      expect([inputs.treatMissingData, inputs.alarmActions]).toEqual([
        'notBreaching',
        [expect.stringContaining(':sns:')],
      ])
    for (const { inputs } of of('Schedule')) expect(inputs.state).toBe(isProd ? 'ENABLED' : 'DISABLED')
  })
})

describe('a stack in another partition of AWS', () => {
  it('names nothing of this one', async () => {
    const there = <T>(value: T) =>
      JSON.parse(JSON.stringify(value).replaceAll('arn:aws:', 'arn:aws-us-gov:')) as T
    const plan = planOf(everySite, {
      registry: { region: 'us-gov-west-1', redshift: there(redshift) },
    })
    const args = { ...stackArgs(plan), image: image.replace('us-west-2', 'us-gov-west-1') }
    const graph = await recordUnderMocks(() => new BranchStack('sluice', { ...args, base: there(args.base) }))
    const text = JSON.stringify(graph)
    expect(text.match(/arn:aws-us-gov:/g)?.length).toBeGreaterThan(150)
    // What the mocks answer is no ARN of AWS's.
    expect(text.match(/arn:aws:(?!test:)[^"]*/g)).toBeNull()
  })
})

describe('two branches', () => {
  /** All words of a graph: whole, as prod's buckets are called as previews' begin. */
  const wordsOf = (graph: readonly MockedResource[]) => new Set(JSON.stringify(graph).match(/[\w-]+/g))

  it('share no name, bucket or trigger, and neither names what is the other’s', async () => {
    const branches = ['main', 'feature/x', 'feature-x', 'Feature/X', long, `${long.slice(0, -1)}x`]
    const found: { readonly names: readonly string[]; readonly words: ReadonlySet<string> }[] = []
    for (const plan of branches.map(everything)) {
      const graph = await graphOf(plan)
      const names = graph
        .filter(({ isCustom, type }) => isCustom && type.startsWith('aws:') && !type.includes('rolePolicy'))
        .flatMap(({ inputs }) => [inputs.name, inputs.bucket, inputs.dashboardName])
        .filter((name): name is string => typeof name === 'string')
      // Of a log group, what follows `/sluice/`.
      const own = new Set([...names, catalogName(plan)].map((name) => name.split('/').at(-1) as string))
      found.push({ names: [...own], words: wordsOf(graph) })
    }
    for (const [i, a] of found.entries()) {
      expect(a.names.length).toBeGreaterThan(25)
      for (const b of found.toSpliced(i, 1)) expect(a.names.filter((name) => b.words.has(name))).toEqual([])
      // Each does name its own, so that a name that is not written as such anywhere would be seen here.
      expect(a.names.filter((name) => !a.words.has(name))).toEqual([])
    }
  })
})
