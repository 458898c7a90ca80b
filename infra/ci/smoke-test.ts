import type { Plan, PlannedRun } from '../../runtime/contracts.ts'
import { StoreError } from '../../runtime/errors.ts'
import type { CiEnvironment } from './ci-environment.ts'

/** A sample file as it arrives at a site: see `samples.ts`. */
export interface Sample {
  readonly site: string
  readonly name: string
  readonly content: string | Uint8Array
}

/** What is asked of a deployed stack. Missing is `undefined`; all else throws. */
export interface DeployedServices {
  put(bucket: string, key: string, content: string | Uint8Array): Promise<void>
  delete(bucket: string, key: string): Promise<void>
  /** Keys that start with `prefix`. */
  list(bucket: string, prefix: string): Promise<readonly string[]>
  read(bucket: string, key: string): Promise<string | undefined>
  /** Calls a function and waits for its answer; `isError`: it has thrown. */
  invoke(
    functionName: string,
    event: unknown,
  ): Promise<{ readonly isError: boolean; readonly answer: unknown }>
}

/** How a stack is tried: with a sample that arrives, or by asking a function for an object that is not there. */
export type SmokeTest =
  | { readonly kind: 'arrival'; readonly run: PlannedRun; readonly sample: Sample }
  | { readonly kind: 'probe'; readonly run: PlannedRun }

/** What is looked at of a run's record, which `runtime/run/record.ts` describes. */
interface SeenRecord {
  readonly outcome?: string
  readonly reason?: string
  readonly runId?: string
  readonly seconds?: number
  readonly attempt?: number
  readonly attempts?: number
  readonly work?: { readonly kind?: string; readonly keys?: readonly string[] }
  readonly outputs?: { readonly total?: number }
  readonly error?: { readonly message?: string }
}

/** Where samples arrive, below the prefix of the run that they are for. */
export const smokeTestFolder = 'sluice-smoke-test'

/** Whether a name below a folder of our own still starts a run: `*` at the start of a glob takes the folder too. */
const takesFolders = ({ trigger }: PlannedRun) =>
  trigger.files === undefined || trigger.files.glob.startsWith('*')

/**
 * Which run of a plan is tried, and how: of those that objects start on Lambda, the one that needs least. A preview is
 * given a sample; prod never is, as that would stand among real data, and neither is who has none.
 * `undefined`: there is no such run.
 */
export async function chooseSmokeTest(
  plan: Plan,
  sampleOf: (run: PlannedRun) => Promise<Sample | undefined>,
): Promise<SmokeTest | undefined> {
  const candidates = plan.runs
    .filter(
      ({ trigger, compute, input }) =>
        trigger.kind === 's3' && compute.kind === 'Lambda' && input === 'objects',
    )
    .toSorted((a, b) => a.uses.length - b.uses.length)
  if (plan.kind === 'preview') {
    for (const run of candidates.filter(takesFolders)) {
      const sample = await sampleOf(run)
      if (sample) return { kind: 'arrival', run, sample }
    }
  }
  const [run] = candidates
  return run && { kind: 'probe', run }
}

/** A rule or permission that was only just made may not work yet: then once more. */
const arrivals = { attempts: 4, looks: 12, milliseconds: 10_000 }
const probes = { attempts: 6, milliseconds: 15_000 }

function bucketOf(plan: Plan, role: 'input' | 'logs'): string {
  const bucket = plan.buckets[role]
  if (bucket === undefined) throw new RangeError(`the stack ${plan.stack} has no ${role} bucket`)
  return bucket
}

/** Tries a stack, and says in a line what came of it. `id` tells this trial from others. @throws StoreError when it fails */
export async function runSmokeTest(
  test: SmokeTest,
  plan: Plan,
  id: string,
  services: DeployedServices,
  environment: CiEnvironment,
): Promise<string> {
  return test.kind === 'arrival'
    ? arrive(test, plan, id, services, environment)
    : probe(test.run, plan, id, services, environment)
}

