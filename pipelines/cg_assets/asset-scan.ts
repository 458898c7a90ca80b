import {
  type Catalog,
  ConfigError,
  collapseSequences,
  InputError,
  type ObjectStore,
  type RunContext,
  type Shard,
  type Skipped,
  StoreError,
  type Succeeded,
} from '../../runtime/index.ts'
import { type KnownFile, knownFiles, restoreFiles } from './asset-catalog.ts'
import { ScratchSpace } from './asset-input.ts'
import { readAsset } from './asset-reader.ts'
import { type Asset, etagOf, sampleOf } from './asset-row.ts'
import { Limiter } from './limiter.ts'
import { FoundSequences, settleMissingFiles } from './missing-files.ts'
import { RowWriter } from './row-writer.ts'
import type { ErrorLimit, ScanParameters } from './scan-parameters.ts'
import { ScanTally } from './scan-tally.ts'

/** How many assets the catalog is asked about at once. */
const lookUpSize = 500

/** A part of the run's memory is for the files that are being read; what they come to unpacked has limits of its own. */
const shareOfMemory = 0.25

/**
 * Scans the run's prefix, or its shard of it.
 * @throws InputError when more files have errors than the parameters allow; StoreError when some could not be read. All
 * that was found out is in the catalog by then.
 */
export async function scanAssets(
  context: RunContext,
  parameters: ScanParameters,
): Promise<Succeeded | Skipped> {
  const { work, run, catalog } = context
  if (work.kind !== 'prefix') throw problem(context, `scans a prefix: write "input: prefix" in the registry`)
  if (!catalog) throw problem(context, `keeps what it finds in the catalog: add it to "uses" in the registry`)
  const thumbnails = context.outputs[run.output.bucket] ?? context.output
  return new AssetScan(context, parameters, {
    catalog,
    thumbnails,
    prefix: work.prefix,
    shard: work.shard,
  }).run()
}

function problem({ run }: RunContext, message: string): ConfigError {
  return new ConfigError([
    { file: run.configFile, severity: 'error', path: '', message: `${run.key} ${message}` },
  ])
}

interface Places {
  readonly catalog: Catalog
  readonly thumbnails: ObjectStore
  readonly prefix: string
  readonly shard: Shard | undefined
}

class AssetScan {
  readonly #context: RunContext
  readonly #parameters: ScanParameters
  readonly #places: Places
  readonly #tally = new ScanTally()
  readonly #sequences = new FoundSequences()
  readonly #limiter: Limiter
  readonly #scratch: ScratchSpace
  readonly #writer: RowWriter
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  #newErrors = 0
  readonly #unread: { readonly key: string; readonly error: unknown }[] = []

