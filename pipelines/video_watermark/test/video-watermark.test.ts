import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject, PlannedRun } from '../../../runtime/contracts.ts'
import {
  ffmpeg,
  framePixels,
  hasFfmpeg,
  needsFfmpeg,
  picture,
  plain,
  processesWith,
  tone,
  topBoxes,
} from '../../../runtime/media/testing/sample-video.ts'
import { findLoops } from '../../../runtime/plan/loops.ts'
import { planRuns } from '../../../runtime/plan/plan.ts'
import { loadRegistry } from '../../../runtime/registry/load.ts'
import { executeWork, type WorkRequest } from '../../../runtime/run/execute-work.ts'
import { matchesFiles } from '../../../runtime/run/file-filter.ts'
import { readRecord } from '../../../runtime/run/record.ts'
import { keysOf, makeWorld, type World } from '../../../runtime/run/testing/fixtures.ts'
import { demoInputs } from '../demo.ts'
import { VideoWatermark } from '../pipeline.ts'

const projectRoot = path.resolve(import.meta.dirname, '../../..')
const registry = loadRegistry({ projectRoot })
const planned = planRuns(registry, { stack: 'test' }).runs.find(
  ({ key }) => key === 'video_watermark/main',
) as PlannedRun

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-video-watermark-'))
const scratchRoot = path.join(folder, 'scratch')
const file = (name: string) => path.join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

let world: World
beforeEach(() => {
  world = makeWorld(scratchRoot)
})

/** What became of objects that arrived below the pipeline's prefix. */
async function run(
  names: readonly string[],
  changes: Partial<WorkRequest> & { parameters?: JsonObject; scratchMB?: number } = {},
) {
  const { parameters = {}, scratchMB = 2000, ...request } = changes
  const made: PlannedRun = { ...planned, compute: { ...planned.compute, scratchMB } }
  const [result] = await executeWork({
    ...world.request(),
    run: made,
    work: { kind: 'objects', keys: names.map((name) => `unprocessed-videos/${name}`) },
    module: new VideoWatermark({ ...planned.parameters, ...parameters }),
    projectRoot,
    ...request,
  })
  if (!result) throw new Error('no run')
  // Nothing stays behind, whatever becomes of a run.
  expect(readdirSync(scratchRoot)).toEqual([])
  // A run that is told to stop does not wait for ffmpeg, which is given a moment to end by itself.
  await expect.poll(() => processesWith(scratchRoot), { timeout: 5000 }).toEqual([])
  return { result, record: result.record ? await readRecord(world.logs, result.record) : undefined }
}

const put = (name: string, content: Uint8Array | string) =>
  world.input.put(`unprocessed-videos/${name}`, content)

async function bytesOf(key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await world.output.get(key))?.body ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('the plan of video_watermark', () => {
  it.each([
    ['a.mp4', true],
    ['a.MP4', true],
    ['with space/and ü.mp4', true],
    ['a.mp4.txt', false],
    ['a.mov', false],
  ])('takes %s: %s', (name, isTaken) => {
    expect(matchesFiles(planned.trigger.files, `unprocessed-videos/${name}`, 'unprocessed-videos/')).toBe(
      isTaken,
    )
  })

  it('reads where videos arrive, and writes elsewhere, so that no output starts a run', () => {
    expect(planned.trigger).toMatchObject({
      kind: 's3',
      source: { bucket: 'input', prefix: 'unprocessed-videos/' },
    })
    expect(planned.writes).toEqual([{ bucket: 'output', prefix: 'watermarked-videos/' }])
    const isInside = (prefix: string) => prefix.startsWith('unprocessed-videos/')
    expect(planned.writes.filter(({ prefix }) => isInside(prefix))).toEqual([])
    expect(findLoops(registry)).toEqual([])
  })

  it('ships the image with the configuration', () => {
    expect(planned.linkedFiles).toEqual([
      'pipelines/video_watermark/config/pipeline.yaml',
      'pipelines/video_watermark/config/watermark.png',
    ])
  })
})

