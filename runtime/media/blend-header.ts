/** How a .blend file is laid out, by its first bytes. */
export interface BlendHeader {
  /** As Blender counts: 249, 280, 306, 402, 500. */
  readonly version: number
  /** Where the first block stands. */
  readonly size: number
  readonly pointerSize: 4 | 8
  readonly isLittleEndian: boolean
  /** Of Blender 5: block headers with 64-bit lengths. */
  readonly hasLargeBlocks: boolean
}

/** The longest header there is. */
export const blendHeaderBytes = 17

/**
 * The header of Blender 1 to 4 (`BLENDER-v402`) or of Blender 5 (`BLENDER17-01v0500`), as BLO_core_blend_header.hh
 * describes them; `undefined` when `bytes` begin with neither.
 */
export function blendHeader(bytes: Uint8Array): BlendHeader | undefined {
  const text = Buffer.from(bytes.subarray(0, blendHeaderBytes)).toString('latin1')
  const old = /^BLENDER([-_])([vV])(\d{3})/.exec(text)
  if (old) {
    return {
      version: Number(old[3]),
      size: 12,
      pointerSize: old[1] === '_' ? 4 : 8,
      isLittleEndian: old[2] === 'v',
      hasLargeBlocks: false,
    }
  }
  const large = /^BLENDER17-01v(\d{4})/.exec(text)
  if (!large) return undefined
  return {
    version: Number(large[1]),
    size: 17,
    pointerSize: 8,
    isLittleEndian: true,
    hasLargeBlocks: true,
  }
}

/** The version as people say it: 249 is 2.49, 280 is 2.80; from Blender 3 on, 306 is 3.6 and 402 is 4.2. */
export function blenderVersion(version: number): string {
  const minor = version % 100
  return `${Math.floor(version / 100)}.${version < 300 ? String(minor).padStart(2, '0') : minor}`
}
