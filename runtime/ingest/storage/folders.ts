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

/** Puts every file below a folder under `key/` with its relative path, whole file by whole file. */
export async function uploadFolder(folder: string, key: string, target: Target): Promise<ObjectInfo[]> {
  const put: ObjectInfo[] = []
  for (const path of await filesBelow(folder)) {
    const contentType = contentTypes[path.slice(path.lastIndexOf('.'))]
    put.push(
      await target.store.put(keyOf(folder, key, path), createReadStream(path) as AsyncIterable<Uint8Array>, {
        ...(contentType ? { contentType } : {}),
        ...(target.signal ? { signal: target.signal } : {}),
      }),
    )
  }
  return put
}

/**
 * `uploadFolder` for a Zarr store `name` below the folder. Its metadata come last, so that who reads it sees the new
 * store only when it is complete; objects of an older one that are not in it are deleted. With `keepsExisting` a store
 * that is there with other content is an error, and nothing is put; with the same content it is the same run again.
 * @throws InputError
 */
export async function replaceFolder(
  folder: string,
  key: string,
  name: string,
  target: Target,
  keepsExisting: boolean,
): Promise<ObjectInfo[]> {
  const { store } = target
  const paths = new Map((await filesBelow(folder)).map((path) => [keyOf(folder, key, path), path]))
  const older: string[] = []
  for await (const info of store.list(`${keyOf(folder, key, join(folder, name))}/`)) {
    const path = paths.get(info.key)
    if (path === undefined) older.push(info.key)
    if (!keepsExisting || (path !== undefined && (await isSame(store, info.key, path)))) continue
    throw new InputError(
      `${info.key} exists with other content; to_zarr_kwargs: {mode: w} replaces a store, and a date in data_filename_template gives each run its own`,
    )
  }
  const put = await uploadFolder(folder, key, target)
  for (const stale of older) await store.delete(stale)
  return put
}

function keyOf(folder: string, key: string, path: string): string {
  return [key.replace(/\/$/, ''), ...relative(folder, path).split(sep)].filter(Boolean).join('/')
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

async function isSame(store: ObjectStore, key: string, path: string): Promise<boolean> {
  const existing = await store.get(key)
  if (!existing) return false
  const ours = await bytesOf(createReadStream(path) as AsyncIterable<Uint8Array>)
  return Buffer.compare(await bytesOf(existing.body), ours) === 0
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
