import type { FileFilter, Location } from '../contracts.ts'

/**
 * Whether an object starts a run: its key is below `prefix`, is no folder marker, and what follows the prefix matches
 * the glob as a whole. `*` stands for any characters, `/` included, as in an EventBridge wildcard pattern.
 */
export function matchesFiles(filter: FileFilter | undefined, key: string, prefix: string): boolean {
  if (!key.startsWith(prefix)) return false
  const name = key.slice(prefix.length)
  if (name === '' || name.endsWith('/')) return false
  if (!filter) return true
  return filter.ignoreCase
    ? matchesGlob(filter.glob.toLowerCase(), name.toLowerCase())
    : matchesGlob(filter.glob, name)
}

/** Each part between stars is taken at its first place: one pass, whatever the glob. */
function matchesGlob(glob: string, name: string): boolean {
  const parts = glob.split('*')
  const first = parts[0] as string
  const last = parts.at(-1) as string
  if (parts.length === 1) return name === glob
  if (name.length < first.length + last.length) return false
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  const end = name.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Whether an object stands where its run may read or write. */
export function isWithin(location: Location, bucket: Location['bucket'], key: string): boolean {
  return location.bucket === bucket && key.startsWith(location.prefix)
}
