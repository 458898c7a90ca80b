import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSandbox, type Sandbox } from '../../../runtime/cli/testing/sandbox.ts'
import { hostileFiles } from '../../../runtime/media/testing/hostile-files.ts'
import { LocalObjectStore } from '../../../runtime/storage/local.ts'
import { assetTree } from '../testing/asset-tree.ts'
import { peakMemory, workersOf } from '../testing/engine-workers.ts'

const hasProc = existsSync('/proc/self/status')

describe.skipIf(!hasProc)(`a folder of hostile files${hasProc ? '' : ' (there is no /proc here)'}`, () => {
  let sandbox: Sandbox
  beforeAll(() => {
    sandbox = makeSandbox()
  })
  afterAll(() => sandbox.remove())

  it('is scanned with a row or a reason for each, within 512 MB, and nothing else disturbed', async () => {
    const input = new LocalObjectStore({ root: path.join(sandbox.folder, '.sluice/input') })
    const hostile = hostileFiles()
    expect(hostile.length).toBeGreaterThanOrEqual(60)
    for (const file of hostile) await input.put(`cg_assets/hostile/${file.name}`, file.bytes())
    for (const { key, content } of assetTree(11)) await input.put(`cg_assets/good/${key}`, content)
    const config = path.join(sandbox.folder, 'pipelines/cg_assets/config/pipeline.yaml')
    const text = readFileSync(config, 'utf8').replace('max_errors: 50 %', 'max_errors: 100 %')
    writeFileSync(config, text.replace('seconds_per_file: 60', 'seconds_per_file: 20'))

    const { child, finished } = sandbox.start('run', 'cg_assets/main')
    let peak = 0
    let isRunning = true
    void finished.finally(() => {
      isRunning = false
    })
    while (isRunning) {
      for (const worker of workersOf(child.pid as number)) peak = Math.max(peak, peakMemory(worker))
      await delay(20)
    }
    const { stdout, code } = await finished
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 succeeded')])
    expect(peak).toBeGreaterThan(50)
    expect(peak).toBeLessThan(512)

    const sql = `select encode(convert_to(file_path, 'UTF8'), 'hex') as path, error from files where deleted_at is null`
    const query = await sandbox.sluice(
      'catalog',
      'query',
      '--sql',
      sql,
      '--format',
      'json',
      '--limit',
      '1000',
    )
    const rows = JSON.parse(query.stdout) as { path: string; error: string | null }[]
    const errors = new Map(rows.map((row) => [Buffer.from(row.path, 'hex').toString(), row.error]))
    for (const { name, outcome } of hostile) {
      const error = errors.get(`cg_assets/hostile/${name}`)
      expect(error, name).not.toBeUndefined()
      if (outcome === 'row') expect(error, name).toBeNull()
      else expect(error, name).toMatch(/^[^\n]+$/)
    }
    const good = [...errors].filter(([key]) => key.startsWith('cg_assets/good/'))
    expect(good.length).toBeGreaterThanOrEqual(11)
    for (const [key, error] of good) expect(error, key).toBeNull()
  }, 300_000)
})
