import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from './errors.ts'
import { createLog, redact, summarizeError } from './log.ts'

const at = new Date('2026-11-20T14:05:00Z')

function capture(options: { level?: 'debug' | 'warn'; maxLineBytes?: number } = {}) {
  const lines: string[] = []
  const log = createLog({
    write: (line) => lines.push(line),
    now: () => at,
    fields: { runId: 'r1', codeVersion: 'abc' },
    ...options,
  })
  return { log, lines, last: () => JSON.parse(lines.at(-1) as string) }
}

describe('createLog', () => {
  it('writes one line of JSON an event, time, level and event first', () => {
    const { log, lines } = capture()
    log.info('Run:Start', { key: 'a b', text: 'two\nlines' })
    expect(lines).toEqual([
      '{"time":"2026-11-20T14:05:00.000Z","level":"info","event":"Run:Start","runId":"r1","codeVersion":"abc","key":"a b","text":"two\\nlines"}',
    ])
  })

  it('leaves out levels below the least, which is info unless told', () => {
    const usual = capture()
    usual.log.debug('A:B')
    expect(usual.lines).toEqual([])
    const strict = capture({ level: 'warn' })
    strict.log.info('A:B')
    strict.log.warn('A:C')
    expect(strict.lines).toHaveLength(1)
    const open = capture({ level: 'debug' })
    open.log.debug('A:B')
    expect(open.lines).toHaveLength(1)
  })

  it('adds fields with `with`, and lets no field replace time, level or event', () => {
    const { log, last } = capture()
    log.with({ pipeline: 'lidar', runId: 'r2' }).error('A:B', { level: 'none', time: 1, event: 'x' })
    expect(last()).toMatchObject({
      level: 'error',
      event: 'A:B',
      pipeline: 'lidar',
      runId: 'r2',
      time: at.toISOString(),
    })
  })

  it('writes values that JSON has no word for', () => {
    const { log, last } = capture()
    const cycle: Record<string, unknown> = { a: 1 }
    cycle.self = cycle
    log.info('A:B', {
      big: 2n ** 64n,
      map: new Map<unknown, unknown>([
        ['x', 1],
        [2, new Set([1n])],
      ]),
      nan: Number.NaN,
      date: new Date('2020-01-01T00:00:00Z'),
      bad: new Date('never'),
      bytes: new Uint8Array(5),
      none: undefined,
      inner: { none: undefined, list: [undefined] },
      cycle,
      fn: function named() {},
      symbol: Symbol('s'),
      url: new URL('https://example.org/a'),
    })
    expect(last()).toMatchObject({
      big: '18446744073709551616',
      map: { x: 1, 2: ['1'] },
      nan: 'NaN',
      date: '2020-01-01T00:00:00.000Z',
      bad: 'Invalid Date',
      bytes: '[Uint8Array of 5 bytes]',
      inner: { list: [null] },
      cycle: { a: 1, self: '[cycle]' },
      fn: '[function named]',
      symbol: 'Symbol(s)',
    })
    expect(last()).not.toHaveProperty('none')
  })

  it('shows the same object twice when it is no cycle', () => {
    const { log, last } = capture()
    const shared = { a: 1 }
    log.info('A:B', { list: [shared, shared] })
    expect(last().list).toEqual([{ a: 1 }, { a: 1 }])
  })

  it('survives fields that throw, and a key named __proto__', () => {
    const { log, last } = capture()
    const hostile = {
      get boom(): never {
        throw new Error('no')
      },
    }
    log.info('A:B', { hostile, proto: JSON.parse('{"__proto__": {"x": 1}}') })
    expect(last().hostile).toBe('[cannot be shown: no]')
    expect(JSON.stringify(last().proto)).toBe('{"__proto__":{"x":1}}')
  })

  it('bounds the line: the largest fields go first, and say their size', () => {
    const { log, lines, last } = capture({ maxLineBytes: 2000 })
    log.info('A:B', { small: 'kept', large: Array.from({ length: 90 }, () => 'x'.repeat(1000)) })
    expect(Buffer.byteLength(lines[0] as string)).toBeLessThanOrEqual(2000)
    expect(last()).toMatchObject({ small: 'kept', runId: 'r1' })
    expect(last().large).toMatch(/^\[\d+ bytes left out\]$/)
  })

  it('never throws, stays one line within its bound and valid JSON, whatever the fields', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(
          fc.string(),
          fc.anything({
            withBigInt: true,
            withMap: true,
            withSet: true,
            withDate: true,
            withTypedArray: true,
            withNullPrototype: true,
            withSparseArray: true,
          }),
        ),
        (event, fields) => {
          const { log, lines } = capture({ maxLineBytes: 1500 })
          log.info(event, fields)
          expect(lines).toHaveLength(1)
          expect(lines[0]).not.toContain('\n')
          expect(Buffer.byteLength(lines[0] as string)).toBeLessThanOrEqual(1500)
          expect(JSON.parse(lines[0] as string).level).toBe('info')
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('errors', () => {
  it('are written with name, tag, message, place, stack and every cause', () => {
    const root = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const error = new InputError('bad row', {
      place: { file: 'a.csv', line: 3 },
      cause: new Error('mid', { cause: root }),
    })
    const summary = summarizeError(error)
    expect(summary).toMatchObject({
      name: 'InputError',
      tag: 'input',
      message: 'a.csv:3: bad row',
      place: { file: 'a.csv', line: 3 },
      cause: { name: 'Error', message: 'mid', cause: { message: 'no space left', code: 'ENOSPC' } },
    })
    expect(summary.stack).toContain('log.test.ts')
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary)
  })

  it('may be in a cycle, aggregated, or no errors at all', () => {
    const one = new Error('one')
    one.cause = new Error('two', { cause: one })
    expect(summarizeError(one).cause?.cause?.message).toBe('[a cause that was named already]')
    const many = summarizeError(new AggregateError([new Error('a'), 'b'], 'all'))
    expect(many.errors?.map(({ message }) => message)).toEqual(['a', 'b'])
    expect(summarizeError({ code: 3 })).toEqual({ name: 'Thrown', message: '{"code":3}' })
    expect(summarizeError(undefined)).toEqual({ name: 'Thrown', message: 'null' })
  })

  it('have long chains cut', () => {
    let error = new Error('first')
    for (let i = 0; i < 100; i++) error = new Error(`e${i}`, { cause: error })
    let depth = 0
    for (let at: ReturnType<typeof summarizeError> | undefined = summarizeError(error); at; at = at.cause)
      depth++
    expect(depth).toBeLessThanOrEqual(11)
  })
})

describe('secrets', () => {
  it.each([
    ['postgresql://user:pw@db.example.org/x', 'postgresql://user:***@db.example.org/x'],
    ['postgresql://user:p@ss/w:rd@db/x', 'postgresql://user:***@db/x'],
    ['redis://:pw@host', 'redis://:***@host'],
    ['https://ghp_abc123@github.com/a/b', 'https://***@github.com/a/b'],
    ['https://example.org/a:b@c', 'https://example.org/a:b@c'],
    ['ssh://git@example.org', 'ssh://git@example.org'],
    ['a://u:p@h b://u:q@h', 'a://u:***@h b://u:***@h'],
    ['a://u:p@h,b://u:q@h', 'a://u:***@h,b://u:***@h'],
    ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=*** psql'],
    ['{"password":"hunter2","user":"u"}', '{"password":"***","user":"u"}'],
    ['?X-Amz-Signature=abcdef&X-Amz-Date=1', '?X-Amz-Signature=***&X-Amz-Date=1'],
    ['X-Amz-Security-Token=abc', 'X-Amz-Security-Token=***'],
    ['Authorization: Bearer eyJhbGciOi.abc-_', 'Authorization: Bearer ***'],
    ['aws_secret_access_key = wJalr/XUtn', 'aws_secret_access_key = ***'],
    ['unexpected token: x at 2026-11-20T14:05:00Z', 'unexpected token: x at 2026-11-20T14:05:00Z'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----',
      '[private key ***] RSA PRIVATE KEY-----',
    ],
  ])('%s', (text, shown) => {
    expect(redact(text)).toBe(shown)
  })

  it('are masked in fields, by name and within texts, and in errors', () => {
    const { log, lines } = capture()
    const url = 'postgresql://user:hunter2@db/x'
    log.error('A:B', {
      password: 'hunter2',
      nested: { sessionToken: 'hunter2', list: [url], url: new URL(url), tokens: 5 },
      map: new Map([['api_key', 'hunter2']]),
      error: new Error(`cannot reach ${url}`, { cause: new Error(url) }),
      [url]: 1,
    })
    expect(lines[0]).not.toContain('hunter2')
    expect(lines[0]).toContain('"tokens":5')
  })

  it('are found in time linear in the text', () => {
    for (const text of [
      'a://a:'.repeat(3000),
      'x'.repeat(20_000),
      'a.'.repeat(10_000),
      'password='.repeat(2000),
      '-----BEGIN PRIVATE KEY-----'.repeat(800),
    ]) {
      const start = process.cpuUsage()
      redact(text)
      const { user } = process.cpuUsage(start)
      expect(user / 1000).toBeLessThan(250)
    }
  })
})
