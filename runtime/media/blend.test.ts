import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { bytesInput, fileInput } from '../formats/input-file.ts'
import { readBlend, readBlendPreview } from './blend.ts'
import { blenderVersion, blendHeader } from './blend-header.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { extractThumbnail } from './metadata.ts'
import { type BlendFileSpec, blendFile } from './testing/blend-file.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-blend-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const fixture = (name: string) => join(import.meta.dirname, 'testing/fixtures', name)

const read = (bytes: Uint8Array) =>
  readBlend(bytesInput('shot.blend', bytes, scratch), defaultMediaLimits, never)
const readPreview = (bytes: Uint8Array) =>
  readBlendPreview(bytesInput('shot.blend', bytes, scratch), defaultMediaLimits, never)

const main = { start: 11, end: 130, rate: 30, base: 1.001, width: 1280, height: 720, engine: 'CYCLES' }
const other = { start: 1, end: 7, rate: 24, base: 1, width: 99, height: 98, engine: 'BLENDER_EEVEE' }
const spec: BlendFileSpec = {
  version: 402,
  scenes: [other, main],
  openScene: 1,
  objects: [1, 1, 1, 11, 11, 10, 0],
}
const wanted = {
  numFrames: 120,
  fps: 30 / 1.001,
  renderEngine: 'CYCLES',
  resolutionX: 1280,
  resolutionY: 720,
  totalObjects: 7,
  meshes: 3,
  cameras: 2,
  lights: 1,
}

describe('the version in a .blend header', () => {
  it.each([
    ['BLENDER_v249', '2.49'],
    ['BLENDER-v280', '2.80'],
    ['BLENDER-v300', '3.0'],
    ['BLENDER-v306', '3.6'],
    ['BLENDER-v402', '4.2'],
    ['BLENDER17-01v0500', '5.0'],
    ['BLENDER17-01v0405', '4.5'],
    ['BLENDER_V203', '2.03'],
  ])('of %s is %s', (text, version) => {
    const header = blendHeader(Buffer.from(text))
    expect(blenderVersion(header?.version as number)).toBe(version)
    expect(header?.size).toBe(text.length)
  })

  it.each(['BLENDER', 'BLENDER+v280', 'BLENDER-x280', 'BLENDER17-02v0500', 'blender-v280', 'BLENDER-v2a0'])(
    'is not found in %s',
    (text) => expect(blendHeader(Buffer.from(text))).toBeUndefined(),
  )
})

