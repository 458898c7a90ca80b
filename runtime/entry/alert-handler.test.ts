import { beforeEach, describe, expect, it } from 'vitest'
import type { Plan, PlannedRun } from '../contracts.ts'
import { StoreError } from '../errors.ts'
import { planRuns } from '../plan/plan.ts'
import { ingest, registryOf, vap } from '../plan/testing/sites.ts'
import { parseRecordKey, type RunRecord, writeFailure, writeRecord } from '../run/record.ts'
import { silentLog } from '../run/testing/fixtures.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { createAlertHandler } from './alert-handler.ts'
import type { Mail } from './alert-mail.ts'
import { awsEvent } from './testing/aws-event.ts'

const plan: Plan = planRuns(
  registryOf([
    ingest('lidar/humboldt', 'in/'),
    ingest('video/studio', 'video/'),
    vap('wave/buoy', ['a.b.c1'], ['a.d.c1']),
  ]),
  { stack: 'prod' },
)
const runOf = (key: string) => plan.runs.find((run) => run.key === key) as PlannedRun

function record(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    format: 1,
    pipeline: 'lidar',
    site: 'humboldt',
    runId: 'r1',
    attempt: 3,
    attempts: 3,
    holder: 'r1',
    codeVersion: 'v1',
    outcome: 'failed',
    isSettled: false,
    work: { kind: 'objects', keys: ['in/a.csv'] },
    now: '2026-11-20T14:00:00Z',
    startedAt: '2026-11-20T14:04:00.000Z',
    endedAt: '2026-11-20T14:05:00.000Z',
    seconds: 60,
    inputs: { total: 0, bytes: 0, objects: [] },
    outputs: { total: 0, bytes: 0, objects: [] },
    counts: {},
    warnings: [],
    error: { name: 'StoreError', message: 'the disk is full' },
    ...changes,
  }
}

const message = (body: unknown, messageId = 'm1') => ({ messageId, body: JSON.stringify(body) })
const batch = (...messages: object[]) => ({ Records: messages })

/** That an object was created in the logs bucket. */
function created(key: string) {
  const event = awsEvent('failure-report-created') as { detail: { object: object } }
  return { ...event, detail: { ...event.detail, object: { ...event.detail.object, key } } }
}

