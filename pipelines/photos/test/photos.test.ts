import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { namedQueries } from '../../../runtime/catalog/named-queries.ts'
import { openPgliteCatalog } from '../../../runtime/catalog/pglite-catalog.ts'
import type { Catalog, JsonObject } from '../../../runtime/contracts.ts'
import { executeWork } from '../../../runtime/run/execute-work.ts'
import { readRecord } from '../../../runtime/run/record.ts'
import { keysOf, plannedRun, silentLog, textOf } from '../../../runtime/run/testing/fixtures.ts'
import { MemoryObjectStore } from '../../../runtime/storage/memory.ts'
import { demoInputs } from '../demo.ts'
import { Photos } from '../pipeline.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'photos-'))
const catalog = openPgliteCatalog({ spoolDir: folder })
const demo = await demoInputs()
const smallest = namedQueries.find(({ name }) => name === 'thumbnails-smallest')?.sql ?? ''

beforeAll(async () => {
  const sql = readFileSync(
    path.resolve(import.meta.dirname, '../../../runtime/catalog/migrations/0002-file-upload-catalog.sql'),
    'utf8',
  )
  for (const statement of sql.split(/;\s*$/m).filter((text) => text.trim() !== ''))
    await catalog.query(statement)
})
afterAll(async () => {
  await catalog.close()
  rmSync(folder, { recursive: true })
})

interface StackOptions {
  readonly parameters?: JsonObject
  readonly catalog?: Catalog | undefined
  readonly hasGallery?: boolean
}

/** Buckets, ledger and records around the pipeline, as a run finds them. */
function makeStack({ parameters = {}, hasGallery = true, ...rest }: StackOptions = {}) {
  const time = new Date('2026-11-20T14:05:07Z')
  const make = () => new MemoryObjectStore({ now: () => time })
  const [input, thumbnails, gallery, logs] = [make(), make(), make(), make()]
  const run = plannedRun({
    key: 'photos/main',
    pipeline: 'photos',
    site: 'main',
    trigger: { kind: 's3', source: { bucket: 'input', prefix: 'photos/' } },
    reads: [{ bucket: 'input', prefix: 'photos/' }],
    writes: [
      { bucket: 'thumbnails', prefix: 'photos/' },
      ...(hasGallery ? [{ bucket: 'gallery' as const, prefix: '' }] : []),
    ],
    output: { bucket: 'thumbnails', prefix: 'photos/' },
    configFile: 'pipelines/photos/config/pipeline.yaml',
    uses: ['catalog'],
    parameters,
  })
  let runs = 0
  async function upload(name: string, content: string | Uint8Array) {
    await input.put(`photos/${name}`, content)
    return work([name])
  }
  async function work(names: readonly string[], options: { readonly replay?: boolean } = {}) {
    const runId = `run-${++runs}`
    const results = await executeWork({
      run,
      work: { kind: 'objects', keys: names.map((name) => `photos/${name}`) },
      module: new Photos(parameters),
      stores: { inputs: { input }, outputs: { thumbnails, gallery }, logs },
      runId,
      holder: runId,
      attempt: 1,
      attempts: 1,
      now: time,
      clock: () => time,
      log: silentLog,
      scratchRoot: path.join(folder, 'scratch'),
      codeVersion: 'test',
      projectRoot: folder,
      classes: { load: () => Promise.reject(new Error('none')) },
      ...('catalog' in rest ? (rest.catalog ? { catalog: rest.catalog } : {}) : { catalog }),
      ...options,
    })
    return Promise.all(
      results.map(async (result) => ({
        result,
        record: result.record === undefined ? undefined : await readRecord(logs, result.record),
      })),
    )
  }
  return { input, thumbnails, gallery, logs, upload, work }
}

