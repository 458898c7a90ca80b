import { open, stat } from 'node:fs/promises'
import type { InputAudioTrack } from 'mediabunny'
import { InputError, isSluiceError } from '../errors.ts'
import { readAsfHeader } from './audio-asf.ts'
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
 * that is cut is as long as what is left of it; what it does not know, music-metadata reads. To be run in a thread.
 * @throws InputError, and whatever the packages throw
 */
export async function parseAudio(path: string, limits: MediaLimits): Promise<AudioInfo> {
  const { size } = await stat(path)
  const head = await readHead(path)
  if (head.every((byte) => byte === 0)) throw new InputError('is no audio: it begins with zero bytes')
  const asf = await readAsfHeader(path)
  if (head.toString('latin1', 4, 8) === 'ftyp') await checkBoxes(path, size)
  if (head.toString('latin1', 0, 4) === 'RIFF') checkChunk(head, size)
  const stream = asf ?? (await byMediabunny(path)) ?? (await byMusicMetadata(path))
  const { duration } = stream
  if (duration !== undefined && !(duration > 0)) throw new InputError('is audio of no length')
  if (duration !== undefined && duration > limits.durationSeconds) {
    throw new InputError(`is ${duration} seconds long: at most ${limits.durationSeconds} are allowed`)
  }
  return { ...stream, bitrate: duration === undefined ? undefined : Math.round((size * 8) / duration) }
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

const maxBoxes = 100_000

/** The boxes of an MP4 must end within it: its tables speak of sound that may not be there. @throws InputError */
async function checkBoxes(path: string, size: number): Promise<void> {
  const handle = await open(path)
  try {
    let offset = 0
    for (let boxes = 0; offset + 8 <= size; boxes++) {
      if (boxes > maxBoxes) throw new InputError(`has more than ${maxBoxes} boxes`)
      const { buffer } = await handle.read(Buffer.alloc(16), 0, 16, offset)
      const short = buffer.readUInt32BE(0)
      // 1: the length follows in 64 bits. 0: to the end of the file.
      const length = short === 1 ? Number(buffer.readBigUInt64BE(8)) : short === 0 ? size - offset : short
      if (length < 8 || offset + length > size) {
        const name = buffer.toString('latin1', 4, 8)
        throw new InputError(`is cut off or damaged: its box ${JSON.stringify(name)} has ${length} bytes`)
      }
      offset += length
    }
  } finally {
    await handle.close()
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

async function byMusicMetadata(path: string): Promise<Stream> {
  const { parseFile } = await import('music-metadata')
  const { format } = await parseFile(path, { duration: true, skipCovers: true }).catch((cause: Error) => {
    throw new InputError(`cannot be read as audio: ${cause.message}`, { cause })
  })
  const { codec, duration, sampleRate, numberOfChannels } = format
  if (codec === undefined || sampleRate === undefined || format.hasAudio === false) {
    throw new InputError('has no audio stream')
  }
  return {
    duration,
    sampleRate,
    channels: numberOfChannels,
    codec: otherCodecs.find(([pattern]) => pattern.test(codec))?.[1] ?? codec,
  }
}
