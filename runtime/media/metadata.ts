import type { InputFile } from '../contracts.ts'
import type { AudioInfo } from './audio-parse.ts'
import { type BlendInfo, readBlend } from './blend.ts'
import { readBmp } from './bmp.ts'
import { inputProblem, withBoundedFile } from './bounded-file.ts'
import { parseBounded } from './bounded-parser.ts'
import { type ExtractOptions, withinLimits } from './bounded-work.ts'
import { type CacheInfo, readCache } from './cache.ts'
import { extensionOf, type FileType } from './classify.ts'
import { readDocument } from './document.ts'
import { readExr } from './exr.ts'
import { type ImageFormat, readImage } from './image.ts'
import { readKra } from './kra.ts'
import type { MediaLimits } from './media-limits.ts'
import { type DocumentCounts, readOdg } from './open-document.ts'
import type { PictureInfo } from './picture-info.ts'
import { isProgramMissing } from './program-error.ts'
import { readPsd } from './psd.ts'
import { type CodeInfo, readSourceCode } from './source-code.ts'
import { readSpreadsheet, type SpreadsheetInfo } from './spreadsheet.ts'
import { readVideoMetadata } from './video-metadata.ts'

export { extractThumbnail } from './extract-thumbnail.ts'
export type { ExtractOptions }

/** What stands beside the columns of every type. */
interface ExtractedBase {
  /** In lower case, without the dot; empty where the name has none. */
  readonly extension: string
  /** One line each: what could not be found out, or is odd, although nothing is wrong with the file. */
  readonly warnings: readonly string[]
}

export interface ImageMetadata extends ExtractedBase {
  readonly type: 'image'
  /** As it is shown: after EXIF orientation. */
  readonly resolutionX: number | undefined
  readonly resolutionY: number | undefined
  /** In Pillow's words; see `imageMode`. */
  readonly mode: string | undefined
}

export interface VideoFileMetadata extends ExtractedBase {
  readonly type: 'video'
  /** As it is shown: after rotation, and with pixels made square. */
  readonly resolutionX: number | undefined
  readonly resolutionY: number | undefined
  /** In seconds. */
  readonly duration: number | undefined
  readonly fps: number | undefined
  readonly codec: string | undefined
  /** Of the whole file, in bits per second. */
  readonly bitRate: number | undefined
}

export type BlendMetadata = ExtractedBase & BlendInfo & { readonly type: 'blend' }
export type AudioMetadata = ExtractedBase & AudioInfo & { readonly type: 'audio' }
export type CodeMetadata = ExtractedBase & CodeInfo & { readonly type: 'code' }
export type SpreadsheetMetadata = ExtractedBase & SpreadsheetInfo & { readonly type: 'spreadsheet' }
/** `docType` is the extension. */
export type DocumentMetadata = ExtractedBase &
  DocumentCounts & { readonly type: 'document'; readonly docType: string }
export type CacheMetadata = ExtractedBase & CacheInfo & { readonly type: 'cache' }
export type UnknownMetadata = ExtractedBase & { readonly type: 'unknown' }

/** The columns of the catalog's table of each type, in camelCase. `undefined` is what the file does not tell. */
export type Extracted =
  | ImageMetadata
  | VideoFileMetadata
  | BlendMetadata
  | AudioMetadata
  | CodeMetadata
  | SpreadsheetMetadata
  | DocumentMetadata
  | CacheMetadata
  | UnknownMetadata

/** What may be empty and be what it should be. */
const maybeEmpty: ReadonlySet<FileType> = new Set<FileType>(['code', 'unknown'])
const maybeEmptyExtensions: ReadonlySet<string> = new Set(['txt', 'md', 'csv', 'tsv'])

/** What is read by `parseBounded`. */
const parsedExtensions: ReadonlySet<string> = new Set(['pdf', 'doc', 'xls'])

/**
 * What `file` tells about itself, by its content where its kind can be told by that. @throws InputError with the reason,
 * in one line, when it is damaged, is not what its name says or is beyond a limit; AbortedError when `signal` is aborted.
 * That a program is not installed is a warning.
 */
