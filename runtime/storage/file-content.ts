import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { StoreError } from '../errors.ts'
import { releasable, throwIfAborted } from './body.ts'
import { attempt } from './file-system.ts'

const CHUNK_BYTES = 256 * 1024
/** Bodies up to this size are read at once, so that nothing stays open for a reader that may never come. */
const AT_ONCE_BYTES = 64 * 1024

/** What was read from a file: `etag` is the MD5 of the `size` bytes that it had. */
export interface FileVersion {
  readonly etag: string
  readonly size: number
  readonly mtimeNs: bigint
  /** Whether any later change shows in the file's times. */
  readonly isSettled: boolean
}

/** The MD5 of the file's content, and of how many bytes it is. */
export async function hashFile(
  handle: FileHandle,
  signal?: AbortSignal,
): Promise<{ etag: string; size: number }> {
  const hash = createHash('md5')
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let size = 0
  for (;;) {
    throwIfAborted(signal)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, size)
    if (bytesRead === 0) return { etag: hash.digest('hex'), size }
    hash.update(buffer.subarray(0, bytesRead))
    size += bytesRead
  }
}

export interface FileBodyOptions {
  /** The file in messages. */
  readonly name: string
  readonly version: FileVersion
  readonly start: number
  readonly end: number
  readonly signal?: AbortSignal | undefined
}

/**
 * The bytes `[start, end)` of an open file, which is closed when they are read or the reader stops. A file that is
 * written to meanwhile makes the body fail instead of mixing its versions.
 */
export async function fileBody(
  handle: FileHandle,
  options: FileBodyOptions,
): Promise<AsyncIterable<Uint8Array>> {
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= handle.close()
    return closing
  }
  const chunks = readChunks(handle, options, close)
  if (options.end - options.start > AT_ONCE_BYTES) return releasable(chunks, close)
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return once(all)
}

async function* once(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function* readChunks(
  handle: FileHandle,
  { name, version, start, end, signal }: FileBodyOptions,
  close: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  // Where the file's times may not tell of a change, the content must.
  const isWhole = start === 0 && end === version.size
  const hash = isWhole && !version.isSettled ? createHash('md5') : undefined
  try {
    for (let position = start; position < end; ) {
      throwIfAborted(signal)
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position))
      const { bytesRead } = await attempt(`${name} cannot be read`, () =>
        handle.read(buffer, 0, buffer.length, position),
      )
      if (bytesRead === 0) throw changed(name)
      position += bytesRead
      const chunk = buffer.subarray(0, bytesRead)
      hash?.update(chunk)
      // Before the last bytes are handed out, so that no reader takes a mixture for the whole.
      if (position >= end) {
        const stat = await attempt(`${name} cannot be read`, () => handle.stat({ bigint: true }))
        if (!isSameVersion(stat, version) || (hash && hash.digest('hex') !== version.etag))
          throw changed(name)
      }
      yield chunk
    }
  } finally {
    await close()
  }
}

function isSameVersion(stat: BigIntStats, version: FileVersion): boolean {
  return stat.size === BigInt(version.size) && stat.mtimeNs === version.mtimeNs
}

function changed(name: string): StoreError {
  return new StoreError(`${name} was written to while it was read`)
}