describe.skipIf(!hasFfmpeg)(`video_watermark${needsFfmpeg}`, () => {
  let blue: Buffer
  let busy: Buffer
  beforeAll(() => {
    ffmpeg(folder, ...plain('blue', '640x360'), ...tone(1), '-c:v', 'libx264', '-c:a', 'aac', 'blue.mp4')
    ffmpeg(folder, ...picture('1280x720', '25', 20), '-c:v', 'libx264', '-preset', 'ultrafast', 'busy.mp4')
    blue = readFileSync(file('blue.mp4'))
    busy = readFileSync(file('busy.mp4'))
  })

  it('marks the sample input: key, content type, faststart, and the image where it belongs', async () => {
    const [demo] = await demoInputs()
    await put(demo?.name as string, demo?.content as Uint8Array)
    const progress: number[] = []
    const { result, record } = await run(['harbour/clip.mp4'], { onProgress: (done) => progress.push(done) })
    expect(result).toMatchObject({ outcome: 'succeeded', counts: { videos: 1, seconds: 6 } })
    const key = 'watermarked-videos/harbour/watermark-clip.mp4'
    expect(record?.outputs.objects.map((output) => output.key)).toEqual([key])
    expect((await world.output.head(key))?.contentType).toBe('video/mp4')
    const bytes = await bytesOf(key)
    expect(topBoxes(bytes).filter((name) => name !== 'free')).toEqual(['ftyp', 'moov', 'mdat'])
    expect(progress.at(-1)).toBeGreaterThan(50)
    writeFileSync(file('marked.mp4'), bytes)
    // The image is dark blue and 20 % of 640 pixels wide, 2 % from the edges, at opacity 0.8; the picture is bright there.
    const pixels = framePixels(file('marked.mp4'), 2, 640)
    expect(
      Math.max(...pixels.at(505, 340).map((value, i) => Math.abs(value - ([48, 88, 110][i] as number)))),
    ).toBeLessThan(90)
    expect(pixels.at(490, 340)).not.toEqual(pixels.at(505, 340))
  })

  it('keeps folders, so that two videos of one name do not collide', async () => {
    for (const name of ['a/clip.mp4', 'b/clip.mp4', 'CLIP.MP4', 'with space/ü %.mp4']) await put(name, blue)
    for (const [i, name] of ['a/clip.mp4', 'b/clip.mp4', 'CLIP.MP4', 'with space/ü %.mp4'].entries())
      expect((await run([name], { runId: `run-${i}` })).result.outcome).toBe('succeeded')
    expect(await keysOf(world.output)).toEqual([
      'watermarked-videos/a/watermark-clip.mp4',
      'watermarked-videos/b/watermark-clip.mp4',
      'watermarked-videos/watermark-CLIP.MP4',
      'watermarked-videos/with space/watermark-ü %.mp4',
    ])
    const [first, second] = [
      await bytesOf('watermarked-videos/a/watermark-clip.mp4'),
      await bytesOf('watermarked-videos/b/watermark-clip.mp4'),
    ]
    expect(first.equals(second)).toBe(true)
  })

  it('calls an MP4 file by that name, and marks several at once', async () => {
    await put('clip.mov', blue)
    await put('clip.mp4', blue)
    expect((await run(['clip.mov', 'clip.mp4'])).result).toMatchObject({ counts: { videos: 2, seconds: 2 } })
    expect(await keysOf(world.output)).toEqual([
      'watermarked-videos/watermark-clip.mov.mp4',
      'watermarked-videos/watermark-clip.mp4',
    ])
  })

  it.each([
    ['an empty file', '', 'unprocessed-videos/x.mp4: is empty'],
    ['a text', 'hello '.repeat(1000), 'unprocessed-videos/x.mp4: cannot be read as a video: '],
    [
      'a playlist of files of the machine',
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n',
      'unprocessed-videos/x.mp4: cannot be read as a video: its content is of the format hls, which is not allowed',
    ],
  ])('rejects %s, and writes nothing', async (_, content, message) => {
    await put('x.mp4', content)
    const { result, record } = await run(['x.mp4'])
    expect(result.outcome).toBe('rejected')
    expect(result.failure).toBeDefined()
    expect(record?.error?.message).toContain(message)
    // What the machine calls the file says nothing to a user.
    expect(record?.error?.message).not.toContain(scratchRoot)
    expect(await keysOf(world.output)).toEqual([])
  })

  it('rejects a video without a video stream', async () => {
    ffmpeg(folder, ...tone(), '-c:a', 'aac', '-f', 'mp4', 'sound.mp4')
    await put('x.mp4', readFileSync(file('sound.mp4')))
    expect((await run(['x.mp4'])).record?.error?.message).toBe(
      'unprocessed-videos/x.mp4: has no video stream',
    )
  })

  it('rejects a video that is too long, with both numbers', async () => {
    await put('x.mp4', busy)
    const { result } = await run(['x.mp4'], { parameters: { max_duration_minutes: 0.1 } })
    expect(result.error?.message).toBe('unprocessed-videos/x.mp4: is 20.0 seconds long; allowed are 6')
  })

  it('rejects a video that scratch space does not hold, before it is fetched', async () => {
    await put('x.mp4', busy)
    const megabytes = Math.ceil(busy.length / 2 ** 20)
    world.input.get = () => Promise.reject(new Error('was fetched'))
    const { result } = await run(['x.mp4'], { scratchMB: megabytes + 1 })
    expect(result.outcome).toBe('rejected')
    expect(result.error?.message).toMatch(
      new RegExp(
        `^unprocessed-videos/x\\.mp4: is ${megabytes} MB large: with its copy it takes \\d+ MB of scratch space, and the run has ${megabytes + 1} MB \\(scratch, in the registry\\)$`,
      ),
    )
  })

  it.each([
    ['pipelines/video_watermark/config/nowhere.png', 'is no file of this project'],
    ['pipelines/video_watermark/README.md', 'is no PNG, JPEG or WebP image'],
  ])(
    'is rejected for its configuration with the watermark %s, and runs again once that is mended',
    async (watermark, why) => {
      await put('x.mp4', blue)
      const { result } = await run(['x.mp4'], { parameters: { watermark } })
      expect(result).toMatchObject({ outcome: 'rejected', isSettled: false })
      expect(result.error?.message).toBe(`${planned.configFile} parameters.watermark: ${watermark} ${why}`)
      expect(await keysOf(world.output)).toEqual([])
      expect((await run(['x.mp4'], { runId: 'run-2', holder: 'other' })).result.outcome).toBe('succeeded')
    },
  )

  it('fails when ffmpeg does, with the last lines of what it said', async () => {
    await put('x.mp4', blue)
    const { result } = await run(['x.mp4'], { parameters: { preset: 'no-such-preset' } })
    expect(result).toMatchObject({ outcome: 'failed', isSettled: false })
    expect(result.error?.message).toMatch(/^ffmpeg ended with exit code \d+\n/)
    expect(result.error?.message).toContain('no-such-preset')
    expect(await keysOf(world.output)).toEqual([])
  })

  it('fails when it is told to stop or runs out of time, and leaves no process and no output', async () => {
    await put('x.mp4', busy)
    const slow = { preset: 'veryslow', crf: 18 }
    const controller = new AbortController()
    const stopped = await run(['x.mp4'], {
      parameters: slow,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('the machine goes away')),
    })
    expect(stopped.result).toMatchObject({ outcome: 'failed' })
    const deadline = new Date(world.time.getTime() + 2000)
    const late = await run(['x.mp4'], { parameters: slow, runId: 'run-2', deadline })
    expect(late.result).toMatchObject({ outcome: 'failed', error: { tag: 'timeout' } })
    expect(await keysOf(world.output)).toEqual([])
  })
})
