import {
  type Catalog,
  compareKeys,
  type FrameSequence,
  frameMatcher,
  isInShard,
  type ObjectReader,
  type ObjectStore,
  type Shard,
} from '../../runtime/index.ts'
import {
  eachPresentFile,
  markDeleted,
  type PresentFile,
  type ReplacedRow,
  removeReplaced,
} from './asset-catalog.ts'

/** Every sequence that a scan has found, by what they have in common: all but the numbers of their frames. */
export class FoundSequences {
  readonly #byPattern = new Map<string, FrameSequence['key'][]>()
  readonly #keys = new Set<string>()

  add({ key }: FrameSequence): void {
    this.#keys.add(key)
    const pattern = patternOf(key)
    const others = this.#byPattern.get(pattern)
    if (others) others.push(key)
    else this.#byPattern.set(pattern, [key])
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Sequences that differ from this one in their first and last frames only. */
  likeThis(key: string): readonly string[] {
    return this.#byPattern.get(patternOf(key)) ?? []
  }
}

function patternOf(sequenceKey: string): string {
  return sequenceKey.replace(/\[\d+-\d+\](?=[^/]*$)/, '[]')
}

export interface MissingFilesOptions {
  readonly catalog: Catalog
  /** Lists what the scan has listed. */
  readonly raw: ObjectReader
  readonly prefix: string
  readonly shard: Shard | undefined
  readonly sequences: FoundSequences
  readonly thumbnails: ObjectStore
  readonly now: Date
  readonly signal: AbortSignal
}

const batchSize = 1000

/**
 * Marks the rows of files that the scan did not find. The row of a sequence whose frames are still there, in a longer or
 * shorter sequence or singly, is removed instead: others have taken its place.
 */
export async function settleMissingFiles(
  options: MissingFilesOptions,
): Promise<{ readonly deleted: number; readonly replaced: number }> {
  const { catalog, raw, sequences, now, signal, thumbnails } = options
  const gone: string[] = []
  const replaced: ReplacedRow[] = []
  await findMissing(options, async (file) => {
    signal.throwIfAborted()
    if (!file.isSequence || !(await hasFrames(raw, file.path))) gone.push(file.id)
    else replaced.push({ id: file.id, successors: sequences.likeThis(file.path) })
  })
  for (let at = 0; at < gone.length; at += batchSize) {
    signal.throwIfAborted()
    await markDeleted(catalog, gone.slice(at, at + batchSize), now)
  }
  for (let at = 0; at < replaced.length; at += batchSize) {
    signal.throwIfAborted()
    const unshown = await removeReplaced(catalog, replaced.slice(at, at + batchSize))
    for (const key of unshown) await thumbnails.delete(key)
  }
  return { deleted: gone.length, replaced: replaced.length }
}

/** Goes through the rows and the listing side by side, both in the order of their keys' bytes. */
async function findMissing(
  { catalog, raw, prefix, shard, sequences }: MissingFilesOptions,
  tell: (file: PresentFile) => Promise<void>,
): Promise<void> {
  const listing = raw.list(prefix)[Symbol.asyncIterator]()
  let listed = await listing.next()
  await eachPresentFile(catalog, prefix, async (file) => {
    while (!listed.done && compareKeys(listed.value.key, file.path) < 0) listed = await listing.next()
    const isListed = !listed.done && listed.value.key === file.path
    if (isListed || sequences.has(file.path) || !isInShard(file.path, shard)) return
    await tell(file)
  })
}

async function hasFrames(raw: ObjectReader, sequenceKey: string): Promise<boolean> {
  const matcher = frameMatcher(sequenceKey)
  if (!matcher) return false
  for await (const { key } of raw.list(matcher.beginning)) if (matcher.matches(key)) return true
  return false
}
