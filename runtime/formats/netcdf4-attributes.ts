import type { Attrs, AttrValue, TypedAttr } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import type { H5Module } from './h5wasm.ts'
import { H5Block } from './h5wasm.ts'
import type { H5Type } from './netcdf4-types.ts'
import { fixedTextType, h5Class, numberType, storedDType, textType, viewAs } from './netcdf4-types.ts'

/** An open HDF5 file. */
export interface H5File {
  readonly module: H5Module
  readonly id: bigint
}

/** What HDF5 and the netCDF-4 library keep for themselves. */
const internalOfVariables = new Set([
  'CLASS',
  'NAME',
  'REFERENCE_LIST',
  'DIMENSION_LIST',
  'DIMENSION_LABELS',
  '_Netcdf4Dimid',
  '_Netcdf4Coordinates',
  '_nc3_strict',
  '_NCProperties',
])
const internalOfGroups = new Set(['_nc3_strict', '_NCProperties'])

/** @throws InputError for a name that netCDF-4 needs for itself, or that is no name */
export function requireAttributeName(name: string, owner: string): void {
  const reserved = owner === '/' ? internalOfGroups : internalOfVariables
  if (name === '' || name.includes('\0') || reserved.has(name)) {
    throw new InputError(`${owner}: an attribute cannot be called ${JSON.stringify(name)} in netCDF-4`)
  }
}

/** Writes one attribute of the object at `path`, typed as netCDF-4 readers expect. */
export function writeAttribute(file: H5File, path: string, name: string, value: AttrValue): void {
  if (typeof value === 'string') writeText(file, path, name, value)
  else if (typeof value === 'number')
    writeNumbers(file, path, name, { dtype: 'float64', values: [value], scalar: true })
  else if (typeof value === 'bigint')
    writeNumbers(file, path, name, { dtype: 'int64', values: [value], scalar: true })
  else if (isTyped(value)) writeNumbers(file, path, name, value)
  else writeTexts(file, path, name, value)
}

function isTyped(value: TypedAttr | readonly string[]): value is TypedAttr {
  return !Array.isArray(value)
}

function writeText(file: H5File, path: string, name: string, value: string): void {
  const bytes = new TextEncoder().encode(value)
  // HDF5 has no text of size 0; one NUL reads as the empty text.
  writeBytes(file, path, name, fixedTextType(Math.max(bytes.length, 1)), [], bytes)
}

/** A list of one is the text alone, as in xarray; but a fill must be of its variable's type, NC_STRING. */
function writeTexts(file: H5File, path: string, name: string, values: readonly string[]): void {
  if (values.length < 2 && name !== '_FillValue') {
    writeText(file, path, name, values[0] ?? '')
    return
  }
  const withNul = values.find((value) => value.includes('\0'))
  if (withNul !== undefined) {
    throw new InputError(`${path}: the attribute ${name} has a NUL character in ${JSON.stringify(withNul)}`)
  }
  const shape = values.length === 1 ? [] : [BigInt(values.length)]
  file.module.create_vlen_str_attribute(file.id, path, name, values, metadata(textType, shape))
}

function writeNumbers(file: H5File, path: string, name: string, { dtype, values, scalar }: TypedAttr): void {
  const type = numberType(dtype)
  const data = new Uint8Array(values.length * type.size)
  const typed = viewAs(dtype, data, values.length) as Float64Array
  values.forEach((value, i) => {
    typed[i] = (dtype.endsWith('int64') ? BigInt(value) : Number(value)) as number
  })
  writeBytes(file, path, name, type, scalar || values.length === 1 ? [] : [BigInt(values.length)], data)
}

function writeBytes(
  { module, id }: H5File,
  path: string,
  name: string,
  type: H5Type,
  shape: bigint[],
  data: Uint8Array,
): void {
  const block = new H5Block(module, Math.max(data.length, type.size))
  try {
    block.bytes().fill(0).set(data)
    module.create_attribute(id, path, name, block.pointer, metadata(type, shape))
  } finally {
    block.free()
  }
}

type AttributeMetadata = Parameters<H5Module['create_attribute']>[4]

function metadata(type: H5Type, shape: bigint[]): AttributeMetadata {
  return { ...type, shape, maxshape: shape, total_size: 1 }
}

/**
 * The attributes of the object at `path`, without those that HDF5 and netCDF-4 keep for themselves. Attributes of
 * compound, opaque and reference types are left out: nothing here can hold them.
 */
export function readAttributes(file: H5File, path: string): Attrs {
  const attrs: Attrs = new Map()
  for (const name of visibleAttributeNames(file, path)) {
    const value = readAttribute(file, path, name)
    if (value !== undefined) attrs.set(name, value)
  }
  return attrs
}

/** The names of an object's attributes but for those that HDF5 and netCDF-4 keep for themselves. */
export function visibleAttributeNames({ module, id }: H5File, path: string): string[] {
  const internal = module.get_type(id, path) === module.H5G_GROUP ? internalOfGroups : internalOfVariables
  return (module.get_attribute_names(id, path) as string[]).filter((name) => !internal.has(name))
}

/** One attribute, or `undefined` when its type is none that can be held. */
export function readAttribute(file: H5File, path: string, name: string): AttrValue | undefined {
  const { module, id } = file
  const meta = module.get_attribute_metadata(id, path, name)
  if (meta.shape === null) return meta.type === h5Class.string ? '' : undefined
  const isText = meta.type === h5Class.string
  const type = meta.type === h5Class.enum && meta.enum_type ? { ...meta, type: meta.enum_type.type } : meta
  const dtype = storedDType(type)
  const isTextList = meta.type === h5Class.vlen && meta.vlen_type?.type === h5Class.string
  if (!isText && dtype === undefined && !isTextList) return undefined
  const count = meta.total_size
  const block = new H5Block(module, meta.size * count)
  try {
    module.get_attribute_data(id, path, name, block.pointer)
    if (!isText) {
      if (dtype === undefined) return undefined
      const values = [...viewAs(dtype, block.bytes(), count)] as (number | bigint)[]
      return { dtype, values, scalar: count === 1 }
    }
    const texts = meta.vlen ? pointedTexts(module, block, count) : fixedTexts(block.bytes(), meta.size, count)
    if (meta.vlen) module.reclaim_vlen_memory(id, path, name, block.pointer)
    return texts.length === 1 ? (texts[0] as string) : texts
  } finally {
    block.free()
  }
}

function pointedTexts(module: H5Module, block: H5Block, count: number): string[] {
  const heap = module.HEAPU8
  const pointers = new Uint32Array(heap.buffer, block.address, count)
  return Array.from(pointers, (start) =>
    start === 0 ? '' : decodeText(heap.subarray(start, heap.indexOf(0, start))),
  )
}

function fixedTexts(bytes: Uint8Array, size: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    decodeText(untilNul(bytes.subarray(i * size, (i + 1) * size))),
  )
}

/** The bytes before the first NUL. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin1 = new TextDecoder('windows-1252')

/** UTF-8, or Latin-1 where it is not that: old files write `°C` so. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return latin1.decode(bytes)
  }
}
