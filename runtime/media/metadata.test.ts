import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { AbortedError, InputError } from '../errors.ts'
import { bytesInput, fileInput } from '../formats/input-file.ts'
import { fileTypeOf } from './classify.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { type Extracted, extractMetadata, extractThumbnail } from './metadata.ts'
import { ProgramError } from './program-error.ts'
import { zip } from './testing/hostile-bytes.ts'
import { has } from './testing/installed.ts'
import * as videoMetadata from './video-metadata.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-metadata-'))
afterAll(() => rmSync(scratch, { recursive: true }))
afterEach(() => void vi.restoreAllMocks())
const options = { limits: defaultMediaLimits, signal: new AbortController().signal }
const fixture = (name: string) => join(import.meta.dirname, 'testing/fixtures', name)

/** `name` may differ from the fixture's. */
async function extract(name: string, source: string | Uint8Array): Promise<Extracted> {
  const file =
    typeof source === 'string' ? await fileInput(fixture(source), name) : bytesInput(name, source, scratch)
  return extractMetadata(file, fileTypeOf(name), options)
}

const text = (content: string) => Buffer.from(content)

describe('the row of each kind of file', () => {
  it.each<[string, string | Uint8Array, object]>([
    ['p.jpg', 'photo.jpg', { type: 'image', resolutionX: 64, resolutionY: 48, mode: 'RGB' }],
    ['d.odg', 'drawing.odg', { type: 'image', resolutionX: 201, resolutionY: 101, mode: undefined }],
    [
      'c.mp4',
      'clip.mp4',
      { type: 'video', resolutionX: 64, resolutionY: 36, duration: 1, fps: 10, codec: 'h264' },
    ],
    ['c.webm', 'clip.webm', { type: 'video', resolutionX: 64, resolutionY: 36, fps: 10, codec: 'vp8' }],
    [
      'b.blend',
      'blender-3.4-zstd.blend',
      { type: 'blend', blenderVersion: '3.4', numFrames: 120, meshes: 3 },
    ],
    [
      't.wav',
      'tone.wav',
      { type: 'audio', duration: 0.4, sampleRate: 22050, channels: 1, codec: 'pcm_s16le' },
    ],
    [
      'a.sh',
      text('#!/bin/sh\necho hi'),
      { type: 'code', language: 'Shell', numLines: 2, encoding: 'utf-8', hasShebang: true },
    ],
    [
      't.xlsx',
      'table.xlsx',
      {
        type: 'spreadsheet',
        numSheets: 1,
        sheetNames: ['table'],
        numRows: 4,
        numColumns: 3,
        hasHeader: true,
      },
    ],
    ['d.odt', 'text.odt', { type: 'document', docType: 'odt', pageCount: 2, wordCount: 27 }],
    ['n.md', text('one two\nthree'), { type: 'document', docType: 'md', pageCount: undefined, wordCount: 3 }],
    ['f.bphys', text('BPHYSICS\x00\x00'), { type: 'cache', cacheType: 'physics' }],
    ['f.vdb', Buffer.from('2042445600000000e0000000', 'hex'), { type: 'cache', cacheType: 'vdb' }],
    ['f.abc', Buffer.from('4f67617761ff0001', 'hex'), { type: 'cache', cacheType: 'alembic' }],
    ['old.abc', Buffer.from('894844460d0a1a0a0000', 'hex'), { type: 'cache', cacheType: 'alembic' }],
    ['f.bgeo', Buffer.from('7f4e534a62', 'hex'), { type: 'cache', cacheType: 'geometry' }],
    ['f.geo', text('PGEOMETRY V5'), { type: 'cache', cacheType: 'geometry' }],
    ['f.xyz', text('anything'), { type: 'unknown' }],
    ['empty', Buffer.alloc(0), { type: 'unknown' }],
    ['empty.py', Buffer.alloc(0), { type: 'code', numLines: 0 }],
    ['empty.csv', Buffer.alloc(0), { type: 'spreadsheet', numRows: 0, numColumns: 0, hasHeader: false }],
    ['empty.txt', Buffer.alloc(0), { type: 'document', wordCount: 0 }],
  ])('%s', async (name, source, expected) => {
    const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : ''
    expect(await extract(name, source)).toMatchObject({ extension, warnings: [], ...expected })
  })

  it('tells an image of another name from one that is none', async () => {
    expect(await extract('p.png', 'photo.jpg')).toMatchObject({
      resolutionX: 64,
      warnings: ['is JPEG by its content, and named .png'],
    })
    await expect(extract('shows/p.png', text('no image'))).rejects.toThrow(/^shows\/p\.png: is no image/)
  })

  it('reads what old names hold', async () => {
    expect(await extract('d.doc', 'text.rtf')).toMatchObject({ docType: 'doc', wordCount: 27 })
    expect(await extract('d.doc', 'text.docx')).toMatchObject({ pageCount: 2, wordCount: 27 })
    expect(await extract('t.xls', 'table.xlsx')).toMatchObject({ numRows: 4, sheetNames: ['table'] })
  })

  it('reads a Krita document', async () => {
    const image = '<IMAGE width="640" height="360" colorspacename="RGBAF16" name="x"/>'
    const maindoc = `<?xml version="1.0"?>\n<DOC xmlns="http://www.calligra.org/DTD/krita">${image}</DOC>`
    const preview = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const bytes = zip({ mimetype: 'application/x-krita', 'maindoc.xml': maindoc, 'preview.png': preview })
    const found = await extract('k.kra', bytes)
    expect(found).toMatchObject({ resolutionX: 640, resolutionY: 360, mode: 'RGBA;16F' })
    expect(
      await colourOf(await extractThumbnail(bytesInput('k.kra', bytes, scratch), 'image', found, options)),
    ).toEqual([254, 0, 0])
  })
})

