import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeSpan } from './diff-markdown.ts'
import { openRevision } from './diff-revision.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const registryFile = 'pipelines_config.yml'

describe('sluice diff', () => {
  let box: Sandbox
  beforeEach(() => {
    box = makeSandbox()
    git('init', '--quiet', '--initial-branch', 'main')
    commit('first')
  })
  afterEach(() => box.remove())

  function git(...args: string[]): string {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false']
    return execFileSync('git', [...identity, ...args], { cwd: box.folder, encoding: 'utf8' })
  }

  function commit(message: string): void {
    git('add', '--all')
    git('commit', '--quiet', '--message', message)
  }

  const file = (name: string) => path.join(box.folder, name)

  function edit(name: string, from: string | RegExp, to: string): void {
    const text = readFileSync(file(name), 'utf8')
    const edited = text.replace(from, to)
    expect(edited).not.toBe(text)
    writeFileSync(file(name), edited)
  }

  it('tells what an edit changes that is not committed yet, and nothing when there is none', async () => {
    const unchanged = await box.sluice('diff')
    expect(unchanged).toMatchObject({ code: 0, stderr: '' })
    expect(unchanged.stdout).toMatch(
      /^Nothing changes on the stack prod, compared with main at [0-9a-f]{10}\n/,
    )

    edit(registryFile, /schedule: Daily/, 'schedule: Hourly\n    memory: 2 GB')
    edit(registryFile, /\n {6}morro:\n.*lidar\/morro.*\n.*\n/, '\n')
    edit('pipelines/buoy_waves/config/dataset.yaml', /$/, '\n# a remark\n')
    const { code, stdout } = await box.sluice('diff')
    expect(code).toBe(0)
    expect(stdout).toContain(
      '  ~ buoy_waves/humboldt, buoy_waves/morro: configuration changed: pipelines/buoy_waves/config/dataset.yaml\n',
    )
    expect(stdout).toContain('  - lidar/morro\n      it starts no more\n      its data stay where they are')
    expect(stdout).toMatch(/~ lidar_vap\/humboldt, lidar_vap\/morro\n(?: +.*\n)* +memory: 1 GB → 2 GB\n/)
    expect(stdout).toContain('      schedule: Daily → Hourly\n')
    expect(stdout).toMatch(/the stack: \d+\.\d\d → \d+\.\d\d USD a month \(\+\d+\.\d\d\)\n/)
  })

  it('is what docs/deploy.md shows, whose commands work', async () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/deploy.md'), 'utf8')
    const section = page.slice(page.indexOf('## By pushing'), page.indexOf('## By hand'))
    edit(registryFile, /schedule: Daily/, 'schedule: Hourly\n    memory: 2 GB')
    edit(registryFile, /\n {6}morro:\n.*lidar\/morro.*\n.*\n/, '\n')
    edit('pipelines/buoy_waves/config/dataset.yaml', /$/, '\n# a remark\n')
    const shown = /^```\n(What changes [\s\S]*?)^```$/m.exec(section)?.[1]?.split('\n') ?? []
    const { stdout } = await box.sluice('diff')
    // The commit is another, and so may prices and what else is registered be.
    const kept = shown.filter((line) => !/ at [0-9a-f]{10}$| USD a month /.test(line))
    expect(kept.length).toBeGreaterThan(10)
    for (const line of kept) expect(stdout.split('\n')).toContain(line)

    const commands = [...section.matchAll(/^npx sluice ([^#\n]+)/gm)].map(([, command]) => command as string)
    expect(commands.length).toBeGreaterThan(2)
    for (const command of commands) {
      const { code, stderr } = await box.sluice(...command.trim().split(/\s+/))
      expect([code, stderr], command).toEqual([0, ''])
    }
  })

  it('compares with where the branch left main, not with what main has become', async () => {
    git('switch', '--quiet', '--create', 'feature/x')
    edit(registryFile, 'files: "*.sta"', 'files: "*.txt"')
    commit('on the branch')
    git('switch', '--quiet', 'main')
    edit(registryFile, 'schedule: Daily', 'schedule: Hourly')
    commit('on main')
    git('switch', '--quiet', 'feature/x')
    const { stdout } = await box.sluice('diff', '--json')
    const { base, runs } = JSON.parse(stdout)
    expect(base).toEqual({ revision: 'main', commit: git('rev-parse', 'main~1').trim(), hasRegistry: true })
    expect(runs).toHaveLength(2)
    expect(runs[0]).toMatchObject({
      key: 'lidar/humboldt',
      change: 'changed',
      settings: [{ setting: 'files', before: '*.sta', after: '*.txt' }],
    })
    const withMain = JSON.parse((await box.sluice('diff', '--json', '--base', 'main')).stdout)
    expect(withMain.runs.map(({ key }: { key: string }) => key)).toContain('lidar_vap/morro')
  })

  it('reads the values of Pulumi.<stack>.yaml on both sides', async () => {
    writeFileSync(file('Pulumi.prod.yaml'), 'config:\n  sluice:region: us-west-2\n')
    commit('configure')
    writeFileSync(file('Pulumi.prod.yaml'), 'config:\n  sluice:region: eu-central-1\n')
    const { settings } = JSON.parse((await box.sluice('diff', '--json')).stdout)
    expect(settings).toContainEqual({ setting: 'region', before: 'us-west-2', after: 'eu-central-1' })
    const ofPreview = JSON.parse((await box.sluice('diff', '--json', '--stack', 'x-12345678')).stdout)
    expect(ofPreview.isEmpty).toBe(true)
  })

  it('shows all as new where the base has no registry', async () => {
    renameSync(file(registryFile), file('kept.yml'))
    git('rm', '--quiet', '--cached', registryFile)
    git('commit', '--quiet', '--amend', '--message', 'none')
    renameSync(file('kept.yml'), file(registryFile))
    const { code, stdout } = await box.sluice('diff')
    expect(code).toBe(0)
    expect(stdout).toContain('which has no pipelines_config.yml yet')
    expect(stdout).toContain('\n  + buoy_waves\n')
    expect(stdout).not.toContain('Settings of the stack')
  })

  it('tells the errors of either side, and of which', async () => {
    edit(registryFile, 'schedule: Daily', 'schedule: Fortnightly')
    commit('broken')
    edit(registryFile, 'schedule: Fortnightly', 'schedule: Daily')
    edit(registryFile, 'trigger: Cron', 'trigger: Crom')
    const { code, stdout, stderr } = await box.sluice('diff')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^pipelines_config\.yml:\d+:\d+ pipelines\[2\]\.trigger: "Crom"/m)
    expect(stderr).toMatch(/^main:pipelines_config\.yml:\d+:\d+ pipelines\[2\]\.schedule: "Fortnightly"/m)
    const json = await box.sluice('diff', '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, problems: [{ file: registryFile }, {}] })
    const markdown = await box.sluice('diff', '--markdown')
    expect(markdown.code).toBe(1)
    expect(markdown.stdout).toMatch(/cannot be compared, because of errors in them:\n\n- `/)
  })

  it('writes a comment in which what is quoted means nothing to Markdown', async () => {
    edit(registryFile, 'input_bucket_path: lidar/morro/', 'input_bucket_path: "lidar/`@octocat` <b>|/"')
    const { stdout } = await box.sluice('diff', '--markdown')
    expect(stdout).toContain('What changes on the stack `prod`, compared with `main` at `')
    expect(stdout).toContain('input_bucket_path: `lidar/morro/` → `` lidar/`@octocat` <b>|/ ``')
    expect(stdout).toContain('\n\n**Cost, estimated**\n\n- changed: the stack: ')
  })

  it.each([
    [['--base', 'nowhere'], '--base nowhere: this repository has no such commit, branch or tag'],
    [['--base', '--help'], '--base --help: this repository has no such commit, branch or tag'],
    [['--stack', 'a/b'], expect.stringContaining('--stack "a/b": a stack\'s name has')],
    [['--json', '--markdown'], '--json and --markdown: choose one of them'],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stderr } = await box.sluice('diff', ...args)
    expect([code, stderr.trimEnd()]).toEqual([1, message])
  })

  it('says so where there is no repository, no commit, or nothing to compare with', async () => {
    rmSync(file('.git'), { recursive: true })
    const without = await box.sluice('diff')
    expect(without.stderr).toMatch(/is not in a git repository: there is nothing to compare with\n$/)
    git('init', '--quiet', '--initial-branch', 'trunk')
    const noMain = 'there is no origin/main, main or master here to compare with: name a base with --base\n'
    expect(await box.sluice('diff')).toMatchObject({ code: 1, stderr: noMain })
    git('symbolic-ref', 'HEAD', 'refs/heads/main')
    expect((await box.sluice('diff')).stderr).toBe(noMain)
  })

  it('says how to get the history of a shallow clone', async () => {
    git('switch', '--quiet', '--create', 'feature/x')
    edit(registryFile, 'schedule: Daily', 'schedule: Hourly')
    commit('on the branch')
    edit(registryFile, 'schedule: Hourly', 'schedule: Weekly')
    commit('once more')
    git('switch', '--quiet', 'main')
    const clone = file('clone')
    git(
      'clone',
      '--quiet',
      '--depth',
      '1',
      '--no-single-branch',
      '--branch',
      'feature/x',
      `file://${box.folder}`,
      clone,
    )
    const { code, stderr } = await box.sluiceIn('clone', 'diff')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^HEAD and origin\/main have no commit in common: this clone is shallow.*fetch-depth: 0/,
    )
    const unknown = await box.sluiceIn('clone', 'diff', '--base', 'HEAD~1')
    expect(unknown.stderr).toMatch(/no such commit, branch or tag; this clone is shallow.*`fetch-depth: 0`/)
  })

  it('reads a project in a folder of its repository, through links', async () => {
    mkdirSync(file('team/config'), { recursive: true })
    cpSync(file('pipelines'), file('team/pipelines'), { recursive: true })
    cpSync(file(registryFile), file(`team/${registryFile}`))
    symlinkSync('../shared', file('team/shared'))
    symlinkSync('../../pipelines_config.yml', file('team/config/linked.yml'))
    symlinkSync('loop', file('team/loop'))
    commit('in a folder')
    const { stdout } = await box.sluiceIn('team', 'diff')
    expect(stdout).toMatch(/^Nothing changes/)
    const { files } = openRevision(file('team'), 'HEAD')
    expect(files.readText('config/linked.yml')).toBe(readFileSync(file(registryFile), 'utf8'))
    expect(files.readText('shared/quality.yaml')).toBe(readFileSync(file('shared/quality.yaml'), 'utf8'))
    expect(files.listFolder('.')).toEqual(['config/', 'loop', 'pipelines/', registryFile, 'shared'])
    expect(files.listFolder('shared')).toContain('quality.yaml')
    expect(files.readText('loop')).toBeUndefined()
    expect(files.readText('../../../etc/passwd')).toBeUndefined()
    expect(files.readText('/etc/passwd')).toBeUndefined()
    expect(files.listFolder('nowhere')).toBeUndefined()
  })

  it('needs no more than the default branch of origin to be known', async () => {
    const clone = file('clone')
    git('clone', '--quiet', `file://${box.folder}`, clone)
    const { stdout } = await box.sluiceIn('clone', 'diff', '--json')
    expect(JSON.parse(stdout).base.revision).toBe('origin/main')
  })
})

describe('codeSpan', () => {
  it.each([
    ['plain', '`plain`'],
    ['a`b', '`` a`b ``'],
    ['``', '``` `` ```'],
    ['two\nlines', '`two lines`'],
    ['', '` `'],
  ])('%j as %j', (text, span) => {
    expect(codeSpan(text)).toBe(span)
  })
})
