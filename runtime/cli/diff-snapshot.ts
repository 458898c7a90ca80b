import { createHash } from 'node:crypto'
import type { Plan, Registry } from '../contracts.ts'
import type { Problem } from '../errors.ts'
import type { PlanSnapshot } from '../plan/diff.ts'
import { planRuns } from '../plan/plan.ts'
import { checkRegistry } from '../registry/load.ts'
import type { ProjectFiles } from '../registry/project-files.ts'

/** One side of a comparison: what its registry asks for, or the errors that keep it from being read. */
export type Side = { readonly snapshot: PlanSnapshot } | { readonly problems: readonly Problem[] }

export interface SideOptions {
  readonly projectRoot: string
  readonly registryFile: string
  readonly stack: string
  readonly files: ProjectFiles
}

/** The end of a file has no say in what it holds: a checkout on Windows writes other lines' ends. */
function digestOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}

const isPipelineCode = (name: string) => /\.[cm]?[jt]s$/.test(name) && !/\.test\.|^demo\./.test(name)

/** Code below a folder, without tests and samples, which are not deployed. */
function codeBelow(folder: string, files: ProjectFiles): string[] {
  return (files.listFolder(folder) ?? []).flatMap((name) => {
    if (!name.endsWith('/')) return isPipelineCode(name) ? [`${folder}/${name}`] : []
    if (name === 'test/' || name === 'node_modules/') return []
    return codeBelow(`${folder}/${name.slice(0, -1)}`, files)
  })
}

function digests({ runs }: Plan, files: ProjectFiles): Record<string, string> {
  const pipelines = [...new Set(runs.map(({ pipeline }) => `pipelines/${pipeline}`))]
  const names = new Set([
    ...runs.flatMap(({ configFile, linkedFiles }) => [configFile, ...linkedFiles]),
    ...[...pipelines, 'shared'].flatMap((folder) => codeBelow(folder, files)),
  ])
  return Object.fromEntries([...names].map((name) => [name, digestOf(files.readText(name) ?? '')]))
}

function snapshotOf(registry: Registry, { stack, files }: SideOptions): PlanSnapshot {
  const plan = planRuns(registry, { stack })
  const { branches, quotas, disabled } = registry
  return { plan, branches, quotas, disabled, files: digests(plan, files) }
}

/** Reads one side. Warnings are left out: `sluice check` tells them. */
export function readSide(options: SideOptions): Side {
  const { projectRoot, registryFile, stack, files } = options
  const { registry, problems } = checkRegistry({ projectRoot, file: registryFile, stack, files })
  if (registry) return { snapshot: snapshotOf(registry, options) }
  return { problems: problems.filter(({ severity }) => severity === 'error') }
}

/** What a project had before it had a registry: the same settings, and nothing that runs. */
export function withoutPipelines(snapshot: PlanSnapshot): PlanSnapshot {
  return { ...snapshot, plan: { ...snapshot.plan, runs: [] }, disabled: [], files: {} }
}
