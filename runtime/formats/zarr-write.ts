import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { withCoordinatesAttrs } from '../dataset/cf.ts'
import { type EncodedVariable, encodeVariable } from '../dataset/cf-encode.ts'
import type { Attrs, AttrValue, Dataset } from '../dataset/dataset.ts'
import { allocate, bytesPerElement, isFloat, type NumberArray } from '../dataset/dtype.ts'
import { product } from '../dataset/take.ts'
import type { TextArray } from '../dataset/text-array.ts'
import { InputError } from '../errors.ts'
import { type ExactJson, type ExactObject, showExactJson } from './zarr-json.ts'

export interface WriteZarrOptions {
  /** Default `w-`, as xarray: a store that is there is an error; `w` replaces it. */
  readonly mode?: 'w' | 'w-'
  /** The group to write, as a path with `/`. Default: the root. */
  readonly group?: string
  /** Whether one file holds a copy of all metadata. Default true. */
  readonly consolidated?: boolean
}

/** About how many bytes of values a chunk holds before it is compressed. */
const chunkBytes = 4 * 2 ** 20
const compressor = { id: 'zlib', level: 1n }

/**
 * Writes a Zarr store of version 2 into a folder, with consolidated metadata and dims as xarray notes them; values are
 * encoded as `encodeVariable` says, in chunks along the first dim, by zlib, which has checksums. The folder appears
 * under `path` whole or not at all; the same dataset always gives the same bytes.
 * @throws InputError when there is a store already, or for what cannot be stored
 */
export async function writeZarr(
  dataset: Dataset,
  path: string,
  options: WriteZarrOptions = {},
): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (isThere && options.mode !== 'w') {
    throw new InputError('there is a store already; to_zarr_kwargs: {mode: w} replaces it', {
      place: { file: path },
    })
  }
  const unfinished = `${path}.part`
  try {
    await rm(unfinished, { recursive: true, force: true })
    await writeStore(dataset, unfinished, options)
    if (isThere) await rm(path, { recursive: true })
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

async function writeStore(dataset: Dataset, root: string, options: WriteZarrOptions): Promise<void> {
  const metadata = new Map<string, ExactObject>()
  const groups = (options.group ?? '').split('/').filter((part) => part !== '')
  if (groups.includes('..')) throw new InputError('the group leaves the store', { place: { file: root } })
  const prepared = withCoordinatesAttrs(dataset)
  for (let depth = 0; depth <= groups.length; depth++) {
    metadata.set([...groups.slice(0, depth), '.zgroup'].join('/'), { zarr_format: 2n })
  }
  metadata.set([...groups, '.zattrs'].join('/'), attributes(prepared.attrs))
  for (const [name, variable] of prepared.variables()) {
    checkName(name)
    const folder = [...groups, name].join('/')
    const encoded = encodeVariable(name, variable)
    const chunks = chunkShape(encoded)
    metadata.set(`${folder}/.zarray`, arrayMetadata(encoded, chunks))
    metadata.set(`${folder}/.zattrs`, {
      ...attributes(encoded.attrs, ['_FillValue']),
      _ARRAY_DIMENSIONS: encoded.dims,
    })
    await mkdir(join(root, folder), { recursive: true })
    for (const [key, bytes] of encodedChunks(encoded, chunks)) await writeFile(join(root, folder, key), bytes)
  }
  await mkdir(join(root, ...groups), { recursive: true })
  for (const [key, value] of metadata) await writeFile(join(root, key), showExactJson(value))
  if (options.consolidated === false) return
  const sorted = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1))
  const all = { metadata: Object.fromEntries(sorted), zarr_consolidated_format: 1n }
  await writeFile(join(root, '.zmetadata'), showExactJson(all))
}

function checkName(name: string): void {
  if (name === '' || name.startsWith('.') || /[\\/\0]/.test(name)) {
    throw new InputError(`variable ${JSON.stringify(name)} cannot be named in Zarr`)
  }
}

