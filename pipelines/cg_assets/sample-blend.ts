/** What a sample of a .blend says of itself. */
export interface SampleScene {
  readonly endFrame: number
  readonly framesPerSecond: number
  readonly width: number
  readonly height: number
  readonly engine: string
  /** By Blender's numbers: 1 a mesh, 10 a light, 11 a camera. */
  readonly objects: readonly number[]
  /** Its preview: RGBA, row by row from the top. */
  readonly preview: { readonly width: number; readonly height: number; readonly pixels: Uint8Array }
}

/** Structs with those of their fields that tell something, as Blender 4 describes its own. */
const structs: readonly (readonly [
  name: string,
  fields: readonly (readonly [type: string, name: string])[],
])[] = [
  ['FileGlobal', [['Scene', '*curscene']]],
  [
    'RenderData',
    [
      ['int', 'sfra'],
      ['int', 'efra'],
      ['short', 'frs_sec'],
      ['short', 'size'],
      ['float', 'frs_sec_base'],
      ['int', 'xsch'],
      ['int', 'ysch'],
      ['char', 'engine[32]'],
    ],
  ],
  ['Scene', [['RenderData', 'r']]],
  ['Object', [['short', 'type']]],
]

const plainTypes = { char: 1, short: 2, int: 4, float: 4 }
const sceneAddress = 0x1000n

/** A .blend of Blender 4.2 that holds a scene, its objects and a preview, and nothing that Blender could show. */
export function blendFile(scene: SampleScene): Buffer {
  const { width, height, pixels } = scene.preview
  const preview = Buffer.alloc(8)
  preview.writeInt32LE(width, 0)
  preview.writeInt32LE(height, 4)
  const rows = Array.from({ length: height }, (_, row) =>
    pixels.subarray((height - 1 - row) * width * 4, (height - row) * width * 4),
  )
  const current = Buffer.alloc(8)
  current.writeBigUInt64LE(sceneAddress)
  const objects = scene.objects.map((type, i) => {
    const body = Buffer.alloc(2)
    body.writeInt16LE(type)
    return block('OB', body, 'Object', BigInt(0x2000 + i))
  })
  return Buffer.concat([
    Buffer.from('BLENDER-v402', 'latin1'),
    block('TEST', Buffer.concat([preview, ...rows])),
    block('GLOB', current, 'FileGlobal'),
    block('SC', renderData(scene), 'Scene', sceneAddress),
    ...objects,
    block('DNA1', dna()),
    block('ENDB', Buffer.alloc(0)),
  ])
}

function renderData(scene: SampleScene): Buffer {
  const data = Buffer.alloc(56)
  data.writeInt32LE(1, 0)
  data.writeInt32LE(scene.endFrame, 4)
  data.writeInt16LE(scene.framesPerSecond, 8)
  data.writeInt16LE(100, 10)
  data.writeFloatLE(1, 12)
  data.writeInt32LE(scene.width, 16)
  data.writeInt32LE(scene.height, 20)
  data.write(scene.engine, 24, 31, 'latin1')
  return data
}

function block(code: string, body: Uint8Array, struct?: string, address = 0n): Buffer {
  const header = Buffer.alloc(24)
  header.write(code, 0, 'latin1')
  header.writeInt32LE(body.length, 4)
  header.writeBigUInt64LE(address, 8)
  header.writeInt32LE(struct === undefined ? 0 : structs.findIndex(([name]) => name === struct), 16)
  header.writeInt32LE(1, 20)
  return Buffer.concat([header, body])
}

/** The DNA1 block: names, types, their lengths, and which struct has which fields. */
function dna(): Buffer {
  const names = [...new Set(structs.flatMap(([, fields]) => fields.map(([, name]) => name)))]
  const types = [...Object.keys(plainTypes), ...structs.map(([name]) => name)]
  const uint16 = (values: readonly number[]) => {
    const bytes = Buffer.alloc(values.length * 2)
    for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, i * 2)
    return bytes
  }
  const texts = (word: string, list: readonly string[]) =>
    padded(
      Buffer.concat([
        Buffer.from(word),
        int32(list.length),
        Buffer.from(list.map((of) => `${of}\0`).join('')),
      ]),
    )
  const layouts = structs.map(([name, fields]) => [
    types.indexOf(name),
    fields.length,
    ...fields.flatMap(([type, field]) => [types.indexOf(type), names.indexOf(field)]),
  ])
  return Buffer.concat([
    Buffer.from('SDNA'),
    texts('NAME', names),
    texts('TYPE', types),
    padded(Buffer.concat([Buffer.from('TLEN'), uint16(types.map(lengthOf))])),
    Buffer.from('STRC'),
    int32(structs.length),
    uint16(layouts.flat()),
  ])
}

function lengthOf(type: string): number {
  const plain = plainTypes[type as keyof typeof plainTypes]
  if (plain !== undefined) return plain
  const fields = structs.find(([name]) => name === type)?.[1] ?? []
  return fields.reduce((sum, [of, name]) => {
    const elements = Number(/\[(\d+)\]/.exec(name)?.[1] ?? 1)
    return sum + (name.startsWith('*') ? 8 : lengthOf(of)) * elements
  }, 0)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
