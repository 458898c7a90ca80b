import type { RegisteredSite, Registry } from '../../contracts.ts'
import { isFloat, parseDType } from '../../dataset/dtype.ts'
import { UsageError } from '../../errors.ts'
import { createConfigLoader } from '../../ingest/config/config-loader.ts'
import type { VariableConfig } from '../../ingest/config/types.ts'
import type { ProjectFiles } from '../../registry/project-files.ts'
import type { Scaffold } from './new-pipeline.ts'
import { sharedSections } from './shared-sections.ts'
import { type AveragedVariable, type VapSource, vapFiles } from './vap-files.ts'

/** What a VAP is made from. */
export interface VapProject {
  readonly registryFile: string
  readonly registry: Registry
  readonly files: ProjectFiles
}

/**
 * A whole VAP: hourly means of the measurements of one or several sources, at every site that all of them have. A
 * source is a registered pipeline, a pipeline at a site, or a datastream that a registered pipeline writes. Directions
 * are left out, for their mean is no direction. @throws UsageError for a source that is none of these, and for sources
 * without a site in common
 */
export function vapScaffold(
  name: string,
  from: readonly string[],
  { registry, registryFile, files }: VapProject,
): Scaffold & { readonly sites: readonly string[] } {
  const found = [...new Set(from)].map((source) => findSource(source, registry, registryFile))
  const sites = commonSites(found, from)
  const taken = new Set<string>()
  const sources = found.map((bySite) => describeSource(bySite, sites, files, taken))
  if (sources.every(({ variables }) => variables.length === 0)) {
    throw new UsageError(`${from.join(', ')}: there is nothing to average: no numbers along time alone`)
  }
  const { quality: _, ...sections } = sharedSections(files)
  const own = new Map([...sections.own].filter(([file]) => file !== 'config/quality.yaml'))
  const entry = [
    `name: ${name}`,
    'type: VAP',
    'trigger: Cron',
    'schedule: Daily',
    'configs:',
    ...sites.flatMap((site) => [
      `  ${site}:`,
      `    config_file_path: pipelines/${name}/config/pipeline_${site}.yaml`,
    ]),
  ]
  const made = vapFiles({ name, sites, sources, storage: sections.storage })
  return { files: new Map([...made, ...own]), entry, sites }
}

type BySite = ReadonlyMap<string, RegisteredSite>

function findSource(source: string, { sites }: Registry, registryFile: string): BySite {
  const matching = sites.filter(
    ({ key, pipeline, facts }) =>
      key === source || pipeline === source || facts.datastreamsOut.includes(source),
  )
  const known = matching.filter(({ facts }) => facts.kind !== 'custom')
  if (known.length > 0) return new Map(known.map((site) => [site.site, site]))
  const datastreams = sites.flatMap(({ facts }) => facts.datastreamsOut)
  const pipelines = [
    ...new Set(sites.filter(({ facts }) => facts.kind !== 'custom').map(({ pipeline }) => pipeline)),
  ]
  throw new UsageError(
    matching.length > 0
      ? `${source} is no tsdat pipeline, so what it writes is not known`
      : `${source} is no pipeline of ${registryFile}, no pipeline at a site, and no datastream of one; there are ${[...pipelines, ...datastreams].join(', ') || 'none'}`,
  )
}

/** Those that all sources have; or where each source is one alone, the first one's, wherever the others are. */
function commonSites(found: readonly BySite[], from: readonly string[]): string[] {
  const [first = new Map<string, RegisteredSite>(), ...others] = found
  const common = [...first.keys()].filter((site) => others.every((other) => other.has(site)))
  if (common.length > 0) return common.sort()
  if (found.every((bySite) => bySite.size === 1)) return [...first.keys()]
  throw new UsageError(
    `${from.join(' and ')} have no site in common: name one site of each, such as ${from[0]}/${[...first.keys()][0]}`,
  )
}

function describeSource(
  bySite: BySite,
  sites: readonly string[],
  files: ProjectFiles,
  taken: Set<string>,
): VapSource {
  const used = sites.map((site) => bySite.get(site) ?? ([...bySite.values()][0] as RegisteredSite))
  const first = used[0] as RegisteredSite
  const { dataset } = createConfigLoader({ root: '.', readText: (file) => files.readText(file) }).load(
    first.configFile,
  )
  const measured = [...dataset.dataVars.values()].filter(isMeasured)
  const variables = measured
    .filter((variable) => !isDirection(variable))
    .map((variable): AveragedVariable => {
      const name = taken.has(variable.name) ? `${variable.name}_${first.pipeline}` : variable.name
      taken.add(name)
      return { name, source: variable.name, attrs: variable.attrs }
    })
  const demo = files.readText(`pipelines/${first.pipeline}/demo.ts`) ?? ''
  return {
    pipeline: first.pipeline,
    site: first.site,
    configFile: first.configFile,
    title: textOf(dataset.attrs.get('title')) ?? first.pipeline,
    datastreams: new Map(
      sites.map((site, i) => [site, (used[i] as RegisteredSite).facts.datastreamsOut[0] as string]),
    ),
    variables,
    leftOut: measured.filter(isDirection).map(({ name }) => name),
    hasDemo: first.type === 'ingest' && /\bexport function demoInputs\b/.test(demo),
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** A float along time alone. Integers count or name things: their mean says little. */
function isMeasured({ name, dims, dtype }: VariableConfig): boolean {
  const parsed = parseDType(dtype)
  return dims.join() === 'time' && parsed !== undefined && isFloat(parsed) && !name.includes('qc_')
}

/** An angle that goes round: the mean of 350 and 10 degrees is not 180. */
function isDirection({ name, attrs }: VariableConfig): boolean {
  const isAngle = /^deg(?:rees?)?(?:_?[TtMm]|_true)?$|^rad/.test(textOf(attrs.get('units')) ?? '')
  return isAngle || /direction|azimuth|heading/.test(`${name} ${textOf(attrs.get('standard_name')) ?? ''}`)
}
