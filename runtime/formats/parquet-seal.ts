import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

/**
 * Parquet has no checksum over a whole file. Files written here carry one: 16 bytes between the data and the footer,
 * where no offset points and other readers do not look. A mark, the CRC-32 of all before it, and that of all behind it.
 */
const mark = Buffer.from('SLUICECK')
const sealBytes = mark.length + 8

const tailBytes = 8
const blockBytes = 1024 * 1024

export function makeSeal(dataChecksum: number, footer: Uint8Array): Buffer {
  const seal = Buffer.alloc(sealBytes)
  mark.copy(seal)
  seal.writeUInt32LE(dataChecksum, 8)
  seal.writeUInt32LE(crc32(footer), 12)
  return seal
}

/** Tests the checksums of a file that has them. @throws Error when they are wrong */
export async function checkSeal(path: string): Promise<void> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const footerStart = await findFooter(handle, size)
    const start = footerStart - sealBytes
    if (start < 0) return
    const seal = await readExactly(handle, start, sealBytes)
    if (!isSeal(seal)) return
    const footer = await readExactly(handle, footerStart, size - footerStart)
    if (crc32(footer) !== seal.readUInt32LE(12)) throw new Error('the checksum of its footer is wrong')
    let checksum = 0
    for (let at = 0; at < start; at += blockBytes) {
      checksum = crc32(await readExactly(handle, at, Math.min(blockBytes, start - at)), checksum)
    }
    if (checksum !== seal.readUInt32LE(8)) throw new Error('the checksum of its data is wrong')
  } finally {
    await handle.close()
  }
}

/** A mark of which a byte or two are damaged still says that there was a seal: it must not be read as none. */
function isSeal(seal: Buffer): boolean {
  const same = mark.filter((byte, i) => seal[i] === byte).length
  return same >= mark.length - 2
}

async function findFooter(handle: FileHandle, size: number): Promise<number> {
  if (size < tailBytes) return 0
  const tail = await readExactly(handle, size - tailBytes, tailBytes)
  return size - tailBytes - tail.readUInt32LE(0)
}

async function readExactly(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, start)
  if (bytesRead !== length) throw new Error('it ends too early')
  return buffer
}
