import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/**
 * HDF5's older index of chunks (a version 1 B-tree) has no checksum. A flipped bit in it makes the library take a
 * chunk for one that was never written, and give fill values instead of data, without an error. So it is checked
 * here, from the HDF5 File Format Specification 3.0, sections III.A.1 and IV.A. Newer indexes have checksums.
 */
export interface ChunkedDataset {
  /** Of its object header, in bytes from the file's start. */
  readonly address: number
  /** What addresses in the file count from: the size of the user block. */
  readonly base: number
  readonly shape: readonly number[]
  readonly chunk: readonly number[]
  /** Bytes of an element. */
  readonly size: number
  readonly filterIds: readonly number[]
}

const layoutMessage = 8
const continuationMessage = 16
const deflateId = 1

/** @throws Error when a key is out of order, off the grid or outside the dataset */
export function checkChunkIndex(path: string, dataset: ChunkedDataset): void {
  const file = new FileBytes(path)
  try {
    const root = findTree(file, dataset)
    if (root !== undefined) checkNode(file, dataset, root, undefined)
  } finally {
    file.close()
  }
}

class FileBytes {
  private readonly descriptor: number
  private readonly size: number

  constructor(path: string) {
    this.descriptor = openSync(path, 'r')
    this.size = fstatSync(this.descriptor).size
  }

  at(start: number, length: number): Buffer {
    if (!(start >= 0 && length >= 0 && start + length <= this.size)) {
      throw new Error(`it names bytes ${start} to ${start + length} of a file of ${this.size}`)
    }
    const bytes = Buffer.alloc(length)
    if (readSync(this.descriptor, bytes, 0, length, start) !== length)
      throw new Error('the file became shorter')
    return bytes
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** Where the B-tree of a dataset begins; `undefined` when it has none, or nothing was ever written. */
function findTree(file: FileBytes, { address, base, shape }: ChunkedDataset): number | undefined {
  for (const { type, data } of messages(file, address, base)) {
    // Version 3 is the only one with a B-tree that is still written; class 2 is chunked.
    if (type !== layoutMessage || data[0] !== 3 || data[1] !== 2) continue
    if (data[2] !== shape.length + 1) throw new Error('it has another number of dimensions than its dataset')
    const tree = data.readBigUInt64LE(3)
    return tree === 2n ** 64n - 1n ? undefined : Number(tree) + base
  }
  return undefined
}

interface Message {
  readonly type: number
  readonly data: Buffer
}

/** The messages of an object header of either version, with those in its continuation blocks. */
function* messages(file: FileBytes, address: number, base: number): Generator<Message> {
  const start = file.at(address, 16)
  const isNew = start.toString('latin1', 0, 4) === 'OHDR'
  const blocks = [isNew ? firstBlock(file, address, start) : oldBlock(start, address)]
  for (let i = 0; i < blocks.length && i < 10_000; i++) {
    const { begin, end, head } = blocks[i]!
    const bytes = file.at(begin, end - begin)
    for (let at = 0; at + head <= bytes.length; ) {
      const type = isNew ? (bytes[at] as number) : bytes.readUInt16LE(at)
      const size = bytes.readUInt16LE(at + (isNew ? 1 : 2))
      const data = bytes.subarray(at + head, at + head + size)
      at += head + size
      if (type !== continuationMessage) yield { type, data }
      else {
        const from = Number(data.readBigUInt64LE(0)) + base
        const length = Number(data.readBigUInt64LE(8))
        // A new block has a signature before its messages and a checksum after them.
        blocks.push(
          isNew
            ? { begin: from + 4, end: from + length - 4, head }
            : { begin: from, end: from + length, head },
        )
      }
    }
  }
}

interface Block {
  readonly begin: number
  readonly end: number
  /** Bytes before a message's data. */
  readonly head: number
}

function firstBlock(file: FileBytes, address: number, start: Buffer): Block {
  const flags = start[5] as number
  const prefix = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0)
  const width = 1 << (flags & 3)
  const size = file.at(address + prefix, width).readUIntLE(0, Math.min(width, 6))
  const begin = address + prefix + width
  return { begin, end: begin + size, head: flags & 4 ? 6 : 4 }
}

function oldBlock(start: Buffer, address: number): Block {
  return { begin: address + 16, end: address + 16 + start.readUInt32LE(8), head: 8 }
}

/** A key's chunk, by the places of its first element. */
type Place = readonly bigint[]

interface Bounds {
  readonly level: number
  readonly from: Place
  readonly to: Place
}

function checkNode(
  file: FileBytes,
  dataset: ChunkedDataset,
  address: number,
  bounds: Bounds | undefined,
): void {
  const rank = dataset.shape.length
  const head = file.at(address, 24)
  if (head.toString('latin1', 0, 4) !== 'TREE' || head[4] !== 1)
    throw new Error('it has a node without signature')
  const level = head[5] as number
  if (bounds && level !== bounds.level) throw new Error('it has a node at the wrong level')
  const count = head.readUInt16LE(6)
  const keySize = 8 + 8 * (rank + 1)
  const body = file.at(address + 24, count * (keySize + 8) + keySize)
  const keyAt = (i: number): Place => placeOf(body, i * (keySize + 8) + 8, rank + 1)
  let from = keyAt(0)
  if (bounds && compare(from, bounds.from) < 0) throw outOfOrder()
  for (let i = 0; i < count; i++) {
    const to = keyAt(i + 1)
    if (compare(from, to) >= 0) throw outOfOrder()
    const at = i * (keySize + 8)
    const child = Number(body.readBigUInt64LE(at + keySize)) + dataset.base
    if (level === 0) checkChunk(dataset, from, body.readUInt32LE(at), body.readUInt32LE(at + 4))
    else checkNode(file, dataset, child, { level: level - 1, from, to })
    // Only the last key of the rightmost node bounds nothing.
    if (bounds && i === count - 1 && compare(from, bounds.to) >= 0) throw outOfOrder()
    from = to
  }
}

function outOfOrder(): Error {
  return new Error('its keys are out of order')
}

function placeOf(body: Buffer, at: number, length: number): Place {
  return Array.from({ length }, (_, axis) => body.readBigUInt64LE(at + 8 * axis))
}

function compare(a: Place, b: Place): number {
  const axis = a.findIndex((value, i) => value !== b[i])
  return axis < 0 ? 0 : (a[axis] as bigint) < (b[axis] as bigint) ? -1 : 1
}

function checkChunk(dataset: ChunkedDataset, place: Place, bytes: number, skipped: number): void {
  const { shape, chunk, size, filterIds } = dataset
  const isOnGrid = shape.every((length, axis) => {
    const start = place[axis] as bigint
    return start < BigInt(length) && start % BigInt(chunk[axis] as number) === 0n
  })
  if (!isOnGrid || place.at(-1) !== 0n)
    throw new Error(`it has a chunk at (${place.slice(0, -1).join(', ')})`)
  // A filter may have been left out for a chunk that it would not have made smaller.
  const whole = chunk.reduce((product, length) => product * length, size)
  const deflate = filterIds.indexOf(deflateId)
  const isDeflateSkipped = deflate >= 0 && (skipped & (1 << deflate)) !== 0
  if (skipped >>> filterIds.length !== 0 || (isDeflateSkipped && bytes < whole) || bytes === 0) {
    throw new Error(`it has a chunk of ${bytes} bytes with filters ${skipped} left out`)
  }
}
