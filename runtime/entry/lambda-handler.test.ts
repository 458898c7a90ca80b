import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLambdaHandler, type LambdaContext } from './lambda-handler.ts'
import { awsEvent } from './testing/aws-event.ts'
import { StackOnTestS3, useTestCredentials } from './testing/stack-on-test-s3.ts'

const context = (awsRequestId: string, remainingMs = 60_000): LambdaContext => ({
  awsRequestId,
  getRemainingTimeInMillis: () => remainingMs,
})

describe('the handler of a planned run', () => {
  let stack: StackOnTestS3

  beforeEach(async () => {
    stack = await StackOnTestS3.start()
    useTestCredentials(stack.server.endpoint)
  })
  afterEach(() => stack.close())

  const data = () => stack.contents[0] as Uint8Array
  const failPuts = () => {
    stack.server.fault = ({ method, bucket }) =>
      method === 'PUT' && bucket === 'acme-ocean-output'
        ? { kind: 'error', status: 400, code: 'Broken' }
        : undefined
  }

  it('runs a key with spaces, colons and signs as it is', async () => {
    const name = '2021-11-12T00:00 50%+süd.csv'
    const key = await stack.upload(name, data())
    const answer = await createLambdaHandler(stack.parts())(stack.created(name), context('r1'))
    expect(answer.runs).toMatchObject([{ outcome: 'succeeded', runId: 'r1', attempt: 1 }])
    expect(stack.records()[0]?.inputs.objects.map((input) => input.key)).toEqual([key])
    expect(stack.keys('output', 'data/')).toHaveLength(1)
    const times = stack.lines.map((line) => JSON.parse(line) as { requestId: string })
    expect(times.every(({ requestId }) => requestId === 'r1')).toBe(true)
  })

  it('decodes the key of a native record', async () => {
    await stack.upload('a b+c.csv', data())
    const event = awsEvent('s3-records') as { Records: [{ s3: { object: { key: string } } }] }
    event.Records[0].s3.object.key = `${stack.key('')}a+b%2Bc.csv`
    const answer = await createLambdaHandler(stack.parts())(event, context('r1'))
    expect(answer.runs).toMatchObject([{ outcome: 'succeeded' }])
  })

  it('leaves no trace of folder markers and names outside files', async () => {
    const handler = createLambdaHandler(stack.parts())
    expect(await handler(stack.created('folder/'), context('r1'))).toEqual({ runs: [] })
    expect(await handler(stack.created('readme.txt'), context('r2'))).toEqual({ runs: [] })
    expect(stack.keys('logs')).toEqual([])
  })

  it('returns when the input is bad, with record and failure report', async () => {
    await stack.upload('bad.csv', 'not,what\nwas,expected\n')
    const answer = await createLambdaHandler(stack.parts())(stack.created('bad.csv'), context('r1'))
    expect(answer.runs).toMatchObject([
      { outcome: 'rejected', failure: expect.stringMatching(/^failures\//) },
    ])
  })

  it('throws when a retry may help, counts attempts by the ledger, and reports the last', async () => {
    await stack.upload('x.csv', data())
    failPuts()
    const handler = createLambdaHandler(stack.parts())
    for (const attempt of [1, 2, 3]) {
      await expect(handler(stack.created('x.csv'), context('r1'))).rejects.toMatchObject({
        name: 'RunFailedError',
        message: expect.stringContaining(`run r1 failed in attempt ${attempt}: StoreError`),
      })
      expect(stack.keys('logs', 'failures/')).toHaveLength(attempt === 3 ? 1 : 0)
    }
    expect(stack.records().map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'failed'],
    ])
    // Another request is no retry of this one.
    await expect(handler(stack.created('x.csv'), context('r2'))).rejects.toThrow('run r2 failed in attempt 1')
  })

  it('goes on at once when a request that died is tried again', async () => {
    await stack.upload('x.csv', data())
    stack.server.fault = ({ method, key }) =>
      method === 'PUT' && key.startsWith('runs/') ? { kind: 'error', status: 400, code: 'Broken' } : undefined
    const handler = createLambdaHandler(stack.parts())
    await expect(handler(stack.created('x.csv'), context('r1'))).rejects.toThrow('could not be recorded')
    stack.server.fault = () => undefined
    const answer = await handler(stack.created('x.csv'), context('r1'))
    expect(answer.runs).toMatchObject([{ outcome: 'succeeded', attempt: 2 }])
  })

  it('ends a run before Lambda would, so that it leaves a record', async () => {
    await stack.upload('x.csv', data())
    const handler = createLambdaHandler(stack.parts())
    await expect(handler(stack.created('x.csv'), context('r1', 5010))).rejects.toThrow('did not end within')
    expect(stack.records()).toMatchObject([{ outcome: 'failed', error: { name: 'TimeoutError' } }])
  })

  it('does what an operator names, again if told so', async () => {
    const key = await stack.upload('x.csv', data())
    const handler = createLambdaHandler(stack.parts())
    const work = { kind: 'objects', keys: [key] }
    expect((await handler({ work }, context('r1'))).runs).toMatchObject([{ outcome: 'succeeded' }])
    expect((await handler({ work }, context('r2'))).runs).toMatchObject([
      { outcome: 'skipped', reason: 'done' },
    ])
    expect((await handler({ work, replay: true }, context('r3'))).runs).toMatchObject([
      { outcome: 'succeeded' },
    ])
    const [first, , last] = [0, 1, -1].map((at) => stack.records().at(at))
    expect(last?.outputs.objects.map(({ sha256 }) => sha256)).toEqual(
      first?.outputs.objects.map(({ sha256 }) => sha256),
    )
  })

  describe('of a cron ingest', () => {
    const cron = (group: 'together' | 'each') => ({
      trigger: {
        kind: 'cron' as const,
        expression: 'rate(1 hour)',
        timezone: 'UTC',
        source: { bucket: 'input' as const, prefix: stack.key('') },
        group,
      },
    })
    const later = { scheduledTime: new Date(Date.now() + 60_000).toISOString() }

    it('runs all that is new, each by the name of its work, and nothing the second time', async () => {
      await stack.upload('a.csv', stack.contents[0] as Uint8Array)
      await stack.upload('b.csv', stack.contents[1] as Uint8Array)
      const handler = createLambdaHandler(stack.parts({}, cron('each')))
      const { runs } = await handler(later, context('look'))
      expect(runs).toMatchObject([{ outcome: 'succeeded' }, { outcome: 'succeeded' }])
      expect(runs.every(({ runId }) => /^look-[0-9a-f]{8}$/.test(runId))).toBe(true)
      expect(await handler(later, context('look-2'))).toEqual({ runs: [] })
    })

    it('throws when units are left that there was no time for, and a retry goes on with them', async () => {
      await stack.upload('a.csv', stack.contents[0] as Uint8Array)
      await stack.upload('b.csv', stack.contents[1] as Uint8Array)
      const parts = stack.parts({}, cron('each'))
      const isFirstDone = () => stack.keys('logs', 'runs/').length > 0
      const clock = () => new Date(Date.now() + (isFirstDone() ? 59_000 : 0))
      const handler = createLambdaHandler({ ...parts, clock })
      await expect(handler(later, context('look'))).rejects.toMatchObject({
        name: 'TimeoutError',
        message: expect.stringContaining('there was no time for 1 of 2 work units'),
      })
      const { runs } = await createLambdaHandler(parts)(later, context('look'))
      expect(runs).toMatchObject([{ outcome: 'succeeded', attempt: 1 }])
      expect(stack.records().map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
    })

    it('runs the others when one fails', async () => {
      await stack.upload('a.csv', stack.contents[0] as Uint8Array)
      await stack.upload('b.csv', stack.contents[1] as Uint8Array)
      let isFirst = true
      stack.server.fault = ({ method, bucket }) => {
        if (method !== 'PUT' || bucket !== 'acme-ocean-output' || !isFirst) return undefined
        isFirst = false
        return { kind: 'error', status: 400, code: 'Broken' }
      }
      const handler = createLambdaHandler(stack.parts({}, cron('each')))
      await expect(handler(later, context('look'))).rejects.toMatchObject({ name: 'RunFailedError' })
      expect(
        stack
          .records()
          .map(({ outcome }) => outcome)
          .sort(),
      ).toEqual(['failed', 'succeeded'])
      const { runs } = await handler(later, context('look'))
      expect(runs).toMatchObject([{ outcome: 'succeeded', attempt: 2 }])
    })
  })

  it('throws at an event that it cannot understand, so that it is not lost', async () => {
    const handler = createLambdaHandler(stack.parts())
    await expect(handler({ hello: 1 }, context('r1'))).rejects.toThrow('of an unknown kind')
    expect(stack.lines.at(-1)).toContain('Invocation:Failed')
  })

  it('does not start without its settings', () => {
    expect(() => createLambdaHandler(stack.parts({ SLUICE_RUN: undefined }))).toThrow(
      'SLUICE_RUN: is not set',
    )
  })
})
