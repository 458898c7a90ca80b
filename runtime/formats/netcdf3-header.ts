import type { Attrs, AttrValue, TypedAttr } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import { decodeText, untilNul } from './netcdf4-attributes.ts'

/** A type on disk: netCDF's NC_CHAR, or a number. All are big-endian. */
export type Netcdf3Type = 'char' | TypedAttr['dtype']

export interface Netcdf3Variable {
  readonly name: string
  readonly dims: readonly number[]
  readonly attrs: Attrs
  readonly type: Netcdf3Type
  /** Where the values begin, in bytes from the file's start. */
  readonly begin: number
}

/** What stands before the values of a CDF-1, CDF-2 or CDF-5 file. */
export interface Netcdf3Header {
  readonly version: 1 | 2 | 5
  /** `undefined`: still being written when the file was last closed; to be counted from the file's size. */
  readonly recordCount: number | undefined
  readonly dims: readonly { readonly name: string; readonly length: number }[]
  /** The dimension that grows, by number. */
  readonly recordDim: number | undefined
  readonly attrs: Attrs
  readonly variables: readonly Netcdf3Variable[]
}

export const typeSizes: Readonly<Record<Netcdf3Type, number>> = {
  char: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
}

/** By netCDF's numbers; those above 6 came with CDF-5. */
const types: readonly (Netcdf3Type | undefined)[] = [
  undefined,
  'int8',
  'char',
  'int16',
  'int32',
  'float32',
  'float64',
  'uint8',
  'uint16',
  'uint32',
  'int64',
  'uint64',
]
const tags = { dimensions: 10, variables: 11, attributes: 12 } as const

/** Thrown when the header goes on beyond the bytes at hand. */
export class HeaderEndsEarly extends Error {}

/**
 * Decodes a header, from the classic format's specification (NetCDF User Guide, appendix B) and CDF-5's.
 * @throws InputError for what is no header; HeaderEndsEarly when more bytes are needed
 */
export function parseNetcdf3Header(bytes: Uint8Array): Netcdf3Header {
  const cursor = new Cursor(bytes)
  const version = cursor.version()
  const recordCount = cursor.recordCount()
  const dims = cursor.list(tags.dimensions, 'dimensions', () => ({
    name: cursor.name(),
    length: cursor.count(),
  }))
  const recordDims = dims.flatMap(({ length }, i) => (length === 0 ? [i] : []))
  if (recordDims.length > 1) throw new InputError('the header has more than one record dimension')
  const attrs = readAttrs(cursor)
  const variables = cursor.list(tags.variables, 'variables', () =>
    readVariable(cursor, dims.length, recordDims[0]),
  )
  return { version, recordCount, dims, recordDim: recordDims[0], attrs, variables }
}

function readVariable(cursor: Cursor, dimCount: number, recordDim: number | undefined): Netcdf3Variable {
  const name = cursor.name()
  const dims = Array.from({ length: cursor.boundedCount(4) }, () => cursor.count())
  const wrong = dims.findIndex((dim, axis) => dim >= dimCount || (dim === recordDim && axis > 0))
  if (wrong >= 0)
    throw new InputError(`${name}: dimension number ${dims[wrong]} cannot stand at place ${wrong + 1}`)
  const attrs = readAttrs(cursor)
  const type = cursor.type()
  // The size that the header gives is redundant, and wrong by design for large variables: it is computed instead.
  cursor.count()
  return { name, dims, attrs, type, begin: cursor.offset() }
}

function readAttrs(cursor: Cursor): Attrs {
  return new Map(cursor.list(tags.attributes, 'attributes', () => readAttr(cursor)))
}

function readAttr(cursor: Cursor): [string, AttrValue] {
  const name = cursor.name()
  const type = cursor.type()
  const count = cursor.boundedCount(typeSizes[type])
  const bytes = cursor.padded(count * typeSizes[type])
  if (type === 'char') return [name, decodeText(untilNul(bytes))]
  const values = [...(decodeNumbers(type, bytes) as Iterable<number | bigint>)]
  return [name, { dtype: type, values, scalar: count === 1 }]
}

