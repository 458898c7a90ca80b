import {
  defaultMediaLimits,
  type Extracted,
  extractMetadata,
  extractThumbnail,
  fileTypeOf,
  isSluiceError,
  type ObjectStore,
  type RunContext,
  thumbnailKeyOf,
} from '../../runtime/index.ts'
import { type AssetInput, openAsset, type ScratchSpace } from './asset-input.ts'
import { type Asset, type AssetFindings, type AssetRow, errorLine, rowOf, sampleOf } from './asset-row.ts'
import type { ScanParameters } from './scan-parameters.ts'
import { unstorable } from './type-tables.ts'

export interface AssetReaderOptions {
  readonly context: RunContext
  readonly parameters: ScanParameters
  readonly scratch: ScratchSpace
  readonly thumbnails: ObjectStore
}

/** What became of reading an asset. */
export interface AssetReading {
  readonly row: AssetRow
  readonly warnings: readonly string[]
  /** Why it could not be read, where that is not the file's fault. */
  readonly unread?: unknown
}

/**
 * Reads one asset and stores its thumbnail. Whatever is wrong with the file stands in its row. `undefined`: the file was
 * replaced since it was listed, and the run starts over for that. @throws what is wrong with the run, not with the file
 */
export async function readAsset(
  asset: Asset,
  options: AssetReaderOptions,
): Promise<AssetReading | undefined> {
  const { context, scratch } = options
  const input = openAsset(context.raw, sampleOf(asset), scratch)
  try {
    const { findings, picture, unread } = await findOut(asset, input, options)
    if (isSluiceError(unread, 'precondition-failed')) return undefined
    const row = rowOf(asset, findings)
    const problem = unstorable(row)
    const sound = problem === undefined ? row : { ...row, extracted: undefined, error: problem }
    const thumbnail = picture && (await store(picture, asset, options))
    return {
      row: { ...sound, thumbnail },
      warnings: findings.extracted?.warnings ?? [],
      ...(unread !== undefined && { unread }),
    }
  } finally {
    await input.remove()
  }
}

interface Findings {
  readonly findings: AssetFindings
  readonly picture?: Uint8Array | undefined
  readonly unread?: unknown
}

async function findOut(asset: Asset, input: AssetInput, options: AssetReaderOptions): Promise<Findings> {
  const { context, parameters } = options
  const { signal } = context
  const type = fileTypeOf(asset.key)
  const extraction = {
    limits: { ...defaultMediaLimits, secondsPerFile: parameters.secondsPerFile },
    signal,
  }
  let extracted: Extracted | undefined
  try {
    extracted = await extractMetadata(input.file, type, extraction)
    const picture = parameters.thumbnails
      ? await extractThumbnail(input.file, type, extracted, extraction)
      : undefined
    return { findings: { extracted }, picture }
  } catch (error) {
    signal.throwIfAborted()
    const failure = input.readFailure()
    const isUnread = failure !== undefined && !isSluiceError(failure, 'input')
    const findings = { ...(extracted && { extracted }), error: errorLine(failure ?? error), isUnread }
    return { findings, ...(isUnread && { unread: failure }) }
  }
}

async function store(picture: Uint8Array, asset: Asset, options: AssetReaderOptions): Promise<string> {
  const { context, thumbnails } = options
  const key = context.run.output.prefix + thumbnailKeyOf(asset.key, fileTypeOf(asset.key))
  await thumbnails.put(key, picture, { contentType: 'image/jpeg' })
  return key
}
