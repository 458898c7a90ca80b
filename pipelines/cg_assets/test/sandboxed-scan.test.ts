import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { makeSandbox, type Sandbox } from '../../../runtime/cli/testing/sandbox.ts'
import type { RunRecord } from '../../../runtime/run/record.ts'
import { assetTree, writeTree } from '../testing/asset-tree.ts'
import { workersOf } from '../testing/engine-workers.ts'

/** Scans by the command, in worker processes of the local engine, with the embedded catalog. */

const sandboxes: Sandbox[] = []
afterEach(() => {
  for (const sandbox of sandboxes.splice(0)) sandbox.remove()
})

/** With files to scan, whose rows are written in many small batches. */
function sandboxWith(count: number): Sandbox {
  const sandbox = makeSandbox()
  sandboxes.push(sandbox)
  writeTree(path.join(sandbox.folder, '.sluice/input/cg_assets'), assetTree(count))
  const config = path.join(sandbox.folder, 'pipelines/cg_assets/config/pipeline.yaml')
  writeFileSync(config, `${readFileSync(config, 'utf8')}  batch_size: 20\n`)
  return sandbox
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}

/** In the order in which they started. */
function records({ folder }: Sandbox): RunRecord[] {
  return filesBelow(path.join(folder, '.sluice/logs/runs/cg_assets'))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as RunRecord)
    .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))
}

const tables = 'images videos blend_files audio code spreadsheets documents caches unknown_files'.split(' ')
const allRows = `select to_jsonb(f) - 'id' - 'scan_date' as file, of_type.columns
  from files f left join (${tables
    .map(
      (name) => `select file_id, '${name}' || (to_jsonb(${name}) - 'file_id')::text as columns from ${name}`,
    )
    .join(' union all ')}) of_type on of_type.file_id = f.id order by f.file_path collate "C"`

/** Every column of every row that may not differ between two scans of the same files, and every thumbnail. */
async function stateOf(sandbox: Sandbox) {
  const query = ['catalog', 'query', '--sql', allRows, '--format', 'csv', '--limit', '100000']
  const { stdout, code, stderr } = await sandbox.sluice(...query)
  expect([code, stderr]).toEqual([0, ''])
  const root = path.join(sandbox.folder, '.sluice/thumbnails')
  const thumbnails = filesBelow(root).map((file) => [
    path.relative(root, file),
    readFileSync(file).toString('base64'),
  ])
  return { rows: stdout.split('\n'), thumbnails }
}

/** Waits until a scan has stored so many thumbnails: it is in the middle of its work. */
async function untilStored({ folder }: Sandbox, count: number): Promise<void> {
  while (filesBelow(path.join(folder, '.sluice/thumbnails')).length < count) await delay(20)
}

/** `bench/scan.ts` does the same with 10,000. */
const files = 1000
const rows = 807

const hasProc = existsSync('/proc/self/status')

describe('a scan by the command', () => {
  it('reads nothing again, and one file when one has changed; killed in the middle, it comes to the same rows', async () => {
    const clean = sandboxWith(files)
    const first = await clean.sluice('run', 'cg_assets/main')
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('1 succeeded')])
    const expected = await stateOf(clean)
    expect(expected.rows.length).toBeGreaterThan(rows)
    expect((await clean.sluice('run', 'cg_assets/main')).stdout).toContain('nothing to do')
    await clean.sluice('run', 'cg_assets/main', '--replay')
    writeFileSync(path.join(clean.folder, '.sluice/input/cg_assets/tools/script_4.py'), 'print(1)\n')
    await clean.sluice('run', 'cg_assets/main')
    const [scan, replay, change] = records(clean).map(({ counts }) => counts)
    expect(scan).toMatchObject({ files: rows, processed: rows, unchanged: 0, sequences: 7, frames: 200 })
    expect(replay).toMatchObject({ files: rows, processed: 0, unchanged: rows })
    expect(change).toMatchObject({ files: rows, processed: 1, unchanged: rows - 1, deleted: 0 })

    const killed = sandboxWith(files)
    const { child, finished } = killed.start('run', 'cg_assets/main')
    await untilStored(killed, 60)
    child.kill('SIGKILL')
    expect((await finished).signal).toBe('SIGKILL')
    expect(records(killed)).toEqual([])
    expect((await killed.sluice('run', 'cg_assets/main')).stdout).toContain('1 succeeded')
    const [record] = records(killed)
    expect(record?.counts.unchanged).toBeGreaterThan(0)
    expect(record?.counts.processed).toBeGreaterThan(0)
    expect(await stateOf(killed)).toEqual(expected)
  }, 300_000)

  it.skipIf(!hasProc)(
    `in shards comes to the same rows, with a worker killed, which is tried again by itself${hasProc ? '' : ' (there is no /proc here)'}`,
    async () => {
      const whole = sandboxWith(200)
      expect((await whole.sluice('run', 'cg_assets/main')).code).toBe(0)
      const shared = sandboxWith(200)
      const registry = path.join(shared.folder, 'pipelines_config.yml')
      writeFileSync(
        registry,
        readFileSync(registry, 'utf8').replace('input: prefix\n', 'input: prefix\n    shards: 3\n'),
      )
      const running = shared.start('run', 'cg_assets/main')
      await untilStored(shared, 10)
      const [worker] = workersOf(running.child.pid as number)
      process.kill(worker as number, 'SIGKILL')
      const { stdout } = await running.finished
      expect(stdout).toContain('3 succeeded')
      const outcomes = records(shared).map(({ outcome, attempt }) => `${outcome} ${attempt}`)
      expect(outcomes.toSorted()).toEqual(['failed 1', 'succeeded 1', 'succeeded 1', 'succeeded 2'])
      expect(await stateOf(shared)).toEqual(await stateOf(whole))
    },
    300_000,
  )
})
