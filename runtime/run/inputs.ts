import { createHash, type Hash } from 'node:crypto'
import type { BucketRole, ObjectInfo, ObjectReader, PlannedRun, Window, WorkUnit } from '../contracts.ts'
import { concurrently } from './concurrently.ts'
import { matchesFiles } from './file-filter.ts'
import { type LedgerSubject, subjectsOf } from './ledger-entry.ts'
import { byKey, listingOf, type ObjectListing, PackedListing } from './object-listing.ts'
import { isInShard, shardOf } from './shards.ts'

/**
 * Every file that a fetch of `span` would read, half-open. Only the pipeline's storage templates know: a file's time
 * stands in its name. Called once a window, so an implementation that lists should list once for many spans.
 */
export type FilesOf = (reader: ObjectReader, span: Window) => Promise<readonly ObjectInfo[]>

/** A subject of the ledger with the objects that are its input now. */
export interface Subject {
  readonly subject: LedgerSubject
  readonly digest: string
  readonly objects: ObjectListing
}

export interface ResolvedInputs {
  readonly subjects: readonly Subject[]
  /** Keys that were asked for and are not there. */
  readonly missing: readonly string[]
}

/** The bucket that a run's inputs are in, as its `raw` sees it. */
export function inputBucket(run: PlannedRun): BucketRole {
  return run.trigger.source?.bucket ?? run.reads[0]?.bucket ?? 'input'
}

/** What a work unit's inputs are at this moment. */
export async function resolveInputs(
  run: PlannedRun,
  work: WorkUnit,
  reader: ObjectReader,
  filesOf: FilesOf | undefined,
): Promise<ResolvedInputs> {
  switch (work.kind) {
    case 'objects':
      return resolveObjects(work.keys, reader)
    case 'window': {
      if (!filesOf) throw new TypeError(`${run.key} was given a window, and no way to list a window's files`)
      return { subjects: [await resolveWindow(run, work.window, reader, filesOf)], missing: [] }
    }
    case 'prefix': {
      const objects = new PackedListing()
      const digest = new ListingDigest()
      for await (const info of reader.list(work.prefix)) {
        if (!matchesFiles(run.trigger.files, info.key, work.prefix) || !isInShard(info.key, work.shard))
          continue
        objects.add(info)
        digest.add(info)
      }
      return { subjects: [{ subject: work, digest: digest.end(), objects }], missing: [] }
    }
  }
}

/** The digests of a prefix's shards, in their order, from one listing, of which nothing is kept. */
export async function digestShards(
  run: PlannedRun,
  prefix: string,
  of: number,
  reader: ObjectReader,
): Promise<string[]> {
  const digests = Array.from({ length: of }, () => new ListingDigest())
  for await (const info of reader.list(prefix)) {
    if (matchesFiles(run.trigger.files, info.key, prefix)) digests[shardOf(info.key, of)]?.add(info)
  }
  return digests.map((digest) => digest.end())
}

async function resolveObjects(keys: readonly string[], reader: ObjectReader): Promise<ResolvedInputs> {
  const found = await concurrently(subjectsOf({ kind: 'objects', keys }), 16, async (subject) => {
    const key = subject.kind === 'object' ? subject.key : ''
    const info = await reader.head(key)
    return info ? { subject, digest: info.etag, objects: listingOf([info]) } : key
  })
  return {
    subjects: found.filter((item) => typeof item !== 'string'),
    missing: found.filter((item) => typeof item === 'string'),
  }
}

/** A window with the files that its padded fetch would read. */
export async function resolveWindow(
  run: PlannedRun,
  window: Window,
  reader: ObjectReader,
  filesOf: FilesOf,
): Promise<Subject> {
  const objects = await filesOf(reader, padded(window, run.window?.padding))
  return { subject: { kind: 'window', window }, digest: digestOf(objects), objects: listingOf(objects) }
}

function padded(
  window: Window,
  padding: { readonly beforeSeconds: number; readonly afterSeconds: number } | undefined,
): Window {
  const shift = (instant: string, seconds: number) =>
    new Date(Date.parse(instant) + seconds * 1000).toISOString()
  return {
    start: shift(window.start, -(padding?.beforeSeconds ?? 0)),
    end: shift(window.end, padding?.afterSeconds ?? 0),
  }
}

/** One digest of keys and versions, whatever their order. */
export function digestOf(objects: readonly ObjectInfo[]): string {
  const digest = new ListingDigest()
  for (const info of [...objects].sort(byKey)) digest.add(info)
  return digest.end()
}

/** The digest of objects that come in the order of their keys. */
class ListingDigest {
  readonly #hash: Hash = createHash('sha256')

  add({ key, etag }: ObjectInfo): void {
    this.#hash.update(`${JSON.stringify([key, etag])}\n`)
  }

  end(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}
