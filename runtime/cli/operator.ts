import type { Plan, Registry } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { planRuns } from '../plan/plan.ts'
import { stackName } from '../plan/stacks.ts'
import { checkedOutBranch } from '../registry/checked-out-branch.ts'
import { loadRegistry } from '../registry/load.ts'
import { projectFiles } from '../registry/project-files.ts'
import { findProject } from './project.ts'

/** A stack as this checkout's registry has it, for commands that look at what is deployed of it. */
export interface OperatedStack {
  readonly projectRoot: string
  readonly registry: Registry
  readonly planned: Plan
}

/**
 * The plan of the stack that is named, or else of the branch that is checked out. Where that branch is the stack's, its
 * rule of `branches` holds, as in a deployment. @throws ConfigError, UsageError
 */
export function operatedStack({
  registry: file,
  stack: named,
}: {
  readonly registry: string
  readonly stack?: string | undefined
}): OperatedStack {
  const { projectRoot, registryFile } = findProject(file)
  const branch = checkedOutBranch(projectRoot, projectFiles(projectRoot))
  const stack = named ?? stackOfBranch({ projectRoot, file: registryFile }, branch)
  const registry = loadRegistry({ projectRoot, file: registryFile, stack })
  const isItsBranch = branch !== undefined && stackName(registry, branch) === stack
  return { projectRoot, registry, planned: planRuns(registry, { stack, ...(isItsBranch && { branch }) }) }
}

function stackOfBranch(
  place: { readonly projectRoot: string; readonly file: string },
  branch: string | undefined,
): string {
  if (branch === undefined) {
    throw new UsageError('no Git branch is checked out here: name the stack with --stack')
  }
  const stack = stackName(loadRegistry(place), branch)
  if (stack !== undefined) return stack
  throw new UsageError(`the branch ${branch} deploys no stack: name one with --stack`)
}

/** Settings of AWS's clients for a stack's region. The SDK is told to leave its own advertisements out of our output. */
export async function operatorSettings(plan: Pick<Plan, 'region'>) {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const { awsSettings } = await import('../aws/aws-settings.ts')
  return awsSettings(plan.region)
}
