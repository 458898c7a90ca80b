import { describe, expect, it } from 'vitest'
import { readBytes } from './body.ts'
import { objectStoreConformance } from './conformance.ts'
import { MemoryObjectStore } from './memory.ts'

objectStoreConformance('MemoryObjectStore', async () => ({ store: new MemoryObjectStore() }))

describe('MemoryObjectStore', () => {
  it('takes times from the clock that it is given, etags and content types as S3 has them', async () => {
    const now = new Date('2024-05-06T07:08:09Z')
    const store = new MemoryObjectStore({ now: () => now })
    expect(await store.put('k', 'hello', { contentType: 'text/plain' })).toEqual({
      key: 'k',
      size: 5,
      etag: '5d41402abc4b2a76b9719d911017c592',
      lastModified: now,
      contentType: 'text/plain',
    })
  })

  it('keeps its bytes to itself', async () => {
    const store = new MemoryObjectStore()
    const given = Buffer.from('abc')
    await store.put('k', given)
    given[0] = 0
    const first = await readBytes((await store.get('k'))!.body)
    first[1] = 0
    expect(Buffer.from(await readBytes((await store.get('k'))!.body)).toString()).toBe('abc')
  })
})
