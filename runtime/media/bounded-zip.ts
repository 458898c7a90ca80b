import type { InputFile } from '../contracts.ts'
import { zipEntries } from '../formats/zip-archive.ts'
import { inputProblem } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/** A zip file that unpacks to no more than allowed. */
export interface BoundedZip {
  readonly names: ReadonlySet<string>
  /** The unpacked bytes of one member. @throws InputError when there is none, or it is damaged or encrypted */
  member(name: string): AsyncGenerator<Uint8Array>
  /** The same in one piece. @throws InputError also for more than `maxBytes` */
  whole(name: string, maxBytes: number): Promise<Buffer>
}

/** What small archives may unpack to, however often it is of their size. */
const alwaysAllowed = 32 * 2 ** 20
/** Deflate reaches 1032; sheets and text of real files stay far below. */
const maxRatio = 200

/**
 * Reads the directory of a zip file. Archives within it are not opened. @throws InputError for damage, and for one
 * that has too many entries or unpacks to too much, before anything is unpacked
 */
export async function boundedZip(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<BoundedZip> {
  const names = new Set<string>()
  let entries = 0
  let unpacked = 0
  for await (const entry of zipEntries(file)) {
    signal.throwIfAborted()
    if (++entries > limits.zipEntries) {
      throw inputProblem(file.name, `has more than ${limits.zipEntries} entries`)
    }
    unpacked += entry.size
    if (unpacked > limits.unzippedBytes) {
      throw inputProblem(file.name, `unpacks to more than ${limits.unzippedBytes} bytes`)
    }
    if (entry.kind === 'file') names.add(entry.name)
  }
  if (unpacked > alwaysAllowed && unpacked > file.size * maxRatio) {
    throw inputProblem(
      file.name,
      `unpacks ${file.size} to ${unpacked} bytes: at most ${maxRatio} times its size is allowed`,
    )
  }

  async function* member(name: string): AsyncGenerator<Uint8Array> {
    for await (const entry of zipEntries(file)) {
      if (entry.name !== name) continue
      for await (const chunk of entry.stream()) {
        signal.throwIfAborted()
        yield chunk
      }
      return
    }
    throw inputProblem(file.name, `has no ${name} in it`)
  }

  return {
    names,
    member,
    async whole(name, maxBytes) {
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of member(name)) {
        size += chunk.length
        if (size > maxBytes) throw inputProblem(file.name, `has more than ${maxBytes} bytes in its ${name}`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    },
  }
}
