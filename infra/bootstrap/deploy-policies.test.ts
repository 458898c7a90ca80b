import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../../runtime/contracts.ts'
import { previewStackName } from '../../runtime/plan/names.ts'
import { planRuns } from '../../runtime/plan/plan.ts'
import { registryOf } from '../../runtime/plan/testing/sites.ts'
import { loadRegistry } from '../../runtime/registry/load.ts'
import { BaseStack, neededFeatures } from '../base/base-stack.ts'
import type { BaseOutputs } from '../base-outputs.ts'
import { BranchStack } from '../branch-stack.ts'
import { type AccountRoles, accountRoles } from '../testing/account-roles.ts'
import { baseProviderCalls } from '../testing/base-provider-calls.ts'
import { type MockedResource, recordUnderMocks } from '../testing/mocked-stack.ts'
import { artefactsOf, base, everySite, image, planOf, redshift } from '../testing/plans.ts'
import { decide, type PolicyStatement, parsePolicy, type SimulatedRole } from '../testing/policy-simulator.ts'
import { copyEveryKey, type ProjectCopy } from '../testing/project-copy.ts'
import type { Calls, Requests } from '../testing/provider-call-parts.ts'
import { providerCalls, requestsOf } from '../testing/provider-calls.ts'
import { imageRepository } from './image-repository.ts'
import { boundaryArn } from './role-grants.ts'

/** What the roles of bootstrap may do, as IAM would decide it, for every call that a deployment leads to. */

const root = path.resolve(import.meta.dirname, '../..')
const sharedBase: BaseOutputs = {
  ...base,
  environments: {
    spotArn: 'arn:aws:batch:us-west-2:123456789012:compute-environment/jobs-spot-0a1b2c3',
    onDemandArn: 'arn:aws:batch:us-west-2:123456789012:compute-environment/jobs-on-demand-0a1b2c3',
  },
}

const graphOf = (plan: Plan, { scope }: AccountRoles) =>
  recordUnderMocks(
    () =>
      new BranchStack('sluice', {
        plan,
        artefacts: artefactsOf(plan),
        base: sharedBase,
        architecture: 'arm64',
        image,
        permissionsBoundary: boundaryArn(scope, plan.kind),
      }),
    plan.stack,
  )

