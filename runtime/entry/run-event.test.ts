import { describe, expect, it } from 'vitest'
import { ConfigError, InputError } from '../errors.ts'
import { cronTrigger, plannedRun } from '../run/testing/fixtures.ts'
import { parseRunEvent } from './run-event.ts'
import { awsEvent } from './testing/aws-event.ts'

const run = plannedRun({ trigger: { kind: 's3', source: { bucket: 'input', prefix: 'in/' } } })
const scheduled = plannedRun({ trigger: cronTrigger() })
const buckets = { input: 'acme-ocean-input', logs: 'acme-logs' }
const key = 'in/2021-11-12T00:00 50%+süd.csv'

describe('parseRunEvent', () => {
  it.each(['object-created-put', 'object-created-copy', 'object-created-multipart', 's3-records'])(
    'finds the object of %s, with its raw key and its time',
    (name) => {
      const event = parseRunEvent(awsEvent(name), run, buckets)
      expect(event).toMatchObject({
        kind: 'work',
        work: [{ kind: 'objects', keys: [key] }],
        replay: false,
        filtered: [],
      })
      expect(event.now?.toISOString().slice(0, 19)).toBe('2021-11-12T00:00:00')
    },
  )

  it('looks at the time that a schedule meant', () => {
    const event = parseRunEvent(awsEvent('scheduler'), scheduled, buckets)
    expect(event).toEqual({ kind: 'look', now: new Date('2020-12-04T02:00:00Z') })
  })

  it('keeps apart what the exact filter leaves out', () => {
    const narrow = plannedRun({
      trigger: {
        kind: 's3',
        source: { bucket: 'input', prefix: 'in/' },
        files: { glob: '*.nc', ignoreCase: false },
      },
    })
    expect(parseRunEvent(awsEvent('s3-records'), narrow, buckets)).toMatchObject({
      work: [],
      filtered: [key],
    })
  })

  it('does not take the event of another bucket', () => {
    const parse = () => parseRunEvent(awsEvent('object-created-put'), run, { ...buckets, input: 'mine' })
    expect(parse).toThrow(ConfigError)
    expect(parse).toThrow('in the bucket acme-ocean-input; its input bucket is mine')
  })

  it('gives the child of an array job that a trigger started its shard', () => {
    const scan = { ...run, input: 'prefix', shards: 3 } as const
    const { prefix } = run.trigger.source as { prefix: string }
    const event = awsEvent('object-created-put')
    expect(parseRunEvent({ ...event, shardIndex: 2 }, scan, buckets)).toMatchObject({
      work: [{ kind: 'prefix', prefix, shard: { index: 2, of: 3 } }],
    })
    const time = '2026-11-20T14:00:00Z'
    const look = (shardIndex: number) => ({ scheduledTime: time, shardIndex })
    const daily = { ...scan, trigger: scheduled.trigger }
    expect(parseRunEvent(look(0), daily, buckets)).toEqual({
      kind: 'look',
      now: new Date(time),
      shardIndex: 0,
    })
    expect(() => parseRunEvent(look(3), daily, buckets)).toThrow('has 3 shards, counted from 0')
    expect(() => parseRunEvent(look(0), { ...daily, shards: undefined } as never, buckets)).toThrow(
      'has no shards',
    )
  })

  it.each([
    [
      { work: { kind: 'prefix', prefix: 'a/', shard: { index: 1, of: 2 } } },
      [{ kind: 'prefix', prefix: 'a/', shard: { index: 1, of: 2 } }],
    ],
    [{ work: { kind: 'objects', keys: ['a'] } }, [{ kind: 'objects', keys: ['a'] }]],
    [
      {
        work: [
          { kind: 'prefix', prefix: '' },
          { kind: 'window', window: { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' } },
        ],
      },
      [
        { kind: 'prefix', prefix: '' },
        { kind: 'window', window: { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' } },
      ],
    ],
  ])('does what an operator names: %j', (event, work) => {
    expect(parseRunEvent(event, scheduled, buckets)).toEqual({
      kind: 'work',
      work,
      replay: false,
      filtered: [],
    })
    expect(parseRunEvent({ ...event, replay: true, now: '2020-05-01T00:00:00Z' }, run, buckets)).toEqual({
      kind: 'work',
      work,
      replay: true,
      filtered: [],
      now: new Date('2020-05-01T00:00:00Z'),
    })
  })

  it.each([
    { work: null },
    { work: 'all' },
    { work: { kind: 'objects', keys: [] } },
    { work: { kind: 'objects', keys: [''] } },
    { work: { kind: 'objects', keys: 'abc' } },
    { work: { kind: 'window', window: { start: '2020-01-02T00:00:00Z', end: '2020-01-01T00:00:00Z' } } },
    { work: { kind: 'window', window: { start: 'yesterday', end: 'today' } } },
    { work: { kind: 'prefix' } },
    { work: { kind: 'prefix', prefix: '', shard: { index: 2, of: 2 } } },
    { work: { kind: 'prefix', prefix: '', shard: 1 } },
    { work: { kind: 'prefix', prefix: '' }, now: 'yesterday' },
    {},
    null,
    'text',
  ])('refuses %j', (event) => {
    expect(() => parseRunEvent(event, run, buckets)).toThrow(InputError)
  })
})
