import type { BlendBytes } from './blend-bytes.ts'
import { type BlendHeader, blendHeader } from './blend-header.ts'
import type { BoundedFile } from './bounded-file.ts'

/** One block of a .blend file. */
export interface BlendBlock {
  /** `OB`, `SC`, `DNA1`, `TEST` …: without the zero bytes. */
  readonly code: string
  readonly length: number
  /** Which struct of the DNA it holds. */
  readonly struct: number
  /** Where it stood in Blender's memory: what pointers in the file mean. */
  readonly address: bigint
  /** Its bytes from its start, at most `maxLength`. At most once, before the next block is asked for. */
  read(maxLength?: number): Promise<Buffer>
}

/** The blocks of a .blend before its end mark. @throws InputError for a file that is cut or whose lengths lie */
export async function* blendBlocks(
  file: BoundedFile,
  bytes: BlendBytes,
  header: BlendHeader,
): AsyncGenerator<BlendBlock> {
  await bytes.skip(header.size, 'its header')
  for (;;) {
    const at = bytes.position
    const raw = await bytes.read(blockHeaderBytes(header), 'a block header')
    const { code, length, struct, address } = decodeBlockHeader(raw, header)
    if (code === 'ENDB') return
    if (length < 0) throw file.problem(`has a block of ${length} bytes at byte ${at}`)
    let left = length
    const what = `the block ${JSON.stringify(code)} of ${length} bytes at byte ${at}`
    yield {
      code,
      length,
      struct,
      address,
      async read(maxLength = length) {
        const wanted = Math.min(left, maxLength)
        left -= wanted
        return bytes.read(wanted, what)
      },
    }
    await bytes.skip(left, what)
  }
}

/** The header that `bytes` begin with. @throws InputError when they are no .blend */
export async function readBlendHeader(file: BoundedFile, bytes: BlendBytes): Promise<BlendHeader> {
  const start = await bytes.read(12, 'its header')
  const isLarge = start.toString('latin1', 7, 9) === '17'
  const header = blendHeader(isLarge ? Buffer.concat([start, await bytes.read(5, 'its header')]) : start)
  if (!header) throw file.problem('is not a .blend file: it does not begin with a header of Blender')
  return header
}

function blockHeaderBytes({ hasLargeBlocks, pointerSize }: BlendHeader): number {
  return hasLargeBlocks ? 32 : 16 + pointerSize
}

/** BHead4, SmallBHead8 and LargeBHead8 of BLO_core_bhead.hh. */
function decodeBlockHeader(raw: Buffer, header: BlendHeader) {
  // On big-endian machines the zero bytes of a two-letter code stand before it.
  const code = raw.toString('latin1', 0, 4).replace(/^\0+|\0+$/g, '')
  if (header.hasLargeBlocks) {
    return {
      code,
      struct: raw.readInt32LE(4),
      address: raw.readBigUInt64LE(8),
      length: Number(raw.readBigInt64LE(16)),
    }
  }
  const { isLittleEndian, pointerSize } = header
  const int32 = (at: number) => (isLittleEndian ? raw.readInt32LE(at) : raw.readInt32BE(at))
  return { code, length: int32(4), address: pointerAt(raw, 8, header), struct: int32(8 + pointerSize) }
}

export function pointerAt(
  bytes: Buffer,
  offset: number,
  { isLittleEndian, pointerSize }: BlendHeader,
): bigint {
  if (pointerSize === 4) {
    return BigInt(isLittleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset))
  }
  return isLittleEndian ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset)
}