describe('a .blend file', () => {
  it.each<[string, Partial<BlendFileSpec>, string]>([
    ['of a 64-bit machine', {}, '4.2'],
    ['of a 32-bit machine', { version: 279, pointerSize: 4 }, '2.79'],
    ['of a big-endian machine', { version: 279, isLittleEndian: false }, '2.79'],
    ['of a 32-bit big-endian machine', { version: 279, pointerSize: 4, isLittleEndian: false }, '2.79'],
    ['of Blender 5', { version: 500, hasLargeBlocks: true }, '5.0'],
  ])('%s is read', async (_, changes, blenderVersion) => {
    const bytes = blendFile({ ...spec, ...changes })
    expect(await read(bytes)).toEqual({ ...wanted, blenderVersion })
    expect(await read(gzipSync(bytes))).toEqual({ ...wanted, blenderVersion })
  })

  it('of Blender 2.4 names its engine by number', async () => {
    const old = { start: 1, end: 250, rate: 25, base: 1, width: 800, height: 600, engine: 1 }
    const bytes = blendFile({ version: 249, pointerSize: 4, scenes: [old], objects: [] })
    expect(await read(bytes)).toMatchObject({
      blenderVersion: '2.49',
      numFrames: 250,
      fps: 25,
      renderEngine: 'YAFRAY',
      resolutionX: 800,
      totalObjects: 0,
    })
  })

  it('without a scene, or with numbers that make no sense, leaves them out', async () => {
    const nothing = { numFrames: undefined, fps: undefined, resolutionX: undefined }
    expect(await read(blendFile({ version: 402 }))).toMatchObject(nothing)
    const senseless = { ...main, start: 9, end: 3, rate: 0, width: -1 }
    expect(await read(blendFile({ version: 402, scenes: [senseless] }))).toMatchObject(nothing)
  })

  it('saved by Blender 3.4 is read plain, gzipped and as Blender packs it', async () => {
    const gzipped = readFileSync(fixture('blender-3.4.blend.gz'))
    const expected = { ...wanted, blenderVersion: '3.4' }
    expect(await read(gunzipSync(gzipped))).toEqual(expected)
    expect(await read(gzipped)).toEqual(expected)
    expect(await read(readFileSync(fixture('blender-3.4-zstd.blend')))).toEqual(expected)
  })

  it('is refused wherever it is cut, with one line that names it', async () => {
    const whole = blendFile({ ...spec, preview: { width: 2, height: 2, pixels: new Uint8Array(16) } })
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        const error = await read(whole.subarray(0, length)).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(InputError)
        expect((error as Error).message).toMatch(/^shot\.blend: .+$/)
      }),
      { numRuns: 200 },
    )
  })

  it('with any bytes changed is read or refused', async () => {
    const whole = gunzipSync(readFileSync(fixture('blender-3.4.blend.gz')))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        async (changes) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of changes) bytes[at] = value
          const outcome = await read(bytes).catch((reason: unknown) => reason)
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(InputError)
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('the preview in a .blend file', () => {
  const [red, blue] = [
    [255, 0, 0, 255],
    [0, 0, 255, 255],
  ] as const
  const preview = { width: 2, height: 2, pixels: Uint8Array.from([...blue, ...blue, ...red, ...red]) }

  it('is stored from the bottom and given from the top', async () => {
    const found = await readPreview(blendFile({ ...spec, preview }))
    expect([...(found?.pixels ?? [])]).toEqual([...red, ...red, ...blue, ...blue])
  })

  it('becomes the thumbnail', async () => {
    const file = bytesInput('shot.blend', blendFile({ ...spec, preview }), scratch)
    const options = { limits: defaultMediaLimits, signal: never }
    const metadata = {
      type: 'blend',
      extension: 'blend',
      warnings: [],
      ...wanted,
      blenderVersion: '4.2',
    } as const
    const jpeg = await extractThumbnail(file, 'blend', metadata, options)
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([512, 512])
    const pixel = (x: number, y: number) => [...data.subarray((y * 512 + x) * 3, (y * 512 + x) * 3 + 3)]
    expect(pixel(256, 20)[0]).toBeGreaterThan(240)
    expect(pixel(256, 490)[2]).toBeGreaterThan(240)
  })

  it('is absent where none was saved', async () => {
    expect(await readPreview(blendFile(spec))).toBeUndefined()
  })

  it.each([
    ['a side of nothing', { width: 0, height: 2, pixels: new Uint8Array(16) }],
    ['a side below nothing', { width: -2, height: -2, pixels: new Uint8Array(16) }],
    ['more pixels than bytes', { width: 200, height: 200, pixels: new Uint8Array(16) }],
    ['huge sides', { width: 100_000, height: 100_000, pixels: new Uint8Array(16) }],
  ])('with %s is refused', async (_, wrong) => {
    await expect(readPreview(blendFile({ ...spec, preview: wrong }))).rejects.toThrow(
      /^shot\.blend: has a preview/,
    )
  })
})

describe.skipIf(!has('blender'))('beside Blender itself (blender)', () => {
  it('reads what it wrote a moment ago', async () => {
    const script = join(import.meta.dirname, 'testing/make-blend.py')
    execFileSync('blender', ['-b', '--factory-startup', '--python', script, '--', scratch], {
      stdio: 'ignore',
    })
    for (const name of ['blender-3.4.blend', 'blender-3.4-zstd.blend']) {
      const file = join(scratch, name)
      const found = await readBlend(await fileInput(file), defaultMediaLimits, never)
      expect(found).toEqual({ ...(await askBlender(file)), fps: expect.closeTo(30 / 1.001, 6) })
    }
  }, 120_000)
})

/** The same facts by Blender's own API. */
async function askBlender(file: string): Promise<object> {
  const script = join(scratch, 'ask.py')
  writeFileSync(
    script,
    `import bpy, json
s = bpy.context.scene
count = lambda kind: sum(o.type == kind for o in bpy.data.objects)
print('FACTS ' + json.dumps(dict(blenderVersion='%d.%d' % bpy.data.version[:2], numFrames=s.frame_end - s.frame_start + 1,
  renderEngine=s.render.engine, resolutionX=s.render.resolution_x, resolutionY=s.render.resolution_y,
  totalObjects=len(bpy.data.objects), meshes=count('MESH'), cameras=count('CAMERA'), lights=count('LIGHT'))))
`,
  )
  const output = execFileSync('blender', ['-b', file, '--python', script], { encoding: 'utf8' })
  return JSON.parse(/^FACTS (.*)$/m.exec(output)?.[1] as string) as object
}
