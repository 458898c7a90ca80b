import { gunzipSync, inflateSync } from 'node:zlib'
import { registry } from 'zarrita'
import { allocate, type BigArray, type NumberArray } from '../dataset/dtype.ts'
import { product } from '../dataset/take.ts'
import { crc32c } from './crc32c.ts'
import type { ExactObject } from './zarr-json.ts'
import { type Codec, type ElementKind, lengths, named } from './zarr-metadata.ts'

/** The elements of a chunk in C order. */
export type ChunkData = NumberArray | BigArray | readonly string[]

/** How a chunk of this shape and type was encoded. */
export interface ChunkLayout {
  readonly element: ElementKind
  readonly shape: readonly number[]
  readonly codecs: readonly Codec[]
  /** What stands where a part of a chunk is not stored. */
  readonly fill: number | bigint | string | undefined
}

/** Decodes a chunk. @throws Error for damage that shows, and for codecs that are not supported */
export async function decodeChunk(bytes: Uint8Array, layout: ChunkLayout): Promise<ChunkData> {
  const codecs = withArrayToBytes(layout.codecs)
  const at = codecs.findIndex(({ name }) => isArrayToBytes(name))
  let plain = bytes
  for (const codec of codecs.slice(at + 1).toReversed()) plain = await decodeBytes(plain, codec)
  const orders = codecs.slice(0, at).map((codec) => transposeOrder(codec, layout.shape.length))
  const storedShape = orders.reduce(
    (shape, order) => order.map((axis) => shape[axis] as number),
    layout.shape,
  )
  const stored = await decodeArray(plain, codecs[at] as Codec, { ...layout, shape: storedShape })
  // Each codec permuted what the one before gave it: undone from the last to the first.
  let [data, shape] = [stored, storedShape]
  for (const order of orders.toReversed()) {
    const original = order.map((_, axis) => shape[order.indexOf(axis)] as number)
    data = untransposed(data, shape, order, original)
    shape = original
  }
  return data
}

/** zarrita leaves the codec out where it is plain little-endian bytes. */
function withArrayToBytes(codecs: readonly Codec[]): readonly Codec[] {
  if (codecs.some(({ name }) => isArrayToBytes(name))) return codecs
  const at = codecs.findLastIndex(({ name }) => name === 'transpose') + 1
  return codecs.toSpliced(at, 0, { name: 'bytes', configuration: { endian: 'little' } })
}

function isArrayToBytes(name: string): boolean {
  return ['bytes', 'vlen-utf8', 'sharding_indexed'].includes(name)
}

async function decodeBytes(bytes: Uint8Array, { name }: Codec): Promise<Uint8Array> {
  switch (name.replace('numcodecs.', '')) {
    case 'gzip':
      return gunzipSync(bytes)
    case 'zlib':
      return inflateSync(bytes)
    case 'crc32c':
      return withoutChecksum(bytes)
    case 'blosc':
    case 'lz4':
    case 'zstd':
      return await decompressed(bytes, name.replace('numcodecs.', ''))
    default:
      throw new Error(`the codec ${name} is not supported`)
  }
}

/** What these have been told for encoding stands in the bytes too: decoding needs no configuration. */
async function decompressed(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const Codec = await registry.get(name)?.()
  if (!Codec) throw new Error(`the codec ${name} is not supported`)
  const unused = { dataType: 'uint8', shape: [], codecs: [], fillValue: null }
  return (await Codec.fromConfig({}, unused as never).decode(bytes as never)) as unknown as Uint8Array
}

function withoutChecksum(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error('it is too short for its checksum')
  const content = bytes.subarray(0, -4)
  const view = new DataView(bytes.buffer, bytes.byteOffset + content.length, 4)
  if (crc32c(content) !== view.getUint32(0, true)) throw new Error('its checksum is wrong')
  return content
}

function transposeOrder({ name, configuration }: Codec, rank: number): number[] {
  if (name !== 'transpose') throw new Error(`the codec ${name} is not supported`)
  const order = lengths(configuration.order, 'the order of transpose')
  const isPermutation =
    order.length === rank && order.toSorted((a, b) => a - b).every((axis, i) => axis === i)
  if (!isPermutation) throw new Error('the order of transpose does not go with the shape')
  return order
}

