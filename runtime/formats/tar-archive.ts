import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Extract, extract, type Header } from 'tar-stream'
import type { InputFile, Json } from '../contracts.ts'
import { ConfigError, InputError, isSluiceError, type Place } from '../errors.ts'
import type { ArchiveEntry } from './archives.ts'
import { gunzipped } from './gunzip.ts'

export type TarCompression = 'none' | 'gzip'

const blockBytes = 512

type TarEntry = Extract extends AsyncIterable<infer Entry> ? Entry : never

/**
 * What python's `tarfile.open(mode=…)` says about compression; `undefined` leaves it to the file's first bytes.
 * @throws ConfigError for a mode that does not read, or asks for bzip2 or xz
 */
export function parseTarMode(
  mode: Json | undefined,
  place: Place = { file: 'read_tar_kwargs' },
): TarCompression | undefined {
  const [, method] = /^r(?:[:|](\*|gz|bz2|xz|))?$/.exec(typeof mode === 'string' ? mode : '') ?? []
  if (mode === undefined || mode === null || mode === 'r' || mode === 'rb' || method === '*') return undefined
  if (method === 'gz') return 'gzip'
  if (method === '') return 'none'
  const message = `found ${JSON.stringify(mode)}; allowed is r, r:, r:gz or r:* (bzip2 and xz are not supported)`
  throw new ConfigError([{ ...place, severity: 'error', path: 'mode', message }])
}

/**
 * The entries of a tar archive, plain or gzipped, in its order. A tar without its end mark is a truncated one. Members'
 * bytes have no checksum in tar: damage inside one is found only where gzip is around it.
 * @throws InputError for damage
 */
export async function* tarEntries(
  file: InputFile,
  compression?: TarCompression,
): AsyncGenerator<ArchiveEntry> {
  const tar = extract()
  const end = new EndMark()
  const chunks = end.watch(uncompressed(file, compression))
  const piped = pipeline(
    Readable.from(chunks, { objectMode: false }),
    tar as unknown as NodeJS.WritableStream,
  )
  // The iterator below reports what goes wrong; this only keeps the same error from being unhandled meanwhile.
  piped.catch(() => {})
  try {
    for await (const entry of tar) {
      end.expectData(entry.header)
      yield archiveEntry(file, entry, piped)
      entry.resume()
    }
    await piped
    end.check()
  } catch (error) {
    throw await unreadable(file.name, error, piped)
  } finally {
    tar.destroy()
  }
}

/** Streams only say that they were destroyed; why, the pipeline behind them knows. */
async function unreadable(name: string, error: unknown, piped: Promise<void>): Promise<unknown> {
  if (isSluiceError(error)) return error
  const cause: unknown = await piped.then(
    () => error,
    (reason: unknown) => reason,
  )
  if (isSluiceError(cause)) return cause
  const message = `cannot be read as a tar archive: ${(cause as Error).message}`
  return new InputError(message, { place: { file: name }, cause })
}

function archiveEntry(file: InputFile, entry: TarEntry, piped: Promise<void>): ArchiveEntry {
  const { name, size } = entry.header
  // Its types leave out what an unknown kind gives.
  const type = entry.header.type as Header['type'] | null
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    if (type === null) {
      throw new InputError('is stored in a way that is not supported (a sparse file?)', {
        place: { file: `${file.name}/${name}` },
      })
    }
    try {
      yield* entry as AsyncIterable<Uint8Array>
    } catch (error) {
      throw await unreadable(`${file.name}/${name}`, error, piped)
    }
  }
  return { name, size, kind: kindOf(type), stream }
}

function kindOf(type: Header['type'] | null): ArchiveEntry['kind'] {
  if (type === 'directory') return 'folder'
  if (type === 'link' || type === 'symlink') return 'link'
  // A kind that is not known at all may hold data: its stream refuses.
  return type === 'file' || type === 'contiguous-file' || type === null ? 'file' : 'special'
}

async function* uncompressed(file: InputFile, asked: TarCompression | undefined): AsyncGenerator<Uint8Array> {
  const compression = asked ?? (await sniff(file))
  yield* compression === 'gzip' ? gunzipped(file.stream()) : file.stream()
}

async function sniff(file: InputFile): Promise<TarCompression> {
  for await (const chunk of file.stream()) {
    if (chunk[0] === 0x1f && chunk[1] === 0x8b) return 'gzip'
    const text = Buffer.from(chunk.subarray(0, 6)).toString('latin1')
    const found = text.startsWith('BZh') ? 'bzip2' : text === '\xfd7zXZ\0' ? 'xz' : undefined
    if (found) {
      throw new InputError(`is compressed with ${found}, which is not supported; use gzip`, {
        place: { file: file.name },
      })
    }
    break
  }
  return 'none'
}

/** Sees to it that a tar ends as it should: with at least one block of zeros behind the last member. */
class EndMark {
  private length = 0
  private dataEnd = 0

  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.length += chunk.length
      yield chunk
    }
  }

  expectData({ byteOffset = 0, size, type }: Header & { byteOffset?: number }): void {
    const blocks = type === 'directory' ? 0 : Math.ceil(size / blockBytes)
    this.dataEnd = byteOffset + blocks * blockBytes
  }

  check(): void {
    if (this.length === 0) throw new Error('the file is empty')
    if (this.length < this.dataEnd + blockBytes) throw new Error('it ends too early: there is no end mark')
  }
}