describe('the alert function', () => {
  let logs: MemoryObjectStore
  let mails: (Mail & { recipients: readonly string[] })[]
  let now: Date
  let failing: boolean

  beforeEach(async () => {
    logs = new MemoryObjectStore()
    mails = []
    now = new Date('2026-11-20T15:00:00Z')
    failing = false
    await logs.put('plan.json', JSON.stringify(plan))
  })

  const handle = (event: unknown, awsRequestId = 'alert-1') =>
    createAlertHandler({
      logs,
      publish: async (mail, recipients) => {
        if (failing) throw new StoreError('SNS is away')
        mails.push({ ...mail, recipients })
      },
      stack: 'prod',
      logsBucket: 'acme-logs',
      clock: () => now,
      log: silentLog,
    })(event, { awsRequestId })

  async function records(): Promise<RunRecord[]> {
    const found: RunRecord[] = []
    for await (const { key } of logs.list('runs/')) {
      const chunks: Uint8Array[] = []
      for await (const chunk of (await logs.get(key))?.body ?? []) chunks.push(chunk)
      found.push(JSON.parse(Buffer.concat(chunks).toString()) as RunRecord)
    }
    return found
  }

  const nothingAgain = { batchItemFailures: [] }

  describe('of failure reports', () => {
    it('mails what a person needs to know, once per run', async () => {
      await writeRecord(logs, record())
      const key = await writeFailure(logs, record())
      expect(await handle(batch(message(created(key)), message(created(key), 'm2')))).toEqual(nothingAgain)
      expect(await handle(batch(message(created(key))), 'alert-2')).toEqual(nothingAgain)
      expect(mails).toHaveLength(1)
      expect(mails[0]).toMatchObject({
        subject: '[sluice prod] 1 failed: lidar/humboldt',
        recipients: ['ops@example.org'],
      })
      const body = mails[0]?.body
      for (const text of [
        'in/a.csv',
        'the disk is full',
        'r1',
        '2026-11-20T14:05:00.000Z',
        's3://acme-logs/runs/lidar/humboldt/2026/11/20/140400-failed-r1-3.json',
      ]) {
        expect(body).toContain(text)
      }
    })

    it('mails a batch together, and each addressee only their own', async () => {
      const own = plan.runs.map((run) =>
        run.pipeline === 'video' ? { ...run, alerts: { emails: ['film@example.org'] } } : run,
      )
      await logs.put('plan.json', JSON.stringify({ ...plan, runs: own }))
      const keys = [
        await writeFailure(logs, record()),
        await writeFailure(logs, record({ runId: 'r2', outcome: 'rejected' })),
        await writeFailure(logs, record({ pipeline: 'video', site: 'studio', runId: 'r3' })),
      ]
      await handle(batch(...keys.map((key, i) => message(created(key), `m${i}`))))
      expect(mails.map(({ subject, recipients }) => [subject, recipients])).toEqual([
        ['[sluice prod] 1 rejected, 1 failed: lidar/humboldt', ['ops@example.org']],
        ['[sluice prod] 1 failed: video/studio', ['film@example.org']],
      ])
    })

    it('asks to see a message again when its mail was not taken, and sends it then', async () => {
      const key = await writeFailure(logs, record())
      failing = true
      expect(await handle(batch(message(created(key))))).toEqual({
        batchItemFailures: [{ itemIdentifier: 'm1' }],
      })
      failing = false
      // Another invocation must not send it while the first one might.
      expect(await handle(batch(message(created(key))), 'alert-2')).toEqual({
        batchItemFailures: [{ itemIdentifier: 'm1' }],
      })
      expect(mails).toEqual([])
      now = new Date(now.getTime() + 6 * 60_000)
      expect(await handle(batch(message(created(key))), 'alert-3')).toEqual(nothingAgain)
      expect(mails).toHaveLength(1)
    })

    it('lets a message that it cannot understand keep no other', async () => {
      const key = await writeFailure(logs, record())
      await logs.put('failures/odd.json', '{"format":2}')
      const answer = await handle(
        batch(
          message({ hello: 1 }, 'bad'),
          message(created('failures/odd.json'), 'odd'),
          { messageId: 'text', body: 'no JSON' },
          message(created(key), 'good'),
        ),
      )
      expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
        'bad',
        'odd',
        'text',
      ])
      expect(mails).toHaveLength(1)
    })
  })

  describe('of requests that Lambda gave up', () => {
    const destination = awsEvent('on-failure-destination')
    const requestId = 'e4b46cbf-b738-xmpl-8880-a18cdf61200e'
    const key = 'aws/lambda/async/f/2026/11/20/x.json'

    async function lost(
      changes: { name?: string; error?: { errorType: string; errorMessage: string } } = {},
    ) {
      const functionName = changes.name ?? runOf('lidar/humboldt').names.function
      const functionArn = `arn:aws:lambda:us-west-2:123456789012:function:${functionName}:$LATEST`
      const { requestContext, responsePayload } = destination as {
        requestContext: object
        responsePayload: object
      }
      const requestPayload = awsEvent('object-created-put')
      await logs.put(
        key,
        JSON.stringify({
          ...destination,
          requestPayload,
          requestContext: { ...requestContext, functionArn },
          responsePayload: changes.error ?? responsePayload,
        }),
      )
      return handle(batch(message(created(key))))
    }

    it('writes the record of a run that died, with its work, and mails it once', async () => {
      expect(await lost()).toEqual(nothingAgain)
      await lost()
      expect(await records()).toMatchObject([
        {
          pipeline: 'lidar',
          site: 'humboldt',
          runId: requestId,
          attempt: 3,
          outcome: 'failed',
          work: { kind: 'objects', keys: ['in/2021-11-12T00:00 50%+süd.csv'] },
          error: { name: 'Runtime.ExitError', message: expect.stringContaining('signal: killed') },
          endedAt: '2026-11-20T14:09:58.318Z',
        },
      ])
      expect(mails.map(({ subject }) => subject)).toEqual(['[sluice prod] 1 failed: lidar/humboldt'])
    })

    it('leaves alone what has its own failure report', async () => {
      await writeRecord(logs, record({ runId: requestId }))
      await lost({ error: { errorType: 'RunFailedError', errorMessage: 'failed' } })
      expect(await records()).toHaveLength(1)
      expect(mails).toEqual([])
    })

    it('tells of a run that had attempts left when its request was given up', async () => {
      await writeRecord(logs, record({ runId: `${requestId}-0a1b2c3d`, attempt: 1 }))
      await writeRecord(
        logs,
        record({ runId: `${requestId}-ffffffff`, attempt: 1, startedAt: '2026-11-20T14:04:10.000Z' }),
      )
      const done = { outcome: 'succeeded', attempt: 2, startedAt: '2026-11-20T14:06:00.000Z' } as const
      await writeRecord(logs, record({ runId: `${requestId}-ffffffff`, ...done }))
      await writeRecord(logs, record({ runId: 'someone-else', attempt: 1 }))
      await lost({ error: { errorType: 'RunFailedError', errorMessage: 'failed' } })
      expect(mails).toHaveLength(1)
      expect(mails[0]?.body).toContain(`${requestId}-0a1b2c3d`)
      expect(mails[0]?.body).not.toContain('ffffffff')
    })

    it('tells of a function that is no run, such as its own', async () => {
      await lost({ name: plan.names.alertFunction })
      expect(mails[0]?.subject).toContain(plan.names.alertFunction.slice(0, 20))
      expect(await records()).toEqual([])
    })
  })

  describe('of failed Batch jobs', () => {
    const failedJob = (changes: object = {}) => {
      const event = awsEvent('batch-job-failed') as { detail: object }
      const jobDefinition = `arn:aws:batch:us-west-2:123456789012:job-definition/${runOf('video/studio').names.jobDefinition}:7`
      const detail = { ...event.detail, jobDefinition, ...changes }
      return { ...event, detail }
    }
    const runId = '4c7599ae-0a82-49aa-ba5a-4727fcce14a8'

    it('writes the record of a job that died, with what it was to do', async () => {
      await handle(batch(message(failedJob())))
      expect(await records()).toMatchObject([
        {
          pipeline: 'video',
          runId,
          attempt: 1,
          outcome: 'failed',
          error: { message: expect.stringContaining('OutOfMemoryError') },
        },
      ])
      expect(mails[0]?.body).toContain('exit code 137')
    })

    it('leaves alone what has a record, and so a failure report', async () => {
      await writeRecord(
        logs,
        record({ pipeline: 'video', site: 'studio', runId, attempt: 1, outcome: 'rejected' }),
      )
      await handle(batch(message(failedJob())))
      expect(mails).toEqual([])
    })

    it('tells of the children of an array, and not of the array', async () => {
      await handle(batch(message(failedJob({ arrayProperties: { size: 9, statusSummary: {} } }))))
      expect(mails).toEqual([])
      await handle(batch(message(failedJob({ jobId: `${runId}:4`, arrayProperties: { size: 9, index: 4 } }))))
      expect((await records()).map((found) => found.runId)).toEqual([`${runId}-4`])
    })

    it('does not take a job that goes on for one that failed', async () => {
      await handle(batch(message(failedJob({ status: 'RUNNABLE' }))))
      expect(mails).toEqual([])
    })
  })

  describe('of late runs', () => {
    const daily = { scheduledTime: '2026-12-20T06:00:00Z' }

    beforeEach(() => {
      now = new Date('2026-12-20T06:00:30Z')
      logs = new MemoryObjectStore({ now: () => new Date('2026-11-01T00:00:00Z') })
      return logs.put('plan.json', JSON.stringify(plan))
    })
    const success = (startedAt: string) =>
      writeRecord(logs, record({ pipeline: 'wave', site: 'buoy', outcome: 'succeeded', startedAt }))

    it('mails what had no success in time, once a day', async () => {
      await success('2026-12-01T00:00:00.000Z')
      await handle(daily)
      await handle(daily, 'alert-2')
      expect(mails.map(({ subject }) => subject)).toEqual(['[sluice prod] 1 late: wave/buoy'])
      expect(mails[0]?.body).toContain('2026-12-01T00:00:00.000Z')
      await handle({ scheduledTime: '2026-12-21T06:00:00Z' }, 'alert-3')
      expect(mails).toHaveLength(2)
    })

    it('is silent about runs in time, failed or not started by a schedule', async () => {
      await success('2026-12-20T05:00:00.000Z')
      await handle(daily)
      expect(mails).toEqual([])
    })

    it('does not take a failure for a success', async () => {
      await writeRecord(
        logs,
        record({ pipeline: 'wave', site: 'buoy', startedAt: '2026-12-20T05:00:00.000Z' }),
      )
      await handle(daily)
      expect(mails[0]?.body).toContain('wave/buoy: has never succeeded')
    })

    it('gives a new stack its time, and one without schedules for ever', async () => {
      logs = new MemoryObjectStore({ now: () => new Date('2026-12-20T05:00:00Z') })
      await logs.put('plan.json', JSON.stringify(plan))
      await handle(daily)
      logs = new MemoryObjectStore({ now: () => new Date('2026-11-01T00:00:00Z') })
      await logs.put('plan.json', JSON.stringify({ ...plan, schedulesEnabled: false }))
      await handle(daily)
      expect(mails).toEqual([])
    })
  })

  it('says so when there is no plan', async () => {
    await logs.delete('plan.json')
    await expect(handle(batch())).rejects.toThrow('there is no plan in the logs bucket')
  })

  it('writes records that everyone can read', async () => {
    const destination = awsEvent('batch-job-failed')
    await handle(batch(message(destination)))
    for await (const { key } of logs.list('runs/')) expect(parseRecordKey(key)).toBeDefined()
    expect(mails[0]?.subject).toContain('ocean--prod--video--studio')
  })
})
