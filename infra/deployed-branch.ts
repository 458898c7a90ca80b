import * as pulumi from '@pulumi/pulumi'
import type { Registry } from '../runtime/contracts.ts'
import { stackName } from '../runtime/plan/stacks.ts'
import { checkedOutBranch } from '../runtime/registry/checked-out-branch.ts'
import { projectFiles } from '../runtime/registry/project-files.ts'
import type { Settings } from './settings.ts'

/**
 * The branch that a stack is of, which tells its rule of `branches`: the one that is set, else the one that is checked
 * out if this is its stack. @throws RunError when the branch that is set has another stack
 */
export function deployedBranch(registry: Pick<Registry, 'branches'>, settings: Settings): string | undefined {
  const { branch, projectRoot, stack } = settings
  if (branch === undefined) {
    const found = checkedOutBranch(projectRoot, projectFiles(projectRoot))
    return found !== undefined && stackName(registry, found) === stack ? found : undefined
  }
  const own = stackName(registry, branch)
  if (own === stack) return branch
  throw new pulumi.RunError(
    `sluice:gitBranch is ${branch}, which deploys ${own ?? 'no stack'}, and this is the stack ${stack}`,
  )
}
