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
import { InputError, isSluiceError } from '../errors.ts'
import type { H5Module } from './h5wasm.ts'
import { h5Reason, loadH5, releaseAfterFailure } from './h5wasm.ts'
import type { H5File } from './netcdf4-attributes.ts'

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
