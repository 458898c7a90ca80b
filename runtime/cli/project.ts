import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Plan } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { planRuns } from '../plan/plan.ts'
import { defaultRegistryFile, loadRegistry } from '../registry/load.ts'

/** What this machine runs as: a stack with `Pulumi.local.yaml`, or else `Pulumi.dev.yaml`, laid over the registry. */
export const localStack = 'local'

export interface PlannedProject {
  readonly projectRoot: string
  readonly plan: Plan
}

/** The plan of a registry for a stack, as every command sees it. @throws ConfigError, UsageError */
export function planProject(registry = defaultRegistryFile, stack = localStack): PlannedProject {
  const { projectRoot, registryFile } = findProject(registry)
  return { projectRoot, plan: planRuns(loadRegistry({ projectRoot, file: registryFile, stack }), { stack }) }
}

/**
 * The folder that a registry's paths are relative to: where the registry stands. Without a folder in `registry`, the
 * nearest one from here upwards that has such a file, so that commands work anywhere in a project.
 * @throws UsageError when there is none
 */
export function findProject(registry: string): {
  readonly projectRoot: string
  readonly registryFile: string
} {
  const cwd = process.cwd()
  if (path.dirname(registry) !== '.' || path.isAbsolute(registry)) {
    const file = path.resolve(registry)
    if (!existsSync(file)) throw new UsageError(`${registry}: there is no such file`)
    return { projectRoot: path.dirname(file), registryFile: path.basename(file) }
  }
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, registry))) return { projectRoot: folder, registryFile: registry }
    if (path.dirname(folder) === folder) break
  }
  throw new UsageError(
    `${registry}: there is no such file in ${cwd} or a folder above it; name one with --registry`,
  )
}
