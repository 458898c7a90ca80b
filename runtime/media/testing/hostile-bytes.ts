import { crc32, deflateSync } from 'node:zlib'
import { type Zippable, zipSync } from 'fflate'

/** Bytes from numbers with a fixed seed: the same in every run. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Big-endian. */
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** Big-endian. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Little-endian. */
export function le16(value: number): Buffer {
  return u16(value).swap16()
}

/** Little-endian. */
export function le32(value: number): Buffer {
  return u32(value).swap32()
}

/** Little-endian. */
export function le64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

export function concat(...parts: readonly (Uint8Array | string)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
}

/** The same bytes over and over. */
export function repeated(part: Uint8Array, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => part))
}

/** A zip file with its times pinned. Text is UTF-8. */
export function zip(members: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const files: Zippable = Object.fromEntries(
    Object.entries(members).map(([name, content]) => [
      name,
      typeof content === 'string' ? Buffer.from(content) : content,
    ]),
  )
  return Buffer.from(zipSync(files, { mtime: '2000-01-01T00:00:00' }))
}

/** A zip file of one member that says it unpacks to `size` bytes, in its directory and before the member. */
export function zipDeclaring(name: string, size: number): Buffer {
  const bytes = zip({ [name]: Buffer.alloc(1000) })
  const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
  bytes.writeUInt32LE(size, 22)
  bytes.writeUInt32LE(size, directory + 24)
  return bytes
}

/** A PNG of 8-bit grey whose header says what it likes. */
export function png(
  width: number,
  height: number,
  options: { readonly pixels?: Uint8Array; readonly badCrc?: boolean } = {},
): Buffer {
  const header = concat(u32(width), u32(height), Buffer.from([8, 0, 0, 0, 0]))
  const pixels = options.pixels ?? deflateSync(Buffer.alloc((width + 1) * height))
  return concat(
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', pixels, options.badCrc),
    chunk('IEND', Buffer.alloc(0)),
  )
}

function chunk(name: string, data: Uint8Array, isDamaged = false): Buffer {
  const body = concat(name, data)
  return concat(u32(data.length), body, u32((crc32(body) ^ Number(isDamaged)) >>> 0))
}

/** A box of MP4 with its length before it. */
export function box(name: string, ...content: readonly (Uint8Array | string)[]): Buffer {
  const body = concat(...content)
  return concat(u32(body.length + 8), name, body)
}

/** A WAV header that says what it likes, and samples. */
export function wav(options: {
  readonly channels?: number
  readonly rate?: number
  readonly declared?: number
  readonly samples?: Uint8Array
}): Buffer {
  const { channels = 1, rate = 8000, samples = Buffer.alloc(8000) } = options
  const declared = options.declared ?? samples.length
  const format = concat(
    le16(1),
    le16(channels),
    le32(rate),
    le32(rate * channels * 2),
    le16(channels * 2),
    le16(16),
  )
  return concat(
    'RIFF',
    le32(Math.min(declared + 36, 0xffffffff)),
    'WAVEfmt ',
    le32(16),
    format,
    'data',
    le32(declared),
    samples,
  )
}

/** A bitmap header (Windows 3) that says what it likes, and pixels. */
export function bmp(options: {
  readonly width: number
  readonly height: number
  readonly bits?: number
  readonly headerSize?: number
  readonly start?: number
  readonly pixels?: Uint8Array
}): Buffer {
  const { width, height, bits = 24, headerSize = 40, start = 54, pixels = Buffer.alloc(0) } = options
  const sides = Buffer.alloc(8)
  sides.writeInt32LE(width, 0)
  sides.writeInt32LE(height, 4)
  const header = concat(le32(headerSize), sides, le16(1), le16(bits), Buffer.alloc(24))
  return concat('BM', le32(54 + pixels.length), Buffer.alloc(4), le32(start), header, pixels)
}

