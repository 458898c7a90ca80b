import type { StoredNumber } from '../dataset/cf-encode.ts'
import { type BigArray, type NumberArray, numericArrays } from '../dataset/dtype.ts'

/** HDF5's type classes, as far as they matter here. */
export const h5Class = { integer: 0, float: 1, string: 3, compound: 6, enum: 8, vlen: 9, array: 10 } as const

/** What h5wasm must be told of a type. */
export interface H5Type {
  readonly type: number
  readonly size: number
  readonly signed: boolean
  readonly vlen: boolean
  readonly littleEndian: true
  readonly cset?: number
}

/** `undefined` for a type that no array here can hold, such as half floats. */
export function storedDType(type: { type: number; size: number; signed: boolean }): StoredNumber | undefined {
  if (type.type === h5Class.float)
    return type.size === 8 ? 'float64' : type.size === 4 ? 'float32' : undefined
  if (type.type !== h5Class.integer || ![1, 2, 4, 8].includes(type.size)) return undefined
  return `${type.signed ? '' : 'u'}int${type.size * 8}` as StoredNumber
}

export function numberType(dtype: StoredNumber): H5Type {
  const isFloating = dtype.startsWith('float')
  return {
    type: isFloating ? h5Class.float : h5Class.integer,
    size: Number(/\d+$/.exec(dtype)![0]) / 8,
    signed: dtype.startsWith('int'),
    vlen: false,
    littleEndian: true,
  }
}

/** Text of `size` bytes each, in UTF-8: netCDF's NC_CHAR. */
export function fixedTextType(size: number): H5Type {
  return { type: h5Class.string, size, signed: false, vlen: false, littleEndian: true, cset: 1 }
}

/** Text of any length, in UTF-8: netCDF's NC_STRING. */
export const textType: H5Type = {
  type: h5Class.string,
  size: 4,
  signed: false,
  vlen: true,
  littleEndian: true,
  cset: 1,
}

/** The first `length` elements of `bytes`, whose place in its buffer must be a multiple of 8, as an array of a type. */
export function viewAs(dtype: StoredNumber, bytes: Uint8Array, length: number): NumberArray | BigArray {
  return new numericArrays[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, length)
}
