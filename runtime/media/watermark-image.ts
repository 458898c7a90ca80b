import { open } from 'node:fs/promises'
import { fileUrl } from './ffmpeg-arguments.ts'
import { ProgramError } from './program-error.ts'
import { runProgram } from './run-program.ts'
import type { PictureSize } from './watermark-filter.ts'

/** An image that ffmpeg may lay over a video. */
export interface WatermarkImage extends PictureSize {
  readonly path: string
  /** What ffmpeg is told that it is, so that it looks for nothing else in it. */
  readonly demuxer: 'png_pipe' | 'jpeg_pipe' | 'webp_pipe'
}

/** Why a file cannot be a watermark, in words that follow its name. */
export class WatermarkImageError extends Error {
  override readonly name = 'WatermarkImageError'
}

interface ImageOptions {
  readonly signal?: AbortSignal | undefined
  readonly searchPath?: string | undefined
}

const timeoutMs = 30_000
const maxEdge = 8192

/**
 * Reads the size of a PNG, JPEG or WebP image, which it is by its content, whatever its name.
 * @throws WatermarkImageError when it is none; ProgramError when ffprobe is missing; TimeoutError; AbortedError
 */
export async function readWatermarkImage(path: string, options: ImageOptions = {}): Promise<WatermarkImage> {
  const demuxer = demuxerOf(await firstBytes(path))
  if (!demuxer) throw new WatermarkImageError('is no PNG, JPEG or WebP image')
  const args = [
    ['-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file', '-f', demuxer],
    ['-print_format', 'json', '-show_entries', 'stream=width,height', fileUrl(path)],
  ].flat()
  const found = await runProgram('ffprobe', args, { ...options, timeoutMs }).catch((cause: unknown) => {
    if (cause instanceof ProgramError && cause.failure.kind === 'exit') throw notDecoded(cause)
    throw cause
  })
  const { streams } = JSON.parse(found.stdout.toString('utf8')) as { streams?: Partial<PictureSize>[] }
  const { width = 0, height = 0 } = streams?.[0] ?? {}
  if (width < 1 || height < 1) throw notDecoded(undefined)
  if (width > maxEdge || height > maxEdge) {
    throw new WatermarkImageError(`is ${width} x ${height} pixels large; allowed are ${maxEdge} x ${maxEdge}`)
  }
  return { path, demuxer, width, height }
}

const notDecoded = (cause: unknown) =>
  new WatermarkImageError('is an image that cannot be decoded', { cause })

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
      throw new WatermarkImageError('is no file of this project', { cause })
    }
    throw cause
  })
  try {
    if (!(await file.stat()).isFile()) throw new WatermarkImageError('is no file')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function demuxerOf(start: Buffer): WatermarkImage['demuxer'] | undefined {
  const text = start.toString('latin1')
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png_pipe'
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg_pipe'
  return text.startsWith('RIFF') && text.startsWith('WEBP', 8) ? 'webp_pipe' : undefined
}
