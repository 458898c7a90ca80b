import { createHash } from 'node:crypto'
import type { Plan, RegisteredSite, Registry } from '../../runtime/contracts.ts'
import { planRuns } from '../../runtime/plan/plan.ts'
import { ingest, registryOf, vap } from '../../runtime/plan/testing/sites.ts'
import type { Artefact, Artefacts } from '../artefacts.ts'
import type { BaseOutputs, SharedOutputs } from '../base-outputs.ts'
import type { BranchStackArgs } from '../branch-stack.ts'

/** Plans for tests: one of functions only, and one with every kind of resource that Sluice makes. */

const csv = { glob: '*.csv', ignoreCase: false }

export const lidar = ingest('lidar/humboldt', 'lidar/humboldt/', csv)
export const lidarMorro = ingest('lidar/morro', 'lidar/morro/', csv)
export const lidarVap = vap('lidar_vap/humboldt', ['humboldt.lidar.a1'], ['humboldt.lidar.b1'])

const outputs = (...prefixes: string[]) => ({ facts: { ...lidar.facts, outputPrefixes: prefixes } })

/** The same site with its storage's prefixes. */
export const simpleSites: readonly RegisteredSite[] = [
  { ...lidar, ...outputs('data/humboldt/') },
  { ...lidarMorro, ...outputs('data/morro/') },
  lidarVap,
]

const onBatch = {
  kind: 'Batch' as const,
  memoryMB: 4096,
  timeoutSeconds: 3600,
  scratchMB: 51_200,
  vcpus: 2,
  attempts: 4,
  spot: true,
  maxVcpus: 8,
}

const video: RegisteredSite = {
  ...ingest('video_watermark/studio', 'video/in/', { glob: '*.mp4', ignoreCase: true }),
  compute: onBatch,
  outputs: [{ bucket: 'output', prefix: 'video/out/' }],
}

const assets: RegisteredSite = {
  ...ingest('cg_assets/shows', 'assets/'),
  trigger: {
    kind: 'cron',
    expression: 'rate(1 day)',
    timezone: 'Europe/Berlin',
    source: { bucket: 'input', prefix: 'assets/' },
  },
  input: 'prefix',
  compute: { ...onBatch, spot: false, scratchMB: 512, maxVcpus: 4 },
  outputs: [{ bucket: 'thumbnails', prefix: 'assets/' }],
  uses: ['catalog'],
}

const photos: RegisteredSite = {
  ...ingest('photos/all', 'photos/'),
  outputs: [
    { bucket: 'gallery', prefix: '' },
    { bucket: 'thumbnails', prefix: 'photos/' },
  ],
  uses: ['catalog'],
  compute: { ...lidar.compute, concurrency: 5, attempts: 1 },
  alerts: { emails: ['photos@example.org'] },
}

const persons: RegisteredSite = {
  ...ingest('persons/hr', 'persons/', csv),
  uses: ['catalog', 'redshift'],
  compute: { ...onBatch, scratchMB: 512 },
}

export const everySite: readonly RegisteredSite[] = [...simpleSites, video, assets, photos, persons]

export const redshift = {
  workgroup: 'analytics',
  database: 'people',
  roleArn: 'arn:aws:iam::123456789012:role/redshift-copy',
}

export function planOf(
  sites: readonly RegisteredSite[],
  options: { readonly stack?: string; readonly branch?: string; readonly registry?: Partial<Registry> } = {},
): Plan {
  const { stack = 'prod', branch, registry = {} } = options
  return planRuns(registryOf(sites, { redshift, ...registry }), {
    stack,
    ...(branch !== undefined && { branch }),
  })
}

export const image = `123456789012.dkr.ecr.us-west-2.amazonaws.com/ocean-pipelines@sha256:${'ab'.repeat(32)}`

/** What a stack gets of the base stack. */
export const base: BaseOutputs = {
  topicArn: 'arn:aws:sns:us-west-2:123456789012:sluice-alerts',
  environments: {
    spotArn: 'arn:aws:batch:us-west-2:123456789012:compute-environment/spot',
    onDemandArn: 'arn:aws:batch:us-west-2:123456789012:compute-environment/on-demand',
  },
  catalog: {
    host: 'catalog.cluster.us-west-2.rds.amazonaws.com',
    port: 5432,
    clusterArn: 'arn:aws:rds:us-west-2:123456789012:cluster:catalog',
    clusterResourceId: 'cluster-ABCDEFGHIJKL',
    secretArn: 'arn:aws:secretsmanager:us-west-2:123456789012:secret:master-abcdef',
    functionSubnetIds: ['subnet-i1', 'subnet-i2'],
    securityGroupId: 'sg-1',
  },
}

/** What the base stack gives to all. */
export const sharedBase: SharedOutputs = {
  ...base,
  ...(base.catalog && {
    previewCatalog: { ...base.catalog, clusterArn: 'arn:aws:rds:us-west-2:123456789012:cluster:preview' },
  }),
}

function artefact(name: string): Artefact {
  return {
    file: `${name}.zip`,
    sha256: createHash('sha256').update(name).digest('hex'),
    handler: 'index.handler',
  }
}

/** Artefacts that no file stands behind: as of a deployment, of pipelines on Lambda only. */
export function artefactsOf(plan: Plan): Artefacts {
  const onLambda = plan.runs.filter(({ compute }) => compute.kind === 'Lambda')
  const pipelines = new Set(onLambda.map(({ pipeline }) => pipeline))
  return {
    pipelines: new Map([...pipelines].map((name) => [name, artefact(name)])),
    alert: artefact('alert'),
    catalogSetup: artefact('catalog-setup'),
  }
}

export function stackArgs(plan: Plan): BranchStackArgs {
  return { plan, artefacts: artefactsOf(plan), base, architecture: 'arm64', image }
}
