import type { JsonObject } from '../contracts.ts'
import { customClassFile } from '../ingest/config/custom-class.ts'
import { didYouMean } from '../ingest/config/nearest-name.ts'
import type { Findings } from './findings.ts'
import type { ParameterSite } from './parameter-check.ts'
import type { ProjectFiles } from './project-files.ts'
import { readYaml } from './yaml-source.ts'

/** The format by which the schema of a class's parameters says that a text names a file of the project. */
export const projectFileFormat = 'project-file'

/**
 * Adds to what is linked, and so deployed, the files that parameters of a class of the project's own name: those that
 * the schema beside it gives the format `project-file`, as `{"type": "string", "format": "project-file"}` right below
 * `properties`. One that is not there is told where it is set.
 */
export function linkParameterFiles<T extends ParameterSite>(
  sites: readonly T[],
  files: ProjectFiles,
  findings: Findings,
): T[] {
  const named = new Map<string, readonly string[]>()
  return sites.map((site) => {
    const [classname] = site.facts.classnames
    if (site.facts.module !== 'own' || classname === undefined) return site
    const schemaFile = customClassFile(classname).file.replace(/\.ts$/, '.schema.json')
    const names = named.get(schemaFile) ?? fileParameters(files.readText(schemaFile))
    named.set(schemaFile, names)
    const parameters: JsonObject = { ...site.facts.parameters, ...site.settings.parameters }
    const linked = names.flatMap((name) => {
      const file = parameters[name]
      if (typeof file !== 'string') return []
      const problem = problemOf(file, files)
      if (problem === undefined) return [file]
      tell(site, name, problem, files, findings)
      return []
    })
    if (linked.length === 0) return site
    return {
      ...site,
      facts: { ...site.facts, linkedFiles: [...new Set([...site.facts.linkedFiles, ...linked])] },
    }
  })
}

/** The parameters that name files; none of a schema that is no JSON, which is told elsewhere. */
function fileParameters(schema: string | undefined): string[] {
  if (schema === undefined) return []
  let parsed: { readonly properties?: Readonly<Record<string, { readonly format?: unknown } | null>> } | null
  try {
    parsed = JSON.parse(schema)
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
  return Object.entries(parsed?.properties ?? {}).flatMap(([name, property]) =>
    property?.format === projectFileFormat ? [name] : [],
  )
}

function problemOf(file: string, files: ProjectFiles): string | undefined {
  const parts = file.split('/')
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !file.includes('\\')
  if (!isPlain) return `"${file}" is no path from the project root, such as pipelines/…`
  if (files.readText(file) !== undefined) return undefined
  const folder = parts.slice(0, -1).join('/')
  const beside = (files.listFolder(folder || '.') ?? []).filter((name) => !name.endsWith('/'))
  return `there is no file ${file}${didYouMean(parts.at(-1) as string, beside)}`
}

/** In the site of the registry, where the parameter is set there; else in the configuration. */
function tell(site: ParameterSite, name: string, message: string, files: ProjectFiles, findings: Findings) {
  const { parameters, configFile } = site.settings
  if (Object.hasOwn(parameters, name)) {
    findings.error([...site.path, 'parameters', name], message)
    return
  }
  const config = readYaml(configFile, files.readText(configFile) ?? '')
  const place = { file: configFile, ...config.locate(['parameters', name], 'value') }
  findings.include([{ severity: 'error', ...place, path: `parameters.${name}`, message }])
}