  constructor(context: RunContext, parameters: ScanParameters, places: Places) {
    const { compute } = context.run
    this.#context = context
    this.#parameters = parameters
    this.#places = places
    const concurrency = parameters.concurrency ?? Math.max(2, Math.ceil(2 * compute.vcpus))
    this.#limiter = new Limiter(concurrency, compute.memoryMB * 2 ** 20 * shareOfMemory)
    this.#scratch = new ScratchSpace(context.scratchDir, compute.scratchMB * 2 ** 20)
    const { catalog, thumbnails } = places
    this.#writer = new RowWriter({
      catalog,
      thumbnails,
      batchSize: parameters.batchSize,
      scanDate: context.now,
    })
  }

  async run(): Promise<Succeeded | Skipped> {
    try {
      await this.#readAll()
      const { deleted, replaced } = await settleMissingFiles({
        ...this.#places,
        raw: this.#context.raw,
        sequences: this.#sequences,
        now: this.#context.now,
        signal: this.#context.signal,
      })
      this.#tally.count('deleted', deleted)
      this.#tally.count('replaced', replaced)
    } finally {
      const counts = this.#tally.counts()
      this.#context.note({ counts, warnings: this.#tally.lines(this.#newErrors) })
      this.#context.log.info('Scan:Done', { counts })
    }
    return this.#conclude()
  }

  #conclude(): Succeeded | Skipped {
    const [unread] = this.#unread
    if (unread) {
      const others = this.#unread.length === 1 ? '' : `, and ${this.#unread.length - 1} more`
      throw new StoreError(`${unread.key}${others} could not be read; all else was scanned`, {
        cause: unread.error,
      })
    }
    const files = this.#tally.get('files')
    if (files === 0) return { outcome: 'skipped', reason: 'empty' }
    const errors = this.#tally.get('errors')
    if (isTooMany(errors, files, this.#parameters.maxErrors)) {
      throw new InputError(
        `${errors} of ${files} files have errors, and max_errors allows ${showLimit(this.#parameters.maxErrors)}; all were scanned, and files.error in the catalog says what is wrong with each`,
      )
    }
    return { outcome: 'succeeded', counts: this.#tally.counts() }
  }

  /** Goes through what is listed; what is new or has changed is read meanwhile. */
  async #readAll(): Promise<void> {
    try {
      for await (const assets of inBatches(this.#assets(), lookUpSize)) {
        const known = await knownFiles(
          this.#places.catalog,
          assets.map(({ key }) => key),
        )
        const back: string[] = []
        for (const asset of assets) {
          this.#stopIfFailed()
          this.#tally.see(asset)
          if (asset.kind === 'sequence') this.#sequences.add(asset)
          const row = known.get(asset.key)
          if (!row || !this.#isCurrent(row, asset)) await this.#start(asset)
          else {
            this.#tally.count('unchanged')
            if (row.hasError) this.#tally.count('errors')
            if (row.isDeleted) back.push(asset.key)
          }
        }
        if (back.length > 0) await restoreFiles(this.#places.catalog, back)
        this.#tally.count('restored', back.length)
        this.#context.progress(this.#tally.get('files'))
      }
    } finally {
      // Nothing may be written after the run's end.
      await Promise.all(this.#underWay)
    }
    this.#stopIfFailed()
    await this.#writer.flush()
  }

  /** Files, and sequences in the place of their frames, unless a file has the very name that would stand for them. */
  async *#assets(): AsyncGenerator<Asset> {
    const { raw } = this.#context
    const listing = raw.list(this.#places.prefix)
    if (!this.#parameters.sequences) {
      for await (const file of listing) yield { kind: 'file', ...file }
      return
    }
    const { minSequenceLength: minLength, minPadding } = this.#parameters
    for await (const asset of collapseSequences(listing, { minLength, minPadding })) {
      if (asset.kind === 'file' || !(await isListed(raw, asset.key))) yield asset
      else for (const frame of asset.frames) yield { kind: 'file', ...frame }
    }
  }

  #isCurrent(row: KnownFile, asset: Asset): boolean {
    const { rescanBefore } = this.#parameters
    // What this run has scanned is never too old.
    const oldest = Math.min(rescanBefore?.getTime() ?? -Infinity, this.#context.now.getTime())
    return row.etag !== null && row.etag === etagOf(asset) && row.scanDate.getTime() >= oldest
  }

  async #start(asset: Asset): Promise<void> {
    const release = await this.#limiter.acquire(sampleOf(asset).size)
    const task = this.#process(asset)
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        release()
        this.#underWay.delete(task)
      })
    this.#underWay.add(task)
  }

  async #process(asset: Asset): Promise<void> {
    if (this.#failure) return
    this.#context.signal.throwIfAborted()
    const { thumbnails } = this.#places
    const reading = await readAsset(asset, {
      context: this.#context,
      parameters: this.#parameters,
      scratch: this.#scratch,
      thumbnails,
    })
    if (!reading) return
    const { row, warnings, unread } = reading
    this.#tally.count('processed')
    if (row.thumbnail !== undefined) this.#tally.count('thumbnails')
    for (const warning of warnings) this.#tally.warn(warning)
    if (row.error !== undefined) {
      this.#newErrors++
      this.#tally.tellError(row.path, row.error)
      this.#context.log.warn('Scan:FileError', { path: row.path, error: row.error })
    }
    if (unread !== undefined) this.#unread.push({ key: asset.key, error: unread })
    await this.#writer.add(row, sampleOf(asset).size)
  }

  #stopIfFailed(): void {
    this.#context.signal.throwIfAborted()
    if (this.#failure) throw this.#failure.error
  }
}

async function isListed(raw: RunContext['raw'], key: string): Promise<boolean> {
  for await (const first of raw.list(key)) return first.key === key
  return false
}

async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function isTooMany(errors: number, files: number, limit: ErrorLimit): boolean {
  return limit.kind === 'count' ? errors > limit.count : errors > limit.share * files
}

function showLimit(limit: ErrorLimit): string {
  return limit.kind === 'count' ? String(limit.count) : `${Number((limit.share * 100).toFixed(2))} %`
}
