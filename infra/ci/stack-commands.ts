import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Plan } from '../../runtime/contracts.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { CiEnvironment } from './ci-environment.ts'
import type { GitHub } from './github.ts'
import type { Pulumi } from './pulumi-command.ts'
import { type StateFiles, stackNames } from './pulumi-state.ts'
import { stackTag } from './reaper.ts'
import { recoverLock } from './recover-lock.ts'
import { type DeploymentSettings, lastImage, stackFile } from './stack-file.ts'

/** What looking at stacks needs of the world. */
export interface LookTools {
  readonly environment: CiEnvironment
  readonly state: StateFiles
  /** In the folder of the project that the stack is of. */
  readonly pulumi: Pulumi
  /** What Pulumi calls the project. */
  readonly project: string
  readonly folder: string
}

/** What deploying and taking down need. */
export interface StackTools extends LookTools {
  readonly github: GitHub
}

/** Writes `Pulumi.<stack>.yaml` for a deployment: see `stackFile`. Before a stack is made, which writes a file itself. */
function configure(
  folder: string,
  stack: string,
  settings: DeploymentSettings,
  secretsProvider: string | undefined,
): void {
  const names = [`Pulumi.${stack}.yaml`, ...(stack === 'prod' ? [] : ['Pulumi.dev.yaml'])]
  const file = names.find((name) => existsSync(path.join(folder, name)))
  const source =
    file === undefined ? undefined : { file, text: readFileSync(path.join(folder, file), 'utf8') }
  writeFileSync(path.join(folder, `Pulumi.${stack}.yaml`), stackFile(source, settings, secretsProvider))
}

/** Selects a stack, makes it if it is new, and sees to it that nothing of a run that is over holds it. */
async function select(tools: StackTools, stack: string, secretsProvider: string): Promise<void> {
  const { pulumi, state, project } = tools
  const isNew = !(await stackNames(state, project)).includes(stack)
  await pulumi.run(
    isNew ? ['stack', 'init', stack, '--secrets-provider', secretsProvider] : ['stack', 'select', stack],
  )
  await recoverLock({ ...tools, stack }, tools.environment)
}

const up = (stack: string) => ['up', '--yes', '--skip-preview', '--stack', stack]

/** Deploys what all branches of a region share. */
export async function deployBase(
  tools: StackTools,
  { region, secretsProvider }: { readonly region: string; readonly secretsProvider: string },
): Promise<void> {
  configure(tools.folder, region, {}, secretsProvider)
  await select(tools, region, secretsProvider)
  await tools.pulumi.run(up(region))
}

export interface Deployment {
  readonly plan: Plan
  readonly branch: string
  readonly secretsProvider: string
  readonly settings: DeploymentSettings
}

/**
 * Deploys a branch's stack. The tags come first: a deployment that fails half-way has to be found by those who take
 * stacks down, too.
 */
export async function deployBranch(tools: StackTools, deployment: Deployment): Promise<void> {
  const { plan, branch, secretsProvider, settings } = deployment
  const { stack } = plan
  configure(tools.folder, stack, { ...settings, gitBranch: branch }, secretsProvider)
  await select(tools, stack, secretsProvider)
  const tags = {
    [stackTag.branch]: branch,
    [stackTag.kind]: plan.kind,
    [stackTag.deployedAt]: tools.environment.now().toISOString(),
    ...(plan.expiresAfterSeconds !== undefined && {
      [stackTag.expiresAfterSeconds]: String(plan.expiresAfterSeconds),
    }),
  }
  for (const [name, value] of Object.entries(tags))
    await tools.pulumi.run(['stack', 'tag', 'set', name, value, '--stack', stack])
  await tools.pulumi.run(up(stack))
}

/**
 * What a deployment of `plan` would do, in Pulumi's words. It looks with the image that is deployed, since images are
 * never built for a preview, and changes nothing: not even the stack is made.
 */
export async function previewStack(
  tools: LookTools,
  { plan, branch, settings }: Omit<Deployment, 'secretsProvider'>,
): Promise<{ readonly text: string; readonly isOk: boolean } | undefined> {
  const { pulumi, state, project, folder } = tools
  const { stack } = plan
  if (!(await stackNames(state, project)).includes(stack)) return undefined
  const history = await pulumi.read(['stack', 'history', '--json', '--page-size', '1', '--stack', stack])
  const image = history.code === 0 ? lastImage(history.stdout) : undefined
  configure(folder, stack, { ...settings, gitBranch: branch, ...(image && { image }) }, undefined)
  const { code, all } = await pulumi.read(['preview', '--suppress-outputs', '--stack', stack])
  return { text: all, isOk: code === 0 }
}

/** Takes a preview down with all that is in it, and forgets it. @throws UsageError for prod, whatever asks for it */
export async function destroyStack(tools: StackTools, stack: string): Promise<void> {
  if (stack === 'prod') throw new UsageError('prod is never taken down by a workflow: see docs/deploy.md')
  if (!/^[a-z0-9-]+-[0-9a-f]{8}$/.test(stack))
    throw new UsageError(`${stack} is no preview's name, which ends in a hyphen and eight digits of a hash`)
  const { pulumi, state, project, environment } = tools
  if (!(await stackNames(state, project)).includes(stack)) {
    environment.log(`${stack}: there is no such stack any more`)
    return
  }
  await pulumi.run(['stack', 'select', stack])
  await recoverLock({ ...tools, stack }, environment)
  await pulumi.run(['destroy', '--yes', '--skip-preview', '--remove', '--stack', stack])
}
