import type { Place, Problem } from '../errors.ts'
import { nearestName } from '../ingest/config/nearest-name.ts'
import type { Located } from './findings.ts'
import { allowedKeys, keyTypes } from './validate.ts'
import { type Path, showPath, type YamlSource } from './yaml-source.ts'

/** The registry's values with those of a stack's configuration in their place, and where each was written. */
export interface MergedRegistry extends Located {
  readonly value: unknown
  readonly problems: readonly Problem[]
  written(path: Path): string | undefined
}

type Map = Record<string, unknown>
const isMap = (value: unknown): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `pulumi config set` writes every value as text: what the schema wants as a number or a truth becomes one. */
function fromText(key: string, value: unknown): unknown {
  if (typeof value === 'string') {
    const type = Object.hasOwn(keyTypes, key) ? keyTypes[key] : undefined
    if (type === 'boolean' && /^(?:true|false)$/.test(value)) return value === 'true'
    if (type === 'number' && /^\d{1,15}(?:\.\d{1,6})?$/.test(value)) return Number(value)
    return value
  }
  if (!isMap(value)) return value
  const converted: Map = Object.create(null)
  for (const [name, child] of Object.entries(value)) converted[name] = fromText(name, child)
  return converted
}

/** The values of `config:` that are the registry's: `sluice:KEY`, or `PROJECT:KEY` by any of the project's names. */
function registryValues(source: YamlSource, projects: ReadonlySet<string>) {
  const values: { key: string; configKey: string; value: unknown }[] = []
  const problems: Problem[] = []
  const tell = (severity: Problem['severity'], configKey: string, message: string) => {
    const path = ['config', configKey]
    problems.push({
      severity,
      file: source.file,
      ...source.locate(path, 'key'),
      path: showPath(path),
      message,
    })
  }
  const config = isMap(source.value) ? source.value.config : undefined
  const keys = allowedKeys[''] as string[]
  for (const [configKey, value] of Object.entries(isMap(config) ? config : {})) {
    const [, project, key] = /^([^:]+):(.+)$/.exec(configKey) ?? []
    if (project === undefined || key === undefined || !projects.has(project)) continue
    if (key === 'pipelines')
      tell('error', configKey, 'pipelines are the same in every stack: they stand in the registry')
    else if (isMap(value) && 'secure' in value)
      tell('error', configKey, 'is encrypted, and the registry holds no secrets: set it as plain text')
    else if (keys.includes(key)) values.push({ key, configKey, value: fromText(key, value) })
    else {
      // Other keys may be the deployment's own settings: only what looks like a slip is told.
      const near = nearestName(key, keys)
      if (near !== undefined)
        tell('warning', configKey, `is not a key of the registry; did you mean "${project}:${near}"?`)
    }
  }
  return { values, problems }
}

/**
 * Lays what `Pulumi.<stack>.yaml` sets over the registry, where it wins. A map is laid over a map key by key, so that
 * one quota or one default can differ; anything else is replaced.
 */
export function mergeStackConfig(
  registry: YamlSource,
  stackConfig: YamlSource | undefined,
  projectNames: readonly string[] = [],
): MergedRegistry {
  const place = (source: YamlSource, path: Path, part?: 'key' | 'value'): Place => ({
    file: source.file,
    ...source.locate(path, part),
  })
  const plain: MergedRegistry = {
    value: registry.value,
    problems: [...registry.problems, ...(stackConfig?.problems ?? [])],
    place: (path, part) => place(registry, path, part),
    written: (path) => registry.written(path),
  }
  if (!stackConfig || !isMap(registry.value)) return plain

  const ownName = registry.value.pipelines_repo_name
  const names = new Set(['sluice', ...projectNames, ...(typeof ownName === 'string' ? [ownName] : [])])
  const { values, problems } = registryValues(stackConfig, names)
  const merged: Map = Object.assign(Object.create(null), registry.value)
  /** Where a value came from that did not come from the registry, by `key` or `key\nchild`. */
  const overlaid = new Map<string, string>()
  for (const { key, configKey, value } of values) {
    const below = merged[key]
    if (isMap(below) && isMap(value)) {
      merged[key] = Object.assign(Object.create(null), below, value)
      for (const child of Object.keys(value)) overlaid.set(`${key}\n${child}`, configKey)
    } else {
      merged[key] = value
      overlaid.set(key, configKey)
    }
  }
  const configKeyOf = ([key, child]: Path) => overlaid.get(`${key}`) ?? overlaid.get(`${key}\n${child}`)
  return {
    value: merged,
    problems: [...registry.problems, ...stackConfig.problems, ...problems],
    place(path, part) {
      const configKey = configKeyOf(path)
      return configKey === undefined
        ? place(registry, path, part)
        : place(stackConfig, ['config', configKey, ...path.slice(1)], part)
    },
    written(path) {
      const configKey = configKeyOf(path)
      return configKey === undefined
        ? registry.written(path)
        : stackConfig.written(['config', configKey, ...path.slice(1)])
    },
  }
}
