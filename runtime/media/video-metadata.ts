import { InputError } from '../errors.ts'

/** What is known about the first video stream of a file. */
export interface VideoMetadata {
  /** In pixels, as it is shown: after rotation. */
  readonly width: number
  readonly height: number
  /** Clockwise, in degrees: how far its frames are turned for showing them. */
  readonly rotation: 0 | 90 | 180 | 270
  readonly durationSeconds: number
  /** Frames per second; with a variable frame rate, on average. */
  readonly fps: number
  /** By ffmpeg's name: h264, hevc, vp9, av1, prores, mpeg4 … */
  readonly codec: string
  /** Of the whole file, in bits per second. */
  readonly bitRate: number
  readonly hasAudio: boolean
  /** Of the first audio stream, by ffmpeg's name. */
  readonly audioCodec?: string
}

export interface VideoLimits {
  readonly maxPixels?: number
  readonly maxDurationSeconds?: number
}

export interface VideoOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  readonly limits?: VideoLimits | undefined
  /** A PATH to look for ffmpeg and ffprobe first. */
  readonly searchPath?: string | undefined
}

/**
 * Reads what a video file says about itself; its frames are not decoded.
 * @throws InputError when it is no video, or has no video stream, or is over a limit; ProgramError when it takes
 * ffprobe to read it and that is not installed; TimeoutError; AbortedError
 */
export async function readVideoMetadata(path: string, options: VideoOptions = {}): Promise<VideoMetadata> {
  throw new InputError(`not yet ${options.timeoutMs}`, { place: { file: path } })
}
