import type { Location, RegisteredSite } from '../contracts.ts'

const wholeOutputBucket: Location = { bucket: 'output', prefix: '' }

function byPlace(a: Location, b: Location): number {
  if (a.bucket !== b.bucket) return a.bucket < b.bucket ? -1 : 1
  if (a.prefix !== b.prefix) return a.prefix < b.prefix ? -1 : 1
  return 0
}

/** Sorted, and without those that another of them covers. */
function fewest(locations: readonly Location[]): Location[] {
  const kept: Location[] = []
  for (const location of locations.toSorted(byPlace)) {
    const before = kept.at(-1)
    if (before?.bucket === location.bucket && location.prefix.startsWith(before.prefix)) continue
    kept.push(location)
  }
  return kept
}

function below(root: Location, prefixes: readonly string[]): Location[] {
  return prefixes.map((prefix) => ({ bucket: root.bucket, prefix: root.prefix + prefix }))
}

/** What takes the place of storage.yaml's bucket and root: the first `output`, or else the whole output bucket. */
export function outputRoot(site: RegisteredSite): Location {
  return site.outputs[0] ?? wholeOutputBucket
}

/**
 * Where a run may write: below its first output, what the storage templates of its configuration name; the further
 * outputs whole. A configuration without storage templates writes to its outputs, and nowhere if none is set.
 */
export function writesOf(site: RegisteredSite): Location[] {
  const { outputPrefixes } = site.facts
  if (outputPrefixes.length === 0) return fewest(site.outputs)
  return fewest([...below(outputRoot(site), outputPrefixes), ...site.outputs.slice(1)])
}

/** Where a run may read: an ingest its part of the input bucket, a VAP its input datastreams where it also writes. */
export function readsOf(site: RegisteredSite): Location[] {
  if (site.type === 'ingest') return site.trigger.source ? [site.trigger.source] : []
  return fewest(below(outputRoot(site), site.facts.inputPrefixes))
}
