import type { FileFilter, Plan, PlannedRun, Trigger } from '../runtime/contracts.ts'
import { asyncFailuresPrefix } from './permissions.ts'

/** An EventBridge event pattern, as JSON. */
export type EventPattern = { readonly [field: string]: EventPattern | readonly unknown[] }

function objectsCreated(bucket: string, keys?: readonly unknown[]): EventPattern {
  return {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [bucket] }, ...(keys && { object: { key: keys } }) },
  }
}

/** Text in which `*` stands for itself. */
const escaped = (text: string) => text.replace(/[\\*]/g, '\\$&')

/** EventBridge takes no two stars in a row, and tells cases apart: what it cannot say, the run's own filter does. */
function keyWildcard(prefix: string, files: FileFilter | undefined): string {
  const glob = files && !files.ignoreCase ? files.glob : '*'
  return escaped(prefix) + glob.replaceAll('\\', '\\\\').replace(/\*+/g, '*')
}

/** Which events start a run: its objects, or some more where its file names are to match in any case. */
export function startPattern(trigger: Extract<Trigger, { kind: 's3' }>, plan: Plan): EventPattern {
  const { source, files } = trigger
  return objectsCreated(plan.buckets[source.bucket] ?? '', [{ wildcard: keyWildcard(source.prefix, files) }])
}

function failedJobs(jobQueueArns: readonly string[]): EventPattern {
  return {
    source: ['aws.batch'],
    'detail-type': ['Batch Job State Change'],
    detail: { jobQueue: jobQueueArns, status: ['FAILED'] },
  }
}

function failureReports(plan: Plan): EventPattern {
  const prefixes = ['failures/', asyncFailuresPrefix].map((prefix) => ({ prefix }))
  return objectsCreated(plan.buckets.logs ?? '', prefixes)
}

function oneOf(patterns: readonly EventPattern[]): EventPattern {
  return patterns.length === 1 ? (patterns[0] as EventPattern) : { $or: patterns }
}

/** What alerts are made from: failure reports, what Lambda gave up, and failed jobs of the stack's queues. */
export function alertPattern(plan: Plan, jobQueueArns: readonly string[]): EventPattern {
  return oneOf([failureReports(plan), ...(jobQueueArns.length > 0 ? [failedJobs(jobQueueArns)] : [])])
}

const isObjectRun = (run: PlannedRun) => run.trigger.kind === 's3'

/** Everything that the stack's own bus is for, of all that happens in the account. */
export function forwardPattern(plan: Plan, jobQueueArns: readonly string[]): EventPattern {
  const sources = new Set(
    plan.runs.filter(isObjectRun).map(({ trigger }) => plan.buckets[trigger.source?.bucket ?? 'input'] ?? ''),
  )
  return oneOf([
    ...[...sources].toSorted().map((bucket) => objectsCreated(bucket)),
    failureReports(plan),
    ...(jobQueueArns.length > 0 ? [failedJobs(jobQueueArns)] : []),
  ])
}
