import { InputError, isSluiceError } from '../errors.ts'
import {
  loadSharp,
  type Metadata,
  type Patience,
  type Sharp,
  type SharpOptions,
  undecodable,
  withPatience,
} from './image-engine.ts'
import type { ImageFormat } from './image-format.ts'
import { defaultImageLimits, type ImageLimits } from './image-limits.ts'
import { MemoryBudget } from './image-memory.ts'
import { imageMode } from './image-mode.ts'
import { type ImageSource, type OpenedImage, openImage } from './image-source.ts'
import { placeThumbnail, type ThumbnailSize } from './thumbnail-size.ts'

export type { ImageFormat, ImageLimits, ImageSource, ThumbnailSize }
export { defaultImageLimits }

/** What an image's header tells. */
export interface ImageInfo {
  readonly format: ImageFormat
  /** In pixels, as it is shown: after EXIF orientation. */
  readonly width: number
  readonly height: number
  /** In Pillow's words; see `imageMode`. */
  readonly mode: string
  /** Pages of a TIFF, frames of an animation; 1 of all others. */
  readonly pages: number
  /** EXIF's, from 1 to 8; 1 where none is set. */
  readonly orientation: number
}

export type ThumbnailFormat = 'jpeg' | 'png' | 'webp' | 'avif'

