import type { InputFile } from '../contracts.ts'
import type { FileType } from './classify.ts'
import type { MediaLimits } from './media-limits.ts'

/** What stands in a file that has a row in `files` and nothing else to say. */
interface ExtractedBase {
  /** In lower case, without the dot; empty where the name has none. */
  readonly extension: string
  /** One line each: what could not be found out, although nothing is wrong with the file. */
  readonly warnings: readonly string[]
}

export interface ImageMetadata extends ExtractedBase {
  readonly type: 'image'
  readonly resolutionX: number | undefined
  readonly resolutionY: number | undefined
  /** As Pillow calls it where it has a word: `L`, `RGB`, `RGBA`, `CMYK`, `P`, `1`, `I;16`. */
  readonly mode: string | undefined
}

export interface VideoFileMetadata extends ExtractedBase {
  readonly type: 'video'
  readonly resolutionX: number | undefined
  readonly resolutionY: number | undefined
  /** In seconds. */
  readonly duration: number | undefined
  readonly fps: number | undefined
  readonly codec: string | undefined
  /** In bits a second. */
  readonly bitRate: number | undefined
}

export interface BlendMetadata extends ExtractedBase {
  readonly type: 'blend'
  readonly blenderVersion: string
  readonly numFrames: number | undefined
  readonly fps: number | undefined
  readonly renderEngine: string | undefined
  /** What a render comes out at: the scene's size scaled by its percentage. */
  readonly resolutionX: number | undefined
  readonly resolutionY: number | undefined
  readonly totalObjects: number
  readonly meshes: number
  readonly cameras: number
  readonly lights: number
}

export interface AudioMetadata extends ExtractedBase {
  readonly type: 'audio'
  /** In seconds. */
  readonly duration: number | undefined
  /** In bits a second. */
  readonly bitrate: number | undefined
  readonly sampleRate: number | undefined
  readonly channels: number | undefined
  readonly codec: string | undefined
}

export interface CodeMetadata extends ExtractedBase {
  readonly type: 'code'
  readonly language: string
  readonly numLines: number
  readonly encoding: string
  readonly hasShebang: boolean
}

export interface SpreadsheetMetadata extends ExtractedBase {
  readonly type: 'spreadsheet'
  readonly numSheets: number
  readonly sheetNames: readonly string[]
  /** Of the first sheet. */
  readonly numRows: number
  readonly numColumns: number
  readonly hasHeader: boolean
}

export interface DocumentMetadata extends ExtractedBase {
  readonly type: 'document'
  /** The extension: `pdf`, `docx` … */
  readonly docType: string
  readonly pageCount: number | undefined
  readonly wordCount: number | undefined
}

export interface CacheMetadata extends ExtractedBase {
  readonly type: 'cache'
  readonly cacheType: 'physics' | 'alembic' | 'vdb' | 'geometry'
}

export interface UnknownMetadata extends ExtractedBase {
  readonly type: 'unknown'
}

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

export interface ExtractOptions {
  readonly limits: MediaLimits
  readonly signal: AbortSignal
  /** For what a program must have as a file; empty again afterwards. */
  readonly scratchDir: string
}

/**
 * What `file` tells about itself. @throws InputError with the reason, in one line, when its content is not what its
 * name says, is damaged or is beyond a limit; AbortedError when `signal` is aborted. A program that is not installed is
 * a warning.
 */
export async function extractMetadata(
  file: InputFile,
  type: FileType,
  options: ExtractOptions,
): Promise<Extracted> {
  throw new Error(`not yet: ${file.name} ${type} ${options.scratchDir}`)
}

/**
 * A JPEG of 512 x 512 (quality 85) of what an image, a video or a .blend shows, letterboxed on black; `undefined` for
 * what has no picture in it. @throws InputError when there is one that is damaged or beyond a limit
 */
export async function extractThumbnail(
  file: InputFile,
  type: FileType,
  metadata: Extracted,
  options: ExtractOptions,
): Promise<Uint8Array | undefined> {
  throw new Error(`not yet: ${file.name} ${type} ${metadata.type} ${options.scratchDir}`)
}
