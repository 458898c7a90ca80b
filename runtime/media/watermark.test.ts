import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ffmpeg,
  ffprobe,
  framePixels,
  hasEncoder,
  hasFfmpeg,
  inFolder,
  needsFfmpeg,
  picture,
  plain,
  processesWith,
  rotated,
  tone,
  topBoxes,
} from './testing/sample-video.ts'
import { type WatermarkJob, watermarkVideo } from './watermark.ts'
import type { WatermarkPosition } from './watermark-filter.ts'
import { readWatermarkImage, type WatermarkImage } from './watermark-image.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-watermark-'))
const file = inFolder(folder)
afterAll(() => rmSync(folder, { recursive: true }))

let image: WatermarkImage

async function mark(name: string, changes: Partial<WatermarkJob> = {}) {
  const result = await watermarkVideo({
    video: file(name),
    name,
    image,
    placement: { position: 'center' },
    encoding: { crf: 18, preset: 'ultrafast', threads: 2 },
    target: file('out.mp4'),
    maxTargetBytes: 2 ** 30,
    ...changes,
  })
  return { ...result, probe: ffprobe(changes.target ?? file('out.mp4')) }
}

const reasonOf = (name: string, changes: Partial<WatermarkJob> = {}) =>
  mark(name, changes).then(
    () => 'made',
    (error: Error & { tag?: string }) => `${error.tag ?? error.name}: ${error.message}`,
  )

/** Which colour a pixel of the result has, coarsely. */
function colorsAt(width: number, points: readonly (readonly [number, number])[], seconds = 0.5): string[] {
  const pixels = framePixels(file('out.mp4'), seconds, width)
  return points.map(([x, y]) => {
    const [red = 0, green = 0, blue = 0] = pixels.at(x, y)
    const bright = [red > 110 ? 'r' : '', green > 90 ? 'g' : '', blue > 110 ? 'b' : ''].join('')
    return bright === '' ? '-' : bright
  })
}

const times = (name: string) =>
  ffprobe(file(name), '-select_streams', 'v', '-show_packets')
    .packets.map(({ pts_time }) => Number(pts_time))
    .sort((a, b) => a - b)

