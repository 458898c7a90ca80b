import type { InputFile, Log } from '../contracts.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import type { ColumnReading } from './csv-column.ts'
import { FooterHold } from './csv-footer.ts'
import { FrameRows } from './csv-frame.ts'
import type { ReadCsvOptions } from './csv-options.ts'
import { type CsvPlan, PlanError, type PlannedColumn } from './csv-plan.ts'
import { RegexRows } from './csv-regex-rows.ts'
import { type RowSink, type RowSource, TextFault } from './csv-rows.ts'
import { compressionOf, csvText, EncodingFault } from './csv-source.ts'
import { CsvTokenizer } from './csv-tokenizer.ts'
import { fromDataFrame, LabelError, rowDimension, rowNumbers } from './data-frame.ts'

/**
 * Reads CSV as `pandas.read_csv` followed by xarray's `Dataset.from_dataframe` would: dimension `index`, or what
 * `index_col` names. Of the columns only those in `names` are kept (all without it), besides index columns; the coord
 * `index` of plain row numbers is only made when asked for. Floats are correctly rounded. A column of mixed types is
 * text as it stands in the file, one of booleans with gaps too.
 * @throws InputError that names file and line
 */
export async function readCsv(
  file: InputFile,
  options: ReadCsvOptions,
  names?: ReadonlySet<string>,
  log?: Log,
): Promise<Dataset> {
  const built = new Map<number, Variable>()
  let readings: ReadonlyMap<number, ColumnReading> = new Map()
  for (let isFirst = true; ; isFirst = false) {
    const rows = new FrameRows(file.name, options, isFirst ? { names, log } : { names, readings })
    await readRows(file, options, rows)
    readings = rows.finish(built)
    const { plan, count } = rows
    if (readings.size === 0 && plan) return buildDataset(file.name, plan, built, count, names)
    // Some columns turned out to need their first fields again: read those once more, as what they are.
  }
}

/**
 * About how many bytes the wanted columns will take in memory: judged by the file's size and its first rows.
 * @throws InputError as `readCsv` for faults in those rows
 */
export async function estimateCsvBytes(
  file: InputFile,
  options: ReadCsvOptions,
  names?: ReadonlySet<string>,
): Promise<number> {
  const rows = new FrameRows(file.name, options, { names })
  const sampled = await readRows(file, options, rows, sampleBytes)
  return sampled.isWhole
    ? rows.byteLength
    : Math.ceil((rows.byteLength / sampled.size) * textSize(file, options))
}

/**
 * The line, counted from 1, that the data row number `row` (counted from 0) of a file ends in; `undefined` when there
 * are fewer. Reads the file up to it once more. @throws InputError as `readCsv`
 */
export async function csvRowLine(
  file: InputFile,
  options: ReadCsvOptions,
  row: number,
): Promise<number | undefined> {
  const rows = new FrameRows(file.name, options, { names: new Set() })
  let line: number | undefined
  await readRows(file, options, rows, Number.POSITIVE_INFINITY, {
    row(next) {
      const { count } = rows
      const goesOn = rows.row(next)
      if (count === row && rows.count > row) line = next.line
      return goesOn && line === undefined
    },
    gap: () => rows.gap(),
  })
  return line
}

/** Enough rows to judge by, little to read. */
const sampleBytes = 512 * 1024
/** Room for rows that are shorter than those judged by: memory that is not written to is not taken. */
const margin = 1.1

/** Tables of numbers rarely shrink to less than a tenth. */
function textSize(file: InputFile, options: ReadCsvOptions): number {
  return compressionOf(file, options.compression) === 'none' ? file.size : file.size * 10
}

/** Puts the text, or about its first `limit` bytes, through `rows`, or through `taker`, which hands it on to `rows`. */
async function readRows(
  file: InputFile,
  options: ReadCsvOptions,
  rows: FrameRows,
  limit: number = Number.POSITIVE_INFINITY,
  taker: RowSink = rows,
): Promise<{ size: number; isWhole: boolean }> {
  const sink =
    options.skipfooter > 0 ? new FooterHold(taker, options.skipfooter, (options.header ?? -1) + 1) : taker
  const { separator } = options
  const source: RowSource =
    separator.kind === 'regex'
      ? new RegexRows(options, separator.regex, sink)
      : new CsvTokenizer(options, sink)
  const knownSize = compressionOf(file, options.compression) === 'none' ? file.size : undefined
  let size = 0
  let isExpected = knownSize === undefined || limit < knownSize
  try {
    for await (const chunk of csvText(file, options)) {
      size += chunk.length
      if (!source.push(chunk)) return { size, isWhole: true }
      if (!isExpected && size >= sampleBytes) {
        isExpected = true
        rows.expect((margin * (knownSize as number)) / size)
      }
      if (size >= limit) return { size, isWhole: false }
    }
    source.end()
    rows.checkComplete()
    return { size, isWhole: true }
  } catch (error) {
    throw placed(error, file.name, source.line)
  }
}

/** An error of the parts below as one that names file and line. */
function placed(error: unknown, file: string, line: number): unknown {
  if (error instanceof TextFault)
    return new InputError(error.message, { place: { file, line: error.line }, cause: error })
  if (error instanceof EncodingFault) {
    return new InputError(error.message, { place: { file, line: line + error.linesFurther }, cause: error })
  }
  if (error instanceof PlanError) {
    return new InputError(error.message, { place: { file, line }, cause: error })
  }
  return error
}

function buildDataset(
  file: string,
  plan: CsvPlan,
  built: ReadonlyMap<number, Variable>,
  rows: number,
  names: ReadonlySet<string> | undefined,
): Dataset {
  const taken = (columns: readonly PlannedColumn[]): Map<string, Variable> =>
    new Map(
      columns.flatMap(({ name, position }) => {
        const found = built.get(position)
        return found ? [[name, found] as const] : []
      }),
    )
  const index = taken(plan.index)
  if (index.size === 0 && (!names || names.has(rowDimension))) {
    index.set(rowDimension, rowNumbers(rowDimension, new Map([[rowDimension, rows]])))
  }
  try {
    return fromDataFrame({ index, columns: taken(plan.columns), rows })
  } catch (cause) {
    if (!(cause instanceof LabelError)) throw cause
    throw new InputError(cause.message, { place: { file }, cause })
  }
}
