import type { InputFile } from '../contracts.ts'
import { type BlendBlock, blendBlocks, pointerAt, readBlendHeader } from './blend-blocks.ts'
import { type BlendBytes, type BlendPacking, blendPacking, openBlendBytes } from './blend-bytes.ts'
import { type BlendDna, blendDna } from './blend-dna.ts'
import { type BlendHeader, blenderVersion } from './blend-header.ts'
import { type BoundedFile, oneLine, withBoundedFile } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/** What a .blend file tells without Blender. */
export interface BlendInfo {
  readonly blenderVersion: string
  /** Of the scene that was open when the file was saved, as are all that follow. */
  readonly numFrames: number | undefined
  readonly fps: number | undefined
  readonly renderEngine: string | undefined
  /** The scene's own size, as `scene.render.resolution_x` gives it: not scaled by the percentage of the render. */
  readonly resolutionX: number | undefined
  readonly resolutionY: number | undefined
  readonly totalObjects: number
  readonly meshes: number
  readonly cameras: number
  readonly lights: number
}

/** The picture that Blender put into the file when it was saved. */
export interface BlendPreview {
  readonly width: number
  readonly height: number
  /** RGBA, row by row from the top. */
  readonly pixels: Uint8Array
}

/** Values of `Object.type` (DNA_object_types.h), which have been the same in every version. */
const objectTypes = { mesh: 1, light: 10, camera: 11 }
/** Of `RenderData.renderer`, which versions before 2.5 have in the place of `engine`. */
const oldEngines = ['BLENDER_RENDER', 'YAFRAY']
/** Blender's own are 128 or 256 pixels a side. */
const maxPreviewSide = 1024
const maxDnaBytes = 16 * 2 ** 20
/** Beyond the fields that are read of any struct, in every version. */
const structBytes = 64 * 1024

/**
 * Reads headers and the few structs that matter, of plain, gzip and zstd files of Blender 2 to 5. Goes through the
 * file twice, as the description of its structs stands at its end. @throws InputError
 */
export function readBlend(file: InputFile, limits: MediaLimits, signal: AbortSignal): Promise<BlendInfo> {
  return withBoundedFile(file, signal, async (bounded) => {
    const blend = await openBlend(file, bounded, limits)
    const dna = await readDna(blend)
    return scan(blend, dna)
  })
}

/** `undefined` where the file was saved without one. @throws InputError */
export function readBlendPreview(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<BlendPreview | undefined> {
  return withBoundedFile(file, signal, async (bounded) => {
    const blend = await openBlend(file, bounded, limits)
    for await (const block of blend.blocks()) {
      if (block.code === 'TEST') return preview(blend, await block.read())
      // The preview stands before all that the scene is made of.
      if (block.code === 'GLOB' || block.code === 'DNA1') return undefined
    }
    return undefined
  })
}

interface OpenBlend {
  readonly file: BoundedFile
  readonly header: BlendHeader
  blocks(): AsyncGenerator<BlendBlock>
}

async function openBlend(file: InputFile, bounded: BoundedFile, limits: MediaLimits): Promise<OpenBlend> {
  if (bounded.size === 0) throw bounded.problem('is empty')
  const start = await bounded.read(0, Math.min(4, bounded.size), 'its header')
  const packing: BlendPacking = blendPacking(start)
  const open = () => openBlendBytes(file, bounded, packing, limits)
  const bytes = open()
  const header = await closing(bytes, () => readBlendHeader(bounded, bytes))
  return {
    file: bounded,
    header,
    async *blocks() {
      const content = open()
      try {
        yield* blendBlocks(bounded, content, header)
      } finally {
        await content.close()
      }
    },
  }
}

async function closing<T>(bytes: BlendBytes, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await bytes.close()
  }
}

async function readDna(blend: OpenBlend): Promise<BlendDna> {
  const { file, header } = blend
  let dna: BlendDna | undefined
  for await (const block of blend.blocks()) {
    if (block.code !== 'DNA1') continue
    if (block.length > maxDnaBytes) throw file.problem(`describes its structs in ${block.length} bytes`)
    const bytes = await block.read()
    try {
      dna = blendDna(bytes, header.isLittleEndian, header.pointerSize)
    } catch (cause) {
      throw file.problem(`has a damaged DNA1 block: ${(cause as Error).message}`, cause)
    }
  }
  if (!dna) throw file.problem('has no DNA1 block, without which its structs cannot be read')
  return dna
}

type SceneInfo = Pick<BlendInfo, 'numFrames' | 'fps' | 'renderEngine' | 'resolutionX' | 'resolutionY'>

const noScene: SceneInfo = {
  numFrames: undefined,
  fps: undefined,
  renderEngine: undefined,
  resolutionX: undefined,
  resolutionY: undefined,
}

