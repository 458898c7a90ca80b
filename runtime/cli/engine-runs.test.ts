import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { demoInputs as buoyInputs } from '../../pipelines/buoy_waves/demo.ts'
import { demoInputs as lidarInputs } from '../../pipelines/lidar/demo.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

let box: Sandbox
beforeEach(() => {
  box = makeSandbox()
})
afterEach(() => box.remove())

function filesBelow(folder: string): string[] {
  const root = path.join(box.folder, folder)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort()
}

/** Of a bucket's objects, and not of what its store is still writing. */
function digests(folder: string): Record<string, string> {
  const names = filesBelow(folder).filter((name) => !name.startsWith('%(sluice)'))
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(path.join(box.folder, folder, name)))
        .digest('hex'),
    ]),
  )
}

/** Writes a sample input as a file that arrived at a fixed time. */
function putSample(name: string, content: string | Uint8Array): string {
  writeFileSync(path.join(box.folder, name), content)
  utimesSync(path.join(box.folder, name), 1606953600, 1606953600)
  return name
}

async function untilFile(name: string): Promise<void> {
  for (let waited = 0; !existsSync(path.join(box.folder, name)); waited += 2) {
    if (waited > 20_000) throw new Error(`${name} did not appear`)
    await delay(2)
  }
}

