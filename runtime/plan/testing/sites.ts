import type { FileFilter, PipelineFacts, RegisteredSite, Registry } from '../../contracts.ts'

/** Sites and registries for tests, with the settings that nobody set. */

export const facts: PipelineFacts = {
  kind: 'ingest',
  datastreamsIn: [],
  datastreamsOut: [],
  padding: { beforeSeconds: 0, afterSeconds: 0 },
  outputPrefixes: [],
  inputPrefixes: [],
  linkedFiles: [],
  classnames: [],
}

function site(key: RegisteredSite['key'], part: Pick<RegisteredSite, 'type' | 'trigger'>): RegisteredSite {
  const [pipeline, name] = key.split('/') as [string, string]
  return {
    key,
    pipeline,
    site: name,
    ...part,
    input: 'objects',
    lookBackSeconds: 2_592_000,
    lagSeconds: 0,
    maxUnits: 24,
    compute: {
      kind: 'Lambda',
      memoryMB: 1024,
      timeoutSeconds: 120,
      scratchMB: 512,
      vcpus: 1,
      attempts: 3,
      spot: true,
      maxVcpus: 16,
    },
    outputs: [],
    uses: [],
    parameters: {},
    alerts: { emails: [] },
    configFile: `pipelines/${pipeline}/config/pipeline.yaml`,
    facts,
    origin: { path: `pipelines[0].configs.${name}`, line: 1, column: 1 },
  }
}

/** An ingest with trigger: S3. */
export function ingest(key: RegisteredSite['key'], prefix: string, files?: FileFilter): RegisteredSite {
  const source = { bucket: 'input' as const, prefix }
  return site(key, { type: 'ingest', trigger: { kind: 's3', source, ...(files && { files }) } })
}

/** An hourly VAP from and to datastreams of the standard paths. */
export function vap(
  key: RegisteredSite['key'],
  datastreamsIn: string[],
  datastreamsOut: string[],
): RegisteredSite {
  const trigger = { kind: 'cron' as const, expression: 'cron(0 0/1 * * ? *)', timezone: 'UTC' }
  const prefixes = (names: string[]) => names.map((name) => `data/${name.split('.')[0]}/${name}/`)
  return {
    ...site(key, { type: 'vap', trigger }),
    window: 'hour',
    facts: {
      ...facts,
      kind: 'vap',
      datastreamsIn,
      datastreamsOut,
      inputPrefixes: prefixes(datastreamsIn),
      outputPrefixes: prefixes(datastreamsOut),
      padding: { beforeSeconds: 3600, afterSeconds: 0 },
    },
  }
}

/** The sites sorted, as every registry has them. */
export function registryOf(sites: readonly RegisteredSite[], part: Partial<Registry> = {}): Registry {
  return {
    file: 'pipelines_config.yml',
    project: 'ocean-pipelines',
    accountId: '123456789012',
    region: 'us-west-2',
    inputBucketName: 'acme-ocean-input',
    outputBucketName: 'acme-ocean-output',
    createBuckets: true,
    alerts: { emails: ['ops@example.org'] },
    branches: [
      { pattern: 'main', stack: 'prod', schedules: true },
      { pattern: '*', stack: 'preview', schedules: false, expiresAfterSeconds: 1_209_600 },
    ],
    quotas: {},
    sites: sites.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    disabled: [],
    ...part,
  }
}
