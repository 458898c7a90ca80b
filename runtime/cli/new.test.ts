import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyProject, type ProjectCopy } from '../local/scaffold/testing/project-copy.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

describe('sluice new', () => {
  let project: ProjectCopy
  beforeAll(() => {
    project = copyProject()
  })
  afterAll(() => project.remove())

  it('makes an ingest and VAPs that pass every check at once, and that the demo runs', () => {
    const comment = '# The registry: every pipeline of this project'
    expect(project.run('sluice', 'new', 'ingest', 'tide_gauge', '--site', 'harbour', 'pier')).toMatchObject({
      code: 0,
    })
    expect(project.run('sluice', 'new', 'vap', 'hourly_tide', '--from', 'tide_gauge')).toMatchObject({
      code: 0,
    })
    expect(project.run('sluice', 'new', 'vap', 'both', '--from', 'lidar', 'buoy_waves')).toMatchObject({
      code: 0,
    })
    expect(project.run('sluice', 'new', 'vap', 'again', '--from', 'morro.both-1h.b1')).toMatchObject({
      code: 0,
    })
    expect(project.run('sluice', 'check')).toEqual({ code: 0, text: 'no problems\n' })
    const long = `x${'y'.repeat(39)}`
    expect(project.run('sluice', 'new', 'ingest', long, '--site', long, 'a1', 'a2')).toMatchObject({
      code: 0,
    })
    expect(project.run('sluice', 'new', 'vap', `v${long.slice(1)}`, '--from', long)).toMatchObject({
      code: 0,
    })
    const made = ['tide_gauge', 'hourly_tide', 'both', 'again', long, `v${long.slice(1)}`].map(
      (name) => `pipelines/${name}`,
    )
    expect(project.problems(...made)).toBe('')
    expect(readFileSync(path.join(project.folder, 'pipelines_config.yml'), 'utf8')).toContain(comment)
    const { code, text } = project.run('sluice', 'demo')
    expect(code).toBe(0)
    expect(text).toMatch(/^tide_gauge +pier +\S+ +succeeded +144 /m)
    expect(text).toMatch(/^hourly_tide +harbour +2020-12-01 +succeeded +24 /m)
    expect(text).toMatch(/^both +morro +2020-12-02 +succeeded +24 /m)
    // The samples of a file that was cut off, and of two that are no photos.
    expect(text.match(/^(?:rejected|failed): [^:]+/gm)).toEqual([
      'rejected: buoy_waves/humboldt/buoy.z05.00.20201202.000000.waves.csv',
      'rejected: photos/empty.jpg',
      'rejected: photos/notes.jpg',
    ])
  }, 240_000)
})

describe('sluice new refuses', () => {
  let box: Sandbox
  const registry = () => readFileSync(path.join(box.folder, 'pipelines_config.yml'), 'utf8')
  const folders = () => readdirSync(path.join(box.folder, 'pipelines')).sort()
  let before: { registry: string; folders: string[] }
  beforeAll(() => {
    box = makeSandbox()
    before = { registry: registry(), folders: folders() }
  })
  afterAll(() => box.remove())

  it.each([
    [['ingest', 'lidar'], /^pipelines_config\.yml has a pipeline lidar already$/],
    [['ingest', 'Tide'], /^"Tide" cannot name a pipeline: .* such as tide_gauge$/],
    [['ingest', '../tide'], /^"\.\.\/tide" cannot name a pipeline/],
    [['ingest', 'tide_', '--site', 'x1'], /^"tide_" cannot name a pipeline/],
    [['ingest', 'tide', '--site', 'Pier 39'], /^"Pier 39" cannot name a site/],
    [
      ['vap', 'tide', '--from', 'lidr'],
      /^lidr is no pipeline of pipelines_config\.yml, .*; there are buoy_waves, lidar, lidar_vap, .*humboldt\.lidar\.a1/,
    ],
    [['vap', 'tide'], /required option '--from <source\.\.\.>' not specified/],
    [
      ['vap', 'tide', '--from', 'lidar', 'buoy_waves', '--registry', 'none.yml'],
      /^none\.yml: there is no such file/,
    ],
  ])('%j in one line, and leaves everything as it was', async (args, message) => {
    const { code, stdout, stderr } = await box.sluice('new', ...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.replace(/^error: /, '').trimEnd()).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect({ registry: registry(), folders: folders() }).toEqual(before)
  })

  it('a folder that is there, and a registry with problems, and changes neither', async () => {
    const other = makeSandbox()
    writeFileSync(path.join(other.folder, 'pipelines/tide'), 'a file of the user')
    const taken = await other.sluice('new', 'ingest', 'tide')
    expect(taken).toMatchObject({ code: 1, stderr: 'there is a folder pipelines/tide already\n' })
    const file = path.join(other.folder, 'pipelines_config.yml')
    const broken = readFileSync(file, 'utf8').replace('schedule: Daily', 'schedule: Fortnightly')
    writeFileSync(file, broken)
    const { code, stderr } = await other.sluice('new', 'ingest', 'gauge')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^pipelines_config\.yml:\d+:\d+ pipelines\[2\]\.schedule: /)
    expect(readFileSync(file, 'utf8')).toBe(broken)
    expect(existsSync(path.join(other.folder, 'pipelines/gauge'))).toBe(false)
    other.remove()
  })

  it('brings its own quality and storage where the project shares none', async () => {
    const bare = makeSandbox({ isEmpty: true })
    const head = registry().slice(0, registry().indexOf('pipelines:\n'))
    writeFileSync(path.join(bare.folder, 'pipelines_config.yml'), `${head}pipelines: []\n`)
    expect(await bare.sluice('new', 'ingest', 'tide')).toMatchObject({ code: 0 })
    expect(readdirSync(path.join(bare.folder, 'pipelines/tide/config')).sort()).toEqual([
      'dataset.yaml',
      'pipeline_main.yaml',
      'quality.yaml',
      'retriever.yaml',
      'storage.yaml',
    ])
    expect((await bare.sluice('check')).stdout).toBe('no problems\n')
    expect((await bare.sluice('demo')).stdout).toMatch(/^tide +main +\S+ +succeeded +144 /m)
    bare.remove()
  })
})
