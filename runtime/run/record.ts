import type {
  Counts,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  OutputRecord,
  SkipReason,
  WorkUnit,
} from '../contracts.ts'
import { isSluiceError, StoreError } from '../errors.ts'
import type { ErrorSummary } from '../log.ts'
import { jsonText, keySegment, readJsonObject } from './json-object.ts'

export type Outcome = 'succeeded' | 'skipped' | 'rejected' | 'failed'

/** How many and how large, and which; of very many the first ones. */
export interface Listing<T> {
  readonly total: number
  readonly bytes: number
  readonly objects: readonly T[]
}

export type InputRecord = Pick<ObjectInfo, 'key' | 'size' | 'etag'>

/** What one run left behind. Times are ISO 8601 in UTC. */
export interface RunRecord {
  readonly format: 1
  readonly pipeline: string
  readonly site: string
  readonly runId: string
  readonly attempt: number
  readonly attempts: number
  readonly holder: string
  readonly codeVersion: string
  readonly outcome: Outcome
  /** Of a skipped run. */
  readonly reason?: SkipReason
  /** Whether these inputs are done with; if not, the same inputs may be run again. */
  readonly isSettled: boolean
  readonly work: WorkUnit
  /** Of a window or prefix: the digest of its inputs. Of objects, each one's etag is its digest. */
  readonly digest?: string
  /** The trigger's time. */
  readonly now: string
  readonly startedAt: string
  readonly endedAt: string
  readonly seconds: number
  readonly inputs: Listing<InputRecord>
  readonly outputs: Listing<OutputRecord>
  readonly counts: Counts
  readonly warnings: readonly string[]
  readonly error?: ErrorSummary
}

/** What an alert needs to know of a run that was rejected, or failed for good. Stands under `failures/`. */
export interface FailureReport
  extends Pick<
    RunRecord,
    | 'format'
    | 'pipeline'
    | 'site'
    | 'runId'
    | 'attempt'
    | 'attempts'
    | 'outcome'
    | 'work'
    | 'startedAt'
    | 'endedAt'
    | 'codeVersion'
  > {
  /** The key of the run's record. */
  readonly record: string
  readonly error: ErrorSummary
}

/** What a record's key says. `startedAt` is whole seconds. */
export interface RecordName {
  readonly pipeline: string
  readonly site: string
  readonly startedAt: Date
  readonly outcome: Outcome
  readonly runId: string
  readonly attempt: number
}

/** All of `objects`, or the first `limit`: a scan of a million objects still leaves a small record. */
export function listing<T extends { readonly size: number }>(
  objects: readonly T[],
  limit = Infinity,
): Listing<T> {
  const bytes = objects.reduce((sum, { size }) => sum + size, 0)
  return { total: objects.length, bytes, objects: objects.slice(0, limit) }
}

/** Where the records of a pipeline at a site stand; without them, of all. */
export function recordPrefix(pipeline?: string, site?: string): string {
  return ['runs', pipeline, site]
    .filter((part) => part !== undefined)
    .map((part) => `${keySegment(part)}/`)
    .join('')
}

/** `runs/<pipeline>/<site>/<yyyy>/<mm>/<dd>/<HHMMSS>-<outcome>-<runId>-<attempt>.json` */
export function recordKey(name: RecordName): string {
  const tail = `${name.outcome}-${keySegment(name.runId)}-${name.attempt}.json`
  return `${recordSecondPrefix(name.pipeline, name.site, name.startedAt)}${tail}`
}

function recordSecondPrefix(pipeline: string, site: string, startedAt: Date): string {
  const [date, time] = startedAt.toISOString().split('T') as [string, string]
  return `${recordPrefix(pipeline, site)}${date.replaceAll('-', '/')}/${time.slice(0, 8).replaceAll(':', '')}-`
}

const keyPattern =
  /^runs\/([^/]+)\/([^/]+)\/(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)(\d\d)(\d\d)-(succeeded|skipped|rejected|failed)-([^/]+)-(\d+)\.json$/

