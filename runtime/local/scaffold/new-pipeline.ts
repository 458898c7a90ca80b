import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Registry } from '../../contracts.ts'
import { ConfigError, UsageError } from '../../errors.ts'
import { checkRegistry, loadRegistry } from '../../registry/load.ts'
import { type ProjectFiles, projectFiles } from '../../registry/project-files.ts'
import { registerPipeline } from './register-pipeline.ts'

/** A pipeline that is to be: its files by their paths from its folder, and its entry in the registry. */
export interface Scaffold {
  readonly files: ReadonlyMap<string, string>
  /** In block style, without indentation. */
  readonly entry: readonly string[]
}

export interface NewPipeline {
  readonly projectRoot: string
  /** From the project root. */
  readonly registryFile: string
  readonly name: string
}

/**
 * Makes `pipelines/<name>/` and registers it. What would come out is checked before anything is written, and either
 * all is written or nothing. The paths of the new files are given, from the project root.
 * @throws UsageError for a name that cannot be or is taken, ConfigError with what `sluice check` would say
 */
export function makePipeline(
  { projectRoot, registryFile, name }: NewPipeline,
  scaffold: (registry: Registry, files: ProjectFiles) => Scaffold,
): string[] {
  requireName(name, 'pipeline')
  const folder = `pipelines/${name}`
  const registry = loadRegistry({ projectRoot, file: registryFile })
  if (
    [...registry.sites.map(({ pipeline }) => pipeline), ...registry.disabled].some(
      (taken) => taken.split('/')[0] === name,
    )
  ) {
    throw new UsageError(`${registryFile} has a pipeline ${name} already`)
  }
  if (existsSync(path.join(projectRoot, folder))) throw new UsageError(`there is a folder ${folder} already`)
  const onDisk = projectFiles(projectRoot)
  const { files, entry } = scaffold(registry, onDisk)
  const text = registerPipeline(
    readFileSync(path.join(projectRoot, registryFile), 'utf8'),
    entry,
    registryFile,
  )
  const added = new Map([...files].map(([file, content]) => [`${folder}/${file}`, content]))
  requireNoProblems(projectRoot, registryFile, overlay(onDisk, new Map([...added, [registryFile, text]])))
  writeAll(projectRoot, folder, files, { file: registryFile, text })
  return [...added.keys()]
}

/** @throws UsageError unless it is lower case, with digits and underscores */
export function requireName(name: string, what: 'pipeline' | 'site'): void {
  if (/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name) && name.length >= 2 && name.length <= 40) return
  throw new UsageError(
    `${JSON.stringify(name)} cannot name a ${what}: it takes 2 to 40 lower-case letters, digits and single underscores, a letter first, such as tide_gauge`,
  )
}

/** The project as it would be with these files. */
function overlay(files: ProjectFiles, added: ReadonlyMap<string, string>): ProjectFiles {
  return {
    readText: (file) => added.get(path.posix.normalize(file)) ?? files.readText(file),
    listFolder(folder) {
      const prefix = `${path.posix.normalize(folder).replace(/\/$/, '')}/`
      const below = [...added.keys()].filter((file) => file.startsWith(prefix))
      const names = below.map((file) => file.slice(prefix.length).replace(/\/.*$/, '/'))
      const known = files.listFolder(folder)
      return known === undefined && names.length === 0
        ? undefined
        : [...new Set([...(known ?? []), ...names])].sort()
    },
  }
}

function requireNoProblems(projectRoot: string, file: string, files: ProjectFiles): void {
  const { problems, registry } = checkRegistry({ projectRoot, file, files })
  if (!registry) throw new ConfigError(problems.filter(({ severity }) => severity === 'error'))
}

/** The folder appears whole, then the registry names it: whatever stops this in between leaves no half pipeline. */
function writeAll(
  projectRoot: string,
  folder: string,
  files: ReadonlyMap<string, string>,
  registry: { readonly file: string; readonly text: string },
): void {
  const target = path.join(projectRoot, folder)
  mkdirSync(path.dirname(target), { recursive: true })
  // Hidden, so that nobody takes it for a pipeline; with the user's own permissions, unlike a temporary folder.
  const building = path.join(path.dirname(target), `.new-${path.basename(target)}-${process.pid}`)
  const partial = path.join(projectRoot, `${registry.file}.${process.pid}.partial`)
  let isMoved = false
  try {
    for (const [file, content] of files) {
      mkdirSync(path.dirname(path.join(building, file)), { recursive: true })
      writeFileSync(path.join(building, file), content)
    }
    writeFileSync(partial, registry.text)
    renameSync(building, target)
    isMoved = true
    renameSync(partial, path.join(projectRoot, registry.file))
  } catch (error) {
    rmSync(isMoved ? target : building, { recursive: true, force: true })
    rmSync(partial, { force: true })
    throw error
  }
}
