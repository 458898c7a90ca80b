import type { Input, InputVideoTrack } from 'mediabunny'
import { InputError, isSluiceError } from '../errors.ts'
import { nearUsualRate } from './frame-rate.ts'
import type { VideoOptions } from './video-limits.ts'
import type { VideoFacts } from './video-metadata.ts'
import { withinTime } from './within-time.ts'

/** Loaded when a video is read: it is large, and most pipelines have none. */
async function loadMediabunny(): Promise<typeof import('mediabunny')> {
  const mediabunny = await import('mediabunny')
  // What it has to say about a file is for who reads the file, not for the console.
  mediabunny.Logging.level = mediabunny.LogLevel.Silent
  return mediabunny
}

export type ContainerFinding =
  | { readonly kind: 'facts'; readonly facts: VideoFacts }
  /** Another container, or a codec that is not known here. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'broken'; readonly reason: string; readonly cause: unknown }

/** ffmpeg's names of codecs by those of WebCodecs; all others are spelled the same. */
const codecNames: Readonly<Record<string, string>> = {
  avc: 'h264',
  ulaw: 'pcm_mulaw',
  alaw: 'pcm_alaw',
  'pcm-s16': 'pcm_s16le',
  'pcm-s24': 'pcm_s24le',
  'pcm-s32': 'pcm_s32le',
  'pcm-f32': 'pcm_f32le',
  'pcm-f64': 'pcm_f64le',
}

/**
 * How many frames are looked at for their average rate. An MP4 file has the times of all its frames in one place, of
 * Matroska the whole file would have to be read.
 */
const maxFrames = { table: 2_000_000, scattered: 10_000 }

/**
 * Reads MP4, QuickTime, Matroska and WebM files without another program: a few milliseconds, and no more of the file
 * than it takes. Playlists, which name other files, are none of these.
 * @throws InputError when there is no video stream in it; TimeoutError; AbortedError
 */
export async function readContainer(path: string, options: VideoOptions): Promise<ContainerFinding> {
  const { FilePathSource, Input, MATROSKA, MP4, QTFF, UnsupportedInputFormatError, WEBM } =
    await loadMediabunny()
  const source = new FilePathSource(path, { handleUnhandledError: () => undefined })
  const input = new Input({ formats: [MP4, QTFF, MATROSKA, WEBM], source })
  try {
    return await withinTime(
      findFacts(input, options.name ?? path),
      `reading ${options.name ?? path}`,
      options,
    )
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    if (cause instanceof UnsupportedInputFormatError) return { kind: 'unknown' }
    const message = cause instanceof Error ? cause.message : String(cause)
    return { kind: 'broken', reason: `cannot be read as a video: ${message}`, cause }
  } finally {
    // Ends what is still reading, too.
    input.dispose()
  }
}

async function findFacts(input: Input, file: string): Promise<ContainerFinding> {
  const format = await input.getFormat()
  const video = await input.getPrimaryVideoTrack()
  if (!video) throw new InputError('has no video stream', { place: { file } })
  const codec = nameOf(await video.getCodec())
  const audio = await Promise.all((await input.getAudioTracks()).map((track) => track.getCodec()))
  const audioCodecs = audio.flatMap((name) => nameOf(name) ?? [])
  if (!codec || audioCodecs.length < audio.length) return { kind: 'unknown' }
  const isTable = /MP4|QuickTime/.test(format.name)
  const { frames, fps } = await measureFrames(video, isTable)
  const durationSeconds = (await input.getDurationFromMetadata([video])) ?? (await video.computeDuration())
  const { num, den } = await video.getPixelAspectRatio()
  const rotation = await video.getRotation()
  const isTurned = rotation === 90 || rotation === 270
  const facts: VideoFacts = {
    width: await video.getDisplayWidth(),
    height: await video.getDisplayHeight(),
    pixelAspectRatio: isTurned ? den / num : num / den,
    rotation,
    durationSeconds,
    ...(fps && { fps }),
    codec,
    hasAudio: audioCodecs.length > 0,
    ...(audioCodecs[0] && { audioCodec: audioCodecs[0] }),
    audioCodecs,
  }
  if (frames === 0) throw new InputError('has a video stream without a frame', { place: { file } })
  const isWhole = [facts.width, facts.height, durationSeconds, facts.pixelAspectRatio].every(
    (n) => n > 0 && Number.isFinite(n),
  )
  return isWhole ? { kind: 'facts', facts } : { kind: 'unknown' }
}

async function measureFrames(
  video: InputVideoTrack,
  isTable: boolean,
): Promise<{ readonly frames: number; readonly fps: number | undefined }> {
  const { packetCount, averagePacketRate: rate } = await video.computePacketStats(
    isTable ? maxFrames.table : maxFrames.scattered,
  )
  const isRate = rate > 0 && Number.isFinite(rate)
  if (!isRate) return { frames: packetCount, fps: undefined }
  return { frames: packetCount, fps: isTable ? rate : nearUsualRate(rate, packetCount / rate) }
}

function nameOf(codec: string | null): string | undefined {
  if (codec === null) return undefined
  return codecNames[codec] ?? codec.replaceAll('-', '_')
}
