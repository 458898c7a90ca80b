import type { PlannedRun, WorkUnit } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { matchesFiles } from './file-filter.ts'
import { prefixUnits } from './shards.ts'

/** An object that was created or replaced, as an event tells it. What the object is now may be newer. */
export interface ObjectEvent {
  /** The bucket's physical name. */
  readonly bucket: string
  readonly key: string
}

/**
 * The objects that an S3 event says were created: EventBridge's "Object Created", whose keys are raw, or native
 * `Records[]`, whose keys (and only those) are URL-encoded with `+` for a space. Each object once. A test event, and
 * records of removals, tell of none. @throws InputError when it is no S3 event
 */
export function parseObjectEvents(event: unknown): ObjectEvent[] {
  const records = field(event, 'Records')
  const found = Array.isArray(records) ? records.flatMap(fromRecord) : fromEventBridge(event)
  return [...new Map(found.map((object) => [`${object.bucket}/${object.key}`, object])).values()]
}

function fromEventBridge(event: unknown): ObjectEvent[] {
  if (field(event, 'Event') === 's3:TestEvent') return []
  const kind = field(event, 'detail-type')
  if (field(event, 'source') !== 'aws.s3' || kind !== 'Object Created') {
    throw new InputError(
      `the event is ${kind === undefined ? 'of an unknown kind' : JSON.stringify(kind)}; ` +
        'expected "Object Created" of aws.s3 or Records[] of aws:s3',
    )
  }
  return [objectEvent(field(event, 'detail', 'bucket', 'name'), field(event, 'detail', 'object', 'key'))]
}

function fromRecord(record: unknown): ObjectEvent[] {
  const source = field(record, 'eventSource')
  if (source !== 'aws:s3') {
    throw new InputError(`a record of the event is of ${JSON.stringify(source)}; expected aws:s3`)
  }
  const name = field(record, 'eventName')
  if (typeof name !== 'string' || !/^(?:s3:)?ObjectCreated:/.test(name)) return []
  const { bucket, key } = objectEvent(
    field(record, 's3', 'bucket', 'name'),
    field(record, 's3', 'object', 'key'),
  )
  try {
    return [{ bucket, key: decodeURIComponent(key.replaceAll('+', ' ')) }]
  } catch (cause) {
    throw new InputError(`the event's key ${JSON.stringify(key)} is not URL-encoded`, { cause })
  }
}

function objectEvent(bucket: unknown, key: unknown): ObjectEvent {
  if (typeof bucket !== 'string' || typeof key !== 'string' || key === '') {
    throw new InputError('the event names no bucket and key')
  }
  return { bucket, key }
}

function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
    value,
  )
}

/** What a trigger comes to: work, one unit a run, and the keys that leave no trace (folder markers, other names). */
export interface TriggeredWork {
  readonly work: readonly WorkUnit[]
  readonly filtered: readonly string[]
}

/** The runs that these keys start: each object its own, or their prefix as a whole. */
export function workOfKeys(run: PlannedRun, keys: readonly string[]): TriggeredWork {
  const { source, files } = run.trigger
  const prefix = source?.prefix ?? ''
  const wanted = [...new Set(keys)].filter((key) => matchesFiles(files, key, prefix))
  const isWanted = new Set(wanted)
  const filtered = keys.filter((key) => !isWanted.has(key))
  if (run.input === 'prefix') {
    return { work: wanted.length > 0 ? prefixUnits(run, prefix) : [], filtered }
  }
  return { work: wanted.map((key) => ({ kind: 'objects', keys: [key] })), filtered }
}

/**
 * When a schedule meant to look: `scheduledTime` of the input that Sluice gives EventBridge Scheduler, or `time` of a
 * rule's "Scheduled Event". Never the clock: a late or repeated look sees the same windows. @throws InputError
 */
export function scheduledTime(event: unknown): Date {
  const time = field(event, 'scheduledTime') ?? field(event, 'time')
  const date = typeof time === 'string' && /^\d{4}-\d\d-\d\dT/.test(time) ? new Date(time) : undefined
  if (date && !Number.isNaN(date.getTime())) return date
  throw new InputError(`the event's scheduled time is ${JSON.stringify(time)}; expected ISO 8601`)
}
