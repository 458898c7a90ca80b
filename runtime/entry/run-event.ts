import type { PlannedRun, WorkUnit } from '../contracts.ts'
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
  /** Look for what is not done. */
  | { readonly kind: 'look'; readonly now: Date }

/**
 * Reads an event: `{work, replay?, now?}` of an operator (one unit or a list), else what the run's trigger sends: S3's
 * events or a schedule's. @throws InputError when it is none of them, ConfigError when it is of another bucket
 */
export function parseRunEvent(event: unknown, run: PlannedRun, buckets: BucketNames): RunEvent {
  const fields = (typeof event === 'object' && event !== null ? event : {}) as Record<string, unknown>
  if (fields.work !== undefined) return fromOperator(fields)
  if (run.trigger.kind === 'cron') return { kind: 'look', now: scheduledTime(event) }
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
  const now = eventTime(fields)
  return { kind: 'work', work, filtered, replay: false, ...(now && { now }) }
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
      if (typeof unit.prefix === 'string') return { kind: 'prefix', prefix: unit.prefix }
  }
  throw new InputError(
    `the event's work is ${JSON.stringify(value)?.slice(0, 200)}; expected {kind: "objects", keys}, ` +
      '{kind: "window", window: {start, end}} or {kind: "prefix", prefix}',
  )
}
