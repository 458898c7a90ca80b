import { renameSync, rmSync, truncateSync } from 'node:fs'
import { withCoordinatesAttrs } from '../dataset/cf.ts'
import type { EncodedVariable } from '../dataset/cf-encode.ts'
import { encodeVariable } from '../dataset/cf-encode.ts'
import type { AttrValue, Dataset } from '../dataset/dataset.ts'
import type { TextArray } from '../dataset/text-array.ts'
import { InputError, isSluiceError, StoreError } from '../errors.ts'
import type { H5Module } from './h5wasm.ts'
import { H5Block, h5Reason, loadH5, releaseAfterFailure, withPinnedClock } from './h5wasm.ts'
import type { H5File } from './netcdf4-attributes.ts'
import { requireAttributeName, writeAttribute } from './netcdf4-attributes.ts'
import { chunkShape, slabs } from './netcdf4-layout.ts'
import type { H5Type } from './netcdf4-types.ts'
import { numberType, textType, viewAs } from './netcdf4-types.ts'

export interface WriteNetcdf4Options {
  /** gzip's, 1 to 9; 0 stores plain. Default 1. */
  readonly compressionLevel?: number
  /** Dimensions that can be appended to. Default `time`; a dimension of length 0 always is. */
  readonly unlimited?: readonly string[]
}

const properties = 'version=2,h5wasm=0.10.3'
const sliceBytes = 4 * 2 ** 20
const unlimitedSize = 2n ** 64n - 1n

/**
 * Writes a netCDF-4 file as xarray does: see `encodeVariable` for how values are stored. Missing values may be NaN
 * or literal fills. Values go from the dataset's arrays to the file in slices of 4 MB; the same dataset always gives
 * the same bytes. The file appears under `path` whole or not at all.
 * @throws InputError for values, names or units that cannot be written; StoreError when the file cannot be
 */
export async function writeNetcdf4(
  dataset: Dataset,
  path: string,
  options: WriteNetcdf4Options = {},
): Promise<void> {
  const module = await loadH5()
  const unfinished = `${path}.part`
  try {
    withPinnedClock(() => writeFile(module, dataset, unfinished, options))
    renameSync(unfinished, path)
  } catch (error) {
    discard(unfinished)
    releaseAfterFailure(module)
    if (isSluiceError(error)) throw error
    throw new StoreError(`${path}: the netCDF file could not be written: ${h5Reason(error)}`, {
      cause: error,
    })
  }
}

/** Frees the space even if HDF5, having failed, still holds the file open. */
function discard(path: string): void {
  try {
    truncateSync(path)
  } catch {
    // It was never there, or is no plain file: then there is nothing to free.
  }
  rmSync(path, { force: true })
}

function writeFile(module: H5Module, dataset: Dataset, path: string, options: WriteNetcdf4Options): void {
  const plan = planFile(dataset, options)
  const file: H5File = { module, id: module.open(path, module.H5F_ACC_TRUNC, true, -1, -1) }
  try {
    fillFile(file, plan)
    module.flush(file.id)
  } catch (error) {
    closeAfterFailure(file)
    throw error
  }
  module.close_file(file.id)
}

/** What HDF5 says when it closes a file that it could not write is the same failure again. */
function closeAfterFailure({ module, id }: H5File): void {
  try {
    module.close_file(id)
  } catch {
    // The first failure is the one that is thrown.
  }
}

interface PlannedVariable {
  readonly name: string
  /** In the file; differs where a dimension of the same name, but not this variable's own, needs the name. */
  readonly path: string
  readonly isScale: boolean
  readonly encoded: EncodedVariable
}

interface FilePlan {
  readonly attrs: Dataset['attrs']
  readonly variables: readonly PlannedVariable[]
  readonly dims: readonly { readonly name: string; readonly length: number; readonly isUnlimited: boolean }[]
  readonly compressionLevel: number
}

function planFile(dataset: Dataset, options: WriteNetcdf4Options): FilePlan {
  const { compressionLevel = 1, unlimited = ['time'] } = options
  const prepared = withCoordinatesAttrs(dataset)
  const lengths = prepared.dims()
  const variables = [...prepared.variables()].map(([name, variable]) => {
    requireName(name, 'variable')
    const isScale = variable.dims.length === 1 && variable.dims[0] === name
    const hidden = !isScale && lengths.has(name)
    const path = hidden ? `/_nc4_non_coord_${name}` : `/${name}`
    return { name, path, isScale, encoded: encodeVariable(name, variable) }
  })
  const dims = [...lengths].map(([name, length]) => {
    requireName(name, 'dimension')
    return { name, length, isUnlimited: length === 0 || unlimited.includes(name) }
  })
  return { attrs: prepared.attrs, variables, dims, compressionLevel }
}

function requireName(name: string, what: string): void {
  if (name === '' || /[/\0]/.test(name) || name === '.' || name === '..') {
    throw new InputError(`a ${what} cannot be called ${JSON.stringify(name)} in netCDF-4`)
  }
}

function fillFile(file: H5File, plan: FilePlan): void {
  writeAttribute(file, '/', '_NCProperties', properties)
  for (const [name, value] of plan.attrs) writeGivenAttribute(file, '/', '/', name, value)
  const block = new H5Block(file.module, sliceBytes)
  try {
    for (const variable of plan.variables) writeVariable(file, plan, variable, block)
  } finally {
    block.free()
  }
  const labelled = new Set(plan.variables.filter(({ isScale }) => isScale).map(({ name }) => name))
  plan.dims.forEach(({ name, length, isUnlimited }, number) => {
    if (!labelled.has(name)) writeBareDimension(file, name, length, isUnlimited)
    const scaleName = labelled.has(name) ? name : bareDimensionName(length)
    file.module.set_scale(file.id, `/${name}`, scaleName)
    writeAttribute(file, `/${name}`, '_Netcdf4Dimid', { dtype: 'int32', values: [number], scalar: true })
  })
  for (const { path, isScale, encoded } of plan.variables) {
    if (isScale) continue
    encoded.dims.forEach((dim, axis) => {
      file.module.attach_scale(file.id, path, `/${dim}`, axis)
    })
  }
}

