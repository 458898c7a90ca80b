import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The checksum of `bytes` in base64 by an algorithm as S3's headers name it; undefined for one that is not known. */
export function checksumOf(algorithm: string, bytes: Uint8Array): string | undefined {
  switch (algorithm) {
    case 'crc32':
      return base64Of(crc32(bytes))
    case 'crc32c':
      return base64Of(crc32c(bytes))
    case 'sha1':
    case 'sha256':
      return createHash(algorithm).update(bytes).digest('base64')
    default:
      return undefined
  }
}

function base64Of(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}
