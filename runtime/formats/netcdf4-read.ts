import { numbersAttr, textAttr } from '../dataset/attrs.ts'
import type { StoredNumber } from '../dataset/cf-encode.ts'
import type { Variable } from '../dataset/dataset.ts'
import { Dataset, variable as makeVariable } from '../dataset/dataset.ts'
import type { DataArray, DType } from '../dataset/dtype.ts'
import { InputError } from '../errors.ts'
import { checkChunkIndex } from './hdf5-chunk-index.ts'
import type { H5File } from './netcdf4-attributes.ts'
import { readAttributes } from './netcdf4-attributes.ts'
import type { Item } from './netcdf4-items.ts'
import { dimensionLengths, isBareDimension, listItems, outerItems } from './netcdf4-items.ts'
import type { Source } from './netcdf4-open.ts'
import { withNetcdf4 } from './netcdf4-open.ts'
import { h5Class, storedDType } from './netcdf4-types.ts'
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

function isWanted(name: string, items: readonly Item[], { names, without }: ReadNetcdf4Options): boolean {
  if (without?.has(name)) return false
  if (!names || names.has(name)) return true
  return items.some((item) => names.has(item.name) && item.dims.includes(name))
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
