import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { numbersAttr, textAttr } from '../dataset/attrs.ts'
import type { StoredNumber } from '../dataset/cf-encode.ts'
import type { Variable } from '../dataset/dataset.ts'
import { Dataset, variable as makeVariable } from '../dataset/dataset.ts'
import type { DataArray, DType } from '../dataset/dtype.ts'
import { InputError, isSluiceError } from '../errors.ts'
import type { H5Module } from './h5wasm.ts'
import { H5Block, h5Reason, loadH5, releaseAfterFailure } from './h5wasm.ts'
import { checkChunkIndex } from './hdf5-chunk-index.ts'
import type { H5File } from './netcdf4-attributes.ts'
import { readAttribute, readAttributes } from './netcdf4-attributes.ts'
import { h5Class, storedDType } from './netcdf4-types.ts'
import type { StoredValues } from './netcdf4-values.ts'
import {
  defaultFill,
  padTo,
  readCharacters,
  readFixedTexts,
  readNumbers,
  readTexts,
} from './netcdf4-values.ts'

export interface ReadNetcdf4Options {
  /** Which group to read, such as `a/b`; the root group by default. */
  readonly group?: string
  /** Only these variables, and the coordinates of their dimensions. All by default. */
  readonly names?: ReadonlySet<string>
  /** Variables to leave out. */
  readonly without?: ReadonlySet<string>
  /** What messages call the file; its path by default. */
  readonly name?: string
}

/**
 * Reads a netCDF-4 file, or an HDF5 file that uses dimension scales, as it stands: nothing is CF-decoded. Variables
 * that label a dimension become coords. A variable that is shorter than its unlimited dimension is filled up.
 * @throws InputError when the file is damaged or no HDF5 file, has no such group, or holds a wanted variable of a type
 * that no array can hold
 */
export function readNetcdf4(path: string, options: ReadNetcdf4Options = {}): Promise<Dataset> {
  return withNetcdf4(path, options.name ?? path, (file, source) => {
    const group = `/${(options.group ?? '').replace(/^\/+|\/+$/g, '')}`
    if (group !== '/' && file.module.get_type(file.id, group) !== file.module.H5G_GROUP) {
      throw new InputError(`there is no group ${JSON.stringify(options.group)}`)
    }
    return readGroup(file, source, group, options)
  })
}

/** Gives `read` an open netCDF-4 file, for as long as it works. @throws InputError whatever is wrong with the file */
export async function withNetcdf4<T>(
  path: string,
  name: string,
  read: (file: H5File, source: Source) => T,
): Promise<T> {
  const place = { file: name }
  const { identity, base } = findSignature(path, name)
  const module = await loadH5()
  const copy = stillOpen.has(identity) ? copyOf(path) : undefined
  try {
    return openAndRead(module, { path: copy ?? path, base }, read)
  } catch (error) {
    if (isSluiceError(error)) throw new InputError(error.message, { place, cause: error })
    if (!copy) stillOpen.add(identity)
    releaseAfterFailure(module)
    const message = `the netCDF-4 file is damaged or cannot be read: ${h5Reason(error)}`
    throw new InputError(message, { place, cause: error })
  } finally {
    if (copy) {
      truncateSync(copy)
      rmSync(dirname(copy), { recursive: true })
    }
  }
}

/**
 * Device and inode of files that HDF5 has failed to read. A call that throws leaves the file open, and HDF5 takes
 * any file with the same inode for the one it has open: if that was mended since, it would be read as it was before.
 */
const stillOpen = new Set<string>()

function copyOf(path: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'sluice-netcdf-')), 'copy.nc')
  copyFileSync(path, copy)
  return copy
}

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

