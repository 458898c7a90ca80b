import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CheckResult } from '../aws/checks/check.ts'
import { AwsFault, callerIdentity, type Operations } from '../aws/testing/aws-server.ts'
import type { Plan } from '../contracts.ts'
import { stackPartName } from '../plan/names.ts'
import { type RunRecord, recordKey } from '../run/record.ts'
import { DeployedTestStack } from './testing/deployed-stack.ts'
import type { Finished } from './testing/sandbox.ts'

const digest = `sha256:${'ab'.repeat(32)}`
const image = `123456789012.dkr.ecr.us-west-2.amazonaws.com/ocean-pipelines@${digest}`
const environmentArn = 'arn:aws:batch:us-west-2:123456789012:compute-environment/spot'

function wellAnswers(plan: Plan, endpoint: () => string): Operations {
  const start = (kind: string) => plan.runs.filter(({ trigger }) => trigger.kind === kind)
  const rules = [...start('s3').map(({ names }) => names.rule), stackPartName(plan, 'failures')]
  const schedules = [...start('cron').map(({ names }) => names.schedule), stackPartName(plan, 'lateness')]
  const state = plan.schedulesEnabled ? 'ENABLED' : 'DISABLED'
  return {
    'sts:GetCallerIdentity': () => callerIdentity(plan.accountId),
    // In pages, as a stack of many runs has them.
    'events:ListRules': ({ EventBusName, NamePrefix, NextToken }) => {
      if (EventBusName === undefined) return { Rules: [{ Name: NamePrefix, State: 'ENABLED' }] }
      const at = Number(NextToken ?? 0)
      return {
        Rules: rules.slice(at, at + 3).map((Name) => ({ Name, State: 'ENABLED' })),
        ...(at + 3 < rules.length && { NextToken: String(at + 3) }),
      }
    },
    'scheduler:ListSchedules': ({ NextToken }) => ({
      Schedules: (NextToken ? schedules.slice(1) : schedules.slice(0, 1)).map((Name) => ({
        Name,
        State: state,
      })),
      ...(!NextToken && { NextToken: 'more' }),
    }),
    'lambda:GetFunctionConfiguration': () => ({ State: 'Active', LastUpdateStatus: 'Successful' }),
    'sqs:GetQueueUrl': ({ QueueName }) => ({ QueueUrl: `${endpoint()}/123456789012/${String(QueueName)}` }),
    'sqs:GetQueueAttributes': () => ({
      Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
    }),
    'batch:DescribeJobQueues': ({ jobQueues }) => ({
      jobQueues: (jobQueues as string[]).map((jobQueueName) => ({
        jobQueueName,
        state: 'ENABLED',
        status: 'VALID',
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: environmentArn }],
      })),
    }),
    'batch:DescribeComputeEnvironments': () => ({
      computeEnvironments: [
        {
          computeEnvironmentArn: environmentArn,
          computeEnvironmentName: 'spot',
          state: 'ENABLED',
          status: 'VALID',
        },
      ],
    }),
    'batch:DescribeJobDefinitions': ({ jobDefinitionName }) => ({ jobDefinitions: [{ jobDefinitionName }] }),
    'ecr:DescribeImages': () => ({ imageDetails: [{ imageDigest: digest, imagePushedAt: 1_700_000_000 }] }),
    'rds-data:BeginTransaction': () => ({ transactionId: 't' }),
    'rds-data:CommitTransaction': () => ({}),
    'rds-data:RollbackTransaction': () => ({}),
    'rds-data:ExecuteStatement': ({ sql }) =>
      String(sql).includes(' as there')
        ? { columnMetadata: [{ name: 'there', typeName: 'bool' }], records: [[{ booleanValue: false }]] }
        : {},
  }
}