/** Their processes, where the system tells. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
}

/** A process that has ended may stay in the table until it is asked for. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function untilEnded(pids: readonly number[], withinMs: number): Promise<void> {
  for (let waited = 0; waited < withinMs && pids.some(isAlive); waited += 10) await delay(10)
  expect(pids.filter(isAlive)).toEqual([])
}

const lidar = lidarInputs()[0] as { name: string; content: Uint8Array }

describe('sluice run of a registered pipeline', () => {
  it('writes the output, its record and the ledger; the second time there is nothing to do', async () => {
    putSample(lidar.name, lidar.content)
    const first = await box.sluice('run', 'lidar/humboldt', lidar.name)
    expect(first).toMatchObject({ code: 0 })
    expect(first.stdout).toMatch(/lidar +humboldt +\S+\.sta +succeeded +135 +1 /)
    expect(filesBelow('.sluice/output')).toEqual([
      'data/humboldt/humboldt.lidar.a1/humboldt.lidar.a1.20201201.000000.nc',
    ])
    expect(filesBelow('.sluice/logs/runs')).toHaveLength(1)
    const second = await box.sluice('run', 'lidar/humboldt', lidar.name)
    expect(second.stdout).toContain('skipped: done')
    expect(filesBelow('.sluice/logs/runs')).toHaveLength(1)
    const replay = await box.sluice('run', '--replay', 'lidar/humboldt', lidar.name)
    expect(replay.stdout).toContain('succeeded')
    expect(filesBelow('.sluice/logs/runs')).toHaveLength(2)
  })

  it('makes the same bytes from the same input', async () => {
    putSample(lidar.name, lidar.content)
    await box.sluice('run', 'lidar/humboldt', lidar.name)
    const first = digests('.sluice/output')
    await delay(1100)
    await box.sluice('run', '--replay', 'lidar/humboldt', lidar.name)
    expect(digests('.sluice/output')).toEqual(first)
    expect(Object.keys(first)).toHaveLength(1)
  })

  it('rejects a bad file with place and reason, exit status 1 and a failure report; the good one goes on', async () => {
    const [rough, , , cut] = buoyInputs() as [
      { name: string; content: string },
      unknown,
      unknown,
      { content: string },
    ]
    putSample('cut.csv', cut.content)
    putSample(rough.name, rough.content)
    const { code, stdout } = await box.sluice('run', 'buoy_waves/morro', 'cut.csv', rough.name)
    expect(code).toBe(1)
    expect(stdout).toMatch(/morro +cut\.csv +rejected/)
    expect(stdout).toMatch(/succeeded +66 +1/)
    expect(stdout).toMatch(/rejected: buoy_waves\/morro\/cut\.csv:45: /)
    const [failure] = filesBelow('.sluice/logs/failures')
    const report = JSON.parse(
      readFileSync(path.join(box.folder, '.sluice/logs/failures', failure as string), 'utf8'),
    )
    expect(report).toMatchObject({ pipeline: 'buoy_waves', site: 'morro', outcome: 'rejected' })
    expect(filesBelow('.sluice/output')).toHaveLength(1)
  })

  it('leaves no scratch space and no socket behind', async () => {
    putSample(lidar.name, lidar.content)
    await box.sluice('run', 'lidar/humboldt', lidar.name)
    expect(filesBelow('.sluice/scratch')).toEqual([])
    expect(existsSync(path.join(box.folder, '.sluice/engine.sock'))).toBe(false)
  })

  it('serves two commands at once, the second through the first', async () => {
    for (const { name, content } of lidarInputs().slice(0, 2)) putSample(name, content)
    const both = await Promise.all(
      lidarInputs()
        .slice(0, 2)
        .map(({ name }) => box.sluice('run', 'lidar/humboldt', name)),
    )
    expect(both.map(({ code, stderr }) => [code, stderr.replace(/^\[.*\n/gm, '')])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(filesBelow('.sluice/output')).toHaveLength(2)
  })
})

describe('two commands with the same work', () => {
  it('both end in the newest version, which is run once', async () => {
    const [, second] = lidarInputs() as [unknown, { content: Uint8Array }]
    putSample(lidar.name, lidar.content)
    const first = box.start('run', 'lidar/humboldt', lidar.name)
    await untilFile('.sluice/engine.sock')
    mkdirSync(path.join(box.folder, 'newer'))
    putSample(`newer/${lidar.name}`, second.content)
    const results = await Promise.all([
      first.finished,
      box.sluice('run', 'lidar/humboldt', `newer/${lidar.name}`),
    ])
    expect(results.map(({ code }) => code)).toEqual([0, 0])
    const look = await box.sluice('run', 'lidar/humboldt')
    expect(look.stdout).toContain('nothing to do')
    expect(filesBelow('.sluice/output').at(-1)).toMatch(/20201202/)
  })
})

describe('a signal in the middle of a run', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    '%s ends it at once, with its workers, and the next look goes on',
    async (signal) => {
      putSample(lidar.name, lidar.content)
      const { child, finished } = box.start('run', '--replay', 'lidar/humboldt', lidar.name)
      await untilFile('.sluice/logs/ledger')
      const workers = childrenOf(child.pid as number)
      child.kill(signal)
      expect(await finished).toMatchObject({ code: null, signal })
      // Without a word to the workers, they see it by themselves.
      await untilEnded(workers, signal === 'SIGKILL' ? 20_000 : 2000)
      const next = await box.sluice('run', 'lidar/humboldt')
      expect(next.stdout).toMatch(/lidar +humboldt +\S+\.sta +succeeded +135 /)
      expect(next.code).toBe(0)
    },
  )
})

/** The sample's day a hundred times, one day after the other: a run of it lasts. */
function longInput(): string {
  const lines = Buffer.from(lidar.content).toString('latin1').split('\n')
  const first = lines.findIndex((line) => /^\d{4}-\d\d-\d\d /.test(line))
  const [head, day] = [lines.slice(0, first), lines.slice(first).filter((line) => line !== '')]
  const days = Array.from({ length: 100 }, (_, i) => {
    const date = new Date(Date.UTC(2020, 11, 1 + i)).toISOString().slice(0, 10)
    return day.map((line) => date + line.slice(date.length))
  })
  return [...head, ...days.flat(), ''].join('\n')
}

interface LedgerState {
  readonly state: string
  readonly claims: number
}

/** What the ledger says of the only work unit. */
function ledgerState(): LedgerState | undefined {
  const [name] = filesBelow('.sluice/logs/ledger').filter((file) => file.endsWith('.json'))
  return name === undefined
    ? undefined
    : (JSON.parse(readFileSync(path.join(box.folder, '.sluice/logs/ledger', name), 'utf8')) as LedgerState)
}

async function untilClaimedAfter(claims: number): Promise<void> {
  const isClaimed = () => (ledgerState()?.claims ?? 0) > claims
  for (let waited = 0; !isClaimed(); waited += 2) {
    if (waited > 20_000) throw new Error('the work was not claimed')
    await delay(2)
  }
}

