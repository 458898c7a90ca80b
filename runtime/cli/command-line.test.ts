import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const { version } = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8'),
) as { version: string }

/** The commands that a help text lists. */
function commandsOf(help: string): string[] {
  const [list = ''] = help.split(/^Commands:$/m)[1]?.split(/\n\n/) ?? []
  return [...list.matchAll(/^ {2}(\w+)/gm)]
    .map(([, name]) => name as string)
    .filter((name) => name !== 'help')
}

describe('the command line', () => {
  let box: Sandbox
  beforeAll(() => {
    box = makeSandbox()
  })
  afterAll(() => box.remove())

  it('tells its version', async () => {
    expect(await box.sluice('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('helps with examples and exit statuses, for itself and for each command', async () => {
    const help = await box.sluice('--help')
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('Exit status:')
    const readme = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8')
    for (const command of commandsOf(help.stdout)) {
      expect(readme.includes(`\`sluice ${command}`), `README.md has sluice ${command}`).toBe(true)
      await expectHelp([command])
    }
  })

  /** Help with examples, of a command and of those below it. */
  async function expectHelp(command: readonly string[]): Promise<void> {
    const { code, stdout } = await box.sluice(...command, '--help')
    expect(code).toBe(0)
    const [usage, examples] = stdout.split(/^Examples:$/m) as [string, string?]
    expect(usage).toContain(`Usage: sluice ${command.join(' ')}`)
    expect(examples, command.join(' ')).toMatch(new RegExp(`^  sluice ${command.join(' ')}\\b`, 'm'))
    for (const below of commandsOf(usage)) await expectHelp([...command, below])
  }

  it('refuses what it does not know, with a suggestion', async () => {
    const { code, stderr } = await box.sluice('chek')
    expect(code).toBe(1)
    expect(stderr).toContain('Did you mean check?')
  })

  it('says in one line that there is no registry', async () => {
    const empty = makeSandbox({ isEmpty: true })
    const { code, stderr } = await empty.sluice('check')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^pipelines_config\.yml: there is no such file in .* or a folder above it/)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    empty.remove()
  })

  it('works from a folder below the project', async () => {
    const { code, stdout } = await box.sluiceIn('pipelines/lidar', 'check')
    expect({ code, stdout: stdout.trimEnd() }).toEqual({ code: 0, stdout: 'no problems' })
  })

  it('shows every problem at once, as text and as JSON, with exit status 1', async () => {
    const file = path.join(box.folder, 'broken.yml')
    const text = readFileSync(path.join(box.folder, 'pipelines_config.yml'), 'utf8')
    writeFileSync(
      file,
      text.replace('schedule: Daily', 'schedule: Fortnightly').replace('trigger: S3', 'trigger: S4'),
    )
    const shown = await box.sluice('check', '--registry', 'broken.yml')
    expect(shown.code).toBe(1)
    expect(shown.stdout).toMatch(/broken\.yml:\d+:\d+ pipelines\[0\]\.trigger: .*"S4"/)
    expect(shown.stdout).toMatch(/broken\.yml:\d+:\d+ pipelines\[2\]\.schedule: .*"Fortnightly"/)
    const report = JSON.parse((await box.sluice('check', '--registry', 'broken.yml', '--json')).stdout)
    expect(report).toMatchObject({ ok: false, errors: 2 })
  })

  it('checks one pipeline configuration alone', async () => {
    expect((await box.sluice('check', '--config', 'pipelines/lidar/config/pipeline_morro.yaml')).code).toBe(0)
    mkdirSync(path.join(box.folder, 'bad'))
    writeFileSync(path.join(box.folder, 'bad/pipeline.yaml'), 'classname: tsdat.IngestPipelin\n')
    const { code, stdout } = await box.sluice('check', '--config', 'bad/pipeline.yaml')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^bad\/pipeline\.yaml:1:12 classname: .*did you mean "tsdat\.IngestPipeline"/m)
  })

  it('prints the plan as the JSON that is executed', async () => {
    const { stdout } = await box.sluice('plan', '--stack', 'prod', '--json')
    const plan = JSON.parse(stdout) as { stack: string; runs: { key: string }[] }
    expect(plan.stack).toBe('prod')
    const keys = plan.runs.map(({ key }) => key)
    expect(keys).toEqual([...keys].sort())
    expect(keys).toContain('lidar/humboldt')
  })

  it('says which runs there are when it is asked for another', async () => {
    const { code, stderr } = await box.sluice('run', 'lidar/humbolt', 'x.sta')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^lidar\/humbolt is no pipeline at a site of this registry; there are .*lidar\/humboldt/,
    )
  })

  it('says that a file is not there, or not one that the pipeline takes', async () => {
    const missing = await box.sluice('run', 'lidar/humboldt', 'nothing.sta')
    expect(missing).toMatchObject({ code: 1, stderr: 'nothing.sta: there is no such file\n' })
    const other = await box.sluice('run', 'lidar/humboldt', 'pipelines_config.yml')
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('lidar/humboldt takes *.sta')
  })

  it('says what is the matter with a path in plain words', async () => {
    const folder = await box.sluice('check', '--registry', 'shared/../pipelines')
    expect(folder).toMatchObject({ code: 1, stderr: '' })
    expect(folder.stdout).toMatch(/^pipelines: there is no such file/)
    const inFile = await box.sluice('schema', '--dir', 'pipelines_config.yml/below')
    expect(inFile.code).toBe(1)
    expect(inFile.stderr).toMatch(/pipelines_config\.yml.*: a part of this path is no folder/)
  })

  it('reads what a stack sets over the registry, the same in every command', async () => {
    const over = makeSandbox()
    writeFileSync(path.join(over.folder, 'Pulumi.prod.yaml'), 'config:\n  sluice:region: 7\n')
    expect((await over.sluice('check')).code).toBe(0)
    const prod = await over.sluice('check', '--stack', 'prod')
    expect(prod.code).toBe(1)
    expect(prod.stdout).toMatch(/^Pulumi\.prod\.yaml:2:/m)
    over.remove()
  })

  it('shows where an error comes from only when asked', async () => {
    expect((await box.sluice('run', 'lidar/humboldt', 'nothing.sta')).stderr).not.toContain('    at ')
    expect((await box.sluice('run', 'lidar/humboldt', 'nothing.sta', '--debug')).stderr).toContain('    at ')
  })
})
