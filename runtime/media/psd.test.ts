import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { bytesInput, fileInput } from '../formats/input-file.ts'
import { withBoundedFile } from './bounded-file.ts'
import { psdPreview, readPsd } from './psd.ts'
import { concat, psd, u16, u32 } from './testing/hostile-bytes.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-psd-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const read = async (path: string) => withBoundedFile(await fileInput(path), never, readPsd)
const photo = readFileSync(join(import.meta.dirname, 'testing/fixtures/photo.jpg'))
const preview = (bytes: Uint8Array) => withBoundedFile(bytesInput('a.psd', bytes, scratch), never, psdPreview)

/** A resource with a name, of which both are padded to an even length. */
const resource = (id: number, name: string, data: Uint8Array) =>
  concat(
    '8BIM',
    u16(id),
    Buffer.from([name.length]),
    name,
    name.length % 2 ? '' : '\0',
    u32(data.length),
    data,
    data.length % 2 ? '\0' : '',
  )
const thumbnail = concat(
  u32(1),
  u32(64),
  u32(48),
  u32(192),
  u32(9216),
  u32(photo.length),
  u16(24),
  u16(1),
  photo,
)

describe('the preview in a Photoshop document', () => {
  it('is found behind other resources', async () => {
    const resources = concat(
      resource(1005, 'a', Buffer.alloc(15)),
      resource(1039, 'ab', Buffer.alloc(4)),
      resource(1036, '', thumbnail),
    )
    expect(await preview(psd({ width: 64, height: 48, resources }))).toEqual(photo)
    expect(await preview(psd({ version: 2, width: 64, height: 48, resources }))).toEqual(photo)
  })

  it('is absent where none was saved, or none as JPEG', async () => {
    expect(await preview(psd({ width: 9, height: 9 }))).toBeUndefined()
    const raw = resource(1036, '', concat(u32(0), Buffer.alloc(60)))
    expect(await preview(psd({ width: 9, height: 9, resources: raw }))).toBeUndefined()
  })
})

const made: readonly (readonly [name: string, mode: string, args: string])[] = [
  ['rgb.psd', 'RGB', 'gradient:red-blue -depth 8'],
  ['deep.psd', 'RGB;16', 'gradient:red-blue -depth 16'],
  ['cmyk.psd', 'CMYK', 'gradient:red-blue -colorspace CMYK -depth 8'],
  ['grey.psd', 'L', 'gradient: -colorspace Gray -depth 8'],
  ['alpha.psd', 'RGBA', 'plasma:red-blue -alpha set -channel A -evaluate set 50% +channel -depth 8'],
  ['large.psb', 'RGB', 'gradient:red-blue -depth 8'],
]

describe.skipIf(!has('convert'))('a Photoshop document beside ImageMagick (convert, identify)', () => {
  it.each(made)('%s', async (name, mode, args) => {
    const path = join(scratch, name)
    for (const compression of ['None', 'RLE']) {
      execFileSync('convert', ['-size', '63x41', ...args.split(' '), '-compress', compression, path])
      const size = execFileSync('identify', ['-format', '%w %h', `${path}[0]`], { encoding: 'utf8' })
        .split(' ')
        .map(Number)
      expect(await read(path)).toEqual({ width: size[0], height: size[1], mode })
    }
  })

  it('is refused when it is cut before its pixels', async () => {
    const path = join(scratch, 'cut.psd')
    execFileSync('convert', ['-size', '63x41', 'gradient:red-blue', '-compress', 'None', path])
    const whole = readFileSync(path)
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        writeFileSync(path, whole.subarray(0, length))
        await expect(read(path)).rejects.toBeInstanceOf(InputError)
      }),
      { numRuns: 60 },
    )
  })
})
