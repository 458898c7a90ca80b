import type { Log, ObjectReader, PipelineModule, PlannedRun, RunContext } from '../../contracts.ts'
import { MemoryObjectStore } from '../../storage/memory.ts'
import type { RunRequest } from '../execute.ts'

/** A planned ingest of `in/…` to `data/…`, and of a VAP with hourly windows. */
export function plannedRun(changes: Partial<PlannedRun> = {}): PlannedRun {
  return {
    key: 'lidar/humboldt',
    pipeline: 'lidar',
    site: 'humboldt',
    type: 'ingest',
    trigger: { kind: 's3', source: { bucket: 'input', prefix: 'in/' } },
    input: 'objects',
    lookBackSeconds: 30 * 86_400,
    lagSeconds: 0,
    maxUnits: 24,
    output: { bucket: 'output', prefix: '' },
    alerts: { emails: [] },
    compute: {
      kind: 'Lambda',
      memoryMB: 1024,
      timeoutSeconds: 60,
      scratchMB: 512,
      vcpus: 1,
      attempts: 3,
      spot: true,
      maxVcpus: 16,
    },
    reads: [{ bucket: 'input', prefix: 'in/' }],
    writes: [{ bucket: 'output', prefix: 'data/' }],
    configFile: 'pipelines/lidar/config/pipeline.yaml',
    linkedFiles: [],
    classnames: [],
    module: 'tsdat',
    datastreamsIn: [],
    datastreamsOut: [],
    uses: [],
    parameters: {},
    names: { function: 'f', jobDefinition: 'j', role: 'r', rule: 'u', schedule: 's', logGroup: 'l' },
    ...changes,
  }
}

export const cronTrigger = (group: 'together' | 'each' = 'together'): PlannedRun['trigger'] => ({
  kind: 'cron',
  expression: 'rate(1 hour)',
  timezone: 'UTC',
  source: { bucket: 'input', prefix: 'in/' },
  group,
})

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
}

/** Copies what it is given to `data/`, one object an input. */
export const copyModule: PipelineModule = {
  async run({ raw, output, work }: RunContext) {
    const keys = work.kind === 'objects' ? work.keys : []
    for (const key of keys) await output.put(`data/${key}`, (await textOf(raw, key)) ?? '')
    return { outcome: 'succeeded', counts: { files: keys.length } }
  },
}

export function moduleOf(run: PipelineModule['run']): PipelineModule {
  return { run }
}

export async function textOf(store: ObjectReader, key: string): Promise<string | undefined> {
  const found = await store.get(key)
  if (!found) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of found.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export async function keysOf(store: MemoryObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

export interface World {
  readonly input: MemoryObjectStore
  readonly output: MemoryObjectStore
  readonly logs: MemoryObjectStore
  readonly request: (changes?: Partial<RunRequest>) => RunRequest
  /** The clock of everything; set it at will. */
  time: Date
}

/** Three empty stores, a clock that stands still, and requests to run `in/a.csv` with `copyModule`. */
export function makeWorld(scratchRoot: string): World {
  const world: World = {
    time: new Date('2026-11-20T14:05:00Z'),
    input: new MemoryObjectStore({ now: () => world.time }),
    output: new MemoryObjectStore({ now: () => world.time }),
    logs: new MemoryObjectStore({ now: () => world.time }),
    request: (changes = {}) => ({
      run: plannedRun(),
      work: { kind: 'objects', keys: ['in/a.csv'] },
      module: copyModule,
      stores: {
        inputs: { input: world.input, output: world.output },
        outputs: { output: world.output },
        logs: world.logs,
      },
      runId: 'run-1',
      holder: 'holder-1',
      attempt: 1,
      attempts: 3,
      now: world.time,
      clock: () => world.time,
      log: silentLog,
      scratchRoot,
      codeVersion: 'abc123',
      projectRoot: '/project',
      classes: { load: () => Promise.reject(new Error('no classes here')) },
      ...changes,
    }),
  }
  return world
}
