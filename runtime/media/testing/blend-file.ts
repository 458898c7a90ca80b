import { gzipSync } from 'node:zlib'

/** A .blend file that says what a test wants, with a DNA of the structs that are read and the fields before them. */
export interface BlendFileSpec {
  /** As Blender counts: 249, 280, 402, 500. */
  readonly version: number
  readonly pointerSize?: 4 | 8
  readonly isLittleEndian?: boolean
  /** Blender 5: the long header, and blocks with 64-bit lengths. */
  readonly hasLargeBlocks?: boolean
  readonly scenes?: readonly SceneSpec[]
  /** Which of them was open; the first unless given. */
  readonly openScene?: number
  /** `Object.type` of each. */
  readonly objects?: readonly number[]
  readonly preview?: { readonly width: number; readonly height: number; readonly pixels: Uint8Array }
  /** Blocks as they are, before the DNA. */
  readonly extraBlocks?: readonly Block[]
  /** In the place of the description of the structs. */
  readonly dna?: Buffer | 'none'
  readonly hasEnd?: boolean
}

export interface SceneSpec {
  readonly start: number
  readonly end: number
  readonly rate: number
  readonly base: number
  readonly width: number
  readonly height: number
  readonly percentage?: number
  /** Text since 2.5; before, the number of one. */
  readonly engine: string | number
}

export interface Block {
  readonly code: string
  readonly data: Buffer
  readonly struct?: number
  readonly address?: bigint
  /** Where the header lies. */
  readonly length?: bigint
}

/** Fields by struct, as `type name`; sizes of pointers are the file's. */
function structsOf({ scenes = [], version }: BlendFileSpec): Record<string, string[]> {
  const hasEngineText = typeof scenes[0]?.engine !== 'number'
  // Old files counted frames and pixels in shorts.
  const whole = version < 250 ? 'short' : 'int'
  return {
    ID: ['void *next', 'void *prev', 'char name[24]', 'short us', 'short flag', 'int icon_id'],
    RenderData: [
      `${whole} cfra`,
      `${whole} sfra`,
      `${whole} efra`,
      ...(whole === 'short' ? ['short pad'] : []),
      'short frs_sec',
      'short size',
      'float frs_sec_base',
      `${whole} xsch`,
      `${whole} ysch`,
      'float mat[4][4]',
      ...(hasEngineText ? ['char engine[32]'] : ['short renderer', 'short pad2']),
    ],
    Scene: ['ID id', 'void *camera', 'void (*callback)()', 'RenderData r', 'int layers'],
    Object: ['ID id', 'void *adt', 'short type', 'short partype', 'int par1', 'float loc[3]'],
    FileGlobal: [
      'char subvstr[4]',
      'short subversion',
      'short pads',
      'int globalf',
      'int pad',
      'Scene *curscene',
    ],
  }
}

const basicSizes: Readonly<Record<string, number>> = { void: 0, char: 1, short: 2, int: 4, float: 4 }

interface Field {
  readonly type: string
  readonly name: string
  readonly offset: number
  readonly size: number
}

/** The bytes of the file, plain. */
export function blendFile(spec: BlendFileSpec): Buffer {
  const writer = new Writer(spec)
  const { scenes = [], objects = [], openScene = 0, preview } = spec
  const addressOf = (index: number) => BigInt(0x1000 + index * 0x10)
  const blocks: Block[] = [{ code: 'REND', data: Buffer.alloc(72) }]
  if (preview) blocks.push({ code: 'TEST', data: writer.preview(preview) })
  if (scenes.length > 0) {
    const curscene = addressOf(openScene)
    blocks.push(writer.struct('GLOB', 'FileGlobal', { curscene }))
  }
  for (const [index, scene] of scenes.entries()) {
    const { start, end, rate, base, width, height, percentage = 100, engine } = scene
    const r = writer.bytes('RenderData', {
      cfra: start,
      sfra: start,
      efra: end,
      frs_sec: rate,
      frs_sec_base: base,
      xsch: width,
      ysch: height,
      size: percentage,
      ...(typeof engine === 'string' ? { engine } : { renderer: engine }),
    })
    blocks.push({ ...writer.struct('SC', 'Scene', { r }), address: addressOf(index) })
  }
  for (const type of objects) blocks.push(writer.struct('OB', 'Object', { type }))
  blocks.push(...(spec.extraBlocks ?? []))
  if (spec.dna !== 'none') blocks.push({ code: 'DNA1', data: spec.dna ?? writer.dna() })
  if (spec.hasEnd !== false) blocks.push({ code: 'ENDB', data: Buffer.alloc(0) })
  return Buffer.concat([writer.header(), ...blocks.map((block) => writer.block(block))])
}

/** Packed as Blender did before 3.0. */
export function gzippedBlend(spec: BlendFileSpec): Buffer {
  return gzipSync(blendFile(spec))
}

class Writer {
  readonly #spec: BlendFileSpec
  readonly #isLittle: boolean
  readonly #pointerSize: number
  readonly #structs: Record<string, string[]>

  constructor(spec: BlendFileSpec) {
    this.#spec = spec
    this.#isLittle = spec.isLittleEndian ?? true
    this.#pointerSize = spec.pointerSize ?? 8
    this.#structs = structsOf(spec)
  }

