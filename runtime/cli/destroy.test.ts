import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callerIdentity } from '../aws/testing/aws-server.ts'
import { Versions } from '../storage/testing/s3-versions.ts'
import { DeployedTestStack } from './testing/deployed-stack.ts'

const stack = 'feature-x-1234abcd'

describe('sluice destroy', () => {
  let deployed: DeployedTestStack
  let bin: string
  const destroy = (...args: string[]) =>
    deployed.box.sluiceWith({ PATH: bin }, 'destroy', '--stack', stack, ...args)
  const objects = () =>
    [...deployed.s3.buckets].flatMap(([bucket, found]) => [...found.keys()].map((key) => `${bucket}/${key}`))
  const deletions = () =>
    deployed.s3.requests.filter(({ method, query }) => method === 'DELETE' || 'delete' in query)

  beforeEach(async () => {
    deployed = await DeployedTestStack.start(stack)
    deployed.s3.owner = deployed.plan.accountId
    const { input, output, logs } = deployed.plan.buckets as Record<string, string>
    for (const bucket of Object.values(deployed.plan.buckets)) {
      deployed.s3.tags.set(bucket, { 'sluice:stack': stack, 'sluice:project': deployed.plan.project })
      deployed.s3.versions.set(bucket, new Versions())
    }
    deployed.put(input as string, 'lidar/humboldt/a.sta', 'x'.repeat(1500))
    deployed.put(output as string, 'data/a.nc', 'y')
    deployed.put(logs as string, 'runs/lidar/humboldt/1.json', '{}')
    deployed.s3.versions.get(output as string)?.mark('data/old.nc')
    bin = path.join(deployed.box.folder, 'bin')
    mkdirSync(bin)
  })
  afterEach(() => deployed.close())

  /** A pulumi command that writes down how it was called. */
  const installPulumi = (code = 0) => {
    const file = path.join(bin, 'pulumi')
    writeFileSync(file, `#!/bin/sh\necho "$PWD $*" >> "${bin}/calls"\nexit ${code}\n`)
    chmodSync(file, 0o755)
  }
  const pulumiCalls = () => {
    const file = path.join(bin, 'calls')
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.replace(/^\S+ /, ''))
      : []
  }

  it('only shows what goes and what stays, when it is asked to', async () => {
    const before = objects()
    const { code, stdout, stderr } = await destroy('--dry-run')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`The stack ${stack} of ocean-pipelines, account 123456789012, us-west-2`)
    expect(stdout).toMatch(/input +\S+-feature-x-1234abcd-[0-9a-f]{10} +1 +1\.5 kB\n/)
    expect(stdout).toMatch(/output +\S+ +2 +1 bytes\n/)
    expect(stdout).toMatch(/Kept:\n {2}what all branches share: the base stack/)
    expect(objects()).toEqual(before)
    expect(deletions()).toEqual([])
  })

  it('empties the buckets, keeps the plan until they go, and hands over to pulumi', async () => {
    installPulumi()
    const { code, stdout } = await destroy('--yes', stack)
    expect(code).toBe(0)
    expect(objects()).toEqual([`${deployed.plan.buckets.logs}/plan.json`])
    expect([...deployed.s3.versions.values()].flatMap(({ all }) => all)).toEqual([])
    expect(pulumiCalls()).toEqual([`destroy --yes --stack ${stack}`, `stack rm --yes --stack ${stack}`])
    expect(stdout).toMatch(new RegExp(`${stack} is taken down\n$`))
  })

  it('can be called again after any of it', async () => {
    installPulumi(1)
    const first = await destroy('--yes', stack)
    expect([first.code, pulumiCalls()]).toEqual([70, [`destroy --yes --stack ${stack}`]])
    expect(first.stderr).toContain('ended with 1: see above; the same command again goes on')
    installPulumi()
    expect((await destroy('--yes', stack)).code).toBe(0)
    // The buckets are gone, and with them the plan.
    deployed.s3.buckets.clear()
    const third = await destroy('--yes', stack)
    expect(third.code).toBe(0)
    expect(third.stdout).toContain('It has left no plan')
  })

  it('says what is left to do where pulumi is not installed, or is not wanted', async () => {
    const { code, stdout } = await destroy('--yes', stack)
    expect(code).toBe(0)
    expect(stdout).toContain(
      `  pulumi destroy --yes --stack ${stack}\n  pulumi stack rm --yes --stack ${stack}\n`,
    )
    installPulumi()
    expect((await destroy('--yes', stack, '--buckets-only')).code).toBe(0)
    expect(pulumiCalls()).toEqual([])
  })

  const refusals: [string, () => void, readonly string[], string][] = [
    ['without being told twice', () => {}, [], `nobody can be asked here: say --yes ${stack}`],
    ['when told another name', () => {}, ['--yes', 'prod'], '--yes prod is not the stack that --stack names'],
    [
      'with credentials of another account',
      () => {
        deployed.aws.operations = { 'sts:GetCallerIdentity': () => callerIdentity('999999999999') }
      },
      ['--yes', stack],
      'is of account 999999999999, and the registry says 123456789012: nothing was deleted',
    ],
    [
      'what was deployed as prod',
      () => deployed.leave('plan.json', { ...deployed.plan, kind: 'prod' }),
      ['--yes', stack],
      'was deployed as prod: this command never takes it down',
    ],
    [
      'when a bucket has another stack’s tags',
      () => deployed.s3.tags.set(deployed.plan.buckets.output as string, { 'sluice:stack': 'prod' }),
      ['--yes', stack],
      'has the tag sluice:stack=prod and not sluice:stack=feature-x-1234abcd',
    ],
    [
      'when a bucket has no tags',
      () => deployed.s3.tags.delete(deployed.plan.buckets.input as string),
      ['--yes', stack],
      'has no tag sluice:stack',
    ],
    [
      'when its plan names a bucket of the registry',
      () => {
        const buckets = { ...deployed.plan.buckets, output: 'acme-ocean-output' }
        deployed.s3.buckets.set('acme-ocean-output', new Map())
        deployed.s3.tags.set('acme-ocean-output', {
          'sluice:stack': stack,
          'sluice:project': deployed.plan.project,
        })
        deployed.put('acme-ocean-output', 'precious', 'x')
        deployed.leave('plan.json', { ...deployed.plan, buckets })
      },
      ['--yes', stack],
      'acme-ocean-output is named as the output bucket of feature-x-1234abcd, and is not its own',
    ],
    [
      'when it may not look at tags',
      () => {
        deployed.s3.authorize = (action) => action !== 's3:GetBucketTagging'
      },
      ['--yes', stack],
      'these credentials may not do s3:GetBucketTagging',
    ],
  ]
  it.each(refusals)('deletes nothing %s', async (_, prepare, args, message) => {
    prepare()
    installPulumi()
    const before = objects()
    const { code, stderr } = await destroy(...args)
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(objects()).toEqual(before)
    expect([deletions(), pulumiCalls()]).toEqual([[], []])
  })

  it.each(['prod', 'us-west-2', 'base'])('never takes %s down, and asks AWS nothing', async (name) => {
    const { code, stderr } = await deployed.box.sluice('destroy', '--stack', name, '--yes', name)
    expect([code, stderr]).toEqual([1, expect.stringContaining('docs/teardown.md tells how it is done\n')])
    expect([deployed.aws.calls, deployed.s3.requests]).toEqual([[], []])
  })

  it('leaves a bucket alone that the plan has adopted', async () => {
    deployed.leave('plan.json', { ...deployed.plan, adopted: ['input'] })
    const { code, stdout } = await destroy('--yes', stack)
    expect(code).toBe(0)
    expect(objects()).toContain(`${deployed.plan.buckets.input}/lidar/humboldt/a.sta`)
    expect(stdout).toContain(`the bucket ${deployed.plan.buckets.input}, which the stack only uses`)
  })
})