/** HDF5's signature stands at byte 0, or after a user block of 512, 1024, … bytes. */
function findSignature(path: string, name: string): { identity: string; base: number } {
  const file = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(8)
    for (let start = 0; start <= 2 ** 24; start = start === 0 ? 512 : start * 2) {
      if (readSync(file, bytes, 0, 8, start) < 8) break
      if (signature.every((byte, i) => bytes[i] === byte)) {
        const { dev, ino } = fstatSync(file, { bigint: true })
        return { identity: `${dev}:${ino}`, base: start }
      }
    }
  } finally {
    closeSync(file)
  }
  throw new InputError('not a netCDF file: it begins neither as netCDF-3 nor as HDF5 does', {
    place: { file: name },
  })
}

/** Where an open file is. */
export interface Source {
  readonly path: string
  /** Bytes before HDF5's own. */
  readonly base: number
}

function openAndRead<T>(module: H5Module, source: Source, read: (file: H5File, source: Source) => T): T {
  const file: H5File = { module, id: module.open(source.path, module.H5F_ACC_RDONLY, false, -1, -1) }
  try {
    return read(file, source)
  } finally {
    module.close_file(file.id)
  }
}

/** An HDF5 dataset of the group. */
export interface Item extends StoredValues {
  readonly name: string
  readonly type: {
    readonly type: number
    readonly size: number
    readonly signed: boolean
    readonly vlen: boolean
  }
  readonly isUnlimited: readonly boolean[]
  /** `undefined`: no dimension scale. */
  readonly scaleName: string | undefined
  readonly dims: readonly string[]
}

const bareDimension = 'This is a netCDF dimension but not a netCDF variable'
const unlimitedSize = 2 ** 63

function readGroup(file: H5File, source: Source, group: string, options: ReadNetcdf4Options): Dataset {
  const items = listItems(file, group)
  const lengths = dimensionLengths(items, outerItems(file, group))
  const wanted = items.filter((item) => !isBareDimension(item) && isWanted(item.name, items, options))
  const dataset = new Dataset({ attrs: readAttributes(file, group) })
  for (const item of wanted) {
    requireSoundIndex(file, source, item)
    const variable = readVariable(file, item, items, lengths)
    ;(lengths.has(item.name) ? dataset.coords : dataset.dataVars).set(item.name, variable)
  }
  return dataset
}

/** Whether an HDF5 dataset stands for a dimension only. */
export function isBareDimension({ scaleName }: Item): boolean {
  return scaleName?.startsWith(bareDimension) ?? false
}

function isWanted(name: string, items: readonly Item[], { names, without }: ReadNetcdf4Options): boolean {
  if (without?.has(name)) return false
  if (!names || names.has(name)) return true
  return items.some((item) => names.has(item.name) && item.dims.includes(name))
}

/** The datasets of a group, in the order in which they were made where the file knows it. Links are not followed. */
export function listItems(file: H5File, group: string): Item[] {
  const { module, id } = file
  const base = group === '/' ? '' : group
  const names = module.get_names(id, group, false).filter((name) => isDataset(file, `${base}/${name}`))
  const found = names.map((name) => describeItem(file, `${base}/${name}`, name))
  const byId = dimensionIds(file, found)
  const phony = new PhonyDims()
  return found.map((item) => ({ ...item, dims: dimsOf(file, item, byId, phony) }))
}

function isDataset({ module, id }: H5File, path: string): boolean {
  const external = module.get_external_link(id, path) as { filename?: string }
  if (external.filename !== undefined || module.get_symbolic_link(id, path) !== null) return false
  const type = module.get_type(id, path)
  // HDF5 asks whether an object can be opened without saying why it cannot.
  if (type < 0) throw new InputError(`${path}: what has this name is damaged`)
  return type === module.H5G_DATASET
}

function describeItem({ module, id }: H5File, path: string, name: string): Item {
  const meta = module.get_dataset_metadata(id, path)
  if (meta.virtual_sources) throw new InputError(`${name}: values that are kept in other files are not read`)
  return {
    name: name.replace(/^_nc4_non_coord_/, ''),
    path,
    shape: meta.shape ?? [0],
    chunk: meta.chunks ?? undefined,
    size: meta.size,
    type: meta.type === h5Class.enum && meta.enum_type ? { ...meta, type: meta.enum_type.type } : meta,
    isUnlimited: (meta.maxshape ?? []).map((length) => length > unlimitedSize),
    scaleName: module.get_scale_name(id, path) ?? undefined,
    dims: [],
  }
}

