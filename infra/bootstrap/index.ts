/** What the first deployment needs, once for an account. The outputs are what workflows are told. */
import path from 'node:path'
import { repositoryVariables } from '../../runtime/plan/bootstrap.ts'
import { loadRegistry } from '../../runtime/registry/load.ts'
import { projectFiles } from '../../runtime/registry/project-files.ts'
import { pulumiProjectName } from '../../runtime/registry/pulumi-project.ts'
import { readBootstrapSettings } from '../settings.ts'
import { withUserFaults } from '../user-fault.ts'
import { Bootstrap } from './bootstrap.ts'

const projectRoot = path.resolve(import.meta.dirname, '..', '..')
const registry = await withUserFaults(() => loadRegistry({ projectRoot, stack: 'prod' }))
const pulumiProject = pulumiProjectName(projectFiles(projectRoot)) ?? registry.project
const settings = readBootstrapSettings(registry)

await withUserFaults(() => new Bootstrap('sluice', { registry, pulumiProject, ...settings }))

/** Set these on the GitHub repository: `npx sluice bootstrap` tells how. */
export const variables = Object.fromEntries(
  repositoryVariables.map(({ name, valueFor }) => [name, valueFor(registry)]),
)