/** Elements of `shape`, which came from `original` by putting axis `order[i]` in place i, in their original order. */
function untransposed(
  data: ChunkData,
  shape: readonly number[],
  order: readonly number[],
  original: readonly number[],
): ChunkData {
  const steps = original.map((_, axis) => product(shape.slice(order.indexOf(axis) + 1)))
  const places = Array.from({ length: product(original) }, (_, i) => {
    let [rest, place] = [i, 0]
    for (let axis = original.length - 1; axis >= 0; axis--) {
      const length = original[axis] as number
      place += (rest % length) * (steps[axis] as number)
      rest = Math.floor(rest / length)
    }
    return place
  })
  if (Array.isArray(data)) return places.map((place) => data[place] as string)
  const from = data as NumberArray
  return from.map((_, i) => from[places[i] as number] as number)
}

async function decodeArray(bytes: Uint8Array, codec: Codec, layout: ChunkLayout): Promise<ChunkData> {
  if (codec.name === 'sharding_indexed') return await decodeShard(bytes, codec, layout)
  const count = product(layout.shape)
  if (codec.name === 'vlen-utf8') return decodeTexts(bytes, count)
  const { element } = layout
  if (element.kind === 'text') throw new Error('text of any length needs the codec vlen-utf8')
  const isBig = codec.configuration.endian === 'big'
  const size = element.kind === 'characters' ? element.size * 4 : element.size
  if (bytes.length !== count * size) throw new Error(`it holds ${bytes.length} bytes, not ${count * size}`)
  if (element.kind === 'bytes') return fixedTexts(bytes, count, element.size)
  const wordSize = element.kind === 'characters' ? 4 : size
  const words = alignedWords(bytes, wordSize, isBig)
  if (element.kind === 'characters') return wideTexts(new Uint32Array(words), count, element.size)
  return numbers(words, element.dtype, count)
}

/** A copy that typed arrays can look into, in this machine's byte order. */
function alignedWords(bytes: Uint8Array, size: number, isBig: boolean): ArrayBuffer {
  const copy = Buffer.alloc(bytes.length)
  copy.set(bytes)
  if (isBig && size === 2) copy.swap16()
  if (isBig && size === 4) copy.swap32()
  if (isBig && size === 8) copy.swap64()
  return copy.buffer.slice(copy.byteOffset, copy.byteOffset + copy.length)
}

function numbers(
  words: ArrayBuffer,
  dtype: Parameters<typeof allocate>[0],
  count: number,
): NumberArray | BigArray {
  const target = allocate(dtype, count) as NumberArray | BigArray
  new Uint8Array(target.buffer).set(new Uint8Array(words))
  return target
}

function decodeTexts(bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  if (bytes.length < 4 || view.getUint32(0, true) !== count)
    throw new Error(`it does not hold ${count} texts`)
  let at = 4
  const texts: string[] = []
  for (let i = 0; i < count; i++) {
    const end = at + 4 + (at + 4 <= bytes.length ? view.getUint32(at, true) : 0)
    if (at + 4 > bytes.length || end > bytes.length) throw new Error('it ends in the middle of a text')
    texts.push(decoder.decode(bytes.subarray(at + 4, end)))
    at = end
  }
  if (at !== bytes.length) throw new Error('it holds more than its texts')
  return texts
}

function fixedTexts(bytes: Uint8Array, count: number, size: number): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return Array.from({ length: count }, (_, i) =>
    decoder.decode(bytes.subarray(i * size, (i + 1) * size)).replace(/\0+$/, ''),
  )
}

function wideTexts(codes: Uint32Array, count: number, size: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const text = Array.from(codes.subarray(i * size, (i + 1) * size), (code) =>
      String.fromCodePoint(code),
    ).join('')
    return text.replace(/\0+$/, '')
  })
}

const absent = 2n ** 64n - 1n

