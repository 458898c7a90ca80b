import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketName, ownBucketBase, previewStackName } from '../../runtime/plan/names.ts'
import { registryOf } from '../../runtime/plan/testing/sites.ts'
import { type MockedResource, recordUnderMocks } from '../testing/mocked-stack.ts'
import { matchesText } from '../testing/policy-pattern.ts'
import { recordProgram } from '../testing/recording-engine.ts'
import { accountScope } from './account-scope.ts'
import { Bootstrap, type BootstrapArgs } from './bootstrap.ts'
import { accountPolicies } from './deploy-policies.ts'
import { managedPolicy, managedPolicyCharacters } from './grants.ts'

/** Under mocks: what is asked of AWS, not what AWS answers. `aws-accepts` shows the same graph to AWS's own provider. */

const args: BootstrapArgs = {
  registry: registryOf([], { githubOrg: 'acme' }),
  pulumiProject: 'ocean-pipelines',
  repository: { org: 'acme', name: 'ocean-pipelines', ownerId: '111', repositoryId: '222' },
  hasProvider: false,
}
const graphOf = (changes: Partial<BootstrapArgs> = {}) =>
  recordUnderMocks(() => new Bootstrap('sluice', { ...args, ...changes }))
const of = (graph: readonly MockedResource[], type: string) =>
  graph.filter((resource) => resource.type.endsWith(`:${type}`))

describe('bootstrap', () => {
  it('registers exactly what golden/bootstrap.json holds, with these inputs', async () => {
    const graph = await graphOf()
    // Policies as JSON, so that a change of one shows where it is.
    const shown = graph.map(({ inputs, ...resource }) => ({
      ...resource,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => [
          key,
          /policy$/i.test(key) && typeof value === 'string' ? (JSON.parse(value) as unknown) : value,
        ]),
      ),
    }))
    await expect(`${JSON.stringify(shown, undefined, 1)}\n`).toMatchFileSnapshot('../golden/bootstrap.json')
  })

  it('has a state bucket that is private, encrypted, versioned and reached over TLS, and forgets old versions', async () => {
    const graph = await graphOf()
    const [bucket] = of(graph, 'Bucket')
    expect(bucket?.inputs).toEqual({
      bucket: expect.stringMatching(/^ocean-pipelines-state-/),
      forceDestroy: false,
    })
    expect(of(graph, 'BucketPublicAccessBlock')[0]?.inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    })
    expect(of(graph, 'BucketVersioning')[0]?.inputs.versioningConfiguration).toEqual({ status: 'Enabled' })
    expect(String(of(graph, 'BucketPolicy')[0]?.inputs.policy)).toContain('"aws:SecureTransport":"false"')
    expect(JSON.stringify(of(graph, 'BucketLifecycleConfiguration')[0]?.inputs)).toContain(
      '"noncurrentDays":90',
    )
  })

  it('turns its keys over, and its image tags never', async () => {
    const graph = await graphOf()
    expect(of(graph, 'Key').map(({ inputs }) => inputs.enableKeyRotation)).toEqual([true, true])
    expect(of(graph, 'Repository')).toHaveLength(2)
    for (const { inputs } of of(graph, 'Repository'))
      expect(inputs).toMatchObject({
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
      })
  })

  it('gives each role a boundary of its own, and seven policies at most, of ten that IAM takes', async () => {
    const graph = await graphOf()
    const attached = of(graph, 'RolePolicyAttachment').map(({ inputs }) => inputs.role)
    expect(of(graph, 'Role')).toHaveLength(3)
    for (const { name, inputs } of of(graph, 'Role')) {
      expect(inputs.permissionsBoundary).toEqual(expect.stringMatching(/-guard$/))
      const count = attached.filter((role) => role === name).length
      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThanOrEqual(7)
    }
  })

  it('uses the account’s provider for GitHub where it has one', async () => {
    const [made, found] = [await graphOf(), await graphOf({ hasProvider: true })]
    expect(of(made, 'OpenIdConnectProvider').map(({ inputs }) => inputs)).toEqual([
      { url: 'https://token.actions.githubusercontent.com', clientIdLists: ['sts.amazonaws.com'] },
    ])
    expect(of(found, 'OpenIdConnectProvider')).toEqual([])
    expect(of(found, 'Role')).toEqual(of(made, 'Role'))
  })
})

