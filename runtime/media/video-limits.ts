import { InputError } from '../errors.ts'

export interface VideoLimits {
  /** Of one frame. 8192 x 8192 unless given. */
  readonly maxPixels?: number | undefined
  readonly maxDurationSeconds?: number | undefined
}

export interface VideoOptions {
  readonly signal?: AbortSignal | undefined
  /** One minute unless given. */
  readonly timeoutMs?: number | undefined
  readonly limits?: VideoLimits | undefined
  /** A PATH to look for ffmpeg and ffprobe first. */
  readonly searchPath?: string | undefined
  /** What messages call the file, if not by its path. */
  readonly name?: string | undefined
}

export const defaultMaxPixels = 8192 * 8192

/** @throws InputError when a video is larger or longer than allowed, with both numbers */
export function checkVideoLimits(
  {
    width,
    height,
    durationSeconds,
  }: { readonly width: number; readonly height: number; readonly durationSeconds: number },
  { limits = {}, name }: VideoOptions,
): void {
  const place = name === undefined ? {} : { place: { file: name } }
  const { maxPixels = defaultMaxPixels, maxDurationSeconds = Number.POSITIVE_INFINITY } = limits
  if (width * height > maxPixels) {
    throw new InputError(`is ${width} x ${height} pixels large; allowed are ${maxPixels} in all`, place)
  }
  if (durationSeconds > maxDurationSeconds) {
    throw new InputError(
      `is ${durationSeconds.toFixed(1)} seconds long; allowed are ${maxDurationSeconds}`,
      place,
    )
  }
}