function requireSoundIndex(
  { module, id }: H5File,
  { path, base }: Source,
  { name, path: itemPath, shape, chunk, size }: Item,
): void {
  if (!chunk || shape.includes(0)) return
  const reference = module.create_object_reference(id, itemPath)
  const address = Number(Buffer.from(reference).readBigUInt64LE(0)) + base
  const filterIds = module.get_dataset_filters(id, itemPath).map((filter) => filter.id)
  try {
    checkChunkIndex(path, { address, base, shape, chunk, size, filterIds })
  } catch (cause) {
    throw new InputError(`${name}: its index of chunks is damaged: ${(cause as Error).message}`, { cause })
  }
}

/** The dimensions' names by netCDF's number for them, for coordinates with more than one dimension. */
function dimensionIds(file: H5File, items: readonly Item[]): Map<number, string> {
  const byId = new Map<number, string>()
  for (const { scaleName, path, name } of items) {
    const id = scaleName === undefined ? undefined : dimensionId(file, path)
    if (id !== undefined) byId.set(id, name)
  }
  return byId
}

/** netCDF's number for a dimension, which other software leaves out. */
export function dimensionId(file: H5File, path: string): number | undefined {
  const id = numbersOf(file, path, '_Netcdf4Dimid')?.[0]
  return id === undefined ? undefined : Number(id)
}

function numbersOf(file: H5File, path: string, name: string): readonly (number | bigint)[] | undefined {
  if (!file.module.get_attribute_names(file.id, path).includes(name)) return undefined
  const value = readAttribute(file, path, name)
  return value === undefined ? undefined : numbersAttr(new Map([[name, value]]), name)
}

/** Names for dimensions that have none, by length, as the netCDF library makes them up. */
class PhonyDims {
  private readonly lengths: number[] = []

  /** One that is not among `taken`, for a variable does not have a dimension twice by chance. */
  nameFor(length: number, taken: readonly string[]): string {
    let number = this.lengths.findIndex((each, i) => each === length && !taken.includes(`phony_dim_${i}`))
    if (number < 0) number = this.lengths.push(length) - 1
    return `phony_dim_${number}`
  }
}

function dimsOf(file: H5File, item: Item, byId: ReadonlyMap<number, string>, phony: PhonyDims): string[] {
  const rank = item.shape.length
  if (item.scaleName !== undefined) {
    if (rank <= 1) return rank === 0 ? [] : [item.name]
    const dims = (numbersOf(file, item.path, '_Netcdf4Coordinates') ?? []).map((id) => byId.get(Number(id)))
    if (dims.length === rank && dims.every((dim) => dim !== undefined)) return dims
  }
  const dims: string[] = []
  const attached = attachedCounts(file, item.path, rank)
  for (let axis = 0; axis < rank; axis++) {
    const scale = file.module.get_attached_scales(file.id, item.path, axis)[0]
    if (scale === undefined && attached[axis]! > 0)
      throw new InputError(`${item.name}: its dimensions are damaged`)
    dims.push(scale?.split('/').at(-1) ?? phony.nameFor(item.shape[axis] as number, dims))
  }
  return dims
}

/** How many scales each axis has, by the dataset's own list; HDF5 silently skips those that it cannot find. */
function attachedCounts({ module, id }: H5File, path: string, rank: number): number[] {
  if (!module.get_attribute_names(id, path).includes('DIMENSION_LIST'))
    return Array.from({ length: rank }, () => 0)
  const block = new H5Block(module, 8 * rank)
  try {
    module.get_attribute_data(id, path, 'DIMENSION_LIST', block.pointer)
    const lengths = new Uint32Array(module.HEAPU8.buffer, block.address, 2 * rank)
    const counts = Array.from({ length: rank }, (_, axis) => lengths[2 * axis] as number)
    module.reclaim_vlen_memory(id, path, 'DIMENSION_LIST', block.pointer)
    return counts
  } finally {
    block.free()
  }
}

