import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { BranchStack } from './branch-stack.ts'
import { type MockedResource, recordUnderMocks } from './testing/mocked-stack.ts'
import { image, sharedBase, stackArgs } from './testing/plans.ts'
import { type RecordedProgram, recordProgram } from './testing/recording-engine.ts'

/** The real programs, run by Pulumi's own Node runner as `pulumi up` does, with an engine that makes nothing. */

const folder = path.resolve(import.meta.dirname, '..')
const own = 'organization/ocean-pipelines/prod'

const run = (stack: string, outputs: Readonly<Record<string, unknown>> = {}, config = {}) =>
  recordProgram({
    folder,
    program: '.',
    project: 'ocean-pipelines',
    stack,
    config: { 'sluice:image': image, ...config },
    stacks: { [own]: outputs, 'organization/sluice-base/us-west-2': { base: sharedBase } },
  })

const shown = ({ registrations }: RecordedProgram) =>
  registrations.map((registration) => JSON.stringify({ ...registration, dependencies: [] })).toSorted()

describe('the program of a branch', () => {
  let prod: RecordedProgram
  beforeAll(async () => {
    prod = await run('prod')
  }, 300_000)

  it('runs to its end, and registers no URN twice', () => {
    expect([prod.exitCode, prod.log]).toEqual([0, expect.not.stringContaining('error')])
    expect(prod.registrations.length).toBeGreaterThan(100)
  })

  it('registers what the tests under mocks see of its plan, with the same inputs but for the code’s hashes', async () => {
    const plan = planRuns(loadRegistry({ projectRoot: folder, stack: 'prod' }), { stack: 'prod' })
    const mocked = await recordUnderMocks(() => new BranchStack('sluice', stackArgs(plan)), 'prod')
    const ofAws = (resources: readonly Pick<MockedResource, 'type' | 'name' | 'inputs'>[]) =>
      new Map(
        resources
          .filter(({ type }) => type.startsWith('aws:'))
          .map(({ type, name, inputs }) => [`${type} ${name}`, inputs]),
      )
    const [real, seen] = [ofAws(prod.registrations), ofAws(mocked)]
    expect([...real.keys()].toSorted()).toEqual([...seen.keys()].toSorted())
    const hasCode = /:(?:BucketObjectv2|Function|Invocation)\b/
    const comparable = [...real].filter(([key]) => !hasCode.test(key))
    expect(comparable.length).toBeGreaterThan(100)
    for (const [key, inputs] of comparable) expect([key, inputs]).toEqual([key, seen.get(key)])
  })

  it('does the same a second time, so that a second deployment changes nothing', async () => {
    expect(shown(await run('prod'))).toEqual(shown(prod))
  }, 300_000)

  it('puts all of it below one component, with one provider that knows its account', () => {
    const custom = prod.registrations.filter(({ isCustom, type }) => isCustom && type.startsWith('aws:'))
    const [provider] = prod.registrations.filter(({ type }) => type === 'pulumi:providers:aws')
    expect(provider?.inputs).toMatchObject({ region: 'us-west-2', allowedAccountIds: '["123456789012"]' })
    expect(JSON.parse(provider?.inputs.defaultTags as string)).toEqual({
      tags: { 'sluice:project': 'ocean-pipelines', 'sluice:stack': 'prod' },
    })
    for (const resource of custom) {
      expect([resource.name, resource.parent]).toEqual([
        resource.name,
        expect.stringContaining('sluice:aws:'),
      ])
      expect([resource.name, resource.provider]).toEqual([
        resource.name,
        expect.stringContaining(`${provider?.urn}::`),
      ])
    }
  })

  it('protects the buckets of prod and keeps all of their settings, even when the stack goes', () => {
    const buckets = prod.registrations.filter(({ type }) => type === 'aws:s3/bucket:Bucket')
    expect(buckets.length).toBeGreaterThanOrEqual(3)
    for (const { isProtected, isRetained, inputs } of buckets)
      expect([isProtected, isRetained, inputs.forceDestroy]).toEqual([true, true, false])
    const settings = prod.registrations.filter(
      ({ parent, isCustom }) => isCustom && parent.includes('DataBuckets'),
    )
    expect(settings.length).toBeGreaterThan(20)
    for (const { name, isRetained } of settings) expect([name, isRetained]).toEqual([name, true])
  })

  it('tells how its buckets were come by', () => {
    expect(prod.outputs).toMatchObject({ bucketMode: 'created', inputBucket: 'acme-ocean-input' })
  })

  it('refuses to let go of its buckets, or to take over others, and tells the safe steps', async () => {
    const flipped = await run('prod', { bucketMode: 'adopted' })
    expect(flipped.exitCode).not.toBe(0)
    expect(flipped.log).toContain('has adopted acme-ocean-input and acme-ocean-output')
    expect(flipped.log).toContain('pulumi config set sluice:confirmBuckets created')
    expect(flipped.log).not.toContain('    at ')
    expect(flipped.registrations.filter(({ type }) => type.startsWith('aws:'))).toEqual([])
    const meant = await run('prod', { bucketMode: 'adopted' }, { 'sluice:confirmBuckets': 'created' })
    expect(meant.exitCode).toBe(0)
  }, 300_000)

  it('gives a preview buckets that go with it, schedules that are off, and a tag that tells its end', async () => {
    const preview = await run('feature-x-1234abcd')
    expect(preview.exitCode).toBe(0)
    for (const { isProtected, isRetained, inputs } of preview.registrations.filter(
      ({ type }) => type === 'aws:s3/bucket:Bucket',
    ))
      expect([isProtected, isRetained, inputs.forceDestroy]).toEqual([false, false, true])
    const schedules = preview.registrations.filter(({ type }) => type === 'aws:scheduler/schedule:Schedule')
    expect(schedules.length).toBeGreaterThan(0)
    for (const { inputs } of schedules) expect(inputs.state).toBe('DISABLED')
    const provider = preview.registrations.find(({ type }) => type === 'pulumi:providers:aws')
    expect(provider?.inputs.defaultTags).toContain('"sluice:expires-after-seconds":"1209600"')
  }, 300_000)
})

