import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { Dataset, variable as makeVariable } from '../dataset/dataset.ts'
import type { DataArray, NumberArray } from '../dataset/dtype.ts'
import { allocate } from '../dataset/dtype.ts'
import { product } from '../dataset/take.ts'
import { InputError, isSluiceError } from '../errors.ts'
import type { Netcdf3Header, Netcdf3Variable } from './netcdf3-header.ts'
import { decodeNumbers, HeaderEndsEarly, parseNetcdf3Header, typeSizes } from './netcdf3-header.ts'
import { joinCharacters } from './netcdf4-values.ts'

export interface ReadNetcdf3Options {
  /** Only these variables, and the coordinates of their dimensions. All by default. */
  readonly names?: ReadonlySet<string>
  /** Variables to leave out. */
  readonly without?: ReadonlySet<string>
  /** What messages call the file; its path by default. */
  readonly name?: string
}

const blockBytes = 4 * 2 ** 20

/**
 * Reads a netCDF-3 file (CDF-1, CDF-2 or CDF-5) as it stands: nothing is CF-decoded. Values are streamed from the
 * file in blocks of 4 MB. Characters become texts along their last dimension.
 * @throws InputError when the file is no such file, or shorter than its header says
 */
export function readNetcdf3(path: string, options: ReadNetcdf3Options = {}): Dataset {
  return withNetcdf3(path, options.name ?? path, (descriptor) => readFile(descriptor, options))
}

/** What a netCDF-3 file says of its values, without reading them. @throws InputError as `readNetcdf3` does */
export function readNetcdf3Header(
  path: string,
  name = path,
): Netcdf3Header & { readonly recordCount: number } {
  return withNetcdf3(path, name, (descriptor) => {
    const size = fstatSync(descriptor).size
    const header = readHeader(descriptor, size)
    const growing = layOut(header, size).find(({ isRecord }) => isRecord)
    return { ...header, recordCount: growing?.shape[0] ?? header.recordCount ?? 0 }
  })
}

function withNetcdf3<T>(path: string, name: string, read: (descriptor: number) => T): T {
  const descriptor = openSync(path, 'r')
  try {
    return read(descriptor)
  } catch (error) {
    if (!isSluiceError(error) && !(error instanceof RangeError)) throw error
    throw new InputError(`${name}: the netCDF-3 file is damaged or cannot be read: ${error.message}`, {
      cause: error,
    })
  } finally {
    closeSync(descriptor)
  }
}

function readFile(descriptor: number, { names, without }: ReadNetcdf3Options): Dataset {
  const size = fstatSync(descriptor).size
  const header = readHeader(descriptor, size)
  const layout = layOut(header, size)
  const wanted = layout.filter((item) => isWanted(item, header, names) && !without?.has(item.variable.name))
  const values = new Map<StoredVariable, Uint8Array | NumberArray>()
  for (const item of wanted) if (!item.isRecord) values.set(item, readFixed(descriptor, item))
  readRecords(
    descriptor,
    wanted.filter(({ isRecord }) => isRecord),
    values,
  )
  const dataset = new Dataset({ attrs: header.attrs })
  for (const item of wanted) addVariable(dataset, item, header, layout, values.get(item) as NumberArray)
  return dataset
}

function readHeader(descriptor: number, size: number): Netcdf3Header {
  for (let length = 2 ** 16; ; length *= 4) {
    const bytes = readBytes(descriptor, 0, Math.min(length, size))
    try {
      return parseNetcdf3Header(bytes)
    } catch (error) {
      if (!(error instanceof HeaderEndsEarly)) throw error
      if (length >= size) throw new InputError('it ends within its header', { cause: error })
    }
  }
}

function readBytes(descriptor: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let read = 0
  while (read < length) {
    const count = readSync(descriptor, bytes, read, length - read, start + read)
    if (count === 0) throw new InputError(`it ends at byte ${start + read}, before its values do`)
    read += count
  }
  return bytes
}

/** A variable with what its place in the file follows from. */
interface StoredVariable {
  readonly variable: Netcdf3Variable
  readonly isRecord: boolean
  /** Of the whole variable. */
  readonly shape: readonly number[]
  /** Bytes of the values: of one record, or of all where there are none. */
  readonly bytes: number
  /** Bytes from one record to the next. */
  readonly stride: number
}

/** Where everything lies. @throws InputError when that is beyond the file's end */
function layOut(header: Netcdf3Header, size: number): StoredVariable[] {
  const { dims, recordDim, variables } = header
  const isRecord = (variable: Netcdf3Variable): boolean =>
    variable.dims[0] === recordDim && variable.dims.length > 0
  const rowBytes = (variable: Netcdf3Variable): number =>
    product(variable.dims.filter((dim) => dim !== recordDim).map((dim) => dims[dim]!.length)) *
    typeSizes[variable.type]
  const records = variables.filter(isRecord)
  // Records are padded to 4 bytes each, but for a file with a single record variable.
  const stride =
    records.length === 1
      ? rowBytes(records[0]!)
      : records.reduce((sum, variable) => sum + padded(rowBytes(variable)), 0)
  const count = header.recordCount ?? countRecords(records, stride, size)
  return variables.map((variable) => {
    const bytes = rowBytes(variable)
    const grows = isRecord(variable)
    const end = grows
      ? variable.begin + (count === 0 ? 0 : (count - 1) * stride + bytes)
      : variable.begin + bytes
    if (!Number.isSafeInteger(end) || (end > size && bytes > 0 && !(grows && count === 0))) {
      throw new InputError(`the values of ${variable.name} end at byte ${end}, and the file at byte ${size}`)
    }
    const shape = variable.dims.map((dim) => (dim === recordDim ? count : dims[dim]!.length))
    return { variable, isRecord: grows, shape, bytes, stride }
  })
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4
}

