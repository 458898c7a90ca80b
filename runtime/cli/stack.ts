import { UsageError } from '../errors.ts'
import { stackOfBranch } from '../plan/stacks.ts'
import { checkedOutBranch } from '../registry/checked-out-branch.ts'
import { loadRegistry } from '../registry/load.ts'
import { projectFiles } from '../registry/project-files.ts'
import { findProject } from './project.ts'
import { print } from './terminal.ts'

/** `sluice stack`: the name of the stack that a branch deploys, alone on a line, for `pulumi stack select`. */
export async function stack(options: { readonly registry: string; readonly branch?: string }): Promise<void> {
  const { projectRoot, registryFile } = findProject(options.registry)
  const branch = options.branch ?? checkedOutBranch(projectRoot, projectFiles(projectRoot))
  if (branch === undefined) {
    throw new UsageError('no Git branch is checked out here: name one with --branch')
  }
  const registry = loadRegistry({ projectRoot, file: registryFile })
  const found = stackOfBranch(registry, branch)
  if (!found) {
    const patterns = registry.branches.map(({ pattern }) => pattern).join(', ')
    throw new UsageError(`the branch ${branch} deploys no stack: \`branches\` has only ${patterns}`)
  }
  print(found.name)
}
