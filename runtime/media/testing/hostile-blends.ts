import { gzipSync } from 'node:zlib'
import { type BlendFileSpec, blendFile } from './blend-file.ts'
import { concat, le16, le32, noise, repeated } from './hostile-bytes.ts'
import { cut, type HostileCases } from './hostile-case.ts'

const sound: BlendFileSpec = {
  version: 402,
  scenes: [{ start: 1, end: 250, rate: 24, base: 1, width: 1920, height: 1080, engine: 'CYCLES' }],
  objects: [1, 10, 11],
}
const lying = (length: bigint, more: Partial<BlendFileSpec> = {}) =>
  blendFile({ ...sound, ...more, extraBlocks: [{ code: 'DATA', data: Buffer.alloc(8), length }] })

/** A DNA in which a struct has itself as a field, and claims a size. */
const looping = () =>
  concat(
    'SDNANAME',
    le32(1),
    'r\0\0\0',
    'TYPE',
    le32(1),
    'Scene\0\0\0',
    'TLEN',
    le16(100),
    le16(0),
    'STRC',
    le32(1),
    le16(0),
    le16(1),
    le16(0),
    le16(0),
  )

const zstdMagic = Buffer.from('28b52ffd', 'hex')
/** Blocks of zstd that stand for 128 KiB of one byte each. */
const repeats = (count: number) => repeated(Buffer.from('0200100a', 'hex'), count)

/** .blend files that are cut, and that lie about their blocks. */
export const hostileBlends: HostileCases = {
  'blend/zero.blend': [() => Buffer.alloc(0), /is empty/],
  'blend/text.blend': [
    () => Buffer.from('BLENDER? no\nnot at all'),
    /does not begin with a header of Blender/,
  ],
  'blend/header.blend': [() => blendFile(sound).subarray(0, 12), /ends at byte 12/],
  'blend/version.blend': [() => concat('BLENDER-vxyz', noise(500)), /does not begin with a header/],
  'blend/future.blend': [() => concat('BLENDER99-99v9999', noise(500)), /does not begin with a header/],
  'blend/beyond-end.blend': [() => lying(0x7ffffff0n), /ends at byte \d+, within the block "DATA"/],
  'blend/negative.blend': [() => lying(-1n), /has a block of -1 bytes/],
  'blend/huge-block.blend': [() => lying(2n ** 62n, { version: 500, hasLargeBlocks: true }), /ends at byte/],
  'blend/no-dna.blend': [() => blendFile({ ...sound, dna: 'none' }), /has no DNA1/],
  'blend/looping-dna.blend': [() => blendFile({ ...sound, dna: looping() }), /of no known struct/],
  'blend/countless-dna.blend': [
    () => blendFile({ ...sound, dna: concat('SDNANAME', le32(0x7fffffff)) }),
    /counts 2147483647 items/,
  ],
  'blend/noise-dna.blend': [() => blendFile({ ...sound, dna: noise(5000) }), /damaged DNA1/],
  'blend/no-end.blend': [() => blendFile({ ...sound, hasEnd: false }), /within a block header/],
  'blend/preview.blend': [
    () => blendFile({ ...sound, preview: { width: 30_000, height: 30_000, pixels: new Uint8Array(64) } }),
    /has a preview of 30000 x 30000/,
  ],
  'blend/many-blocks.blend': [
    () => gzipSync(concat(blendFile({ ...sound, hasEnd: false }), Buffer.alloc(24 * 200_000))),
    /ends at byte/,
  ],
  'blend/gzip-bomb.blend': [
    () => gzipSync(concat('BLENDER-v279', Buffer.from('DATA'), le32(0x7fffffff), Buffer.alloc(60 * 2 ** 20))),
    /ends at byte/,
  ],
  'blend/gzip-cut.blend': [() => gzipSync(blendFile(sound)).subarray(0, 300), /gzip/],
  'blend/zstd-bomb.blend': [
    () => concat(zstdMagic, Buffer.from('0058', 'hex'), repeats(100_000), Buffer.from('0300100a', 'hex')),
    /zstd/,
  ],
  'blend/zstd-window.blend': [
    () => concat(zstdMagic, Buffer.from('00f8', 'hex'), noise(500)),
    /zstd frame of more than/,
  ],
  'blend/zstd-cut.blend': [() => cut('blender-3.4-zstd.blend', 0.5), /ends at byte|zstd/],
  'blend/zstd-noise.blend': [() => concat(zstdMagic, noise(3000)), /./],
  'blend/zstd-skips.blend': [() => concat(Buffer.from('502a4d18', 'hex'), le32(0xffffffff), noise(100)), /./],
}