/** The requests of a graph, with the tags that all of it has. */
function asked(
  graph: readonly MockedResource[],
  verbs: readonly (keyof Calls)[],
  tags: Readonly<Record<string, string>>,
  table = providerCalls,
): Requests {
  const contextOf = (key: string) =>
    Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:${key}/${name}`, value]))
  return requestsOf(graph, table, verbs).map(({ request, ...rest }) => ({
    ...rest,
    request: {
      ...request,
      context: {
        ...(request.resource === '*' || isBucket(request.resource)
          ? {}
          : contextOf(rest.verb === 'create' ? 'RequestTag' : 'ResourceTag')),
        ...request.context,
      },
    },
  }))
}

/** S3 tells IAM nothing of a bucket's tags. */
const isBucket = (arn: string) => arn.startsWith('arn:aws:s3:')

const refused = (role: SimulatedRole, requests: Requests) =>
  requests
    .map(({ where, request }) => ({ where, request, decision: decide(role, request) }))
    .filter(({ decision }) => !decision.isAllowed)
    .map(
      ({ where, request, decision }) =>
        `${where}: ${request.action} on ${request.resource}: ${decision.because} ${decision.sid ?? ''}`,
    )
const granted = (role: SimulatedRole, requests: Requests) =>
  requests
    .filter(({ request }) => decide(role, request).isAllowed)
    .map(({ where, request }) => `${where}: ${request.action} on ${request.resource}`)

const all = ['create', 'read', 'update', 'delete'] as const
const writing = ['create', 'update', 'delete'] as const

/** Prod's buckets, and what is set on them, stay when prod goes; see `DataBuckets`. */
const isRetained = ({ type, name }: MockedResource) =>
  type.startsWith('aws:s3/bucket:') || name.startsWith('data-')

describe.each(['the test registry', 'the sample registry', 'the registry with every key'])('%s', (which) => {
  let copy: ProjectCopy | undefined
  let roles: AccountRoles
  let graphs: { readonly prod: MockedResource[]; readonly preview: MockedResource[] }
  let plans: { readonly prod: Plan; readonly preview: Plan }
  beforeAll(async () => {
    if (which === 'the registry with every key') copy = copyEveryKey()
    const registry =
      which === 'the test registry'
        ? registryOf(everySite, { redshift })
        : loadRegistry({ projectRoot: copy?.folder ?? root })
    const branch = 'feature/x'
    plans = {
      prod: planRuns(registry, { stack: 'prod', branch: 'main' }),
      preview: planRuns(registry, { stack: previewStackName(branch), branch }),
    }
    roles = accountRoles(registry)
    graphs = { prod: await graphOf(plans.prod, roles), preview: await graphOf(plans.preview, roles) }
    for (const graph of Object.values(graphs)) expect(graph.length).toBeGreaterThan(40)
  })
  afterAll(() => copy?.remove())

  it('is deployed and taken down by deploy-preview as a preview', () => {
    const requests = asked(graphs.preview, all, plans.preview.tags)
    expect(requests.length).toBeGreaterThan(300)
    expect(refused(roles.deployPreview, requests)).toEqual([])
  })

  it('is deployed by deploy-prod as prod, which keeps its buckets', () => {
    const { tags } = plans.prod
    expect(refused(roles.deployProd, asked(graphs.prod, ['create', 'read', 'update'], tags))).toEqual([])
    const going = graphs.prod.filter((resource) => !isRetained(resource))
    expect(refused(roles.deployProd, asked(going, ['delete'], tags))).toEqual([])
    const buckets = graphs.prod.filter(({ type }) => type === 'aws:s3/bucket:Bucket')
    const deletions = asked(buckets, ['delete'], tags).filter(
      ({ request }) => !request.action.includes('List'),
    )
    expect(deletions.length).toBeGreaterThan(0)
    expect(granted(roles.deployProd, deletions)).toEqual([])
  })

  it('shows itself to preview, which changes nothing of it', () => {
    const { tags } = plans.preview
    expect(refused(roles.preview, asked(graphs.preview, ['read'], tags))).toEqual([])
    const writes = asked(graphs.preview, writing, tags).filter(
      // Looking at a function's network, and at its code, which is looked at by its own name too.
      ({ request }) => !/^ec2:Describe|^s3:GetObject$/.test(request.action),
    )
    expect(granted(roles.preview, writes)).toEqual([])
  })

  it('as prod is no part of what deploy-preview and preview may touch, or look at', () => {
    const requests = asked(graphs.prod, all, plans.prod.tags).filter(
      // What no resource tells apart, and shows names alone.
      ({ request }) => request.resource !== '*' && !request.resource.includes('event-source-mapping:'),
    )
    // Shared by all branches.
    const own = requests.filter(({ request }) => !request.resource.includes(':compute-environment/'))
    expect(own.length).toBeGreaterThan(300)
    expect(granted(roles.deployPreview, own)).toEqual([])
    expect(granted(roles.preview, own)).toEqual([])
  })

  it('as a preview is no part of what deploy-prod may change', () => {
    const requests = asked(graphs.preview, writing, plans.preview.tags).filter(
      ({ request }) =>
        request.resource !== '*' && !/event-source-mapping:|:compute-environment\//.test(request.resource),
    )
    expect(granted(roles.deployProd, requests)).toEqual([])
  })

  it('has roles that are not narrowed by their boundary, whatever their policies say', () => {
    for (const [kind, json] of [
      ['prod', roles.policies.prodBoundary.json],
      ['preview', roles.policies.previewBoundary.json],
    ] as const) {
      const boundary = parsePolicy(json)
      const inline = graphs[kind].filter(({ type }) => type === 'aws:iam/rolePolicy:RolePolicy')
      expect(inline.length).toBeGreaterThan(5)
      for (const { name, inputs } of inline) {
        const own = parsePolicy(inputs.policy)
        const allowing = (own.Statement as readonly PolicyStatement[]).filter(
          ({ Effect }) => Effect === 'Allow',
        )
        for (const statement of allowing)
          for (const action of [statement.Action ?? []].flat())
            for (const pattern of [statement.Resource ?? []].flat()) {
              const request = {
                action,
                resource: realArn(pattern, kind),
                context: contextFor(statement, kind),
              }
              const withOwn = { ...own, Statement: [{ ...statement, Resource: '*' }] }
              const role = { arn: 'arn:aws:iam::123456789012:role/run', policies: [withOwn], boundary }
              const { isAllowed, because } = decide(role, request)
              expect([kind, name, action, request.resource, isAllowed, because]).toEqual([
                kind,
                name,
                action,
                request.resource,
                true,
                'allowed',
              ])
            }
      }
    }
  })

  /** Fixtures' own clusters and images have names that no deployment gives. */
  function realArn(pattern: string, kind: Plan['kind']): string {
    return pattern
      .replace(/\$\{([*?$])\}/g, '$1')
      .replace(/[*?]/g, 'x')
      .replace(
        /:cluster:\w+$/,
        kind === 'prod' ? ':cluster:catalog-cluster-0a1b2c3' : ':cluster:preview-catalog-cluster-0a1b2c3',
      )
      .replace(/:secret:[\w-]+$/, ':secret:rds!cluster-0a1b')
      .replace('repository/ocean-pipelines', `repository/${imageRepository(roles.scope, kind)}`)
  }

  function contextFor({ Condition = {} }: PolicyStatement, kind: Plan['kind']): Record<string, string> {
    const owner = Condition.StringLike?.['redshift-data:statement-owner-iam-userid']
    return {
      'aws:ResourceTag/aws:rds:primaryDBClusterArn': realArn(
        'arn:aws:rds:us-west-2:123456789012:cluster:x',
        kind,
      ),
      ...(typeof owner === 'string' && {
        'redshift-data:statement-owner-iam-userid': owner.replace('*', 'session'),
      }),
    }
  }
})

describe('the base stack', () => {
  const { deployPreview, deployProd, preview } = accountRoles()
  let graph: MockedResource[]
  const tags = { 'sluice:project': 'ocean-pipelines', 'sluice:stack': 'base' }
  const table = { ...providerCalls, ...baseProviderCalls }
  beforeAll(async () => {
    const plan = planOf(everySite)
    const features = neededFeatures(plan, undefined)
    expect(features).toEqual({ maxVcpus: expect.any(Number), hasCatalog: true })
    graph = await recordUnderMocks(() => new BaseStack('sluice', { plan, features }), 'us-west-2')
  })

  it('is deployed and taken down by deploy-prod', () => {
    const requests = asked(graph, all, tags, table)
    expect(requests.length).toBeGreaterThan(100)
    expect(refused(deployProd, requests)).toEqual([])
  })

  it('is no branch’s to change', () => {
    const requests = asked(graph, writing, tags, table)
    expect(granted(deployPreview, requests)).toEqual([])
    expect(granted(preview, requests)).toEqual([])
  })

  it('shares no network with others: what is not tagged as its own is not changed', () => {
    const others = asked(graph, ['update', 'delete'], { 'sluice:project': 'another' }, table).filter(
      ({ request }) => request.action.startsWith('ec2:') && request.resource !== '*',
    )
    expect(others.length).toBeGreaterThan(10)
    expect(granted(deployProd, others)).toEqual([])
    expect(
      granted(
        deployProd,
        others.map(({ request, ...rest }) => ({ ...rest, request: { ...request, context: {} } })),
      ),
    ).toEqual([])
  })
})