/** A Photoshop document's header and empty sections, and nothing of its pixels. */
export function psd(options: {
  readonly version?: number
  readonly width: number
  readonly height: number
  readonly channels?: number
  readonly depth?: number
  readonly mode?: number
  readonly resources?: Uint8Array
}): Buffer {
  const {
    version = 1,
    width,
    height,
    channels = 3,
    depth = 8,
    mode = 3,
    resources = Buffer.alloc(0),
  } = options
  const header = concat(
    '8BPS',
    u16(version),
    Buffer.alloc(6),
    u16(channels),
    u32(height),
    u32(width),
    u16(depth),
    u16(mode),
  )
  const layers = Buffer.alloc(version === 2 ? 8 : 4)
  return concat(header, u32(0), u32(resources.length), resources, layers, u16(2))
}

/** An OpenEXR picture of one half channel. Blocks say where they stand; none of them is there unless `blocks` is. */
export function exr(options: {
  readonly data: readonly [number, number, number, number]
  readonly display?: readonly [number, number, number, number]
  readonly places?: readonly bigint[]
  readonly rest?: Uint8Array
  readonly extra?: Uint8Array
}): Buffer {
  const { data, display = data, places = [], rest = Buffer.alloc(0), extra = Buffer.alloc(0) } = options
  const box2i = (corners: readonly number[]) => concat(...corners.map((corner) => le32(corner >>> 0)))
  const attribute = (name: string, type: string, value: Uint8Array) =>
    concat(`${name}\0${type}\0`, le32(value.length), value)
  const channel = concat('Y\0', le32(1), Buffer.alloc(4), le32(1), le32(1), '\0')
  return concat(
    Buffer.from('762f310102000000', 'hex'),
    attribute('channels', 'chlist', channel),
    attribute('compression', 'compression', Buffer.from([0])),
    attribute('dataWindow', 'box2i', box2i(data)),
    attribute('displayWindow', 'box2i', box2i(display)),
    extra,
    '\0',
    ...places.map(le64),
    rest,
  )
}

/** A PDF of these objects, with a table of where they stand. */
export function pdf(objects: readonly string[], options: { readonly trailer?: string } = {}): Buffer {
  let text = '%PDF-1.4\n'
  const places = objects.map((object, index) => {
    const at = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const table = text.length
  const rows = places.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${options.trailer ?? ''}>>\nstartxref\n${table}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

/** A stream of a PDF that is packed with deflate. */
export function pdfStream(content: Uint8Array): string {
  const packed = deflateSync(content).toString('latin1')
  return `<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n${packed}\nendstream`
}

/** A workbook of one sheet with this XML. */
export function xlsx(sheet: string | Uint8Array, more: Readonly<Record<string, string>> = {}): Buffer {
  const relation = (id: string, type: string, target: string) =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}"/></Relationships>`
  return zip({
    '_rels/.rels': relation('rId1', 'officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml':
      '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="one" sheetId="1" r:id="rId1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': relation('rId1', 'worksheet', 'worksheets/sheet1.xml'),
    'xl/worksheets/sheet1.xml': sheet,
    ...more,
  })
}

/** An OpenDocument file of this kind with this content. */
export function openDocument(kind: string, content: string | Uint8Array): Buffer {
  return zip({ mimetype: `application/vnd.oasis.opendocument.${kind}`, 'content.xml': content })
}

/** Entities that stand for ten of the next, nine times over. */
export function laughs(element: string): string {
  const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    '',
  )
  return `<?xml version="1.0"?><!DOCTYPE ${element} [<!ENTITY l0 "ha">${entities}]><${element}>&l9;</${element}>`
}

/** A compound file of one sector of table that leads round in a circle. */
export function cyclicCompoundFile(): Buffer {
  const bytes = Buffer.alloc(512 * 4)
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(bytes)
  bytes.writeUInt16LE(0x3e, 24)
  bytes.writeUInt16LE(3, 26)
  bytes.writeUInt16LE(0xfffe, 28)
  bytes.writeUInt16LE(9, 30)
  bytes.writeUInt16LE(6, 32)
  bytes.writeUInt32LE(1, 44)
  bytes.writeUInt32LE(1, 48)
  bytes.writeUInt32LE(4096, 56)
  bytes.fill(0xff, 60, 512)
  bytes.writeUInt32LE(0, 76)
  bytes.fill(0xff, 512, 1024)
  bytes.writeUInt32LE(0xfffffffd, 512)
  bytes.writeUInt32LE(2, 516)
  bytes.writeUInt32LE(1, 520)
  return bytes
}
