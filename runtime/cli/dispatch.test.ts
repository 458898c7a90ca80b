import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs as buoyInputs } from '../../pipelines/buoy_waves/demo.ts'
import { demoInputs as lidarInputs } from '../../pipelines/lidar/demo.ts'
import type { PlannedRun } from '../contracts.ts'
import { compilePattern } from '../ingest/config/pattern.ts'
import { type Candidate, type DispatchOptions, dispatchFiles } from './dispatch.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

function candidate(key: string, trigger: string, glob?: string): Candidate {
  const files = glob === undefined ? {} : { files: { glob, ignoreCase: false } }
  const run = { key, trigger: { kind: 's3', ...files } } as unknown as PlannedRun
  return { run, triggers: [compilePattern(trigger)] }
}

function dispatched(
  names: readonly string[],
  candidates: readonly Candidate[],
  options: DispatchOptions = {},
) {
  const files = names.map((file) => ({ file, path: `/data/${file}` }))
  const { assigned, skipped } = dispatchFiles(files, candidates, options)
  return {
    assigned: Object.fromEntries([...assigned].map(([run, taken]) => [run.key, taken])),
    skipped: skipped.map(({ file, reason }) => `${file}: ${reason}`),
  }
}

describe('files that choose their pipeline', () => {
  const a = candidate('a/x', '.*met.*\\.csv')
  const b = candidate('b/x', '.*waves.*')

  it('are matched from the start of the absolute path, but not to its end', () => {
    expect(dispatched(['met.csv.bak', 'waves.csv'], [a, b]).assigned).toEqual({
      'a/x': ['met.csv.bak'],
      'b/x': ['waves.csv'],
    })
    expect(dispatched(['met.csv'], [candidate('c/x', 'met')]).skipped).toEqual([
      'met.csv: no trigger matches',
    ])
    expect(dispatched(['met.csv'], [candidate('c/x', '/data/met')]).assigned).toEqual({ 'c/x': ['met.csv'] })
  })

  it("are left out where the registry's files do not allow the name", () => {
    const narrow = candidate('n/x', '.*met.*', '*.csv')
    expect(dispatched(['met.csv', 'met.txt'], [narrow])).toEqual({
      assigned: { 'n/x': ['met.csv'] },
      skipped: ['met.txt: filtered'],
    })
  })

  it('must not choose two, unless that is asked for', () => {
    const names = ['met_waves.csv']
    expect(() => dispatched(names, [a, b])).toThrow(
      /^met_waves\.csv: a\/x and b\/x have triggers that match it/,
    )
    expect(dispatched(names, [a, b], { multidispatch: true }).assigned).toEqual({
      'a/x': names,
      'b/x': names,
    })
  })

  it('all go with the first when they are clumped', () => {
    const names = ['met.csv', 'waves.csv', 'else.txt']
    expect(dispatched(names, [a, b], { clump: true })).toEqual({ assigned: { 'a/x': names }, skipped: [] })
    expect(dispatched(['else.txt', 'met.csv'], [a, b], { clump: true })).toEqual({
      assigned: {},
      skipped: ['else.txt: no trigger matches', 'met.csv: no trigger matches'],
    })
  })
})

describe('sluice run FILE…', () => {
  let box: Sandbox
  const lidar = lidarInputs()
  const buoy = buoyInputs()
  beforeAll(() => {
    box = makeSandbox()
    mkdirSync(path.join(box.folder, 'inbox'))
    for (const { name, content } of [...lidar, ...buoy])
      writeFileSync(path.join(box.folder, 'inbox', name), content)
    writeFileSync(path.join(box.folder, 'inbox/notes.txt'), 'nothing for us\n')
  })
  afterAll(() => box.remove())

  it('runs each file by its pipeline, shows what came of it, and ends with 1 when one was rejected', async () => {
    const files = readdirSync(path.join(box.folder, 'inbox')).map((name) => `inbox/${name}`)
    const { code, stdout, stderr } = await box.sluice('run', ...files)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\[8\/8\] /m)
    expect(stdout.match(/^lidar +(humboldt|morro) .* succeeded/gm)).toHaveLength(4)
    expect(stdout).toMatch(/^buoy_waves +humboldt +\S+20201202\S+ +rejected/m)
    expect(stdout).toMatch(/^ +inbox\/notes\.txt +skipped: no trigger matches$/m)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('7 succeeded, 1 skipped, 1 rejected')
  })

  it('is no failure when nothing matches', async () => {
    const { code, stdout } = await box.sluice('run', 'inbox/notes.txt')
    expect(code).toBe(0)
    expect(stdout).toContain('0 succeeded, 1 skipped')
  })

  it('runs nothing when a file is not there', async () => {
    const { code, stdout, stderr } = await box.sluice('run', 'inbox/notes.txt', 'inbox/none.sta')
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'inbox/none.sta: there is no such file\n',
    })
  })

  it('makes one output of files that are clumped, whether the pipeline is named or chosen', async () => {
    const [first, second] = lidar.map(({ name }) => `inbox/${name}`) as [string, string]
    const clumped = await box.sluice('run', '--clump', '--replay', first, second)
    expect(clumped.stdout).toMatch(/ and 1 more +succeeded +279 +1 /)
    expect(clumped.stdout.trimEnd().split('\n').at(-1)).toBe('1 succeeded')
    const named = await box.sluice('run', '--clump', '--replay', 'lidar/humboldt', first, second)
    expect(named.stdout).toMatch(/ and 1 more +succeeded +279 +1 /)
  })

  it('refuses options that would have no effect', async () => {
    const config = 'pipelines/lidar/config/pipeline_morro.yaml'
    const withConfig = await box.sluice('run', '--config', config, '--clump', 'inbox/notes.txt')
    expect(withConfig).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--clump is for runs of the registry'),
    })
    const withKey = await box.sluice('run', '--multidispatch', 'lidar/morro', 'inbox/notes.txt')
    expect(withKey).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--multidispatch is for files'),
    })
  })
})
