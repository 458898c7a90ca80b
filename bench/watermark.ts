/**
 * The pipeline `video_watermark` (fetch, look, encode, send, record) next to the bare ffmpeg command with the same
 * settings, in turns, on local stores: `npx tsx bench/watermark.ts [seconds of 720p] [rounds]`.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { VideoWatermark } from '../pipelines/video_watermark/pipeline.ts'
import type { PlannedRun } from '../runtime/contracts.ts'
import { readVideoMetadata } from '../runtime/media/video-metadata.ts'
import { type WatermarkPlacement, watermarkFilter } from '../runtime/media/watermark-filter.ts'
import { readWatermarkImage } from '../runtime/media/watermark-image.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { executeWork } from '../runtime/run/execute-work.ts'
import { silentLog } from '../runtime/run/testing/fixtures.ts'
import { LocalObjectStore } from '../runtime/storage/local.ts'
import { root } from './measure-run.ts'

const [seconds = '20', rounds = '3'] = process.argv.slice(2)
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-watermark-'))
const video = path.join(folder, 'video.mp4')
const store = (name: string) =>
  new LocalObjectStore({ root: path.join(folder, name), stateDir: path.join(folder, 'state', name) })
const run = plannedRun()

function plannedRun(): PlannedRun {
  const { runs } = planRuns(loadRegistry({ projectRoot: root }), { stack: 'bench' })
  const found = runs.find(({ pipeline }) => pipeline === 'video_watermark')
  if (!found) throw new Error('video_watermark is not registered')
  return found
}

/** What this process and those that it waited for have used of the processor, in seconds: Linux counts hundredths. */
function cpuSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}

interface Took {
  readonly seconds: number
  readonly cpu: number
}

async function timed(work: () => Promise<void>): Promise<Took> {
  const [started, before] = [performance.now(), cpuSeconds()]
  await work()
  return { seconds: (performance.now() - started) / 1000, cpu: cpuSeconds() - before }
}

async function viaPipeline(round: number): Promise<Took> {
  const [input, output, logs] = [store('input'), store('output'), store('logs')]
  const key = `unprocessed-videos/${round}.mp4`
  await input.put(key, createReadStream(video))
  return timed(async () => {
    const [result] = await executeWork({
      run,
      work: { kind: 'objects', keys: [key] },
      module: new VideoWatermark(run.parameters),
      stores: { inputs: { input }, outputs: { output }, logs },
      runId: `bench-${round}`,
      holder: 'bench',
      attempt: 1,
      attempts: 1,
      now: new Date(0),
      clock: () => new Date(),
      log: silentLog,
      scratchRoot: path.join(folder, 'scratch'),
      codeVersion: 'bench',
      projectRoot: root,
      classes: { load: () => Promise.reject(new Error('none')) },
    })
    if (result?.outcome !== 'succeeded') throw new Error(result?.error?.message)
  })
}

async function bareArguments(): Promise<string[]> {
  const image = path.join(root, run.parameters.watermark as string)
  const placement = run.parameters as unknown as WatermarkPlacement
  const filter = watermarkFilter(placement, await readVideoMetadata(video), await readWatermarkImage(image))
  const threads = String(Math.round(run.compute.vcpus * 1.5))
  return [
    ['-v', 'error', '-y', '-i', video, '-i', image],
    ['-filter_complex', filter, '-map', '[out]', '-map', '0:a?'],
    ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-threads', threads],
    ['-c:a', 'copy', '-movflags', '+faststart', path.join(folder, 'bare.mp4')],
  ].flat()
}

async function bare(args: readonly string[]): Promise<Took> {
  return timed(async () => {
    const child = spawn('ffmpeg', args, { stdio: ['ignore', 'inherit', 'inherit'] })
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}`)
  })
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

try {
  const sources = ['testsrc2=size=1280x720:rate=30', 'sine=sample_rate=44100'].flatMap((source) => [
    '-f',
    'lavfi',
    '-t',
    seconds,
    '-i',
    source,
  ])
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  execFileSync('ffmpeg', ['-v', 'error', ...sources, ...coding, video])
  const args = await bareArguments()
  const [ours, theirs]: [Took[], Took[]] = [[], []]
  for (let round = 0; round < Number(rounds); round++) {
    theirs.push(await bare(args))
    ours.push(await viaPipeline(round))
  }
  const megabytes = (statSync(video).size / 2 ** 20).toFixed(1)
  console.log(
    `${seconds} s of 1280 x 720 at 30 frames a second, ${megabytes} MB; medians of ${rounds} rounds`,
  )
  const show = (name: string, took: readonly Took[]) => {
    const [wall, cpu] = [median(took.map((t) => t.seconds)), median(took.map((t) => t.cpu))]
    console.log(`${name}  ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time`)
    return { wall, cpu }
  }
  const [a, b] = [show('video_watermark', ours), show('bare ffmpeg    ', theirs)]
  const percent = (x: number, y: number) => `${((x / y - 1) * 100).toFixed(1)} %`
  console.log(`difference       ${percent(a.wall, b.wall)}, ${percent(a.cpu, b.cpu)} of processor time`)
  console.log(
    `this process, without ffmpeg: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB at its peak`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
