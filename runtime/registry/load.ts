import type { RegisteredSite, Registry } from '../contracts.ts'
import { ConfigError, type Problem } from '../errors.ts'
import { createConfigLoader } from '../ingest/config/config-loader.ts'
import { planRuns } from '../plan/plan.ts'
import { limitProblems } from '../plan/quotas.ts'
import { withTableLoads } from '../tables/config/with-table-loads.ts'
import { type RawRegistry, readAccount } from './account.ts'
import { addFacts, type ReadConfig, readFacts } from './config-facts.ts'
import { Findings } from './findings.ts'
import { checkParameters } from './parameter-check.ts'
import { linkParameterFiles } from './parameter-files.ts'
import { type PipelineEntry, type RawPipeline, readPipeline } from './pipeline-entry.ts'
import { checkFolders } from './pipeline-folders.ts'
import { type ProjectFiles, projectFiles } from './project-files.ts'
import { pulumiProjectName } from './pulumi-project.ts'
import { checkRuns } from './run-checks.ts'
import { checkSchema, type SchemaProblem } from './schema-problems.ts'
import { type MergedRegistry, mergeStackConfig } from './stack-config.ts'
import { readYaml, type YamlSource } from './yaml-source.ts'

/** The registry's name where none is given. */
export const defaultRegistryFile = 'pipelines_config.yml'

export interface LoadOptions {
  /** The folder that every path of the registry starts from. */
  readonly projectRoot: string
  /** From the project root; `pipelines_config.yml` unless given. */
  readonly file?: string
  /** Whose `Pulumi.<stack>.yaml` is laid over the registry; a preview without one has `Pulumi.dev.yaml`. */
  readonly stack?: string
  /** Those of this machine unless given. */
  readonly files?: ProjectFiles
  /** Pipeline configurations by their paths from the project root; those in `files` unless given. */
  readonly configs?: ReadConfig
}

/** Every problem of a registry, and the registry unless one of them is an error. */
export interface CheckedRegistry {
  readonly registry?: Registry
  /** The registry's first, then those of other files, each by place. */
  readonly problems: readonly Problem[]
}

function stackConfigOf(stack: string, files: ProjectFiles): YamlSource | undefined {
  const names = [`Pulumi.${stack}.yaml`, ...(stack === 'prod' ? [] : ['Pulumi.dev.yaml'])]
  for (const name of /[/\\]/.test(stack) ? names.slice(1) : names) {
    const text = files.readText(name)
    // A file of comments sets nothing, and is no mistake as an empty registry is.
    if (text !== undefined) return /^\s*(?:#.*\s*)*$/.test(text) ? undefined : readYaml(name, text)
  }
  return undefined
}

/** Takes out what misses the schema, so that the rest can be checked further; places in lists stay. */
function withoutWrong(value: unknown, problems: readonly SchemaProblem[]): RawRegistry {
  type Values = Record<string | number, unknown>
  for (const { path, kind } of problems) {
    const last = path.at(-1)
    if (kind === 'missing' || last === undefined) continue
    const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Values | undefined)?.[key], value)
    if (typeof parent === 'object' && parent !== null) (parent as Values)[last] = undefined
  }
  return value as RawRegistry
}

function readPipelines(raw: RawRegistry, findings: Findings): PipelineEntry[] {
  const context = { defaults: raw.defaults ?? {}, hasRedshift: raw.redshift !== undefined, findings }
  if (raw.pipelines?.length === 0) findings.warn(['pipelines'], 'is empty: nothing will run')
  const entries = (raw.pipelines ?? []).flatMap((pipeline, i) => {
    const entry = pipeline ? readPipeline(pipeline as RawPipeline, ['pipelines', i], context) : undefined
    return entry ? [entry] : []
  })
  const first = new Map<string, PipelineEntry>()
  for (const entry of entries) {
    const other = first.get(entry.name)
    if (!other) first.set(entry.name, entry)
    else {
      const { line } = findings.placeOf([...other.path, 'name'])
      const message = `"${entry.name}" is the name of another pipeline too (line ${line}): a pipeline stands once, with all its sites`
      findings.error([...entry.path, 'name'], message)
    }
  }
  return [...first.values()]
}

