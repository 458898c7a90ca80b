import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AbortedError } from '../errors.ts'
import { runBatchJob } from './batch-job.ts'
import { eventOf } from './job-event.ts'
import { StackOnTestS3, useTestCredentials } from './testing/stack-on-test-s3.ts'

const never = new AbortController().signal

describe('runBatchJob', () => {
  let stack: StackOnTestS3

  beforeEach(async () => {
    stack = await StackOnTestS3.start()
    useTestCredentials(stack.server.endpoint)
  })
  afterEach(() => stack.close())

  const jobEnvironment = (name: string) => ({
    AWS_BATCH_JOB_ID: '4c7599ae:3',
    AWS_BATCH_JOB_ATTEMPT: '2',
    SLUICE_EVENT_BUCKET: 'acme-ocean-input',
    SLUICE_EVENT_KEY: stack.key(name),
    SLUICE_EVENT_TIME: '2026-11-20T14:30:00Z',
  })

  it('ends with 0 when the run succeeded, and when there is nothing to do', async () => {
    await stack.upload('a "b".csv', stack.contents[0] as Uint8Array)
    expect(await runBatchJob(stack.parts(jobEnvironment('a "b".csv')), never)).toBe(0)
    expect(stack.records()).toMatchObject([{ outcome: 'succeeded', runId: '4c7599ae-3', attempt: 2 }])
    expect(await runBatchJob(stack.parts(jobEnvironment('a "b".csv')), never)).toBe(0)
    expect(await runBatchJob(stack.parts(jobEnvironment('folder/')), never)).toBe(0)
    expect(stack.records()).toHaveLength(1)
  })

  it('scans the shard at its index of an array, and one of a burst of events only', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await stack.upload(`${name}.csv`, stack.contents[0] as Uint8Array)
    }
    const scan = { input: 'prefix', shards: 2 } as const
    const child = (job: string, index: number, name: string) => ({
      ...jobEnvironment(name),
      AWS_BATCH_JOB_ID: `${job}:${index}`,
      AWS_BATCH_JOB_ARRAY_INDEX: String(index),
    })
    for (const job of ['job-of-a', 'job-of-b', 'job-of-c']) {
      for (const index of [0, 1]) {
        const parts = stack.parts(child(job, index, `${job.at(-1)}.csv`), scan)
        expect(await runBatchJob(parts, never)).toBe(0)
      }
    }
    const records = stack.records()
    expect(records.map(({ runId }) => runId).sort()).toEqual(['job-of-a-0', 'job-of-a-1'])
    expect(records.reduce((sum, { inputs }) => sum + inputs.total, 0)).toBe(6)
    expect(await runBatchJob(stack.parts(child('job', 2, 'a.csv'), scan), never)).toBe(65)
  })

  it('ends with 65 when the input is bad', async () => {
    await stack.upload('bad.csv', 'not,what\nwas,expected\n')
    expect(await runBatchJob(stack.parts(jobEnvironment('bad.csv')), never)).toBe(65)
    expect(stack.keys('logs', 'failures/')).toHaveLength(1)
  })

  it('ends with 75 when a retry may help', async () => {
    await stack.upload('x.csv', stack.contents[0] as Uint8Array)
    stack.server.fault = ({ method, bucket }) =>
      method === 'PUT' && bucket === 'acme-ocean-output'
        ? { kind: 'error', status: 400, code: 'Broken' }
        : undefined
    expect(await runBatchJob(stack.parts(jobEnvironment('x.csv')), never)).toBe(75)
    expect(stack.records()).toMatchObject([{ outcome: 'failed', attempt: 2 }])
  })

  it('gives back what it held when it is told to stop, so that the next attempt goes on', async () => {
    await stack.upload('x.csv', stack.contents[0] as Uint8Array)
    const stop = new AbortController()
    stack.server.fault = ({ key }) => {
      if (key.startsWith('ledger/')) stop.abort(new AbortedError('the job was told to stop (SIGTERM)'))
      return undefined
    }
    expect(await runBatchJob(stack.parts(jobEnvironment('x.csv')), stop.signal)).toBe(75)
    stack.server.fault = () => undefined
    const other = { ...jobEnvironment('x.csv'), AWS_BATCH_JOB_ID: 'another' }
    expect(await runBatchJob(stack.parts(other), never)).toBe(0)
    expect(
      stack
        .records()
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['failed', 'succeeded'])
  })

  it.each([
    [{ SLUICE_RUN: undefined }, 'SLUICE_RUN: is not set'],
    [{ AWS_BATCH_JOB_ID: undefined }, 'AWS_BATCH_JOB_ID: is not set'],
    [{ SLUICE_EVENT_KEY: undefined }, 'SLUICE_EVENT: is not set'],
    [{ SLUICE_EVENT_KEY: undefined, SLUICE_EVENT: '{' }, 'SLUICE_EVENT: is not JSON'],
  ])('ends with 65 and says why without %j: no retry mends that', async (changes, message) => {
    expect(await runBatchJob(stack.parts({ ...jobEnvironment('x.csv'), ...changes }), never)).toBe(65)
    expect(stack.lines.join('\n')).toContain(message)
  })
})

describe('eventOf', () => {
  const units = [
    { kind: 'prefix', prefix: 'a' },
    { kind: 'prefix', prefix: 'b' },
  ]

  it('gives the child of an array job the work at its index', () => {
    const SLUICE_EVENT = JSON.stringify({ work: units, replay: true })
    expect(eventOf({ SLUICE_EVENT, AWS_BATCH_JOB_ARRAY_INDEX: '1' })).toEqual({
      work: units[1],
      replay: true,
    })
    expect(eventOf({ SLUICE_EVENT })).toEqual({ work: units, replay: true })
  })

  it('tells the child of what a trigger started which shard it is for', () => {
    const index = { AWS_BATCH_JOB_ARRAY_INDEX: '7' }
    const SLUICE_EVENT = JSON.stringify({ scheduledTime: '2026-11-20T14:00:00Z' })
    expect(eventOf({ SLUICE_EVENT, ...index })).toMatchObject({ shardIndex: 7 })
    expect(eventOf({ SLUICE_EVENT_BUCKET: 'b', SLUICE_EVENT_KEY: 'k', ...index })).toMatchObject({
      detail: { object: { key: 'k' } },
      shardIndex: 7,
    })
  })

  it.each([
    [{ work: units }, '2', 'its work is a list of 2'],
    [{ work: units[0] }, '0', 'its work is {"kind"'],
    [null, '0', 'its work is undefined'],
  ])('refuses %j at index %s', (event, index, message) => {
    const environment = { SLUICE_EVENT: JSON.stringify(event), AWS_BATCH_JOB_ARRAY_INDEX: index }
    expect(() => eventOf(environment)).toThrow(message)
  })
})
