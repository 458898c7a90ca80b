import { open } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { InputError } from '../errors.ts'
import { type ImageFormat, imageFormats, sniffedBytes, sniffImage } from './image-format.ts'
import type { ImageLimits } from './image-limits.ts'
import { checkSvg } from './svg.ts'
import type { EmbeddedImage } from './svg-references.ts'

/** A path, or the content itself. */
export type ImageSource = string | Uint8Array

/** What may be given to libvips: content that begins as its format does, and an SVG only once it was read. */
export interface OpenedImage {
  readonly format: ImageFormat
  readonly input: ImageSource
  /** Those that stand in an SVG. */
  readonly embedded: readonly EmbeddedImage[]
}

const maxSvgBytes = 32 * 2 ** 20

/** @throws InputError for content that is none of the formats, or more than it may be, or an SVG that is refused */
export async function openImage(source: ImageSource, limits: ImageLimits): Promise<OpenedImage> {
  const { size, head, whole } = typeof source === 'string' ? await readHead(source) : headOf(source)
  if (size === 0) throw new InputError('the file is empty: expected an image')
  if (size > limits.bytes)
    throw new InputError(`the image has ${size} bytes: at most ${limits.bytes} are allowed`)
  const sniffed = sniffImage(head)
  if (sniffed.format === undefined) throw notAnImage(sniffed.found)
  if (sniffed.format !== 'svg') return { format: sniffed.format, input: source, embedded: [] }
  if (size > maxSvgBytes) throw tooLongSvg(size)
  const { bytes, images } = checkSvg(sniffed.isGzipped ? unzip(await whole()) : await whole())
  return { format: 'svg', input: bytes, embedded: images }
}

interface Head {
  readonly size: number
  readonly head: Uint8Array
  readonly whole: () => Promise<Uint8Array>
}

function headOf(content: Uint8Array): Head {
  return { size: content.length, head: content.subarray(0, sniffedBytes), whole: async () => content }
}

async function readHead(path: string): Promise<Head> {
  const file = await open(path)
  try {
    const info = await file.stat()
    if (!info.isFile()) throw new InputError('is no file: expected an image')
    const head = Buffer.alloc(Math.min(info.size, sniffedBytes))
    await file.read(head, 0, head.length, 0)
    return { size: info.size, head, whole: () => readWhole(path) }
  } finally {
    await file.close()
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** What a `.svgz` holds; content that is gzipped and no SVG is no image. */
function unzip(content: Uint8Array): Uint8Array {
  try {
    return gunzipSync(content, { maxOutputLength: maxSvgBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLongSvg(undefined, cause)
    throw notAnImage('gzipped content that is damaged', cause)
  }
}

function tooLongSvg(size: number | undefined, cause?: unknown): InputError {
  const found = size === undefined ? 'more' : `${size} bytes`
  return new InputError(`the SVG has ${found}: at most ${maxSvgBytes} bytes are allowed`, { cause })
}

function notAnImage(found: string, cause?: unknown): InputError {
  const allowed = imageFormats.map((format) => format.toUpperCase()).join(', ')
  return new InputError(`is no image: found ${found}; expected ${allowed}`, { cause })
}
