import type { InputFile } from '../contracts.ts'
import { decodeCf } from '../dataset/cf.ts'
import {
  type Attrs,
  type AttrValue,
  Dataset,
  type TypedAttr,
  type Variable,
  variable,
} from '../dataset/dataset.ts'
import { type DType, isDatetime, isFloat } from '../dataset/dtype.ts'
import { product } from '../dataset/take.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError, isSluiceError } from '../errors.ts'
import { ChunkTarget, decodeChunk, places } from './zarr-chunk.ts'
import { type ExactJson, type ExactObject, parseExactJson, showExactJson } from './zarr-json.ts'
import { type ArrayMetadata, isList, isMap, parseV2, parseV3 } from './zarr-metadata.ts'
import { openZarrStore, type ZarrStore } from './zarr-store.ts'

/** Options of `xarray.open_zarr`. */
export interface ReadZarrOptions {
  /** The group, as a path with `/`. Default: the root. */
  readonly group?: string
  /** Whether to read metadata from the one file that holds them all. Default: if it is there. */
  readonly consolidated?: boolean
  /** Default true; false leaves everything as stored. */
  readonly decodeCf?: boolean
  readonly decodeTimes?: boolean
  readonly maskAndScale?: boolean
  readonly dropVariables?: readonly string[]
}

/**
 * Reads a Zarr store of version 2 or 3 as `xarray.open_zarr` does. The file is a folder, or a zip of one. Of the
 * variables only those in `names` are read, besides index coords. Chunks are found to be damaged where their codec has
 * a checksum (gzip, zlib, crc32c) or their length shows it; a chunk that is not there stands for the fill value.
 * @throws InputError that names the store and the array
 */
export async function readZarr(
  file: InputFile,
  options: ReadZarrOptions = {},
  names?: ReadonlySet<string>,
): Promise<Dataset> {
  const store = await openZarrStore(file)
  try {
    const group = await openGroup(file.name, store, options)
    const dataset = new Dataset({ attrs: attrsOf(group.attributes) })
    for (const [name, metadata] of group.arrays) {
      const isIndex = metadata.dims.length === 1 && metadata.dims[0] === name
      if (names && !names.has(name) && !isIndex) continue
      if (options.dropVariables?.includes(name)) continue
      const target = isIndex ? dataset.coords : dataset.dataVars
      target.set(name, await readArray(file.name, store, group.path + name, metadata))
    }
    if (options.decodeCf === false) return dataset
    return decodeCf(dataset, {
      decodeTimes: options.decodeTimes ?? true,
      maskAndScale: options.maskAndScale ?? true,
      reuse: true,
    })
  } finally {
    store.close()
  }
}

interface Group {
  /** Of its keys: empty, or ending in `/`. */
  readonly path: string
  readonly attributes: ExactObject
  readonly arrays: ReadonlyMap<string, ArrayMetadata>
}

