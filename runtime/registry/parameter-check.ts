import { createRequire } from 'node:module'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { JsonObject, PipelineFacts } from '../contracts.ts'
import type { Problem } from '../errors.ts'
import { customClassFile } from '../ingest/config/custom-class.ts'
import type { Findings } from './findings.ts'
import { projectFileFormat } from './parameter-files.ts'
import type { SiteEntry } from './pipeline-entry.ts'
import type { ProjectFiles } from './project-files.ts'
import {
  isMisspelt,
  type SchemaError,
  type SchemaProblem,
  type Vocabulary,
  wordError,
} from './schema-wording.ts'
import { type Path, readYaml, showPath, type YamlSource } from './yaml-source.ts'

/** A site of a pipeline that may be a class of the project's own. */
export type ParameterSite = Pick<SiteEntry, 'path' | 'settings'> & { readonly facts: PipelineFacts }

const vocabulary: Vocabulary = {
  keysAt: (_path, { parentSchema }) => Object.keys(parentSchema?.properties ?? {}),
  elsewhere: () => [],
  quantityOf: () => undefined,
}

/**
 * Checks what classes of the project's own are made with against the JSON schemas beside their files
 * (`pipelines/photos/pipeline.schema.json` for `pipelines.photos.pipeline.Photos`); a class without one takes anything.
 * A mistake is told where the parameter is set: in the site of the registry, else in the configuration.
 */
export function checkParameters(
  sites: readonly ParameterSite[],
  files: ProjectFiles,
  written: (path: Path) => string | undefined,
  findings: Findings,
): void {
  const schemas = new Map<string, ValidateFunction | undefined>()
  const sources = new Map<string, YamlSource>()
  for (const site of sites) {
    const [classname] = site.facts.classnames
    if (site.facts.module !== 'own' || classname === undefined) continue
    const schemaFile = customClassFile(classname).file.replace(/\.ts$/, '.schema.json')
    if (!schemas.has(schemaFile)) schemas.set(schemaFile, readSchema(schemaFile, files, findings))
    const validate = schemas.get(schemaFile)
    const { configFile } = site.settings
    const config = sources.get(configFile) ?? readYaml(configFile, files.readText(configFile) ?? '')
    sources.set(configFile, config)
    if (validate) checkSite(site, validate, { config, written, findings })
  }
}

interface Sources {
  readonly config: YamlSource
  /** How the registry writes a value. */
  readonly written: (path: Path) => string | undefined
  readonly findings: Findings
}

function checkSite(site: ParameterSite, validate: ValidateFunction, sources: Sources): void {
  const { config, findings } = sources
  const ofSite: JsonObject = site.settings.parameters
  const parameters = { ...site.facts.parameters, ...ofSite }
  const isOfSite = (path: Path) => path.length > 0 && Object.hasOwn(ofSite, String(path[0]))
  const inSite = (path: Path) => [...site.path, 'parameters', ...path]
  const written = (path: Path) =>
    isOfSite(path) ? sources.written(inSite(path)) : config.written(['parameters', ...path])
  for (const { path, kind, message } of problemsOf(validate, parameters, written)) {
    const part = kind === 'value' ? 'value' : 'key'
    if (isOfSite(path)) findings.error(inSite(path), message, part)
    else {
      const inConfig = ['parameters', ...path]
      const place = { file: config.file, ...config.locate(inConfig, part) }
      findings.include([{ severity: 'error', ...place, path: showPath(inConfig), message }])
    }
  }
}

function problemsOf(
  validate: ValidateFunction,
  parameters: unknown,
  written: (path: Path) => string | undefined,
): SchemaProblem[] {
  if (validate(parameters)) return []
  const errors = (validate.errors ?? []) as (ErrorObject & SchemaError)[]
  return errors
    .filter((error) => !isWithinChoice(error, errors) && !isMisspelt(error, errors) && error.keyword !== 'if')
    .map((error) => wordError(error, parameters, written, vocabulary))
}

/** Of several ways in which a value may be right, none has to be told as wrong. */
function isWithinChoice(error: SchemaError, errors: readonly SchemaError[]): boolean {
  return errors.some(
    (choice) =>
      (choice.keyword === 'anyOf' || choice.keyword === 'oneOf') &&
      choice !== error &&
      error.schemaPath.startsWith(`${choice.schemaPath}/`),
  )
}

function readSchema(file: string, files: ProjectFiles, findings: Findings): ValidateFunction | undefined {
  const text = files.readText(file)
  if (text === undefined) return undefined
  try {
    const schema = JSON.parse(text) as object | boolean
    // Loaded here, as few projects have a schema and it takes longer than all else that a check does.
    const { Ajv2020 } = createRequire(import.meta.url)(
      'ajv/dist/2020.js',
    ) as typeof import('ajv/dist/2020.js')
    const ajv = new Ajv2020({
      allErrors: true,
      verbose: true,
      strictTypes: false,
      strictRequired: false,
      logger: false,
    })
    // Whether there is such a file is told by who links it.
    ajv.addFormat(projectFileFormat, true)
    return ajv.compile(schema)
  } catch (error) {
    findings.include([{ severity: 'error', file, path: '', ...schemaProblem(text, error as Error) }])
    return undefined
  }
}

/** JSON's parser tells where it stopped as an offset, in words that differ from one Node.js to the next. */
function schemaProblem(text: string, { message }: Error): Pick<Problem, 'line' | 'column' | 'message'> {
  const [told = message, offset] = / in JSON at position (\d+).*$/s.exec(message) ?? []
  const what = `is no JSON schema (2020-12): ${offset === undefined ? message : message.replace(told, '')}`
  if (offset === undefined) return { message: what }
  const lines = text.slice(0, Number(offset)).split('\n')
  return { line: lines.length, column: (lines.at(-1) as string).length + 1, message: what }
}
