import type { BoundedFile } from './bounded-file.ts'
import type { PictureInfo } from './picture-info.ts'

/** `RGB` and the like by the header's colour mode, and how many channels that takes. */
const colourModes: ReadonlyMap<number, readonly [mode: string, channels: number]> = new Map([
  [0, ['1', 1]],
  [1, ['L', 1]],
  [2, ['P', 1]],
  [3, ['RGB', 3]],
  [4, ['CMYK', 4]],
  [7, ['L', 1]],
  [8, ['L', 1]],
  [9, ['LAB', 3]],
])

const maxResources = 10_000
const maxPreviewBytes = 8 * 2 ** 20
/** The resource of Photoshop 5 and later that holds a JPEG; its pixels begin after a header of 28 bytes. */
const previewResource = 1036
const previewHeaderBytes = 28

interface PsdHeader {
  readonly isLarge: boolean
  readonly channels: number
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly colourMode: number
}

/**
 * The header of a Photoshop document (PSD and PSB), by Adobe's "Photoshop File Formats Specification"; its sections
 * must lie within the file. @throws InputError
 */
export async function readPsd(file: BoundedFile): Promise<PictureInfo> {
  const header = await readHeader(file)
  const { isLarge, width, height, channels } = header
  const { layers } = await sections(file)
  const lengthBytes = isLarge ? 8 : 4
  const length = await file.read(layers, lengthBytes, 'the length of its layers')
  const layerBytes = isLarge ? Number(length.readBigUInt64BE()) : length.readUInt32BE()
  const image = layers + lengthBytes + layerBytes
  const compression = (await file.read(image, 2, 'its image data')).readUInt16BE()
  const rows = height * channels
  const rowBytes = Math.ceil((width * header.depth) / 8)
  const needed = compression === 0 ? rows * rowBytes : compression === 1 ? rows * (isLarge ? 4 : 2) : 0
  if (image + 2 + needed > file.size) {
    throw file.problem(`ends at byte ${file.size}, within its image data of ${width} x ${height} pixels`)
  }
  return { width, height, mode: modeOf(header) }
}

/** The JPEG that Photoshop put into the document to show in folders. @throws InputError */
export async function psdPreview(file: BoundedFile): Promise<Uint8Array | undefined> {
  await readHeader(file)
  const { resources, layers } = await sections(file)
  let offset = resources
  for (let left = maxResources; left > 0 && offset + 12 <= layers; left--) {
    const start = await file.read(offset, 7, 'an image resource')
    const id = start.readUInt16BE(4)
    // A Pascal string, padded to an even length with its length byte.
    const nameBytes = ((start[6] as number) + 2) & ~1
    const size = (await file.read(offset + 6 + nameBytes, 4, 'an image resource')).readUInt32BE()
    const data = offset + 10 + nameBytes
    if (id === previewResource && size > previewHeaderBytes) {
      if (size > maxPreviewBytes) throw file.problem(`has a preview of ${size} bytes`)
      const isJpeg = (await file.read(data, 4, 'its preview')).readUInt32BE() === 1
      const length = size - previewHeaderBytes
      return isJpeg ? file.read(data + previewHeaderBytes, length, 'its preview') : undefined
    }
    offset = data + size + (size & 1)
  }
  return undefined
}

async function readHeader(file: BoundedFile): Promise<PsdHeader> {
  const bytes = await file.read(0, 26, 'the header of a Photoshop document')
  const version = bytes.readUInt16BE(4)
  if (bytes.toString('latin1', 0, 4) !== '8BPS' || (version !== 1 && version !== 2)) {
    throw file.problem('is not a Photoshop document: it does not begin with 8BPS and version 1 or 2')
  }
  const isLarge = version === 2
  const [channels, height, width, depth, colourMode] = [
    bytes.readUInt16BE(12),
    bytes.readUInt32BE(14),
    bytes.readUInt32BE(18),
    bytes.readUInt16BE(22),
    bytes.readUInt16BE(24),
  ]
  const maxSide = isLarge ? 300_000 : 30_000
  if (width < 1 || height < 1 || width > maxSide || height > maxSide) {
    throw file.problem(
      `has ${width} x ${height} pixels: a ${isLarge ? 'PSB' : 'PSD'} has from 1 to ${maxSide} a side`,
    )
  }
  if (channels < 1 || channels > 56) throw file.problem(`has ${channels} channels: from 1 to 56 are possible`)
  if (![1, 8, 16, 32].includes(depth)) throw file.problem(`has ${depth} bits a channel: 1, 8, 16 or 32`)
  if (!colourModes.has(colourMode)) throw file.problem(`has the colour mode ${colourMode}, which is none`)
  return { isLarge, channels, width, height, depth, colourMode }
}

/** Where the image resources and, after them, the layers begin. */
async function sections(file: BoundedFile): Promise<{ resources: number; layers: number }> {
  const colours = (await file.read(26, 4, 'the length of its colour data')).readUInt32BE()
  const resources = 30 + colours + 4
  const length = (await file.read(resources - 4, 4, 'the length of its image resources')).readUInt32BE()
  return { resources, layers: resources + length }
}

function modeOf({ colourMode, channels, depth }: PsdHeader): string {
  const [mode, needed] = colourModes.get(colourMode) as readonly [string, number]
  const hasAlpha = channels === needed + 1 && (mode === 'L' || mode === 'RGB') && colourMode < 7
  const word = hasAlpha ? `${mode}A` : mode
  if (depth <= 8) return word
  if (word === 'L') return depth === 16 ? 'I;16' : 'F'
  return `${word};${depth === 16 ? '16' : '32F'}`
}