/** By which readers know a dimension that has no variable: the netCDF-4 library's own text. */
function bareDimensionName(length: number): string {
  return `This is a netCDF dimension but not a netCDF variable.${String(length).padStart(10)}`
}

function writeBareDimension(file: H5File, name: string, length: number, isUnlimited: boolean): void {
  // Chunked, so that the values, which nobody reads, take no space.
  const layout = { shape: [length], isUnlimited: [isUnlimited], chunk: [Math.max(1, Math.min(length, 1024))] }
  createDataset(file, `/${name}`, numberType('float32'), layout, 0)
}

function writeVariable(
  file: H5File,
  plan: FilePlan,
  { name, path, encoded }: PlannedVariable,
  block: H5Block,
): void {
  const { dims, shape } = encoded
  const isUnlimited = dims.map((dim) => plan.dims.find((each) => each.name === dim)?.isUnlimited === true)
  const chunk = shape.length === 0 ? undefined : chunkShape(shape, isUnlimited)
  const layout = { shape, isUnlimited, chunk }
  if (encoded.dtype === 'str') {
    createDataset(file, path, textType, layout, 0)
    writeTexts(file, name, path, encoded.data, layout)
  } else {
    const type = numberType(encoded.dtype)
    createDataset(file, path, type, layout, plan.compressionLevel)
    for (const slab of slabs(shape, chunk, sliceBytes / type.size)) {
      encoded.encodeInto(viewAs(encoded.dtype, block.bytes(), slab.end - slab.start), slab.start, slab.end)
      writeSlab(file, path, slab, block.pointer)
    }
  }
  for (const [attr, value] of encoded.attrs) writeGivenAttribute(file, path, name, attr, value)
}

/** Writes an attribute of the dataset's own. `owner` is what messages call the variable. */
function writeGivenAttribute(
  file: H5File,
  path: string,
  owner: string,
  name: string,
  value: AttrValue,
): void {
  requireAttributeName(name, owner)
  if (typeof value === 'string' && value.includes('\0')) {
    throw new InputError(`${owner}: the attribute ${name} has a NUL character in ${JSON.stringify(value)}`)
  }
  writeAttribute(file, path, name, value)
}

interface Layout {
  readonly shape: readonly number[]
  readonly isUnlimited: readonly boolean[]
  readonly chunk: readonly number[] | undefined
}

/** Creates a dataset without values: h5wasm writes what it is given at creation, so it is created empty and grown. */
function createDataset(
  { module, id }: H5File,
  path: string,
  type: H5Type,
  { shape, isUnlimited, chunk }: Layout,
  compressionLevel: number,
): void {
  const initial = shape.map((length, axis) => BigInt(axis === 0 ? 0 : length))
  const settings = {
    ...type,
    shape: initial,
    maxshape: shape.map((length, axis) => (isUnlimited[axis] ? unlimitedSize : BigInt(length))),
    total_size: 0,
    chunks: chunk ? chunk.map(BigInt) : null,
    compression: compressionLevel > 0 && chunk && !type.vlen ? 1 : 0,
    compression_opts: [compressionLevel],
    track_order: true,
  }
  const blank = new H5Block(module, 8)
  try {
    blank.bytes().fill(0)
    module.create_dataset(id, path, blank.pointer, settings as never)
  } finally {
    blank.free()
  }
  if (shape.length > 0) module.resize_dataset(id, path, shape.map(BigInt))
}

function writeSlab(
  { module, id }: H5File,
  path: string,
  { offset, count }: { readonly offset: readonly number[]; readonly count: readonly number[] },
  pointer: bigint,
): void {
  if (offset.length === 0) module.set_dataset_data(id, path, null, null, null, pointer)
  else
    module.set_dataset_data(
      id,
      path,
      count.map(BigInt),
      offset.map(BigInt),
      count.map(() => 1n),
      pointer,
    )
}

/** Texts go as an array of pointers, and the bytes they point to, each with a NUL after it. */
function writeTexts(
  file: H5File,
  name: string,
  path: string,
  data: TextArray,
  { shape, chunk }: Layout,
): void {
  if (data.bytes.includes(0))
    throw new InputError(`${name}: a text with a NUL character cannot be stored in netCDF`)
  const perText = 5 + Math.ceil(data.bytes.length / Math.max(1, data.length))
  for (const slab of slabs(shape, chunk, Math.ceil(sliceBytes / perText))) {
    const count = slab.end - slab.start
    const from = data.offsets[slab.start] as number
    const to = data.offsets[slab.end] as number
    const block = new H5Block(file.module, count * 5 + (to - from))
    try {
      layOutTexts(block, data, slab.start, slab.end)
      writeSlab(file, path, slab, block.pointer)
    } finally {
      block.free()
    }
  }
}

function layOutTexts(block: H5Block, data: TextArray, start: number, end: number): void {
  const bytes = block.bytes()
  const count = end - start
  const pointers = new Uint32Array(bytes.buffer, bytes.byteOffset, count)
  let used = count * 4
  for (let i = start; i < end; i++) {
    const text = data.bytes.subarray(data.offsets[i], data.offsets[i + 1])
    pointers[i - start] = block.address + used
    bytes.set(text, used)
    bytes[used + text.length] = 0
    used += text.length + 1
  }
}
