import { type Zippable, zipSync } from 'fflate'

/** One file of an artefact. `path` is below its root, with `/`. */
export interface ArtefactFile {
  readonly path: string
  readonly content: Uint8Array
}

/** The earliest day that a zip can tell, at noon so that it is the same day in every time zone. */
const mtime = new Date(1980, 0, 1, 12)
const unix = 3
const readableFile = (0o100644 << 16) >>> 0

/**
 * A zip whose bytes depend on names and contents alone: sorted, of one time and mode, and compressed by code that the
 * lockfile pins, because zlib's output differs between versions of Node.
 */
export function deterministicZip(files: readonly ArtefactFile[]): Uint8Array {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  const entries: Zippable = {}
  for (const { path, content } of sorted) {
    if (Object.hasOwn(entries, path)) throw new TypeError(`${path} is in the artefact twice`)
    entries[path] = [content, { level: 6, mtime, os: unix, attrs: readableFile }]
  }
  return zipSync(entries)
}
