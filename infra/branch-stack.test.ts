import { beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../runtime/contracts.ts'
import { previewStackName } from '../runtime/plan/names.ts'
import { BranchStack } from './branch-stack.ts'
import { catalogName } from './names.ts'
import { type MockedResource, recordUnderMocks } from './testing/mocked-stack.ts'
import { base, everySite, image, planOf, simpleSites, stackArgs } from './testing/plans.ts'

/** Under mocks: what is asked of AWS, not what AWS answers. `aws-accepts` shows the same graph to AWS's own provider. */

const longBranch = `feature/${'a-very-long-name-'.repeat(20)}`.slice(0, 300)

async function graphOf(plan: Plan): Promise<MockedResource[]> {
  return recordUnderMocks(() => new BranchStack('sluice', stackArgs(plan)), plan.stack)
}

function preview(branch: string, sites = everySite): Plan {
  return planOf(sites, { stack: previewStackName(branch), branch })
}

const show = (graph: readonly MockedResource[]) => `${JSON.stringify(graph, undefined, 1)}\n`

describe('the stack of a branch', () => {
  const branches = { main: planOf(everySite), 'feature-x': preview('feature/x'), long: preview(longBranch) }

  for (const [name, plan] of Object.entries(branches)) {
    it(`registers exactly what golden/${name}.json holds, with these inputs`, async () => {
      expect(longBranch).toHaveLength(300)
      await expect(show(await graphOf(plan))).toMatchFileSnapshot(`golden/${name}.json`)
    })
  }

  it('is the same from one time to the next', async () => {
    const plan = planOf(everySite)
    expect(show(await graphOf(plan))).toBe(show(await graphOf(plan)))
  })
})

const sorted = (texts: readonly unknown[]) => texts.map(String).sort((a, b) => (a < b ? -1 : 1))
const typesOf = (resources: readonly MockedResource[]) =>
  sorted(resources.map(({ type }) => type.split(':').at(-1)))

describe('changes of the registry', () => {
  const key = ({ type, name }: MockedResource) => `${type} ${name}`
  const minus = (a: readonly MockedResource[], b: readonly MockedResource[]) => {
    const without = new Set(b.map(key))
    return a.filter((resource) => !without.has(key(resource)))
  }
  const changed = (a: readonly MockedResource[], b: readonly MockedResource[]) => {
    const before = new Map(a.map((resource) => [key(resource), JSON.stringify(resource)]))
    return b
      .filter(
        (resource) => before.has(key(resource)) && before.get(key(resource)) !== JSON.stringify(resource),
      )
      .map(key)
  }

  const humboldt = simpleSites.filter((site) => site.key !== 'lidar/morro')
  let less: MockedResource[]
  let more: MockedResource[]
  beforeAll(async () => {
    less = await graphOf(preview('x', humboldt))
    more = await graphOf(preview('x', [...simpleSites]))
  })

  it('add what a new site has of its own, and change nothing but plan.json', () => {
    const added = minus(more, less)
    expect(added.map(({ name }) => name).every((name) => name.startsWith('lidar/morro'))).toBe(true)
    expect(typesOf(added)).toEqual([
      'EventRule',
      'EventTarget',
      'Function',
      'FunctionEventInvokeConfig',
      'LambdaRun',
      'LogGroup',
      'ObjectTrigger',
      'Permission',
      'Role',
      'RolePolicy',
    ])
    expect(changed(less, more)).toEqual(['aws:s3/bucketObjectv2:BucketObjectv2 plan'])
  })

  it('take away all that a removed site had', () => {
    expect(minus(less, more)).toEqual([])
    expect(more.filter(({ name }) => name.startsWith('lidar/morro'))).toHaveLength(10)
    expect(less.some((resource) => JSON.stringify(resource).includes('morro'))).toBe(false)
  })

  it('leave nothing of a trigger behind when it goes from S3 to Cron', async () => {
    const onSchedule = simpleSites.map((site) =>
      site.key === 'lidar/morro'
        ? {
            ...site,
            trigger: {
              kind: 'cron' as const,
              expression: 'cron(0 2 * * ? *)',
              timezone: 'UTC',
              source: { bucket: 'input' as const, prefix: 'lidar/morro/' },
            },
          }
        : site,
    )
    const after = await graphOf(preview('x', onSchedule))
    expect(typesOf(minus(more, after))).toEqual(['EventRule', 'EventTarget', 'ObjectTrigger', 'Permission'])
    expect(typesOf(minus(after, more))).toEqual(['Role', 'RolePolicy', 'Schedule', 'ScheduleTrigger'])
  })
})

describe('what a deployment leaves for operators', () => {
  const contents = (graph: readonly MockedResource[]) =>
    Object.fromEntries(
      graph
        .filter(({ inputs }) => inputs.contentType === 'application/json')
        .map(({ inputs }) => [String(inputs.key), JSON.parse(String(inputs.content)) as unknown]),
    )

  it('is the plan, and beside it where its catalog, image and topic are: no endpoint, no password', async () => {
    const plan = planOf(everySite)
    const left = contents(await graphOf(plan))
    expect(left['plan.json']).toEqual(JSON.parse(JSON.stringify(plan)))
    expect(left['deployment.json']).toEqual({
      format: 1,
      topicArn: base.topicArn,
      architecture: 'arm64',
      image,
      catalog: {
        clusterArn: base.catalog?.clusterArn,
        secretArn: base.catalog?.secretArn,
        database: catalogName(plan),
        user: catalogName(plan),
      },
    })
  })

  it('has nothing of what a stack does not use', async () => {
    const left = contents(await graphOf(planOf(simpleSites)))
    expect(Object.keys(left['deployment.json'] as object)).toEqual(['format', 'topicArn', 'architecture'])
  })
})

describe('buckets', () => {
  const ofType = (graph: readonly MockedResource[], type: string) =>
    graph.filter((resource) => resource.type.endsWith(`:${type}`))

  it('are made with one notification each, that tells EventBridge of everything', async () => {
    const graph = await graphOf(planOf(everySite))
    const buckets = ofType(graph, 'Bucket').map(({ inputs }) => inputs.bucket)
    const notifications = ofType(graph, 'BucketNotification')
    expect(buckets).toHaveLength(5)
    expect(notifications.map(({ inputs }) => inputs)).toEqual(
      notifications.map(({ inputs }) => ({ bucket: inputs.bucket, eventbridge: true })),
    )
    expect(sorted(notifications.map(({ inputs }) => inputs.bucket))).toEqual(sorted(buckets))
  })

  it('that prod adopts are looked at and never changed', async () => {
    const plan = planOf(simpleSites, { registry: { createBuckets: false } })
    const graph = await graphOf(plan)
    expect(ofType(graph, 'Bucket').map(({ inputs }) => inputs.bucket)).toEqual([plan.buckets.logs])
    const about = graph.filter(({ inputs }) => inputs.bucket === plan.buckets.input)
    expect(about).toEqual([])
    expect(
      graph.filter(({ readId }) => readId !== undefined).map(({ name, readId }) => [name, readId]),
    ).toEqual([
      ['data-input-notification', plan.buckets.input],
      ['data-output-notification', plan.buckets.output],
    ])
  })

  it('of a preview are its own, even where prod adopts', () => {
    const plan = planOf(simpleSites, {
      stack: previewStackName('x'),
      branch: 'x',
      registry: { createBuckets: false },
    })
    expect(plan.adopted).toEqual([])
  })

  it('are one where the registry names one for input and output', async () => {
    const graph = await graphOf(planOf(simpleSites, { registry: { outputBucketName: 'acme-ocean-input' } }))
    expect(ofType(graph, 'Bucket')).toHaveLength(2)
    expect(ofType(graph, 'BucketNotification')).toHaveLength(2)
  })
})
