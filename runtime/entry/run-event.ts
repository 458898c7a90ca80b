import type { PlannedRun, Shard, WorkUnit } from '../contracts.ts'
import { ConfigError, InputError } from '../errors.ts'
import { inputBucket } from '../run/inputs.ts'
import { parseObjectEvents, scheduledTime, workOfKeys } from '../run/trigger-event.ts'
import type { BucketNames } from './settings.ts'

/** What an event asks a planned run to do. */
export type RunEvent =
  /** `now`: the trigger's time, where the event has one. */
  | {
      readonly kind: 'work'
      readonly work: readonly WorkUnit[]
      readonly replay: boolean
      readonly now?: Date
      /** Keys of the event that leave no trace. */
      readonly filtered: readonly string[]
    }
  /** Look for what is not done; of a scan that is shared, in one shard. */
  | { readonly kind: 'look'; readonly now: Date; readonly shardIndex?: number }

/**
 * Reads an event: `{work, replay?, now?}` of an operator (one unit or a list), else what the run's trigger sends: S3's
 * events or a schedule's. @throws InputError when it is none of them, ConfigError when it is of another bucket
 */
export function parseRunEvent(event: unknown, run: PlannedRun, buckets: BucketNames): RunEvent {
  const fields = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>
  if (fields.work !== undefined) return fromOperator(fields)
  const shardIndex = shardOf(fields.shardIndex, run)
  if (run.trigger.kind === 'cron') {
    return { kind: 'look', now: scheduledTime(event), ...(shardIndex !== undefined && { shardIndex }) }
  }
  const objects = parseObjectEvents(event)
  const role = inputBucket(run)
  for (const { bucket, key } of objects) {
    if (bucket === buckets[role]) continue
    const message = `was told of ${key} in the bucket ${bucket}; its ${role} bucket is ${buckets[role] ?? 'not named'}`
    throw new ConfigError([{ file: run.configFile, severity: 'error', path: run.key, message }])
  }
  const { work, filtered } = workOfKeys(
    run,
    objects.map(({ key }) => key),
  )
  const mine =
    shardIndex === undefined
      ? work
      : work.filter((unit) => unit.kind === 'prefix' && unit.shard?.index === shardIndex)
  const now = eventTime(fields)
  return { kind: 'work', work: mine, filtered, replay: false, ...(now && { now }) }
}

/** Which shard a child of an array job that a trigger started is for. @throws InputError when the run has no such shard */
function shardOf(index: unknown, run: PlannedRun): number | undefined {
  if (index === undefined) return undefined
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < (run.shards ?? 0)) {
    return index
  }
  throw new InputError(
    `the job is number ${JSON.stringify(index)} of an array, and its event has no work for each; ${run.key} has ` +
      (run.shards === undefined ? 'no shards' : `${run.shards} shards, counted from 0`),
  )
}

function fromOperator({ work, replay, now }: Record<string, unknown>): RunEvent {
  const time = now === undefined ? undefined : scheduledTime({ time: now })
  const units = (Array.isArray(work) ? work : [work]).map(workUnit)
  return { kind: 'work', work: units, filtered: [], replay: replay === true, ...(time && { now: time }) }
}

/** When the (first) object was created. */
function eventTime({ time, Records }: Record<string, unknown>): Date | undefined {
  const [first] = (Array.isArray(Records) ? Records : []) as ({ eventTime?: unknown } | null)[]
  const text = time ?? first?.eventTime
  return typeof text === 'string' ? scheduledTime({ time: text }) : undefined
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isInstant = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value))

function isShard(value: unknown): value is Shard {
  const { index, of } = (value ?? {}) as Partial<Shard>
  return (
    Number.isInteger(index) &&
    Number.isInteger(of) &&
    0 <= (index as number) &&
    (index as number) < (of as number)
  )
}

function workUnit(value: unknown): WorkUnit {
  const unit = value as Record<string, unknown> | null
  switch (unit?.kind) {
    case 'objects': {
      const { keys } = unit
      if (Array.isArray(keys) && keys.length > 0 && keys.every(isText)) return { kind: 'objects', keys }
      break
    }
    case 'window': {
      const { start, end } = (unit.window ?? {}) as Record<string, unknown>
      if (isInstant(start) && isInstant(end) && Date.parse(start) < Date.parse(end)) {
        return { kind: 'window', window: { start, end } }
      }
      break
    }
    case 'prefix':
      if (typeof unit.prefix === 'string' && (unit.shard === undefined || isShard(unit.shard))) {
        const { index, of } = unit.shard ?? {}
        return {
          kind: 'prefix',
          prefix: unit.prefix,
          ...(index !== undefined && of !== undefined && { shard: { index, of } }),
        }
      }
  }
  throw new InputError(
    `the event's work is ${JSON.stringify(value)?.slice(0, 200)}; expected {kind: "objects", keys}, ` +
      '{kind: "window", window: {start, end}} or {kind: "prefix", prefix, shard?: {index, of}}',
  )
}
