/**
 * A scan of 5,000 small files by the command, from nothing to rows and thumbnails, beside a process of `ffprobe` (images
 * and sound) or `exiftool` (all else) for each file, which tells metadata only: `npx tsx bench/scan.ts`. Those processes
 * are run for one file of 25, one after the other and again so many at a time as there are processors, and their time is
 * multiplied. The aim is against the former, a loop over files; the latter uses the machine as the scan does.
 * Then a scan of 10,000 files, again, and with one changed, which must read all, none and one of them.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { assetTree, writeTree } from '../pipelines/cg_assets/testing/asset-tree.ts'
import { makeSandbox, type Sandbox } from '../runtime/cli/testing/sandbox.ts'
import { findProgram } from '../runtime/media/find-program.ts'
import type { RunRecord } from '../runtime/run/record.ts'

const compared = 5000
const sampledEvery = 25
const large = 10_000
/** How much faster the scan is to be than a process a file. */
const aim = 20

const seconds = (since: number) => (performance.now() - since) / 1000
const inputOf = ({ folder }: Sandbox) => path.join(folder, '.sluice/input/cg_assets')

function sandboxWith(files: number): Sandbox {
  const sandbox = makeSandbox()
  writeTree(inputOf(sandbox), assetTree(files))
  return sandbox
}

async function scan(sandbox: Sandbox, ...options: string[]): Promise<number> {
  const start = performance.now()
  const { code, stderr } = await sandbox.sluice('run', 'cg_assets/main', ...options)
  if (code !== 0) throw new Error(`the scan ended with ${code}: ${stderr}`)
  return seconds(start)
}

function counts({ folder }: Sandbox): RunRecord['counts'][] {
  const root = path.join(folder, '.sluice/logs/runs/cg_assets')
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(root, name), 'utf8')) as RunRecord)
    .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))
    .map((record) => record.counts)
}

const run = promisify(execFile)

/** One process for each file, so many at a time. */
async function processEach(folder: string, keys: readonly string[], lanes: number): Promise<number> {
  const waiting = [...keys]
  const start = performance.now()
  const lane = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      const file = path.join(folder, key)
      const [program, ...args] = /\.(png|wav)$/.test(key)
        ? ['ffprobe', '-v', 'error', '-show_format', '-show_streams', '-of', 'json', file]
        : ['exiftool', '-j', file]
      // What is broken, or unknown to it, ends with an error: it has taken its time as well.
      await run(program as string, args).catch((error: { code?: unknown }) => {
        if (typeof error.code !== 'number') throw error
      })
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return seconds(start)
}

/** As many of each kind as there are: kinds repeat every ten files. */
function sampleOf(keys: readonly string[]): string[] {
  return keys.filter((_, i) => Math.floor(i / 10) % sampledEvery === 0)
}

async function compare(): Promise<boolean> {
  const missing: string[] = []
  for (const program of ['ffprobe', 'exiftool'])
    if (!(await findProgram(program, process.env.PATH))) missing.push(program)
  const sandbox = sandboxWith(compared)
  try {
    const ours = await scan(sandbox)
    console.log(
      `scan of ${compared} files            ${ours.toFixed(1)} s, ${((1000 * ours) / compared).toFixed(1)} ms a file`,
    )
    if (missing.length > 0) {
      console.log(`not compared: ${missing.join(' and ')} not installed`)
      return true
    }
    const sample = sampleOf([...assetTree(compared)].map(({ key }) => key))
    const times: number[] = []
    for (const lanes of [1, os.availableParallelism()]) {
      const sampled = await processEach(inputOf(sandbox), sample, lanes)
      const scaled = (sampled / sample.length) * compared
      times.push(scaled / ours)
      console.log(
        `a process a file, ${lanes} at a time   ${scaled.toFixed(1)} s, scaled from ${sample.length} files in ${sampled.toFixed(1)} s: the scan is ${(scaled / ours).toFixed(1)} times faster`,
      )
    }
    console.log(`the aim is ${aim} times`)
    return (times[0] as number) >= aim
  } finally {
    sandbox.remove()
  }
}

async function scanLarge(): Promise<boolean> {
  const sandbox = sandboxWith(large)
  try {
    const first = await scan(sandbox)
    const again = await scan(sandbox, '--replay')
    writeFileSync(path.join(inputOf(sandbox), 'tools/script_4.py'), 'print(1)\n')
    const changed = await scan(sandbox)
    const processed = counts(sandbox).map((of) => of.processed)
    console.log(
      `${large} files: ${first.toFixed(1)} s, again ${again.toFixed(1)} s, one changed ${changed.toFixed(1)} s; rows read: ${processed.join(', ')}`,
    )
    return JSON.stringify(processed) === JSON.stringify([8059, 0, 1])
  } finally {
    sandbox.remove()
  }
}

const isFast = await compare()
const isRight = await scanLarge()
if (!isRight) console.log('not the rows that were expected: 8059, 0, 1')
if (!isFast || !isRight) process.exitCode = 1
