import type { PipelineFacts, RegisteredSite } from '../contracts.ts'
import { ConfigError } from '../errors.ts'
import type { ConfigLoader } from '../ingest/config/config-loader.ts'
import { nearestName } from '../ingest/config/nearest-name.ts'
import type { Findings } from './findings.ts'
import type { SiteEntry } from './pipeline-entry.ts'
import type { ProjectFiles } from './project-files.ts'

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
  { type, configFile }: SiteEntry,
  { kind, classnames }: PipelineFacts,
): string | undefined {
  if (kind === 'custom' || kind === type) return undefined
  const [found, other] = kind === 'vap' ? ['a VAP', 'VAP'] : ['an ingest', 'Ingest']
  const classname = classnames[0] === undefined ? '' : ` (${classnames[0]})`
  return `${configFile} configures ${found}${classname}: write type: ${other}, or name another configuration`
}

/** Reads each configuration file once. A missing or wrong one is told where the first site names it. */
export function addFacts(
  entries: readonly SiteEntry[],
  files: ProjectFiles,
  configs: ReadConfig,
  findings: Findings,
): (SiteEntry & Pick<RegisteredSite, 'facts'>)[] {
  const read = new Map<string, PipelineFacts | undefined>()

  function factsOf(entry: SiteEntry): PipelineFacts | undefined {
    const { configFile, path } = entry
    if (read.has(configFile)) return read.get(configFile)
    let facts: PipelineFacts | undefined
    if (files.readText(configFile) === undefined) {
      const similar = similarFile(configFile, files)
      const suggestion = similar === undefined ? '' : `; did you mean "${similar}"?`
      findings.error([...path, 'config_file_path'], `there is no file ${configFile}${suggestion}`)
    } else {
      try {
        facts = configs.facts(configFile)
        // What is no tsdat configuration has nothing more to say.
        if (facts.kind !== 'custom') findings.include(configs.load(configFile).notes)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        findings.include(error.problems)
      }
    }
    const outside = facts?.linkedFiles.find((file) => /^(?:\.\.\/|\/|[A-Za-z]:)/.test(file))
    if (outside !== undefined) {
      const message = `${configFile} links to ${outside}, which is outside the project and would not be deployed`
      findings.error([...path, 'config_file_path'], message)
    }
    read.set(configFile, facts)
    return facts
  }

  return entries.flatMap((entry) => {
    const facts = factsOf(entry)
    if (!facts) return []
    const wrongType = typeProblem(entry, facts)
    if (wrongType) findings.error([...entry.path.slice(0, 2), 'type'], wrongType)
    return [{ ...entry, facts }]
  })
}
