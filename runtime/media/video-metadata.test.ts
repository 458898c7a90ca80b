import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProgramError } from './program-error.ts'
import {
  ffmpeg,
  ffprobe,
  hasEncoder,
  hasFfmpeg,
  inFolder,
  needsFfmpeg,
  picture,
  rotated,
  tone,
} from './testing/sample-video.ts'
import { readVideoMetadata, type VideoMetadata } from './video-metadata.ts'
import { probedFacts } from './video-probe.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-video-'))
const file = inFolder(folder)
afterAll(() => rmSync(folder, { recursive: true }))

const reasonOf = (name: string, options: Parameters<typeof readVideoMetadata>[1] = {}) =>
  readVideoMetadata(file(name), { name, ...options }).then(
    (found) => `read: ${JSON.stringify(found)}`,
    (error: Error & { tag?: string }) => `${error.tag ?? error.name}: ${error.message}`,
  )

/** Containers and codecs as ffmpeg makes them, with the audio that is usual there. */
const made: readonly (readonly [
  name: string,
  encoder: string,
  codec: string,
  audio: string,
  args: string[],
])[] = [
  ['a.mp4', 'libx264', 'h264', 'aac', []],
  ['b.mp4', 'libx265', 'hevc', 'aac', ['-x265-params', 'log-level=none']],
  ['c.webm', 'libvpx-vp9', 'vp9', 'libopus', ['-deadline', 'realtime', '-cpu-used', '8']],
  ['d.webm', 'libaom-av1', 'av1', 'libvorbis', ['-cpu-used', '8', '-usage', 'realtime']],
  ['e.mov', 'prores_ks', 'prores', 'pcm_s16le', []],
  ['f.mov', 'mjpeg', 'mjpeg', 'pcm_s16be', []],
  ['g.mkv', 'libx264', 'h264', 'flac', []],
  ['h.mkv', 'mpeg4', 'mpeg4', 'ac3', []],
  ['i.avi', 'mpeg4', 'mpeg4', 'libmp3lame', []],
  ['j.avi', 'mjpeg', 'mjpeg', 'pcm_s16le', []],
  ['k.mp4', 'mpeg4', 'mpeg4', 'aac', []],
  ['l.flv', 'flv', 'flv1', 'libmp3lame', ['-ar', '44100']],
  ['m.wmv', 'wmv2', 'wmv2', 'wmav2', []],
  ['n.ts', 'mpeg2video', 'mpeg2video', 'mp2', []],
  ['o.ogv', 'libtheora', 'theora', 'libvorbis', []],
]