/** How many whole records are there, where the header does not say. */
function countRecords(records: readonly Netcdf3Variable[], stride: number, size: number): number {
  if (records.length === 0 || stride === 0) return 0
  const begin = Math.min(...records.map((variable) => variable.begin))
  return Math.max(0, Math.floor((size - begin) / stride))
}

function isWanted(
  { variable }: StoredVariable,
  header: Netcdf3Header,
  names: ReadonlySet<string> | undefined,
): boolean {
  if (!names || names.has(variable.name)) return true
  const dim = header.dims.findIndex(({ name }) => name === variable.name)
  return header.variables.some((other) => names.has(other.name) && other.dims.includes(dim))
}

function emptyValues({ variable, shape }: StoredVariable): Uint8Array | NumberArray {
  const length = product(shape)
  return variable.type === 'char' ? new Uint8Array(length) : (allocate(variable.type, length) as NumberArray)
}

function decode({ variable }: StoredVariable, bytes: Uint8Array): Uint8Array | NumberArray {
  return variable.type === 'char' ? bytes : (decodeNumbers(variable.type, bytes) as NumberArray)
}

function readFixed(descriptor: number, item: StoredVariable): Uint8Array | NumberArray {
  const result = emptyValues(item)
  for (let start = 0; start < item.bytes; start += blockBytes) {
    const bytes = readBytes(descriptor, item.variable.begin + start, Math.min(blockBytes, item.bytes - start))
    result.set(decode(item, bytes), start / typeSizes[item.variable.type])
  }
  return result
}

/** Reads all record variables in one pass over the file: their records lie one within the other. */
function readRecords(
  descriptor: number,
  items: readonly StoredVariable[],
  values: Map<StoredVariable, Uint8Array | NumberArray>,
): void {
  for (const item of items) values.set(item, emptyValues(item))
  const [first] = items
  if (!first || first.shape[0] === 0) return
  const begin = Math.min(...items.map(({ variable }) => variable.begin))
  const tail = Math.max(...items.map(({ variable, bytes }) => variable.begin - begin + bytes))
  const count = first.shape[0] as number
  const perBlock = Math.max(1, Math.floor(blockBytes / Math.max(1, first.stride)))
  for (let from = 0; from < count; from += perBlock) {
    const rows = Math.min(perBlock, count - from)
    const length = (rows - 1) * first.stride + tail
    const block = readBytes(descriptor, begin + from * first.stride, length)
    for (const item of items) {
      const target = values.get(item) as NumberArray
      target.set(
        decode(item, gatherRows(block, item, item.variable.begin - begin, rows)) as NumberArray,
        (from * item.bytes) / typeSizes[item.variable.type],
      )
    }
  }
}

/** The rows of one variable, end to end. */
function gatherRows(
  block: Uint8Array,
  { bytes, stride }: StoredVariable,
  offset: number,
  rows: number,
): Uint8Array {
  if (bytes === stride) return block.subarray(offset, offset + rows * bytes)
  const result = new Uint8Array(rows * bytes)
  for (let row = 0; row < rows; row++) {
    const start = row * stride + offset
    if (bytes > 16) result.set(block.subarray(start, start + bytes), row * bytes)
    else for (let i = 0; i < bytes; i++) result[row * bytes + i] = block[start + i] as number
  }
  return result
}

function addVariable(
  dataset: Dataset,
  item: StoredVariable,
  header: Netcdf3Header,
  layout: readonly StoredVariable[],
  values: Uint8Array | NumberArray,
): void {
  const { variable, shape } = item
  const dims = variable.dims.map((dim) => header.dims[dim]!.name)
  const isCoord = header.dims.some(({ name }) => name === variable.name)
  const home = isCoord ? dataset.coords : dataset.dataVars
  if (home.has(variable.name)) throw new InputError(`the header has the variable ${variable.name} twice`)
  if (variable.type !== 'char') {
    home.set(variable.name, makeVariable(dims, shape, variable.type, values as DataArray, variable.attrs))
    return
  }
  const joins = areLetters(item, header, layout)
  const text = joinCharacters(values as Uint8Array, joins ? shape : [...shape, 1])
  const keptDims = joins ? dims.slice(0, -1) : dims
  const keptShape = joins ? shape.slice(0, -1) : shape
  home.set(variable.name, makeVariable(keptDims, keptShape, 'str', text, variable.attrs))
}

/** As in xarray: the last dimension holds letters if it is no variable, and only characters have it, last. */
function areLetters(
  { variable }: StoredVariable,
  header: Netcdf3Header,
  layout: readonly StoredVariable[],
): boolean {
  const letters = variable.dims.at(-1)
  if (letters === undefined) return false
  return layout.every(({ variable: other }) => {
    if (other.name === header.dims[letters]!.name) return false
    return !other.dims.includes(letters) || (other.type === 'char' && other.dims.at(-1) === letters)
  })
}
