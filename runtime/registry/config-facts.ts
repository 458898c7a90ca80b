import type { PipelineFacts, RegisteredSite } from '../contracts.ts'
import { ConfigError } from '../errors.ts'
import type { ConfigLoader } from '../ingest/config/config-loader.ts'
import { nearestName } from '../ingest/config/nearest-name.ts'
import type { Findings } from './findings.ts'
import type { SiteEntry } from './pipeline-entry.ts'
import type { ProjectFiles } from './project-files.ts'
import type { Path } from './yaml-source.ts'

/** What pipeline configurations say. @throws ConfigError with every problem of the configuration */
export type ReadConfig = Pick<ConfigLoader, 'facts' | 'load'>

/** The file that `file` was probably meant to be: its folders and its name one by one, each as written or nearly so. */
function similarFile(file: string, files: ProjectFiles): string | undefined {
  let folder = ''
  const parts = file.split('/')
  for (const [i, part] of parts.entries()) {
    const isFile = i === parts.length - 1
    const names = (files.listFolder(folder || '.') ?? [])
      .filter((name) => name.endsWith('/') !== isFile)
      .map((name) => name.replace(/\/$/, ''))
    const found = names.includes(part) ? part : nearestName(part, names)
    if (found === undefined) return undefined
    folder = folder ? `${folder}/${found}` : found
  }
  return folder
}

function typeProblem(
  { type, configFile }: SiteEntry['settings'],
  { kind, classnames }: PipelineFacts,
): string | undefined {
  if (kind === 'custom' || kind === type) return undefined
  const [found, other] = kind === 'vap' ? ['a VAP', 'VAP'] : ['an ingest', 'Ingest']
  const classname = classnames[0] === undefined ? '' : ` (${classnames[0]})`
  return `${configFile} configures ${found}${classname}: write type: ${other}, or name another configuration`
}

/** A configuration file and where a site names it. */
export interface NamedConfig {
  readonly file: string
  readonly path: Path
}

function readOne({ file, path }: NamedConfig, files: ProjectFiles, configs: ReadConfig, findings: Findings) {
  if (files.readText(file) === undefined) {
    const similar = similarFile(file, files)
    const suggestion = similar === undefined ? '' : `; did you mean "${similar}"?`
    findings.error(path, `there is no file ${file}${suggestion}`)
    return undefined
  }
  try {
    const facts = configs.facts(file)
    // What is no tsdat configuration has nothing more to say.
    if (facts.kind !== 'custom') findings.include(configs.load(file).notes)
    const outside = facts.linkedFiles.find((linked) => /^(?:\.\.\/|\/|[A-Za-z]:)/.test(linked))
    if (outside === undefined) return facts
    findings.error(
      path,
      `${file} links to ${outside}, which is outside the project and would not be deployed`,
    )
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    findings.include(error.problems)
  }
  return undefined
}

/** Reads each configuration file once. A missing or wrong one is told where the first site names it. */
export function readFacts(
  named: readonly NamedConfig[],
  files: ProjectFiles,
  configs: ReadConfig,
  findings: Findings,
): ReadonlyMap<string, PipelineFacts | undefined> {
  const read = new Map<string, PipelineFacts | undefined>()
  for (const config of named) {
    if (!read.has(config.file)) read.set(config.file, readOne(config, files, configs, findings))
  }
  return read
}

/** The sites whose configurations could be read, with what these say. */
export function addFacts(
  entries: readonly SiteEntry[],
  read: ReadonlyMap<string, PipelineFacts | undefined>,
  findings: Findings,
): (SiteEntry & Pick<RegisteredSite, 'facts'>)[] {
  return entries.flatMap((entry) => {
    const facts = read.get(entry.settings.configFile)
    if (!facts) return []
    const wrongType = typeProblem(entry.settings, facts)
    if (wrongType) findings.error([...entry.path.slice(0, 2), 'type'], wrongType)
    for (const needed of facts.uses ?? []) {
      if (entry.settings.uses.includes(needed)) continue
      const message = `${entry.settings.configFile} needs the ${needed}: write uses: [${(facts.uses ?? []).join(', ')}]`
      findings.error([...entry.path.slice(0, 2), 'uses'], message)
    }
    return [{ ...entry, facts }]
  })
}