describe.skipIf(!hasFfmpeg)(`watermarkVideo${needsFfmpeg}`, () => {
  beforeAll(async () => {
    ffmpeg(folder, ...plain('red', '40x20'), '-frames:v', '1', 'mark.png')
    ffmpeg(folder, ...plain('blue'), ...tone(1), '-c:v', 'libx264', '-c:a', 'aac', 'blue.mp4')
    image = await readWatermarkImage(file('mark.png'))
  })

  /** Where a mark of 40 x 20 begins in a picture of 320 x 180, with a margin of 10. */
  const corners: readonly (readonly [WatermarkPosition, number, number])[] = [
    ['top-left', 10, 10],
    ['top', 140, 10],
    ['top-right', 270, 10],
    ['left', 10, 80],
    ['center', 140, 80],
    ['right', 270, 80],
    ['bottom-left', 10, 150],
    ['bottom', 140, 150],
    ['bottom-right', 270, 150],
  ]

  it.each(corners)('puts the image %s, and nowhere else', async (position, x, y) => {
    await mark('blue.mp4', { placement: { position, margin: 10 } })
    const inside = [
      [x + 3, y + 3],
      [x + 36, y + 16],
      [x + 20, y + 10],
    ] as const
    const outside = [
      [x - 5, y + 10],
      [x + 44, y + 10],
      [x + 20, y - 5],
      [x + 20, y + 24],
    ] as const
    expect(colorsAt(320, inside)).toEqual(['r', 'r', 'r'])
    expect(colorsAt(320, outside)).toEqual(['b', 'b', 'b', 'b'])
    // In the last frame as in the first.
    expect(colorsAt(320, inside, 0.95)).toEqual(['r', 'r', 'r'])
  })

  it('scales it to a share of the width, and fades it', async () => {
    await mark('blue.mp4', { placement: { position: 'top-left', width: '50%' } })
    expect(
      colorsAt(320, [
        [156, 5],
        [164, 5],
        [5, 76],
        [5, 84],
      ]),
    ).toEqual(['r', 'b', 'r', 'b'])
    await mark('blue.mp4', { placement: { position: 'top-left', opacity: 0.5 } })
    const [red = 0, , blue = 0] = framePixels(file('out.mp4'), 0.5, 320).at(20, 10)
    expect(red).toBeGreaterThan(100)
    expect(red).toBeLessThan(160)
    expect(blue).toBeGreaterThan(90)
    expect(blue).toBeLessThan(170)
  })

  it('makes an H.264 file that plays while it is loaded, and copies the audio', async () => {
    const { probe, output } = await mark('blue.mp4')
    expect(probe.streams.map(({ codec_name, pix_fmt }) => [codec_name, pix_fmt])).toEqual([
      ['h264', 'yuv420p'],
      ['aac', undefined],
    ])
    expect(topBoxes(readFileSync(file('out.mp4'))).filter((name) => name !== 'free')).toEqual([
      'ftyp',
      'moov',
      'mdat',
    ])
    expect(output).toMatchObject({ width: 320, height: 180, codec: 'h264', audioCodecs: ['aac'] })
    const sound = (name: string) => {
      ffmpeg(folder, '-i', name, '-map', '0:a', '-c', 'copy', 'sound.aac')
      return readFileSync(file('sound.aac'))
    }
    expect(sound('out.mp4').equals(sound('blue.mp4'))).toBe(true)
  })

  it('makes the same bytes each time', async () => {
    ffmpeg(folder, ...picture('640x360'), ...tone(), '-c:v', 'libx264', '-c:a', 'aac', 'busy.mp4')
    const encoding = { crf: 23, preset: 'veryfast', threads: 3 } as const
    await mark('busy.mp4', { encoding })
    const first = readFileSync(file('out.mp4'))
    await mark('busy.mp4', { encoding })
    expect(readFileSync(file('out.mp4')).equals(first)).toBe(true)
  })

  const containers = ['mp4', 'mov', 'mkv', 'avi', 'webm'] as const
  const codecs = [
    ['libx264', ['mp4', 'mov', 'mkv', 'avi'], ['-preset', 'ultrafast']],
    ['libx265', ['mp4', 'mov', 'mkv'], ['-preset', 'ultrafast', '-x265-params', 'log-level=none']],
    ['mpeg4', ['mp4', 'mov', 'mkv', 'avi'], []],
    ['libvpx-vp9', ['mp4', 'mkv', 'webm'], ['-deadline', 'realtime', '-cpu-used', '8']],
    ['libaom-av1', ['mp4', 'mkv', 'webm'], ['-cpu-used', '8', '-usage', 'realtime']],
    ['prores_ks', ['mov', 'mkv'], []],
    ['mjpeg', ['mov', 'mkv', 'avi'], []],
  ] as const
  const audioOf = { mp4: 'aac', mov: 'pcm_s16le', mkv: 'flac', avi: 'libmp3lame', webm: 'libopus' }

  describe.each(containers)('of %s', (container) => {
    const here = codecs.filter(([, holders]) => (holders as readonly string[]).includes(container))
    it.each(here)('with %s', async (encoder, _holders, args) => {
      if (!hasEncoder(encoder)) return console.log(`not tested: this ffmpeg has no ${encoder}`)
      const name = `${encoder}.${container}`
      ffmpeg(
        folder,
        ...plain('blue', '320x180', 1),
        ...tone(1),
        '-c:v',
        encoder,
        ...args,
        '-c:a',
        audioOf[container],
        '-strict',
        '-2',
        name,
      )
      const { output, warnings } = await mark(name, { placement: { position: 'top-left' } })
      expect(output).toMatchObject({ width: 320, height: 180, codec: 'h264', hasAudio: true })
      // The first frame of an AVI file may come late.
      expect(Math.abs((output.fps ?? 0) - 25)).toBeLessThan(1)
      expect(Math.abs(output.durationSeconds - 1)).toBeLessThan(0.1)
      expect(
        colorsAt(320, [
          [5, 5],
          [35, 15],
          [60, 40],
        ]),
      ).toEqual(['r', 'r', 'b'])
      const isPcm = container === 'mov'
      expect(output.audioCodec).toBe(
        isPcm ? 'aac' : audioOf[container].replace('lib', '').replace('mp3lame', 'mp3'),
      )
      expect(warnings).toEqual(
        isPcm ? ['its audio is pcm_s16le, which an MP4 file cannot hold: encoded as AAC'] : [],
      )
    })
  })

  it('keeps 29.97 frames a second', async () => {
    ffmpeg(folder, ...picture('320x180', '30000/1001'), '-c:v', 'libx264', 'ntsc.mp4')
    const { probe } = await mark('ntsc.mp4')
    expect(probe.streams[0]).toMatchObject({ avg_frame_rate: '30000/1001', nb_frames: '60' })
    expect(probe.streams).toHaveLength(1)
  })

  it('keeps each frame of a variable rate at its own time', async () => {
    const uneven = "settb=1/90000,setpts='(N/25+0.011*mod(N,3)+if(gt(N,25),0.5,0))/TB'"
    ffmpeg(
      folder,
      ...picture(),
      '-vf',
      uneven,
      '-fps_mode',
      'passthrough',
      '-enc_time_base',
      '1:90000',
      '-c:v',
      'libx264',
      'vfr.mp4',
    )
    await mark('vfr.mp4')
    const [before, after] = [times('vfr.mp4'), times('out.mp4')]
    expect(after).toHaveLength(50)
    expect(Math.max(...after.map((time, i) => Math.abs(time - (before[i] as number))))).toBeLessThan(0.00002)
  })

  it('takes a video that was trimmed without touching its frames', async () => {
    ffmpeg(folder, ...picture(), ...tone(), '-c:v', 'libx264', '-c:a', 'aac', 'whole.mp4')
    // More than a second of its frames is not shown.
    ffmpeg(folder, '-ss', '1.2', '-i', 'whole.mp4', '-c', 'copy', 'trimmed.mp4')
    const { input, output } = await mark('trimmed.mp4')
    expect(input.durationSeconds).toBeCloseTo(0.8, 1)
    expect(output.durationSeconds).toBeCloseTo(input.durationSeconds, 1)
  })

  it('turns what is shown upright, and the mark is upright too', async () => {
    rotated(folder, 'blue.mp4', 'turned.mp4', 90)
    const { output } = await mark('turned.mp4', { placement: { position: 'bottom-right' } })
    expect(output).toMatchObject({ width: 180, height: 320, rotation: 0 })
    expect(
      colorsAt(180, [
        [175, 315],
        [143, 303],
        [135, 310],
        [160, 295],
      ]),
    ).toEqual(['r', 'r', 'b', 'b'])
  })

  it('shows the mark undistorted where pixels are not square', async () => {
    ffmpeg(folder, ...plain('blue'), '-vf', 'setsar=2', '-c:v', 'libx264', 'wide.mp4')
    const { output } = await mark('wide.mp4', { placement: { position: 'top-left' } })
    expect(output).toMatchObject({ width: 640, height: 180, pixelAspectRatio: 2 })
    // Of stored pixels: 40 shown ones are 20.
    expect(
      colorsAt(320, [
        [17, 5],
        [23, 5],
        [5, 17],
        [5, 23],
      ]),
    ).toEqual(['r', 'b', 'r', 'b'])
  })

  it('leaves out an odd row and column, which H.264 cannot have', async () => {
    ffmpeg(folder, ...plain('blue', '321x181'), '-c:v', 'mjpeg', 'odd.avi')
    expect((await mark('odd.avi')).output).toMatchObject({ width: 320, height: 180 })
  })

  it('copies all audio streams', async () => {
    ffmpeg(
      folder,
      ...plain('blue'),
      ...tone(1),
      '-map',
      '0',
      '-map',
      '1',
      '-map',
      '1',
      '-c:a:0',
      'aac',
      '-c:a:1',
      'pcm_s16le',
      'two.mkv',
    )
    expect((await mark('two.mkv')).output.audioCodecs).toEqual(['aac', 'aac'])
  })

  it('tells how far it is', async () => {
    ffmpeg(folder, ...picture('640x360', '25', 10), '-c:v', 'libx264', '-preset', 'ultrafast', 'long.mp4')
    const seen: number[] = []
    await mark('long.mp4', {
      encoding: { crf: 23, preset: 'slow', threads: 1 },
      onProgress: (done, total) => seen.push(done / total),
    })
    expect(seen.length).toBeGreaterThan(1)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBeGreaterThan(0.9)
  })

  it('ends ffmpeg on abort', async () => {
    ffmpeg(folder, ...picture('1280x720', '25', 20), '-c:v', 'libx264', '-preset', 'ultrafast', 'hd.mp4')
    const controller = new AbortController()
    const running = reasonOf('hd.mp4', {
      signal: controller.signal,
      encoding: { crf: 18, preset: 'veryslow', threads: 1 },
      onProgress: () => controller.abort(new Error('enough')),
    })
    expect(await running).toBe('Error: enough')
    expect(processesWith(folder)).toEqual([])
  })

  it('ends ffmpeg when the copy gets too large', async () => {
    const reason = await reasonOf('hd.mp4', { maxTargetBytes: 100_000 })
    expect(reason).toBe(
      'input: hd.mp4: its watermarked copy is over 100000 bytes, all that there is scratch space for; a larger crf makes it smaller',
    )
    expect(processesWith(folder)).toEqual([])
  })

  it.each([
    ['empty', () => writeFileSync(file('x.mp4'), ''), /^input: x\.mp4: is empty$/],
    [
      'no video',
      () => writeFileSync(file('x.mp4'), 'text '.repeat(999)),
      /^input: x\.mp4: cannot be read as a video: /,
    ],
    [
      'sound alone',
      () => ffmpeg(folder, ...tone(), '-c:a', 'aac', 'x.mp4'),
      /^input: x\.mp4: has no video stream$/,
    ],
    [
      'a list of other files',
      () => writeFileSync(file('x.mp4'), 'ffconcat version 1.0\nfile blue.mp4\n'),
      /^input: x\.mp4: cannot be read as a video: its content is of the format concat, which is not allowed$/,
    ],
    [
      'cut off after its index',
      () => {
        ffmpeg(folder, '-i', 'long.mp4', '-c', 'copy', '-movflags', '+faststart', 'x.mp4')
        truncateSync(file('x.mp4'), Math.floor(statSync(file('x.mp4')).size / 3))
      },
      /^input: x\.mp4: could be decoded for \d\.\d of its 10\.0 seconds only/,
    ],
    [
      'without a frame that can be decoded',
      () => {
        const bytes = readFileSync(file('blue.mp4'))
        bytes.fill(0, bytes.indexOf('mdat') + 4, bytes.indexOf('moov') - 4)
        writeFileSync(file('x.mp4'), bytes)
      },
      /^input: x\.mp4: /,
    ],
  ] as const)('rejects what is %s', async (_, make, reason) => {
    make()
    expect(await reasonOf('x.mp4')).toMatch(reason)
  })

  it('rejects what is over a limit or smaller than the mark', async () => {
    expect(await reasonOf('hd.mp4', { limits: { maxDurationSeconds: 10 } })).toBe(
      'input: hd.mp4: is 20.0 seconds long; allowed are 10',
    )
    expect(await reasonOf('hd.mp4', { limits: { maxPixels: 1000 } })).toContain(
      'is 1280 x 720 pixels large; allowed are 1000',
    )
    expect(await reasonOf('blue.mp4', { placement: { position: 'top', width: 300, margin: 60 } })).toBe(
      "input: blue.mp4: is 320 x 180 pixels large, and the watermark 300 x 150 and its margin 60: it does not fit in; its width can be a share of the video's, such as 20%",
    )
  })

  it('takes names for nothing but names', async () => {
    for (const name of ['-y.mp4', 'a:b%03d.mp4', "it's [0:v];\n.mp4"]) {
      copyFileSync(file('blue.mp4'), file(name))
      copyFileSync(file('mark.png'), file(`${name}.png`))
      await mark(name, { image: await readWatermarkImage(file(`${name}.png`)), target: file(`out ${name}`) })
      expect(existsSync(file(`out ${name}`))).toBe(true)
    }
  })
})

describe.skipIf(!hasFfmpeg)(`readWatermarkImage${needsFfmpeg}`, () => {
  it.each(['png', 'jpg', 'webp'])('reads %s by its content', async (extension) => {
    ffmpeg(folder, ...plain('red', '48x24'), '-frames:v', '1', `image.${extension}`)
    copyFileSync(file(`image.${extension}`), file('named.txt'))
    expect(await readWatermarkImage(file('named.txt'))).toMatchObject({ width: 48, height: 24 })
  })

  it.each([
    ['nowhere.png', undefined, 'is no file of this project'],
    ['.', undefined, 'is no file'],
    ['text.png', 'no image', 'is no PNG, JPEG or WebP image'],
    ['cut.png', '\x89PNG\r\n\x1a\n', 'is an image that cannot be decoded'],
  ])('refuses %s', async (name, content, message) => {
    if (content !== undefined) writeFileSync(file(name), content, 'latin1')
    await expect(readWatermarkImage(file(name))).rejects.toThrow(message)
  })
})