async function arrive(
  { run, sample }: Extract<SmokeTest, { kind: 'arrival' }>,
  plan: Plan,
  id: string,
  services: DeployedServices,
  environment: CiEnvironment,
): Promise<string> {
  const bucket = bucketOf(plan, 'input')
  const prefix = `${run.trigger.source?.prefix ?? ''}${smokeTestFolder}/`
  const since = environment.now()
  for (let attempt = 1; attempt <= arrivals.attempts; attempt++) {
    const key = `${prefix}${id}-${attempt}/${sample.name}`
    await services.put(bucket, key, sample.content)
    try {
      for (let look = 0; look < arrivals.looks; look++) {
        await environment.sleep(arrivals.milliseconds)
        const record = await findRecord(run, plan, key, since, services, environment.now())
        if (record) return judge(record, run)
      }
    } finally {
      await services.delete(bucket, key)
    }
    environment.log(`${run.key}: no run of ${key} yet`)
  }
  throw new StoreError(
    `${run.key}: no sample that arrived in ${bucket}/${prefix} has started a run; ` +
      `look at the queue ${plan.names.deadLetterQueue} and the log group ${run.names.logGroup}`,
  )
}

function judge(record: SeenRecord, run: PlannedRun): string {
  if (record.outcome === 'succeeded') {
    return `${run.key}: a sample arrived and run ${record.runId} succeeded in ${record.seconds} s, with ${record.outputs?.total} outputs`
  }
  const why = record.error?.message ?? record.reason ?? 'no reason was given'
  throw new StoreError(
    `${run.key}: the run of a sample was ${record.outcome}, and should have succeeded: ${why}`,
  )
}

/** The last record of a run of `key`; `undefined` while there is none, or another attempt may follow. */
async function findRecord(
  run: PlannedRun,
  plan: Plan,
  key: string,
  since: Date,
  services: DeployedServices,
  now: Date,
): Promise<SeenRecord | undefined> {
  const bucket = bucketOf(plan, 'logs')
  const days = [...new Set([since, now].map((time) => time.toISOString().slice(0, 10).replaceAll('-', '/')))]
  // Records of runs from before this trial are not read.
  const from = since.toISOString().slice(11, 19).replaceAll(':', '')
  for (const day of days) {
    const below = `runs/${run.pipeline}/${run.site}/${day}/`
    for (const name of (await services.list(bucket, below)).toReversed()) {
      if (day === days[0] && name.slice(below.length, below.length + 6) < from) continue
      const record = JSON.parse((await services.read(bucket, name)) ?? '{}') as SeenRecord
      if (record.work?.keys?.includes(key) !== true) continue
      const isLast = record.outcome !== 'failed' || (record.attempt ?? 1) >= (record.attempts ?? 1)
      if (isLast) return record
    }
  }
  return undefined
}

interface Answer {
  readonly runs?: readonly { readonly outcome?: string; readonly reason?: string; readonly record?: string }[]
}

/**
 * Starts a function for an object that does not exist: it has to look for it, find nothing, and leave a record that
 * says so. That takes its code, its role, both buckets and the ledger, and touches no data.
 */
async function probe(
  run: PlannedRun,
  plan: Plan,
  id: string,
  services: DeployedServices,
  environment: CiEnvironment,
): Promise<string> {
  const key = `${run.trigger.source?.prefix ?? ''}${smokeTestFolder}/${id}`
  let found = 'nothing'
  for (let attempt = 1; attempt <= probes.attempts; attempt++) {
    const event = { work: { kind: 'objects', keys: [key] } }
    const { isError, answer } = await services.invoke(run.names.function, event)
    const [result] = (answer as Answer | null)?.runs ?? []
    if (!isError && result?.outcome === 'skipped' && result.reason === 'no-input') {
      return await confirm(result.record ?? '', run, plan, services)
    }
    found = JSON.stringify(answer)?.slice(0, 500) ?? 'nothing'
    environment.log(`${run.key}: answered ${found}`)
    if (attempt < probes.attempts) await environment.sleep(probes.milliseconds)
  }
  throw new StoreError(
    `${run.key}: the function ${run.names.function} should have found no ${key}; it answered ${found}`,
  )
}

async function confirm(
  recordKey: string,
  run: PlannedRun,
  plan: Plan,
  services: DeployedServices,
): Promise<string> {
  const text = await services.read(bucketOf(plan, 'logs'), recordKey)
  const record = JSON.parse(text ?? '{}') as SeenRecord
  if (record.outcome === 'skipped' && record.reason === 'no-input') {
    return `${run.key}: was asked for an object that is not there, and its record ${recordKey} says so`
  }
  throw new StoreError(
    `${run.key}: the record ${recordKey} ${text === undefined ? 'is not there' : 'says otherwise'}`,
  )
}
