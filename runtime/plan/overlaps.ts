import type { FileFilter, Location, RegisteredSite, Registry } from '../contracts.ts'

/** Two sites whose runs the same object would start. */
export interface Overlap {
  readonly site: RegisteredSite
  readonly other: RegisteredSite
}

/** Whether some text matches both patterns, in which only `*` is special. */
export function globsMeet(a: string, b: string): boolean {
  // Most pairs differ before their first `*`: told without the table.
  for (let i = 0; i < a.length && i < b.length && a[i] !== '*' && b[i] !== '*'; i++) {
    if (a[i] !== b[i]) return false
  }
  // reachable[j]: the rest of `a` and the rest of `b` from j on can match the same text.
  let reachable: boolean[] = []
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = []
    for (let j = b.length; j >= 0; j--) {
      if (i === a.length && j === b.length) row[j] = true
      else if (a[i] === '*') row[j] = (reachable[j] ?? false) || (j < b.length && (row[j + 1] as boolean))
      else if (b[j] === '*') row[j] = (row[j + 1] as boolean) || (i < a.length && (reachable[j] as boolean))
      else row[j] = a[i] === b[j] && i < a.length && (reachable[j + 1] as boolean)
    }
    reachable = row
  }
  return reachable[0] as boolean
}

/** The keys of a source; in lower case if case is to make no difference. */
function keyPattern(source: Location, files: FileFilter | undefined, ignoreCase: boolean): string {
  const pattern = source.prefix + (files?.glob ?? '*')
  return ignoreCase ? pattern.toLowerCase() : pattern
}

function objectsMeet(a: RegisteredSite, b: RegisteredSite): boolean {
  const [sourceA, sourceB] = [a.trigger.source, b.trigger.source]
  if (!sourceA || !sourceB) return false
  if (!a.trigger.files && !b.trigger.files) return true
  const ignoreCase = Boolean(a.trigger.files?.ignoreCase || b.trigger.files?.ignoreCase)
  return globsMeet(
    keyPattern(sourceA, a.trigger.files, ignoreCase),
    keyPattern(sourceB, b.trigger.files, ignoreCase),
  )
}

/**
 * Sites whose sources have objects in common: for each site at most the first one it meets. A run that scans its
 * prefix itself (`input: prefix`) claims no object, so it may stand over others.
 */
export function overlappingSources(registry: Pick<Registry, 'sites'>): Overlap[] {
  const sources = registry.sites
    .filter((site) => site.input === 'objects' && site.trigger.source !== undefined)
    .map((site) => ({ site, prefix: (site.trigger.source as Location).prefix }))
    .toSorted((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0))
  const overlaps: Overlap[] = []
  // In this order the sources above a prefix stand before it, and each of them is a beginning of it.
  const above: { site: RegisteredSite; prefix: string }[] = []
  for (const source of sources) {
    while (above.length > 0 && !source.prefix.startsWith((above.at(-1) as { prefix: string }).prefix))
      above.pop()
    const met = above.find(({ site }) => objectsMeet(site, source.site))
    if (met) overlaps.push({ site: source.site, other: met.site })
    above.push(source)
  }
  return overlaps
}
