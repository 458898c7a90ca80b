import { describe, expect, it } from 'vitest'
import type { PlannedRun, RegisteredSite } from '../runtime/contracts.ts'
import { eventOf } from '../runtime/entry/job-event.ts'
import { parseRunEvent } from '../runtime/entry/run-event.ts'
import { ingest } from '../runtime/plan/testing/sites.ts'
import { BranchStack } from './branch-stack.ts'
import { type MockedResource, recordUnderMocks } from './testing/mocked-stack.ts'
import { planOf, stackArgs } from './testing/plans.ts'

const scan: RegisteredSite = {
  ...ingest('cg_assets/nightly', 'assets/nightly/'),
  trigger: {
    kind: 'cron',
    expression: 'rate(1 day)',
    timezone: 'UTC',
    source: { bucket: 'input', prefix: 'assets/nightly/' },
  },
  input: 'prefix',
  shards: 16,
  compute: {
    kind: 'Batch',
    memoryMB: 8192,
    timeoutSeconds: 3600,
    scratchMB: 40_960,
    vcpus: 4,
    attempts: 3,
    spot: true,
    maxVcpus: 16,
  },
  outputs: [{ bucket: 'thumbnails', prefix: 'assets/' }],
}
const onUpload: RegisteredSite = {
  ...scan,
  ...ingest('cg_assets/uploads', 'assets/uploads/'),
  input: 'prefix',
  shards: 8,
  compute: scan.compute,
}
const whole: RegisteredSite = { ...scan, key: 'cg_assets/whole', site: 'whole' }

describe('a scan that is shared between shards', async () => {
  const { shards: _, ...unshared } = whole
  const plan = planOf([scan, onUpload, unshared])
  const resources = await recordUnderMocks(() => new BranchStack('stack', stackArgs(plan)))
  const one = (type: string, part: string) =>
    resources.find((of) => of.type === type && of.name.includes(part)) as MockedResource

  it('is an array job of a schedule, whose children each look into their own shard', () => {
    const { target } = one('aws:scheduler/schedule:Schedule', 'nightly').inputs as {
      target: { input: string }
    }
    const job = JSON.parse(target.input) as {
      ArrayProperties: unknown
      ContainerOverrides: { Environment: { Name: string; Value: string }[] }
    }
    expect(job.ArrayProperties).toEqual({ Size: 16 })
    const event = job.ContainerOverrides.Environment[0]?.Value ?? ''
    const environment = {
      SLUICE_EVENT: event.replace('<aws.scheduler.scheduled-time>', '2026-03-01T02:00:00Z'),
      AWS_BATCH_JOB_ARRAY_INDEX: '15',
    }
    const run = plan.runs.find(({ key }) => key === 'cg_assets/nightly') as PlannedRun
    expect(parseRunEvent(eventOf(environment), run, {})).toMatchObject({ kind: 'look', shardIndex: 15 })
  })

  it('is an array job of a rule', () => {
    const { batchTarget } = one('aws:cloudwatch/eventTarget:EventTarget', 'uploads').inputs
    expect(batchTarget).toMatchObject({ arraySize: 8 })
  })

  it('is one job where it is not shared', () => {
    const { target } = one('aws:scheduler/schedule:Schedule', 'whole').inputs as { target: { input: string } }
    expect(JSON.parse(target.input)).not.toHaveProperty('ArrayProperties')
  })
})
