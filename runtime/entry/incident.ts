import type { ObjectStore, Plan, PlannedRun, WorkUnit } from '../contracts.ts'
import { InputError, isSluiceError } from '../errors.ts'
import { readJsonObject } from '../run/json-object.ts'
import { type FailureReport, listing, type RunRecord, readRecord, writeRecord } from '../run/record.ts'
import { listRecords, type RecordRef } from '../run/record-list.ts'
import { type AlertSource, type FailedJob, parseLostRequest, recipientsOf } from './alert-source.ts'
import { eventOf } from './job-event.ts'
import { parseRunEvent } from './run-event.ts'
import { RunFailedError } from './run-failed-error.ts'

/** One run that someone must know of. */
export interface Incident {
  /** Told once: of the pipeline, site and run. */
  readonly pipeline: string
  readonly site: string
  readonly runId: string
  readonly outcome: 'rejected' | 'failed'
  readonly at: string
  readonly message: string
  readonly work?: WorkUnit
  /** The key of its record in the logs bucket. */
  readonly record?: string
  readonly recipients: readonly string[]
}

export interface IncidentPlace {
  readonly logs: ObjectStore
  readonly plan: Plan
}

/** What an alert's source comes to; nothing when another source tells of the same. Writes records that are missing. */
export async function findIncidents(place: IncidentPlace, source: AlertSource): Promise<Incident[]> {
  switch (source.kind) {
    case 'report':
      return fromReport(place, source.key)
    case 'lost-request':
      return fromLostRequest(place, source.key)
    case 'failed-job':
      return fromFailedJob(place, source.job)
  }
}

async function fromReport({ logs, plan }: IncidentPlace, key: string): Promise<Incident[]> {
  const found = await readJsonObject(logs, key)
  // Deleted meanwhile: by a person, since nothing of ours deletes there.
  if (!found) return []
  const report = found.value as Partial<FailureReport> | null
  const { pipeline, site, runId, outcome, endedAt, error, work, record } = report ?? {}
  if (
    !pipeline ||
    !site ||
    !runId ||
    !endedAt ||
    !error ||
    (outcome !== 'rejected' && outcome !== 'failed')
  ) {
    throw new InputError(`${key}: is not a failure report of format 1`)
  }
  const run = plan.runs.find((planned) => planned.pipeline === pipeline && planned.site === site)
  return [
    {
      pipeline,
      site,
      runId,
      outcome,
      at: endedAt,
      message: error.message,
      ...(work && { work }),
      ...(record !== undefined && { record }),
      recipients: recipientsOf(run, plan.alerts),
    },
  ]
}

async function fromLostRequest(place: IncidentPlace, key: string): Promise<Incident[]> {
  const { logs, plan } = place
  const found = await readJsonObject(logs, key)
  if (!found) return []
  const request = parseLostRequest(found.value, key)
  const { requestId, functionName, attempts, at, event, error } = request
  const run = plan.runs.find(({ names }) => names.function === functionName)
  if (!run) return [ofFunction(place, request)]
  if (error.name === RunFailedError.name) return unreported(place, run, requestId, at)
  const work = workOf(run, plan, event)
  return recordDeath(place, run, { runId: requestId, attempt: attempts, at, work, holder: requestId, error })
}

/** A function that is none of the plan's: the alert function itself, or that of a run which has been taken out. */
function ofFunction(
  { plan }: IncidentPlace,
  { functionName, requestId, at, error }: ReturnType<typeof parseLostRequest>,
): Incident {
  return {
    pipeline: functionName,
    site: '-',
    runId: requestId,
    outcome: 'failed',
    at: at.toISOString(),
    message: `${error.name}: ${error.message}`,
    recipients: recipientsOf(undefined, plan.alerts),
  }
}

