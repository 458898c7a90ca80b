/**
 * `npm run test:pulumi`: the life of a preview under the real `pulumi` command, with a local state file and a provider
 * that makes nothing: preview, up, up again without a change, a registry edit, destroy. Exits 2 where the command is not
 * on PATH.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { copyProject, type ProjectCopy } from './project-copy.ts'
import { type StubProvider, startStubProvider } from './stub-provider.ts'

const stack = 'feature-x-00000000'

const registry = (sites: readonly string[]) => `
pipelines_repo_name: ocean-pipelines
account_id: "123456789012"
region: us-west-2
input_bucket_name: acme-ocean-input
output_bucket_name: acme-ocean-output
pipelines:
  - name: lidar
    type: Ingest
    trigger: S3
    files: "*.sta"
    configs:
${sites.map((site) => `      ${site}: {input_bucket_path: lidar/${site}/, config_file_path: pipelines/lidar/config/pipeline_${site}.yaml}`).join('\n')}
`

function hasPulumi(): boolean {
  try {
    execFileSync('pulumi', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    // Not there, or not to be run: that is the answer.
    return false
  }
}

class Cycle {
  readonly #state = mkdtempSync(path.join(os.tmpdir(), 'sluice-state-'))
  readonly #project: ProjectCopy
  readonly #provider: StubProvider

  constructor(project: ProjectCopy, provider: StubProvider) {
    this.#project = project
    this.#provider = provider
  }

  /** Runs the command; gives what it printed. Not synchronously: the provider answers in this process. */
  async pulumi(args: readonly string[], folder = this.#project.folder): Promise<string> {
    process.stdout.write(`pulumi ${args.join(' ')}\n`)
    const child = spawn('pulumi', [...args, '--non-interactive'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PULUMI_BACKEND_URL: `file://${this.#state}`,
        PULUMI_CONFIG_PASSPHRASE: 'test',
        PULUMI_DEBUG_PROVIDERS: `aws:${this.#provider.port}`,
        PULUMI_SKIP_UPDATE_CHECK: 'true',
      },
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', resolve)
    })
    const text = Buffer.concat(chunks).toString()
    if (code !== 0) throw new Error(`pulumi ${args.join(' ')} ended with ${code}:\n${text}`)
    return text
  }

  /** What the provider was asked to do since the last time. */
  readonly #seen = { count: 0 }
  done(): readonly string[] {
    const since = this.#provider.done.slice(this.#seen.count)
    this.#seen.count = this.#provider.done.length
    return since
  }

  async run(): Promise<void> {
    const base = path.join(this.#project.folder, 'infra/base')
    this.#project.write('pipelines_config.yml', registry(['humboldt', 'morro']))
    await this.pulumi(['stack', 'init', 'us-west-2'], base)
    await this.pulumi(['up', '--yes', '--skip-preview', '--stack', 'us-west-2'], base)
    await this.pulumi(['stack', 'init', stack])
    this.done()

    await this.pulumi(['preview'])
    assert('a preview makes nothing', this.done().length === 0)
    await this.pulumi(['up', '--yes', '--skip-preview'])
    const created = this.done()
    assert('up makes the stack', created.length > 40 && created.every((line) => line.startsWith('create ')))
    await this.pulumi(['up', '--yes', '--skip-preview', '--expect-no-changes'])
    assert('up again changes nothing', this.done().length === 0)

    this.#project.write('pipelines_config.yml', registry(['humboldt']))
    await this.pulumi(['up', '--yes', '--skip-preview'])
    const edited = this.done()
    const deleted = edited.filter((line) => line.startsWith('delete '))
    assert('a removed site goes', deleted.length > 5 && deleted.every((line) => line.includes('lidar/morro')))
    assert(
      'and brings nothing',
      edited.every((line) => !line.startsWith('create ') || line.includes('-code')),
    )

    await this.pulumi(['destroy', '--yes', '--skip-preview'])
    const exported = JSON.parse(await this.pulumi(['stack', 'export'])) as {
      readonly deployment: { readonly resources?: readonly unknown[] }
    }
    assert('destroy leaves nothing', (exported.deployment.resources ?? []).length === 0)
  }

  remove(): void {
    rmSync(this.#state, { recursive: true, force: true })
  }
}

function assert(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(`not so: ${what}`)
  process.stdout.write(`  ✓ ${what}\n`)
}

async function main(): Promise<void> {
  if (!hasPulumi()) {
    process.stderr.write(
      'test:pulumi needs the `pulumi` command on PATH, and it is not there: nothing was tested\n',
    )
    process.exitCode = 2
    return
  }
  const project = copyProject()
  const provider = await startStubProvider()
  const cycle = new Cycle(project, provider)
  try {
    await cycle.run()
  } finally {
    cycle.remove()
    provider.stop()
    project.remove()
  }
}

await main()
