import type { Extracted, FileType } from '../../runtime/index.ts'
import type { AssetRow } from './asset-row.ts'

type Cell = string | number | boolean | null

interface Column {
  readonly name: string
  readonly type: 'integer' | 'bigint' | 'double precision' | 'text' | 'boolean' | 'jsonb'
  readonly value: (row: AssetRow) => Cell | undefined
}

/** The catalog's table of a type, and what its columns are filled with; `file_id` stands for itself. */
export interface TypeTable {
  readonly name: string
  readonly columns: readonly Column[]
}

type OfType<T extends FileType> = Extract<Extracted, { readonly type: T }>

/** A column with what an extractor of this type found. */
function found<T extends FileType>(
  type: T,
): (name: string, of: Column['type'], value: (extracted: OfType<T>) => Cell | undefined) => Column {
  return (name, of, value) => ({
    name,
    type: of,
    value: ({ extracted }) => (extracted?.type === type ? value(extracted as OfType<T>) : null),
  })
}

const thumbnail: Column = { name: 'thumbnail_path', type: 'text', value: (row) => row.thumbnail }

const sequenceColumns: readonly Column[] = [
  { name: 'is_sequence', type: 'boolean', value: ({ sequence }) => sequence !== undefined },
  { name: 'sequence_start_frame', type: 'integer', value: ({ sequence }) => sequence?.startFrame },
  { name: 'sequence_end_frame', type: 'integer', value: ({ sequence }) => sequence?.endFrame },
  { name: 'sequence_frame_count', type: 'integer', value: ({ sequence }) => sequence?.frames.length },
]

const image = found('image')
const video = found('video')
const blend = found('blend')
const audio = found('audio')
const code = found('code')
const spreadsheet = found('spreadsheet')
const document = found('document')
const cache = found('cache')

/** By type: the tables of the catalog's first migration. */
export const typeTables: Readonly<Record<FileType, TypeTable>> = {
  image: {
    name: 'images',
    columns: [
      image('resolution_x', 'integer', (of) => of.resolutionX),
      image('resolution_y', 'integer', (of) => of.resolutionY),
      image('mode', 'text', (of) => of.mode),
      thumbnail,
      ...sequenceColumns,
    ],
  },
  video: {
    name: 'videos',
    columns: [
      video('resolution_x', 'integer', (of) => of.resolutionX),
      video('resolution_y', 'integer', (of) => of.resolutionY),
      video('duration', 'double precision', (of) => of.duration),
      video('fps', 'double precision', (of) => of.fps),
      video('codec', 'text', (of) => of.codec),
      video('bit_rate', 'bigint', (of) => rounded(of.bitRate)),
      thumbnail,
    ],
  },
  blend: {
    name: 'blend_files',
    columns: [
      blend('blender_version', 'text', (of) => of.blenderVersion),
      blend('num_frames', 'integer', (of) => of.numFrames),
      blend('fps', 'double precision', (of) => of.fps),
      blend('render_engine', 'text', (of) => of.renderEngine),
      blend('resolution_x', 'integer', (of) => of.resolutionX),
      blend('resolution_y', 'integer', (of) => of.resolutionY),
      blend('total_objects', 'integer', (of) => of.totalObjects),
      blend('meshes', 'integer', (of) => of.meshes),
      blend('cameras', 'integer', (of) => of.cameras),
      blend('lights', 'integer', (of) => of.lights),
      thumbnail,
    ],
  },
  audio: {
    name: 'audio',
    columns: [
      audio('duration', 'double precision', (of) => of.duration),
      audio('bitrate', 'bigint', (of) => rounded(of.bitrate)),
      audio('sample_rate', 'integer', (of) => of.sampleRate),
      audio('channels', 'integer', (of) => of.channels),
      audio('codec', 'text', (of) => of.codec),
    ],
  },
  code: {
    name: 'code',
    columns: [
      code('language', 'text', (of) => of.language),
      code('num_lines', 'bigint', (of) => of.numLines),
      code('encoding', 'text', (of) => of.encoding),
      code('has_shebang', 'boolean', (of) => of.hasShebang),
    ],
  },
  spreadsheet: {
    name: 'spreadsheets',
    columns: [
      spreadsheet('num_sheets', 'integer', (of) => of.numSheets),
      spreadsheet('sheet_names', 'jsonb', (of) => JSON.stringify(of.sheetNames.map(storableText))),
      spreadsheet('num_rows', 'bigint', (of) => of.numRows),
      spreadsheet('num_columns', 'integer', (of) => of.numColumns),
      spreadsheet('has_header', 'boolean', (of) => of.hasHeader),
    ],
  },
  document: {
    name: 'documents',
    columns: [
      document('doc_type', 'text', (of) => of.docType),
      document('page_count', 'integer', (of) => of.pageCount),
      document('word_count', 'bigint', (of) => of.wordCount),
    ],
  },
  cache: {
    name: 'caches',
    columns: [cache('cache_type', 'text', (of) => of.cacheType), ...sequenceColumns],
  },
  unknown: { name: 'unknown_files', columns: [] },
}

/** Bits a second are an average, which need not be whole. */
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value)
}

/** PostgreSQL's text has no NUL, and UTF-8 no halves of characters. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed()
}

/** The value of a column as PostgreSQL takes it; `null` where there is none. */
export function cellOf(column: Column, row: AssetRow): Cell {
  const value = column.value(row) ?? null
  return typeof value === 'string' ? storableText(value) : value
}

const limits = { integer: 2 ** 31 - 1, bigint: Number.MAX_SAFE_INTEGER } as const

/** Why the catalog could not hold what a file says of itself, if it could not: files lie. */
export function unstorable(row: AssetRow): string | undefined {
  for (const column of typeTables[row.type].columns) {
    const value = column.value(row)
    if (typeof value !== 'number') continue
    const isFit =
      column.type === 'double precision'
        ? Number.isFinite(value)
        : Number.isInteger(value) && Math.abs(value) <= limits[column.type as 'integer' | 'bigint']
    if (!isFit) return `says that its ${column.name.replaceAll('_', ' ')} is ${value}, which cannot be`
  }
  return undefined
}
