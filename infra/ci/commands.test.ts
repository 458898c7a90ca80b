import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { previewStackName } from '../../runtime/plan/names.ts'
import { parseCommand, runCommand } from './commands.ts'
import { fakeEnvironment } from './testing/fake-environment.ts'
import { GitHubServer } from './testing/github-server.ts'
import { outputLines } from './workflow-files.ts'

const root = path.resolve(import.meta.dirname, '..', '..')

describe('the commands of the workflows', () => {
  let folder: string
  let server: GitHubServer
  let branches: string[]
  let pulls: unknown[]
  const comments: unknown[] = []
  const file = (name: string) => path.join(folder, name)
  const outputs = () => readFileSync(file('outputs'), 'utf8')

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-commands-'))
    cpSync(path.join(root, 'pipelines/buoy_waves'), file('pipelines/buoy_waves'), { recursive: true })
    cpSync(path.join(root, 'shared'), file('shared'), { recursive: true })
    writeFileSync(file('Pulumi.yaml'), 'name: ocean\n')
    writeFileSync(file('Pulumi.dev.yaml'), 'config:\n  sluice:architecture: x64\n')
    writeFileSync(file('pipelines_config.yml'), registry(''))
    branches = ['main']
    pulls = []
    server = await GitHubServer.start(({ method, path: asked, body }) => {
      if (method !== 'GET') comments.push(body)
      if (asked.endsWith('/branches')) return { body: branches.map((name) => ({ name })) }
      if (asked.includes('/branches/')) return { status: 404, body: {} }
      return { body: asked.endsWith('/pulls') ? pulls : [] }
    })
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.close()
  })

  const registry = (more: string) => `pipelines_repo_name: ocean
account_id: "123456789012"
region: us-west-2
input_bucket_name: acme-ocean-input
output_bucket_name: acme-ocean-output
${more}pipelines:
  - name: buoy_waves
    type: Ingest
    trigger: S3
    configs:
      morro: {input_bucket_path: b/, config_file_path: pipelines/buoy_waves/config/pipeline_morro.yaml}
`

  async function run(...args: string[]) {
    return runWith({}, ...args)
  }

  async function runWith(more: Record<string, string>, ...args: string[]) {
    const variables = {
      ...more,
      ...server.variables,
      GITHUB_REPOSITORY_OWNER: 'acme',
      GITHUB_OUTPUT: file('outputs'),
      GITHUB_STEP_SUMMARY: file('summary'),
      PULUMI_BACKEND_URL: `file://${file('state')}`,
    }
    const environment = fakeEnvironment(variables, { projectRoot: folder })
    writeFileSync(file('outputs'), '')
    await runCommand(parseCommand(args), environment)
    return environment.lines
  }

  /** What later jobs read. */
  function output(name: string): string | undefined {
    return new RegExp(`^${name}<<(\\S+)\\n([\\s\\S]*?)\\n\\1$`, 'm').exec(outputs())?.[2]
  }

  it('tells which stack a branch deploys, on what machine, and whether it needs an image', async () => {
    await run('target', '--branch', 'main')
    const names = ['deploys', 'stack', 'kind', 'region', 'architecture', 'platform', 'runner', 'needs_image']
    expect(names.map(output)).toEqual([
      'true',
      'prod',
      'prod',
      'us-west-2',
      'arm64',
      'linux/arm64',
      'ubuntu-24.04-arm',
      'false',
    ])
    // Dev's architecture is that of previews.
    await run('target', '--branch', 'feature/x')
    expect(names.map(output)).toEqual([
      'true',
      previewStackName('feature/x'),
      'preview',
      'us-west-2',
      'x64',
      'linux/amd64',
      'ubuntu-24.04',
      'false',
    ])
  })

  it('deploys nothing for a branch that no pattern matches', async () => {
    writeFileSync(
      file('pipelines_config.yml'),
      registry('branches: {main: {stack: prod}, "feature/*": {}}\n'),
    )
    const lines = await run('target', '--branch', 'dependabot/npm')
    expect([output('deploys'), output('stack')]).toEqual(['false', undefined])
    expect(lines[0]).toContain('the branch dependabot/npm deploys no stack')
  })

  it('fails on a registry with errors, with all of them', async () => {
    writeFileSync(file('pipelines_config.yml'), registry('create_bucket: true\n'))
    await expect(run('target', '--branch', 'main')).rejects.toThrow(/pipelines_config\.yml:6.*create_buckets/)
  })

  function deployed(...names: string[]): void {
    mkdirSync(file('state/.pulumi/stacks/ocean'), { recursive: true })
    for (const name of names) writeFileSync(file(`state/.pulumi/stacks/ocean/${name}.json`), '{}')
  }
  const tag = (branch: string) =>
    writeFileSync(
      file(`state/.pulumi/stacks/ocean/${previewStackName(branch)}.pulumi-tags`),
      JSON.stringify({ version: 1, tags: { 'sluice:branch': branch, 'sluice:kind': 'preview' } }),
    )

  it('finds by night the previews whose branches are gone, and says why of each', async () => {
    deployed('prod', 'by-hand', previewStackName('gone'), previewStackName('alive'))
    tag('gone')
    tag('alive')
    branches = ['main', 'alive']
    const lines = await run('doomed', '--deleted-branch', '', '--closed-branch', '', '--stack', '')
    expect(output('stacks')).toBe(JSON.stringify([previewStackName('gone')]))
    expect(lines).toHaveLength(4)
    expect(lines.join('\n')).toContain('by-hand: stays: its tags do not say that it is a preview')
  })

  it('finds the preview of a branch that was deleted, but not of one that is there again', async () => {
    deployed(previewStackName('a b'))
    await run('doomed', '--deleted-branch', 'a b')
    expect(output('stacks')).toBe(JSON.stringify([previewStackName('a b')]))
    branches = ['a b']
    await run('doomed', '--deleted-branch', 'a b')
    expect(output('stacks')).toBe('[]')
    await run('doomed', '--closed-branch', 'a b')
    expect(output('stacks')).toBe(JSON.stringify([previewStackName('a b')]))
    pulls = [{}]
    await run('doomed', '--closed-branch', 'a b')
    expect(output('stacks')).toBe('[]')
  })

  it.each(['prod', 'nothing'])('never finds %s, not even when it is named', async (stack) => {
    deployed('prod')
    await run('doomed', '--stack', stack)
    expect(output('stacks')).toBe('[]')
  })

  it('never finds prod by the name of its branch', async () => {
    deployed('prod', previewStackName('main'))
    await run('doomed', '--deleted-branch', 'main')
    expect(output('stacks')).toBe('[]')
  })

  it('writes the comment of what the steps before have found', async () => {
    writeFileSync(file('check.txt'), 'no problems\n')
    writeFileSync(file('diff.md'), '**Sites**\n')
    const given = ['--check', file('check.txt'), '--check-outcome', 'success', '--diff', file('diff.md')]
    const none = ['--preview', file('none.txt'), '--preview-outcome', 'skipped', '--no-preview', 'not set up']
    await run('comment', '--pull-request', '7', '--commit', 'abc', ...given, ...none)
    expect(comments.at(-1)).toEqual({ body: expect.stringContaining('**Sites**') })
    expect(comments.at(-1)).toEqual({ body: expect.stringContaining('No preview of the stack: not set up') })
    expect(readFileSync(file('summary'), 'utf8')).toContain('**Sites**')
    await expect(run('comment', '--pull-request', '7/../8', '--commit', 'abc', ...given)).rejects.toThrow(
      '--pull-request 7/../8: expected a number',
    )
  })

  it('deploys no preview before what all branches share', async () => {
    const set = { SLUICE_SECRETS_PROVIDER: 'awskms://alias/k', SLUICE_PERMISSIONS_BOUNDARY: 'arn' }
    await expect(runWith(set, 'deploy', '--branch', 'feature/x')).rejects.toThrow(
      'the base stack us-west-2, which all branches share, is not there yet: deploy the branch of prod first',
    )
  })

  it('says what is not set up', async () => {
    await expect(run('deploy', '--branch', 'main')).rejects.toThrow(
      'SLUICE_SECRETS_PROVIDER is not set: set the variables that `npx sluice bootstrap` prints',
    )
  })
})

describe('outputLines', () => {
  it('keeps a value from ending itself', () => {
    expect(outputLines({ stack: 'a\nkind=prod' }, 'end')).toBe('stack<<end\na\nkind=prod\nend\n')
    expect(() => outputLines({ stack: 'a\nend\nkind<<x' }, 'end')).toThrow(RangeError)
    expect(() => outputLines({ 'a=b': '' }, 'end')).toThrow(RangeError)
  })
})
