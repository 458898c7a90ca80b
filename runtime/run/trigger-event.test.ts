import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { plannedRun } from './testing/fixtures.ts'
import { parseObjectEvents, scheduledTime, workOfKeys } from './trigger-event.ts'

const event = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./testing/events/${name}.json`, import.meta.url), 'utf8'))

const awkward = { bucket: 'acme-ocean-input', key: 'in/2026-11-20T14:00 50%+süd.csv' }

describe('parseObjectEvents', () => {
  it("takes EventBridge's keys as they are", () => {
    expect(parseObjectEvents(event('eventbridge-object-created'))).toEqual([awkward])
  })

  it('decodes the keys of native records, and leaves out removals', () => {
    expect(parseObjectEvents(event('s3-records'))).toEqual([awkward])
  })

  it('finds nothing in the event that S3 sends to test a notification', () => {
    expect(parseObjectEvents(event('s3-test-event'))).toEqual([])
  })

  it('gives each object once', () => {
    const { Records } = event('s3-records') as { Records: unknown[] }
    expect(parseObjectEvents({ Records: [...Records, ...Records] })).toEqual([awkward])
  })

  it('decodes whatever S3 encodes', () => {
    const encode = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (key) => {
        const s3 = { bucket: { name: 'b' }, object: { key: encode(key) } }
        const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }
        expect(parseObjectEvents({ Records: [record] })).toEqual([{ bucket: 'b', key }])
      }),
    )
  })

  it.each([
    [null, 'of an unknown kind'],
    ['text', 'of an unknown kind'],
    [{ source: 'aws.s3', 'detail-type': 'Object Deleted' }, '"Object Deleted"'],
    [
      { source: 'aws.s3', 'detail-type': 'Object Created', detail: { bucket: { name: 'b' } } },
      'names no bucket and key',
    ],
    [{ Records: [{ eventSource: 'aws:sqs' }] }, 'is of "aws:sqs"; expected aws:s3'],
    [{ Records: [null] }, 'expected aws:s3'],
    [
      {
        Records: [
          {
            eventSource: 'aws:s3',
            eventName: 'ObjectCreated:Put',
            s3: { bucket: { name: 'b' }, object: { key: 'a%zz' } },
          },
        ],
      },
      '"a%zz" is not URL-encoded',
    ],
  ])('refuses %j', (value, message) => {
    expect(() => parseObjectEvents(value)).toThrow(InputError)
    expect(() => parseObjectEvents(value)).toThrow(message)
  })
})

describe('workOfKeys', () => {
  const run = plannedRun({
    trigger: {
      kind: 's3',
      source: { bucket: 'input', prefix: 'in/' },
      files: { glob: '*.csv', ignoreCase: false },
    },
  })

  it('makes a run of each object, and leaves out markers and other names', () => {
    expect(
      workOfKeys(run, ['in/a.csv', 'in/', 'in/sub/', 'in/b.txt', 'other/c.csv', 'in/a.csv', 'in/sub/d.csv']),
    ).toEqual({
      work: [
        { kind: 'objects', keys: ['in/a.csv'] },
        { kind: 'objects', keys: ['in/sub/d.csv'] },
      ],
      filtered: ['in/', 'in/sub/', 'in/b.txt', 'other/c.csv'],
    })
  })

  it('makes one run of the prefix where the pipeline scans it itself', () => {
    const scan = { ...run, input: 'prefix' as const }
    expect(workOfKeys(scan, ['in/a.csv', 'in/b.csv']).work).toEqual([{ kind: 'prefix', prefix: 'in/' }])
    expect(workOfKeys(scan, ['in/']).work).toEqual([])
  })
})

describe('scheduledTime', () => {
  it('is what the event says', () => {
    expect(scheduledTime(event('scheduled-event'))).toEqual(new Date('2026-11-20T14:00:00Z'))
    expect(scheduledTime({ scheduledTime: '2026-11-20T15:00:00Z' })).toEqual(new Date('2026-11-20T15:00:00Z'))
  })

  it.each([
    {},
    null,
    { time: '<aws.scheduler.scheduled-time>' },
    { time: 5 },
    { time: '2026-99-99T00:00:00Z' },
  ])('refuses %j', (value) => {
    expect(() => scheduledTime(value)).toThrow(InputError)
  })
})