/** Limits of AWS, of a prod stack, whose names are no longer than those of previews. */
function tellLimits(registry: Registry, findings: Findings): void {
  const problems = limitProblems(registry, planRuns(registry, { stack: 'prod' }))
  findings.include(
    problems.map((problem) =>
      problem.line === undefined ? { ...problem, ...findings.placeOf([problem.path], 'key') } : problem,
    ),
  )
}

function check(
  merged: MergedRegistry,
  file: string,
  files: ProjectFiles,
  configs: ReadConfig,
): CheckedRegistry {
  const findings = new Findings(merged)
  findings.include(merged.problems)
  const schema = checkSchema(merged.value, (path) => merged.written(path))
  for (const { path, kind, message, meant } of schema.problems) {
    if (meant !== undefined) findings.markBroken([...path.slice(0, -1), meant])
    // What cannot be told apart in YAML is told as that, and not as the wrong type that it then has.
    if (!findings.hasErrorAt(path)) findings.error(path, message, kind === 'value' ? 'value' : 'key')
  }
  if (schema.untold > 0) findings.error([], `${schema.untold} more mistakes are not shown: mend these first`)
  const isMap = typeof merged.value === 'object' && merged.value !== null && !Array.isArray(merged.value)
  if (!isMap) return { problems: findings.sorted(file) }

  const raw = withoutWrong(merged.value, schema.problems)
  const account = readAccount(raw, findings)
  const pipelines = readPipelines(raw, findings)
  for (const { path, message } of schema.patterns)
    if (!findings.hasErrorAt(path)) findings.error(path, message)
  checkFolders(pipelines, pipelines.length === raw.pipelines?.length, files, findings)

  const entries = pipelines.flatMap(({ sites }) => sites)
  const configFiles = pipelines.flatMap((pipeline) => pipeline.configFiles)
  const withFacts = addFacts(entries, readFacts(configFiles, files, configs, findings), findings)
  checkParameters(withFacts, files, (path) => merged.written(path), findings)
  const sites = linkParameterFiles(withFacts, files, findings)
    .map(({ settings, facts, alerts = account.alerts }): RegisteredSite => ({ ...settings, facts, alerts }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const registry: Registry = {
    file,
    ...account,
    sites,
    disabled: pipelines.flatMap(({ disabled }) => disabled).sort(),
  }
  checkRuns(registry, new Map(entries.map(({ settings, path }) => [settings.key, path])), findings)
  if (!findings.hasErrors()) tellLimits(registry, findings)
  const problems = findings.sorted(file)
  return findings.hasErrors() ? { problems } : { registry, problems }
}

/** With `.` for root, so that files keep the names that the registry gives them. */
const loaderOf = (files: ProjectFiles): ReadConfig =>
  withTableLoads(createConfigLoader({ root: '.', readText: (file) => files.readText(file) }), (file) =>
    files.readText(file),
  )

/** Reads and checks a registry, the configurations it names, and the folders of its pipelines. Throws for no mistake in them. */
export function checkRegistry(options: LoadOptions): CheckedRegistry {
  const { projectRoot, file = defaultRegistryFile, stack = '' } = options
  const files = options.files ?? projectFiles(projectRoot)
  const text = files.readText(file)
  if (text === undefined) {
    const message = `there is no such file in ${projectRoot}`
    return { problems: [{ severity: 'error', file, path: '', message }] }
  }
  const source = readYaml(file, text)
  if (source.value === undefined) return { problems: source.problems }
  const project = pulumiProjectName(files)
  const merged = mergeStackConfig(
    source,
    stack ? stackConfigOf(stack, files) : undefined,
    project === undefined ? [] : [project],
  )
  return check(merged, file, files, options.configs ?? loaderOf(files))
}

/** The registry alone, for who can only work with a sound one. @throws ConfigError with every error, but no warnings */
export function loadRegistry(options: LoadOptions): Registry {
  const { registry, problems } = checkRegistry(options)
  if (registry) return registry
  throw new ConfigError(problems.filter(({ severity }) => severity === 'error'))
}
