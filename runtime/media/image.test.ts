import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { crc32, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { isSluiceError } from '../errors.ts'
import { type ImageLimits, makeThumbnail, readImage, type ThumbnailSize } from './image.ts'
import { MemoryBudget } from './image-memory.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'images-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Colour = { r: number; g: number; b: number; alpha?: number }
const red: Colour = { r: 255, g: 0, b: 0 }
const plain = (width: number, height: number, background: Colour = red) =>
  sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } })
const jpeg = (width = 60, height = 40) => plain(width, height).jpeg().toBuffer()

/** Noise: what no codec makes small. */
function noise(width: number, height: number) {
  let state = 7
  const pixels = Buffer.alloc(width * height * 3)
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    pixels[i] = state >>> 24
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

async function pixelAt(bytes: Uint8Array, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const at = (y * info.width + x) * info.channels
  return [...data.subarray(at, at + info.channels)]
}

describe('readImage', () => {
  it.each([
    ['RGB', () => plain(60, 40).png()],
    ['RGBA', () => plain(60, 40, { ...red, alpha: 0.5 }).png()],
    ['L', () => plain(60, 40).toColourspace('b-w').png()],
    [
      'LA',
      () =>
        plain(60, 40, { ...red, alpha: 0.5 })
          .toColourspace('b-w')
          .png(),
    ],
    ['P', () => plain(60, 40).png({ palette: true })],
    ['P', () => plain(60, 40).gif()],
    ['CMYK', () => plain(60, 40).toColourspace('cmyk').jpeg()],
    ['I;16', () => plain(60, 40).toColourspace('grey16').png()],
    ['RGB;16', () => plain(60, 40).toColourspace('rgb16').png()],
    ['RGB', () => plain(60, 40).webp()],
    ['RGB', () => plain(60, 40).avif()],
    ['RGB', () => plain(60, 40).tiff()],
  ])('knows %s', async (mode, make) => {
    const bytes = await make().toBuffer()
    expect(await readImage(bytes)).toMatchObject({ width: 60, height: 40, mode, pages: 1, orientation: 1 })
    const file = path.join(folder, 'no-name-tells')
    writeFileSync(file, bytes)
    expect(await readImage(file)).toEqual(await readImage(bytes))
  })

  it('tells the size as it is shown', async () => {
    const turned = await plain(60, 40).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    expect(await readImage(turned)).toMatchObject({ width: 40, height: 60, orientation: 6 })
  })

  it('counts the frames of an animation', async () => {
    expect(await readImage(gif(3))).toMatchObject({ format: 'gif', pages: 3, width: 1, height: 1 })
  })

  it('fails, and does not reject, when the file is not there', async () => {
    const error = await readImage(path.join(folder, 'none.jpg')).catch((caught: unknown) => caught)
    expect(isSluiceError(error)).toBe(false)
    expect(error).toMatchObject({ code: 'ENOENT' })
  })
})

/** A GIF of black frames of one pixel. */
function gif(frames: number): Buffer {
  const head = Buffer.from('47494638396101000100800000000000ffffff', 'hex')
  const frame = Buffer.from('21f90400010000002c0000000001000100000202440100', 'hex')
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from(';')])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A PNG that says it is this large, with next to nothing in it. */
function pngOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(30_000))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const box = (brand: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 20]), Buffer.from(`ftyp${brand}\0\0\0\0mif1`), Buffer.alloc(64)])

