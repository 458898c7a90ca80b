import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ObjectInfo, ObjectStore } from '../contracts.ts'
import { isSluiceError } from '../errors.ts'
import { readBytes, readText } from './body.ts'
import { compareKeys } from './keys.ts'

export interface ConformanceSubject {
  readonly store: ObjectStore
  /** Frees what the store needs, after the last test. */
  dispose?(): Promise<void>
}

/** Keys that stores get wrong. All of them are objects at once in one test. */
export const oddKeys: readonly string[] = [
  'a',
  'a/b',
  'a/b/c',
  'a//b',
  'a/',
  'a//',
  '/',
  '//',
  '/a',
  '//a/',
  '.',
  '..',
  './a',
  '../a',
  'a/../b',
  'a/./b',
  'a/..',
  '../../etc/passwd',
  'with space',
  ' leading and trailing ',
  'plus+plus',
  '100%',
  '%2F',
  '%252F',
  'a%2Fb',
  '%(2F)',
  '%%',
  '?query=1&x#fragment',
  '&amp;',
  '"quoted"',
  "'single'",
  '<tag>',
  '\\back\\slash',
  'C:\\x',
  'new\nline',
  'carriage\rreturn',
  'tab\there',
  'CON',
  'aux.txt',
  'dot.',
  'Case',
  'case',
  'CASE',
  'case/x',
  'Case/x',
  'Z\u00fcrich',
  'Zu\u0308rich',
  '\u65e5\u672c\u8a9e/\u30c7\u30fc\u30bf.nc',
  '\ue000private',
  '\uffff',
  '\u{10000}',
  '\u{1f600}/\u{1f468}\u200d\u{1f469}\u200d\u{1f467}.txt',
  'star*',
  "!$&'()*,;=:@[]{}|^`~",
  'x'.repeat(255),
  'x'.repeat(256),
  `${'x'.repeat(251)}y`,
  `${'x'.repeat(255)}/z`,
  'n'.repeat(1024),
  '\u00e9'.repeat(512),
  'a/'.repeat(512),
  `data/morro/${'\u{1f600}'.repeat(253)}`,
]

const bytes = (text: string) => Buffer.from(text)

async function* streamOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? bytes(piece) : piece
}

async function keysOf(objects: AsyncIterable<ObjectInfo>): Promise<string[]> {
  const keys: string[] = []
  for await (const object of objects) keys.push(object.key)
  return keys
}

async function contentOf(store: ObjectStore, key: string): Promise<string | undefined> {
  const object = await store.get(key)
  return object && readText(object.body)
}

/** The tag of the error that `action` throws; undefined when it throws none. */
async function tagOf(action: Promise<unknown>): Promise<string | undefined> {
  try {
    await action
    return undefined
  } catch (error) {
    return isSluiceError(error) ? error.tag : String(error)
  }
}

/** Runs `action` on all items, a few at a time. */
async function forAll<T>(
  items: readonly T[],
  action: (item: T, index: number) => Promise<unknown>,
): Promise<void> {
  const queue = items.entries()
  const work = async () => {
    for (const [index, item] of queue) await action(item, index)
  }
  await Promise.all(Array.from({ length: 16 }, work))
}

/** What every ObjectStore must do. `makeStore` gives an empty one. */
export function objectStoreConformance(name: string, makeStore: () => Promise<ConformanceSubject>): void {
  onStore(`${name} as an ObjectStore`, makeStore, (store) => {
    readsWhatWasPut(store)
    readsRanges(store)
    putsStreams(store)
    keepsConditions(store)
    listsInKeyOrder(store)
    takesOddKeys(store, oddKeys)
    keepsToProperties(store, 60)
  })
}

