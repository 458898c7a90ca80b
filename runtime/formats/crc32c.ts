/** The table of CRC-32C, the Castagnoli polynomial, reversed. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

/** CRC-32C (RFC 3720) of all bytes, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffff_ffff
  for (let i = 0; i < bytes.length; i++) {
    value = (table[(value ^ (bytes[i] as number)) & 0xff] as number) ^ (value >>> 8)
  }
  return (value ^ 0xffff_ffff) >>> 0
}
