import { open } from 'node:fs/promises'
import type { InputFile } from '../contracts.ts'
import { decodeCf } from '../dataset/cf.ts'
import type { Dataset } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import type { ReadNetcdf3Options } from './netcdf3.ts'
import { readNetcdf3 } from './netcdf3.ts'
import { readNetcdf4 } from './netcdf4.ts'

/** `xarray.open_dataset`'s keyword arguments, under its names, as far as they are supported. */
export interface ReadNetcdfOptions {
  readonly group?: string | null
  /** Default true, as are the next two. */
  readonly decode_times?: boolean | null
  readonly mask_and_scale?: boolean | null
  /** False leaves everything as it is on disk. */
  readonly decode_cf?: boolean | null
  readonly drop_variables?: string | readonly string[] | null
  /** Without effect: the format is known by its content. */
  readonly engine?: string | null
}

/**
 * Reads a netCDF file of any format, told by its first bytes, decoded by CF's rules. With `names`, only these
 * variables and the coordinates of their dimensions. @throws InputError
 */
export async function readNetcdf(
  file: InputFile,
  options: ReadNetcdfOptions = {},
  names?: ReadonlySet<string>,
): Promise<Dataset> {
  const path = await file.localPath()
  const dropped = options.drop_variables ?? []
  const without = new Set(typeof dropped === 'string' ? [dropped] : dropped)
  const raw = await readRaw(path, options.group ?? undefined, {
    name: file.name,
    without,
    ...(names && { names }),
  })
  if (options.decode_cf === false) return raw
  try {
    return decodeCf(raw, {
      decodeTimes: options.decode_times !== false,
      maskAndScale: options.mask_and_scale !== false,
      reuse: true,
    })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.message, { place: { file: file.name }, cause: error })
  }
}

async function readRaw(
  path: string,
  group: string | undefined,
  selection: ReadNetcdf3Options,
): Promise<Dataset> {
  const magic = await firstBytes(path)
  const place = { file: selection.name ?? path }
  if (magic.length === 0) throw new InputError('the file is empty', { place })
  if (magic.toString('latin1', 0, 3) !== 'CDF')
    return readNetcdf4(path, { ...selection, ...(group && { group }) })
  if (group && group !== '/') {
    throw new InputError(`a netCDF-3 file has no groups, so there is no group ${JSON.stringify(group)}`, {
      place,
    })
  }
  return readNetcdf3(path, selection)
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
