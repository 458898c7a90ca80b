import { decompress } from 'fzstd'
import type { InputFile } from '../contracts.ts'
import { gunzipped } from '../formats/gunzip.ts'
import { type BoundedFile, inputProblem } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/** The content of a .blend file from its start, unpacked, as much of it as is asked for. */
export interface BlendBytes {
  readonly position: number
  /** @throws InputError when the content ends before */
  read(length: number, what: string): Promise<Buffer>
  /** @throws InputError when the content ends before */
  skip(length: number, what: string): Promise<void>
  /** Must be called, however far it was read. */
  close(): Promise<void>
}

export type BlendPacking = 'plain' | 'gzip' | 'zstd'

export function blendPacking(start: Uint8Array): BlendPacking {
  const magic = Buffer.from(start.subarray(0, 4)).toString('hex')
  if (magic.startsWith('1f8b')) return 'gzip'
  return magic === '28b52ffd' || /^5[0-9a-f]2a4d18$/.test(magic) ? 'zstd' : 'plain'
}

/** The content of `file` from its start. Every call starts anew. */
export function openBlendBytes(
  file: InputFile,
  bounded: BoundedFile,
  packing: BlendPacking,
  limits: MediaLimits,
): BlendBytes {
  if (packing === 'plain') return seekingBytes(bounded)
  const chunks = packing === 'gzip' ? gunzippedChunks(file) : unzstdChunks(bounded)
  return streamedBytes(bounded, chunks, limits)
}

function seekingBytes(bounded: BoundedFile): BlendBytes {
  let position = 0
  return {
    get position() {
      return position
    },
    async read(length, what) {
      const bytes = await bounded.read(position, length, what)
      position += length
      return bytes
    },
    async skip(length, what) {
      if (position + length > bounded.size) {
        throw bounded.problem(`ends at byte ${bounded.size}, within ${what}`)
      }
      position += length
    },
    close: async () => {},
  }
}

function streamedBytes(
  bounded: BoundedFile,
  chunks: AsyncGenerator<Uint8Array>,
  limits: MediaLimits,
): BlendBytes {
  let position = 0
  let chunk: Uint8Array = new Uint8Array(0)
  let unpacked = 0

  async function advance(what: string): Promise<void> {
    const next = await chunks.next()
    if (next.done) throw bounded.problem(`ends at byte ${position} when unpacked, within ${what}`)
    chunk = next.value
    unpacked += chunk.length
    if (unpacked > limits.unzippedBytes) {
      throw bounded.problem(`unpacks to more than ${limits.unzippedBytes} bytes`)
    }
  }

  async function take(length: number, what: string, to?: Buffer): Promise<void> {
    let left = length
    while (left > 0) {
      if (chunk.length === 0) await advance(what)
      const part = chunk.subarray(0, left)
      to?.set(part, length - left)
      chunk = chunk.subarray(part.length)
      left -= part.length
      position += part.length
    }
  }

  return {
    get position() {
      return position
    },
    async read(length, what) {
      if (length > 64 * 2 ** 20) throw bounded.problem(`${what} has ${length} bytes; at most 64 MiB are read`)
      const bytes = Buffer.allocUnsafe(length)
      await take(length, what, bytes)
      return bytes
    },
    skip: (length, what) => take(length, what),
    close: async () => {
      await chunks.return(undefined)
    },
  }
}

async function* gunzippedChunks(file: InputFile): AsyncGenerator<Uint8Array> {
  try {
    yield* gunzipped(file.stream())
  } catch (cause) {
    if (!(cause as NodeJS.ErrnoException).code?.startsWith('Z_')) throw cause
    throw inputProblem(file.name, `is damaged gzip: ${(cause as Error).message}`, cause)
  }
}

const blockBytes = 128 * 1024
/** Blender packs pieces of at most 2 MiB. Anything much larger was made to be large. */
const maxFrameBytes = 64 * 2 ** 20

/** The frames of a zstd file one after the other, each unpacked whole: its limits are known before fzstd sees it. */
async function* unzstdChunks(file: BoundedFile): AsyncGenerator<Uint8Array> {
  let offset = 0
  while (offset < file.size) {
    const magic = (await file.read(offset, 4, 'a zstd frame')).readUInt32LE()
    if (magic >>> 4 === 0x184d2a5) {
      offset += 8 + (await file.read(offset + 4, 4, 'a zstd frame')).readUInt32LE()
      continue
    }
    if (magic !== 0xfd2fb528) throw file.problem(`is damaged zstd: no frame begins at byte ${offset}`)
    const length = await frameLength(file, offset)
    const frame = await file.read(offset, length, 'a zstd frame')
    yield unpackedFrame(file, frame, offset)
    offset += length
  }
}

function unpackedFrame(file: BoundedFile, frame: Buffer, offset: number): Uint8Array {
  try {
    return decompress(frame)
  } catch (cause) {
    throw file.problem(`is damaged zstd in the frame at byte ${offset}: ${(cause as Error).message}`, cause)
  }
}

/** The length of the frame at `offset` in the file (RFC 8878 §3.1.1). @throws InputError when it is beyond bounds */
async function frameLength(file: BoundedFile, offset: number): Promise<number> {
  const tooLarge = () =>
    file.problem(`has a zstd frame of more than ${maxFrameBytes} bytes at byte ${offset}`)
  const head = await file.read(offset + 4, Math.min(14, file.size - offset - 4), 'a zstd frame')
  const descriptor = head[0] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number
  if (dictionaryBytes > 0) throw file.problem('is zstd with a dictionary, which Blender never writes')
  const sizeFlag = descriptor >>> 6
  const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag
  const windowByte = isSingleSegment ? 0 : 1
  if (!isSingleSegment) {
    const exponent = (head[1] ?? 0) >>> 3
    const base = 2 ** (10 + exponent)
    if (base + (base / 8) * ((head[1] ?? 0) & 7) > maxFrameBytes) throw tooLarge()
  }
  let declared = 0
  for (let i = 0; i < sizeBytes; i++) declared += (head[1 + windowByte + i] ?? 0) * 2 ** (8 * i)
  if (declared > maxFrameBytes) throw tooLarge()
  let position = offset + 5 + windowByte + sizeBytes
  for (let unpacked = 0; ; unpacked += blockBytes) {
    const block = (await file.read(position, 3, 'a zstd block')).readUIntLE(0, 3)
    const type = (block >>> 1) & 3
    position += 3 + (type === 1 ? 1 : block >>> 3)
    if (unpacked > maxFrameBytes || position - offset > maxFrameBytes) throw tooLarge()
    if (block & 1) break
  }
  return position + (descriptor & 4 ? 4 : 0) - offset
}