/** The part of it about keys, for further ways in which a store may write them: all but the longest and deepest. */
export function objectKeyConformance(name: string, makeStore: () => Promise<ConformanceSubject>): void {
  const keys = oddKeys.filter((key) => key.split('/').length < 100 && bytes(key).length <= 1000)
  onStore(`${name} as to keys`, makeStore, (store) => {
    takesOddKeys(store, keys)
    keepsToProperties(store, 20)
  })
}

function onStore(
  name: string,
  makeStore: () => Promise<ConformanceSubject>,
  test: (store: () => ObjectStore) => void,
): void {
  describe(name, () => {
    let subject: ConformanceSubject
    beforeAll(async () => {
      subject = await makeStore()
    })
    afterAll(() => subject.dispose?.())
    test(() => subject.store)
  })
}

function readsWhatWasPut(store: () => ObjectStore): void {
  describe('put, get, head and delete', () => {
    it('give undefined for what is not there', async () => {
      expect(await store().get('missing/x')).toBeUndefined()
      expect(await store().head('missing/x')).toBeUndefined()
      expect(await store().get('missing/x', { range: { start: 5 } })).toBeUndefined()
      expect(await store().get('missing/x', { ifMatch: 'e' })).toBeUndefined()
      await store().delete('missing/x')
    })

    it('keep text, bytes and nothing at all', async () => {
      await store().put('kinds/text', 'Zürich\n')
      await store().put('kinds/bytes', Uint8Array.of(0, 255, 10, 13, 0))
      await store().put('kinds/empty', '')
      await store().put('kinds/no-bytes', new Uint8Array())
      expect(await contentOf(store(), 'kinds/text')).toBe('Zürich\n')
      const object = await store().get('kinds/bytes')
      expect([...(await readBytes(object!.body))]).toEqual([0, 255, 10, 13, 0])
      expect(await contentOf(store(), 'kinds/empty')).toBe('')
      expect(await contentOf(store(), 'kinds/no-bytes')).toBe('')
    })

    it('agree on key, size, etag and time, which put, get, head and list all give', async () => {
      const put = await store().put('info/x', 'twelve bytes')
      const head = await store().head('info/x')
      const got = await store().get('info/x')
      await readBytes(got!.body)
      const { value: listed } = await store().list('info/')[Symbol.asyncIterator]().next()
      for (const info of [put, head, got, listed]) {
        expect(info).toMatchObject({ key: 'info/x', size: 12, etag: put.etag })
        expect(info!.lastModified).toBeInstanceOf(Date)
        // S3 keeps whole seconds.
        expect(Math.abs(info!.lastModified.getTime() - put.lastModified.getTime())).toBeLessThan(2000)
      }
      expect(put.etag).toMatch(/^[^"]+$/)
      expect(got!.lastModified).toEqual(head!.lastModified)
      expect(listed!.lastModified).toEqual(head!.lastModified)
    })

    it('change the etag with the content, of the same size at the same moment too', async () => {
      const etags = new Set<string>()
      for (const content of ['aaa', 'bbb', 'ccc', 'ddd']) {
        etags.add((await store().put('etag/x', content)).etag)
        etags.add((await store().head('etag/x'))!.etag)
      }
      expect(etags.size).toBe(4)
    })

    it('replace the whole object', async () => {
      await store().put('replace/x', 'a long first version')
      await store().put('replace/x', 'short')
      expect(await contentOf(store(), 'replace/x')).toBe('short')
      expect(await keysOf(store().list('replace/'))).toEqual(['replace/x'])
    })

    it('delete, more than once without an error', async () => {
      await store().put('delete/x', '1')
      await store().put('delete/x/y', '2')
      await store().delete('delete/x')
      await store().delete('delete/x')
      expect(await store().head('delete/x')).toBeUndefined()
      expect(await contentOf(store(), 'delete/x/y')).toBe('2')
      await store().delete('delete/x/y')
      expect(await keysOf(store().list('delete/'))).toEqual([])
    })

    it('let a reader stop early, or never begin', async () => {
      await store().put('early/x', Buffer.alloc(3_000_000, 1))
      const object = await store().get('early/x')
      for await (const chunk of object!.body) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      const unread = await store().get('early/x')
      await unread!.body[Symbol.asyncIterator]().return?.()
      expect((await store().head('early/x'))!.size).toBe(3_000_000)
    })

    it('give the version that was asked for although it is replaced meanwhile, or an error, but no mixture', async () => {
      const size = 3_000_000
      await store().put('meanwhile/x', Buffer.alloc(size, 1))
      const object = await store().get('meanwhile/x')
      await store().put('meanwhile/x', Buffer.alloc(size, 2))
      const values = new Set<number>()
      let count = 0
      for await (const chunk of object!.body) {
        for (const value of chunk) values.add(value)
        count += chunk.length
      }
      expect(count).toBe(size)
      expect([...values]).toEqual([1])
    })

    it('get by etag', async () => {
      const { etag } = await store().put('if-match/get', '1')
      expect(await readText((await store().get('if-match/get', { ifMatch: etag }))!.body)).toBe('1')
      await store().put('if-match/get', '2')
      expect(await tagOf(store().get('if-match/get', { ifMatch: etag }))).toBe('precondition-failed')
      expect(await tagOf(store().get('if-match/get', { ifMatch: etag, range: { start: 90 } }))).toBe(
        'precondition-failed',
      )
    })

    it('refuse a key that no store can have', async () => {
      for (const key of ['', 'x'.repeat(1025), 'é'.repeat(513), 'half \ud83d', '\ude00']) {
        expect(await tagOf(store().put(key, ''))).toBe('input')
        expect(await tagOf(store().get(key))).toBe('input')
        expect(await tagOf(store().head(key))).toBe('input')
        expect(await tagOf(store().delete(key))).toBe('input')
      }
    })

    it('stop when they are told to', async () => {
      const signal = AbortSignal.abort()
      await store().put('abort/x', '1')
      expect(await tagOf(store().put('abort/x', '2', { signal }))).toBe('aborted')
      expect(await tagOf(store().get('abort/x', { signal }))).toBe('aborted')
      expect(await contentOf(store(), 'abort/x')).toBe('1')
    })
  })
}

function readsRanges(store: () => ObjectStore): void {
  it.each([
    [{ start: 0 }, '0123456789'],
    [{ start: 4 }, '456789'],
    [{ start: 9 }, '9'],
    [{ start: 0, end: 1 }, '0'],
    [{ start: 2, end: 5 }, '234'],
    [{ start: 8, end: 100 }, '89'],
    [{ start: 10 }, ''],
    [{ start: 100 }, ''],
    [{ start: 100, end: 200 }, ''],
    [{ start: 3, end: 3 }, ''],
    [{ start: 5, end: 2 }, ''],
    [{ start: 0, end: 0 }, ''],
  ])('gives the range %j of ten bytes', async (range, expected) => {
    const { etag } = await store().put('range/ten', '0123456789')
    const object = await store().get('range/ten', { range })
    expect(object).toMatchObject({ key: 'range/ten', size: 10, etag })
    expect(await readText(object!.body)).toBe(expected)
  })

  it('gives ranges of an empty object', async () => {
    await store().put('range/empty', '')
    for (const range of [{ start: 0 }, { start: 0, end: 5 }, { start: 7 }]) {
      const object = await store().get('range/empty', { range })
      expect(object!.size).toBe(0)
      expect(await readText(object!.body)).toBe('')
    }
  })

  it('refuses a range that is none', async () => {
    await store().put('range/none', '0123456789')
    for (const range of [{ start: -1 }, { start: 1.5 }, { start: 0, end: -2 }, { start: Number.NaN }]) {
      await expect(store().get('range/none', { range })).rejects.toThrow(RangeError)
    }
  })
}

function putsStreams(store: () => ObjectStore): void {
  describe('a streamed put', () => {
    it('keeps what came, in pieces of any size', async () => {
      await store().put('stream/small', streamOf('one ', '', 'two ', 'three'))
      expect(await contentOf(store(), 'stream/small')).toBe('one two three')
      const info = await store().put('stream/empty', streamOf())
      expect(info.size).toBe(0)
      expect(await contentOf(store(), 'stream/empty')).toBe('')
    })

    it('of more than two multipart parts keeps every byte', async () => {
      const piece = randomBytes(700_001)
      const pieces = Array.from({ length: 30 }, () => piece)
      const info = await store().put('stream/large', streamOf(...pieces))
      expect(info.size).toBe(30 * 700_001)
      const object = await store().get('stream/large')
      expect(object).toMatchObject({ size: info.size, etag: info.etag })
      expect(Buffer.compare(await readBytes(object!.body), Buffer.concat(pieces))).toBe(0)
    })

    it.each([
      ['at once', 0],
      ['after some bytes', 1],
      ['after more than two parts', 20],
    ])('whose source fails %s leaves what was there, and throws the source’s error', async (_, count) => {
      const failure = new RangeError('the source broke')
      async function* failing(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < count; i++) yield Buffer.alloc(1_000_000, i)
        throw failure
      }
      const key = `stream/failing-${count}`
      await expect(store().put(key, failing())).rejects.toBe(failure)
      expect(await store().head(key)).toBeUndefined()
      await store().put(key, 'before')
      await expect(store().put(key, failing())).rejects.toBe(failure)
      expect(await contentOf(store(), key)).toBe('before')
    })

    it('stops while its source is waiting', async () => {
      const controller = new AbortController()
      async function* stuck(): AsyncGenerator<Uint8Array> {
        yield bytes('some')
        await new Promise(() => {})
      }
      const put = tagOf(store().put('stream/stuck', stuck(), { signal: controller.signal }))
      setTimeout(() => controller.abort(), 20)
      expect(await put).toBe('aborted')
      expect(await store().head('stream/stuck')).toBeUndefined()
    })

    it('keeps conditions, of small and of large streams', async () => {
      const large = () => streamOf(...Array.from({ length: 12 }, () => Buffer.alloc(1_000_000, 7)))
      for (const body of [() => streamOf('small'), large]) {
        await store().delete('stream/if')
        const first = await store().put('stream/if', body(), { ifNoneMatch: '*' })
        expect(await tagOf(store().put('stream/if', body(), { ifNoneMatch: '*' }))).toBe(
          'precondition-failed',
        )
        await store().put('stream/if', 'between')
        expect(await tagOf(store().put('stream/if', body(), { ifMatch: first.etag }))).toBe(
          'precondition-failed',
        )
        expect(await contentOf(store(), 'stream/if')).toBe('between')
      }
    })
  })
}

function keepsConditions(store: () => ObjectStore): void {
  describe('a conditional put', () => {
    it('with ifNoneMatch writes only what is not there', async () => {
      await store().put('if/none', '1', { ifNoneMatch: '*' })
      expect(await tagOf(store().put('if/none', '2', { ifNoneMatch: '*' }))).toBe('precondition-failed')
      expect(await contentOf(store(), 'if/none')).toBe('1')
      await store().delete('if/none')
      await store().put('if/none', '3', { ifNoneMatch: '*' })
      expect(await contentOf(store(), 'if/none')).toBe('3')
    })

    it('with ifMatch writes only over that version', async () => {
      expect(await tagOf(store().put('if/match', '0', { ifMatch: 'e' }))).toBe('precondition-failed')
      const first = await store().put('if/match', '1')
      const second = await store().put('if/match', '2', { ifMatch: first.etag })
      expect(await tagOf(store().put('if/match', '3', { ifMatch: first.etag }))).toBe('precondition-failed')
      expect(await contentOf(store(), 'if/match')).toBe('2')
      await store().put('if/match', '4', { ifMatch: second.etag })
      await store().delete('if/match')
      expect(await tagOf(store().put('if/match', '5', { ifMatch: second.etag }))).toBe('precondition-failed')
      expect(await store().head('if/match')).toBeUndefined()
    })

    it('has one winner of twenty that create', async () => {
      for (const round of [1, 2, 3]) {
        const tags = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            tagOf(store().put(`if/create-${round}`, `writer ${i}`, { ifNoneMatch: '*' })),
          ),
        )
        expect(tags.filter((tag) => tag === undefined)).toHaveLength(1)
        expect(tags.filter((tag) => tag === 'precondition-failed')).toHaveLength(19)
        expect(await contentOf(store(), `if/create-${round}`)).toBe(`writer ${tags.indexOf(undefined)}`)
      }
    })

    it('has one winner of twenty that change the same version, again and again', async () => {
      let { etag } = await store().put('if/change', 'start')
      for (const round of [1, 2, 3]) {
        const tags = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            tagOf(store().put('if/change', `writer ${round} ${i}`, { ifMatch: etag })),
          ),
        )
        expect(tags.filter((tag) => tag === undefined)).toHaveLength(1)
        expect(tags.filter((tag) => tag === 'precondition-failed')).toHaveLength(19)
        expect(await contentOf(store(), 'if/change')).toBe(`writer ${round} ${tags.indexOf(undefined)}`)
        etag = (await store().head('if/change'))!.etag
      }
    })

    it('loses no increment of a counter', async () => {
      await store().put('if/counter', '0')
      const increment = async (): Promise<void> => {
        for (;;) {
          const object = await store().get('if/counter')
          const next = String(Number(await readText(object!.body)) + 1)
          const tag = await tagOf(store().put('if/counter', next, { ifMatch: object!.etag }))
          if (tag === undefined) return
          expect(tag).toBe('precondition-failed')
        }
      }
      await Promise.all(Array.from({ length: 8 }, increment))
      expect(await contentOf(store(), 'if/counter')).toBe('8')
    })
  })
}