describe.skipIf(!hasFfmpeg)(`readVideoMetadata${needsFfmpeg}`, () => {
  describe.each(made)('of %s by %s', (name, encoder, codec, audio, args) => {
    const isThere = hasEncoder(encoder) && (hasEncoder(audio) || audio.startsWith('pcm_'))
    it.skipIf(!isThere)(`agrees with ffprobe${isThere ? '' : ` (ffmpeg has no ${encoder})`}`, async () => {
      ffmpeg(folder, ...picture(), ...tone(), '-c:v', encoder, ...args, '-c:a', audio, '-strict', '-2', name)
      const found = await readVideoMetadata(file(name))
      const { streams, format } = ffprobe(file(name))
      const [video, sound] = ['video', 'audio'].map((type) => streams.find((s) => s.codec_type === type))
      expect(found).toMatchObject({
        width: 320,
        height: 180,
        pixelAspectRatio: 1,
        rotation: 0,
        fps: 25,
        codec,
        hasAudio: true,
        audioCodec: sound?.codec_name,
        audioCodecs: [sound?.codec_name],
      })
      expect(video?.codec_name).toBe(codec)
      expect(Math.abs(found.durationSeconds - Number(video?.duration ?? format.duration))).toBeLessThan(0.01)
      expect(found.bitRate / Number(format.bit_rate)).toBeCloseTo(1, 1)
    })
  })

  describe('of what is made in unusual ways', () => {
    beforeAll(() => {
      ffmpeg(folder, ...picture(), ...tone(), '-c:v', 'libx264', '-c:a', 'aac', 'plain.mp4')
    })
    const of = (name: string): Promise<VideoMetadata> => readVideoMetadata(file(name))

    it.each(['mp4', 'mov', 'mkv', 'avi'])('knows 29.97 frames a second in %s', async (extension) => {
      ffmpeg(folder, ...picture('64x64', '30000/1001'), '-c:v', 'mpeg4', `ntsc.${extension}`)
      ffmpeg(folder, '-i', `ntsc.${extension}`, '-c:v', 'libx264', `ntsc264.${extension}`)
      for (const name of ['ntsc', 'ntsc264'])
        expect((await of(`${name}.${extension}`)).fps).toBeCloseTo(30_000 / 1001, 6)
    })

    it.each([90, 180, 270] as const)('turns %i degrees clockwise', async (degrees) => {
      rotated(folder, 'plain.mp4', `r${degrees}.mp4`, degrees)
      ffmpeg(folder, '-i', 'plain.mp4', '-c:v', 'mpeg4', '-c:a', 'copy', 'plain-mpeg4.mp4')
      rotated(folder, 'plain-mpeg4.mp4', `probed${degrees}.mp4`, degrees)
      const size = degrees === 180 ? { width: 320, height: 180 } : { width: 180, height: 320 }
      // The one is read here, the other by ffprobe.
      expect(await of(`r${degrees}.mp4`)).toMatchObject({ ...size, rotation: degrees, codec: 'h264' })
      expect(await of(`probed${degrees}.mp4`)).toMatchObject({ ...size, rotation: degrees, codec: 'mpeg4' })
    })

    it('makes pixels square', async () => {
      ffmpeg(folder, ...picture(), '-vf', 'setsar=4/3', '-c:v', 'libx264', 'wide.mp4')
      ffmpeg(folder, ...picture(), '-vf', 'setsar=4/3', '-c:v', 'mpeg4', 'wide.avi')
      for (const name of ['wide.mp4', 'wide.avi']) {
        const { width, height, pixelAspectRatio } = await of(name)
        expect([width, height]).toEqual([427, 180])
        expect(pixelAspectRatio).toBeCloseTo(4 / 3, 2)
      }
    })

    it.each(['mp4', 'mkv'])('averages a variable frame rate in %s', async (extension) => {
      const slow = "setpts='if(lt(N,25),N,25+(N-25)*3)/25/TB'"
      ffmpeg(folder, ...picture(), '-vf', slow, '-fps_mode', 'vfr', '-c:v', 'libx264', `vfr.${extension}`)
      const { fps, durationSeconds } = await of(`vfr.${extension}`)
      // The last frame's own duration is not kept by every version of ffmpeg.
      const seconds = Number(ffprobe(file(`vfr.${extension}`)).format.duration)
      expect(seconds).toBeGreaterThan(3.7)
      expect(durationSeconds).toBeCloseTo(seconds, 2)
      expect(fps).toBeCloseTo(50 / seconds, 2)
    })

    it('is as long as what was left when it was trimmed without touching its frames', async () => {
      ffmpeg(folder, '-ss', '0.8', '-i', 'plain.mp4', '-c', 'copy', 'trimmed.mp4')
      const { fps, durationSeconds } = await of('trimmed.mp4')
      const [video] = ffprobe(file('trimmed.mp4')).streams
      expect(Number(video?.duration)).toBeCloseTo(1.2, 1)
      expect(durationSeconds).toBeCloseTo(Number(video?.duration), 2)
      expect(fps).toBe(25)
    })

    it('needs no audio', async () => {
      ffmpeg(folder, ...picture(), '-c:v', 'libx264', 'silent.mp4')
      const found = await of('silent.mp4')
      expect(found).toMatchObject({ hasAudio: false, audioCodecs: [] })
      expect(found).not.toHaveProperty('audioCodec')
    })

    it('knows several audio streams', async () => {
      ffmpeg(
        folder,
        ...picture(),
        ...tone(),
        '-map',
        '0:v',
        '-map',
        '1:a',
        '-map',
        '1:a',
        '-c:a:0',
        'aac',
        '-c:a:1',
        'ac3',
        'two.mp4',
      )
      expect((await of('two.mp4')).audioCodecs).toEqual(['aac', 'ac3'])
    })

    it('reads one whose length is written nowhere', async () => {
      ffmpeg(folder, '-i', 'plain.mp4', '-c', 'copy', '-movflags', 'frag_keyframe+empty_moov', 'live.mp4')
      expect(Math.abs((await of('live.mp4')).durationSeconds - 2)).toBeLessThan(0.1)
    })

    it('takes its name for nothing but a name', async () => {
      for (const name of ['-i.mp4', '%03d.mp4', 'a:b.mp4', 'line\nend.avi', '[0:v] (1).avi']) {
        copyFileSync(file(name.endsWith('avi') ? 'i.avi' : 'plain.mp4'), file(name))
        expect(await of(name)).toMatchObject({ width: 320 })
      }
    })
  })

  describe('refuses', () => {
    it('what has no video stream', async () => {
      ffmpeg(folder, ...tone(), '-c:a', 'aac', 'song.m4a')
      ffmpeg(folder, ...tone(), '-c:a', 'libvorbis', 'song.ogg')
      expect(await reasonOf('song.m4a')).toBe('input: song.m4a: has no video stream')
      expect(await reasonOf('song.ogg')).toBe('input: song.ogg: has no video stream')
    })

    it('a cover picture as a video', async () => {
      ffmpeg(folder, ...picture('64x64'), '-frames:v', '1', 'cover.png')
      ffmpeg(
        folder,
        ...tone(),
        '-i',
        'cover.png',
        '-map',
        '0',
        '-map',
        '1',
        '-disposition:v',
        'attached_pic',
        '-c:v',
        'png',
        '-c:a',
        'aac',
        'covered.m4a',
      )
      expect(await reasonOf('covered.m4a')).toBe('input: covered.m4a: has no video stream')
    })

    it.each([
      ['empty', ''],
      ['text', 'no video at all, but long enough to be looked at '.repeat(100)],
      ['a beginning', '\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free'],
      ['zeroes', '\0'.repeat(100_000)],
    ])('%s', async (name, content) => {
      writeFileSync(file(`${name}.mp4`), content)
      expect(await reasonOf(`${name}.mp4`)).toMatch(
        /^input: .*\.mp4: (?:is empty|cannot be read as a video: \S)/,
      )
    })

    it('what was cut off before its index', async () => {
      copyFileSync(file('plain.mp4'), file('cut.mp4'))
      truncateSync(file('cut.mp4'), 40_000)
      expect(await reasonOf('cut.mp4')).toMatch(
        /^input: cut\.mp4: cannot be read as a video: moov atom not found/,
      )
    })

    it('an index that is nonsense, without taking all memory or time', async () => {
      const bytes = readFileSync(file('plain.mp4'))
      for (const [box, offset, value] of [
        // The offset is from the box's name.
        ['stsz', 12, 0xffffffff],
        ['stts', 12, 0xffffffff],
        ['stts', 16, 0],
        ['stco', 8, 0xfffffff],
        ['ctts', 8, 0xffffffff],
        ['trak', -4, 0x7fffffff],
        ['moov', -4, 4],
        ['mdhd', 16, 0],
      ] as const) {
        const broken = Buffer.from(bytes)
        broken.writeUInt32BE(value, broken.indexOf(box) + offset)
        writeFileSync(file('broken.mp4'), broken)
        expect(await reasonOf('broken.mp4', { timeoutMs: 20_000 }), `${box} ${value}`).toMatch(
          /^(?:input|read): /,
        )
      }
    })

    it.each([
      ['hls', '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nplain.mp4\n#EXT-X-ENDLIST\n'],
      ['concat', 'ffconcat version 1.0\nfile plain.mp4\n'],
      ['concat', 'ffconcat version 1.0\nfile /etc/passwd\n'],
      ['hls', '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'],
      [
        'dash',
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><BaseURL>/etc/passwd</BaseURL></MPD>',
      ],
    ])('a file that is %s and names other files', async (format, content) => {
      writeFileSync(file('list.mp4'), content)
      expect(await reasonOf('list.mp4')).toBe(
        `input: list.mp4: cannot be read as a video: its content is of the format ${format}, which is not allowed`,
      )
    })

    it('what is over a limit, with the numbers', async () => {
      expect(await reasonOf('plain.mp4', { limits: { maxPixels: 50_000 } })).toBe(
        'input: plain.mp4: is 320 x 180 pixels large; allowed are 50000 in all',
      )
      expect(await reasonOf('plain.mp4', { limits: { maxDurationSeconds: 1 } })).toBe(
        'input: plain.mp4: is 2.0 seconds long; allowed are 1',
      )
    })

    it('to go on after an abort, and beyond its time', async () => {
      expect(await reasonOf('plain.mp4', { signal: AbortSignal.abort() })).toMatch(/^aborted: /)
      expect(await reasonOf('i.avi', { timeoutMs: 1 })).toMatch(
        /^timeout: .* did not end within 0\.001 seconds/,
      )
    })
  })
})

