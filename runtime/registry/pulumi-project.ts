import type { ProjectFiles } from './project-files.ts'
import { readYaml } from './yaml-source.ts'

/** What Pulumi calls the project, and so the values of its stacks; `undefined` where `Pulumi.yaml` does not say. */
export function pulumiProjectName(files: ProjectFiles): string | undefined {
  const text = files.readText('Pulumi.yaml')
  const value = text === undefined ? undefined : readYaml('Pulumi.yaml', text).value
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined
  return typeof name === 'string' ? name : undefined
}