describe('sluice doctor --stack', () => {
  let deployed: DeployedTestStack
  let plan: Plan
  let well: Operations
  const look = async (
    ...args: string[]
  ): Promise<{ finished: Finished; checks: Map<string, CheckResult> }> => {
    const finished = await deployed.box.sluice('doctor', '--stack', 'prod', '--json', ...args)
    const { ok, checks } = JSON.parse(finished.stdout) as { ok: boolean; checks: CheckResult[] }
    expect(finished.code).toBe(ok ? 0 : 1)
    return { finished, checks: new Map(checks.map((check) => [check.name, check])) }
  }
  const withAnswers = (changes: Operations) => {
    deployed.aws.operations = { ...well, ...changes }
  }
  const absent =
    (name: string, message = 'it does not exist') =>
    () => {
      throw new AwsFault(name, message, 404)
    }

  beforeAll(async () => {
    deployed = await DeployedTestStack.start('prod')
    plan = deployed.plan
    well = wellAnswers(plan, () => deployed.aws.endpoint)
  })
  afterAll(() => deployed.close())
  beforeEach(() => {
    deployed.aws.operations = well
    deployed.aws.denied.clear()
    deployed.s3.authorize = () => true
    deployed.leave('plan.json', plan)
    deployed.leaveDeployment({
      image,
      catalog: { clusterArn: 'arn:c', secretArn: 'arn:s', database: 'sluice_prod', user: 'sluice_prod' },
    })
    for (const bucket of Object.values(plan.buckets)) {
      deployed.s3.notifications.set(
        bucket,
        '<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>',
      )
    }
  })

  it('finds every part of a stack that is well, one line each', async () => {
    const { checks } = await look()
    expect([...checks.keys()]).toEqual([
      'credentials',
      'region',
      'stack',
      'events of input',
      'events of logs',
      'rules',
      'schedules',
      'functions',
      'job queues',
      'jobs',
      'image',
      'dead letters',
      'alerts',
      'catalog',
      'failures',
      'lateness',
    ])
    const unwell = [...checks.values()].filter(({ status }) => status !== 'ok').map(({ name }) => name)
    // The stand-in's database has no tables, and nothing has ever run.
    expect(unwell).toEqual(['catalog', 'lateness'])
    const text = await deployed.box.sluice('doctor', '--stack', 'prod')
    expect(text.stdout).toMatch(/^ok +image +ocean-pipelines@sha256:abababababab, pushed 2023-11-14$/m)
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(checks.size + 3)
    expect(text.stderr).toBe('')
  })

  it('looks at the stack of the branch that is checked out where none is named', async () => {
    mkdirSync(path.join(deployed.box.folder, '.git'))
    writeFileSync(path.join(deployed.box.folder, '.git/HEAD'), 'ref: refs/heads/main\n')
    const { stdout } = await deployed.box.sluice('doctor', '--json', '--stack')
    expect(JSON.parse(stdout).checks[2].found).toMatch(/^prod, deployed /)
    writeFileSync(path.join(deployed.box.folder, '.git/HEAD'), 'ref: refs/heads/feature/y\n')
    const other = await deployed.box.sluice('doctor', '--stack')
    expect(other.stdout).toMatch(
      /the stack feature-y-[0-9a-f]{8} is not deployed in account 123456789012, us-west-2: there is no bucket/,
    )
    expect(other.code).toBe(1)
  })

  it('says that nothing can be seen without credentials, or with those of another account', async () => {
    const none = await deployed.box.sluiceWith(
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      'doctor',
      '--stack',
      'prod',
    )
    expect([none.code, none.stdout]).toEqual([1, expect.stringContaining('no AWS credentials were found')])
    withAnswers({ 'sts:GetCallerIdentity': () => callerIdentity('999999999999') })
    const { checks } = await look()
    expect(checks.get('credentials')?.found).toMatch(
      /is of account 999999999999, and the registry says 123456789012$/,
    )
    expect([...checks.keys()]).toEqual(['credentials', 'region'])
    withAnswers({
      'sts:GetCallerIdentity': absent(
        'ExpiredToken',
        'The security token included in the request is expired',
      ),
    })
    expect((await look()).checks.get('credentials')?.found).toContain('have expired: log in again')
  })

  it('says that the environment’s region is another', async () => {
    const { stdout } = await deployed.box.sluiceWith({ AWS_REGION: 'eu-west-1' }, 'doctor', '--stack', 'prod')
    expect(stdout).toMatch(/^warn +region +the registry says us-west-2, and the environment eu-west-1; /m)
  })

  it('says what has changed since the deployment', async () => {
    const [first, second, ...rest] = plan.runs
    deployed.leave('plan.json', {
      ...plan,
      schedulesEnabled: false,
      runs: [{ ...first, key: 'old/site' }, { ...second, lagSeconds: 7 }, ...rest],
    })
    const { checks } = await look()
    expect(checks.get('stack')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining(
        `since then, not deployed yet: ${first?.key}; deployed still: old/site; changed: ${second?.key}; changed for the whole stack: schedulesEnabled`,
      ),
    })
  })

  const [aRule] = [() => plan.runs.find(({ trigger }) => trigger.kind === 's3')?.names.rule ?? '']
  const problems: [string, CheckResult['status'], () => void, () => string | RegExp][] = [
    [
      'events of input',
      'fail',
      () => deployed.s3.notifications.delete(plan.buckets.input as string),
      () => `${plan.buckets.input} does not tell EventBridge of its objects: no upload starts a run`,
    ],
    [
      'rules',
      'fail',
      () => withAnswers({ 'events:ListRules': () => ({ Rules: [] }) }),
      () => /^missing: .* and \d+ more: no upload starts these runs$/,
    ],
    [
      'rules',
      'fail',
      () =>
        withAnswers({
          'events:ListRules': (input) => {
            const found = well['events:ListRules']?.(input) as { Rules: { Name: string }[] }
            return {
              ...found,
              Rules: found.Rules.map((rule) => ({
                ...rule,
                State: rule.Name === aRule() ? 'DISABLED' : 'ENABLED',
              })),
            }
          },
        }),
      () => `switched off: ${aRule()}`,
    ],
    [
      'rules',
      'fail',
      () => withAnswers({ 'events:ListRules': absent('ResourceNotFoundException') }),
      () => `there is no event bus ${plan.names.eventBus}`,
    ],
    [
      'schedules',
      'fail',
      () =>
        withAnswers({
          'scheduler:ListSchedules': () => ({
            Schedules: plan.runs
              .map(({ names }) => ({ Name: names.schedule, State: 'DISABLED' }))
              .concat([{ Name: stackPartName(plan, 'lateness'), State: 'ENABLED' }]),
          }),
        }),
      () => /^switched off, and planned to be on: ocean-pipelines--prod--/,
    ],
    [
      'schedules',
      'fail',
      () => withAnswers({ 'scheduler:ListSchedules': absent('ResourceNotFoundException') }),
      () => `there is no schedule group ${plan.names.scheduleGroup}`,
    ],
    [
      'functions',
      'fail',
      () => withAnswers({ 'lambda:GetFunctionConfiguration': absent('ResourceNotFoundException') }),
      () => /^missing: ocean-pipelines--prod--/,
    ],
    [
      'functions',
      'fail',
      () =>
        withAnswers({
          'lambda:GetFunctionConfiguration': ({ FunctionName }) =>
            FunctionName === plan.names.alertFunction ? { State: 'Failed', StateReason: 'no role' } : {},
        }),
      () => `cannot be called: ${plan.names.alertFunction} (no role)`,
    ],
    [
      'job queues',
      'fail',
      () => withAnswers({ 'batch:DescribeJobQueues': () => ({ jobQueues: [] }) }),
      () => /^missing: ocean-pipelines--prod--jobs/,
    ],
    [
      'job queues',
      'fail',
      () =>
        withAnswers({
          'batch:DescribeComputeEnvironments': () => ({
            computeEnvironments: [
              {
                computeEnvironmentArn: environmentArn,
                computeEnvironmentName: 'spot',
                state: 'ENABLED',
                status: 'INVALID',
                statusReason: 'no subnet',
              },
            ],
          }),
        }),
      () => 'spot is ENABLED and INVALID (no subnet): jobs wait for ever',
    ],
    [
      'jobs',
      'fail',
      () => withAnswers({ 'batch:DescribeJobDefinitions': () => ({ jobDefinitions: [] }) }),
      () => /^missing: ocean-pipelines--prod--/,
    ],
    [
      'image',
      'fail',
      () => withAnswers({ 'ecr:DescribeImages': absent('ImageNotFoundException') }),
      () => 'ocean-pipelines has no image sha256:abababababab: no job can start',
    ],
    [
      'image',
      'fail',
      () => withAnswers({ 'ecr:DescribeImages': absent('RepositoryNotFoundException') }),
      () => 'there is no image repository ocean-pipelines in us-west-2: no job can start',
    ],
    [
      'image',
      'warn',
      () => deployed.leaveDeployment({}),
      () => 'the deployment does not tell which image its jobs run',
    ],
    [
      'dead letters',
      'fail',
      () =>
        withAnswers({
          'sqs:GetQueueAttributes': ({ QueueUrl }) => ({
            Attributes: {
              ApproximateNumberOfMessages: String(QueueUrl).endsWith('dead-letters') ? '4' : '0',
            },
          }),
          'sqs:ReceiveMessage': ({ VisibilityTimeout }) => ({
            Messages: [1, 3].map((hours) => ({
              MessageId: String(hours),
              Body: '{}',
              MD5OfBody: '99914b932bd37a50b983c5e7c90ae93b',
              Attributes: { SentTimestamp: String(Date.now() - hours * 3_600_000) },
              MessageAttributes: {
                ERROR_CODE: {
                  DataType: 'String',
                  StringValue: VisibilityTimeout === 0 ? 'NO_PERMISSIONS' : 'hidden',
                },
                RULE_ARN: {
                  DataType: 'String',
                  StringValue: 'arn:aws:events:us-west-2:1:rule/bus/some-rule',
                },
              },
            })),
          }),
        }),
      () =>
        '4 events could not be delivered; of them the oldest is 3 hours old, of the rule some-rule: NO_PERMISSIONS',
    ],
    [
      'dead letters',
      'fail',
      () => withAnswers({ 'sqs:GetQueueUrl': absent('QueueDoesNotExist') }),
      () => `there is no queue ${plan.names.deadLetterQueue}`,
    ],
    [
      'alerts',
      'warn',
      () =>
        withAnswers({
          'sqs:GetQueueAttributes': ({ QueueUrl }) => ({
            Attributes: {
              ApproximateNumberOfMessages: String(QueueUrl).endsWith('alert-queue') ? '101' : '0',
            },
          }),
        }),
      () => '101 failures wait to be told: the alert function does not keep up',
    ],
    [
      'catalog',
      'fail',
      () => deployed.leaveDeployment({ image }),
      () => /^cannot be checked: the stack prod does not tell where its catalog is/,
    ],
    [
      'catalog',
      'warn',
      () => {},
      () => /^sluice_prod answers, at no migration; this version of Sluice has 0001-shows-and-files, /,
    ],
  ]
  it.each(problems)('%s: %s', async (name, status, prepare, found) => {
    prepare()
    const { checks } = await look()
    const check = checks.get(name)
    expect(check).toMatchObject({ status, found: expect.stringMatching(asPattern(found())) })
    expect(check?.advice).not.toBe('')
    expect(checks.size).toBe(16)
  })

  it('ends no other check when one may not look, and says which permission it needs', async () => {
    const operations: Readonly<Record<string, string>> = {
      'events:ListRules': 'rules',
      'scheduler:ListSchedules': 'schedules',
      'lambda:GetFunctionConfiguration': 'functions',
      'batch:DescribeJobQueues': 'job queues',
      'batch:DescribeJobDefinitions': 'jobs',
      'ecr:DescribeImages': 'image',
      'sqs:GetQueueUrl': 'dead letters',
      'rds-data:BeginTransaction': 'catalog',
    }
    for (const operation of Object.keys(operations)) deployed.aws.denied.add(operation)
    deployed.s3.authorize = (action) => !/Notification|ListBucket/.test(action)
    const { checks } = await look()
    for (const [operation, name] of Object.entries(operations)) {
      const { status, found } = checks.get(name) as CheckResult
      expect([name, status]).toEqual([name, 'fail'])
      const [service] = operation.split(':')
      expect(found).toMatch(new RegExp(`^cannot be checked: these credentials may not do ${service}:`))
    }
    expect(checks.get('events of input')?.found).toContain('may not do s3:GetBucketNotification on')
    expect(checks.get('failures')?.found).toContain('may not do s3:ListBucket')
    expect(checks.get('stack')?.status).toBe('ok')
  })

  it('tells the last failures, with what the newest says and where it is', async () => {
    const record = (hours: number, outcome: 'failed' | 'rejected', message: string) => {
      const startedAt = new Date(Date.now() - hours * 3_600_000)
      const name = { pipeline: 'lidar', site: 'humboldt', startedAt, outcome, runId: `r${hours}`, attempt: 1 }
      const key = recordKey(name)
      deployed.leave(key, {
        ...name,
        format: 1,
        startedAt: startedAt.toISOString(),
        error: { name: 'E', message },
      } satisfies Partial<RunRecord>)
      return key
    }
    record(200, 'failed', 'long ago')
    record(20, 'rejected', 'older')
    const key = record(2, 'failed', 'the disk\nwas full')
    const { checks } = await look()
    const { status, found, advice } = checks.get('failures') as CheckResult
    expect([status, found]).toEqual([
      'warn',
      expect.stringMatching(
        /^1 rejected and 1 failed in the last 7 days; last lidar\/humboldt at \S+: the disk\nwas full$/,
      ),
    ])
    expect(advice).toBe(`read its record: \`aws s3 cp s3://${plan.buckets.logs}/${key} -\``)
    const text = (await deployed.box.sluice('doctor', '--stack', 'prod')).stdout
    expect(text).toMatch(/^warn +failures .*the disk\\nwas full; read its record/m)
  })
})