describe('kill -9 in the middle of a run', () => {
  it('has the command that waited for it take over, when it was the engine of another one', async () => {
    putSample(lidar.name, Buffer.from(longInput(), 'latin1'))
    const engine = box.start(
      'catalog',
      'query',
      '--sql',
      'select count(*) from generate_series(1, 100000000)',
    )
    await untilFile('.sluice/engine.sock')
    const { finished } = box.start('run', 'lidar/humboldt', lidar.name)
    await untilFile('.sluice/logs/ledger')
    engine.child.kill('SIGKILL')
    expect((await engine.finished).signal).toBe('SIGKILL')
    expect(await finished).toMatchObject({ code: 0, stdout: expect.stringContaining(' succeeded ') })
    expect(ledgerState()?.state).toBe('done')
  })

  it('leaves whole outputs only, and the same command finishes with the same bytes', async () => {
    putSample(lidar.name, Buffer.from(longInput(), 'latin1'))
    await box.sluice('run', 'lidar/humboldt', lidar.name)
    const clean = digests('.sluice/output')
    const [key] = Object.keys(clean) as [string]
    const [name] = filesBelow('.sluice/logs/runs') as [string]
    const record = JSON.parse(readFileSync(path.join(box.folder, '.sluice/logs/runs', name), 'utf8'))
    const runMs = Date.parse(record.endedAt) - Date.parse(record.startedAt)
    const rounds = 10
    let hits = 0
    for (let round = 0; round < rounds; round++) {
      const claims = ledgerState()?.claims ?? 0
      const { child, finished } = box.start('run', '--replay', 'lidar/humboldt', lidar.name)
      await untilClaimedAfter(claims)
      const seen = new Set<string>()
      const until = performance.now() + (runMs * round) / rounds
      do {
        for (const [name, digest] of Object.entries(digests('.sluice/output'))) seen.add(`${name} ${digest}`)
        await delay(2)
      } while (performance.now() < until)
      child.kill('SIGKILL')
      await finished
      if (ledgerState()?.state === 'working') hits++
      expect([...seen]).toEqual([`${key} ${clean[key]}`])
    }
    // What is killed late may have ended before.
    expect(hits).toBeGreaterThan(rounds / 2)
    const last = await box.sluice('run', 'lidar/humboldt', lidar.name)
    expect(last).toMatchObject({ code: 0, stdout: expect.stringMatching(/ succeeded | skipped: done/) })
    expect(ledgerState()?.state).toBe('done')
    expect(digests('.sluice/output')).toEqual(clean)
  })
})

describe('sluice demo', { timeout: 300_000 }, () => {
  it('shows successes, a rejection and flags, and starts over the second time with the same bytes', async () => {
    const first = await box.sluice('demo')
    expect(first.code).toBe(0)
    expect(first.stderr).toMatch(/^\[1\/\d+\] /)
    expect(first.stdout).toMatch(/buoy_waves +humboldt +\S+ +rejected/)
    expect(first.stdout.match(/ succeeded /g)?.length).toBeGreaterThanOrEqual(7)
    const failures = filesBelow('.sluice/logs/failures')
    expect(failures.length).toBeGreaterThanOrEqual(1)
    const buckets = ['output', 'thumbnails', 'gallery'].map((bucket) => `.sluice/${bucket}`)
    const made = buckets.map(digests)
    const second = await box.sluice('demo')
    expect(second.code).toBe(0)
    expect(buckets.map(digests)).toEqual(made)
    expect(filesBelow('.sluice/logs/failures')).toHaveLength(failures.length)
  })

  it('is over for a folder in which something else was run', async () => {
    await box.sluice('demo')
    putSample(lidar.name, lidar.content)
    expect((await box.sluice('run', 'lidar/morro', lidar.name)).code).toBe(0)
    const { code, stderr } = await box.sluice('demo')
    expect(code).toBe(1)
    expect(stderr).toContain('holds runs of your own')
  })

  it('leaves a folder alone that another command is using', async () => {
    const both = await Promise.all([box.sluice('demo'), box.sluice('demo')])
    const [one, other] = both.toSorted((a, b) => Number(a.code) - Number(b.code))
    expect(one?.code).toBe(0)
    if (other?.code === 1) expect(other.stderr).toContain('is in use by another sluice command')
    else expect(other?.code).toBe(0)
    // One for each of the samples that are bad on purpose.
    const rejected = one?.stdout.match(/ rejected /g) ?? []
    expect(filesBelow('.sluice/logs/failures')).toHaveLength(rejected.length)
  })

  it('does not touch a folder that holds runs of the user', async () => {
    putSample(lidar.name, lidar.content)
    await box.sluice('run', 'lidar/humboldt', lidar.name)
    const { code, stderr } = await box.sluice('demo')
    expect(code).toBe(1)
    expect(stderr).toContain('holds runs of your own')
    expect(filesBelow('.sluice/output')).toHaveLength(1)
  })
})
