import { open } from 'node:fs/promises'
import type { Input, InputVideoTrack } from 'mediabunny'
import { InputError, isSluiceError } from '../errors.ts'
import { nearUsualRate } from './frame-rate.ts'
import { type FrameTable, readMp4Index } from './mp4-index.ts'
import { patientSource } from './patient-source.ts'
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

/** How many frames are looked at for their average rate where no table has them all. */
const maxFrames = 2000

/**
 * Reads MP4, QuickTime, Matroska and WebM files without another program: a few milliseconds, and no more of the file
 * than it takes. Playlists, which name other files, are none of these.
 * @throws InputError when there is no video stream in it; TimeoutError; AbortedError
 */
export async function readContainer(path: string, options: VideoOptions): Promise<ContainerFinding> {
  const index = await readMp4Index(path)
  if (index === 'unsound') return { kind: 'unknown' }
  const mediabunny = await loadMediabunny()
  const { Input, MATROSKA, MP4, QTFF, UnsupportedInputFormatError, WEBM } = mediabunny
  const name = options.name ?? path
  const file = await open(path)
  const source = patientSource(mediabunny, file, (await file.stat()).size)
  const input = new Input({ formats: [MP4, QTFF, MATROSKA, WEBM], source })
  try {
    return await withinTime(findFacts(input, index, name), `reading ${name}`, options)
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    if (cause instanceof UnsupportedInputFormatError) return { kind: 'unknown' }
    const message = cause instanceof Error ? cause.message : String(cause)
    return { kind: 'broken', reason: `cannot be read as a video: ${message}`, cause }
  } finally {
    // Ends what is still reading, too.
    input.dispose()
    await file.close()
  }
}

async function findFacts(
  input: Input,
  index: ReadonlyMap<number, FrameTable> | undefined,
  file: string,
): Promise<ContainerFinding> {
  const video = await input.getPrimaryVideoTrack()
  // A file that was cut off has none at all: what is missing, ffprobe tells better.
  if (!video && (await input.getTracks()).length === 0) return { kind: 'unknown' }
  if (!video) throw new InputError('has no video stream', { place: { file } })
  const codec = nameOf(await video.getCodec())
  const audio = await Promise.all((await input.getAudioTracks()).map((track) => track.getCodec()))
  const audioCodecs = audio.flatMap((name) => nameOf(name) ?? [])
  if (!codec || audioCodecs.length < audio.length) return { kind: 'unknown' }
  const { frames, fps, durationSeconds } = await readTimes(input, video, index?.get(video.id))
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
  const numbers = [facts.width, facts.height, durationSeconds, facts.pixelAspectRatio]
  const isWhole = numbers.every((n) => n > 0 && Number.isFinite(n))
  return isWhole ? { kind: 'facts', facts } : { kind: 'unknown' }
}

interface Times {
  readonly frames: number
  readonly fps: number | undefined
  readonly durationSeconds: number
}

/** From the table of frames where there is one: to walk over its frames with mediabunny takes much longer. */
async function readTimes(
  input: Input,
  video: InputVideoTrack,
  table: FrameTable | undefined,
): Promise<Times> {
  if (table && table.frames > 0) {
    const { frames, seconds, shownSeconds } = table
    return { frames, fps: rateOf(frames / seconds), durationSeconds: shownSeconds }
  }
  const told = await input.getDurationFromMetadata([video])
  const { packetCount: frames, averagePacketRate } = await video.computePacketStats(maxFrames)
  const rate = rateOf(averagePacketRate)
  return {
    frames,
    // Matroska rounds times to milliseconds.
    fps: rate && nearUsualRate(rate, frames / rate),
    durationSeconds: told || (await video.computeDuration()),
  }
}

const rateOf = (rate: number) => (rate > 0 && Number.isFinite(rate) ? rate : undefined)

function nameOf(codec: string | null): string | undefined {
  if (codec === null) return undefined
  return codecNames[codec] ?? codec.replaceAll('-', '_')
}
