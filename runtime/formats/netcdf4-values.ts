import type { StoredNumber } from '../dataset/cf-encode.ts'
import { filledData } from '../dataset/create.ts'
import type { BigArray, DataArray, DType, NumberArray } from '../dataset/dtype.ts'
import { allocate } from '../dataset/dtype.ts'
import { product } from '../dataset/take.ts'
import { TextArray, TextArrayBuilder } from '../dataset/text-array.ts'
import { H5Block } from './h5wasm.ts'
import type { H5File } from './netcdf4-attributes.ts'
import { decodeText, untilNul } from './netcdf4-attributes.ts'
import type { Slab } from './netcdf4-layout.ts'
import { slabs } from './netcdf4-layout.ts'
import { viewAs } from './netcdf4-types.ts'

/** How the values of an HDF5 dataset lie in the file. */
export interface StoredValues {
  readonly path: string
  /** Of the values that are there; an unlimited dimension may be longer. */
  readonly shape: readonly number[]
  readonly chunk: readonly number[] | undefined
  /** Bytes of an element. */
  readonly size: number
}

const sliceBytes = 8 * 2 ** 20
/** A slice may grow this far so that no chunk is decompressed twice. */
const ceilingBytes = 2 ** 30

/** Reads numbers of any layout and byte order, in slices. */
export function readNumbers(file: H5File, values: StoredValues, dtype: StoredNumber): DataArray {
  const result = allocate(dtype, product(values.shape)) as NumberArray
  for (const { slab, block } of readSlices(file, values)) {
    result.set(viewAs(dtype, block.bytes(), slab.end - slab.start) as NumberArray, slab.start)
  }
  return result
}

/** Reads texts of variable length. */
export function readTexts(file: H5File, values: StoredValues): TextArray {
  const builder = new TextArrayBuilder()
  for (const { slab, block } of readSlices(file, values)) {
    const heap = file.module.HEAPU8
    const pointers = new Uint32Array(heap.buffer, block.address, slab.end - slab.start)
    for (const start of pointers) pushText(builder, heap, start, start === 0 ? 0 : heap.indexOf(0, start))
    file.module.reclaim_vlen_memory_count(file.id, values.path, '', block.pointer, slab.count.map(BigInt))
  }
  return builder.build()
}

/** Reads texts that each take `size` bytes; what follows a NUL is no part of one. */
export function readFixedTexts(file: H5File, values: StoredValues): TextArray {
  const builder = new TextArrayBuilder()
  for (const { slab, block } of readSlices(file, values)) {
    const bytes = block.bytes()
    for (let i = 0; i < slab.end - slab.start; i++) {
      const text = untilNul(bytes.subarray(i * values.size, (i + 1) * values.size))
      pushText(builder, text, 0, text.length)
    }
  }
  return builder.build()
}

/** Reads single characters, the last dimension being the letters of one text. */
export function readCharacters(file: H5File, values: StoredValues): TextArray {
  const bytes = new Uint8Array(product(values.shape))
  for (const { slab, block } of readSlices(file, values)) {
    bytes.set(block.bytes().subarray(0, slab.end - slab.start), slab.start)
  }
  return joinCharacters(bytes, values.shape)
}

/** Characters as texts: trailing NULs, with which short texts are filled, are left out. */
export function joinCharacters(bytes: Uint8Array, shape: readonly number[]): TextArray {
  const width = shape.at(-1) ?? 1
  const count = product(shape.slice(0, -1))
  const builder = new TextArrayBuilder()
  for (let i = 0; i < count; i++) {
    let end = (i + 1) * width
    while (end > i * width && bytes[end - 1] === 0) end--
    pushText(builder, bytes, i * width, end)
  }
  return builder.build()
}

function pushText(builder: TextArrayBuilder, bytes: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    if (bytes[i]! >= 0x80) {
      builder.push(decodeText(bytes.subarray(start, end)))
      return
    }
  }
  builder.pushBytes(bytes, start, end)
}

/** Each slice in turn; the block is good until the next. */
function* readSlices(
  file: H5File,
  { path, shape, chunk, size }: StoredValues,
): Generator<{ slab: Slab; block: H5Block }> {
  let block: H5Block | undefined
  try {
    for (const slab of slabs(shape, chunk, sliceBytes / size, ceilingBytes / size)) {
      const needed = (slab.end - slab.start) * size
      if (!block || block.size < needed) {
        block?.free()
        block = undefined
        block = new H5Block(file.module, needed)
      }
      readSlab(file, path, slab, block.pointer)
      yield { slab, block }
    }
  } finally {
    block?.free()
  }
}

function readSlab({ module, id }: H5File, path: string, { offset, count }: Slab, pointer: bigint): void {
  if (offset.length === 0) module.get_dataset_data(id, path, null, null, null, pointer)
  else
    module.get_dataset_data(
      id,
      path,
      count.map(BigInt),
      offset.map(BigInt),
      count.map(() => 1n),
      pointer,
    )
}

/** What the netCDF library says of values that were never written. */
const defaultFills: Readonly<Record<StoredNumber, number | bigint>> = {
  int8: -127,
  uint8: 255,
  int16: -32_767,
  uint16: 65_535,
  int32: -2_147_483_647,
  uint32: 4_294_967_295,
  int64: -9_223_372_036_854_775_806n,
  uint64: 18_446_744_073_709_551_614n,
  float32: 9.969209968386869e36,
  float64: 9.969209968386869e36,
}

export function defaultFill(dtype: DType): number | bigint | string {
  return dtype === 'str' ? '' : defaultFills[dtype as StoredNumber]
}

/** Values of `shape` as the first corner of a larger array; the rest is `fill`. */
export function padTo(
  data: DataArray,
  dtype: DType,
  shape: readonly number[],
  wanted: readonly number[],
  fill: number | bigint | string,
): DataArray {
  const rows = product(shape.slice(0, -1))
  const width = shape.at(-1) as number
  const starts = Array.from({ length: rows }, (_, row) => cornerStart(row, shape, wanted))
  if (data instanceof TextArray) return padText(data, starts, width, product(wanted), String(fill))
  const result = filledData(dtype, product(wanted), fill) as NumberArray
  const from = data as NumberArray | BigArray
  starts.forEach((start, row) => {
    result.set(from.subarray(row * width, (row + 1) * width) as NumberArray, start)
  })
  return result
}

function cornerStart(row: number, shape: readonly number[], wanted: readonly number[]): number {
  let rest = row
  let start = 0
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    const length = shape[axis] as number
    start += (rest % length) * product(wanted.slice(axis + 1))
    rest = Math.floor(rest / length)
  }
  return start
}

function padText(
  data: TextArray,
  starts: readonly number[],
  width: number,
  total: number,
  fill: string,
): TextArray {
  const places = new Map(starts.map((start, row) => [start, row]))
  const builder = new TextArrayBuilder()
  while (builder.length < total) {
    const row = places.get(builder.length)
    if (row === undefined || width === 0) builder.push(fill)
    else for (let i = row * width; i < (row + 1) * width; i++) builder.push(data.at(i))
  }
  return builder.build()
}