  header(): Buffer {
    const { version, hasLargeBlocks } = this.#spec
    if (hasLargeBlocks) return Buffer.from(`BLENDER17-01v${String(version).padStart(4, '0')}`)
    return Buffer.from(`BLENDER${this.#pointerSize === 8 ? '-' : '_'}${this.#isLittle ? 'v' : 'V'}${version}`)
  }

  block({ code, data, struct = 0, address = 1n, length = BigInt(data.length) }: Block): Buffer {
    const text = Buffer.alloc(4)
    text.write(code, !this.#isLittle && code.length === 2 ? 2 : 0, 'latin1')
    const parts = this.#spec.hasLargeBlocks
      ? [text, this.#int(struct), this.#pointer(address), this.#long(length), this.#long(1n)]
      : [
          text,
          this.#int(Number(BigInt.asIntN(32, length))),
          this.#pointer(address),
          this.#int(struct),
          this.#int(1),
        ]
    return Buffer.concat([...parts, data])
  }

  struct(code: string, name: string, values: Record<string, number | string | bigint | Buffer>): Block {
    return { code, struct: Object.keys(this.#structs).indexOf(name), data: this.bytes(name, values) }
  }

  bytes(struct: string, values: Record<string, number | string | bigint | Buffer>): Buffer {
    const bytes = Buffer.alloc(this.#sizeOf(struct))
    for (const { name, type, offset } of this.#fields(struct)) {
      const value = values[name.replace(/^\*|\[.*$/g, '')]
      if (value === undefined) continue
      if (typeof value === 'bigint') this.#pointer(value).copy(bytes, offset)
      else if (typeof value === 'string') bytes.write(value, offset, 'utf8')
      else if (typeof value === 'object') value.copy(bytes, offset)
      else this.#number(type, value).copy(bytes, offset)
    }
    return bytes
  }

  preview({ width, height, pixels }: NonNullable<BlendFileSpec['preview']>): Buffer {
    return Buffer.concat([this.#int(width), this.#int(height), pixels])
  }

  dna(): Buffer {
    const names = [
      ...new Set(Object.keys(this.#structs).flatMap((s) => this.#fields(s).map(({ name }) => name))),
    ]
    const types = [...Object.keys(basicSizes), ...Object.keys(this.#structs)]
    const parts: Buffer[] = [Buffer.from('SDNA')]
    const texts = (word: string, list: readonly string[]) => {
      parts.push(Buffer.from(word), this.#int(list.length), Buffer.from(`${list.join('\0')}\0`, 'latin1'))
      const length = Buffer.concat(parts).length
      parts.push(Buffer.alloc((4 - (length % 4)) % 4))
    }
    texts('NAME', names)
    texts('TYPE', types)
    parts.push(Buffer.from('TLEN'), ...types.map((type) => this.#short(this.#sizeOf(type))))
    if (types.length % 2) parts.push(Buffer.alloc(2))
    parts.push(Buffer.from('STRC'), this.#int(Object.keys(this.#structs).length))
    for (const struct of Object.keys(this.#structs)) {
      const fields = this.#fields(struct)
      parts.push(this.#short(types.indexOf(struct)), this.#short(fields.length))
      for (const { type, name } of fields)
        parts.push(this.#short(types.indexOf(type)), this.#short(names.indexOf(name)))
    }
    return Buffer.concat(parts)
  }

  #fields(struct: string): Field[] {
    let offset = 0
    return (this.#structs[struct] ?? []).map((text) => {
      const [, type = '', name = ''] = /^(\w+) (.*)$/.exec(text) ?? []
      const elements = [...name.matchAll(/\[(\d+)\]/g)].reduce((product, [, n]) => product * Number(n), 1)
      const size = (/^[*(]/.test(name) ? this.#pointerSize : this.#sizeOf(type)) * elements
      const field = { type, name, offset, size }
      offset += size
      return field
    })
  }

  #sizeOf(type: string): number {
    return basicSizes[type] ?? this.#fields(type).reduce((sum, { size }) => sum + size, 0)
  }

  #number(type: string, value: number): Buffer {
    if (type === 'short') return this.#short(value)
    if (type === 'int') return this.#int(value)
    const bytes = Buffer.alloc(4)
    if (this.#isLittle) bytes.writeFloatLE(value)
    else bytes.writeFloatBE(value)
    return bytes
  }

  #short(value: number): Buffer {
    const bytes = Buffer.alloc(2)
    if (this.#isLittle) bytes.writeInt16LE(value)
    else bytes.writeInt16BE(value)
    return bytes
  }

  #int(value: number): Buffer {
    const bytes = Buffer.alloc(4)
    if (this.#isLittle) bytes.writeInt32LE(value)
    else bytes.writeInt32BE(value)
    return bytes
  }

  #long(value: bigint): Buffer {
    const bytes = Buffer.alloc(8)
    if (this.#isLittle) bytes.writeBigInt64LE(value)
    else bytes.writeBigInt64BE(value)
    return bytes
  }

  #pointer(value: bigint): Buffer {
    return this.#pointerSize === 8 ? this.#long(value) : this.#int(Number(value))
  }
}
