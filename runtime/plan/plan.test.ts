import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RegisteredSite } from '../contracts.ts'
import { planRuns } from './plan.ts'
import { facts, ingest, registryOf, vap } from './testing/sites.ts'

const lidar: RegisteredSite = {
  ...ingest('lidar/morro', 'lidar/morro/', { glob: '*.csv', ignoreCase: false }),
  facts: {
    ...facts,
    datastreamsOut: ['morro.lidar.a1'],
    outputPrefixes: ['data/morro/morro.lidar.a1/', 'ancillary/morro/morro.lidar.a1/'],
    linkedFiles: ['pipelines/lidar/config/pipeline.yaml', 'shared/quality.yaml'],
    classnames: ['tsdat.IngestPipeline'],
  },
}
const mean = vap('lidar_vap/morro', ['morro.lidar.a1'], ['morro.lidar_mean.c1'])
const registry = registryOf([mean, lidar])

describe('planRuns', () => {
  it('gives one run for each site, sorted by key, with its least privileges', () => {
    const { runs } = planRuns(registry, { stack: 'prod' })
    expect(runs.map(({ key }) => key)).toEqual(['lidar/morro', 'lidar_vap/morro'])
    expect(runs[0]).toMatchObject({
      type: 'ingest',
      trigger: { kind: 's3', source: { bucket: 'input', prefix: 'lidar/morro/' }, files: { glob: '*.csv' } },
      reads: [{ bucket: 'input', prefix: 'lidar/morro/' }],
      writes: [
        { bucket: 'output', prefix: 'ancillary/morro/morro.lidar.a1/' },
        { bucket: 'output', prefix: 'data/morro/morro.lidar.a1/' },
      ],
      output: { bucket: 'output', prefix: '' },
      linkedFiles: ['pipelines/lidar/config/pipeline.yaml', 'shared/quality.yaml'],
    })
    expect(runs[1]).toMatchObject({
      type: 'vap',
      reads: [{ bucket: 'output', prefix: 'data/morro/morro.lidar.a1/' }],
      writes: [{ bucket: 'output', prefix: 'data/morro/morro.lidar_mean.c1/' }],
      window: {
        unit: 'hour',
        lookBackSeconds: 2_592_000,
        lagSeconds: 0,
        maxWindows: 24,
        padding: { beforeSeconds: 3600, afterSeconds: 0 },
      },
    })
  })

  it('is plain JSON, and the same whenever it is made', () => {
    const plan = planRuns(registry, { stack: 'prod' })
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(JSON.stringify(planRuns(registryOf([lidar, mean]), { stack: 'prod' }))).toBe(JSON.stringify(plan))
  })

  it('puts data below the first output, and adds further outputs whole', () => {
    const outputs = [
      { bucket: 'output' as const, prefix: 'raw/' },
      { bucket: 'gallery' as const, prefix: 'plots/' },
    ]
    const { runs, buckets } = planRuns(
      registryOf([
        { ...lidar, outputs },
        { ...mean, outputs },
      ]),
      { stack: 'prod' },
    )
    expect(runs[0]?.output).toEqual({ bucket: 'output', prefix: 'raw/' })
    expect(runs[0]?.writes).toEqual([
      { bucket: 'gallery', prefix: 'plots/' },
      { bucket: 'output', prefix: 'raw/ancillary/morro/morro.lidar.a1/' },
      { bucket: 'output', prefix: 'raw/data/morro/morro.lidar.a1/' },
    ])
    expect(runs[1]?.reads).toEqual([{ bucket: 'output', prefix: 'raw/data/morro/morro.lidar.a1/' }])
    expect(Object.keys(buckets)).toEqual(['input', 'output', 'logs', 'gallery'])
  })

  it('lets a pipeline without templates write where its outputs say, and nowhere otherwise', () => {
    const bare = ingest('photos/all', 'photos/')
    expect(planRuns(registryOf([bare]), { stack: 'prod' }).runs[0]?.writes).toEqual([])
    const outputs = [
      { bucket: 'thumbnails' as const, prefix: '' },
      { bucket: 'thumbnails' as const, prefix: 'small/' },
    ]
    expect(planRuns(registryOf([{ ...bare, outputs }]), { stack: 'prod' }).runs[0]?.writes).toEqual([
      { bucket: 'thumbnails', prefix: '' },
    ])
  })

  it('gives prod the buckets that the registry names, to create or to adopt', () => {
    const created = planRuns(registry, { stack: 'prod' })
    expect(created).toMatchObject({
      kind: 'prod',
      buckets: { input: 'acme-ocean-input', output: 'acme-ocean-output' },
      adopted: [],
      schedulesEnabled: true,
    })
    expect(created.buckets.logs).toMatch(/^ocean-pipelines-logs-prod-[0-9a-f]{10}$/)
    expect(created.expiresAfterSeconds).toBeUndefined()
    const adopting = planRuns({ ...registry, createBuckets: false }, { stack: 'prod' })
    expect(adopting.adopted).toEqual(['input', 'output'])
  })

  it('gives a preview buckets of its own, schedules that are off, and an end', () => {
    const preview = planRuns(
      { ...registry, createBuckets: false },
      { stack: 'feature-x-1a2b3c4d', branch: 'feature/x' },
    )
    expect(preview).toMatchObject({
      kind: 'preview',
      adopted: [],
      schedulesEnabled: false,
      expiresAfterSeconds: 1_209_600,
      tags: { 'sluice:stack': 'feature-x-1a2b3c4d', 'sluice:expires-after-seconds': '1209600' },
    })
    expect(preview.buckets.input).toMatch(/^acme-ocean-input-feature-x-1a2b3c4d-[0-9a-f]{10}$/)
  })

  it('keeps one bucket one where input and output have the same name', () => {
    const one = { ...registry, outputBucketName: registry.inputBucketName }
    for (const stack of ['prod', 'x-1']) {
      const { buckets } = planRuns(one, { stack })
      expect(buckets.input).toBe(buckets.output)
    }
  })

  it('takes the rule of the branch, if there is one', () => {
    const branches = [{ pattern: 'stable', stack: 'prod' as const, schedules: false }]
    expect(planRuns({ ...registry, branches }, { stack: 'prod', branch: 'stable' }).schedulesEnabled).toBe(
      false,
    )
    expect(planRuns({ ...registry, branches }, { stack: 'prod' }).schedulesEnabled).toBe(false)
    expect(planRuns({ ...registry, branches }, { stack: 'local' }).kind).toBe('preview')
  })

  it('never lets two stacks share a name or a bucket', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9-]{1,12}$/),
      fc.constantFrom('prod', 'Prod', 'a-b', 'a--b', 'preview'),
    )
    const everyName = (stack: string) => {
      const { names, buckets, runs, adopted } = planRuns(registry, { stack })
      const owned = Object.entries(buckets).filter(([role]) => !(adopted as string[]).includes(role))
      return [
        ...Object.values(names),
        ...owned.map(([, name]) => name),
        ...runs.flatMap((run) => Object.values(run.names)),
      ]
    }
    fc.assert(
      fc.property(word, word, (a, b) => {
        fc.pre(a !== b)
        const ofA = new Set(everyName(a))
        expect(everyName(b).filter((name) => ofA.has(name))).toEqual([])
      }),
    )
  })
})
