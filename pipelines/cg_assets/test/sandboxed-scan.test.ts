import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { makeSandbox, type Sandbox } from '../../../runtime/cli/testing/sandbox.ts'
import type { RunRecord } from '../../../runtime/run/record.ts'
import { assetTree, writeTree } from '../testing/asset-tree.ts'

/** Scans by the command, in worker processes of the local engine, with the embedded catalog. */

const sandboxes: Sandbox[] = []
afterEach(() => {
  for (const sandbox of sandboxes.splice(0)) sandbox.remove()
})

function sandboxWith(files: number, change: (config: string) => string = (config) => config): Sandbox {
  const sandbox = makeSandbox()
  sandboxes.push(sandbox)
  writeTree(path.join(sandbox.folder, '.sluice/input/cg_assets'), assetTree(files))
  const config = path.join(sandbox.folder, 'pipelines/cg_assets/config/pipeline.yaml')
  writeFileSync(config, change(readFileSync(config, 'utf8')))
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

describe('a scan of 10,000 files', () => {
  it('reads nothing again, and one file when one has changed', async () => {
    const sandbox = sandboxWith(10_000)
    const first = await sandbox.sluice('run', 'cg_assets/main')
    expect(first.stdout).toContain('1 succeeded')
    expect(first.code).toBe(0)
    const again = await sandbox.sluice('run', 'cg_assets/main')
    expect(again.stdout).toContain('nothing to do')
    await sandbox.sluice('run', 'cg_assets/main', '--replay')
    writeFileSync(path.join(sandbox.folder, '.sluice/input/cg_assets/tools/script_4.py'), 'print(1)\n')
    await sandbox.sluice('run', 'cg_assets/main')
    const [scan, replay, change] = records(sandbox).map(({ counts }) => counts)
    expect(scan).toMatchObject({
      files: 8059,
      processed: 8059,
      unchanged: 0,
      errors: 5,
      sequences: 59,
      frames: 2000,
    })
    expect(replay).toMatchObject({ files: 8059, processed: 0, unchanged: 8059, errors: 5 })
    expect(change).toMatchObject({ files: 8059, processed: 1, unchanged: 8058, deleted: 0 })
    const query = await sandbox.sluice('catalog', 'query', 'files-count')
    expect(query.stdout).toContain('8059')
  }, 300_000)
})

describe('a scan that is killed with -9', () => {
  it('comes to the rows of a clean one when it is run again: the engine, or a worker; in shards too', async () => {
    const small = (config: string) => `${config}  batch_size: 20\n`
    const clean = sandboxWith(1000, small)
    expect((await clean.sluice('run', 'cg_assets/main')).code).toBe(0)
    const expected = await stateOf(clean)
    expect(expected.rows.length).toBeGreaterThan(800)

    const killed = sandboxWith(1000, small)
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

    const shared = sandboxWith(1000, small)
    const registry = path.join(shared.folder, 'pipelines_config.yml')
    writeFileSync(
      registry,
      readFileSync(registry, 'utf8').replace('input: prefix\n', 'input: prefix\n    shards: 3\n'),
    )
    const running = shared.start('run', 'cg_assets/main')
    await untilStored(shared, 60)
    const [worker] = childrenOf(running.child.pid as number)
    process.kill(worker as number, 'SIGKILL')
    const { stdout } = await running.finished
    expect(stdout).toContain('3 succeeded')
    const outcomes = records(shared).map(({ outcome, attempt }) => `${outcome} ${attempt}`)
    expect(outcomes.toSorted()).toEqual(['failed 1', 'succeeded 1', 'succeeded 1', 'succeeded 2'])
    expect(await stateOf(shared)).toEqual(expected)
  }, 300_000)
})

/** The worker processes of an engine. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = existsSync(`/proc/${name}/stat`) ? readFileSync(`/proc/${name}/stat`, 'utf8') : ''
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      const command =
        stat && existsSync(`/proc/${name}/cmdline`) ? readFileSync(`/proc/${name}/cmdline`, 'utf8') : ''
      return parent === pid && command.includes('worker.js') ? [Number(name)] : []
    })
}