async function openGroup(file: string, store: ZarrStore, options: ReadZarrOptions): Promise<Group> {
  const path = (options.group ?? '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => `${part}/`)
    .join('')
  const metadata = await metadataReader(file, store, options.consolidated)
  const v3 = await metadata.get(`${path}zarr.json`)
  const v2 = v3 ? undefined : await metadata.get(`${path}.zgroup`)
  if (!v3 && !v2) throw new InputError(`there is no group /${path}`, { place: { file } })
  if (v3 && v3.node_type !== 'group') throw new InputError(`/${path} is no group`, { place: { file } })
  const arrays = new Map<string, ArrayMetadata>()
  for (const name of (await metadata.children(path)).toSorted()) {
    const found = await arrayMetadata(file, metadata, `${path}${name}`)
    if (found) arrays.set(name, found)
  }
  const attributes = v3 ? (v3.attributes ?? {}) : await metadata.get(`${path}.zattrs`)
  return { path, attributes: isMap(attributes) ? attributes : {}, arrays }
}

async function arrayMetadata(
  file: string,
  metadata: MetadataReader,
  path: string,
): Promise<ArrayMetadata | undefined> {
  try {
    const v3 = await metadata.get(`${path}/zarr.json`)
    if (v3) return v3.node_type === 'array' ? parseV3(v3) : undefined
    const v2 = await metadata.get(`${path}/.zarray`)
    return v2 && parseV2(v2, (await metadata.get(`${path}/.zattrs`)) ?? {})
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    throw new InputError(`array ${path}: ${(cause as Error).message}`, { place: { file }, cause })
  }
}

/** Metadata by key, from the one file that holds them all or from their own. */
interface MetadataReader {
  get(key: string): Promise<ExactObject | undefined>
  /** The names right below a group's path. */
  children(path: string): Promise<string[]>
}

async function metadataReader(
  file: string,
  store: ZarrStore,
  isConsolidated: boolean | undefined,
): Promise<MetadataReader> {
  const read = async (key: string): Promise<ExactObject | undefined> => {
    const bytes = await store.get(key)
    return bytes && parseMetadata(file, key, bytes)
  }
  const all = isConsolidated === false ? undefined : await consolidated(read)
  if (all) {
    const keys = Object.keys(all)
    return {
      get: (key) => Promise.resolve(isMap(all[key]) ? all[key] : undefined),
      children: (path) => {
        const below = keys
          .filter((key) => key.startsWith(path))
          .map((key) => key.slice(path.length).split('/'))
        return Promise.resolve([
          ...new Set(below.filter(({ length }) => length === 2).map(([name]) => name as string)),
        ])
      },
    }
  }
  if (isConsolidated) throw new InputError('there are no consolidated metadata', { place: { file } })
  return { get: read, children: (path) => store.children(path.replace(/\/$/, '')) }
}

/** All metadata by the keys that they would have on their own. */
async function consolidated(read: MetadataReader['get']): Promise<ExactObject | undefined> {
  const v2 = await read('.zmetadata')
  if (v2) return isMap(v2.metadata) ? v2.metadata : {}
  const root = await read('zarr.json')
  const inner = root?.consolidated_metadata
  if (!root || !isMap(inner) || !isMap(inner.metadata)) return undefined
  const entries = Object.entries(inner.metadata).map(([path, each]) => [`${path}/zarr.json`, each] as const)
  return Object.fromEntries([['zarr.json', root], ...entries])
}

function parseMetadata(file: string, key: string, bytes: Uint8Array): ExactObject {
  try {
    const value = parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (isMap(value)) return value
    throw new SyntaxError('it is no JSON object')
  } catch (cause) {
    throw new InputError(`metadata cannot be read: ${(cause as Error).message}`, {
      place: { file: `${file}/${key}` },
      cause,
    })
  }
}

async function readArray(
  file: string,
  store: ZarrStore,
  path: string,
  metadata: ArrayMetadata,
): Promise<Variable> {
  const { shape, chunkShape, element, codecs, dims } = metadata
  try {
    if (product(shape) > 2 ** 31) throw new Error(`${shape.join(' × ')} elements are more than can be read`)
    const fill = fillOf(metadata)
    const target = new ChunkTarget(element, shape)
    const counts = shape.map((length, axis) => Math.ceil(length / (chunkShape[axis] as number)))
    for (const place of places(counts)) {
      const key = metadata.chunkKey(place)
      const bytes = await store.get(`${path}/${key}`)
      try {
        if (bytes)
          target.put(
            place,
            chunkShape,
            await decodeChunk(bytes, { element, shape: chunkShape, codecs, fill }),
          )
        else target.fill(place, chunkShape, fill)
      } catch (cause) {
        if (isSluiceError(cause)) throw cause
        throw new Error(`chunk ${key} cannot be read: ${reasonOf(cause)}`, { cause })
      }
    }
    const data = Array.isArray(target.data) ? TextArray.from(target.data) : target.data
    return variable(dims, shape, dtypeOf(metadata), data, variableAttrs(metadata))
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    throw new InputError(`array ${path}: ${(cause as Error).message}`, { place: { file }, cause })
  }
}

/** Decoders of blosc and its like, which are compiled C, throw bare numbers and texts too. */
function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : `its codec failed with ${String(cause)}`).replace(
    /\s*\n\s*/g,
    ' ',
  )
}