export async function extractMetadata(
  file: InputFile,
  type: FileType,
  options: ExtractOptions,
): Promise<Extracted> {
  const extension = extensionOf(file.name)
  const base = { extension, warnings: [] }
  if (type === 'unknown') return { type, ...base }
  if (file.size === 0 && !maybeEmpty.has(type) && !maybeEmptyExtensions.has(extension)) {
    throw inputProblem(file.name, 'is empty')
  }
  return withinLimits(
    file,
    options,
    async (local, signal) => {
      const { limits } = options
      switch (type) {
        case 'image':
          return { type, ...base, ...(await imageColumns(local, extension, limits, signal)) }
        case 'video':
          return { type, ...base, ...(await videoColumns(local, options, signal)) }
        case 'blend':
          return { type, ...base, ...(await readBlend(local, limits, signal)) }
        case 'audio':
          return { type, ...base, ...(await audioColumns(local, limits, signal)) }
        case 'code':
          return { type, ...base, ...(await readSourceCode(local, extension, limits, signal)) }
        case 'spreadsheet':
          return { type, ...base, ...(await readSpreadsheet(local, extension, limits, signal)) }
        case 'document':
          return {
            type,
            ...base,
            docType: extension,
            ...(await readDocument(local, extension, limits, signal)),
          }
        case 'cache':
          return { type, ...base, ...(await readCache(local, extension, signal)) }
      }
    },
    type === 'audio' || parsedExtensions.has(extension),
  )
}

type ImageColumns = Pick<ImageMetadata, 'resolutionX' | 'resolutionY' | 'mode' | 'warnings'>

/** What libvips does not read, by extension. */
const pictureReaders: Readonly<
  Record<string, (file: InputFile, limits: MediaLimits, signal: AbortSignal) => Promise<PictureInfo>>
> = {
  psd: (file, _, signal) => withBoundedFile(file, signal, readPsd),
  exr: (file, _, signal) => withBoundedFile(file, signal, readExr),
  bmp: (file, _, signal) => withBoundedFile(file, signal, readBmp),
  kra: readKra,
  odg: readOdg,
}

/** The extensions of each format that differ from its name. */
const extensionsOfFormats: Readonly<Record<string, string>> = { jpg: 'jpeg', tif: 'tiff', svgz: 'svg' }

async function imageColumns(
  file: InputFile,
  extension: string,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<ImageColumns> {
  const reader = pictureReaders[extension]
  if (!reader) {
    const { pixels, decodedBytes, secondsPerFile: seconds } = limits
    const path = await file.localPath()
    const { width, height, mode, format } = await readImage(path, { pixels, decodedBytes, seconds, signal })
    return { resolutionX: width, resolutionY: height, mode, warnings: misnamed(format, extension) }
  }
  const { width, height, mode } = await reader(file, limits, signal)
  if (width !== undefined && height !== undefined && width * height > limits.pixels) {
    throw inputProblem(
      file.name,
      `has ${width} x ${height} pixels: at most ${limits.pixels} are allowed in all`,
    )
  }
  return { resolutionX: width, resolutionY: height, mode, warnings: [] }
}

function misnamed(format: ImageFormat, extension: string): string[] {
  const expected = extensionsOfFormats[extension] ?? extension
  return format === expected ? [] : [`is ${format.toUpperCase()} by its content, and named .${extension}`]
}

type VideoColumns = Omit<VideoFileMetadata, 'type' | 'extension'>

async function videoColumns(
  file: InputFile,
  { limits, searchPath }: ExtractOptions,
  signal: AbortSignal,
): Promise<VideoColumns> {
  try {
    const found = await readVideoMetadata(await file.localPath(), {
      name: file.name,
      signal,
      searchPath,
      timeoutMs: limits.secondsPerFile * 1000,
      limits: { maxPixels: limits.pixels, maxDurationSeconds: limits.durationSeconds },
    })
    return {
      resolutionX: found.width,
      resolutionY: found.height,
      duration: found.durationSeconds,
      fps: found.fps,
      codec: found.codec,
      bitRate: found.bitRate,
      warnings: found.fps === undefined ? ['does not tell its frame rate'] : [],
    }
  } catch (error) {
    if (!isProgramMissing(error)) throw error
    return { ...nothingKnown, warnings: [error.message] }
  }
}

const nothingKnown: Omit<VideoColumns, 'warnings'> = {
  resolutionX: undefined,
  resolutionY: undefined,
  duration: undefined,
  fps: undefined,
  codec: undefined,
  bitRate: undefined,
}

async function audioColumns(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<AudioInfo & Pick<ExtractedBase, 'warnings'>> {
  // Following the packets of damaged FLAC may never end, and the next file waits for it. Sound files take a tenth of this.
  const secondsPerFile = Math.min(limits.secondsPerFile, 5 + file.size / 1e6)
  const found = await parseBounded('audio', file, { ...limits, secondsPerFile }, signal)
  return { ...found, warnings: found.duration === undefined ? ['does not tell its length'] : [] }
}