class Cursor {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private at = 0
  /** CDF-5 counts in 64 bits. */
  private isWide = false
  private hasWideOffsets = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  version(): 1 | 2 | 5 {
    const [c, d, f, version] = this.take(4)
    if (c !== 0x43 || d !== 0x44 || f !== 0x46 || (version !== 1 && version !== 2 && version !== 5)) {
      throw new InputError('the file does not begin with CDF and version 1, 2 or 5')
    }
    this.isWide = version === 5
    this.hasWideOffsets = version !== 1
    return version
  }

  recordCount(): number | undefined {
    const bytes = this.bytes.subarray(this.at, this.at + (this.isWide ? 8 : 4))
    if (bytes.length === (this.isWide ? 8 : 4) && bytes.every((byte) => byte === 0xff)) {
      this.at += bytes.length
      return undefined
    }
    return this.count()
  }

  /** A tagged list; an absent one is two zeros. */
  list<T>(tag: number, what: string, read: () => T): T[] {
    const found = this.view32()
    const length = this.boundedCount(8)
    if (found === 0 && length === 0) return []
    if (found !== tag)
      throw new InputError(`the header has tag ${found} where its ${what} (tag ${tag}) belong`)
    return Array.from({ length }, read)
  }

  name(): string {
    const name = decodeText(this.padded(this.boundedCount(1)))
    if (name === '') throw new InputError('the header has a name without a letter')
    return name
  }

  type(): Netcdf3Type {
    const number = this.view32()
    const type = number <= (this.isWide ? 11 : 6) ? types[number] : undefined
    if (!type) throw new InputError(`the header has the unknown type ${number}`)
    return type
  }

  /** A number that is not negative. */
  count(): number {
    const start = this.at
    this.take(this.isWide ? 8 : 4)
    const count = this.isWide ? Number(this.view.getBigInt64(start)) : this.view.getInt32(start)
    // `vsize` of a large variable is the one count that may have all bits set.
    const plain = count < 0 && !this.isWide ? count + 2 ** 32 : count
    if (plain < 0 || !Number.isSafeInteger(plain))
      throw new InputError(`the header has the impossible count ${plain}`)
    return plain
  }

  /** The length of something of `size` bytes each that stands in the header itself. */
  boundedCount(size: number): number {
    const count = this.count()
    if (count * size > 2 ** 30) throw new InputError(`the header has the impossible length ${count}`)
    if (count * size > this.bytes.length - this.at) throw new HeaderEndsEarly()
    return count
  }

  offset(): number {
    if (!this.hasWideOffsets) return this.view32()
    const start = this.at
    this.take(8)
    const offset = Number(this.view.getBigInt64(start))
    if (offset < 0 || !Number.isSafeInteger(offset))
      throw new InputError(`the header has the impossible offset ${offset}`)
    return offset
  }

  /** `length` bytes, after which the header goes on at a multiple of 4. */
  padded(length: number): Uint8Array {
    return this.take(Math.ceil(length / 4) * 4).subarray(0, length)
  }

  private view32(): number {
    const start = this.at
    this.take(4)
    return this.view.getUint32(start)
  }

  private take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new HeaderEndsEarly()
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}

const arrays = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const

/** Big-endian bytes as numbers. The bytes are copied. */
export function decodeNumbers(
  type: TypedAttr['dtype'],
  bytes: Uint8Array,
): InstanceType<(typeof arrays)[keyof typeof arrays]> {
  const copy = Buffer.from(bytes)
  const own = copy.byteOffset % 8 === 0 ? copy : Buffer.from(new Uint8Array(bytes).buffer)
  const size = typeSizes[type]
  if (isLittleEndian) {
    if (size === 2) own.swap16()
    else if (size === 4) own.swap32()
    else if (size === 8) own.swap64()
  }
  return new arrays[type](own.buffer as ArrayBuffer, own.byteOffset, own.length / size)
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
