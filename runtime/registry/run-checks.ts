import type { RegisteredSite, Registry } from '../contracts.ts'
import { didYouMean } from '../ingest/config/nearest-name.ts'
import { outputRoot } from '../plan/locations.ts'
import { findLoops, type LoopStep } from '../plan/loops.ts'
import { overlappingSources } from '../plan/overlaps.ts'
import type { Findings } from './findings.ts'
import type { Path } from './yaml-source.ts'

/** Where each site of the registry stands. */
export type Paths = ReadonlyMap<RegisteredSite['key'], Path>

function loopMessage(steps: readonly LoopStep[]): string {
  const { site: first, by } = steps[0] as LoopStep
  if (steps.length === 1) return `would start itself for ever: it writes ${by}, which it also reads`
  const links = steps.map((step, i) => {
    const next = steps[i + 1]?.site.key ?? first.key
    return `${step.site.key} writes ${step.by}, which ${next} reads`
  })
  return `would start itself again for ever: ${links.join('; ')}`
}

/** What is wrong between runs: objects that would start two, writes that would start runs for ever, inputs nobody makes. */
export function checkRuns(registry: Registry, paths: Paths, findings: Findings): void {
  const pathOf = (site: RegisteredSite) => paths.get(site.key) as Path
  for (const { site, other } of overlappingSources(registry)) {
    const source = other.trigger.source?.prefix || 'the whole bucket'
    const line = other.origin.line === undefined ? '' : `, line ${other.origin.line}`
    const message = `overlaps with ${other.key} (${source}${line}): one object would start both; set prefixes, or files, that share no names`
    findings.error([...pathOf(site), 'input_bucket_path'], message)
  }
  for (const steps of findLoops(registry)) {
    const { site } = steps[0] as LoopStep
    findings.error(pathOf(site), loopMessage(steps), 'key')
  }
  for (const site of registry.sites) if (isOutOfReach(site)) tellOutOfReach(pathOf(site), findings)
  // What makes an input may be among what is wrong.
  if (findings.hasErrors()) return
  checkInputs(registry, pathOf, findings)
  checkOutputs(registry, pathOf, findings)
}

/**
 * A function that reaches the catalog stands in a network without a way out but to S3, and Redshift's Data API is out
 * there; a job has one.
 */
const isOutOfReach = ({ compute, uses }: RegisteredSite) =>
  compute.kind === 'Lambda' && uses.includes('catalog') && uses.includes('redshift')

function tellOutOfReach(site: Path, findings: Findings): void {
  const message =
    'a function cannot reach both catalog and redshift, which are in different networks: write compute: Batch'
  findings.error([...site.slice(0, 2), 'uses'], message)
}

/** Two sites with one datastream may be meant, where each has its own days; mostly it is a copy that was not renamed. */
function checkOutputs(registry: Registry, pathOf: (site: RegisteredSite) => Path, findings: Findings): void {
  const makers = new Map<string, RegisteredSite>()
  /** A configuration that a thousand sites share is one slip. */
  const told = new Set<string>()
  for (const site of registry.sites) {
    const { bucket, prefix } = outputRoot(site)
    for (const datastream of site.facts.datastreamsOut) {
      const place = `${bucket}/${prefix} ${datastream}`
      const other = makers.get(place)
      if (!other) makers.set(place, site)
      else if (!told.has(place)) {
        told.add(place)
        const message = `writes ${datastream}, as ${other.key} does: a file of one replaces the other's of the same time; give one another location_id, dataset_name or qualifier, or an output prefix of its own`
        findings.warn([...pathOf(site), 'config_file_path'], message)
      }
    }
  }
}

/** A VAP whose input no pipeline makes may be right, since data can come from elsewhere; mostly it is a slip. */
function checkInputs(registry: Registry, pathOf: (site: RegisteredSite) => Path, findings: Findings): void {
  const made = new Set(registry.sites.flatMap((site) => site.facts.datastreamsOut))
  const isToldByAll = registry.sites.every(
    (site) => site.facts.kind !== 'custom' || site.facts.datastreamsOut.length > 0,
  )
  if (!isToldByAll) return
  for (const site of registry.sites) {
    for (const datastream of site.facts.datastreamsIn) {
      if (made.has(datastream)) continue
      const others = [...made].filter((other) => !site.facts.datastreamsOut.includes(other))
      const message = `reads ${datastream}, which no pipeline of the registry makes${didYouMean(datastream, others)}`
      findings.warn([...pathOf(site), 'config_file_path'], message)
    }
  }
}