/** What a record's key says, or `undefined` if it is no record's key. */
export function parseRecordKey(key: string): RecordName | undefined {
  const match = keyPattern.exec(key)
  if (!match) return undefined
  const [, pipeline, site, yyyy, mm, dd, HH, MM, SS, outcome, runId, attempt] = match as unknown as string[]
  const startedAt = new Date(`${yyyy}-${mm}-${dd}T${HH}:${MM}:${SS}Z`)
  const [pipelineName, siteName, id] = [pipeline, site, runId].map((part) => unescapeSegment(part as string))
  if (Number.isNaN(startedAt.getTime()) || pipelineName === undefined || siteName === undefined)
    return undefined
  if (id === undefined) return undefined
  return {
    pipeline: pipelineName,
    site: siteName,
    startedAt,
    outcome: outcome as Outcome,
    runId: id,
    attempt: Number(attempt),
  }
}

function unescapeSegment(segment: string): string | undefined {
  const text = segment.replaceAll('%2F', '/').replaceAll('%25', '%')
  return keySegment(text) === segment ? text : undefined
}

const nameOf = (record: RunRecord): RecordName => ({ ...record, startedAt: new Date(record.startedAt) })

/** `failures/…`, otherwise as the record's key. */
export function failureKey(record: RunRecord): string {
  return recordKey(nameOf(record)).replace(/^runs\//, 'failures/')
}

/** Writes the record, gives its key. @throws StoreError */
export async function writeRecord(store: ObjectStore, record: RunRecord): Promise<string> {
  const key = recordKey(nameOf(record))
  await putOnce(store, key, jsonText(record))
  return key
}

/** Writes the report that alerts are made from, gives its key. @throws StoreError */
export async function writeFailure(store: ObjectStore, record: RunRecord): Promise<string> {
  const key = failureKey(record)
  const { format, pipeline, site, runId, attempt, attempts, outcome, work, startedAt, endedAt, codeVersion } =
    record
  const report: FailureReport = {
    format,
    pipeline,
    site,
    runId,
    attempt,
    attempts,
    outcome,
    work,
    startedAt,
    endedAt,
    codeVersion,
    record: recordKey(nameOf(record)),
    error: record.error ?? { name: 'Error', message: 'no error was given' },
  }
  await putOnce(store, key, jsonText(report))
  return key
}

/** Append-only: nothing is ever written over. The same text again is a repetition whose first answer was lost. */
async function putOnce(store: ObjectStore, key: string, text: string): Promise<void> {
  try {
    await store.put(key, text, { ifNoneMatch: '*', contentType: 'application/json' })
  } catch (error) {
    if (!isSluiceError(error, 'precondition-failed')) throw error
    const found = await readJsonObject(store, key)
    if (found && jsonText(found.value as object) === text) return
    throw new StoreError(`${key}: another run of this id and attempt has left its record here`, {
      cause: error,
    })
  }
}

/** @throws StoreError when the object is no record of format 1 */
export async function readRecord(store: ObjectReader, key: string): Promise<RunRecord | undefined> {
  const found = await readJsonObject(store, key)
  if (!found) return undefined
  const record = found.value as Partial<RunRecord> | null
  if (record?.format !== 1 || !record.outcome || !record.runId || !record.startedAt) {
    throw new StoreError(`${key}: is not a run's record of format 1`)
  }
  return record as RunRecord
}

/** The records of runs of this id and attempt that started in the same second. */
export async function* findRecords(
  store: ObjectReader,
  run: Omit<RecordName, 'outcome'>,
): AsyncGenerator<RunRecord> {
  for await (const { key } of store.list(recordSecondPrefix(run.pipeline, run.site, run.startedAt))) {
    const name = parseRecordKey(key)
    if (name?.runId !== run.runId || name.attempt !== run.attempt) continue
    const record = await readRecord(store, key)
    if (record) yield record
  }
}
