/** The types of EXIF's fields that are written here, by their numbers. */
const types = { ascii: 2, short: 3, long: 4, rational: 5 } as const

interface Field {
  readonly tag: number
  readonly type: keyof typeof types
  /** Text, or numbers; of rationals, numerators and denominators in turn. */
  readonly value: string | readonly number[]
}

const headerBytes = 8
const gpsPointer = 0x8825

/**
 * A JPEG with what a camera writes about itself and where it was: maker, author, place, and how it was held
 * (`orientation`, from 1 to 8). Format: CIPA DC-008 (Exif 2.32), a little-endian TIFF in an APP1 segment.
 */
export function withExif(jpeg: Uint8Array, orientation: number): Uint8Array {
  const camera: Field[] = [
    { tag: 0x010f, type: 'ascii', value: 'Sluice' },
    { tag: 0x0110, type: 'ascii', value: 'Sample camera' },
    { tag: 0x0112, type: 'short', value: [orientation] },
    { tag: 0x013b, type: 'ascii', value: 'A. Photographer' },
  ]
  const place: Field[] = [
    { tag: 1, type: 'ascii', value: 'N' },
    { tag: 2, type: 'rational', value: [40, 1, 48, 1, 0, 1] },
    { tag: 3, type: 'ascii', value: 'W' },
    { tag: 4, type: 'rational', value: [124, 1, 9, 1, 0, 1] },
  ]
  const pointerTo = (offset: number): Field => ({ tag: gpsPointer, type: 'long', value: [offset] })
  const gpsStart = headerBytes + directory([...camera, pointerTo(0)], headerBytes).length
  const header = Buffer.from('49492a0008000000', 'hex')
  const tiff = Buffer.concat([
    header,
    directory([...camera, pointerTo(gpsStart)], headerBytes),
    directory(place, gpsStart),
  ])
  const content = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])
  const segment = Buffer.from([0xff, 0xe1, 0, 0])
  segment.writeUInt16BE(content.length + 2, 2)
  const startOfImage = 2
  return Buffer.concat([jpeg.subarray(0, startOfImage), segment, content, jpeg.subarray(startOfImage)])
}

/** A directory of fields that begins at `start`, followed by the values that do not fit into their fields. */
function directory(fields: readonly Field[], start: number): Buffer {
  const table = Buffer.alloc(2 + 12 * fields.length + 4)
  table.writeUInt16LE(fields.length)
  const values: Buffer[] = []
  let end = start + table.length
  for (const [i, { tag, type, value }] of fields.entries()) {
    const at = 2 + 12 * i
    const bytes = encode(type, value)
    table.writeUInt16LE(tag, at)
    table.writeUInt16LE(types[type], at + 2)
    table.writeUInt32LE(
      type === 'rational' ? value.length / 2 : value.length + (type === 'ascii' ? 1 : 0),
      at + 4,
    )
    if (bytes.length <= 4) bytes.copy(table, at + 8)
    else {
      table.writeUInt32LE(end, at + 8)
      values.push(bytes)
      end += bytes.length
    }
  }
  return Buffer.concat([table, ...values])
}

function encode(type: Field['type'], value: Field['value']): Buffer {
  if (typeof value === 'string') return Buffer.from(`${value}\0`, 'latin1')
  const width = type === 'short' ? 2 : 4
  const bytes = Buffer.alloc(width * value.length)
  for (const [i, number] of value.entries()) bytes.writeUIntLE(number, width * i, width)
  return bytes
}
