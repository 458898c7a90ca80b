import { arnOf } from '../permissions.ts'
import type { AccountScope, StackKind } from './account-scope.ts'

/** Every resource that has one of the names of prod, or of bootstrap, whichever service keeps it. */
export function namedArns(scope: AccountScope, whose: StackKind | 'bootstrap'): string[] {
  const { accountId, partition } = scope
  const prefix = scope.prefix[whose]
  const regional: readonly (readonly [string, string])[] = [
    ['batch', 'job-definition/'],
    ['batch', 'job-queue/'],
    ['events', 'event-bus/'],
    ['events', 'rule/'],
    ['lambda', 'function:'],
    ['logs', 'log-group:/sluice/'],
    ['scheduler', 'schedule-group/'],
    ['scheduler', 'schedule/'],
    ['sqs', ''],
  ]
  return [
    ...regional.map(([service, start]) => arnOf(scope, service, `${start}${prefix}*`)),
    `arn:${partition}:iam::${accountId}:role/${prefix}*`,
  ]
}

/** Prod's buckets with all that is in them. */
export function prodBucketArns({ partition, prodBuckets }: AccountScope): string[] {
  return [...new Set(Object.values(prodBuckets))].flatMap((name) => [
    `arn:${partition}:s3:::${name}`,
    `arn:${partition}:s3:::${name}/*`,
  ])
}
