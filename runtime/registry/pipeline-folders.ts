import { didYouMean } from '../ingest/config/nearest-name.ts'
import type { Findings } from './findings.ts'
import type { ProjectFiles } from './project-files.ts'
import type { Path } from './yaml-source.ts'

/** Folders that are no pipelines: hidden ones, and what Python leaves behind. */
const isPipelineFolder = (name: string) => name.endsWith('/') && !/^[._]/.test(name)

function hasTest(folder: string, files: ProjectFiles): boolean {
  const names = files.listFolder(folder) ?? []
  const isNonEmpty = (name: string) =>
    (files.listFolder(`${folder}/${name}`) ?? []).some((inside) => !inside.startsWith('.'))
  return names.some((name) => name.endsWith('.test.ts') || (/^tests?\/$/.test(name) && isNonEmpty(name)))
}

/**
 * Compares the pipelines of the registry with the folders under `pipelines/`: each needs one, with a test in it.
 * `isComplete`: every entry of the registry is among `pipelines`, so that other folders are not registered.
 */
export function checkFolders(
  pipelines: readonly { readonly name: string; readonly path: Path }[],
  isComplete: boolean,
  files: ProjectFiles,
  findings: Findings,
): void {
  const folders = (files.listFolder('pipelines') ?? [])
    .filter(isPipelineFolder)
    .map((name) => name.slice(0, -1))
  const existing = new Set(folders)
  const registered = new Set(pipelines.map(({ name }) => name))
  for (const { name, path } of pipelines) {
    const namePath = [...path, 'name']
    if (findings.hasErrorAt(namePath)) continue
    if (!existing.has(name)) {
      const unregistered = folders.filter((folder) => !registered.has(folder))
      findings.error(namePath, `there is no folder pipelines/${name}${didYouMean(name, unregistered)}`)
    } else if (!hasTest(`pipelines/${name}`, files)) {
      findings.warn(namePath, `pipelines/${name} has no test: add one under pipelines/${name}/test/`)
    }
  }
  // A folder that a wrong name was meant for, or an entry that could not be read, is no second mistake.
  if (!isComplete || pipelines.some(({ path }) => findings.hasErrorAt([...path, 'name']))) return
  for (const folder of folders) {
    if (!registered.has(folder))
      findings.warn(['pipelines'], `the folder pipelines/${folder} is not registered`, 'key')
  }
}
