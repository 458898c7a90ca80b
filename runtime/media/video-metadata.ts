import { stat } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { isProgramMissing } from './program-error.ts'
import { readContainer } from './video-container.ts'
import { checkVideoLimits, type VideoOptions } from './video-limits.ts'
import { probeVideo } from './video-probe.ts'

/** What is known about the first video stream of a file. */
export interface VideoMetadata {
  /** In pixels, as it is shown: after rotation, and with pixels made square. */
  readonly width: number
  readonly height: number
  /** How wide a stored pixel is shown for its height, after rotation; 1 unless a camera saves space this way. */
  readonly pixelAspectRatio: number
  /** Clockwise, in degrees: how far its frames are turned for showing them. */
  readonly rotation: 0 | 90 | 180 | 270
  readonly durationSeconds: number
  /**
   * Frames per second; with a variable frame rate, on average (of a Matroska file's first 2,000 frames). Missing where
   * the file does not tell.
   */
  readonly fps?: number
  /** By ffmpeg's name: h264, hevc, vp9, av1, prores, mpeg4 … */
  readonly codec: string
  /** Of the whole file, in bits per second. */
  readonly bitRate: number
  readonly hasAudio: boolean
  /** Of the first audio stream, by ffmpeg's name. */
  readonly audioCodec?: string
  /** Of all audio streams, in their order. */
  readonly audioCodecs: readonly string[]
}

/** What a reader finds; the rest follows from it. */
export type VideoFacts = Omit<VideoMetadata, 'bitRate'>

/**
 * Reads what a video file says about itself; its frames are not decoded. MP4, QuickTime, Matroska and WebM are read
 * here, all else, and codecs unknown here, by ffprobe.
 * @throws InputError when it is no video, or has no video stream, or is over a limit; ProgramError when it takes
 * ffprobe to read it and that is not installed; TimeoutError; AbortedError
 */
export async function readVideoMetadata(path: string, options: VideoOptions = {}): Promise<VideoMetadata> {
  const { size } = await stat(path)
  const place = { file: options.name ?? path }
  if (size === 0) throw new InputError('is empty', { place })
  const facts = await readFacts(path, options)
  checkVideoLimits(facts, { ...options, name: place.file })
  const bitRate = Math.round((size * 8) / facts.durationSeconds)
  return { ...facts, bitRate }
}

async function readFacts(path: string, options: VideoOptions): Promise<VideoFacts> {
  const place = { file: options.name ?? path }
  const found = await readContainer(path, options)
  if (found.kind === 'facts') return found.facts
  try {
    return await probeVideo(path, options)
  } catch (error) {
    // What is broken is so without ffprobe, too.
    if (isProgramMissing(error) && found.kind === 'broken')
      throw new InputError(found.reason, { place, cause: found.cause })
    throw error
  }
}
