import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { JsonObject } from '../contracts.ts'
import { ConfigError, UsageError } from '../errors.ts'
import { createConfigLoader } from '../ingest/config/config-loader.ts'
import { type EditorSchemaName, editorSchemas } from '../ingest/config/editor-schemas.ts'
import type { MetadataStandard } from '../ingest/config/metadata-standards.ts'
import { readProjectText } from '../project-text.ts'
import { checkRegistry, defaultRegistryFile } from '../registry/load.ts'
import { findProject } from './project.ts'
import { mergeSettings } from './schema-settings.ts'
import { colors, print } from './terminal.ts'

/** The files that each schema is for, by names that tsdat's templates use. */
const usualFiles: Readonly<Record<EditorSchemaName, readonly string[]>> = {
  'pipeline-schema.json': ['**/config/pipeline*.yaml'],
  'retriever-schema.json': ['**/config/retriever*.yaml'],
  'vap-retriever-schema.json': ['**/config/vap-retriever*.yaml', '**/config/vap_retriever*.yaml'],
  'dataset-schema.json': ['**/config/dataset*.yaml'],
  'quality-schema.json': ['**/config/quality*.yaml', '**/shared/quality*.yaml'],
  'storage-schema.json': ['**/config/storage*.yaml', '**/shared/storage*.yaml'],
}

const settingsFile = '.vscode/settings.json'

/**
 * `sluice schema`: writes a JSON schema for each kind of tsdat YAML file, and prints the settings that make an editor
 * use them, or puts them into `.vscode/settings.json`.
 */
export function schema(options: {
  readonly dir: string
  readonly standards: MetadataStandard
  readonly settings?: true
}): void {
  const projectRoot = projectOrHere()
  const folder = path.resolve(options.dir)
  const schemas = editorSchemas(options.standards)
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(schemas)) {
    writeWhole(path.join(folder, name), `${JSON.stringify(content, undefined, 2)}\n`)
  }
  print(`${Object.keys(schemas).length} schemas in ${options.dir}: ${Object.keys(schemas).join(', ')}`)
  const associations = associate(path.relative(projectRoot, folder).split(path.sep).join('/'), projectRoot)
  if (!options.settings) {
    print(
      `\n${colors.bold(`For VS Code's YAML extension, put this into ${settingsFile}`)} (or say --settings):\n`,
    )
    print(JSON.stringify({ 'yaml.schemas': associations }, undefined, 2))
    return
  }
  const file = path.join(projectRoot, settingsFile)
  const merged = mergeSettings(existsSync(file) ? readFileSync(file, 'utf8') : '', associations)
  if (merged === undefined) {
    throw new UsageError(
      `${settingsFile} has comments or is no JSON, so it is left as it is: run the command without --settings, and put in what it prints`,
    )
  }
  mkdirSync(path.dirname(file), { recursive: true })
  writeWhole(file, merged)
  print(`${settingsFile} now names them for this project's YAML files`)
}

function projectOrHere(): string {
  try {
    return findProject(defaultRegistryFile).projectRoot
  } catch (error) {
    if (error instanceof UsageError) return process.cwd()
    throw error
  }
}

/** Which files each schema is for: the usual names, and retrievers of this project's VAPs, however they are called. */
function associate(folder: string, projectRoot: string): JsonObject {
  const vapRetrievers = retrieversOfVaps(projectRoot)
  return Object.fromEntries(
    Object.entries(usualFiles).map(([name, globs]) => {
      const own =
        name === 'vap-retriever-schema.json'
          ? vapRetrievers
          : name === 'retriever-schema.json'
            ? vapRetrievers.map((file) => `!${file}`)
            : []
      return [`${folder}/${name}`, [...globs, ...own]]
    }),
  )
}

/** Files that registered VAPs link to as their retriever. A configuration with mistakes tells nothing. */
function retrieversOfVaps(projectRoot: string): string[] {
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
  const sites = checkRegistry({ projectRoot }).registry?.sites ?? []
  const files = sites.flatMap(({ configFile, facts }) => {
    if (facts.kind !== 'vap') return []
    try {
      return [loader.load(configFile).retriever.place.file]
    } catch (error) {
      if (error instanceof ConfigError) return []
      throw error
    }
  })
  const below = files.map((file) => path.relative(projectRoot, path.resolve(projectRoot, file)))
  return [...new Set(below.map((file) => file.split(path.sep).join('/')))].sort()
}

/** Writes a file whole or not at all. */
function writeWhole(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`
  writeFileSync(partial, text)
  renameSync(partial, file)
}
