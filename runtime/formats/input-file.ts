import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { InputFile, ObjectInfo, ObjectReader } from '../contracts.ts'
import { InputError, StoreError } from '../errors.ts'

const chunkBytes = 256 * 1024

/**
 * A file on this machine; `name` is what messages and patterns call it. A folder is allowed, for formats that are
 * one (Zarr): it has no stream and size 0. @throws InputError when there is nothing at `path` that can be read again,
 * as a pipe cannot
 */
export async function fileInput(path: string, name: string = path): Promise<InputFile> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(absenceOf(cause), { place: { file: name }, cause })
  })
  const isFolder = found.isDirectory()
  if (!isFolder && !found.isFile()) {
    throw new InputError('is a pipe, a socket or a device, not a file', { place: { file: name } })
  }
  return {
    name,
    size: isFolder ? 0 : found.size,
    async *stream() {
      if (isFolder) throw new InputError('is a folder, not a file', { place: { file: name } })
      try {
        // For a file of one chunk a stream costs more than the reading.
        if (found.size <= chunkBytes) yield readFileSync(path)
        else yield* createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>
      } catch (cause) {
        if (!isPermission(cause)) throw cause
        throw new InputError('may not be read by this user', { place: { file: name }, cause })
      }
    },
    localPath: () => Promise.resolve(path),
  }
}

function absenceOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  return code === 'ELOOP' ? 'its symbolic links lead round in a circle' : `cannot be read: ${message}`
}

/** An object of a store at exactly the version that `info` names: any other version is a PreconditionFailedError. */
export function objectInput(reader: ObjectReader, info: ObjectInfo, scratchDir: string): InputFile {
  async function* stream(): AsyncGenerator<Uint8Array> {
    const found = await reader.get(info.key, { ifMatch: info.etag })
    if (!found) throw new InputError('the object is no longer there', { place: { file: info.key } })
    let size = 0
    for await (const chunk of found.body) {
      size += chunk.length
      yield chunk
    }
    if (size !== info.size) throw new StoreError(`${info.key}: ${size} of ${info.size} bytes arrived`)
  }
  const path = scratchPath(scratchDir, `${info.key}\n${info.etag}`, info.key)
  return { name: info.key, size: info.size, stream, localPath: once(() => spill(stream(), path)) }
}

/** Bytes in memory. `scratchDir` is where a copy goes if a format needs a file. */
export function bytesInput(name: string, bytes: Uint8Array, scratchDir: string): InputFile {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      yield bytes.subarray(start, start + chunkBytes)
    }
  }
  const digest = createHash('sha256').update(bytes).digest('hex')
  const path = scratchPath(scratchDir, `${name}\n${digest}`, name)
  return { name, size: bytes.length, stream, localPath: once(() => spill(stream(), path)) }
}

/** A path below `scratchDir` that no other identity shares; it keeps the name's last part so that formats see it. */
export function scratchPath(scratchDir: string, identity: string, name: string): string {
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16)
  const safe = posix
    .basename(name)
    .replace(/[^\w.-]/g, '_')
    .slice(-64)
  return join(scratchDir, `${digest}-${safe}`)
}

/** Writes `chunks` to `path`: the whole file appears there, or nothing. */
export async function spill(chunks: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true })
  const partial = `${path}.partial`
  try {
    await pipeline(chunks, createWriteStream(partial))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return path
}

/** Runs `make` at the first call and shares its result; after a failure the next call tries anew. */
function once(make: () => Promise<string>): () => Promise<string> {
  let made: Promise<string> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

function isPermission(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
}
