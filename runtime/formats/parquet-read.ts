import { type FileHandle, open } from 'node:fs/promises'
import { brotliDecompressSync, crc32, gunzipSync } from 'node:zlib'
import {
  type AsyncBuffer,
  type ColumnChunk,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  type RowGroup,
  type SchemaElement,
} from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { compressors as otherCompressors } from 'hyparquet-compressors'
import type { InputFile } from '../contracts.ts'
import { type Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { InputError, isSluiceError } from '../errors.ts'
import { fromDataFrame, LabelError, rowDimension, rowNumbers } from './data-frame.ts'
import { type ColumnType, columnType, ParquetColumn } from './parquet-column.ts'
import { type PandasIndex, parsePandasIndex } from './parquet-pandas.ts'
import { checkSeal } from './parquet-seal.ts'

export interface ReadParquetOptions {
  /** Which columns to read, as pandas' `columns`; all without it. */
  readonly columns?: readonly string[]
}

/** Node's own check gzip's checksum, which those of the package do not. */
const compressors: Compressors = {
  ...otherCompressors,
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
}

/**
 * Reads Parquet as `pandas.read_parquet` followed by `Dataset.from_dataframe` would, with the index that pandas noted.
 * Of the columns only those in `names` are kept, besides index columns. Whole numbers with gaps become float64,
 * decimals the nearest float64, truth values with gaps text. Damage is found by checksums where the file has any (those
 * written here do, gzipped pages too, others seldom) and else by what does not fit together: a changed bit inside an
 * uncompressed or snappy-compressed page of a foreign file may go unnoticed.
 * @throws InputError
 */
export async function readParquet(
  file: InputFile,
  options: ReadParquetOptions = {},
  names?: ReadonlySet<string>,
): Promise<Dataset> {
  const path = await file.localPath()
  const handle = await open(path)
  try {
    await checkSeal(path)
    const source = await openFile(handle)
    const isWanted = (name: string): boolean =>
      (!names || names.has(name)) && (!options.columns || options.columns.includes(name))
    return await new TableReader(file, source, await readMetadata(source)).read(isWanted)
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    const message =
      cause instanceof LabelError ? cause.message : `cannot be read as Parquet: ${messageOf(cause)}`
    throw new InputError(message, { place: { file: file.name }, cause })
  } finally {
    await handle.close()
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')
}

async function openFile(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat()
  const slice = async (start: number, end: number = size): Promise<ArrayBuffer> => {
    if (!(start >= 0 && start <= end && end <= size))
      throw new Error(`bytes ${start} to ${end} are not in the file`)
    const bytes = new ArrayBuffer(end - start)
    const { bytesRead } = await handle.read(new Uint8Array(bytes), 0, bytes.byteLength, start)
    if (bytesRead !== bytes.byteLength) throw new Error('it ends too early')
    return bytes
  }
  return { byteLength: size, slice }
}

async function readMetadata(source: AsyncBuffer): Promise<FileMetaData> {
  if (source.byteLength < 12) throw new Error('it is too short')
  const magic = Buffer.from(await source.slice(0, 4)).toString('latin1')
  if (magic === 'PARE') throw new Error('its footer is encrypted')
  if (magic !== 'PAR1') throw new Error('it does not begin with PAR1')
  const metadata = await parquetMetadataAsync(source, { geoparquet: false })
  const rows = metadata.row_groups.reduce((sum, group) => sum + group.num_rows, 0n)
  if (metadata.num_rows !== rows)
    throw new Error(`it says ${metadata.num_rows} rows, and its parts have ${rows}`)
  if (rows > BigInt(2 ** 31)) throw new Error(`${rows} rows are more than can be read`)
  return metadata
}

interface Column {
  readonly element: SchemaElement
  readonly type: ColumnType | string
}

class TableReader {
  private readonly file: InputFile
  private readonly source: AsyncBuffer
  private readonly metadata: FileMetaData
  private readonly columns = new Map<string, Column>()
  private readonly rows: number

  constructor(file: InputFile, source: AsyncBuffer, metadata: FileMetaData) {
    this.file = file
    this.source = source
    this.rows = Number(metadata.num_rows)
    for (const element of topLevel(metadata.schema)) {
      if (this.columns.has(element.name)) throw new Error(`two columns are called ${element.name}`)
      this.columns.set(element.name, { element, type: columnType(element) })
    }
    this.metadata = { ...metadata, schema: metadata.schema.map(withoutMeaning) }
  }

  async read(isWanted: (name: string) => boolean): Promise<Dataset> {
    const { key_value_metadata: notes, schema } = this.metadata
    const pandas = parsePandasIndex(notes?.find(({ key }) => key === 'pandas')?.value, [
      ...this.columns.keys(),
    ])
    if (schema.length === 0) throw new Error('it has no schema')
    const index = new Map<string, Variable>()
    const indexFields = new Set<string>()
    for (const level of pandas) {
      if ('field' in level) indexFields.add(level.field)
      index.set(level.name, await this.indexColumn(level))
    }
    if (index.size === 0 && isWanted(rowDimension)) {
      index.set(rowDimension, rowNumbers(rowDimension, new Map([[rowDimension, this.rows]])))
    }
    const columns = new Map<string, Variable>()
    for (const name of this.columns.keys()) {
      if (!indexFields.has(name) && isWanted(name)) columns.set(name, await this.column(name))
    }
    return fromDataFrame({ index, columns, rows: this.rows })
  }

  private async indexColumn(level: PandasIndex): Promise<Variable> {
    if ('field' in level) return await this.column(level.field)
    const labels = BigInt64Array.from({ length: this.rows }, (_, row) =>
      BigInt(level.start + row * level.step),
    )
    return variable([rowDimension], [this.rows], 'int64', labels)
  }

  private async column(name: string): Promise<Variable> {
    const { type } = this.columns.get(name) as Column
    if (typeof type === 'string') {
      throw new InputError(`column ${name} is of ${type}, which is not supported`, {
        place: { file: this.file.name },
      })
    }
    try {
      const column = new ParquetColumn(type, this.rows)
      let start = 0
      for (const group of this.metadata.row_groups) {
        const end = start + Number(group.num_rows)
        await this.checkPages(name, group)
        await this.readGroup(name, start, end, column)
        start = end
      }
      return column.build(rowDimension)
    } catch (cause) {
      throw new InputError(`column ${name} cannot be read: ${messageOf(cause)}`, {
        place: { file: this.file.name },
        cause,
      })
    }
  }

  private async readGroup(
    name: string,
    rowStart: number,
    rowEnd: number,
    column: ParquetColumn,
  ): Promise<void> {
    if (rowStart === rowEnd) return
    const chunks: ArrayLike<unknown>[] = []
    await parquetRead({
      file: this.source,
      metadata: this.metadata,
      columns: [name],
      rowStart,
      rowEnd,
      compressors,
      utf8: false,
      geoparquet: false,
      parsers: { timestampFromNanoseconds: (nanoseconds) => nanoseconds },
      onChunk: ({ columnData }) => chunks.push(columnData),
    })
    for (const chunk of chunks) column.push(chunk)
  }

  /** Sees to it that the pages of a column in a row group are all there, and right where they have checksums. */
  private async checkPages(name: string, group: RowGroup): Promise<void> {
    const chunk = group.columns.find(({ meta_data: data }) => data?.path_in_schema[0] === name)
    const { start, end, values } = chunkRange(chunk)
    if (values !== group.num_rows) throw new Error(`there are ${values} values for ${group.num_rows} rows`)
    const view = new DataView(await this.source.slice(start, end))
    const reader = { view, offset: 0 }
    let found = 0n
    while (reader.offset < view.byteLength && found < values) {
      const header = parquetHeader(reader)
      const size = header.compressed_page_size
      if (!(size >= 0) || reader.offset + size > view.byteLength)
        throw new Error('a page does not fit its column')
      if (!(header.uncompressed_page_size >= 0)) throw new Error('a page has no size')
      const page = new Uint8Array(view.buffer, reader.offset, size)
      if (header.crc !== undefined && crc32(page) !== header.crc >>> 0)
        throw new Error('a page has a wrong checksum')
      reader.offset += size
      const count = (header.data_page_header ?? header.data_page_header_v2)?.num_values ?? 0
      if (count < 0) throw new Error('a page says that it has fewer values than none')
      if (header.type !== 'DICTIONARY_PAGE') found += BigInt(count)
    }
    if (found !== values) throw new Error(`its pages have ${found} values for ${values} rows`)
  }
}

function chunkRange(chunk: ColumnChunk | undefined): { start: number; end: number; values: bigint } {
  if (!chunk?.meta_data || chunk.file_path) throw new Error('its data are not in this file')
  const { data_page_offset, dictionary_page_offset, total_compressed_size, num_values } = chunk.meta_data
  const hasDictionary = dictionary_page_offset !== undefined && dictionary_page_offset > 0n
  const first =
    hasDictionary && dictionary_page_offset < data_page_offset ? dictionary_page_offset : data_page_offset
  return { start: Number(first), end: Number(first + total_compressed_size), values: num_values }
}

/** The elements right below the root, which comes first; what lies below those is passed over. */
function topLevel(schema: readonly SchemaElement[]): SchemaElement[] {
  const found: SchemaElement[] = []
  let at = 1
  const skip = (): void => {
    const children = schema[at++]?.num_children ?? 0
    for (let i = 0; i < children; i++) skip()
  }
  while (at < schema.length) {
    found.push(schema[at] as SchemaElement)
    skip()
  }
  return found
}

/** The element as it is stored: what its values mean is `columnType`'s part, which loses no digits. */
function withoutMeaning(element: SchemaElement): SchemaElement {
  const { converted_type: _converted, logical_type: _logical, ...stored } = element
  return stored
}
