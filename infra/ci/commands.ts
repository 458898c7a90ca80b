import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import type { Plan } from '../../runtime/contracts.ts'
import { UsageError } from '../../runtime/errors.ts'
import { loadRegistry } from '../../runtime/registry/load.ts'
import { baseProject } from '../base-outputs.ts'
import { type BranchTarget, targetOf, targetOutputs } from './branch-target.ts'
import { type CiEnvironment, required, workflowRun } from './ci-environment.ts'
import { deployedServices, serviceClients } from './deployed-services.ts'
import { livingBranches, openGitHub, openPullRequests } from './github.ts'
import { commentBody, writeComment } from './pull-request-comment.ts'
import { pulumiCommand } from './pulumi-command.ts'
import { openState, readPreviews, stackNames } from './pulumi-state.ts'
import { judgeAll, judgeBranch, stackTag, type Verdict } from './reaper.ts'
import { sampleOf } from './samples.ts'
import { chooseSmokeTest, runSmokeTest } from './smoke-test.ts'
import {
  deployBase,
  deployBranch,
  destroyStack,
  type LookTools,
  previewStack,
  type StackTools,
} from './stack-commands.ts'
import { imageAddress } from './stack-file.ts'
import { writeOutputs, writeSummary } from './workflow-files.ts'

/** What each command takes; every option has a value, and those in `needed` must be given. */
export const commandOptions = {
  /** Tells later jobs which stack a branch deploys. */
  target: { needed: ['branch'], optional: [] },
  'deploy-base': { needed: ['branch'], optional: [] },
  deploy: { needed: ['branch'], optional: ['image-digest'] },
  'smoke-test': { needed: ['branch'], optional: [] },
  /** Writes what a deployment would do to a file. */
  preview: { needed: ['branch', 'out'], optional: [] },
  comment: {
    needed: ['pull-request', 'commit', 'check', 'check-outcome', 'diff'],
    optional: ['preview', 'preview-outcome', 'no-preview'],
  },
  /** Tells later jobs which stacks go; without an option, those that nobody needs. */
  doomed: { needed: [], optional: ['deleted-branch', 'closed-branch', 'stack'] },
  destroy: { needed: ['stack'], optional: [] },
} as const satisfies Record<
  string,
  { readonly needed: readonly string[]; readonly optional: readonly string[] }
>

export type CommandName = keyof typeof commandOptions

export interface Command {
  readonly name: CommandName
  readonly options: Readonly<Record<string, string>>
}

/** Reads a command line. Options that are empty are left out, as a workflow writes what is not set. @throws UsageError */
export function parseCommand(args: readonly string[]): Command {
  const [name = '', ...rest] = args
  if (!Object.hasOwn(commandOptions, name))
    throw new UsageError(
      `${JSON.stringify(name)} is no command; there are ${Object.keys(commandOptions).join(', ')}`,
    )
  const { needed, optional } = commandOptions[name as CommandName]
  const known: readonly string[] = [...needed, ...optional]
  const options = Object.fromEntries(known.map((option) => [option, { type: 'string' as const }]))
  try {
    const { values } = parseArgs({ args: rest, options, strict: true, allowPositionals: false })
    const given = Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1]))
    const missing = needed.filter((option) => !given.some(([key]) => key === option))
    if (missing.length > 0) throw new UsageError(`${name}: --${missing[0]} is missing or empty`)
    return { name: name as CommandName, options: Object.fromEntries(given) }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${name}: ${error.message}`, { cause: error })
    throw error
  }
}

type Options = Command['options']

const handlers: Record<CommandName, (options: Options, environment: CiEnvironment) => Promise<void>> = {
  async target({ branch = '' }, environment) {
    const target = targetOf(environment.projectRoot, branch)
    if (!target)
      environment.log(`the branch ${branch} deploys no stack: no pattern of \`branches\` matches it`)
    writeOutputs(targetOutputs(target), environment)
  },

  async 'deploy-base'({ branch = '' }, environment) {
    const { plan } = deployable(branch, environment)
    const secretsProvider = required(environment, 'SLUICE_SECRETS_PROVIDER', setUp)
    await deployBase(tools(environment, 'infra/base', baseProject), { region: plan.region, secretsProvider })
  },

  async deploy({ branch = '', 'image-digest': digest }, environment) {
    const { plan } = deployable(branch, environment)
    const secretsProvider = required(environment, 'SLUICE_SECRETS_PROVIDER', setUp)
    await requireBaseStack(plan, environment)
    const repository = digest && required(environment, 'SLUICE_IMAGE_REPOSITORY', setUp)
    const settings = {
      permissionsBoundary: required(environment, 'SLUICE_PERMISSIONS_BOUNDARY', setUp),
      ...(digest && repository && { image: imageAddress(repository, digest) }),
    }
    await deployBranch(tools(environment), { plan, branch, secretsProvider, settings })
    writeSummary(`Deployed the branch \`${branch}\` as the stack \`${plan.stack}\`.`, environment)
  },

  async 'smoke-test'({ branch = '' }, environment) {
    const { plan } = deployable(branch, environment)
    const test = await chooseSmokeTest(plan, (run) => sampleOf(environment.projectRoot, run))
    if (!test) {
      const line = 'Nothing was tried: no pipeline of this stack is started by objects on Lambda.'
      environment.log(line)
      writeSummary(line, environment)
      return
    }
    const { id, attempt } = workflowRun(environment)
    const services = deployedServices(serviceClients(plan.region))
    const line = await runSmokeTest(test, plan, `${id}-${attempt}`, services, environment)
    environment.log(line)
    writeSummary(`Tried: ${line}`, environment)
  },

  async preview({ branch = '', out = '' }, environment) {
    const { plan } = deployable(branch, environment)
    const permissionsBoundary = required(environment, 'SLUICE_PERMISSIONS_BOUNDARY', setUp)
    const found = await previewStack(lookTools(environment), {
      plan,
      branch,
      settings: { permissionsBoundary },
    })
    writeFileSync(
      out,
      found?.text ?? `The stack ${plan.stack} is not there yet: a deployment makes all of it.\n`,
    )
    if (found) environment.log(found.text)
    if (found && !found.isOk) process.exitCode = 1
  },

  async comment(options, environment) {
    const read = (file: string | undefined) =>
      file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : undefined
    const preview = read(options.preview)
    const body = commentBody({
      check: { text: read(options.check) ?? '', isOk: options['check-outcome'] === 'success' },
      diff: read(options.diff) || undefined,
      preview:
        preview === undefined ? undefined : { text: preview, isOk: options['preview-outcome'] === 'success' },
      noPreview: options['no-preview'],
      commit: options.commit ?? '',
    })
    writeSummary(body, environment)
    const number = options['pull-request'] ?? ''
    if (!/^[1-9]\d{0,9}$/.test(number)) throw new UsageError(`--pull-request ${number}: expected a number`)
    environment.log(`the comment was ${await writeComment(openGitHub(environment), Number(number), body)}`)
  },

  async doomed(options, environment) {
    const verdicts = await doomedStacks(options, environment)
    for (const { stack, isDoomed, why } of verdicts)
      environment.log(`${stack}: ${isDoomed ? 'goes' : 'stays'}: ${why}`)
    const stacks = verdicts.filter(({ isDoomed }) => isDoomed).map(({ stack }) => stack)
    writeOutputs({ stacks: JSON.stringify(stacks) }, environment)
  },

  async destroy({ stack = '' }, environment) {
    await destroyStack(tools(environment), stack)
    writeSummary(`Took down the stack \`${stack}\`.`, environment)
  },
}