export interface ThumbnailOptions {
  readonly size: ThumbnailSize
  /** JPEG unless given. */
  readonly format?: ThumbnailFormat | undefined
  /** From 1 to 100, of the formats that lose something; 80 unless given (of AVIF, 50). */
  readonly quality?: number | undefined
  /** What shows through where JPEG cannot be transparent; that of the letterbox, else white, unless given. */
  readonly background?: string | undefined
  readonly limits?: Partial<ImageLimits> | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Thumbnail {
  readonly bytes: Uint8Array
  /** In pixels. */
  readonly width: number
  readonly height: number
  readonly contentType: string
  /** What it was made of. */
  readonly source: ImageInfo
}

/** What all images that are decoded at one time may hold together. */
const memory = new MemoryBudget(512 * 2 ** 20)

/**
 * What an image's header says, by its content and not by its name; its pixels are not decoded, so that one that is cut
 * off may still be read. @throws InputError with the reason for what is no image, is damaged, or is beyond a limit;
 * AbortedError, or what the signal was aborted for
 */
export async function readImage(
  source: ImageSource,
  limits: Partial<ImageLimits> & { readonly signal?: AbortSignal | undefined } = {},
): Promise<ImageInfo> {
  const { signal, ...changed } = limits
  return (await inspect(source, { ...defaultImageLimits, ...changed }, signal)).info
}

/**
 * Makes an image smaller: its first page, turned as EXIF says, in sRGB, and without any metadata (camera, place, time,
 * comments, colour profile). The same input and options give the same bytes. @throws as `readImage`, and InputError
 * for pixels that cannot be decoded to the last
 */
export async function makeThumbnail(source: ImageSource, options: ThumbnailOptions): Promise<Thumbnail> {
  const { format = 'jpeg', signal } = options
  const limits = { ...defaultImageLimits, ...options.limits }
  const { opened, metadata, info } = await inspect(source, limits, signal)
  const place = placeThumbnail(info, options.size)
  // Drawn at the size that is wanted: a vector image is neither enlarged from pixels nor drawn larger than needed.
  const density = info.format === 'svg' ? clamp(72 * (place.width / info.width), 1, 100_000) : undefined
  const sharp = await loadSharp()
  const decoder = sharp(opened.input, {
    ...safely(limits),
    autoOrient: true,
    page: metadata.pagePrimary ?? 0,
    ...(density !== undefined && { density }),
  })
  const scaled = decoder
    .timeout({ seconds: limits.seconds })
    .resize(place.width, place.height, { fit: 'fill' })
  const background = options.background ?? place.background ?? 'white'
  const opaque = format === 'jpeg' ? scaled.flatten({ background }) : scaled
  const placed = place.margins
    ? opaque.extend({ ...place.margins, background: place.background ?? 'black' })
    : opaque
  const encoder = encodeAs(placed.toColourspace('srgb'), format, options.quality)
  const { data, info: made } = await decoding(info.format, { signal, seconds: limits.seconds }, (begin) =>
    memory.hold(decodedBytes(info.format, metadata), () => {
      begin()
      return encoder.toBuffer({ resolveWithObject: true })
    }),
  )
  return { bytes: data, width: made.width, height: made.height, contentType: `image/${format}`, source: info }
}

interface Inspected {
  readonly opened: OpenedImage
  readonly metadata: Metadata
  readonly info: ImageInfo
}

async function inspect(
  source: ImageSource,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<Inspected> {
  signal?.throwIfAborted()
  const opened = await openImage(source, limits)
  const metadata = await readHeader(opened, limits, signal)
  const { width, height } = metadata.autoOrient
  const info: ImageInfo = {
    format: opened.format,
    width,
    height,
    mode: imageMode(metadata),
    pages: metadata.pages ?? 1,
    orientation: metadata.orientation ?? 1,
  }
  checkLimits(info, metadata, limits)
  await checkEmbedded(opened, limits, signal)
  return { opened, metadata, info }
}

/** The pictures in an SVG: each an image like others, and all of them together no more than one may be. */
async function checkEmbedded(
  { embedded }: OpenedImage,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<void> {
  let pixels = 0
  for (const [index, { bytes }] of embedded.entries()) {
    try {
      const { info } = await inspect(bytes, limits, signal)
      pixels += info.width * info.height
    } catch (cause) {
      if (!isSluiceError(cause, 'input')) throw cause
      throw new InputError(`picture ${index + 1} of those in the SVG: ${cause.message}`, { cause })
    }
    if (pixels > limits.pixels) {
      throw new InputError(
        `the pictures in the SVG have more than ${limits.pixels} pixels together, which is the most`,
      )
    }
  }
}

async function readHeader(
  { format, input }: OpenedImage,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
) {
  const sharp = await loadSharp()
  const metadata = await decoding(format, { signal, seconds: limits.seconds }, (begin) => {
    begin()
    // Too many pixels are told with their number, by `checkLimits`.
    return sharp(input, { ...safely(limits), limitInputPixels: false }).metadata()
  })
  const found = metadata.format === 'heif' ? 'avif' : metadata.format
  if (found !== format) throw new InputError(`is no image: begins as ${format}, and is decoded as ${found}`)
  return metadata
}

function checkLimits(info: ImageInfo, metadata: Metadata, limits: ImageLimits): void {
  const { width, height, pages, format } = info
  if (width * height > limits.pixels) {
    throw new InputError(
      `the image has ${width} x ${height} pixels: at most ${limits.pixels} are allowed in all`,
    )
  }
  if (pages > limits.pages) {
    throw new InputError(`the image has ${pages} pages: at most ${limits.pages} are allowed`)
  }
  const held = decodedBytes(format, metadata)
  if (held > limits.decodedBytes) {
    throw new InputError(
      `decoding the image takes ${held} bytes at once (${width} x ${height} pixels${metadata.isProgressive ? ', progressive' : ''}): at most ${limits.decodedBytes} are allowed`,
    )
  }
}

const sampleBytes: Readonly<Record<string, number>> = {
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  double: 8,
}

/**
 * What libvips holds at once of an image: a few rows of what comes row by row; all of it where the format, or turning
 * it, needs that; a progressive JPEG as coefficients of two bytes.
 */
function decodedBytes(format: ImageFormat, metadata: Metadata): number {
  const { width, height, channels, isProgressive, orientation = 1 } = metadata
  const pixels = width * height
  const whole = pixels * channels * (sampleBytes[metadata.depth] ?? 1)
  if (format === 'jpeg' && isProgressive) return whole * 2
  const isByRows = format === 'jpeg' || format === 'tiff' || (format === 'png' && !isProgressive)
  if (isByRows) return orientation > 1 ? whole : Math.ceil(whole / 16)
  return Math.max(whole, pixels * 4)
}

/** Sees to it that what libvips throws becomes an InputError. */
function decoding<T>(
  format: ImageFormat,
  patience: Patience,
  work: (begin: () => void) => Promise<T>,
): Promise<T> {
  return withPatience(patience, (begin) =>
    work(begin).catch((cause: unknown) => {
      throw undecodable(format, cause)
    }),
  )
}

function safely({ pixels }: ImageLimits): SharpOptions {
  return { failOn: 'error', limitInputPixels: pixels, pages: 1 }
}

function encodeAs(image: Sharp, format: ThumbnailFormat, quality: number | undefined): Sharp {
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality: quality ?? 80 })
    case 'png':
      return image.png()
    case 'webp':
      return image.webp({ quality: quality ?? 80 })
    case 'avif':
      return image.avif({ quality: quality ?? 50 })
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