function listsInKeyOrder(store: () => ObjectStore): void {
  describe('list', () => {
    it('gives more than two pages in order, from any place', async () => {
      const keys = Array.from({ length: 2500 }, (_, i) => `many/${i % 7}/${i}`)
      await forAll(keys, (key) => store().put(key, key))
      const sorted = keys.toSorted(compareKeys)
      expect(await keysOf(store().list('many/'))).toEqual(sorted)
      expect(await keysOf(store().list('many/3'))).toEqual(sorted.filter((key) => key.startsWith('many/3')))
      for (const at of [0, 999, 1000, 1234, 2498, 2499]) {
        expect(await keysOf(store().list('many/', { startAfter: sorted[at]! }))).toEqual(sorted.slice(at + 1))
      }
      const first: string[] = []
      for await (const { key } of store().list('many/')) if (first.push(key) === 3) break
      expect(first).toEqual(sorted.slice(0, 3))
    })

    it('takes any text as prefix and start', async () => {
      const keys = ['p/a', 'p/a.b', 'p/a/b', 'p/ab', 'p/a b', 'p+q', 'pq', 'p']
      await forAll(keys, (key) => store().put(key, '1'))
      const expected = (prefix: string, startAfter = '') =>
        keys.filter((key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0).sort(compareKeys)
      for (const prefix of ['p', 'p/', 'p/a', 'p/a/', 'p/a/b', 'p/a/b/', 'p+', 'p ', 'p/ab', 'p/x', 'p//']) {
        expect(await keysOf(store().list(prefix))).toEqual(expected(prefix))
        for (const startAfter of [
          '',
          'a',
          'p',
          'p/',
          'p/a',
          'p/a/',
          'p/a/b',
          'p/a0',
          'pq',
          'z',
          '\u{1f600}',
        ]) {
          expect(await keysOf(store().list(prefix, { startAfter }))).toEqual(expected(prefix, startAfter))
        }
      }
    })
  })
}

function takesOddKeys(store: () => ObjectStore, keys: readonly string[]): void {
  it('keeps odd keys apart, all at once, and lists them in byte order', async () => {
    await forAll(keys, (key) => store().put(key, `content of ${key}`))
    for (const key of keys) {
      expect(await contentOf(store(), key)).toBe(`content of ${key}`)
      expect((await store().head(key))!.key).toBe(key)
    }
    const listed = (await keysOf(store().list(''))).filter((key) => keys.includes(key))
    const byBytes = keys.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)))
    expect(listed).toEqual(byBytes)
    for (const key of keys) {
      const found = await keysOf(store().list(key))
      expect(found.filter((other) => keys.includes(other))).toEqual(
        byBytes.filter((other) => other.startsWith(key)),
      )
    }
    await forAll(keys, (key) => store().delete(key))
    expect((await keysOf(store().list(''))).filter((key) => keys.includes(key))).toEqual([])
  })
}