describe('the thumbnail', () => {
  const made = async (name: string, type = fileTypeOf(name)) => {
    const file = await fileInput(fixture(name))
    return extractThumbnail(file, type, await extractMetadata(file, type, options), options)
  }

  it.each(['photo.jpg', 'drawing.odg', 'blender-3.4-zstd.blend'])(
    'of %s is a JPEG of 512 x 512 on black',
    async (name) => {
      const jpeg = (await made(name)) as Uint8Array
      const { format, width, height } = await sharp(jpeg).metadata()
      expect([format, width, height]).toEqual(['jpeg', 512, 512])
      const { data } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true })
      expect([...data.subarray(0, 3)].every((value) => value < 8)).toBe(true)
    },
  )

  it('of all else is none', async () => {
    for (const name of ['tone.wav', 'text.pdf', 'table.xlsx']) expect(await made(name)).toBeUndefined()
  })
})

describe.skipIf(!has('ffmpeg'))('the thumbnail of a video (ffmpeg)', () => {
  it('is its middle frame', async () => {
    const file = await fileInput(fixture('clip.mp4'))
    const jpeg = await extractThumbnail(file, 'video', await extractMetadata(file, 'video', options), options)
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 512, height: 512 })
  })
})

describe('reading', () => {
  it('goes on without ffprobe, and says that it is not installed', async () => {
    vi.spyOn(videoMetadata, 'readVideoMetadata').mockRejectedValue(
      new ProgramError('ffprobe', { kind: 'missing' }),
    )
    const found = await extract('c.flv', 'clip.mp4')
    expect(found).toMatchObject({
      type: 'video',
      codec: undefined,
      warnings: [expect.stringContaining('ffprobe is not installed')],
    })
    expect(
      await extractThumbnail(await fileInput(fixture('clip.mp4')), 'video', found, options),
    ).toBeUndefined()
  })

  it.each(['photo.jpg', 'tone.mp3', 'text.pdf', 'table.ods', 'clip.mp4'])(
    '%s stops when it is told to',
    async (name) => {
      const controller = new AbortController()
      controller.abort()
      const reading = extractMetadata(await fileInput(fixture(name)), fileTypeOf(name), {
        ...options,
        signal: controller.signal,
      })
      await expect(reading).rejects.toBeInstanceOf(AbortedError)
    },
  )

  it('of a file that takes too long is given up, and the next is read', async () => {
    const limits = { ...defaultMediaLimits, secondsPerFile: 0.001 }
    const [slow, next] = [await fileInput(fixture('text.pdf')), await fileInput(fixture('tone.mp3'))]
    const late = extractMetadata(slow, 'document', { ...options, limits })
    const sound = extractMetadata(next, 'audio', options)
    await expect(late).rejects.toThrow(/text\.pdf: could not be read within 0\.001 seconds/)
    expect(await sound).toMatchObject({ codec: 'mp3' })
  })

  it.each([
    ['photo.jpg', { pixels: 1000 }, /64 x 48 pixels/],
    ['tone.wav', { durationSeconds: 0.1 }, /0\.4 seconds long: at most 0\.1/],
    ['text.pdf', { pages: 1 }, /has 2 pages: at most 1/],
    ['text.odt', { zipEntries: 3 }, /more than 3 entries/],
    ['table.xlsx', { unzippedBytes: 1000 }, /unpacks to more than 1000 bytes/],
    ['text.doc', { wholeFileBytes: 1000 }, /has 9216 bytes: at most 1000/],
    ['drawing.odg', { pixels: 1000 }, /201 x 101 pixels: at most 1000/],
  ])('%s keeps to its limits', async (name, limits, message) => {
    const reading = extractMetadata(await fileInput(fixture(name)), fileTypeOf(name), {
      ...options,
      limits: { ...defaultMediaLimits, ...limits },
    })
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.toBeInstanceOf(InputError)
  })

  it('a gzipped .blend keeps to what it may unpack to', async () => {
    const limits = { ...defaultMediaLimits, unzippedBytes: 100_000 }
    const file = await fileInput(fixture('blender-3.4.blend.gz'), 'b.blend')
    await expect(extractMetadata(file, 'blend', { ...options, limits })).rejects.toThrow(
      /unpacks to more than 100000/,
    )
    const plain = bytesInput('b.blend', gunzipSync(readFileSync(fixture('blender-3.4.blend.gz'))), scratch)
    expect(await extractMetadata(plain, 'blend', { ...options, limits })).toMatchObject({ meshes: 3 })
  })

  it('reads files whose names are no good as such', async () => {
    const path = join(scratch, 'a\nb; rm -rf "x" %s.mp3')
    copyFileSync(fixture('tone.mp3'), path)
    expect(await extractMetadata(await fileInput(path), 'audio', options)).toMatchObject({ codec: 'mp3' })
  })
})

async function colourOf(jpeg: Uint8Array | undefined): Promise<number[]> {
  const { data } = await sharp(jpeg)
    .extract({ left: 256, top: 256, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return [...data]
}
