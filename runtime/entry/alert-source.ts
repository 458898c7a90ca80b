import type { PlannedRun } from '../contracts.ts'
import { InputError } from '../errors.ts'
import { parseObjectEvents } from '../run/trigger-event.ts'

/** Where Lambda leaves the events that a function failed on. */
export const asyncFailuresPrefix = 'aws/lambda/async/'

/** One reason for an alert, as an event tells it. */
export type AlertSource =
  /** A failure report, by its key in the logs bucket. */
  | { readonly kind: 'report'; readonly key: string }
  /** What Lambda wrote when it gave a request up, by its key in the logs bucket. */
  | { readonly kind: 'lost-request'; readonly key: string }
  | { readonly kind: 'failed-job'; readonly job: FailedJob }

/** A Batch job that ended without success. */
export interface FailedJob {
  readonly jobId: string
  /** The job definition's name, without its revision. */
  readonly definition: string
  readonly attempts: number
  readonly reason: string
  readonly at: Date
  /** The job's own environment: what it was to do. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

type Fields = { readonly [name: string]: unknown }
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The reasons that one event of the alert queue tells of. @throws InputError when it is of none of the three kinds */
export function parseAlertSources(event: unknown): AlertSource[] {
  const { 'detail-type': kind, time } = fieldsOf(event)
  if (kind === 'Batch Job State Change')
    return failedJobs(fieldsOf(fieldsOf(event).detail), new Date(textOf(time)))
  return parseObjectEvents(event).map(({ key }) => {
    if (key.startsWith('failures/')) return { kind: 'report', key }
    if (key.startsWith(asyncFailuresPrefix)) return { kind: 'lost-request', key }
    throw new InputError(`${key}: is neither below failures/ nor below ${asyncFailuresPrefix}`)
  })
}

function failedJobs(detail: Fields, eventTime: Date): AlertSource[] {
  const { status, jobId, jobDefinition, attempts, statusReason, stoppedAt } = detail
  const container = fieldsOf(detail.container)
  const { size, index } = fieldsOf(detail.arrayProperties)
  // Of an array, each child that failed is told of by itself.
  if (status !== 'FAILED' || (typeof size === 'number' && index === undefined)) return []
  if (typeof jobId !== 'string' || typeof jobDefinition !== 'string') {
    throw new InputError('the event of a Batch job names no job and job definition')
  }
  const reasons = [statusReason, container.reason, exitText(container.exitCode)].map(textOf).filter(Boolean)
  const environment = (Array.isArray(container.environment) ? container.environment : []).map(fieldsOf)
  const stopped = typeof stoppedAt === 'number' ? new Date(stoppedAt) : eventTime
  if (Number.isNaN(stopped.getTime())) throw new InputError(`the event of the Batch job ${jobId} has no time`)
  const job: FailedJob = {
    jobId,
    definition: jobDefinition.replace(/^.*job-definition\//, '').replace(/:\d+$/, ''),
    attempts: Array.isArray(attempts) ? Math.max(1, attempts.length) : 1,
    reason: reasons.join('; ') || 'Batch gives no reason',
    at: stopped,
    environment: {
      ...Object.fromEntries(environment.map(({ name, value }) => [textOf(name), textOf(value)])),
      ...(typeof index === 'number' && { AWS_BATCH_JOB_ARRAY_INDEX: String(index) }),
    },
  }
  return [{ kind: 'failed-job', job }]
}

const exitText = (code: unknown) => (typeof code === 'number' ? `exit code ${code}` : '')

/** What Lambda says of a request that it gave up. docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export interface LostRequest {
  readonly requestId: string
  readonly functionName: string
  readonly attempts: number
  readonly at: Date
  readonly event: unknown
  readonly error: { readonly name: string; readonly message: string }
}

/** @throws InputError when the object is no such record */
export function parseLostRequest(value: unknown, key: string): LostRequest {
  const { timestamp, requestContext, requestPayload, responsePayload } = fieldsOf(value)
  const { requestId, functionArn, condition, approximateInvokeCount } = fieldsOf(requestContext)
  const { errorType, errorMessage } = fieldsOf(responsePayload)
  const at = new Date(textOf(timestamp))
  const functionName = /:function:([^:]+)/.exec(textOf(functionArn))?.[1]
  if (typeof requestId !== 'string' || functionName === undefined || Number.isNaN(at.getTime())) {
    throw new InputError(`${key}: is not what Lambda writes about a request that it gave up`)
  }
  return {
    requestId,
    functionName,
    attempts: typeof approximateInvokeCount === 'number' ? Math.max(1, approximateInvokeCount) : 1,
    at,
    event: requestPayload,
    error: {
      name: textOf(errorType) || textOf(condition) || 'Unknown',
      message:
        textOf(errorMessage) || `Lambda gave the request up: ${textOf(condition) || 'it gives no reason'}`,
    },
  }
}

/** Who is told of a run's failures: its own addresses, or else the stack's. */
export function recipientsOf(
  run: Pick<PlannedRun, 'alerts'> | undefined,
  stack: { readonly emails: readonly string[] },
): readonly string[] {
  const emails = run && run.alerts.emails.length > 0 ? run.alerts.emails : stack.emails
  return [...new Set(emails)].sort()
}
