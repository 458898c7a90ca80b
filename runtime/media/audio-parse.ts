import type { InputAudioTrack } from 'mediabunny'
import { InputError, isSluiceError } from '../errors.ts'
import { fileInput } from '../formats/input-file.ts'
import { readAsfHeader } from './audio-asf.ts'
import { type BoundedFile, withBoundedFile } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/** What is known about the first audio stream of a file. */
export interface AudioInfo {
  /** In seconds. */
  readonly duration: number | undefined
  /** Of the whole file, in bits per second. */
  readonly bitrate: number | undefined
  readonly sampleRate: number | undefined
  readonly channels: number | undefined
  /** By ffmpeg's name: mp3, flac, aac, vorbis, opus, pcm_s16le, wmav2 … */
  readonly codec: string | undefined
}

type Stream = Omit<AudioInfo, 'bitrate'>

/** ffmpeg's names by those of WebCodecs; all others are spelled the same. */
const codecNames: Readonly<Record<string, string>> = {
  ulaw: 'pcm_mulaw',
  alaw: 'pcm_alaw',
  'pcm-u8': 'pcm_u8',
  'pcm-s8': 'pcm_s8',
  'pcm-s16': 'pcm_s16le',
  'pcm-s16be': 'pcm_s16be',
  'pcm-s24': 'pcm_s24le',
  'pcm-s24be': 'pcm_s24be',
  'pcm-s32': 'pcm_s32le',
  'pcm-s32be': 'pcm_s32be',
  'pcm-f32': 'pcm_f32le',
  'pcm-f32be': 'pcm_f32be',
  'pcm-f64': 'pcm_f64le',
  'pcm-f64be': 'pcm_f64be',
}

/** ffmpeg's names by those of music-metadata, of what only that reads. */
const otherCodecs: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^ADPCM$/, 'adpcm_ms'],
  [/^FLAC$/, 'flac'],
  [/^Speex/, 'speex'],
  [/^ALAC$/, 'alac'],
  [/^MPEG \d(?:\.5)? Layer 3$/, 'mp3'],
  [/^MPEG \d(?:\.5)? Layer 2$/, 'mp2'],
  [/AAC/, 'aac'],
  [/^Vorbis/, 'vorbis'],
  [/^Opus$/, 'opus'],
]

/**
 * Length and kind of an audio file, by its content and not by its name. mediabunny follows the packets, so that a file
 * that is cut is as long as what is left of it; what it does not know, music-metadata reads. To be run in a process of its own.
 * @throws InputError, and whatever the packages throw
 */
export async function parseAudio(path: string, limits: MediaLimits): Promise<AudioInfo> {
  const file = await fileInput(path)
  const { size } = file
  const head = await withBoundedFile(file, never, (bounded) =>
    bounded.read(0, Math.min(headBytes, size), 'its header'),
  )
  if (head.every((byte) => byte === 0)) throw new InputError('is no audio: it begins with zero bytes')
  const asf = await readAsfHeader(path)
  if (head.toString('latin1', 4, 8) === 'ftyp') await withBoundedFile(file, never, checkBoxes)
  if (head.toString('latin1', 0, 4) === 'RIFF') checkChunk(head, size)
  const stream = asf ?? (await byMediabunny(path)) ?? (await byMusicMetadata(path, head))
  const { duration } = stream
  if (duration !== undefined && !(duration > 0)) throw new InputError('is audio of no length')
  if (duration !== undefined && duration > limits.durationSeconds) {
    throw new InputError(`is ${duration} seconds long: at most ${limits.durationSeconds} are allowed`)
  }
  return { ...stream, bitrate: duration === undefined ? undefined : Math.round((size * 8) / duration) }
}

const maxBoxes = 100_000
const headBytes = 4096
/** The process is ended from outside. */
const never = new AbortController().signal

/** The boxes of an MP4 must end within it: its tables speak of sound that may not be there. @throws InputError */
async function checkBoxes(file: BoundedFile): Promise<void> {
  let offset = 0
  for (let boxes = 0; offset + 8 <= file.size; boxes++) {
    if (boxes > maxBoxes) throw new InputError(`has more than ${maxBoxes} boxes`)
    const header = await file.read(offset, Math.min(16, file.size - offset), 'a box')
    const short = header.readUInt32BE(0)
    // 1: the length follows in 64 bits. 0: to the end of the file.
    const isLong = short === 1 && header.length === 16
    const length = isLong ? Number(header.readBigUInt64BE(8)) : short === 0 ? file.size - offset : short
    if (length < 8 || offset + length > file.size) {
      const name = header.toString('latin1', 4, 8)
      throw new InputError(`is cut off or damaged: its box ${JSON.stringify(name)} has ${length} bytes`)
    }
    offset += length
  }
}

/** A RIFF file ends where it says, unless it was written without knowing that. @throws InputError */
function checkChunk(head: Buffer, size: number): void {
  const declared = head.length >= 8 ? head.readUInt32LE(4) : 0
  const isUnknown = declared >= 0xfffffff0 || declared === 0
  if (!isUnknown && declared + 8 > size) {
    throw new InputError(`is cut off: it says that it has ${declared + 8} bytes, and has ${size}`)
  }
}

/** `undefined`: another format, or a codec that it does not know. */
async function byMediabunny(path: string): Promise<Stream | undefined> {
  const { ALL_FORMATS, FilePathSource, Input, Logging, LogLevel, UnsupportedInputFormatError } = await import(
    'mediabunny'
  )
  Logging.level = LogLevel.Silent
  const source = new FilePathSource(path, { handleUnhandledError: () => undefined })
  const input = new Input({ formats: ALL_FORMATS, source })
  try {
    const track = await input.getPrimaryAudioTrack()
    return track ? await streamOf(track) : undefined
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    const { message } = cause as Error
    if (cause instanceof UnsupportedInputFormatError || message.startsWith('Unsupported')) return undefined
    throw new InputError(`is damaged or cut off: ${message}`, { cause })
  } finally {
    input.dispose()
  }
}

async function streamOf(track: InputAudioTrack): Promise<Stream | undefined> {
  const codec = await track.getCodec()
  if (!codec) return undefined
  return {
    duration: (await track.computeDuration()) - Math.max(0, await track.getFirstTimestamp()),
    sampleRate: await track.getSampleRate(),
    channels: await track.getNumberOfChannels(),
    codec: codecNames[codec] ?? codec,
  }
}

/** It takes noise for AAC: only what begins as a container of codecs that mediabunny does not know is given to it. */
async function byMusicMetadata(path: string, head: Buffer): Promise<Stream> {
  const isContainer = ['RIFF', 'OggS'].includes(head.toString('latin1', 0, 4))
  if (!isContainer && head.toString('latin1', 4, 8) !== 'ftyp')
    throw new InputError('is no audio that is known')
  const { parseFile } = await import('music-metadata')
  const { format } = await parseFile(path, { duration: true, skipCovers: true }).catch((cause: Error) => {
    throw new InputError(`cannot be read as audio: ${cause.message}`, { cause })
  })
  const { codec, duration, sampleRate, numberOfChannels } = format
  if (codec === undefined || !((sampleRate ?? 0) > 0) || format.hasAudio === false) {
    throw new InputError('has no audio stream')
  }
  return {
    duration,
    sampleRate,
    channels: numberOfChannels,
    codec: otherCodecs.find(([pattern]) => pattern.test(codec))?.[1] ?? codec,
  }
}
