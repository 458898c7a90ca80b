import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { AttrValue, TypedAttr } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import { readNetcdf3Header } from './netcdf3.ts'
import { readNetcdf4Header } from './netcdf4-header.ts'

/** A type by the name that CDL, netCDF's notation, has for it; `compound` and the like for types of a file's own. */
export type CdlType =
  | 'char'
  | 'string'
  | 'byte'
  | 'ubyte'
  | 'short'
  | 'ushort'
  | 'int'
  | 'uint'
  | 'int64'
  | 'uint64'
  | 'float'
  | 'double'
  | 'compound'
  | 'opaque'
  | 'reference'
  | 'vlen'
  | 'array'
  | 'enum'
  | 'unknown'

/** What a netCDF file says of its values. */
export interface NetcdfHeader {
  readonly format: 'netCDF-3' | 'netCDF-4'
  readonly root: HeaderGroup
}

export interface HeaderGroup {
  /** Empty for the root. */
  readonly name: string
  readonly dims: readonly HeaderDim[]
  readonly variables: readonly HeaderVariable[]
  readonly attrs: readonly HeaderAttr[]
  readonly groups: readonly HeaderGroup[]
}

export interface HeaderDim {
  readonly name: string
  readonly length: number
  readonly isUnlimited: boolean
}

export interface HeaderVariable {
  readonly name: string
  readonly type: CdlType
  readonly dims: readonly string[]
  readonly attrs: readonly HeaderAttr[]
}

export interface HeaderAttr {
  readonly name: string
  readonly type: CdlType
  /** `undefined`: of a type that cannot be shown. */
  readonly values: readonly (string | number | bigint)[] | undefined
}

const cdlTypes: Readonly<Record<TypedAttr['dtype'], CdlType>> = {
  int8: 'byte',
  uint8: 'ubyte',
  int16: 'short',
  uint16: 'ushort',
  int32: 'int',
  uint32: 'uint',
  int64: 'int64',
  uint64: 'uint64',
  float32: 'float',
  float64: 'double',
}

/** A number's type in CDL. */
export function cdlType(dtype: TypedAttr['dtype']): CdlType {
  return cdlTypes[dtype]
}

/** An attribute with its type in CDL; `textType` is that of texts. */
export function headerAttr(
  name: string,
  value: AttrValue | undefined,
  textType: 'char' | 'string',
): HeaderAttr {
  if (value === undefined) return { name, type: 'unknown', values: undefined }
  if (typeof value === 'string') return { name, type: textType, values: [value] }
  if (typeof value === 'number') return { name, type: 'double', values: [value] }
  if (typeof value === 'bigint') return { name, type: 'int64', values: [value] }
  if ('dtype' in value) return { name, type: cdlTypes[value.dtype], values: value.values }
  return { name, type: 'string', values: value }
}

/** Reads the header of a netCDF file of any version. @throws InputError for any other file, or a damaged one */
export async function readNetcdfHeader(path: string): Promise<NetcdfHeader> {
  const isClassic = (await firstBytes(path)).startsWith('CDF')
  if (isClassic) return { format: 'netCDF-3', root: netcdf3Group(path) }
  return { format: 'netCDF-4', root: await readNetcdf4Header(path) }
}

/** What an element takes in memory; texts are guessed at. */
const elementBytes: Partial<Record<CdlType, number>> = {
  char: 1,
  byte: 1,
  ubyte: 1,
  short: 2,
  ushort: 2,
  string: 24,
}

/**
 * About how many bytes the variables of the root group in `names` take in memory, packed ones as the floats that they
 * stand for. @throws InputError as `readNetcdfHeader`
 */
export async function estimateNetcdfBytes(path: string, names: ReadonlySet<string>): Promise<number> {
  const { root } = await readNetcdfHeader(path)
  const lengths = new Map(root.dims.map(({ name, length }) => [name, length]))
  let bytes = 0
  for (const { name, type, dims, attrs } of root.variables) {
    if (!names.has(name) && !lengths.has(name)) continue
    const isPacked = attrs.some((attr) => attr.name === 'scale_factor' || attr.name === 'add_offset')
    const each = isPacked ? 8 : (elementBytes[type] ?? 8)
    bytes += dims.reduce((count, dim) => count * (lengths.get(dim) ?? 1), each)
  }
  return bytes
}

function netcdf3Group(path: string): HeaderGroup {
  const { dims, recordDim, recordCount, variables, attrs } = readNetcdf3Header(path)
  const listed = (map: ReadonlyMap<string, AttrValue>) =>
    [...map].map(([name, value]) => headerAttr(name, value, 'char'))
  return {
    name: '',
    dims: dims.map(({ name, length }, i) => ({
      name,
      length: i === recordDim ? recordCount : length,
      isUnlimited: i === recordDim,
    })),
    variables: variables.map((variable) => ({
      name: variable.name,
      type: variable.type === 'char' ? 'char' : cdlTypes[variable.type],
      dims: variable.dims.map((dim) => dims[dim]!.name),
      attrs: listed(variable.attrs),
    })),
    attrs: listed(attrs),
    groups: [],
  }
}

/** The first bytes of a file, each as a character. @throws InputError when there are none */
async function firstBytes(path: string): Promise<string> {
  const place = { file: path }
  if (!existsSync(path)) throw new InputError('there is no such file', { place })
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(`cannot be opened: ${cause.code}`, { place, cause })
  })
  try {
    if (!(await file.stat()).isFile()) throw new InputError('is no file', { place })
    const { buffer, bytesRead } = await file.read(Buffer.alloc(3), 0, 3, 0)
    if (bytesRead === 0) throw new InputError('the file is empty', { place })
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}