describe('what is refused, with the reason', () => {
  const small: Partial<ImageLimits> = { pixels: 1_000_000, pages: 50, bytes: 200_000 }
  it.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp, Partial<ImageLimits>?]>([
    ['an empty file', () => Buffer.alloc(0), /^the file is empty: expected an image$/],
    [
      'text',
      () => Buffer.from('hello'),
      /^is no image: found text; expected JPEG, PNG, GIF, WEBP, TIFF, AVIF, SVG$/,
    ],
    ['text in Latin-1', () => Buffer.from('h\xe9llo', 'latin1'), /found text/],
    ['HTML', () => Buffer.from('<!doctype html><p>hello'), /no SVG|DOCTYPE/],
    ['JSON', () => Buffer.from('{"a": 1}'), /found text/],
    ['a zip archive', () => Buffer.from('PK\x03\x04rest'), /found a zip archive/],
    ['a PDF', () => Buffer.from('%PDF-1.7\n'), /found a PDF/],
    ['a bitmap', () => Buffer.from('BM\0\0\0\0'), /found a bitmap \(BMP\)/],
    ['a HEIC photo', () => box('heic'), /found HEIC/],
    ['a video', () => box('isom').fill(0, 16), /found a video or audio file/],
    ['zeros', () => Buffer.alloc(4096), /unknown content \(it begins with 00 00 00 00\)/],
    ['a lone JPEG marker', () => Buffer.from('ffd8ff', 'hex'), /the JPEG image is/],
    ['a lone PNG signature', () => Buffer.from('89504e470d0a1a0a', 'hex'), /the PNG image is/],
    ['a lone GIF header', () => Buffer.from('GIF89a'), /the GIF image is/],
    ['a lone TIFF header', () => Buffer.from('II*\0\xff\xff\xff\xff', 'latin1'), /the TIFF image is/],
    ['a lone WebP header', () => Buffer.from('RIFF\0\0\0\0WEBP'), /the WEBP image is/],
    ['a lone AVIF header', () => box('avif'), /the AVIF image is/],
    [
      'SVG after the beginning of a JPEG',
      () => Buffer.concat([Buffer.from('ffd8ff', 'hex'), svg('')]),
      /the JPEG image is/,
    ],
    ['a cut JPEG', async () => half(await noise(200, 200).jpeg().toBuffer()), /the JPEG image is cut off/],
    [
      'a cut progressive JPEG',
      async () => half(await noise(200, 200).jpeg({ progressive: true }).toBuffer()),
      /JPEG image is cut off/,
    ],
    ['a cut PNG', async () => half(await noise(200, 200).png().toBuffer()), /the PNG image is cut off/],
    ['a cut WebP', async () => half(await noise(200, 200).webp().toBuffer()), /the WEBP image is/],
    ['a cut GIF', async () => half(await noise(200, 200).gif().toBuffer()), /the GIF image is/],
    [
      'a cut TIFF',
      async () => half(await noise(200, 200).tiff({ compression: 'none' }).toBuffer()),
      /the TIFF image is/,
    ],
    ['a cut AVIF', async () => half(await noise(200, 200).avif().toBuffer()), /the AVIF image is/],
    [
      'a PNG of 30000 x 30000 pixels',
      () => pngOf(30_000, 30_000),
      /30000 x 30000 pixels: at most 100000000 are allowed/,
    ],
    ['a PNG of 2 billion by 1', () => pngOf(0x7fff_ffff, 1), /PNG image|pixels/],
    ['more pixels than are allowed', () => jpeg(1001, 1000), /1001 x 1000 pixels: at most 1000000/, small],
    ['an endless animation', () => gif(60), /has 60 pages: at most 50/, small],
    [
      'more bytes than are allowed',
      () => noise(300, 300).png().toBuffer(),
      /has \d{6} bytes: at most 200000/,
      small,
    ],
    [
      'what takes too much to decode',
      () => noise(800, 800).jpeg({ progressive: true }).toBuffer(),
      /decoding the image takes 3840000 bytes at once \(800 x 800 pixels, progressive\)/,
      { decodedBytes: 1e6 },
    ],
    ['a gzip bomb', () => gzipSync(Buffer.alloc(50_000_000)), /the SVG has more: at most 33554432 bytes/],
    ['damaged gzip', () => Buffer.from('1f8b0800000000', 'hex'), /found gzipped content that is damaged/],
    ['gzipped text', () => gzipSync('hello'), /found text that is no SVG/],
  ])('%s', async (name, make, reason, limits = {}) => {
    const bytes = await make()
    const file = path.join(folder, `${name.replaceAll(/\W/g, '-')}.jpg`)
    writeFileSync(file, bytes)
    for (const source of [bytes, file]) {
      const error = await makeThumbnail(source, { size: { fit: [32, 32] }, limits }).catch(
        (caught: unknown) => caught,
      )
      expect(isSluiceError(error, 'input'), String(error)).toBe(true)
      expect((error as Error).message).toMatch(reason)
      expect((error as Error).message).not.toMatch(/\n/)
    }
  })

  it('whatever is damaged: an InputError or a picture, nothing else', async () => {
    const sources = await Promise.all([
      noise(40, 30).jpeg().toBuffer(),
      noise(40, 30).png().toBuffer(),
      noise(40, 30).webp().toBuffer(),
      noise(40, 30).gif().toBuffer(),
      noise(40, 30).tiff({ compression: 'lzw' }).toBuffer(),
      Promise.resolve(svg('<rect width="5" height="5" fill="url(#a)"/>')),
    ])
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.array(fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), byte: fc.nat(255) }), {
          maxLength: 12,
        }),
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        async (source, changes, share) => {
          const bytes = Buffer.from(source.subarray(0, Math.ceil(source.length * share)))
          for (const { at, byte } of changes) bytes[Math.floor(at * bytes.length)] = byte
          const result = await makeThumbnail(bytes, {
            size: { fit: [16, 16] },
            limits: { pixels: 1_000_000, seconds: 5 },
          }).catch((caught: unknown) => caught)
          if (result instanceof Error) expect(isSluiceError(result, 'input'), String(result)).toBe(true)
          else expect(result).toMatchObject({ contentType: 'image/jpeg' })
        },
      ),
      { numRuns: 300 },
    )
  }, 60_000)
})

