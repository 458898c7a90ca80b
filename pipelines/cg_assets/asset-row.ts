import {
  type Extracted,
  extensionOf,
  type FileType,
  type FrameSequence,
  fileTypeOf,
  InputError,
  middleFrame,
  type ObjectInfo,
  type SingleFile,
  sequenceEtag,
  showOf,
  textureTagsOf,
  versionOf,
} from '../../runtime/index.ts'

/** What a scan looks at: a file, or numbered files that count as one. */
export type Asset = SingleFile | FrameSequence

/** A row of `files`, and what the row of its type's table is made from. */
export interface AssetRow {
  readonly path: string
  readonly name: string
  readonly type: FileType
  readonly extension: string
  readonly size: number
  /** `null`: it could not be read, and is to be read again. */
  readonly etag: string | null
  readonly created: Date
  readonly modified: Date
  readonly show: string | undefined
  readonly version: number | undefined
  /** One line. */
  readonly error: string | undefined
  readonly tags: readonly string[]
  readonly extracted: Extracted | undefined
  readonly thumbnail: string | undefined
  readonly sequence: FrameSequence | undefined
}

/** What was found out about an asset. */
export interface AssetFindings {
  readonly extracted?: Extracted
  readonly thumbnail?: string
  readonly error?: string
  /** It was no fault of the file, so that a later scan tries again. */
  readonly isUnread?: boolean
}

/** The version of an asset that a row is of. */
export function etagOf(asset: Asset): string {
  return asset.kind === 'sequence' ? sequenceEtag(asset) : asset.etag
}

/** The object that stands for an asset: of a sequence, the frame in its middle. */
export function sampleOf(asset: Asset): ObjectInfo {
  return asset.kind === 'sequence' ? middleFrame(asset) : asset
}

/** In bytes; of a sequence, of all its frames. */
export function sizeOf(asset: Asset): number {
  return asset.kind === 'sequence' ? asset.frames.reduce((sum, { size }) => sum + size, 0) : asset.size
}

export function rowOf(asset: Asset, findings: AssetFindings): AssetRow {
  const { key } = asset
  const type = fileTypeOf(key)
  const times = (asset.kind === 'sequence' ? asset.frames : [asset]).map(({ lastModified }) =>
    lastModified.getTime(),
  )
  const { extracted } = findings
  const mode = extracted?.type === 'image' ? extracted.mode : undefined
  return {
    path: key,
    name: key.slice(key.lastIndexOf('/') + 1),
    type,
    extension: extensionOf(key),
    size: sizeOf(asset),
    etag: findings.isUnread ? null : etagOf(asset),
    created: new Date(times.reduce((a, b) => Math.min(a, b))),
    modified: new Date(times.reduce((a, b) => Math.max(a, b))),
    show: showOf(key),
    version: versionOf(key),
    error: findings.error,
    tags: type === 'image' ? textureTagsOf(key, mode) : [],
    extracted,
    thumbnail: findings.thumbnail,
    sequence: asset.kind === 'sequence' ? asset : undefined,
  }
}

/** What is wrong with a file, in one line, without the file's name, which the row has anyway. */
export function errorLine(error: unknown): string {
  const isInput = error instanceof InputError || (error as { tag?: unknown } | null)?.tag === 'input'
  const text = isInput ? (error as InputError).what : error instanceof Error ? error.message : String(error)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  return line.length > 500 ? `${line.slice(0, 499)}…` : line || 'cannot be read, and nothing says why'
}