function keepsToProperties(store: () => ObjectStore, numRuns: number): void {
  const part = fc.oneof(
    fc.constantFrom(
      'a',
      'A',
      'b',
      '/',
      '//',
      '.',
      '..',
      '%',
      '%(',
      '%2F',
      ' ',
      '+',
      '\\',
      '\u00e9',
      'e\u0301',
      '\u{1f600}',
      '\uffff',
    ),
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 2 })
      .filter((text) => !/[\0\p{Surrogate}\ufffe\uffff]/u.test(text)),
  )
  const keySet = fc.uniqueArray(
    fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
    { minLength: 1, maxLength: 12 },
  )
  let round = 0

  it('holds any set of keys: what is put is got, and is listed in byte order', async () => {
    await fc.assert(
      fc.asyncProperty(keySet, fc.array(part, { maxLength: 2 }), async (names, start) => {
        const top = `set-${round++}/`
        const keys = names.map((key) => top + key)
        await forAll(keys, (key) => store().put(key, key))
        const sorted = keys.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)))
        expect(await keysOf(store().list(top))).toEqual(sorted)
        const startAfter = top + start.join('')
        expect(await keysOf(store().list(top, { startAfter }))).toEqual(
          sorted.filter((key) => Buffer.compare(bytes(key), bytes(startAfter)) > 0),
        )
        for (const key of keys) expect(await contentOf(store(), key)).toBe(key)
        await forAll(keys, (key) => store().delete(key))
        expect(await keysOf(store().list(top))).toEqual([])
      }),
      { numRuns },
    )
  })

  it('behaves as a map would under any sequence of puts and deletes', async () => {
    const step = fc.record({
      key: fc.constantFrom(
        'a',
        'a/b',
        'a/b/c',
        'A',
        'A/b',
        'a/',
        'a//b',
        'é',
        'e\u0301',
        `${'l'.repeat(300)}`,
      ),
      action: fc.constantFrom('put', 'delete', 'create'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const top = `model-${round++}/`
        const model = new Map<string, string>()
        for (const [i, { key, action }] of steps.entries()) {
          if (action === 'delete') {
            await store().delete(top + key)
            model.delete(key)
            continue
          }
          const content = `${i}`
          const options = action === 'create' ? { ifNoneMatch: '*' as const } : {}
          const tag = await tagOf(store().put(top + key, content, options))
          expect(tag).toBe(action === 'create' && model.has(key) ? 'precondition-failed' : undefined)
          if (tag === undefined) model.set(key, content)
        }
        const listed = (await keysOf(store().list(top))).map((key) => key.slice(top.length))
        expect(listed).toEqual([...model.keys()].sort(compareKeys))
        for (const [key, content] of model) expect(await contentOf(store(), top + key)).toBe(content)
        await forAll(listed, (key) => store().delete(top + key))
      }),
      { numRuns },
    )
  })
}
