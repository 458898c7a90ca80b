import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ObjectInfo } from '../contracts.ts'

/** Objects in the order of their keys, each key once. */
export interface ObjectListing extends Iterable<ObjectInfo> {
  readonly count: number
  /** The sum of their sizes. */
  readonly bytes: number
  find(key: string): ObjectInfo | undefined
  /** Those whose keys are not before `key`. */
  from(key: string): Iterable<ObjectInfo>
}

/** The order in which stores list: by the keys' UTF-8 bytes. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return compareKeys(a.key, b.key)
}

export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A listing of objects at hand. */
export function listingOf(objects: readonly ObjectInfo[]): ObjectListing {
  const byName = new Map(objects.map((info) => [info.key, info]))
  const sorted = [...byName.values()].sort(byKey)
  return {
    count: sorted.length,
    bytes: sorted.reduce((sum, { size }) => sum + size, 0),
    find: (key) => byName.get(key),
    from: (key) =>
      sorted.slice(firstIndex(sorted.length, (i) => byKey(sorted[i] as ObjectInfo, { key }) >= 0)),
    [Symbol.iterator]: () => sorted[Symbol.iterator](),
  }
}

const blockSize = 1024

/** The first index from 0 to `length` for which `holds`, which holds for all after it; `length` if there is none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

interface Block {
  readonly firstKey: string
  readonly packed: Uint8Array
}

/** Key, size, etag, time in milliseconds. */
type PackedInfo = readonly [string, number, string, number]

/**
 * A listing of any length in little memory: blocks of neighbours, whose keys resemble each other, compressed. A million
 * objects take some 30 MB, of which the etags are most. Content types are not kept.
 */
export class PackedListing implements ObjectListing {
  readonly #blocks: Block[] = []
  #open: ObjectInfo[] = []
  /** The block that was read last, as neighbours are asked for one after the other. */
  #read: { readonly index: number; readonly objects: readonly ObjectInfo[] } | undefined
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How much memory the packed objects take. */
  get packedBytes(): number {
    return this.#blocks.reduce((sum, { packed }) => sum + packed.length, 0)
  }

  /** Adds the next object: its key is after all before it. */
  add(info: ObjectInfo): void {
    this.#open.push(info)
    this.#count++
    this.#bytes += info.size
    if (this.#open.length < blockSize) return
    const rows = this.#open.map(
      ({ key, size, etag, lastModified }): PackedInfo => [key, size, etag, lastModified.getTime()],
    )
    const packed = deflateRawSync(JSON.stringify(rows), { level: 1 })
    // A copy of just its length: what zlib gives may be a part of something larger.
    this.#blocks.push({ firstKey: (this.#open[0] as ObjectInfo).key, packed: Uint8Array.from(packed) })
    this.#open = []
  }

  find(key: string): ObjectInfo | undefined {
    const objects = this.#objectsOf(this.#blockOf(key))
    const found = objects[firstIndex(objects.length, (i) => byKey(objects[i] as ObjectInfo, { key }) >= 0)]
    return found?.key === key ? found : undefined
  }

  *from(key: string): Generator<ObjectInfo> {
    for (let index = this.#blockOf(key); index <= this.#blocks.length; index++) {
      for (const info of this.#objectsOf(index)) if (compareKeys(info.key, key) >= 0) yield info
    }
  }

  *[Symbol.iterator](): Generator<ObjectInfo> {
    for (let index = 0; index <= this.#blocks.length; index++) yield* this.#objectsOf(index)
  }

  /** The only block that can have `key`; the one after the last is still open. */
  #blockOf(key: string): number {
    const [open] = this.#open
    if (open && compareKeys(open.key, key) <= 0) return this.#blocks.length
    const after = firstIndex(
      this.#blocks.length,
      (i) => compareKeys((this.#blocks[i] as Block).firstKey, key) > 0,
    )
    return Math.max(0, after - 1)
  }

  #objectsOf(index: number): readonly ObjectInfo[] {
    const block = this.#blocks[index]
    if (!block) return this.#open
    if (this.#read?.index !== index) {
      const rows = JSON.parse(inflateRawSync(block.packed).toString()) as PackedInfo[]
      const objects = rows.map(([key, size, etag, time]) => ({
        key,
        size,
        etag,
        lastModified: new Date(time),
      }))
      this.#read = { index, objects }
    }
    return this.#read.objects
  }
}