describe('the program of the base stack', () => {
  const base = (outputs: Readonly<Record<string, unknown>> = {}) =>
    recordProgram({
      folder: path.join(folder, 'infra/base'),
      program: 'index.ts',
      project: 'sluice-base',
      stack: 'us-west-2',
      stacks: { 'organization/sluice-base/us-west-2': outputs },
    })

  it('has only what some pipeline uses', async () => {
    const { exitCode, registrations, outputs } = await base()
    expect(exitCode).toBe(0)
    const types = registrations.filter(({ isCustom }) => isCustom).map(({ type }) => type.split(':').at(-1))
    expect(types).toEqual(expect.arrayContaining(['Topic', 'TopicPolicy', 'TopicSubscription']))
    const registry = loadRegistry({ projectRoot: folder })
    const isUsed = (part: 'catalog') => registry.sites.some(({ uses }) => uses.includes(part))
    expect(types.includes('Cluster')).toBe(isUsed('catalog'))
    expect(types.includes('ComputeEnvironment')).toBe(
      registry.sites.some(({ compute }) => compute.kind === 'Batch'),
    )
    expect(outputs).toHaveProperty('base.topicArn')
  }, 300_000)

  it('keeps what it has, since another branch may use it', async () => {
    const { exitCode, registrations, outputs } = await base({ features: { maxVcpus: 64, hasCatalog: true } })
    expect(exitCode).toBe(0)
    const of = (name: string) => registrations.filter(({ type }) => type.split(':').at(-1) === name)
    expect(of('ComputeEnvironment').map(({ inputs }) => inputs.computeResources)).toEqual([
      {
        type: 'FARGATE_SPOT',
        maxVcpus: 64,
        subnets: ['subnet-p1', 'subnet-p2'],
        securityGroupIds: ['network-jobs'],
      },
      {
        type: 'FARGATE',
        maxVcpus: 64,
        subnets: ['subnet-p1', 'subnet-p2'],
        securityGroupIds: ['network-jobs'],
      },
    ])
    const [vpc] = of('Vpc')
    expect(vpc?.inputs).toMatchObject({ natGateways: { strategy: 'None' }, numberOfAvailabilityZones: 2 })
    for (const { inputs } of of('SecurityGroup'))
      expect(JSON.stringify(inputs.ingress ?? [])).not.toContain('0.0.0.0/0')
    expect(of('Cluster').map(({ name }) => name)).toEqual(['catalog-cluster', 'preview-catalog-cluster'])
    for (const { isProtected, inputs } of of('Cluster')) {
      expect([isProtected, inputs]).toEqual([
        true,
        expect.objectContaining({
          manageMasterUserPassword: true,
          enableHttpEndpoint: true,
          iamDatabaseAuthenticationEnabled: true,
          storageEncrypted: true,
          deletionProtection: true,
          serverlessv2ScalingConfiguration: { minCapacity: 0, maxCapacity: 4, secondsUntilAutoPause: 300 },
        }),
      ])
      expect(inputs).not.toHaveProperty('masterPassword')
    }
    expect(outputs.base).toMatchObject({
      environments: { spotArn: expect.any(String), onDemandArn: expect.any(String) },
      catalog: { clusterResourceId: 'cluster-ABCDEFGHIJKL', functionSubnetIds: ['subnet-i1', 'subnet-i2'] },
      previewCatalog: { clusterResourceId: 'cluster-ABCDEFGHIJKL' },
    })
    expect(outputs.features).toEqual({ maxVcpus: 64, hasCatalog: true })
  }, 300_000)
})