async function scan(blend: OpenBlend, dna: BlendDna): Promise<BlendInfo> {
  const { file, header } = blend
  const counts = { totalObjects: 0, meshes: 0, cameras: 0, lights: 0 }
  let openScene: bigint | undefined
  let first: SceneInfo | undefined
  let current: SceneInfo | undefined
  for await (const block of blend.blocks()) {
    if (!['OB', 'SC', 'GLOB'].includes(block.code)) continue
    const struct = dna.structName(block.struct)
    if (struct === undefined) throw file.problem(`has a block ${block.code} of no known struct`)
    const fields = new StructReader(await block.read(structBytes), struct, dna, header)
    if (block.code === 'GLOB') openScene = fields.pointer('curscene')
    else if (block.code === 'OB') {
      const type = fields.number('type')
      counts.totalObjects++
      if (type === objectTypes.mesh) counts.meshes++
      else if (type === objectTypes.camera) counts.cameras++
      else if (type === objectTypes.light) counts.lights++
    } else {
      const scene = sceneInfo(fields)
      first ??= scene
      if (block.address === openScene) current = scene
    }
  }
  return { blenderVersion: blenderVersion(header.version), ...(current ?? first ?? noScene), ...counts }
}

function sceneInfo(scene: StructReader): SceneInfo {
  const render = scene.within('r')
  if (!render) return noScene
  const [start, end] = [render.number('sfra'), render.number('efra')]
  const [rate, base] = [render.number('frs_sec'), single(render.number('frs_sec_base') ?? 1)]
  return {
    numFrames: start === undefined || end === undefined || end < start ? undefined : end - start + 1,
    fps: rate === undefined || !(rate > 0 && base > 0) ? undefined : rate / base,
    renderEngine: render.text('engine') || oldEngines[render.number('renderer') ?? -1],
    resolutionX: positive(render.number('xsch')),
    resolutionY: positive(render.number('ysch')),
  }
}

/** A 32-bit float as people wrote it: 1.001 and not 1.00100004673. */
function single(value: number): number {
  return Number(value.toPrecision(7))
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined
}

const numberBytes: Readonly<Record<string, number>> = { char: 1, short: 2, int: 4, float: 4 }

/** Fields of one struct by name; `undefined` where this version's struct, or a cut block, does not have them. */
class StructReader {
  readonly #bytes: Buffer
  readonly #struct: string
  readonly #dna: BlendDna
  readonly #header: BlendHeader

  constructor(bytes: Buffer, struct: string, dna: BlendDna, header: BlendHeader) {
    this.#bytes = bytes
    this.#struct = struct
    this.#dna = dna
    this.#header = header
  }

  number(name: string): number | undefined {
    const field = this.#field(name)
    if (!field || field.isPointer) return undefined
    const bytes = this.#bytes.subarray(field.offset, field.offset + field.size)
    const isLittle = this.#header.isLittleEndian
    if (bytes.length < (numberBytes[field.type] ?? Number.POSITIVE_INFINITY)) return undefined
    if (field.type === 'short') return isLittle ? bytes.readInt16LE() : bytes.readInt16BE()
    if (field.type === 'int') return isLittle ? bytes.readInt32LE() : bytes.readInt32BE()
    if (field.type === 'float') return isLittle ? bytes.readFloatLE() : bytes.readFloatBE()
    return bytes.readInt8()
  }

  /** Up to its zero byte. */
  text(name: string): string | undefined {
    const field = this.#field(name)
    if (!field || field.isPointer || field.type !== 'char') return undefined
    const bytes = this.#bytes.subarray(field.offset, field.offset + field.size)
    const end = bytes.indexOf(0)
    return oneLine(bytes.toString('utf8', 0, end < 0 ? bytes.length : end), 100)
  }

  pointer(name: string): bigint | undefined {
    const field = this.#field(name)
    return field?.isPointer ? pointerAt(this.#bytes, field.offset, this.#header) : undefined
  }

  /** A struct that is a field of this one. */
  within(name: string): StructReader | undefined {
    const field = this.#field(name)
    if (!field || field.isPointer) return undefined
    const bytes = this.#bytes.subarray(field.offset, field.offset + field.size)
    return new StructReader(bytes, field.type, this.#dna, this.#header)
  }

  #field(name: string) {
    const field = this.#dna.field(this.#struct, name)
    return field && field.size > 0 && field.offset + field.size <= this.#bytes.length ? field : undefined
  }
}

function preview({ file, header }: OpenBlend, bytes: Buffer): BlendPreview {
  if (bytes.length < 8) throw file.problem(`has a preview of ${bytes.length} bytes`)
  const int32 = (at: number) => (header.isLittleEndian ? bytes.readInt32LE(at) : bytes.readInt32BE(at))
  const [width, height] = [int32(0), int32(4)]
  const isSound = [width, height].every((side) => side > 0 && side <= maxPreviewSide)
  if (!isSound || bytes.length < 8 + width * height * 4) {
    throw file.problem(`has a preview of ${width} x ${height} pixels in ${bytes.length} bytes`)
  }
  const stride = width * 4
  const pixels = new Uint8Array(stride * height)
  for (let row = 0; row < height; row++) {
    const from = 8 + (height - 1 - row) * stride
    pixels.set(bytes.subarray(from, from + stride), row * stride)
  }
  return { width, height, pixels }
}
