import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlannedRun, Trigger } from '../runtime/contracts.ts'
import { ingest } from '../runtime/plan/testing/sites.ts'
import { alertPattern, forwardPattern, startPattern } from './event-patterns.ts'
import { matchesPattern } from './testing/event-matcher.ts'
import { everySite, planOf } from './testing/plans.ts'

const created = JSON.parse(
  readFileSync(
    path.join(import.meta.dirname, '../runtime/run/testing/events/eventbridge-object-created.json'),
    'utf8',
  ),
) as { detail: { bucket: object; object: object } }

const plan = planOf(everySite)
const input = plan.buckets.input as string
const logs = plan.buckets.logs as string

function objectCreated(bucket: string, key: string, reason = 'PutObject') {
  const { detail } = created
  return {
    ...created,
    detail: { ...detail, reason, bucket: { name: bucket }, object: { ...detail.object, key } },
  }
}

function patternFor(prefix: string, glob?: string, ignoreCase = false) {
  const site = ingest('p/s', prefix, glob === undefined ? undefined : { glob, ignoreCase })
  const run = planOf([site]).runs[0] as PlannedRun
  return startPattern(run.trigger as Extract<Trigger, { kind: 's3' }>, plan)
}

describe('the pattern that starts a run', () => {
  it.each(['PutObject', 'CopyObject', 'CompleteMultipartUpload', 'POST Object'])(
    'takes objects by %s',
    (reason) => {
      expect(matchesPattern(objectCreated(input, 'lidar/a.csv', reason), patternFor('lidar/', '*.csv'))).toBe(
        true,
      )
    },
  )

  it.each([
    ['lidar/', '*.csv', 'lidar/a b+c ü.csv', true],
    ['lidar/', '*.csv', 'lidar/deep/er.csv', true],
    ['lidar/', '*.csv', 'lidar/a.CSV', false],
    ['lidar/', '*.csv', 'lidar2/a.csv', false],
    ['lidar/', '*.csv', 'lidar/a.csv.tmp', false],
    ['lidar/', undefined, 'lidar/anything', true],
    ['a*b/', '*.csv', 'a*b/x.csv', true],
    ['a*b/', '*.csv', 'aXb/x.csv', false],
    ['a\\b/', '*.csv', 'a\\b/x.csv', true],
    ['lidar/', '**x**.csv', 'lidar/1x2.csv', true],
  ] as const)('of %s and %s says of %s: %s', (prefix, glob, key, expected) => {
    expect(matchesPattern(objectCreated(input, key), patternFor(prefix, glob))).toBe(expected)
  })

  it('takes names in any case where that is asked for; the run filters the rest', () => {
    const pattern = patternFor('video/', '*.mp4', true)
    for (const key of ['video/a.mp4', 'video/a.MP4', 'video/a.Mp4'])
      expect(matchesPattern(objectCreated(input, key), pattern)).toBe(true)
    expect(matchesPattern(objectCreated(input, 'other/a.mp4'), pattern)).toBe(false)
  })

  it('takes no other bucket and no other event', () => {
    const pattern = patternFor('lidar/', '*.csv')
    expect(matchesPattern(objectCreated('another-bucket', 'lidar/a.csv'), pattern)).toBe(false)
    expect(
      matchesPattern({ ...objectCreated(input, 'lidar/a.csv'), 'detail-type': 'Object Deleted' }, pattern),
    ).toBe(false)
  })
})

describe('what the bus is fed with', () => {
  const queueArns = ['arn:aws:batch:us-west-2:123456789012:job-queue/ocean-pipelines--prod--jobs']
  const failedJob = (jobQueue: string, status = 'FAILED') => ({
    source: 'aws.batch',
    'detail-type': 'Batch Job State Change',
    detail: { jobQueue, status },
  })

  it('holds every event that starts a run, and everything that alerts are made from', () => {
    const forward = forwardPattern(plan, queueArns)
    const alert = alertPattern(plan, queueArns)
    const events = [
      [objectCreated(input, 'lidar/humboldt/a.csv'), true, false],
      [objectCreated(logs, 'failures/lidar/humboldt/2026/x.json'), true, true],
      [objectCreated(logs, 'aws/lambda/async/f/2026/x'), true, true],
      [objectCreated(logs, 'ledger/lidar/humboldt/x.json'), false, false],
      [objectCreated(logs, 'runs/lidar/humboldt/x.json'), false, false],
      [objectCreated('someone-elses', 'lidar/humboldt/a.csv'), false, false],
      [failedJob(queueArns[0] as string), true, true],
      [failedJob(queueArns[0] as string, 'SUCCEEDED'), false, false],
      [failedJob('arn:aws:batch:us-west-2:123456789012:job-queue/another'), false, false],
    ] as const
    for (const [event, isForwarded, isAlert] of events) {
      expect([event, matchesPattern(event, forward)]).toEqual([event, isForwarded])
      expect([event, matchesPattern(event, alert)]).toEqual([event, isAlert])
    }
  })
})