function dtypeOf({ element }: ArrayMetadata): DType {
  return element.kind === 'number' ? element.dtype : 'str'
}

/** The fill value in the type of the elements; `undefined` when there is none. @throws Error when it is not of the type */
function fillOf({ element, fill }: ArrayMetadata): number | bigint | string | undefined {
  if (fill === null) return undefined
  if (element.kind !== 'number') return typeof fill === 'string' ? fill : ''
  const { dtype } = element
  if (isFloat(dtype)) {
    const words: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity }
    const value = typeof fill === 'string' ? words[fill] : Number(fill)
    if (value !== undefined) return value
  } else if (isDatetime(dtype) || dtype === 'int64' || dtype === 'uint64') {
    if (fill === 'NaT') return -(2n ** 63n)
    if (typeof fill === 'bigint') return fill
  } else if (typeof fill === 'bigint' || typeof fill === 'boolean') {
    return Number(fill)
  }
  throw new Error(`the fill value ${showExactJson(fill)} is not of the type ${dtype}`)
}

/**
 * Attributes with `_FillValue` as xarray sees it: in version 2 the fill value of the array is the mark of missing ones,
 * in version 3 an attribute of its own is, floats of which are base64 of a little-endian double.
 */
function variableAttrs(metadata: ArrayMetadata): Attrs {
  const attrs = attrsOf(metadata.attributes)
  attrs.delete('_ARRAY_DIMENSIONS')
  const dtype = dtypeOf(metadata)
  if (dtype === 'bool' || isDatetime(dtype)) return attrs
  const typed = (value: number | bigint | string): AttrValue =>
    typeof value === 'string' || dtype === 'str' ? String(value) : { dtype, values: [value], scalar: true }
  if (metadata.version === 2) {
    const fill = fillOf(metadata)
    if (fill !== undefined) attrs.set('_FillValue', typed(fill))
    return attrs
  }
  const own = metadata.attributes._FillValue
  if (typeof own === 'string' && isFloat(dtype)) {
    const bytes = Buffer.from(own, 'base64')
    if (bytes.length !== 8) throw new Error('_FillValue is no double in base64')
    attrs.set('_FillValue', typed(bytes.readDoubleLE()))
  } else if (typeof own === 'bigint' || typeof own === 'number') {
    attrs.set('_FillValue', typed(dtype === 'int64' || dtype === 'uint64' ? BigInt(own) : Number(own)))
  }
  return attrs
}

function attrsOf(attributes: ExactObject): Attrs {
  const attrs: Attrs = new Map()
  for (const [name, value] of Object.entries(attributes)) {
    const attr = attrOf(value)
    if (attr !== undefined) attrs.set(name, attr)
  }
  return attrs
}

/** Truth values become 0 and 1, what netCDF has no word for becomes JSON text, null is left out. */
function attrOf(value: ExactJson): AttrValue | undefined {
  if (value === null) return undefined
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (!isList(value)) return isMap(value) ? showExactJson(value) : value
  if (value.length > 0 && value.every((item) => typeof item === 'string')) return value
  if (value.length > 0 && value.every((item) => typeof item === 'bigint')) return numbersAttr('int64', value)
  const isNumbers =
    value.length > 0 && value.every((item) => typeof item === 'number' || typeof item === 'bigint')
  return isNumbers ? numbersAttr('float64', value.map(Number)) : showExactJson(value)
}

function numbersAttr(dtype: TypedAttr['dtype'], values: readonly (number | bigint)[]): TypedAttr {
  return { dtype, values, scalar: false }
}
