import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { JsonObject, RegisteredSite } from '../contracts.ts'
import { ConfigError, UsageError } from '../errors.ts'
import { createConfigLoader } from '../ingest/config/config-loader.ts'
import { customClassFile } from '../ingest/config/custom-class.ts'
import { type EditorSchemaName, editorSchemas } from '../ingest/config/editor-schemas.ts'
import type { MetadataStandard } from '../ingest/config/metadata-standards.ts'
import { readProjectText } from '../project-text.ts'
import { checkRegistry, defaultRegistryFile } from '../registry/load.ts'
import { tableLoadSchema } from '../tables/config/table-load-schema.ts'
import { findProject } from './project.ts'
import { mergeSettings } from './schema-settings.ts'
import { colors, print } from './terminal.ts'

const tableSchemaName = 'table-load-schema.json'

/** The files that each schema is for, by names that tsdat's templates use. */
const usualFiles: Readonly<Record<EditorSchemaName | typeof tableSchemaName, readonly string[]>> = {
  'pipeline-schema.json': ['**/config/pipeline*.yaml'],
  'retriever-schema.json': ['**/config/retriever*.yaml'],
  'vap-retriever-schema.json': ['**/config/vap-retriever*.yaml', '**/config/vap_retriever*.yaml'],
  'dataset-schema.json': ['**/config/dataset*.yaml'],
  'quality-schema.json': ['**/config/quality*.yaml', '**/shared/quality*.yaml'],
  'storage-schema.json': ['**/config/storage*.yaml', '**/shared/storage*.yaml'],
  [tableSchemaName]: ['**/config/table*.yaml'],
}

const settingsFile = '.vscode/settings.json'

/**
 * `sluice schema`: writes a JSON schema for each kind of pipeline YAML file, and prints the settings that make an editor
 * use them, or puts them into `.vscode/settings.json`.
 */
export function schema(options: {
  readonly dir: string
  readonly standards: MetadataStandard
  readonly settings?: true
}): void {
  const projectRoot = projectOrHere()
  const folder = path.resolve(options.dir)
  const sites = checkRegistry({ projectRoot }).registry?.sites ?? []
  const modules = ownModules(projectRoot, folder, sites)
  const schemas = {
    ...editorSchemas(options.standards),
    [tableSchemaName]: tableLoadSchema(),
    ...Object.fromEntries(modules.map(({ name, content }) => [name, content])),
  }
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(schemas)) {
    writeWhole(path.join(folder, name), `${JSON.stringify(content, undefined, 2)}\n`)
  }
  print(`${Object.keys(schemas).length} schemas in ${options.dir}: ${Object.keys(schemas).join(', ')}`)
  const fromRoot = path.relative(projectRoot, folder).split(path.sep).join('/')
  const associations = Object.fromEntries(
    [
      ...filesOfSchemas(projectRoot, sites),
      ...modules.map(({ name, files }): [string, readonly string[]] => [name, files]),
    ].map(([name, files]) => [`${fromRoot}/${name}`, files]),
  )
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

/**
 * Which files each schema is for: the usual names, retrievers of this project's VAPs and table loads, however they are
 * called, and of pipelines only those in tsdat's language.
 */
function filesOfSchemas(
  projectRoot: string,
  sites: readonly RegisteredSite[],
): (readonly [string, readonly string[]])[] {
  const vapRetrievers = retrieversOfVaps(projectRoot, sites)
  const others = configFiles(sites, ({ module }) => module !== undefined && module !== 'tsdat')
  const own: Readonly<Record<string, readonly string[]>> = {
    'vap-retriever-schema.json': vapRetrievers,
    'retriever-schema.json': vapRetrievers.map((file) => `!${file}`),
    'pipeline-schema.json': others.map((file) => `!${file}`),
    [tableSchemaName]: configFiles(sites, ({ module }) => module === 'table-load'),
  }
  return Object.entries(usualFiles).map(([name, globs]) => [name, [...globs, ...(own[name] ?? [])]])
}

function configFiles(
  sites: readonly RegisteredSite[],
  isWanted: (facts: RegisteredSite['facts']) => boolean,
): string[] {
  return [...new Set(sites.filter(({ facts }) => isWanted(facts)).map(({ configFile }) => configFile))].sort()
}

/** A schema for the configurations of each class of the project's own that has one for its parameters. */
function ownModules(projectRoot: string, folder: string, sites: readonly RegisteredSite[]) {
  const own = sites.flatMap(({ facts }) => (facts.module === 'own' ? facts.classnames.slice(0, 1) : []))
  return [...new Set(own)].sort().flatMap((classname) => {
    const parameters = customClassFile(classname).file.replace(/\.ts$/, '.schema.json')
    if (!existsSync(path.join(projectRoot, parameters))) return []
    const reference = path.relative(folder, path.join(projectRoot, parameters)).split(path.sep).join('/')
    const content: JsonObject = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: classname,
      type: 'object',
      required: ['classname'],
      additionalProperties: false,
      properties: { classname: { const: classname }, parameters: { $ref: reference } },
    }
    const files = configFiles(sites, ({ classnames }) => classnames[0] === classname)
    return [{ name: `${classname}-schema.json`, content, files }]
  })
}

/** Files that registered VAPs link to as their retriever. A configuration with mistakes tells nothing. */
function retrieversOfVaps(projectRoot: string, sites: readonly RegisteredSite[]): string[] {
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
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
