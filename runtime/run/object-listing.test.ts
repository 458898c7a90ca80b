import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ObjectInfo } from '../contracts.ts'
import { byKey, compareKeys, listingOf, type ObjectListing, PackedListing } from './object-listing.ts'

const info = (key: string, size = 1): ObjectInfo => ({
  key,
  size,
  etag: `etag of ${key}`,
  lastModified: new Date(1_600_000_000_123),
})

function packed(objects: readonly ObjectInfo[]): PackedListing {
  const listing = new PackedListing()
  for (const object of [...objects].sort(byKey)) listing.add(object)
  return listing
}

const kinds: [string, (objects: readonly ObjectInfo[]) => ObjectListing][] = [
  ['listingOf', listingOf],
  ['PackedListing', packed],
]

describe.each(kinds)('%s', (_, make) => {
  it('gives its objects in the order of their keys, from any key on, and finds each', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, unit: 'binary' }), { maxLength: 40 }),
        fc.string({ unit: 'binary' }),
        (keys, from) => {
          const objects = keys.filter((key) => key.isWellFormed()).map((key) => info(key, key.length))
          const listing = make(objects)
          const sorted = [...objects].sort(byKey)
          expect([...listing]).toEqual(sorted)
          expect([...listing.from(from)]).toEqual(sorted.filter(({ key }) => compareKeys(key, from) >= 0))
          for (const object of objects) expect(listing.find(object.key)).toEqual(object)
          expect(listing.find(`${from}\u0000?`)).toBeUndefined()
          expect([listing.count, listing.bytes]).toEqual([
            objects.length,
            objects.reduce((sum, { size }) => sum + size, 0),
          ])
        },
      ),
    )
  })

  it('is the same across the bounds of its blocks', () => {
    const objects = Array.from({ length: 3100 }, (_, i) => info(`a/${String(i).padStart(5, '0')}`, i))
    const listing = make(objects)
    expect([...listing]).toEqual(objects)
    for (const i of [0, 1, 1023, 1024, 1025, 2047, 2048, 3071, 3072, 3099]) {
      const { key } = objects[i] as ObjectInfo
      expect(listing.find(key)).toEqual(objects[i])
      expect(listing.find(`${key}x`)).toBeUndefined()
      expect([...listing.from(key)].length).toBe(3100 - i)
      expect([...listing.from(`${key}x`)].length).toBe(3099 - i)
    }
    expect(listing.find('')).toBeUndefined()
    expect([...listing.from('z')]).toEqual([])
  })
})

describe('PackedListing', () => {
  it('holds 200,000 objects in less than 80 bytes each', () => {
    const listing = new PackedListing()
    const hex = (i: number) => (i * 2_654_435_761).toString(16).padStart(16, '0')
    for (let i = 0; i < 200_000; i++) {
      const key = `shows/spring/shot_${String(i >> 8).padStart(4, '0')}/render_${String(i & 255).padStart(4, '0')}.exr`
      listing.add({ ...info(key, i), etag: hex(i) + hex(i + 7) })
    }
    expect(listing.packedBytes / listing.count).toBeLessThan(80)
    let count = 0
    for (const { size } of listing) if (size === count) count++
    expect(count).toBe(200_000)
  })
})
