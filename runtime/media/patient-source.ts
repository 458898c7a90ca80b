import type { FileHandle } from 'node:fs/promises'
import type { CustomSource } from 'mediabunny'

/** How often a file may be read, and how much of it in all, by whoever only wants to know what it is. */
const maxReads = 8000
const maxBytes = 256 * 1024 * 1024

/** What is thrown at a reader that goes round in circles. */
export class TooManyReadsError extends Error {
  override readonly name = 'TooManyReadsError'
}

/**
 * A file for mediabunny that gives time limits a chance: every read is one of the file system, after which others run,
 * and a reader that a broken file leads round in circles is stopped. What mediabunny keeps itself, it would read again
 * for ever.
 */
export function patientSource(
  mediabunny: { readonly CustomSource: typeof CustomSource },
  file: FileHandle,
  size: number,
): CustomSource {
  let [reads, bytes] = [0, 0]
  return new mediabunny.CustomSource({
    maxCacheSize: 0,
    prefetchProfile: 'none',
    getSize: () => size,
    handleUnhandledError: () => undefined,
    async read(start, end) {
      reads++
      bytes += end - start
      if (reads > maxReads || bytes > maxBytes) throw new TooManyReadsError('its parts lead round in circles')
      const wanted = new Uint8Array(end - start)
      await file.read(wanted, 0, wanted.length, start)
      return wanted
    },
  })
}
