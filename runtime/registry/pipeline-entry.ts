import type { RegisteredSite, Trigger, WindowUnit } from '../contracts.ts'
import { checkEmail } from './account.ts'
import type { NamedConfig } from './config-facts.ts'
import type { Findings } from './findings.ts'
import { inputPrefix, type Level, type SettingKey, Settings } from './settings.ts'
import type { Defaults, Pipeline, Site } from './types.ts'
import { type Path, showPath } from './yaml-source.ts'

/** A pipeline of the raw registry: what misses the schema has been taken out. */
export type RawPipeline = Partial<Omit<Pipeline, 'configs'>> & {
  readonly configs?: Readonly<Record<string, Partial<Site> | undefined>>
}

/** A site as far as the registry alone tells; what its pipeline configuration says comes on top. */
export interface SiteEntry {
  readonly path: Path
  readonly settings: Omit<RegisteredSite, 'facts' | 'alerts'>
  /** The pipeline's own, if it has some. */
  readonly alerts: RegisteredSite['alerts'] | undefined
}

/** What stands in a pipeline's entry: sites that run, and keys of those that are switched off. */
export interface PipelineEntry {
  readonly name: string
  readonly path: Path
  readonly sites: readonly SiteEntry[]
  readonly disabled: readonly string[]
  /** Of every site that is not disabled, also where something else is wrong with it. */
  readonly configFiles: readonly NamedConfig[]
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Why `name` cannot be the name of a pipeline or site: it becomes part of keys, folders and AWS names. */
function nameProblem(name: string): string | undefined {
  if (name.length > 100)
    return `"${name.slice(0, 40)}…" is ${name.length} characters long, which fits no AWS name: 100 are the most`
  if (namePattern.test(name)) return undefined
  return `"${name}" cannot be used as a name: letters, digits, _ and -, a letter or digit first`
}

const cronIngest = 'an Ingest with trigger: Cron'
const appliesTo: readonly (readonly [SettingKey, string])[] = Object.entries({
  schedule: 'trigger: Cron',
  timezone: 'trigger: Cron',
  window: 'a VAP',
  look_back: 'trigger: Cron',
  lag: 'trigger: Cron',
  max_windows: 'trigger: Cron',
  group: cronIngest,
  input: 'an Ingest',
  shards: 'input: prefix with compute: Batch',
  files: 'an Ingest',
  ignore_case: 'an Ingest',
  vcpus: 'compute: Batch',
  spot: 'compute: Batch',
  max_vcpus: 'compute: Batch',
  concurrency: 'compute: Lambda',
}) as [SettingKey, string][]

/** Tells of settings that change nothing where they stand; not where what decides it is itself wrong. `defaults` are for all pipelines, so nothing is odd there. */
function tellIdle(raw: RawPipeline, settings: Settings, levels: readonly Level[], findings: Findings): void {
  const holds: Record<string, boolean> = {
    'trigger: Cron': raw.trigger !== 'S3',
    'a VAP': raw.type !== 'Ingest',
    'an Ingest': raw.type !== 'VAP',
    [cronIngest]: raw.type !== 'VAP' && raw.trigger !== 'S3',
    'compute: Batch': settings.get('compute') === 'Batch' || settings.isBroken('compute'),
    'compute: Lambda': settings.get('compute') !== 'Batch',
    'input: prefix with compute: Batch':
      raw.type !== 'VAP' &&
      (settings.get('input') === 'prefix' || settings.isBroken('input')) &&
      (settings.get('compute') === 'Batch' || settings.isBroken('compute')),
  }
  for (const { path, values } of levels) {
    if (path[0] === 'defaults') continue
    for (const [key, condition] of appliesTo) {
      if (values[key] === undefined || holds[condition] !== false) continue
      findings.warn([...path, key], `changes nothing here: it is for ${condition}`, 'key')
    }
  }
}

/** The trigger of a site; `undefined` when something is missing, which is then told. */
function triggerOf(
  raw: RawPipeline,
  site: Partial<Site>,
  path: Path,
  pipelinePath: Path,
  settings: Settings,
  findings: Findings,
): { trigger: Trigger; window?: WindowUnit } | undefined {
  const { type, trigger } = raw
  const schedule = settings.schedule()
  const timezone = settings.timezone()
  const files = settings.files()
  const prefixPath = [...path, 'input_bucket_path']
  const prefix = inputPrefix(site.input_bucket_path, prefixPath, findings)
  if (type === 'VAP' && prefix !== undefined) {
    findings.warn(prefixPath, 'changes nothing here: a VAP reads datastreams of the output bucket', 'key')
  }
  if (type === 'VAP' && trigger === 'S3') {
    findings.error([...pipelinePath, 'trigger'], 'S3 cannot start a VAP: write trigger: Cron and a schedule')
    return undefined
  }
  if (type === 'Ingest' && prefix === undefined && !findings.hasErrorAt(prefixPath)) {
    findings.error(path, 'input_bucket_path is missing: an Ingest takes its objects from there', 'key')
  }
  if (trigger === 'Cron' && settings.isMissing('schedule')) {
    const message =
      'schedule is missing: trigger: Cron needs Hourly, Daily, Weekly, Monthly, cron(…) or rate(…)'
    findings.error([...pipelinePath, 'trigger'], message)
  }
  if (type === undefined || trigger === undefined) return undefined

  const source = type === 'Ingest' && prefix !== undefined ? { bucket: 'input' as const, prefix } : undefined
  if (trigger === 'S3') return source && { trigger: { kind: 's3', source, ...(files && { files }) } }
  if (!schedule) return undefined
  const cron = { kind: 'cron' as const, expression: schedule.expression, timezone }
  if (type === 'VAP') {
    const window = settings.window() ?? schedule.window
    if (window) return { trigger: cron, window }
    const message = 'window is missing: with cron(…) or rate(…) a VAP needs 1 hour, 1 day, 1 week or 1 month'
    if (settings.isMissing('window')) findings.error(settings.pathOf('schedule'), message)
    return undefined
  }
  const group = settings.get('group') ?? 'together'
  return source && { trigger: { ...cron, source, ...(files && { files }), group } }
}

/** Where the pipeline configuration is, from the project root; `undefined` when that is no path inside the project. */
function configFileOf(site: Partial<Site>, path: Path, findings: Findings): string | undefined {
  const text = site.config_file_path
  if (text === undefined) return undefined
  const parts = text.split('/').filter((part) => part !== '.' && part !== '')
  const wrong = text.includes('\\')
    ? 'has a backslash: paths are written with /'
    : text.startsWith('/')
      ? 'is an absolute path: it is to start at the project root, such as pipelines/…'
      : parts.includes('..')
        ? 'leads up with ..: it is to start at the project root, such as pipelines/…'
        : parts.length === 0
          ? 'is empty'
          : undefined
  if (wrong === undefined) return parts.join('/')
  findings.error([...path, 'config_file_path'], wrong)
  return undefined
}

function checkUses(settings: Settings, hasRedshift: boolean, findings: Findings): void {
  if (settings.get('uses')?.includes('redshift') && !hasRedshift) {
    findings.error(
      settings.pathOf('uses'),
      'redshift is used, but the key redshift at the top does not say which',
    )
  }
}

/** What the readers of all entries share. */
export interface EntryContext {
  readonly defaults: Partial<Defaults>
  readonly hasRedshift: boolean
  readonly findings: Findings
}

/** What came of a site: the entry is missing where something is wrong. */
interface ReadSite {
  readonly isDisabled: boolean
  readonly configFile: string | undefined
  readonly entry?: SiteEntry
}

/** The shards of a scan, where it is shared. */
function shardsOf(settings: Settings): { shards?: number } {
  const shards = settings.get('shards') ?? 1
  const isScan = settings.get('input') === 'prefix' && settings.get('compute') === 'Batch'
  return isScan && shards > 1 ? { shards } : {}
}

function originOf(path: Path, findings: Findings): RegisteredSite['origin'] {
  const { line, column } = findings.placeOf(path, 'key')
  return {
    path: showPath(path),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  }
}

function readSite(
  raw: RawPipeline,
  pipelinePath: Path,
  name: string,
  site: Partial<Site>,
  { defaults, hasRedshift, findings }: EntryContext,
): ReadSite {
  const path = [...pipelinePath, 'configs', name]
  const levels: Level[] = [
    { path, values: site },
    { path: pipelinePath, values: raw as Level['values'] },
    { path: ['defaults'], values: defaults },
  ]
  const settings = new Settings(levels, findings)
  const wrongName = nameProblem(name)
  if (wrongName) findings.error(path, wrongName, 'key')
  tellIdle(raw, settings, levels, findings)
  checkUses(settings, hasRedshift, findings)
  const configFile = configFileOf(site, path, findings)
  const triggered = triggerOf(raw, site, path, pipelinePath, settings, findings)
  const resolved = {
    input: settings.get('input') ?? 'objects',
    ...shardsOf(settings),
    lookBackSeconds: settings.duration('look_back', 30 * 86_400),
    lagSeconds: settings.duration('lag', 0),
    maxUnits: settings.get('max_windows') ?? 24,
    compute: settings.compute(),
    outputs: settings.outputs(),
    uses: [...new Set(settings.get('uses') ?? [])].sort(),
    parameters: (site.parameters ?? {}) as RegisteredSite['parameters'],
  }
  const isDisabled = settings.get('enabled') === false
  const { name: pipeline, type } = raw
  if (isDisabled || !pipeline || !type || !triggered || configFile === undefined)
    return { isDisabled, configFile }
  const alerts = raw.alerts && { emails: raw.alerts.emails ?? [] }
  const entry: SiteEntry = {
    path,
    alerts,
    settings: {
      key: `${pipeline}/${name}`,
      pipeline,
      site: name,
      type: type === 'VAP' ? 'vap' : 'ingest',
      ...triggered,
      ...resolved,
      configFile,
      origin: originOf(path, findings),
    },
  }
  return { isDisabled, configFile, entry }
}

/** Checks one entry of `pipelines:` and resolves every setting of its sites. */
export function readPipeline(raw: RawPipeline, path: Path, context: EntryContext): PipelineEntry | undefined {
  const { findings } = context
  if (raw.name !== undefined) {
    const wrong = nameProblem(raw.name)
    if (wrong) findings.error([...path, 'name'], wrong)
  }
  for (const [i, email] of (raw.alerts?.emails ?? []).entries()) {
    checkEmail(email, [...path, 'alerts', 'emails', i], findings)
  }
  const sites: SiteEntry[] = []
  const disabled: string[] = []
  const configFiles: NamedConfig[] = []
  for (const [name, site] of Object.entries(raw.configs ?? {})) {
    if (!site) continue
    const { isDisabled, configFile, entry } = readSite(raw, path, name, site, context)
    if (isDisabled) disabled.push(`${raw.name}/${name}`)
    else if (configFile !== undefined) {
      configFiles.push({ file: configFile, path: [...path, 'configs', name, 'config_file_path'] })
    }
    if (entry) sites.push(entry)
  }
  return raw.name === undefined ? undefined : { name: raw.name, path, sites, disabled, configFiles }
}