/** The datasets of the groups around this one, nearest first: their dimensions hold here too. */
function outerItems(file: H5File, group: string): Item[] {
  const parts = group.split('/').slice(1)
  if (group === '/') return []
  return parts.flatMap((_, i) => listItems(file, `/${parts.slice(0, parts.length - 1 - i).join('/')}`))
}

/** An unlimited dimension is as long as the longest variable along it. */
function dimensionLengths(items: readonly Item[], outer: readonly Item[]): Map<string, number> {
  const lengths = new Map<string, number>()
  const own = new Set(items.flatMap(({ name, scaleName }) => (scaleName === undefined ? [] : [name])))
  const used = new Set(items.flatMap(({ dims }) => dims).filter((dim) => !own.has(dim)))
  for (const { name, shape, scaleName } of outer) {
    if (scaleName === undefined || !used.has(name)) continue
    used.delete(name)
    lengths.set(name, shape[0] ?? 0)
  }
  for (const { dims, shape } of items) {
    dims.forEach((dim, axis) => {
      lengths.set(dim, Math.max(lengths.get(dim) ?? 0, shape[axis] as number))
    })
  }
  return lengths
}

function readVariable(
  file: H5File,
  item: Item,
  items: readonly Item[],
  lengths: ReadonlyMap<string, number>,
): Variable {
  const attrs = readAttributes(file, item.path)
  const isText = item.type.type === h5Class.string
  const isCharacters = isText && !item.type.vlen && item.size === 1 && areLetters(item, items)
  const dtype: DType | undefined = isText ? 'str' : storedDType(item.type)
  if (!dtype)
    throw new InputError(
      `${item.name}: its type (HDF5 class ${item.type.type}, ${item.size} bytes) cannot be read`,
    )
  const data = readData(file, item, dtype, isCharacters)
  const dims = isCharacters ? item.dims.slice(0, -1) : item.dims
  const shape = isCharacters ? item.shape.slice(0, -1) : item.shape
  const wanted = dims.map((dim) => lengths.get(dim) as number)
  if (wanted.every((length, axis) => length === shape[axis]))
    return makeVariable(dims, shape, dtype, data, attrs)
  requireGrowable(item, shape, wanted)
  const fill = textAttr(attrs, '_FillValue') ?? numbersAttr(attrs, '_FillValue')?.[0] ?? defaultFill(dtype)
  return makeVariable(dims, wanted, dtype, padTo(data, dtype, shape, wanted, fill), attrs)
}

function readData(file: H5File, item: Item, dtype: DType, isCharacters: boolean): DataArray {
  if (dtype !== 'str') return readNumbers(file, item, dtype as StoredNumber)
  if (item.type.vlen) return readTexts(file, item)
  return isCharacters ? readCharacters(file, item) : readFixedTexts(file, item)
}

/** As in xarray: the last dimension holds letters if it is no variable, and only characters have it, last. */
function areLetters(item: Item, items: readonly Item[]): boolean {
  const letters = item.dims.at(-1)
  if (letters === undefined) return false
  return items.every((other) => {
    if (other.name === letters) return isBareDimension(other)
    if (!other.dims.includes(letters)) return true
    return (
      other.type.type === h5Class.string &&
      !other.type.vlen &&
      other.size === 1 &&
      other.dims.at(-1) === letters
    )
  })
}

/** Only along an unlimited dimension may values be missing at the end. */
function requireGrowable(item: Item, shape: readonly number[], wanted: readonly number[]): void {
  const axis = wanted.findIndex((length, i) => length !== shape[i] && !item.isUnlimited[i])
  if (axis >= 0) {
    throw new InputError(
      `${item.name}: dimension ${item.dims[axis]} has length ${shape[axis]} here and ${wanted[axis]} elsewhere`,
    )
  }
}
