import { InputError } from '../errors.ts'
import { fileUrl, guardVideo } from './ffmpeg-arguments.ts'
import { blameInput } from './ffmpeg-failure.ts'
import { parseFraction } from './frame-rate.ts'
import { runProgram } from './run-program.ts'
import type { VideoOptions } from './video-limits.ts'
import type { VideoFacts } from './video-metadata.ts'
import { defaultTimeoutMs } from './within-time.ts'

/** What ffprobe's JSON has of a stream, as far as it is used. Everything may be missing. */
interface ProbedStream {
  readonly codec_type?: string
  readonly codec_name?: string
  readonly width?: number
  readonly height?: number
  readonly sample_aspect_ratio?: string
  readonly avg_frame_rate?: string
  readonly r_frame_rate?: string
  readonly duration?: string
  readonly tags?: { readonly rotate?: string }
  readonly side_data_list?: readonly { readonly rotation?: number }[]
  readonly disposition?: { readonly attached_pic?: number }
}

interface Probed {
  readonly streams?: readonly ProbedStream[]
  readonly format?: { readonly duration?: string }
}

/** Of a file with very many streams. */
const maxOutputBytes = 4 * 1024 * 1024

/** Asks ffprobe. @throws InputError when it is no video that ffprobe can read; ProgramError; TimeoutError; AbortedError */
export async function probeVideo(path: string, options: VideoOptions): Promise<VideoFacts> {
  const { signal, timeoutMs = defaultTimeoutMs, searchPath, limits, name: file = path } = options
  const args = [
    ['-hide_banner', '-loglevel', 'error', ...guardVideo(limits)],
    ['-print_format', 'json', '-show_streams', '-show_format', fileUrl(path)],
  ].flat()
  const found = await runProgram('ffprobe', args, { signal, timeoutMs, searchPath, maxOutputBytes }).catch(
    (error: unknown) => {
      throw blameInput(error, path, file)
    },
  )
  return probedFacts(JSON.parse(found.stdout.toString('utf8')) as Probed, file)
}

/** What ffprobe's output comes to. @throws InputError when it has no video stream, or does not say how large or long it is */
export function probedFacts({ streams = [], format = {} }: Probed, file: string): VideoFacts {
  const place = { file }
  // A cover picture in a song is a stream, too.
  const video = streams.find(
    ({ codec_type, disposition }) => codec_type === 'video' && disposition?.attached_pic !== 1,
  )
  if (!video) throw new InputError('has no video stream', { place })
  const { width, height, codec_name: codec } = video
  if (!codec || codec === 'unknown') throw new InputError('has a video stream of an unknown codec', { place })
  if (!isSize(width) || !isSize(height))
    throw new InputError('does not say how large its frames are', { place })
  const durationSeconds = parseFraction(video.duration) ?? parseFraction(format.duration)
  if (durationSeconds === undefined) throw new InputError('does not say how long it is', { place })
  const audioCodecs = streams
    .filter(({ codec_type }) => codec_type === 'audio')
    .map(({ codec_name }) => codec_name ?? 'unknown')
  const fps = parseFraction(video.avg_frame_rate) ?? parseFraction(video.r_frame_rate)
  return {
    ...shown(video, width, height),
    durationSeconds,
    ...(fps && { fps }),
    codec,
    hasAudio: audioCodecs.length > 0,
    ...(audioCodecs[0] && { audioCodec: audioCodecs[0] }),
    audioCodecs,
  }
}

function shown(
  video: ProbedStream,
  width: number,
  height: number,
): Pick<VideoFacts, 'width' | 'height' | 'pixelAspectRatio' | 'rotation'> {
  const stored = parseFraction(video.sample_aspect_ratio, ':') ?? 1
  // The matrix is counterclockwise, the older tag clockwise.
  const matrix = video.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation
  const told = matrix === undefined ? Number(video.tags?.rotate ?? 0) : -matrix
  const turned = Number.isFinite(told) ? told : 0
  const rotation = ((((Math.round(turned / 90) * 90) % 360) + 360) % 360) as VideoFacts['rotation']
  const shape =
    stored >= 1
      ? { width: Math.round(width * stored), height }
      : { width, height: Math.round(height / stored) }
  return rotation === 90 || rotation === 270
    ? { width: shape.height, height: shape.width, pixelAspectRatio: 1 / stored, rotation }
    : { ...shape, pixelAspectRatio: stored, rotation }
}

const isSize = (value: number | undefined): value is number =>
  Number.isInteger(value) && (value as number) > 0
