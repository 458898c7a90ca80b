import { type DType, parseDType } from '../dataset/dtype.ts'
import type { ExactJson, ExactObject } from './zarr-json.ts'

/** How the elements of an array are stored. */
export type ElementKind =
  | { readonly kind: 'number'; readonly dtype: Exclude<DType, 'str'>; readonly size: number }
  /** Text of so many bytes or UTF-32 characters, filled up with NULs. */
  | { readonly kind: 'bytes'; readonly size: number }
  | { readonly kind: 'characters'; readonly size: number }
  /** Text of any length, by `vlen-utf8`. */
  | { readonly kind: 'text' }

/** One step of how a chunk is encoded, by Zarr v3's names and in its order: from the array to the bytes. */
export interface Codec {
  readonly name: string
  readonly configuration: ExactObject
}

/** What an array's metadata say, of either version of the format. */
export interface ArrayMetadata {
  readonly version: 2 | 3
  readonly shape: readonly number[]
  readonly chunkShape: readonly number[]
  readonly element: ElementKind
  /** `null`: there is none. */
  readonly fill: ExactJson
  readonly codecs: readonly Codec[]
  /** A chunk's key, from the array's own. */
  readonly chunkKey: (place: readonly number[]) => string
  readonly dims: readonly string[]
  readonly attributes: ExactObject
}

const bytesOf = { big: 'big', little: 'little' } as const

/** @throws Error that says what is not understood */
export function parseV2(metadata: ExactObject, attributes: ExactObject): ArrayMetadata {
  const shape = lengths(metadata.shape, 'shape')
  const { element, endian } = v2Element(metadata.dtype, isList(metadata.filters) ? metadata.filters : [])
  const codecs: Codec[] = []
  if (metadata.order === 'F') {
    codecs.push({
      name: 'transpose',
      configuration: { order: shape.map((_, axis) => BigInt(shape.length - 1 - axis)) },
    })
  }
  codecs.push(
    element.kind === 'text'
      ? { name: 'vlen-utf8', configuration: {} }
      : { name: 'bytes', configuration: { endian } },
  )
  if (isMap(metadata.compressor))
    codecs.push({ name: idOf(metadata.compressor), configuration: metadata.compressor })
  const separator = metadata.dimension_separator === '/' ? '/' : '.'
  return {
    version: 2,
    shape,
    chunkShape: chunkLengths(metadata.chunks, shape),
    element,
    fill: metadata.fill_value ?? null,
    codecs,
    chunkKey: (place) => place.join(separator) || '0',
    dims: dimNames(attributes._ARRAY_DIMENSIONS, shape),
    attributes,
  }
}

function v2Element(
  dtype: ExactJson | undefined,
  filters: readonly ExactJson[],
): { element: ElementKind; endian: string } {
  const text = typeof dtype === 'string' ? dtype : ''
  const names = filters.map(idOf)
  if (text === '|O' && names.join() === 'vlen-utf8') return { element: { kind: 'text' }, endian: 'little' }
  if (names.length > 0) throw new Error(`the filters ${names.join(', ')} are not supported`)
  const endian = text.startsWith('>') ? bytesOf.big : bytesOf.little
  const fixed = /^[<>|]([SU])(\d+)$/.exec(text)
  if (fixed) {
    const size = Number(fixed[2])
    return { element: fixed[1] === 'S' ? { kind: 'bytes', size } : { kind: 'characters', size }, endian }
  }
  const parsed = /^[<>|]/.test(text) ? parseDType(text) : undefined
  if (parsed === undefined || parsed === 'str')
    throw new Error(`the dtype ${JSON.stringify(dtype)} is not supported`)
  return { element: numberElement(parsed), endian }
}