async function bytesOf(store: MemoryObjectStore, key: string): Promise<Buffer> {
  const found = await store.get(key)
  if (!found) throw new Error(`no ${key} among ${(await keysOf(store)).join(', ')}`)
  const chunks: Uint8Array[] = []
  for await (const chunk of found.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const photoOf = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#3a7' } })
    .jpeg()
    .toBuffer()
const rows = async (sql = 'select * from file_upload_catalog order by id') => (await catalog.query(sql)).rows
const isPhoto = ({ name }: { name: string }) => !['empty.jpg', 'notes.jpg'].includes(name)

let stack = makeStack()
beforeEach(async () => {
  await catalog.query('truncate file_upload_catalog restart identity')
  stack = makeStack()
})

describe('photos', () => {
  it('makes six thumbnails of six photos and two failure records of the other two', async () => {
    const outcomes = new Map<string, string>()
    for (const { name, content } of demo) {
      const [run] = await stack.upload(name, content)
      outcomes.set(name, `${run?.record?.outcome} ${run?.record?.error?.message ?? ''}`.trim())
    }
    expect(Object.fromEntries(outcomes)).toEqual({
      ...Object.fromEntries(demo.filter(isPhoto).map(({ name }) => [name, 'succeeded'])),
      'empty.jpg': 'rejected photos/empty.jpg: the file is empty: expected an image',
      'notes.jpg':
        'rejected photos/notes.jpg: is no image: found text; expected JPEG, PNG, GIF, WEBP, TIFF, AVIF, SVG',
    })
    expect((await keysOf(stack.thumbnails)).toSorted()).toEqual(
      demo
        .filter(isPhoto)
        .map(({ name }) => `photos/${name}`)
        .toSorted(),
    )
    const failures = await keysOf(stack.logs, 'failures/')
    expect(failures).toHaveLength(2)
    expect(JSON.parse((await textOf(stack.logs, failures[0] as string)) as string)).toMatchObject({
      outcome: 'rejected',
      error: { message: expect.stringMatching(/^photos\/(?:empty|notes)\.jpg: /) },
    })
    expect(await rows()).toHaveLength(6)
  })

  it('keeps good photos of a work unit that a bad one is in', async () => {
    for (const { name, content } of demo) await stack.input.put(`photos/${name}`, content)
    const runs = await stack.work(demo.map(({ name }) => name))
    const rejected = runs.filter(({ result }) => result.outcome === 'rejected')
    expect(rejected.map(({ record }) => record?.error?.place?.file ?? '').toSorted()).toEqual([
      'photos/empty.jpg',
      'photos/notes.jpg',
    ])
    expect((await keysOf(stack.thumbnails)).length).toBe(6)
    expect(await rows()).toHaveLength(6)
    const index = (await textOf(stack.gallery, 'index.html')) as string
    expect(index.match(/<li class="r/g)).toHaveLength(6)
  })

  it('makes a third of each side, or what fits', async () => {
    await stack.upload('square.jpg', await photoOf(600, 600))
    const third = await sharp(await bytesOf(stack.thumbnails, 'photos/square.jpg')).metadata()
    expect([third.width, third.height, third.format]).toEqual([200, 200, 'jpeg'])

    const fitting = makeStack({ parameters: { thumbnail: { fit: [100, 80] }, format: 'webp', quality: 50 } })
    await fitting.upload('wide.jpg', await photoOf(400, 200))
    const fitted = await sharp(await bytesOf(fitting.thumbnails, 'photos/wide.jpg')).metadata()
    expect([fitted.width, fitted.height, fitted.format]).toEqual([100, 50, 'webp'])
    expect((await fitting.thumbnails.head('photos/wide.jpg'))?.contentType).toBe('image/webp')
  })

  it('stands a photo upright that the camera stored lying', async () => {
    const upright = demo.find(({ name }) => name.includes('upright'))
    await stack.upload('p.jpg', upright?.content ?? '')
    const stored = await sharp(Buffer.from((upright?.content ?? '') as Uint8Array)).metadata()
    expect([stored.width, stored.height, stored.orientation]).toEqual([2400, 1600, 6])
    const { width, height, orientation } = await sharp(
      await bytesOf(stack.thumbnails, 'photos/p.jpg'),
    ).metadata()
    expect([width, height, orientation]).toEqual([533, 800, undefined])
  })

  it.each([
    'a b/ü+%20&?#.JPG',
    'deep/er/no extension',
    'quote\'s "and" <tags>.jpg',
    'line\nbreak.jpg',
    'a/../b.jpg',
  ])('keeps the key %j', async (name) => {
    const [run] = await stack.upload(name, await photoOf(60, 30))
    expect(run?.result.outcome).toBe('succeeded')
    expect(await keysOf(stack.thumbnails)).toEqual([`photos/${name}`])
    expect((await stack.thumbnails.head(`photos/${name}`))?.contentType).toBe('image/jpeg')
    expect((await rows())[0]).toMatchObject({ key: `photos/${name}`, file_name: name.split('/').at(-1) })
  })

  it('has one row for a version, with every field', async () => {
    const content = await photoOf(600, 600)
    await stack.upload('in/a.jpg', content)
    await stack.work(['in/a.jpg'], { replay: true })
    const size = (await stack.thumbnails.head('photos/in/a.jpg'))?.size
    const version = (await stack.input.head('photos/in/a.jpg'))?.etag
    expect(await rows()).toEqual([
      {
        id: '1',
        bucket: 'input',
        key: 'photos/in/a.jpg',
        version,
        upload_date: '2026-11-20',
        upload_time: '14:05:07+00',
        file_name: 'a.jpg',
        original_size: String(content.length),
        thumbnail_size: String(size),
      },
    ])
    await stack.upload('in/a.jpg', await photoOf(90, 90))
    expect(await rows()).toHaveLength(2)
  })

  it('finds the five smallest thumbnails in the order of numbers', async () => {
    for (const side of [900, 90, 300, 1500, 600, 30]) await stack.upload(`${side}.png`, await noisy(side))
    const found = await rows(smallest)
    expect(found.map(({ file_name: name }) => name)).toEqual([
      '30.png',
      '90.png',
      '300.png',
      '600.png',
      '900.png',
    ])
    const sizes = found.map(({ thumbnail_size: size }) => Number(size))
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    // As text they would stand in another order.
    expect(sizes.map(String).toSorted()).not.toEqual(sizes.map(String))
    expect(Object.keys(found[0] as object)).toEqual([
      'id',
      'bucket',
      'key',
      'version',
      'upload_date',
      'upload_time',
      'file_name',
      'original_size',
      'thumbnail_size',
    ])
  })

  it('goes without gallery and catalog where the registry does', async () => {
    stack = makeStack({ hasGallery: false, catalog: undefined })
    const [run] = await stack.upload('a.jpg', await photoOf(60, 60))
    expect(run?.result.outcome).toBe('succeeded')
    expect(await keysOf(stack.gallery)).toEqual([])
    expect(await rows()).toEqual([])
  })

  it.each([
    [
      'a truncated PNG',
      'a.png',
      async () => (await noisy(300)).subarray(0, 20_000),
      /the PNG image is cut off/,
    ],
    [
      'more pixels than the configuration allows',
      'a.jpg',
      () => photoOf(2000, 1500),
      /2000 x 1500 pixels: at most 2000000/,
    ],
    [
      'more bytes than it allows',
      'a.bin',
      async () => Buffer.alloc(300_001),
      /has 300001 bytes: at most 300000/,
    ],
    [
      'an SVG that names a file',
      'a.svg',
      async () => svg('<image href="file:///etc/hostname"/>'),
      /names something outside itself: file:/,
    ],
  ])('rejects %s', async (_what, name, content, reason) => {
    stack = makeStack({ parameters: { limits: { megapixels: 2, megabytes: 0.3 } } })
    const [run] = await stack.upload(name, await content())
    expect(run?.record?.outcome).toBe('rejected')
    expect(run?.record?.error?.message).toMatch(reason)
    expect(await keysOf(stack.gallery)).toEqual([])
    expect(await rows()).toEqual([])
  })

  it('takes a photo for what it holds, whatever it is called', async () => {
    for (const format of ['png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      const content = await sharp(await photoOf(90, 60))
        .toFormat(format)
        .toBuffer()
      const [run] = await stack.upload(`${format}.txt`, content)
      expect(run?.result.outcome, format).toBe('succeeded')
      expect((await sharp(await bytesOf(stack.thumbnails, `photos/${format}.txt`)).metadata()).width).toBe(30)
    }
  })
})

/** What does not compress: so that a larger one has more bytes. */
async function noisy(side: number): Promise<Buffer> {
  let state = side
  const noise = Buffer.alloc(side * side * 3)
  for (let i = 0; i < noise.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    noise[i] = state >>> 24
  }
  return sharp(noise, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer()
}

function svg(content: string): Buffer {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${content}</svg>`)
}

const program = (name: string) =>
  ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((at) => `${at}/${name}`).find(existsSync)
const [convert, identify, exiftool] = [program('convert'), program('identify'), program('exiftool')]
const missing = Object.entries({ convert, identify, exiftool })
  .filter(([, found]) => !found)
  .map(([name]) => name)

describe.skipIf(missing.length > 0)(
  `photos of ImageMagick, looked at by others${missing.length > 0 ? ` (not installed: ${missing.join(', ')})` : ''}`,
  () => {
    const at = path.join(folder, 'magick')
    beforeAll(() => mkdirSync(at))
    const shot = (name: string, ...args: string[]) => {
      const file = path.join(at, name)
      execFileSync(convert as string, [...args, file])
      return file
    }

    it.each([
      ['plasma.jpg', ['-size', '900x600', 'plasma:', '-quality', '92'], '300x200'],
      ['progressive.jpg', ['-size', '900x600', 'plasma:', '-interlace', 'JPEG'], '300x200'],
      ['cmyk.jpg', ['-size', '900x600', 'plasma:', '-colorspace', 'CMYK'], '300x200'],
      ['grey16.png', ['-size', '900x600', 'gradient:', '-depth', '16'], '300x200'],
      ['palette.gif', ['-size', '90x60', 'plasma:', '-colors', '8'], '30x20'],
      ['alpha.png', ['-size', '90x60', 'xc:none', '-fill', 'red', '-draw', 'circle 45,30 60,30'], '30x20'],
      ['pages.tif', ['-size', '90x60', 'plasma:', 'plasma:', 'plasma:'], '30x20'],
      ['frames.gif', ['-delay', '5', '-size', '90x60', 'plasma:', 'plasma:', '-loop', '0'], '30x20'],
    ])('makes %s smaller, in sRGB', async (name, args, size) => {
      const file = shot(name, ...args)
      const [run] = await stack.upload(name, readFileSync(file))
      expect(run?.record?.error?.message ?? run?.result.outcome).toBe('succeeded')
      const thumbnail = path.join(at, `thumbnail-${name}.jpg`)
      writeFileSync(thumbnail, await bytesOf(stack.thumbnails, `photos/${name}`))
      const told = execFileSync(identify as string, ['-format', '%m %wx%h %[colorspace]', thumbnail], {
        encoding: 'utf8',
      })
      expect(told).toMatch(new RegExp(`^JPEG ${size} (?:s?RGB|Gray)$`))
    })

    it.each([
      [1, 'red lime'],
      [2, 'lime red'],
      [3, 'white blue'],
      [4, 'blue white'],
      [5, 'red blue'],
      [6, 'blue red'],
      [7, 'white lime'],
      [8, 'lime white'],
    ])('turns orientation %i upright: %s above', async (orientation, above) => {
      const file = shot(
        `turned-${orientation}.jpg`,
        '(',
        '-size',
        '60x60',
        'xc:red',
        'xc:lime',
        '+append',
        ')',
        '(',
        'xc:blue',
        'xc:white',
        '+append',
        ')',
        '-append',
        '-quality',
        '95',
      )
      execFileSync(exiftool as string, [
        '-q',
        '-overwrite_original',
        '-n',
        `-Orientation=${orientation}`,
        file,
      ])
      await stack.upload('t.jpg', readFileSync(file))
      const { data, info } = await sharp(await bytesOf(stack.thumbnails, 'photos/t.jpg'))
        .raw()
        .toBuffer({ resolveWithObject: true })
      const colourAt = (x: number, y: number) => {
        const [r, g, b] = data.subarray((y * info.width + x) * 3) as unknown as [number, number, number]
        return r > 200 && g > 200 && b > 200 ? 'white' : r > 200 ? 'red' : g > 200 ? 'lime' : 'blue'
      }
      expect(`${colourAt(8, 8)} ${colourAt(32, 8)}`).toBe(above)
    })

    it('leaves nothing of the camera, the place or the author in what others see', async () => {
      const file = shot('camera.jpg', '-size', '900x600', 'plasma:')
      execFileSync(exiftool as string, [
        '-q',
        '-overwrite_original',
        '-n',
        '-GPSLatitude=40.8',
        '-GPSLatitudeRef=N',
        '-GPSLongitude=124.15',
        '-GPSLongitudeRef=W',
        '-Make=Maker',
        '-Model=Model 1',
        '-SerialNumber=123456',
        '-Artist=Someone',
        '-XMP:Creator=Someone',
        '-IPTC:By-line=Someone',
        '-Comment=secret words',
        '-DateTimeOriginal=2020:01:01 00:00:00',
        file,
      ])
      const told = (path: string) =>
        Object.keys(
          (
            JSON.parse(
              execFileSync(exiftool as string, ['-j', '-G0', '-a', path], { encoding: 'utf8' }),
            ) as object[]
          )[0] as object,
        )
      const isTelling = (tag: string) =>
        /^(?:EXIF|XMP|IPTC|MakerNotes|Composite:GPS|File:Comment|ICC_Profile|Photoshop)/.test(tag)
      expect(told(file).filter(isTelling).length).toBeGreaterThan(12)
      await stack.upload('camera.jpg', readFileSync(file))
      const pictures = [
        ...(await keysOf(stack.thumbnails)).map((key) => [stack.thumbnails, key] as const),
        ...(await keysOf(stack.gallery, 'small/')).map((key) => [stack.gallery, key] as const),
        ...(await keysOf(stack.gallery, 'large/')).map((key) => [stack.gallery, key] as const),
      ]
      expect(pictures).toHaveLength(3)
      for (const [store, key] of pictures) {
        const picture = path.join(at, 'shown.jpg')
        const bytes = await bytesOf(store, key)
        writeFileSync(picture, bytes)
        expect(told(picture).filter(isTelling), key).toEqual([])
        for (const word of ['secret', 'Someone', 'Maker', '123456']) expect(bytes.includes(word)).toBe(false)
      }
    })

    it('shows colours as they are, of a profile that is not sRGB', async () => {
      // Display P3's red is redder than sRGB's: read as sRGB numbers it would come out duller than it is.
      const p3 = await sharp({
        create: { width: 90, height: 90, channels: 3, background: { r: 200, g: 60, b: 60 } },
      })
        .withIccProfile('p3')
        .png()
        .toBuffer()
      await stack.upload('p3.png', p3)
      const thumbnail = await bytesOf(stack.thumbnails, 'photos/p3.png')
      expect((await sharp(thumbnail).metadata()).hasProfile).toBe(false)
      const { channels } = await sharp(thumbnail).stats()
      const [red, green] = channels as unknown as [{ mean: number }, { mean: number }]
      expect(Math.abs(red.mean - 200)).toBeLessThan(4)
      expect(Math.abs(green.mean - 60)).toBeLessThan(4)
    })
  },
)

describe('the schema of the parameters', () => {
  const schema = readFileSync(path.resolve(import.meta.dirname, '../pipeline.schema.json'), 'utf8')
  const { anyOf } = JSON.parse(schema).properties.thumbnail.properties.ratio
  const fraction = new RegExp(anyOf[1].pattern)

  it.each(['1/3', '2/3', '1/1', '8/9', '3/16', '99/100', '1/9999'])('takes a ratio of %s', (ratio) =>
    expect(ratio).toMatch(fraction),
  )
  it.each(['4/3', '2/1', '9/8', '10/3', '100/99', '1/0', '0/1', '1/10000'])(
    'refuses a ratio of %s',
    (ratio) => expect(ratio).not.toMatch(fraction),
  )
})
