import { InputError } from '../errors.ts'
import { ffmpegStart, fileUrl, guardVideo } from './ffmpeg-arguments.ts'
import { blameInput } from './ffmpeg-failure.ts'
import { progressReader } from './ffmpeg-progress.ts'
import { runProgram } from './run-program.ts'
import type { VideoLimits } from './video-limits.ts'
import { readVideoMetadata, type VideoMetadata } from './video-metadata.ts'
import { type WatermarkPlacement, watermarkFilter, watermarkSize } from './watermark-filter.ts'
import type { WatermarkImage } from './watermark-image.ts'

/** How hard x264 tries, by its own names, from the fastest. */
export const encoderPresets = [
  'ultrafast',
  'superfast',
  'veryfast',
  'faster',
  'fast',
  'medium',
  'slow',
  'slower',
  'veryslow',
] as const

export interface VideoEncoding {
  /** x264's constant rate factor: 0 is lossless, 23 usual, 51 worst. */
  readonly crf: number
  readonly preset: (typeof encoderPresets)[number]
  /** How many threads encode. The same number gives the same bytes on every machine. */
  readonly threads: number
}

export interface WatermarkJob {
  /** The video's path. It is only read. */
  readonly video: string
  /** What messages call the video. */
  readonly name: string
  readonly image: WatermarkImage
  readonly placement: WatermarkPlacement
  readonly encoding: VideoEncoding
  /** Where the result goes, an MP4 file; what is there is replaced. */
  readonly target: string
  /** A result that grows beyond this is given up. */
  readonly maxTargetBytes: number
  readonly limits?: VideoLimits
  readonly signal?: AbortSignal
  /** A PATH to look for ffmpeg and ffprobe first. */
  readonly searchPath?: string | undefined
  /** In seconds of the video. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface WatermarkResult {
  readonly input: VideoMetadata
  readonly output: VideoMetadata
  /** What is worth knowing of a video that was made all the same, one line each. */
  readonly warnings: readonly string[]
}

/** What an MP4 file can hold as it is; all other audio is encoded as AAC. */
const copiedAudio: readonly string[] = ['aac', 'mp3', 'mp2', 'ac3', 'eac3', 'alac', 'opus', 'flac', 'dts']

/** Times of frames are multiples of 1/360000 s: those of all usual frame rates and of milliseconds are whole numbers. */
const timeBase = '1:360000'

/** By how much a result may be shorter than its video: the last frame's duration is not always kept. */
const allowedLoss = (seconds: number) => Math.max(1, seconds * 0.02)

/**
 * Lays an image over a video: H.264 in an MP4 file that can be played while it is loaded, upright, with every frame at
 * its own time; audio is copied. @throws InputError when the video is bad, over a limit, smaller than the watermark, or
 * could only be decoded in part; ProgramError when ffmpeg is missing or fails for another reason; AbortedError
 */
export async function watermarkVideo(job: WatermarkJob): Promise<WatermarkResult> {
  const { video, name, target, placement, image, signal, searchPath, limits } = job
  const place = { file: name }
  const input = await readVideoMetadata(video, { name, limits, signal, searchPath })
  checkSize(placement, input, image, name)
  const onStdout = progressReader(({ seconds, bytes }) => {
    if (bytes > job.maxTargetBytes) throw tooLarge(job)
    job.onProgress?.(Math.min(seconds, input.durationSeconds), input.durationSeconds)
  })
  const { lastLines } = await runProgram('ffmpeg', watermarkArguments(job, input), {
    signal,
    searchPath,
    onStdout,
  }).catch((error: unknown) => {
    throw blameInput(error, video, name)
  })
  const output = await readVideoMetadata(target, { name, signal, searchPath }).catch((cause: unknown) => {
    if (!(cause instanceof InputError)) throw cause
    throw new InputError(['has no frame that can be decoded', ...lastLines].join('\n'), { place, cause })
  })
  if (output.durationSeconds < input.durationSeconds - allowedLoss(input.durationSeconds)) {
    const [decoded, all] = [output.durationSeconds, input.durationSeconds].map((s) => s.toFixed(1))
    throw new InputError(
      [`could be decoded for ${decoded} of its ${all} seconds only`, ...lastLines].join('\n'),
      { place },
    )
  }
  return { input, output, warnings: [...audioWarnings(input), ...lastLines.map((line) => `ffmpeg: ${line}`)] }
}

/** What ffmpeg is called with. The watermark's part of it is `-filter_complex`. */
export function watermarkArguments(
  { video, image, placement, encoding, target, limits }: WatermarkJob,
  input: VideoMetadata,
): string[] {
  const filter = watermarkFilter(placement, input, image)
  return [
    ...ffmpegStart,
    ['-y', '-nostats', '-progress', 'pipe:1'],
    [...guardVideo(limits), '-i', fileUrl(video)],
    ['-protocol_whitelist', 'file', '-f', image.demuxer, '-i', fileUrl(image.path)],
    ['-filter_complex', isEven(input) ? filter : `${filter.slice(0, -'[out]'.length)},${toEven}[out]`],
    ['-map', '[out]', '-map', '0:a?'],
    ['-c:v', 'libx264', '-preset', encoding.preset, '-crf', String(encoding.crf)],
    ['-pix_fmt', 'yuv420p', '-threads', String(encoding.threads)],
    ['-fps_mode', 'passthrough', '-enc_time_base', timeBase],
    ...input.audioCodecs.flatMap((codec, i) => audioArguments(codec, i)),
    // FLAC in MP4 is called experimental by older versions of ffmpeg.
    ...(input.audioCodecs.includes('flac') ? ['-strict', 'experimental'] : []),
    ['-movflags', '+faststart', '-f', 'mp4', fileUrl(target)],
  ].flat()
}

/** H.264 with the usual colours has no odd sizes: the last row or column is left out. */
const toEven = 'crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0'

/** Of the picture as stored: where pixels are not square, one side is not known to the pixel, and the crop does no harm. */
const isEven = ({ width, height, pixelAspectRatio }: VideoMetadata) =>
  pixelAspectRatio === 1 && width % 2 === 0 && height % 2 === 0

function audioArguments(codec: string, index: number): string[] {
  return copiedAudio.includes(codec)
    ? [`-c:a:${index}`, 'copy']
    : [`-c:a:${index}`, 'aac', `-b:a:${index}`, '192k']
}

function audioWarnings({ audioCodecs }: VideoMetadata): string[] {
  const encoded = audioCodecs.filter((codec) => !copiedAudio.includes(codec))
  return encoded.map((codec) => `its audio is ${codec}, which an MP4 file cannot hold: encoded as AAC`)
}

function checkSize(
  placement: WatermarkPlacement,
  picture: VideoMetadata,
  image: WatermarkImage,
  file: string,
): void {
  const { width, height, margin } = watermarkSize(placement, picture, image)
  if (width + margin <= picture.width && height + margin <= picture.height) return
  const edge = margin === 0 ? '' : ` and its margin ${margin}`
  throw new InputError(
    `is ${picture.width} x ${picture.height} pixels large, and the watermark ${width} x ${height}${edge}: it does not fit in; its width can be a share of the video's, such as 20%`,
    { place: { file } },
  )
}

function tooLarge({ name, maxTargetBytes }: WatermarkJob): InputError {
  const message = `its watermarked copy is over ${maxTargetBytes} bytes, all that there is scratch space for; a larger crf makes it smaller`
  return new InputError(message, { place: { file: name } })
}
