import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileInput } from '../formats/input-file.ts'
import { type AudioInfo, parseAudio } from './audio-parse.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { extractMetadata } from './metadata.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-audio-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const fixture = (name: string) => join(import.meta.dirname, 'testing/fixtures', name)
const parse = (path: string) => parseAudio(path, defaultMediaLimits)

describe('an audio file', () => {
  it.each<[string, Partial<AudioInfo>]>([
    ['tone.mp3', { codec: 'mp3', sampleRate: 22050, channels: 1 }],
    ['tone.flac', { codec: 'flac', duration: 0.4, sampleRate: 22050, channels: 1 }],
    ['tone.ogg', { codec: 'vorbis', duration: 0.4, sampleRate: 22050, channels: 1 }],
    ['tone.opus', { codec: 'opus', duration: 0.4, sampleRate: 48000, channels: 1 }],
    ['tone.m4a', { codec: 'aac', sampleRate: 22050, channels: 1 }],
    ['tone.aac', { codec: 'aac', sampleRate: 22050, channels: 1 }],
    ['tone.wma', { codec: 'wmav2', sampleRate: 22050, channels: 1 }],
    ['tone.wav', { codec: 'pcm_s16le', duration: 0.4, sampleRate: 22050, channels: 1 }],
  ])('%s is read', async (name, expected) => {
    const found = await parse(fixture(name))
    expect(found).toMatchObject(expected)
    expect(found.duration).toBeGreaterThan(0.39)
    expect(found.duration).toBeLessThan(0.53)
    expect(found.bitrate).toBe(
      Math.round((readFileSync(fixture(name)).length * 8) / (found.duration as number)),
    )
  })

  it('is told by its content, and not by its name', async () => {
    const file = await fileInput(fixture('tone.flac'), 'tone.mp3')
    const options = { limits: defaultMediaLimits, signal: new AbortController().signal }
    expect(await extractMetadata(file, 'audio', options)).toMatchObject({ codec: 'flac', extension: 'mp3' })
  })
})

/** What ffmpeg makes of a tone of 3.5 s: other codecs, rates and channels. */
const made: readonly (readonly [file: string, ...args: string[]])[] = [
  ['stereo.mp3', '-ac', '2', '-b:a', '128k'],
  ['variable.mp3', '-q:a', '4'],
  ['bare.mp3', '-write_xing', '0', '-b:a', '64k'],
  ['a.flac', '-ac', '2'],
  ['16.wav', '-c:a', 'pcm_s16le'],
  ['24.wav', '-c:a', 'pcm_s24le'],
  ['float.wav', '-c:a', 'pcm_f32le'],
  ['8.wav', '-c:a', 'pcm_u8'],
  ['mulaw.wav', '-c:a', 'pcm_mulaw'],
  ['adpcm.wav', '-c:a', 'adpcm_ms'],
  ['a.ogg', '-c:a', 'libvorbis', '-ac', '2'],
  ['a.opus', '-c:a', 'libopus'],
  ['a.m4a', '-c:a', 'aac', '-ac', '2'],
  ['fast.m4a', '-c:a', 'aac', '-movflags', '+faststart'],
  ['lossless.m4a', '-c:a', 'alac'],
  ['a.aac', '-c:a', 'aac'],
  ['a.wma', '-c:a', 'wmav2', '-ac', '2'],
]

interface Probed {
  readonly streams: readonly {
    readonly codec_name: string
    readonly sample_rate: string
    readonly channels: number
  }[]
  readonly format: { readonly duration: string; readonly bit_rate: string }
}

function probe(path: string): Probed {
  const args = ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', path]
  return JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })) as Probed
}

/** How much sound ffmpeg gets out of a file, in seconds. */
function decodedSeconds(path: string): number {
  const args = ['-v', 'quiet', '-i', path, '-ac', '1', '-ar', '8000', '-f', 's16le', '-']
  try {
    return (
      execFileSync('ffmpeg', args, { maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'ignore'] }).length / 16000
    )
  } catch {
    return 0
  }
}

describe.skipIf(!has('ffprobe'))('beside ffprobe, of files that ffmpeg made (ffmpeg, ffprobe)', () => {
  beforeAll(() => {
    for (const [name, ...args] of made) {
      const source = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3.5:sample_rate=44100']
      execFileSync('ffmpeg', ['-v', 'error', '-y', ...source, ...args, join(scratch, name)])
    }
  })

  it.each(made.map(([name]) => name))('%s', async (name) => {
    const path = join(scratch, name)
    const found = await parse(path)
    const { streams, format } = probe(path)
    expect(found.codec).toBe(streams[0]?.codec_name)
    expect(found.sampleRate).toBe(Number(streams[0]?.sample_rate))
    expect(found.channels).toBe(streams[0]?.channels)
    // ffprobe guesses the length of bare AAC from its first frames; a codec's delay at the start is no length.
    expect(Math.abs((found.duration as number) - Number(format.duration))).toBeLessThan(0.05)
    expect(Math.abs((found.bitrate as number) / Number(format.bit_rate) - 1)).toBeLessThan(0.02)
  })

  it.each(made.map(([name]) => name))(
    '%s that is cut is as long as what is left, or refused',
    async (name) => {
      const whole = readFileSync(join(scratch, name))
      for (const share of [0.2, 0.5, 0.9]) {
        const path = join(scratch, `cut-${name}`)
        writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)))
        const found = await parse(path).catch((error: unknown) => error)
        if (found instanceof Error) expect(found.message).not.toBe('')
        // Whole frames only, and an encoder's delay more or less.
        else
          expect(Math.abs(((found as AudioInfo).duration as number) - decodedSeconds(path))).toBeLessThan(
            0.25,
          )
      }
    },
  )
})