/** @throws Error that says what is not understood */
export function parseV3(metadata: ExactObject): ArrayMetadata {
  const shape = lengths(metadata.shape, 'shape')
  const grid = named(metadata.chunk_grid, 'chunk_grid')
  if (grid.name !== 'regular') throw new Error(`the chunk grid ${grid.name} is not supported`)
  const attributes = isMap(metadata.attributes) ? metadata.attributes : {}
  const codecs = isList(metadata.codecs) ? metadata.codecs.map((codec) => named(codec, 'codec')) : []
  return {
    version: 3,
    shape,
    chunkShape: chunkLengths(grid.configuration.chunk_shape, shape),
    element: v3Element(metadata.data_type),
    fill: metadata.fill_value ?? null,
    codecs,
    chunkKey: v3ChunkKey(named(metadata.chunk_key_encoding, 'chunk_key_encoding')),
    dims: dimNames(metadata.dimension_names, shape),
    attributes,
  }
}

function v3Element(type: ExactJson | undefined): ElementKind {
  if (typeof type === 'string') {
    if (type === 'string') return { kind: 'text' }
    const dtype = parseDType(type)
    if (dtype !== undefined && dtype !== 'str' && dtype === type) return numberElement(dtype)
    throw new Error(`the data type ${type} is not supported`)
  }
  const { name, configuration } = named(type, 'data_type')
  if (name === 'fixed_length_utf32')
    return { kind: 'characters', size: Number(configuration.length_bytes) / 4 }
  const unit = typeof configuration.unit === 'string' ? configuration.unit : ''
  const isPlain = Number(configuration.scale_factor ?? 1n) === 1
  if (name === 'numpy.datetime64' && isPlain && /^(?:s|ms|us|ns)$/.test(unit)) {
    return { kind: 'number', dtype: `datetime64[${unit as 's'}]`, size: 8 }
  }
  throw new Error(`the data type ${name} is not supported`)
}

function v3ChunkKey({ name, configuration }: Codec): ArrayMetadata['chunkKey'] {
  const separator = configuration.separator
  if (name === 'default') return (place) => ['c', ...place].join(separator === '.' ? '.' : '/')
  if (name === 'v2') return (place) => place.join(separator === '/' ? '/' : '.') || '0'
  throw new Error(`the chunk key encoding ${name} is not supported`)
}

/** The name of a codec of version 2. */
function idOf(value: ExactJson): string {
  return isMap(value) && typeof value.id === 'string' ? value.id : 'without a name'
}

function numberElement(dtype: Exclude<DType, 'str'>): ElementKind {
  const size = dtype === 'bool' ? 1 : Number(/\d+/.exec(dtype)?.[0]) / 8
  return { kind: 'number', dtype, size: dtype.startsWith('datetime64') ? 8 : size }
}

/** A name with its configuration; v3 allows the name alone. */
export function named(value: ExactJson | undefined, what: string): Codec {
  if (typeof value === 'string') return { name: value, configuration: {} }
  if (!isMap(value ?? null) || typeof (value as ExactObject).name !== 'string')
    throw new Error(`${what} has no name`)
  const { name, configuration } = value as ExactObject
  return {
    name: name as string,
    configuration: isMap(configuration ?? null) ? (configuration as ExactObject) : {},
  }
}

export function isList(value: ExactJson | undefined): value is readonly ExactJson[] {
  return Array.isArray(value)
}

export function isMap(value: ExactJson | undefined): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list of whole numbers from 0 that can be array lengths. */
export function lengths(value: ExactJson | undefined, what: string): number[] {
  const list = isList(value) ? value.map(Number) : []
  if (!isList(value) || !list.every((each) => Number.isSafeInteger(each) && each >= 0)) {
    throw new Error(`${what} is no list of lengths`)
  }
  return list
}

function chunkLengths(value: ExactJson | undefined, shape: readonly number[]): number[] {
  const chunks = lengths(value, 'the chunk shape')
  if (chunks.length !== shape.length || chunks.includes(0))
    throw new Error('the chunk shape does not go with the shape')
  return chunks
}

function dimNames(value: ExactJson | undefined, shape: readonly number[]): string[] {
  const isRight =
    isList(value) && value.length === shape.length && value.every((name) => typeof name === 'string')
  if (isRight) return value as string[]
  if (shape.length === 0) return []
  throw new Error('its dims have no names, which xarray notes as _ARRAY_DIMENSIONS or dimension_names')
}
