import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bytesInput, fileInput } from '../formats/input-file.ts'
import { withBoundedFile } from './bounded-file.ts'
import { readExr } from './exr.ts'
import { concat, exr, le32 } from './testing/hostile-bytes.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-exr-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const read = (bytes: Uint8Array) => withBoundedFile(bytesInput('a.exr', bytes, scratch), never, readExr)
const rest = Buffer.alloc(4000)
const places = (count: number) => Array.from({ length: count }, () => 900n)

/** The list of channels, which `exr` writes as one of grey, in the place of it. */
function withChannels(names: readonly string[], kind: number): Buffer {
  const bytes = exr({ data: [0, 0, 3, 1], places: places(2), rest })
  const channels = concat(
    ...names.map((name) => concat(`${name}\0`, le32(kind), Buffer.alloc(4), le32(1), le32(1))),
    '\0',
  )
  const start = bytes.indexOf('chlist\0') + 7
  const old = bytes.readUInt32LE(start)
  return concat(bytes.subarray(0, start), le32(channels.length), channels, bytes.subarray(start + 4 + old))
}

describe('an OpenEXR picture', () => {
  it('has the size of its display window', async () => {
    const bytes = exr({ data: [10, 10, 19, 12], display: [0, 0, 1919, 1079], places: places(3), rest })
    expect(await read(bytes)).toEqual({ width: 1920, height: 1080, mode: 'L;16F' })
  })

  it('may have corners below nothing', async () => {
    const bytes = exr({ data: [-8, -4, 7, 3], places: places(8), rest })
    expect(await read(bytes)).toMatchObject({ width: 16, height: 8 })
  })

  it.each<[string[], number, string | undefined]>([
    [['B', 'G', 'R'], 1, 'RGB;16F'],
    [['A', 'B', 'G', 'R'], 2, 'RGBA;32F'],
    [['Layer.Combined.A', 'Layer.Combined.B', 'Layer.Combined.G', 'Layer.Combined.R'], 1, 'RGBA;16F'],
    [['Y'], 2, 'F'],
    [['A', 'Y'], 1, 'LA;16F'],
    [['BY', 'RY', 'Y'], 1, 'RGB;16F'],
    [['Z'], 2, 'F'],
    [['id'], 0, 'I'],
    [['u', 'v'], 2, undefined],
  ])('with the channels %j of kind %i is %s', async (names, kind, mode) => {
    expect((await read(withChannels(names, kind))).mode).toBe(mode)
  })

  it('of several parts has the size of the first', async () => {
    const one = exr({ data: [0, 0, 99, 49] })
    const header = one.subarray(8)
    const bytes = concat(Buffer.from('762f310102100000', 'hex'), header, header, '\0')
    expect(await read(bytes)).toMatchObject({ width: 100, height: 50 })
    await expect(read(bytes.subarray(0, -1))).rejects.toThrow(/^a\.exr: ends at byte/)
  })
})

describe.skipIf(!has('ffmpeg'))('an OpenEXR picture beside ffprobe (ffmpeg, ffprobe)', () => {
  it.each([
    ['float.exr', 'gbrpf32le', 'none', 'RGB;32F'],
    ['alpha.exr', 'gbrapf32le', 'zip16', 'RGBA;32F'],
    ['half.exr', 'gbrpf32le', 'zip1', 'RGB;16F'],
    ['grey.exr', 'grayf32le', 'rle', 'F'],
  ])('%s', async (name, pixels, compression, mode) => {
    const path = join(scratch, name)
    const source = [
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=96x54:duration=1',
      '-frames:v',
      '1',
      '-pix_fmt',
      pixels,
    ]
    const format = name === 'half.exr' ? ['-format', 'half'] : ['-format', 'float']
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...source, '-compression', compression, ...format, path])
    const probed = execFileSync(
      'ffprobe',
      ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', path],
      { encoding: 'utf8' },
    )
    const [width, height] = probed.split(',').map(Number)
    expect(await withBoundedFile(await fileInput(path), never, readExr)).toEqual({ width, height, mode })

    const whole = readFileSync(path)
    for (const share of [0.01, 0.1, 0.5]) {
      await expect(read(whole.subarray(0, Math.floor(whole.length * share)))).rejects.toThrow(/^a\.exr: /)
    }
  })
})