const half = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))

function svg(content: string, attributes = 'width="40" height="20"'): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${content}</svg>`,
  )
}

describe('makeThumbnail', () => {
  it.each<[ThumbnailSize, [number, number], [number, number]]>([
    [{ ratio: 1 / 3 }, [600, 600], [200, 200]],
    [{ ratio: 1 / 3 }, [4000, 3000], [1333, 1000]],
    [{ ratio: 0.01 }, [900, 3], [9, 1]],
    [{ fit: [100, 100] }, [400, 200], [100, 50]],
    [{ fit: [100, 100] }, [60, 40], [60, 40]],
    [{ letterbox: [512, 512] }, [1024, 256], [512, 512]],
    [{ letterbox: [512, 511], enlarge: true }, [3, 7], [512, 511]],
  ])('%j of %j is %j', async (size, [width, height], expected) => {
    const made = await makeThumbnail(await jpeg(width, height), { size })
    expect([made.width, made.height]).toEqual(expected)
    const { format, width: w, height: h } = await sharp(made.bytes).metadata()
    expect([format, w, h]).toEqual(['jpeg', ...expected])
    expect(made.source).toMatchObject({ format: 'jpeg', width, height })
  })

  it('puts a letterbox around the picture, which it makes larger only when it is told to', async () => {
    const source = await jpeg(20, 10)
    const { bytes } = await makeThumbnail(source, { size: { letterbox: [40, 40] }, format: 'png' })
    expect(await pixelAt(bytes, 0, 0)).toEqual([0, 0, 0])
    expect(await pixelAt(bytes, 9, 20)).toEqual([0, 0, 0])
    expect((await pixelAt(bytes, 20, 20))[0]).toBeGreaterThan(250)
    const large = await makeThumbnail(source, {
      size: { letterbox: [40, 40], background: '#0000ff', enlarge: true },
      format: 'png',
    })
    expect((await pixelAt(large.bytes, 1, 20))[0]).toBeGreaterThan(250)
    expect(await pixelAt(large.bytes, 1, 1)).toEqual([0, 0, 255])
  })

  it('shows white through what is transparent, or what it is told to', async () => {
    const glass = await plain(20, 20, { r: 0, g: 0, b: 0, alpha: 0 }).png().toBuffer()
    const fit = { fit: [20, 20] } as const
    expect(await pixelAt((await makeThumbnail(glass, { size: fit })).bytes, 5, 5)).toEqual([255, 255, 255])
    const grey = await makeThumbnail(glass, { size: fit, background: '#808080' })
    expect((await pixelAt(grey.bytes, 5, 5))[0]).toBe(128)
    const kept = await makeThumbnail(glass, { size: fit, format: 'webp' })
    expect((await sharp(kept.bytes).metadata()).hasAlpha).toBe(true)
  })

  it('keeps nothing but pixels, in sRGB', async () => {
    const told = await plain(60, 40, { r: 200, g: 60, b: 60 })
      .withExif({ IFD0: { Make: 'Maker', Copyright: 'Someone' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">secret</x:xmpmeta>')
      .withIccProfile('p3')
      .jpeg({ quality: 100 })
      .toBuffer()
    for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
      const { bytes, contentType } = await makeThumbnail(told, { size: { ratio: 0.5 }, format, quality: 100 })
      const { exif, xmp, iptc, icc, space } = await sharp(bytes).metadata()
      expect([exif, xmp, iptc, icc, space], format).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
        'srgb',
      ])
      expect(contentType).toBe(`image/${format}`)
      const [r, g] = (await pixelAt(bytes, 10, 10)) as [number, number]
      expect(Math.abs(r - 200) + Math.abs(g - 60), `${format} ${r} ${g}`).toBeLessThan(10)
    }
  })

  it('takes the first frame, and 8 bits of 16', async () => {
    expect((await makeThumbnail(gif(5), { size: { ratio: 1 } })).source.pages).toBe(5)
    const deep = await plain(20, 20).toColourspace('rgb16').png().toBuffer()
    const { bytes } = await makeThumbnail(deep, { size: { ratio: 1 }, format: 'png' })
    expect((await sharp(bytes).metadata()).depth).toBe('uchar')
  })

  it('draws an SVG at the size that is wanted', async () => {
    const half = svg('<rect width="20" height="20" fill="#ff0000"/>')
    const { bytes, width, height } = await makeThumbnail(half, {
      size: { letterbox: [400, 200], enlarge: true },
      quality: 100,
    })
    expect([width, height]).toEqual([400, 200])
    // An edge that is drawn, and not enlarged from pixels, is one pixel wide at most.
    expect((await pixelAt(bytes, 190, 100))[0]).toBeGreaterThan(250)
    expect((await pixelAt(bytes, 205, 100))[0]).toBeLessThan(5)
  })

  it('makes the same bytes of the same image', async () => {
    const source = await noise(300, 200).jpeg().toBuffer()
    const options = { size: { ratio: 0.3 }, format: 'webp' } as const
    const [one, other] = await Promise.all([makeThumbnail(source, options), makeThumbnail(source, options)])
    expect(Buffer.from(one.bytes).equals(Buffer.from(other.bytes))).toBe(true)
  })

  it('stops when it is told to', async () => {
    const controller = new AbortController()
    const working = makeThumbnail(await noise(3000, 2000).png().toBuffer(), {
      size: { ratio: 0.9 },
      format: 'avif',
      signal: controller.signal,
    })
    setTimeout(() => controller.abort(), 30)
    await expect(working).rejects.toMatchObject({ tag: 'aborted' })
    await expect(
      makeThumbnail(await jpeg(), { size: { ratio: 1 }, signal: controller.signal }),
    ).rejects.toThrow()
  })

  it('says what takes too long', async () => {
    const slow = makeThumbnail(await noise(1600, 1200).jpeg().toBuffer(), {
      size: { ratio: 1 },
      format: 'avif',
      quality: 100,
      limits: { seconds: 1 },
    })
    await expect(slow).rejects.toMatchObject({
      tag: 'input',
      message: expect.stringMatching(/takes too long to decode/),
    })
  }, 30_000)

  it('refuses a size that is none', async () => {
    const source = await jpeg()
    await expect(makeThumbnail(source, { size: { ratio: 0 } })).rejects.toThrow(
      'ratio: found 0; expected a number above 0',
    )
    await expect(makeThumbnail(source, { size: { fit: [0, 10] } })).rejects.toThrow('size: found 0')
    await expect(makeThumbnail(source, { size: { ratio: 1 }, quality: 101 })).rejects.not.toMatchObject({
      tag: 'input',
    })
  })
})

describe('MemoryBudget', () => {
  it('never lends more than it has, serves in turn, and lets the too large run alone', async () => {
    const budget = new MemoryBudget(100)
    const order: number[] = []
    let held = 0
    let most = 0
    await Promise.all(
      [60, 30, 50, 1000, 10, 40].map((bytes, i) =>
        budget.hold(bytes, async () => {
          order.push(i)
          held += Math.min(bytes, 100)
          most = Math.max(most, held)
          await new Promise((resolve) => setTimeout(resolve, 2))
          held -= Math.min(bytes, 100)
        }),
      ),
    )
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    expect(most).toBeLessThanOrEqual(100)
    await expect(budget.hold(100, () => Promise.reject(new Error('x')))).rejects.toThrow('x')
    expect(await budget.hold(100, async () => 'free again')).toBe('free again')
  })
})