describe('what ffprobe prints', () => {
  const stream = { codec_type: 'video', codec_name: 'h264', width: 1920, height: 1080 }
  const facts = (video: object, ...others: object[]) =>
    probedFacts({ streams: [{ ...stream, ...video }, ...others], format: { duration: '10.5' } }, 'x.avi')

  it('comes to numbers', () => {
    expect(facts({ avg_frame_rate: '30000/1001', duration: '10.010000' })).toEqual({
      width: 1920,
      height: 1080,
      pixelAspectRatio: 1,
      rotation: 0,
      durationSeconds: 10.01,
      fps: 30_000 / 1001,
      codec: 'h264',
      hasAudio: false,
      audioCodecs: [],
    })
  })

  it('may not tell the average frame rate, or none', () => {
    expect(facts({ avg_frame_rate: '0/0', r_frame_rate: '25/1' }).fps).toBe(25)
    expect(facts({ avg_frame_rate: '0/0', r_frame_rate: '0/0' })).not.toHaveProperty('fps')
  })

  it.each([
    [{ side_data_list: [{ side_data_type: 'CPB properties' }, { rotation: -90 }] }, 90],
    [{ side_data_list: [{ rotation: 90 }] }, 270],
    [{ side_data_list: [{ rotation: -180 }] }, 180],
    [{ tags: { rotate: '90' } }, 90],
    [{ tags: { rotate: 'sideways' } }, 0],
  ] as const)('turns by %j: %i', (video, rotation) => expect(facts(video).rotation).toBe(rotation))

  it.each([
    [{ width: 0 }, 'does not say how large its frames are'],
    [{ codec_name: 'unknown' }, 'has a video stream of an unknown codec'],
    [{ codec_type: 'data' }, 'has no video stream'],
  ])('is refused with %j', (video, message) => expect(() => facts(video)).toThrow(`x.avi: ${message}`))

  it('is refused without a length', () => {
    expect(() => probedFacts({ streams: [stream], format: { duration: 'N/A' } }, 'x.avi')).toThrow(
      'x.avi: does not say how long it is',
    )
  })

  it('is an error of its own where the program is missing', () => {
    expect(new ProgramError('ffprobe', { kind: 'missing' }).message).toMatch(/^ffprobe is not installed/)
  })
})
