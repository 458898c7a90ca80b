import { type Counts, type FileType, fileTypeOf } from '../../runtime/index.ts'
import { type Asset, sizeOf } from './asset-row.ts'

/** How many lines of each kind a record has; the catalog has all errors. */
const maxLines = 20

/** Counts of a scan, and what its record is to say. */
export class ScanTally {
  readonly #counts: Record<string, number> = {
    files: 0,
    processed: 0,
    unchanged: 0,
    errors: 0,
    sequences: 0,
    frames: 0,
    thumbnails: 0,
    deleted: 0,
    restored: 0,
    replaced: 0,
    bytes: 0,
  }
  readonly #errors: string[] = []
  /** How many files each warning is of. */
  readonly #warnings = new Map<string, number>()

  count(
    name: 'processed' | 'unchanged' | 'errors' | 'thumbnails' | 'deleted' | 'restored' | 'replaced',
    by = 1,
  ): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by
  }

  /** An asset that is there. */
  see(asset: Asset): void {
    const type: FileType = fileTypeOf(asset.key)
    this.#add('files', 1)
    this.#add(`files.${type}`, 1)
    this.#add('bytes', sizeOf(asset))
    if (asset.kind !== 'sequence') return
    this.#add('sequences', 1)
    this.#add('frames', asset.frames.length)
  }

  tellError(key: string, message: string): void {
    this.count('errors')
    if (this.#errors.length < maxLines) this.#errors.push(`${oneLine(key)}: ${message}`)
  }

  warn(message: string): void {
    if (this.#warnings.has(message) || this.#warnings.size < maxLines) {
      this.#warnings.set(message, (this.#warnings.get(message) ?? 0) + 1)
    }
  }

  get(name: 'files' | 'errors'): number {
    return this.#counts[name] ?? 0
  }

  counts(): Counts {
    // What every run's table shows as its rows are those that were written.
    return { ...this.#counts, rows: this.#counts.processed ?? 0 }
  }

  /** One line each. */
  lines(newErrors: number): string[] {
    const more = newErrors - this.#errors.length
    return [
      ...this.#errors,
      ...(more > 0 ? [`and ${more} more files with errors: see files.error in the catalog`] : []),
      ...[...this.#warnings].map(([message, files]) =>
        files === 1 ? message : `${message} (${files} files)`,
      ),
    ]
  }

  #add(name: string, by: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by
  }
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is shown instead
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (of) => JSON.stringify(of).slice(1, -1))
}
