import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { bytesInput, fileInput } from '../formats/input-file.ts'
import { drawBmp, readBmp } from './bmp.ts'
import { withBoundedFile } from './bounded-file.ts'
import { bmp } from './testing/hostile-bytes.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-bmp-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const read = async (path: string) => withBoundedFile(await fileInput(path), never, readBmp)
const draw = async (path: string) => withBoundedFile(await fileInput(path), never, drawBmp)
const drawBytes = (bytes: Uint8Array) => withBoundedFile(bytesInput('a.bmp', bytes, scratch), never, drawBmp)

describe('a bitmap', () => {
  // Two by two of 24 bits, rows padded to four bytes: blue green / red white, as blue, green, red.
  const rows = [
    [255, 0, 0, 0, 255, 0, 0, 0],
    [0, 0, 255, 255, 255, 255, 0, 0],
  ]
  const shown = [0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255]

  it('from the bottom is turned over', async () => {
    const bytes = bmp({ width: 2, height: 2, pixels: Uint8Array.from(rows.toReversed().flat()) })
    expect([...((await drawBytes(bytes))?.pixels ?? [])]).toEqual(shown)
  })

  it('of a negative height begins at the top', async () => {
    const bytes = bmp({ width: 2, height: -2, pixels: Uint8Array.from(rows.flat()) })
    expect([...((await drawBytes(bytes))?.pixels ?? [])]).toEqual(shown)
  })
})

/** What ImageMagick and ffmpeg write. */
const made: readonly (readonly [name: string, mode: string, args: string])[] = [
  ['24.bmp', 'RGB', '-size 63x41 plasma:red-blue BMP3:'],
  ['alpha.bmp', 'RGBA', '-size 63x41 plasma:red-blue -alpha on '],
  ['os2.bmp', 'RGB', '-size 63x41 plasma:red-blue BMP2:'],
  ['256.bmp', 'P', '-size 63x41 plasma:red-blue -colors 200 -type Palette -compress None '],
  ['16.bmp', 'P', '-size 63x41 plasma:red-blue +dither -colors 13 -type Palette '],
  ['2.bmp', '1', '-size 63x41 pattern:checkerboard -monochrome '],
  ['565.bmp', 'RGB', '-size 63x41 plasma:red-blue -define bmp:subtype=RGB565 '],
  ['555.bmp', 'RGB', '-size 63x41 plasma:red-blue -define bmp:subtype=RGB555 '],
  ['large.bmp', 'RGB', '-size 2500x2100 plasma:red-blue '],
]

describe.skipIf(!has('convert'))('beside ImageMagick (convert, identify)', () => {
  it.each(made)('%s', async (name, mode, args) => {
    const path = join(scratch, name)
    const words = `${args}`.split(' ')
    const target = `${words.pop()}${path}`
    execFileSync('convert', ['-seed', '7', ...words, target])
    const size = execFileSync('identify', ['-format', '%w %h', path], { encoding: 'utf8' })
      .split(' ')
      .map(Number)
    expect(await read(path)).toEqual({ width: size[0], height: size[1], mode })

    const picture = (await draw(path)) as NonNullable<Awaited<ReturnType<typeof drawBmp>>>
    const raw = { width: picture.width, height: picture.height, channels: 3 as const }
    const ours = await sharp(picture.pixels, { raw }).resize(60, 40, { fit: 'fill' }).raw().toBuffer()
    execFileSync('convert', [path, '-alpha', 'off', '-type', 'TrueColor', `${path}.png`])
    const theirs = await sharp(`${path}.png`)
      .removeAlpha()
      .toColourspace('srgb')
      .resize(60, 40, { fit: 'fill' })
      .raw()
      .toBuffer()
    expect(ours).toHaveLength(theirs.length)
    const difference =
      ours.reduce((sum, value, at) => sum + Math.abs(value - (theirs[at] as number)), 0) / ours.length
    expect(difference).toBeLessThan(2)
  })

  it('run lengths are read and not drawn', async () => {
    const path = join(scratch, 'rle.bmp')
    execFileSync('convert', ['-size', '63x41', 'plasma:red-blue', '-colors', '200', '-compress', 'RLE', path])
    expect(await read(path)).toEqual({ width: 63, height: 41, mode: 'P' })
    expect(await draw(path)).toBeUndefined()
  })
})
