import type { BoundedFile } from './bounded-file.ts'
import type { PictureInfo } from './picture-info.ts'

/** Pixels of a picture as libvips takes them: three bytes each, from the top. */
export interface RawPicture {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

interface BmpHeader {
  readonly width: number
  readonly height: number
  /** Whether the first row of the file is the uppermost. */
  readonly isTopDown: boolean
  readonly bits: number
  readonly compression: number
  readonly masks: Masks | undefined
  /** Three bytes (blue, green, red) for each entry. */
  readonly palette: Buffer
  /** Where the pixels begin. */
  readonly start: number
}

interface Masks {
  readonly red: number
  readonly green: number
  readonly blue: number
  readonly alpha: number
}

/** OS/2 1 and 2, Windows 3, with masks, with alpha, 4 and 5. */
const headerSizes = [12, 16, 40, 52, 56, 64, 108, 124]
const compressions = { none: 0, masks: 3, jpeg: 4, png: 5, masksAndAlpha: 6 }
/** A picture is averaged down to about this before it is held as a whole. */
const drawnSide = 1024

/** The header of a Windows or OS/2 bitmap. Pixels that are not packed must be there in full. @throws InputError */
export async function readBmp(file: BoundedFile): Promise<PictureInfo> {
  const header = await readHeader(file)
  const { width, height, bits } = header
  if (isPlain(header) && header.start + rowBytes(header) * height > file.size) {
    throw file.problem(`ends at byte ${file.size}, within its ${width} x ${height} pixels of ${bits} bits`)
  }
  return { width, height, mode: modeOf(header) }
}

/** `undefined` for those that are packed: run lengths, and JPEG or PNG for printers. @throws InputError */
export async function drawBmp(file: BoundedFile): Promise<RawPicture | undefined> {
  const header = await readHeader(file)
  if (!isPlain(header)) return undefined
  const step = Math.max(1, Math.floor(Math.min(header.width, header.height) / drawnSide))
  const [width, height] = [Math.floor(header.width / step), Math.floor(header.height / step)]
  const pixels = new Uint8Array(width * height * 3)
  const sums = new Uint32Array(width * 3)
  const colourAt = colourReader(header)
  const stride = rowBytes(header)
  for (let y = 0; y < height * step; y++) {
    const row = header.isTopDown ? y : header.height - 1 - y
    const bytes = await file.read(header.start + row * stride, stride, 'its pixels')
    for (let x = 0; x < width * step; x++) {
      const colour = colourAt(bytes, x)
      const at = Math.floor(x / step) * 3
      sums[at] = (sums[at] as number) + (colour >>> 16)
      sums[at + 1] = (sums[at + 1] as number) + ((colour >>> 8) & 255)
      sums[at + 2] = (sums[at + 2] as number) + (colour & 255)
    }
    if ((y + 1) % step === 0) {
      const to = Math.floor(y / step) * width * 3
      for (let i = 0; i < sums.length; i++) pixels[to + i] = (sums[i] as number) / (step * step)
      sums.fill(0)
    }
  }
  return { width, height, pixels }
}

async function readHeader(file: BoundedFile): Promise<BmpHeader> {
  const start = await file.read(0, 18, 'the header of a bitmap')
  const size = start.readUInt32LE(14)
  if (start.toString('latin1', 0, 2) !== 'BM')
    throw file.problem('is not a bitmap: it does not begin with BM')
  if (!headerSizes.includes(size)) {
    throw file.problem(`has a bitmap header of ${size} bytes; known are ${headerSizes.join(', ')}`)
  }
  const bytes = await file.read(14, size, 'the header of a bitmap')
  const isOld = size === 12
  const [width, signedHeight] = isOld
    ? [bytes.readUInt16LE(4), bytes.readUInt16LE(6)]
    : [bytes.readInt32LE(4), bytes.readInt32LE(8)]
  const bits = bytes.readUInt16LE(isOld ? 10 : 14)
  const compression = size >= 40 ? bytes.readUInt32LE(16) : 0
  const height = Math.abs(signedHeight)
  if (width < 1 || height < 1) throw file.problem(`has ${width} x ${signedHeight} pixels`)
  const isPacked = compression === compressions.jpeg || compression === compressions.png
  if (!isPacked && ![1, 2, 4, 8, 16, 24, 32].includes(bits)) throw file.problem(`has ${bits} bits a pixel`)
  if (compression > 6) throw file.problem(`has the compression ${compression}, which is none`)
  const masks = await masksOf(file, bytes, { bits, compression })
  const trailingMasks = size === 40 && masks && compression >= 3 ? (compression === 6 ? 16 : 12) : 0
  const paletteAt = 14 + size + trailingMasks
  const colours = bits > 8 ? 0 : Math.min(2 ** bits, (size >= 40 && bytes.readUInt32LE(32)) || 2 ** bits)
  return {
    width,
    height,
    isTopDown: signedHeight < 0 && !isOld,
    bits,
    compression,
    masks,
    palette: await readPalette(file, paletteAt, colours, isOld ? 3 : 4),
    start: start.readUInt32LE(10),
  }
}

async function masksOf(
  file: BoundedFile,
  header: Buffer,
  { bits, compression }: { bits: number; compression: number },
): Promise<Masks | undefined> {
  const isMasked = compression === compressions.masks || compression === compressions.masksAndAlpha
  if (!isMasked) {
    return bits === 16 ? { red: 0x7c00, green: 0x3e0, blue: 0x1f, alpha: 0 } : undefined
  }
  if (bits !== 16 && bits !== 32) throw file.problem(`has colour masks with ${bits} bits a pixel`)
  const hasAlpha = header.length >= 56 || compression === compressions.masksAndAlpha
  const masks = await file.read(14 + 40, hasAlpha ? 16 : 12, 'its colour masks')
  const [red, green, blue] = [masks.readUInt32LE(0), masks.readUInt32LE(4), masks.readUInt32LE(8)]
  return { red, green, blue, alpha: hasAlpha ? masks.readUInt32LE(12) : 0 }
}

async function readPalette(
  file: BoundedFile,
  at: number,
  colours: number,
  bytesEach: number,
): Promise<Buffer> {
  const bytes = await file.read(at, colours * bytesEach, 'its palette')
  const palette = Buffer.alloc(colours * 3)
  for (let i = 0; i < colours; i++) bytes.copy(palette, i * 3, i * bytesEach, i * bytesEach + 3)
  return palette
}

function isPlain({ compression }: BmpHeader): boolean {
  return [compressions.none, compressions.masks, compressions.masksAndAlpha].includes(compression)
}

/** Rows begin at multiples of four bytes. */
function rowBytes({ width, bits }: BmpHeader): number {
  return Math.ceil((width * bits) / 32) * 4
}

/** Red, green and blue as one number, of a pixel of a row. */
function colourReader({ bits, masks, palette }: BmpHeader): (row: Buffer, x: number) => number {
  if (masks) {
    const [red, green, blue] = [channelOf(masks.red), channelOf(masks.green), channelOf(masks.blue)]
    return (row, x) => {
      const value = bits === 16 ? row.readUInt16LE(x * 2) : row.readUInt32LE(x * 4)
      return (red(value) << 16) | (green(value) << 8) | blue(value)
    }
  }
  if (bits >= 24) return (row, x) => row.readUIntLE((x * bits) / 8, 3)
  const perByte = 8 / bits
  return (row, x) => {
    const byte = row[Math.floor(x / perByte)] as number
    const index = (byte >>> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1)
    return (index + 1) * 3 <= palette.length ? palette.readUIntLE(index * 3, 3) : 0
  }
}

/** The bits under a mask as a number from 0 to 255. */
function channelOf(mask: number): (value: number) => number {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const most = mask >>> shift
  return (value) => Math.round((((value & mask) >>> shift) * 255) / most)
}

function modeOf({ bits, masks, palette }: BmpHeader): string {
  if (bits > 8 || bits === 0) return masks && masks.alpha !== 0 ? 'RGBA' : 'RGB'
  for (let i = 0; i < palette.length; i += 3) {
    const [blue, green, red] = [palette[i], palette[i + 1], palette[i + 2]]
    if (blue !== green || green !== red) return 'P'
    const isGrey =
      bits === 1 ? blue === 0 || blue === 255 : blue === Math.round((i / 3) * (255 / (2 ** bits - 1)))
    if (!isGrey) return 'P'
  }
  return bits === 1 ? '1' : 'L'
}
