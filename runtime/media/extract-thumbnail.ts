import type { InputFile } from '../contracts.ts'
import { readBlendPreview } from './blend.ts'
import { drawBmp } from './bmp.ts'
import { withBoundedFile } from './bounded-file.ts'
import { type ExtractOptions, withinLimits } from './bounded-work.ts'
import type { FileType } from './classify.ts'
import { type ImageSource, makeThumbnail } from './image.ts'
import { loadSharp } from './image-engine.ts'
import { kraPreview } from './kra.ts'
import type { MediaLimits } from './media-limits.ts'
import type { Extracted } from './metadata.ts'
import { openDocumentThumbnail } from './open-document.ts'
import { isProgramMissing } from './program-error.ts'
import { psdPreview } from './psd.ts'
import { videoFrame } from './video-frame.ts'

const side = 512
const quality = 85

/**
 * A JPEG of 512 x 512 of what an image, the middle of a video or a .blend shows, letterboxed on black; `undefined` for
 * what has no picture in it or none that is read (EXR, packed bitmaps), and for videos where ffmpeg is not installed.
 * @throws InputError when there is a picture that is damaged or beyond a limit; AbortedError
 */
export async function extractThumbnail(
  file: InputFile,
  type: FileType,
  metadata: Extracted,
  options: ExtractOptions,
): Promise<Uint8Array | undefined> {
  if (type !== 'image' && type !== 'video' && type !== 'blend') return undefined
  return withinLimits(file, options, async (local, signal) => {
    const picture = await pictureOf(local, metadata, options, signal)
    return picture === undefined ? undefined : thumbnail(picture, options.limits, signal)
  })
}

/** Anything that libvips reads. */
async function pictureOf(
  file: InputFile,
  metadata: Extracted,
  options: ExtractOptions,
  signal: AbortSignal,
): Promise<ImageSource | undefined> {
  if (metadata.type === 'blend') return raw(await readBlendPreview(file, options.limits, signal), 4)
  if (metadata.type === 'video') return middleFrame(file, metadata.duration, options, signal)
  switch (metadata.extension) {
    case 'psd':
      return withBoundedFile(file, signal, psdPreview)
    case 'bmp':
      return raw(await withBoundedFile(file, signal, drawBmp), 3)
    case 'kra':
      return kraPreview(file, options.limits, signal)
    case 'odg':
      return openDocumentThumbnail(file, options.limits, signal)
    case 'exr':
      return undefined
    default:
      return file.localPath()
  }
}

async function middleFrame(
  file: InputFile,
  duration: number | undefined,
  { limits, searchPath }: ExtractOptions,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (duration === undefined) return undefined
  try {
    return await videoFrame(await file.localPath(), duration / 2, {
      name: file.name,
      signal,
      searchPath,
      timeoutMs: limits.secondsPerFile * 1000,
      limits: { maxPixels: limits.pixels, maxDurationSeconds: limits.durationSeconds },
    })
  } catch (error) {
    if (isProgramMissing(error)) return undefined
    throw error
  }
}

interface Pixels {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

/** Pixels as an image without loss. */
async function raw(picture: Pixels | undefined, channels: 3 | 4): Promise<Uint8Array | undefined> {
  if (!picture) return undefined
  const { width, height, pixels } = picture
  const sharp = await loadSharp()
  return sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 1 }).toBuffer()
}

async function thumbnail(source: ImageSource, limits: MediaLimits, signal: AbortSignal): Promise<Uint8Array> {
  const { pixels, decodedBytes, secondsPerFile: seconds } = limits
  const { bytes } = await makeThumbnail(source, {
    size: { letterbox: [side, side], background: 'black', enlarge: true },
    quality,
    background: 'black',
    limits: { pixels, decodedBytes, seconds },
    signal,
  })
  return bytes
}