/** A chunk that is made of smaller ones, with an index of where they are. */
async function decodeShard(
  bytes: Uint8Array,
  { configuration }: Codec,
  layout: ChunkLayout,
): Promise<ChunkData> {
  const inner = lengths(configuration.chunk_shape, 'the chunk shape of a shard')
  const counts = layout.shape.map((length, axis) => length / (inner[axis] as number))
  if (inner.length !== counts.length || !counts.every(Number.isInteger)) {
    throw new Error('the chunks of a shard do not go with its shape')
  }
  const codecsOf = (value: unknown): Codec[] =>
    Array.isArray(value) ? value.map((codec) => named(codec as ExactObject, 'codec')) : []
  const total = product(counts)
  const indexCodecs = codecsOf(configuration.index_codecs)
  const indexBytes = total * 16 + (indexCodecs.some(({ name }) => name === 'crc32c') ? 4 : 0)
  if (bytes.length < indexBytes) throw new Error('it is too short for its index')
  const isAtStart = configuration.index_location === 'start'
  const index = await decodeChunk(isAtStart ? bytes.subarray(0, indexBytes) : bytes.subarray(-indexBytes), {
    element: { kind: 'number', dtype: 'uint64', size: 8 },
    shape: [total, 2],
    codecs: indexCodecs,
    fill: undefined,
  })
  const target = new ChunkTarget(layout.element, layout.shape)
  const innerLayout = { ...layout, shape: inner, codecs: codecsOf(configuration.codecs) }
  for (const [i, place] of [...places(counts)].entries()) {
    const [offset, length] = [index[2 * i] as bigint, index[2 * i + 1] as bigint]
    if (offset === absent && length === absent) {
      target.fill(place, inner, layout.fill)
      continue
    }
    if (offset + length > BigInt(bytes.length)) throw new Error('a part of it lies behind its end')
    const part = bytes.subarray(Number(offset), Number(offset + length))
    target.put(place, inner, await decodeChunk(part, innerLayout))
  }
  return target.data
}

/** Every place in a grid of these lengths, in C order. */
export function* places(counts: readonly number[]): Generator<number[]> {
  const total = product(counts)
  for (let i = 0; i < total; i++) {
    let rest = i
    const place: number[] = []
    for (const count of counts.toReversed()) {
      place.unshift(rest % count)
      rest = Math.floor(rest / count)
    }
    yield place
  }
}

/** An array that is put together from chunks; what of a chunk lies beyond its edge is left out. */
export class ChunkTarget {
  readonly data: NumberArray | BigArray | string[]
  private readonly shape: readonly number[]

  constructor(element: ElementKind, shape: readonly number[]) {
    this.shape = shape
    const size = product(shape)
    this.data =
      element.kind === 'number'
        ? (allocate(element.dtype, size) as NumberArray | BigArray)
        : Array.from({ length: size }, () => '')
  }

  /** @throws Error when there is no fill */
  fill(
    place: readonly number[],
    chunkShape: readonly number[],
    fill: number | bigint | string | undefined,
  ): void {
    if (fill === undefined) throw new Error('it is missing, and there is no fill value to stand for it')
    this.runs(place, chunkShape, (to, _from, length) => this.data.fill(fill as never, to, to + length))
  }

  put(place: readonly number[], chunkShape: readonly number[], chunk: ChunkData): void {
    const { data } = this
    this.runs(place, chunkShape, (to, from, length) => {
      if (Array.isArray(data)) for (let i = 0; i < length; i++) data[to + i] = chunk[from + i] as string
      else (data as NumberArray).set((chunk as NumberArray).subarray(from, from + length), to)
    })
  }

  /** Goes through the runs of elements that a chunk at `place` has inside the array. */
  private runs(
    place: readonly number[],
    chunkShape: readonly number[],
    visit: (to: number, from: number, length: number) => void,
  ): void {
    const { shape } = this
    if (shape.length === 0) {
      visit(0, 0, 1)
      return
    }
    const starts = place.map((each, axis) => each * (chunkShape[axis] as number))
    const inside = starts.map((start, axis) =>
      Math.min(chunkShape[axis] as number, (shape[axis] as number) - start),
    )
    // Axes that the chunk spans whole are gone through in one go with the one before them.
    let last = shape.length - 1
    let unit = 1
    while (last > 0 && inside[last] === shape[last] && chunkShape[last] === shape[last]) {
      unit *= shape[last--] as number
    }
    for (const outer of places(inside.slice(0, last))) {
      let [to, from] = [0, 0]
      for (let axis = 0; axis <= last; axis++) {
        const at = axis < last ? (outer[axis] as number) : 0
        to = to * (shape[axis] as number) + (starts[axis] as number) + at
        from = from * (chunkShape[axis] as number) + at
      }
      visit(to * unit, from * unit, (inside[last] as number) * unit)
    }
  }
}