describe('policies', () => {
  const word = (most: number) => fc.stringMatching(new RegExp(`^[a-z0-9][a-z0-9-]{1,${most}}[a-z0-9]$`))

  it('are no longer than IAM takes, whatever project, owner, region and buckets are called', () => {
    fc.assert(
      fc.property(
        word(100),
        fc.option(word(60), { nil: undefined }),
        fc.constantFrom('us-west-2', 'us-gov-east-1', 'ap-southeast-2', 'cn-northwest-1'),
        fc.boolean(),
        (project, owner, region, createBuckets) => {
          const scope = accountScope(
            {
              project,
              region,
              createBuckets,
              accountId: '123456789012',
              inputBucketName: 'i'.repeat(63),
              outputBucketName: 'o'.repeat(63),
              ...(owner !== undefined && { owner }),
            },
            project,
          )
          const { deployProd, deployPreview, preview, ...bounds } = accountPolicies(scope, owner)
          const all = [deployProd, deployPreview, preview].flatMap(({ guard, policies }) => [
            guard,
            ...policies,
          ])
          for (const { name, json } of [...all, ...Object.values(bounds)]) {
            expect(name.length).toBeLessThanOrEqual(64)
            expect([name, json.length <= managedPolicyCharacters]).toEqual([name, true])
          }
          expect(new Set([...all, ...Object.values(bounds)].map(({ name }) => name)).size).toBe(
            all.length + 2,
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  it('that are too long are refused with their length', () => {
    const long = { Sid: 'X', Effect: 'Allow', Action: ['a:B'], Resource: ['x'.repeat(6200)] } as const
    expect(() => managedPolicy('deploy', [long])).toThrow(
      /^the policy deploy has 6\d{3} characters and IAM takes 6144$/,
    )
  })

  it('know the buckets of every preview by their names, and prod’s are none of them by chance', () => {
    fc.assert(
      fc.property(word(60), word(40), fc.string({ minLength: 1, maxLength: 80 }), (base, project, branch) => {
        const registry = registryOf([], {
          project,
          inputBucketName: base,
          outputBucketName: `${base.slice(0, 55)}-out`,
        })
        const { previewBuckets, prodBuckets } = accountScope(registry, project)
        const of = (stack: string, name: string) =>
          bucketName({ project, stack, accountId: registry.accountId, region: registry.region }, name)
        const stack = previewStackName(branch)
        expect(matchesText(previewBuckets.input, of(stack, base))).toBe(true)
        for (const role of ['logs', 'thumbnails', 'gallery'] as const) {
          const name = ownBucketBase({ project, stack }, role)
          expect(matchesText(previewBuckets[role], of(stack, name))).toBe(true)
          expect(prodBuckets[role]).toBe(of('prod', name))
        }
        expect(prodBuckets.input).toBe(base)
      }),
    )
  })
})

describe('the program of bootstrap', () => {
  const run = (config: Readonly<Record<string, string>> = {}) =>
    recordProgram({
      folder: path.join(import.meta.dirname),
      program: 'index.ts',
      project: 'sluice-bootstrap',
      stack: 'account',
      config,
    })

  it('runs to its end, protects what cannot be made again, and tells the variables of the repository', async () => {
    const { exitCode, log, registrations, outputs } = await run({
      'sluice:githubOwnerId': '111',
      'sluice:githubRepositoryId': '222',
    })
    expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, ''])
    const isProtected = registrations.filter((resource) => resource.isProtected).map(({ type }) => type)
    expect(isProtected.toSorted()).toEqual([
      'aws:ecr/repository:Repository',
      'aws:ecr/repository:Repository',
      'aws:kms/key:Key',
      'aws:kms/key:Key',
      'aws:s3/bucket:Bucket',
    ])
    expect(outputs.variables).toMatchObject({ AWS_REGION: 'us-west-2' })
    const [provider] = registrations.filter(({ type }) => type === 'pulumi:providers:aws')
    expect(provider?.inputs.allowedAccountIds).toBe('["123456789012"]')
    const trust = registrations.find(({ name }) => name.endsWith('--deploy-prod'))?.inputs.assumeRolePolicy
    expect(String(trust)).toContain('repo:acme@111/ocean-pipelines@222:ref:refs/heads/main')
  }, 120_000)

  it('says in one line what is wrong with its settings', async () => {
    const { exitCode, log } = await run({ 'sluice:githubOwnerId': 'acme' })
    expect(exitCode).not.toBe(0)
    expect(log).toContain('sluice:githubOwnerId is "acme"; expected digits')
    expect(log).not.toContain('    at ')
  }, 120_000)
})
