import type { HeaderAttr, HeaderDim, HeaderGroup, HeaderVariable } from './netcdf-header.ts'
import { type CdlType, cdlType, headerAttr } from './netcdf-header.ts'
import { type H5File, readAttribute, visibleAttributeNames } from './netcdf4-attributes.ts'
import { dimensionId, type Item, isBareDimension, listItems } from './netcdf4-items.ts'
import { withNetcdf4 } from './netcdf4-open.ts'
import { h5Class, storedDType } from './netcdf4-types.ts'

/** Reads what a netCDF-4 file, or another HDF5 file, says of its values. @throws InputError as `readNetcdf4` does */
export function readNetcdf4Header(path: string): Promise<HeaderGroup> {
  return withNetcdf4(path, path, (file) => readGroup(file, '/', '', []))
}

/** `outer`: the dimensions of the groups around this one, which its variables may have too. */
function readGroup(file: H5File, path: string, name: string, outer: readonly HeaderDim[]): HeaderGroup {
  const items = listItems(file, path)
  const dims = dimsOf(file, items, outer)
  return {
    name,
    dims,
    variables: items.filter((item) => !isBareDimension(item)).map((item) => variableOf(file, item)),
    attrs: attrsOf(file, path),
    groups: groupNames(file, path).map((group) =>
      readGroup(file, `${path === '/' ? '' : path}/${group}`, group, [...outer, ...dims]),
    ),
  }
}

/** In the order of netCDF's numbers for them, as `ncdump` has it; those without one in order of appearance. */
function dimsOf(file: H5File, items: readonly Item[], outer: readonly HeaderDim[]): HeaderDim[] {
  const found = new Map<string, HeaderDim>()
  const scales = items.filter(({ scaleName }) => scaleName !== undefined)
  const ordered = scales
    .map((item, i) => ({ item, order: dimensionId(file, item.path) ?? scales.length + i }))
    .sort((a, b) => a.order - b.order)
  for (const { item } of ordered) {
    const { name, isUnlimited } = item
    found.set(name, { name, length: lengthOf(item, items), isUnlimited: isUnlimited[0] ?? false })
  }
  for (const { dims, shape, isUnlimited } of items) {
    dims.forEach((name, axis) => {
      if (found.has(name) || outer.some((dim) => dim.name === name)) return
      found.set(name, { name, length: shape[axis]!, isUnlimited: isUnlimited[axis]! })
    })
  }
  return [...found.values()]
}

/** An unlimited dimension is as long as the longest variable along it. */
function lengthOf(scale: Item, items: readonly Item[]): number {
  const along = items.flatMap(({ dims, shape }) => shape.filter((_, axis) => dims[axis] === scale.name))
  return Math.max(scale.shape[0] ?? 0, ...along)
}

function variableOf(file: H5File, item: Item): HeaderVariable {
  return {
    name: item.name,
    type: typeOf(file, item),
    dims: item.dims,
    attrs: attrsOf(file, item.path),
  }
}

const namedTypes: Readonly<Record<number, CdlType>> = {
  5: 'opaque',
  [h5Class.compound]: 'compound',
  7: 'reference',
  [h5Class.enum]: 'enum',
  [h5Class.vlen]: 'vlen',
  [h5Class.array]: 'array',
}

function typeOf({ module, id }: H5File, { path }: Item): CdlType {
  const meta = module.get_dataset_metadata(id, path)
  if (meta.type === h5Class.string) return !meta.vlen && meta.size === 1 ? 'char' : 'string'
  const dtype = storedDType(meta)
  return dtype ? cdlType(dtype) : (namedTypes[meta.type] ?? 'unknown')
}

function attrsOf(file: H5File, path: string): HeaderAttr[] {
  return visibleAttributeNames(file, path).map((name) => {
    const meta = file.module.get_attribute_metadata(file.id, path, name)
    const isString = meta.vlen || (meta.shape?.length ?? 0) > 0
    return headerAttr(name, readAttribute(file, path, name), isString ? 'string' : 'char')
  })
}

function groupNames({ module, id }: H5File, path: string): string[] {
  const base = path === '/' ? '' : path
  return module
    .get_names(id, path, false)
    .filter((name) => module.get_symbolic_link(id, `${base}/${name}`) === null)
    .filter((name) => module.get_type(id, `${base}/${name}`) === module.H5G_GROUP)
}
