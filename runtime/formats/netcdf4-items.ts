import { numbersAttr } from '../dataset/attrs.ts'
import { InputError } from '../errors.ts'
import { H5Block } from './h5wasm.ts'
import type { H5File } from './netcdf4-attributes.ts'
import { readAttribute } from './netcdf4-attributes.ts'
import { h5Class } from './netcdf4-types.ts'
import type { StoredValues } from './netcdf4-values.ts'

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

/** Whether an HDF5 dataset stands for a dimension only. */
export function isBareDimension({ scaleName }: Item): boolean {
  return scaleName?.startsWith(bareDimension) ?? false
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
  for (let axis = 0; axis < rank; axis++) {
    const scale = file.module.get_attached_scales(file.id, item.path, axis)[0]
    if (scale === undefined && attachedCounts(file, item.path, rank)[axis]! > 0)
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
export function outerItems(file: H5File, group: string): Item[] {
  const parts = group.split('/').slice(1)
  if (group === '/') return []
  return parts.flatMap((_, i) => listItems(file, `/${parts.slice(0, parts.length - 1 - i).join('/')}`))
}

/** An unlimited dimension is as long as the longest variable along it. */
export function dimensionLengths(items: readonly Item[], outer: readonly Item[]): Map<string, number> {
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