async function fromFailedJob(place: IncidentPlace, job: FailedJob): Promise<Incident[]> {
  const { plan } = place
  const run = plan.runs.find(({ names }) => names.jobDefinition === job.definition)
  const runId = job.jobId.replaceAll(':', '-')
  const error = { name: 'BatchJobFailed', message: job.reason }
  if (!run) {
    const { attempts, at } = job
    return [
      ofFunction(place, {
        functionName: job.definition,
        requestId: runId,
        attempts,
        at,
        event: undefined,
        error,
      }),
    ]
  }
  const records = await recordsOf(place, run, runId, job.at)
  // It got as far as a record in its last attempt: a failure report says the rest.
  if (records.some(({ attempt }) => attempt >= job.attempts)) return unreported(place, run, runId, job.at)
  const work = workOf(run, plan, () => eventOf(job.environment))
  return recordDeath(place, run, { runId, attempt: job.attempts, at: job.at, work, holder: job.jobId, error })
}

/** The records of a request: of its run, and of those that were named after it. Newest first. */
async function recordsOf(
  { logs }: IncidentPlace,
  { pipeline, site, compute }: PlannedRun,
  id: string,
  at: Date,
): Promise<RecordRef[]> {
  // All of its attempts, and a day for what lies between them.
  const longestMs = (compute.timeoutSeconds * compute.attempts + 86_400) * 1000
  const from = new Date(at.getTime() - longestMs)
  const found: RecordRef[] = []
  for await (const record of listRecords(logs, { pipeline, site, from })) {
    if (record.runId === id || record.runId.startsWith(`${id}-`) || record.runId.startsWith(`${id}.`))
      found.push(record)
  }
  return found
}

/** Runs of a request that failed last, and have no failure report because they had attempts left when it was given up. */
async function unreported(place: IncidentPlace, run: PlannedRun, id: string, at: Date): Promise<Incident[]> {
  const records = await recordsOf(place, run, id, at)
  const last = new Map<string, RecordRef>()
  for (const record of records) {
    const known = last.get(record.runId)
    if (!known || record.attempt > known.attempt) last.set(record.runId, record)
  }
  const incidents: Incident[] = []
  for (const { key, outcome } of last.values()) {
    const record = outcome === 'failed' ? await readRecord(place.logs, key) : undefined
    if (record && record.attempt < record.attempts) incidents.push(ofRecord(place.plan, run, record, key))
  }
  return incidents
}

function ofRecord({ alerts }: Plan, run: PlannedRun, record: RunRecord, key: string): Incident {
  return {
    pipeline: record.pipeline,
    site: record.site,
    runId: record.runId,
    outcome: 'failed',
    at: record.endedAt,
    message: record.error?.message ?? 'no error was given',
    work: record.work,
    record: key,
    recipients: recipientsOf(run, alerts),
  }
}

interface Death {
  readonly runId: string
  readonly attempt: number
  readonly at: Date
  readonly work: WorkUnit
  readonly holder: string
  readonly error: { readonly name: string; readonly message: string }
}

/** Writes the record that a run which died could not. When it started, nobody knows; it stands at its end. */
async function recordDeath(place: IncidentPlace, run: PlannedRun, death: Death): Promise<Incident[]> {
  const { runId, attempt, at, work, holder, error } = death
  const time = at.toISOString()
  const record: RunRecord = {
    format: 1,
    pipeline: run.pipeline,
    site: run.site,
    runId,
    attempt,
    attempts: run.compute.attempts,
    holder,
    codeVersion: 'N/A',
    outcome: 'failed',
    isSettled: false,
    work,
    now: time,
    startedAt: time,
    endedAt: time,
    seconds: 0,
    inputs: listing([]),
    outputs: listing([]),
    counts: {},
    warnings: ['the run died without a record; this one was written by the alert function'],
    error,
  }
  return [ofRecord(place.plan, run, record, await writeRecord(place.logs, record))]
}

/** What a dead run was to do, as far as its event tells: a look had not found its work yet. */
function workOf(run: PlannedRun, { buckets }: Plan, event: unknown): WorkUnit {
  try {
    const parsed = parseRunEvent(typeof event === 'function' ? event() : event, run, buckets)
    const [first, ...others] = parsed.kind === 'work' ? parsed.work : []
    if (first && others.length === 0) return first
    const keys = [first, ...others].flatMap((unit) => (unit?.kind === 'objects' ? unit.keys : []))
    return { kind: 'objects', keys }
  } catch (error) {
    // It may have died of just this event.
    if (isSluiceError(error, 'input', 'config')) return { kind: 'objects', keys: [] }
    throw error
  }
}