/** Whole in all dims but the first. */
function chunkShape({ shape, dtype }: EncodedVariable): number[] {
  const [first, ...others] = shape
  if (first === undefined) return []
  const rows = Math.floor(chunkBytes / (Math.max(1, product(others)) * bytesPerElement(dtype)))
  return [Math.max(1, Math.min(first, rows)), ...others.map((length) => Math.max(1, length))]
}

function arrayMetadata(encoded: EncodedVariable, chunks: readonly number[]): ExactObject {
  const isText = encoded.dtype === 'str'
  return {
    chunks: chunks.map(BigInt),
    compressor,
    dtype: numpyType(encoded.dtype),
    fill_value: fillValue(encoded),
    filters: isText ? [{ id: 'vlen-utf8' }] : null,
    order: 'C',
    shape: encoded.shape.map(BigInt),
    zarr_format: 2n,
  }
}

function numpyType(dtype: EncodedVariable['dtype']): string {
  if (dtype === 'str') return '|O'
  const size = bytesPerElement(dtype)
  const kind = isFloat(dtype) ? 'f' : dtype.startsWith('u') ? 'u' : 'i'
  return `${size === 1 ? '|' : '<'}${kind}${size}`
}

function fillValue({ attrs, dtype }: EncodedVariable): ExactJson {
  const fill = attrs.get('_FillValue')
  if (fill === undefined) return null
  const value = firstOf(fill)
  if (value === undefined || typeof value === 'string') return value ?? null
  if (!isFloat(dtype as 'float64')) return BigInt(value)
  const number = Number(value)
  return Number.isFinite(number) ? number : String(number)
}

function firstOf(value: AttrValue): string | number | bigint | undefined {
  if (typeof value !== 'object') return value
  return 'dtype' in value ? value.values[0] : value[0]
}

function attributes(attrs: Attrs, leftOut: readonly string[] = []): ExactObject {
  return Object.fromEntries(
    [...attrs]
      .filter(([name]) => !leftOut.includes(name))
      .map(([name, value]) => [name, attributeJson(value)]),
  )
}

function attributeJson(value: AttrValue): ExactJson {
  if (typeof value !== 'object') return value
  if (!('dtype' in value)) return value
  const items = value.values.map((item) => (isFloat(value.dtype) ? Number(item) : BigInt(item)))
  return value.scalar ? (items[0] ?? null) : items
}

/** Every chunk, also those that hold nothing but fills: a lost one would be taken for such. */
function* encodedChunks(
  encoded: EncodedVariable,
  chunks: readonly number[],
): Generator<[key: string, bytes: Uint8Array]> {
  const size = product(encoded.shape)
  const perChunk = product(chunks)
  const others = chunks.slice(1).map(() => '0')
  for (let start = 0, i = 0; start < size; start += perChunk, i++) {
    const end = Math.min(size, start + perChunk)
    const key = chunks.length === 0 ? '0' : [i, ...others].join('.')
    const bytes =
      encoded.dtype === 'str'
        ? textBytes(encoded.data, start, end, perChunk)
        : numberBytes(encoded, start, end, perChunk)
    yield [key, deflateSync(bytes, { level: 1 })]
  }
}

function numberBytes(
  encoded: Exclude<EncodedVariable, { dtype: 'str' }>,
  start: number,
  end: number,
  length: number,
): Uint8Array {
  const values = allocate(encoded.dtype, length) as NumberArray
  encoded.encodeInto(values.subarray(0, end - start), start, end)
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** numcodecs' vlen-utf8: how many, then each with its length before it. */
function textBytes(data: TextArray, start: number, end: number, length: number): Uint8Array {
  const parts: Uint8Array[] = [uint32(length)]
  for (let i = start; i < start + length; i++) {
    const text = i < end ? data.bytes.subarray(data.offsets[i], data.offsets[i + 1]) : new Uint8Array(0)
    parts.push(uint32(text.length), text)
  }
  return Buffer.concat(parts)
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