const setUp = 'set the variables that `npx sluice bootstrap` prints in the settings of the repository'

/** Does what a command line says. */
export async function runCommand({ name, options }: Command, environment: CiEnvironment): Promise<void> {
  await handlers[name](options, environment)
}

/** @throws UsageError when the branch has no stack */
function deployable(branch: string, { projectRoot }: CiEnvironment): BranchTarget {
  const target = targetOf(projectRoot, branch)
  if (target) return target
  throw new UsageError(`the branch ${branch} deploys no stack: no pattern of \`branches\` matches it`)
}

/** Prod deploys what all branches share, so that a preview can only come after it. @throws UsageError */
async function requireBaseStack({ kind, region }: Plan, environment: CiEnvironment): Promise<void> {
  const state = openState(required(environment, 'PULUMI_BACKEND_URL', setUp))
  if (kind === 'prod' || (await stackNames(state, baseProject)).includes(region)) return
  throw new UsageError(
    `the base stack ${region}, which all branches share, is not there yet: deploy the branch of prod first`,
  )
}

function lookTools(environment: CiEnvironment, folder = '.', project?: string): LookTools {
  const absolute = path.join(environment.projectRoot, folder)
  return {
    environment,
    state: openState(required(environment, 'PULUMI_BACKEND_URL', setUp)),
    pulumi: pulumiCommand(absolute, environment.variables),
    project: project ?? pulumiProject(environment),
    folder: absolute,
  }
}

function tools(environment: CiEnvironment, folder?: string, project?: string): StackTools {
  return { ...lookTools(environment, folder, project), github: openGitHub(environment) }
}

/** What Pulumi calls the project of branch stacks. */
function pulumiProject({ projectRoot }: CiEnvironment): string {
  const { name } = parse(readFileSync(path.join(projectRoot, 'Pulumi.yaml'), 'utf8')) as {
    readonly name?: unknown
  }
  if (typeof name === 'string') return name
  throw new UsageError('Pulumi.yaml names no project')
}

async function doomedStacks(options: Options, environment: CiEnvironment): Promise<readonly Verdict[]> {
  const state = openState(required(environment, 'PULUMI_BACKEND_URL', setUp))
  const project = pulumiProject(environment)
  const github = openGitHub(environment)
  const { 'deleted-branch': deleted, 'closed-branch': closed, stack } = options
  if (stack !== undefined) return [named(stack, new Set(await stackNames(state, project)))]
  const branch = deleted ?? closed
  if (branch === undefined) {
    const stacks = await readPreviews(state, project)
    const branches = stacks.flatMap(({ tags }) => tags[stackTag.branch] ?? [])
    return judgeAll(stacks, await livingBranches(github, branches), environment.now())
  }
  const owner = required(environment, 'GITHUB_REPOSITORY_OWNER', 'GitHub Actions sets it')
  const left = {
    branch,
    exists: (await livingBranches(github, [branch])).has(branch),
    ...(closed !== undefined && { openPullRequests: await openPullRequests(github, branch, owner) }),
  }
  const registry = loadRegistry({ projectRoot: environment.projectRoot })
  return [judgeBranch(left, new Set(await stackNames(state, project)), registry)]
}

/** A stack that a person has named. */
function named(stack: string, stacks: ReadonlySet<string>): Verdict {
  if (stack === 'prod') return { stack, isDoomed: false, why: 'prod is never taken down' }
  const exists = stacks.has(stack)
  return { stack, isDoomed: exists, why: exists ? 'it was asked for' : 'there is no such stack' }
}
