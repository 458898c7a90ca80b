import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ObjectInfo, ObjectReader, ObjectStore } from '../../contracts.ts'
import { InputError } from '../../errors.ts'

interface Target {
  readonly store: ObjectStore
  readonly signal?: AbortSignal
}

/**
 * Puts every file below a folder under `key/` with its relative path, whole file by whole file. A Zarr store's
 * metadata come last, so that what reads it sees it only when it is complete. `refuseExisting`: an object that is
 * there with other content is an error, and nothing is put.
 * @throws InputError
 */
export async function uploadFolder(
  folder: string,
  key: string,
  target: Target,
  options: { readonly refuseExisting?: boolean } = {},
): Promise<ObjectInfo[]> {
  const paths = await filesBelow(folder)
  const keyOf = (path: string): string =>
    [key.replace(/\/$/, ''), ...relative(folder, path).split(sep)].filter(Boolean).join('/')
  if (options.refuseExisting) await refuseOthers(paths, keyOf, target.store)
  const put: ObjectInfo[] = []
  for (const path of paths) {
    const contentType = contentTypes[path.slice(path.lastIndexOf('.'))]
    put.push(
      await target.store.put(keyOf(path), createReadStream(path) as AsyncIterable<Uint8Array>, {
        ...(contentType ? { contentType } : {}),
        ...(target.signal ? { signal: target.signal } : {}),
      }),
    )
  }
  return put
}

const contentTypes: Readonly<Record<string, string>> = {
  '.nc': 'application/x-netcdf',
  '.csv': 'text/csv',
  '.parquet': 'application/vnd.apache.parquet',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.html': 'text/html',
  '.json': 'application/json',
}

/** Sorted, but a Zarr store's metadata after its chunks. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const rank = (path: string): number => (/(?:^|[/\\])(?:\.zmetadata|zarr\.json)$/.test(path) ? 1 : 0)
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

async function refuseOthers(
  paths: readonly string[],
  keyOf: (path: string) => string,
  reader: ObjectReader,
): Promise<void> {
  for (const path of paths) {
    const existing = await reader.get(keyOf(path))
    if (!existing || (await sameBytes(createReadStream(path) as AsyncIterable<Uint8Array>, existing.body)))
      continue
    throw new InputError(
      `${keyOf(path)} exists with other content; to_zarr_kwargs: {mode: w} replaces a store, and a date in data_filename_template gives each run its own`,
    )
  }
}

async function sameBytes(a: AsyncIterable<Uint8Array>, b: AsyncIterable<Uint8Array>): Promise<boolean> {
  const [left, right] = [await bytesOf(a), await bytesOf(b)]
  return Buffer.compare(left, right) === 0
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

/** Fetches objects into a folder, each under its key below `key/`, at the versions listed. @throws InputError */
export async function downloadFolder(
  reader: ObjectReader,
  objects: readonly ObjectInfo[],
  key: string,
  folder: string,
): Promise<void> {
  for (const info of objects) {
    const below = info.key.slice(key.length + 1).split('/')
    if (below.some((part) => part === '' || part === '.' || part === '..')) {
      throw new InputError(`${info.key}: a part of its name cannot be the name of a file`)
    }
    const found = await reader.get(info.key, { ifMatch: info.etag })
    if (!found) throw new InputError(`${info.key}: the object is no longer there`)
    const path = join(folder, ...below)
    await mkdir(dirname(path), { recursive: true })
    await pipeline(Readable.from(found.body), createWriteStream(path))
  }
}
