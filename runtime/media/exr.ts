import type { BoundedFile } from './bounded-file.ts'
import type { PictureInfo } from './picture-info.ts'

const maxAttributes = 10_000
const maxParts = 1_000
const maxChannels = 4_096
/** How many blocks' places are looked at: of a picture of 65,536 rows, each. */
const maxBlocks = 65_536

interface Part {
  readonly data: Box
  readonly display: Box
  readonly channels: readonly Channel[]
  readonly compression: number
  readonly isScanLines: boolean
}

interface Box {
  readonly width: number
  readonly height: number
}

interface Channel {
  readonly name: string
  readonly sample: string
}

/** Rows that each compression packs into one block. */
const rowsOfBlock = [1, 1, 1, 16, 32, 16, 32, 32, 32, 256]
const samples = [';32', ';16F', ';32F']

/**
 * The first part's display window (what the picture is meant to be seen as; the data window may be larger or smaller)
 * and channels, by "OpenEXR File Layout". A picture of which rows were never written, as a render that was stopped
 * leaves behind, is damaged. @throws InputError
 */
export async function readExr(file: BoundedFile): Promise<PictureInfo> {
  const start = await file.read(0, 8, 'the header of an OpenEXR picture')
  if (start.readUInt32LE() !== 20000630) throw file.problem('is not OpenEXR: its first four bytes are others')
  const flags = start.readUInt32LE(4)
  if ((flags & 0xff) !== 2) throw file.problem(`is OpenEXR of version ${flags & 0xff}: version 2 is read`)
  const isMultiPart = (flags & 0x1000) !== 0
  let offset = 8
  let first: Part | undefined
  for (let parts = 0; ; parts++) {
    const found = await readPart(file, offset, (flags & 0x200) === 0 && (flags & 0x800) === 0)
    offset = found.end
    // An empty header ends those of several parts.
    if (!found.part) break
    first ??= found.part
    if (!isMultiPart) break
    if (parts >= maxParts) throw file.problem(`has more than ${maxParts} parts`)
  }
  if (!first) throw file.problem('is OpenEXR without a part')
  if (!isMultiPart && first.isScanLines) await checkBlocks(file, offset, first)
  return { ...first.display, mode: modeOf(first.channels) }
}

async function readPart(
  file: BoundedFile,
  start: number,
  isScanLines: boolean,
): Promise<{ part: Part | undefined; end: number }> {
  const attributes = new Map<string, Buffer>()
  let offset = start
  for (;;) {
    const name = await zeroEnded(file, offset)
    offset += name.length + 1
    if (name === '') break
    if (attributes.size >= maxAttributes) throw file.problem(`has more than ${maxAttributes} attributes`)
    const type = await zeroEnded(file, offset)
    offset += type.length + 1
    const size = (await file.read(offset, 4, `its attribute ${name}`)).readInt32LE()
    offset += 4
    if (size < 0 || offset + size > file.size) {
      throw file.problem(`has ${size} bytes in its attribute ${JSON.stringify(name)}, and ends before`)
    }
    const isWanted = ['channels', 'compression', 'dataWindow', 'displayWindow'].includes(name)
    attributes.set(name, isWanted ? await file.read(offset, size, `its attribute ${name}`) : Buffer.alloc(0))
    offset += size
  }
  if (attributes.size === 0) return { part: undefined, end: offset }
  const part: Part = {
    data: box(file, 'dataWindow', attributes),
    display: box(file, 'displayWindow', attributes),
    channels: channels(file, attributes.get('channels')),
    compression: attributes.get('compression')?.[0] ?? 0,
    isScanLines,
  }
  return { part, end: offset }
}

async function zeroEnded(file: BoundedFile, offset: number): Promise<string> {
  const bytes = await file.read(
    offset,
    Math.min(256, Math.max(1, file.size - offset)),
    'the name of an attribute',
  )
  const end = bytes.indexOf(0)
  if (end < 0) throw file.problem(`has a name of more than 255 bytes at byte ${offset}`)
  return bytes.toString('latin1', 0, end)
}

/** Its corners belong to it. Negative corners are usual; a far corner before the near one is not. */
function box(file: BoundedFile, name: string, attributes: ReadonlyMap<string, Buffer>): Box {
  const bytes = attributes.get(name)
  if (bytes?.length !== 16) throw file.problem(`is OpenEXR without a ${name}`)
  const [left, top, right, bottom] = [0, 4, 8, 12].map((at) => bytes.readInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ]
  const [width, height] = [right - left + 1, bottom - top + 1]
  if (width < 1 || height < 1) {
    throw file.problem(`has a ${name} from (${left}, ${top}) to (${right}, ${bottom}), which holds nothing`)
  }
  return { width, height }
}

function channels(file: BoundedFile, bytes: Buffer | undefined): Channel[] {
  const found: Channel[] = []
  for (let offset = 0; bytes && offset < bytes.length && bytes[offset] !== 0; ) {
    const end = bytes.indexOf(0, offset)
    if (end < 0 || end + 17 > bytes.length || found.length >= maxChannels) {
      throw file.problem('has a damaged list of channels')
    }
    const sample = samples[bytes.readInt32LE(end + 1)]
    if (sample === undefined) throw file.problem('has a channel of an unknown kind of number')
    found.push({ name: bytes.toString('utf8', offset, end), sample })
    offset = end + 17
  }
  if (found.length === 0) throw file.problem('is OpenEXR without a channel')
  return found
}

/** Where the blocks of rows stand follows the header; a place of 0 was reserved and never filled. */
async function checkBlocks(file: BoundedFile, offset: number, part: Part): Promise<void> {
  const rows = rowsOfBlock[part.compression]
  if (rows === undefined) throw file.problem(`has the compression ${part.compression}, which is none`)
  const blocks = Math.ceil(part.data.height / rows)
  if (offset + blocks * 8 > file.size) {
    throw file.problem(`ends at byte ${file.size}, within the places of its ${blocks} blocks of rows`)
  }
  const table = await file.read(offset, Math.min(blocks, maxBlocks) * 8, 'the places of its rows')
  for (let at = 0; at < table.length; at += 8) {
    const place = table.readBigUInt64LE(at)
    if (place === 0n)
      throw file.problem(`is not complete: block ${at / 8 + 1} of ${blocks} was never written`)
    if (place + 8n > BigInt(file.size)) {
      throw file.problem(`ends at byte ${file.size}, before block ${at / 8 + 1} of ${blocks} of its rows`)
    }
  }
}

/** By the colours of the first layer that has any: `Combined.R` is a red. */
function modeOf(list: readonly Channel[]): string | undefined {
  const layers = new Map<string, Map<string, string>>()
  for (const { name, sample } of list) {
    const dot = name.lastIndexOf('.') + 1
    const layer = layers.get(name.slice(0, dot)) ?? new Map<string, string>()
    layers.set(name.slice(0, dot), layer.set(name.slice(dot), sample))
  }
  for (const byColour of layers.values()) {
    const alpha = byColour.has('A') ? 'A' : ''
    const red = byColour.get('R')
    if (red !== undefined && byColour.has('G') && byColour.has('B')) return `RGB${alpha}${red}`
    const luminance = byColour.get('Y')
    if (luminance === undefined) continue
    if (byColour.has('RY') && byColour.has('BY')) return `RGB${alpha}${luminance}`
    return alpha ? `LA${luminance}` : grey(luminance)
  }
  const only = list.length === 1 ? list[0] : undefined
  return only && grey(only.sample)
}

function grey(sample: string): string {
  if (sample === ';32F') return 'F'
  return sample === ';32' ? 'I' : `L${sample}`
}