const asPattern = (text: string | RegExp) =>
  typeof text === 'string' ? new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : text

describe('sluice doctor on this machine', () => {
  let deployed: DeployedTestStack
  beforeEach(async () => {
    deployed = await DeployedTestStack.start('prod')
  })
  afterEach(() => deployed.close())
  const look = async (env: Record<string, string> = {}) => {
    const { stdout, code, stderr } = await deployed.box.sluiceWith(env, 'doctor', '--json')
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: CheckResult[] }
    expect([code, stderr]).toEqual([ok ? 0 : 1, ''])
    return new Map(checks.map((check) => [check.name, check]))
  }

  it('looks at Node, registry, programs, disk, engine and catalog, and asks AWS nothing', async () => {
    const checks = await look()
    expect([...checks.keys()]).toEqual(['node', 'registry', 'programs', 'disk', 'engine', 'catalog'])
    expect(checks.get('node')).toMatchObject({ status: 'ok', found: process.versions.node })
    expect(checks.get('engine')?.found).toBe('nothing has run here: there is no .sluice/')
    expect(checks.get('catalog')?.found).toBe('embedded; it is made when it is first used')
    expect([deployed.aws.calls, deployed.s3.requests]).toEqual([[], []])
  })

  it('says what is wrong with the registry, and does not stop at it', async () => {
    writeFileSync(path.join(deployed.box.folder, 'pipelines_config.yml'), 'pipelines: 3\n')
    const checks = await look()
    expect(checks.get('registry')).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/^\d+ mistakes, the first: pipelines_config\.yml:\d/),
      advice: '`sluice check` shows all',
    })
    expect(checks.get('disk')?.status).not.toBe('fail')
  })

  it('says which pipelines need a program that is not there, and sees one that is', async () => {
    const folder = path.join(deployed.box.folder, 'pipelines/lidar')
    writeFileSync(
      path.join(folder, 'thumbs.ts'),
      "import { extractThumbnail } from '../../runtime/index.ts'\n",
    )
    const bin = path.join(deployed.box.folder, 'bin')
    mkdirSync(bin)
    for (const name of ['ffmpeg', 'ffprobe']) {
      writeFileSync(path.join(bin, name), '#!/bin/sh\n')
      chmodSync(path.join(bin, name), 0o755)
    }
    const { status, found } = (await look({ PATH: bin })).get('programs') as CheckResult
    expect([status, found]).toEqual(['ok', expect.stringMatching(/^ffmpeg and ffprobe, for .*lidar/)])
  })

  it('sees an engine at work, the embedded catalog, and what a killed process left', async () => {
    expect((await deployed.box.sluice('catalog', 'migrate')).code).toBe(0)
    const idle = await look()
    expect(idle.get('engine')?.found).toBe('no other command is at work here')
    expect(idle.get('catalog')?.found).toMatch(/^the embedded one answers, at \d{4}-/)
    const slow = deployed.box.start(
      'catalog',
      'query',
      '--sql',
      'select count(*) from generate_series(1, 8000000)',
    )
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect((await look()).get('engine')?.found).toBe(
      'another command is at work here; others work through it',
    )
    await slow.finished
    writeFileSync(path.join(deployed.box.folder, '.sluice/engine.sock.lock'), '999999999')
    expect((await look()).get('engine')?.found).toMatch(
      /^a process that was killed left \S+engine\.sock\.lock/,
    )
  })

  it('says of the server of DATABASE_URL whether it answers, and never the password', async () => {
    const checks = await look({ DATABASE_URL: 'postgresql://ann:Hunter2@127.0.0.1:1/db' })
    const { status, found } = checks.get('catalog') as CheckResult
    expect([status, found]).toEqual(['fail', expect.stringMatching(/^cannot be checked: .*ECONNREFUSED/)])
    expect(JSON.stringify([...checks])).not.toContain('Hunter2')
  })
})
