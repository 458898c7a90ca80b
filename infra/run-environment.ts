import type { BucketRole, PlannedRun } from '../runtime/contracts.ts'
import { ConfigError } from '../runtime/errors.ts'

/** What an entry point is told: the same names for a function and for a job. */
export interface RunEnvironment {
  /** The PlannedRun as JSON, or only its key where its artefact holds the rest. */
  readonly SLUICE_RUN: string
  /** JSON: role → physical name. */
  readonly SLUICE_BUCKETS: string
  readonly SLUICE_CODE_VERSION: string
}

/** docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html; what is measured is the variables as JSON. */
const maxEnvironmentBytes = 4096
/** What is left of it for a run, beside buckets, code version and what else a function needs. */
const maxRunBytes = 2600

const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** Whether a function's environment can hold the whole run; if not, its artefact must. */
export function fitsEnvironment(run: PlannedRun): boolean {
  return jsonBytes(JSON.stringify(run)) <= maxRunBytes
}

/** What a function is told of its run. @throws ConfigError when Lambda could not take it */
export function functionEnvironment(
  run: PlannedRun,
  buckets: Readonly<Partial<Record<BucketRole, string>>>,
  codeVersion: string,
): RunEnvironment {
  const environment = {
    ...jobEnvironment(run, buckets, codeVersion),
    ...(!fitsEnvironment(run) && { SLUICE_RUN: run.key }),
  }
  const bytes = jsonBytes(environment)
  if (bytes <= maxEnvironmentBytes) return environment
  const message = `the environment of its function has ${bytes} bytes; Lambda takes at most ${maxEnvironmentBytes}`
  throw new ConfigError([{ file: run.configFile, severity: 'error', path: run.key, message }])
}

/** What a Batch job is told of its run. */
export function jobEnvironment(
  run: PlannedRun,
  buckets: Readonly<Partial<Record<BucketRole, string>>>,
  codeVersion: string,
): RunEnvironment {
  return {
    SLUICE_RUN: JSON.stringify(run),
    SLUICE_BUCKETS: JSON.stringify(buckets),
    SLUICE_CODE_VERSION: codeVersion,
  }
}

/**
 * How an EventBridge rule tells a Batch job of the object that was created. Not as the event's JSON in one variable: a
 * template cannot put JSON into a text, whereas a placeholder without quotes becomes a JSON text however odd the key.
 */
export const jobInputTransformer = {
  inputPaths: { bucket: '$.detail.bucket.name', key: '$.detail.object.key', time: '$.time' },
  inputTemplate:
    '{"ContainerOverrides":{"Environment":[{"Name":"SLUICE_EVENT_BUCKET","Value":<bucket>},' +
    '{"Name":"SLUICE_EVENT_KEY","Value":<key>},{"Name":"SLUICE_EVENT_TIME","Value":<time>}]}}',
} as const

/** What EventBridge Scheduler gives a function: the time that was meant, however late it comes. */
export const scheduledInput = '{"scheduledTime":"<aws.scheduler.scheduled-time>"}'

/** The input of Scheduler's universal target `aws-sdk:batch:submitJob`. */
export function scheduledJobInput(job: {
  readonly jobName: string
  readonly jobQueue: string
  readonly jobDefinition: string
  /** Of an array job: how many there are of it. */
  readonly shards?: number | undefined
}): string {
  return JSON.stringify({
    JobName: job.jobName,
    JobQueue: job.jobQueue,
    JobDefinition: job.jobDefinition,
    ...(job.shards !== undefined && { ArrayProperties: { Size: job.shards } }),
    ContainerOverrides: { Environment: [{ Name: 'SLUICE_EVENT', Value: scheduledInput }] },
  })
}

/** What its event source mapping must have: the function tells which messages of a batch it wants to see again. */
export const alertResponseTypes = ['ReportBatchItemFailures']

/** What the alert function is told; the rest stands in `plan.json` in the logs bucket. */
export interface AlertEnvironment {
  /** JSON: role → physical name; `logs` is what it reads. */
  readonly SLUICE_BUCKETS: string
  readonly SLUICE_CODE_VERSION: string
  readonly SLUICE_STACK: string
  /**
   * Messages have the attribute `recipients` (String.Array): a subscription's filter policy `{recipients: [address]}`
   * gives everyone their own alerts only.
   */
  readonly SLUICE_TOPIC_ARN: string
}
