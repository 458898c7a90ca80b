import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ffmpeg,
  framePixels,
  hasFfmpeg,
  inFolder,
  needsFfmpeg,
  picture,
  plain,
  rotated,
  tone,
} from './testing/sample-video.ts'
import { videoFrame } from './video-frame.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-frame-'))
const file = inFolder(folder)
afterAll(() => rmSync(folder, { recursive: true }))

/** A pixel of the frame as a PNG reader sees it, and the frame's size. */
async function pixel(name: string, seconds: number, width: number, x = 5, y = 5) {
  writeFileSync(file('frame.png'), await videoFrame(file(name), seconds, { name }))
  const pixels = framePixels(file('frame.png'), 0, width)
  return { rgb: pixels.at(x, y).map((value) => Math.round(value / 64)), height: pixels.height }
}

const reasonOf = (name: string, seconds = 0, options = {}) =>
  videoFrame(file(name), seconds, { name, ...options }).then(
    () => 'a frame',
    (error: Error & { tag?: string }) => `${error.tag ?? error.name}: ${error.message}`,
  )

describe.skipIf(!hasFfmpeg)(`videoFrame${needsFfmpeg}`, () => {
  beforeAll(() => {
    ffmpeg(
      folder,
      ...plain('red'),
      ...plain('blue'),
      '-filter_complex',
      '[0:v][1:v]concat=n=2',
      '-c:v',
      'libx264',
      'two.mp4',
    )
    ffmpeg(folder, '-i', 'two.mp4', '-c:v', 'mpeg4', 'two.avi')
  })

  it.each(['two.mp4', 'two.avi'])('shows %s as it is at a time', async (name) => {
    expect(await pixel(name, 0.2, 320)).toEqual({ rgb: [4, 0, 0], height: 180 })
    expect(await pixel(name, 1.5, 320)).toEqual({ rgb: [0, 0, 4], height: 180 })
  })

  it('shows the first frame where there is none at that time', async () => {
    expect((await pixel('two.mp4', 500, 320)).rgb).toEqual([4, 0, 0])
  })

  it('shows the first frame of a file that was cut off before that time', async () => {
    ffmpeg(folder, ...picture('320x180', '25', 20), '-c:v', 'libx264', '-movflags', '+faststart', 'cut.mp4')
    truncateSync(file('cut.mp4'), Math.floor(readFileSync(file('cut.mp4')).length / 4))
    expect((await pixel('cut.mp4', 18, 320)).height).toBe(180)
  })

  it('is upright, with square pixels, and not too large', async () => {
    rotated(folder, 'two.mp4', 'turned.mp4', 90)
    expect((await pixel('turned.mp4', 0, 180)).height).toBe(320)
    ffmpeg(folder, ...plain('green'), '-vf', 'setsar=2', '-c:v', 'libx264', 'wide.mp4')
    expect((await pixel('wide.mp4', 0, 640)).height).toBe(180)
    ffmpeg(folder, ...plain('green'), '-vf', 'setsar=1/2', '-c:v', 'libx264', 'high.mp4')
    expect((await pixel('high.mp4', 0, 320)).height).toBe(360)
    ffmpeg(folder, ...plain('green', '4096x1024'), '-frames:v', '2', '-c:v', 'libx264', 'large.mp4')
    expect((await pixel('large.mp4', 0, 2048)).height).toBe(512)
  })

  it('is refused of what has none', async () => {
    ffmpeg(folder, ...tone(), '-c:a', 'aac', 'song.m4a')
    expect(await reasonOf('song.m4a')).toBe('input: song.m4a: has no video stream')
    writeFileSync(file('text.mp4'), 'no video '.repeat(1000))
    expect(await reasonOf('text.mp4', 1)).toMatch(/^input: text\.mp4: cannot be read as a video: /)
    const bytes = readFileSync(file('two.mp4'))
    bytes.fill(0, bytes.indexOf('mdat') + 4, bytes.indexOf('moov') - 4)
    writeFileSync(file('blank.mp4'), bytes)
    expect(await reasonOf('blank.mp4', 1)).toMatch(/^input: blank\.mp4: /)
  })

  it('is refused of playlists, which could show another file, and writes nothing', async () => {
    writeFileSync(file('list.mp4'), `ffconcat version 1.0\nfile two.mp4\n`)
    expect(await reasonOf('list.mp4')).toBe(
      'input: list.mp4: cannot be read as a video: its content is of the format concat, which is not allowed',
    )
    writeFileSync(file('hls.mp4'), '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ntwo.mp4\n')
    expect(await reasonOf('hls.mp4')).toContain('is of the format hls, which is not allowed')
    // Without our options ffmpeg would have read it.
    expect(() =>
      execFileSync('ffmpeg', ['-v', 'error', '-i', file('list.mp4'), '-frames:v', '1', file('leak.png')]),
    ).not.toThrow()
    expect(existsSync(file('leak.png'))).toBe(true)
  })

  it('has limits of size and time', async () => {
    expect(await reasonOf('two.mp4', 0, { limits: { maxPixels: 1000 } })).toMatch(
      /^input: .*exceeds specified max pixel count/,
    )
    expect(await reasonOf('two.mp4', 0, { timeoutMs: 1 })).toBe(
      'timeout: ffmpeg did not end within 0.001 seconds',
    )
  })
})
