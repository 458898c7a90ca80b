import { open } from 'node:fs/promises'
import type { InputFile, JsonObject } from '../contracts.ts'
import { decodeCf } from '../dataset/cf.ts'
import type { Dataset } from '../dataset/dataset.ts'
import type { Place, Problem } from '../errors.ts'
import { ConfigError, InputError } from '../errors.ts'
import type { ReadNetcdf3Options } from './netcdf3.ts'
import { readNetcdf3 } from './netcdf3.ts'
import { readNetcdf4 } from './netcdf4.ts'

/** `xarray.open_dataset`'s keyword arguments, under its names, as far as they are supported. */
export interface ReadNetcdfOptions {
  readonly group?: string | null
  /** Default true; so are the next three. */
  readonly decode_times?: boolean | null
  readonly mask_and_scale?: boolean | null
  readonly decode_coords?: boolean | 'coordinates' | null
  /** False leaves everything as it is on disk. */
  readonly decode_cf?: boolean | null
  readonly drop_variables?: string | readonly string[] | null
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
      decodeCoords: options.decode_coords !== false,
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

/** What each keyword may be. `engine` and the like choose between ways to the same result. */
const keywords: Readonly<Record<string, (value: unknown) => boolean>> = {
  group: (value) => value === null || typeof value === 'string',
  decode_times: isFlag,
  mask_and_scale: isFlag,
  decode_coords: (value) => isFlag(value) || value === 'coordinates',
  decode_cf: isFlag,
  drop_variables: (value) => typeof value === 'string' || isTextList(value),
  engine: (value) => value === null || ['netcdf4', 'h5netcdf', 'scipy'].includes(value as string),
  cache: isFlag,
  chunks: (value) => value === null,
  lock: isFlag,
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || value === null
}

function isTextList(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((each) => typeof each === 'string'))
}

/**
 * Checks a NetCDFReader's `parameters`. A keyword that is not supported is an error, never ignored.
 * @throws ConfigError that lists every problem, placed at `place`
 */
export function parseNetcdfOptions(
  kwargs: JsonObject,
  place: Place = { file: 'open_dataset kwargs' },
): ReadNetcdfOptions {
  const problems: Problem[] = []
  const refuse = (path: string, message: string): void => {
    problems.push({ ...place, severity: 'error', path, message })
  }
  for (const [key, value] of Object.entries(kwargs)) {
    if (!Object.hasOwn(keywords, key)) {
      refuse(key, `is not an option of netCDF reading here; known are ${Object.keys(keywords).join(', ')}`)
    } else if (!keywords[key]!(value)) refuse(key, `${JSON.stringify(value)} is not supported`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return kwargs as ReadNetcdfOptions
}
