import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { brotliCompressSync, crc32, gzipSync } from 'node:zlib'
import type { CompressionCodec, SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Json } from '../contracts.ts'
import { decodeCf } from '../dataset/cf.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import { convertTimeUnit } from '../dataset/datetime.ts'
import { type DType, isDatetime, isFloat, timeUnit } from '../dataset/dtype.ts'
import { hasMissing, missingTest } from '../dataset/missing.ts'
import { TextArray } from '../dataset/text-array.ts'
import { ConfigError, type Place } from '../errors.ts'
import { toDataFrame } from './data-frame.ts'
import { pandasNote } from './parquet-pandas.ts'
import { makeSeal } from './parquet-seal.ts'

export interface WriteParquetOptions {
  /** Default `snappy`, as pandas. */
  readonly compression?: 'snappy' | 'gzip' | 'brotli' | 'none'
  /** The order of the dims that make the rows; those not named come last. */
  readonly dimOrder?: readonly string[]
}

/** About how many cells are encoded at a time. */
const cellsPerGroup = 2_000_000
const codecs = { snappy: 'SNAPPY', gzip: 'GZIP', brotli: 'BROTLI', none: 'UNCOMPRESSED' } as const

/** pandas' `compression`. @throws ConfigError for one that cannot be written here */
export function parseParquetCompression(
  value: Json | undefined,
  place: Place = { file: 'to_parquet_kwargs' },
): NonNullable<WriteParquetOptions['compression']> {
  if (value === undefined) return 'snappy'
  if (value === null) return 'none'
  const found = (['snappy', 'gzip', 'brotli'] as const).find((each) => each === value)
  if (found) return found
  const message = `found ${JSON.stringify(value)}; allowed is snappy, gzip, brotli or null`
  throw new ConfigError([{ ...place, severity: 'error', path: 'compression', message }])
}

/**
 * Writes a dataset as the table that xarray's `to_dataframe` makes of it: every variable along all dims, which become
 * pandas' index. Missing values are nulls; attributes are lost, as in pandas. Rows are encoded in groups; the file has
 * checksums (see `checkSeal`) and appears under `path` whole or not at all.
 */
export async function writeParquet(
  dataset: Dataset,
  path: string,
  options: WriteParquetOptions = {},
): Promise<void> {
  const unfinished = `${path}.part`
  const handle = await open(unfinished, 'w')
  try {
    await writeTable(dataset, handle, options)
    await handle.close()
    await rename(unfinished, path)
  } catch (error) {
    await handle.close()
    await rm(unfinished, { force: true })
    throw error
  }
}

async function writeTable(dataset: Dataset, handle: FileHandle, options: WriteParquetOptions): Promise<void> {
  const { rows, index, columns } = toDataFrame(decodeCf(dataset), options.dimOrder)
  const all = [...columns, ...index]
  const file = new SealedFile(handle)
  const writer = new ParquetWriter({
    writer: file.writer,
    schema: [
      { name: 'schema', num_children: all.length },
      ...all.map(([name, column]) => schemaElement(name, column)),
    ],
    codec: codecs[options.compression ?? 'snappy'] satisfies CompressionCodec,
    compressors: { GZIP: (input) => gzipSync(input), BROTLI: (input) => brotliCompressSync(input) },
    kvMetadata: [{ key: 'pandas', value: pandasNote(dtypes(index), dtypes(columns)) }],
    createdBy: 'sluice',
  })
  const groupRows = Math.max(1000, Math.min(100_000, Math.floor(cellsPerGroup / Math.max(1, all.length))))
  for (let start = 0; start < rows; start += groupRows) {
    const end = Math.min(rows, start + groupRows)
    const columnData = all.map(([name, column]) => ({ name, data: storedValues(column, start, end) }))
    await writer.write({ columnData, rowGroupSize: groupRows })
    await file.flush()
  }
  await writer.finish()
  await file.finish()
}

function dtypes(columns: ReadonlyMap<string, Variable>): Map<string, DType> {
  return new Map([...columns].map(([name, { dtype }]) => [name, storedUnit(dtype)]))
}

/** Parquet has no seconds. */
function storedUnit(dtype: DType): DType {
  return dtype === 'datetime64[s]' ? 'datetime64[ms]' : dtype
}

function schemaElement(name: string, { dtype, data }: Variable): SchemaElement {
  const repetition_type = hasMissing(dtype, data) ? 'OPTIONAL' : 'REQUIRED'
  if (isDatetime(dtype)) {
    const unit = ({ s: 'MILLIS', ms: 'MILLIS', us: 'MICROS', ns: 'NANOS' } as const)[timeUnit(dtype)]
    return {
      name,
      repetition_type,
      type: 'INT64',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit },
    }
  }
  if (dtype === 'str') {
    return {
      name,
      repetition_type,
      type: 'BYTE_ARRAY',
      converted_type: 'UTF8',
      logical_type: { type: 'STRING' },
    }
  }
  if (dtype === 'bool') return { name, repetition_type, type: 'BOOLEAN' }
  if (isFloat(dtype)) return { name, repetition_type, type: dtype === 'float32' ? 'FLOAT' : 'DOUBLE' }
  const bits = Number(/\d+$/.exec(dtype)?.[0])
  const converted_type = `${dtype.startsWith('u') ? 'U' : ''}INT_${bits}` as NonNullable<
    SchemaElement['converted_type']
  >
  // No logical type: the writer stores its bit width as a thrift i32, which duckdb rejects; it has to be an i8.
  return { name, repetition_type, type: bits === 64 ? 'INT64' : 'INT32', converted_type }
}

/** The rows `[start, end)` as the writer takes them. */
function storedValues(column: Variable, start: number, end: number): unknown[] {
  const { dtype, data } = column
  const isMissing = missingTest(dtype, data)
  const value = storedValue(column)
  const values: unknown[] = []
  for (let row = start; row < end; row++) values.push(isMissing(row) ? null : value(row))
  return values
}

function storedValue({ dtype, data }: Variable): (row: number) => unknown {
  if (data instanceof TextArray) {
    const { bytes, offsets } = data
    return (row) => bytes.subarray(offsets[row], offsets[row + 1])
  }
  if (dtype === 'bool') return (row) => data[row] === 1
  if (!isDatetime(dtype)) return (row) => data[row]
  const unit = timeUnit(dtype)
  if (unit !== 's') return (row) => data[row]
  return (row) => convertTimeUnit(data[row] as bigint, 's', 'ms')
}

/** Puts what the writer leaves in its buffer into the file, and checksums between data and footer. */
class SealedFile {
  readonly writer = new ByteWriter()
  private readonly handle: FileHandle
  private checksum = 0

  constructor(handle: FileHandle) {
    this.handle = handle
  }

  async flush(): Promise<void> {
    await this.append(this.writer.getBytes())
    this.writer.index = 0
  }

  async finish(): Promise<void> {
    const rest = this.writer.getBytes()
    const view = new DataView(rest.buffer, rest.byteOffset, rest.length)
    const footerStart = rest.length - 8 - view.getUint32(rest.length - 8, true)
    await this.append(rest.subarray(0, footerStart))
    const footer = rest.subarray(footerStart)
    await this.write(makeSeal(this.checksum, footer))
    await this.write(footer)
  }

  private async append(bytes: Uint8Array): Promise<void> {
    this.checksum = crc32(bytes, this.checksum)
    await this.write(bytes)
  }

  private async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += (await this.handle.write(bytes, at)).bytesWritten
  }
}
