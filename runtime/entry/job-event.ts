import { ConfigError } from '../errors.ts'
import { type Environment, variable } from './settings.ts'

/**
 * The event of a job: `SLUICE_EVENT` as JSON; or of an object that was created, its bucket, key and time. Of a list of
 * work, an array job's child does the one at its index; of what a trigger started, the shard at its index.
 */
export function eventOf(environment: Environment): unknown {
  const { SLUICE_EVENT_BUCKET: bucket, SLUICE_EVENT_KEY: key, SLUICE_EVENT_TIME: time } = environment
  const index = environment.AWS_BATCH_JOB_ARRAY_INDEX
  const shard = index === undefined ? {} : { shardIndex: Number(index) }
  if (bucket && key) {
    return {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      ...(time && { time }),
      detail: { bucket: { name: bucket }, object: { key } },
      ...shard,
    }
  }
  const event = parseEvent(variable(environment, 'SLUICE_EVENT'))
  if (index === undefined) return event
  const { work } = (event ?? {}) as { readonly work?: unknown }
  if (typeof event === 'object' && event !== null && work === undefined) return { ...event, ...shard }
  if (Array.isArray(work) && Number(index) < work.length)
    return { ...(event as object), work: work[Number(index)] }
  const found = Array.isArray(work) ? `a list of ${work.length}` : JSON.stringify(work)
  throw notAnEvent(`has no work for index ${index} of an array job: its work is ${found}`)
}

function parseEvent(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notAnEvent(`is not JSON: ${text.slice(0, 100)}`, cause)
  }
}

function notAnEvent(message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file: 'SLUICE_EVENT', severity: 'error', path: '', message }], { cause })
}
