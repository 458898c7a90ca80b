import type { Log } from '../contracts.ts'
import type { Variable } from '../dataset/dataset.ts'
import { variable } from '../dataset/dataset.ts'
import { TextArray } from '../dataset/text-array.ts'
import { ColumnBuilder, type ColumnReading, FieldError } from './csv-column.ts'
import { parseDateColumn } from './csv-dates.ts'
import { MissingMatcher } from './csv-missing.ts'
import { NumberParser } from './csv-number.ts'
import type { MissingTexts, ReadCsvOptions } from './csv-options.ts'
import { type CsvPlan, find, PlanError, type PlannedColumn, planCsv, shorten } from './csv-plan.ts'
import { type CsvRow, type RowSink, TextFault } from './csv-rows.ts'
import { showSeparator, suggestSeparator } from './csv-separator.ts'
import { rowDimension } from './data-frame.ts'

/** Which columns to build, and what is known of them. */
interface Wanted {
  readonly names: ReadonlySet<string> | undefined
  /** Given in a later pass: only these columns, by position, to be read as that. */
  readonly readings?: ReadonlyMap<number, ColumnReading>
  readonly log?: Log | undefined
}

/** Beyond this a guess is not worth more address space: 64 MB a column. */
const mostExpected = 2 ** 23

/** Takes a file's rows, makes the first into names, and the others into columns. */
export class FrameRows implements RowSink {
  /** Rows of data so far. */
  count = 0
  private readonly file: string
  private readonly options: ReadCsvOptions
  private readonly wanted: Wanted
  private readonly dateColumns = new Set<PlannedColumn>()
  private builders: ColumnBuilder[] = []
  private made: CsvPlan | undefined
  private header: string[] | undefined
  private rowsSeen = 0
  private hasShortRows = false

  constructor(file: string, options: ReadCsvOptions, wanted: Wanted) {
    this.file = file
    this.options = options
    this.wanted = wanted
  }

  row(row: CsvRow): boolean {
    try {
      return this.take(row)
    } catch (error) {
      if (!(error instanceof FieldError || error instanceof PlanError)) throw error
      throw new TextFault(row.line, error.message, { cause: error })
    }
  }

  gap(): void {}

  /** What the columns are; known from the first row of data on, or after `checkComplete`. */
  get plan(): CsvPlan | undefined {
    return this.made
  }

  /** Call after the last row. @throws PlanError when the file ended before there were names */
  checkComplete(): void {
    const { header } = this.options
    if (header !== undefined && this.header === undefined) {
      throw new PlanError(
        this.rowsSeen === 0
          ? 'the file is empty: there is no row of names'
          : `the file has ${this.rowsSeen} rows, and the names should be in row ${header} (header, counted from 0)`,
      )
    }
    if (this.made) return
    if (header === undefined) throw new PlanError('the file is empty')
    this.makePlan()
  }

  /** Adds the columns that came out right to `built`, by position. Gives those that have to be read again. */
  finish(built: Map<number, Variable>): ReadonlyMap<number, ColumnReading> {
    const again = new Map<number, ColumnReading>()
    for (const builder of this.builders) {
      if (builder.reread) again.set(builder.spec.position, builder.reread)
      else built.set(builder.spec.position, this.dated(builder.spec, builder.build(rowDimension)))
    }
    this.builders = []
    return again
  }

  /** Makes room for `times` as many rows as there are by now. */
  expect(times: number): void {
    if (this.count === 0) return
    const { nrows = Number.POSITIVE_INFINITY } = this.options
    const rows = Math.min(Math.ceil(this.count * times), nrows, mostExpected)
    for (const builder of this.builders) builder.expect(rows)
  }

  /** Bytes that the columns take by now. */
  get byteLength(): number {
    return this.builders.reduce((sum, builder) => sum + builder.byteLength, 0)
  }

  private take(row: CsvRow): boolean {
    const { header, nrows } = this.options
    if (header !== undefined && this.rowsSeen <= header) {
      if (this.rowsSeen++ === header) this.header = fieldTexts(row)
      return true
    }
    const { bytes, starts, ends, count } = row
    const plan = this.made ?? this.makePlan(count, row.line)
    if (nrows !== undefined && this.count >= nrows) return false
    if (count > plan.fields && !plan.allowsMore) {
      this.reportBadLine(plan.fields, row)
      return true
    }
    if (count < plan.fields) this.checkShort(plan.fields, row)
    for (const builder of this.builders) {
      const { position } = builder.spec
      if (position < count) builder.push(bytes, starts[position] as number, ends[position] as number)
      else builder.push(bytes, 0, 0)
    }
    this.count++
    return nrows === undefined || this.count < nrows
  }

  private makePlan(firstRow?: number, line?: number): CsvPlan {
    const plan = planCsv(this.header, firstRow, this.options)
    this.checkSeparator(plan)
    if (plan.nameless > 0) {
      this.wanted.log?.warn('Csv:FieldsDropped', {
        file: this.file,
        line,
        fields: plan.nameless,
      })
    }
    if (plan.index.length > 0 && !this.options.indexCol) {
      // As in pandas; but a separator at the end of every row does this too, and then it is a mistake.
      const columns = plan.index.length
      this.wanted.log?.warn('Csv:FieldsTakenAsIndex', { file: this.file, line, columns })
    }
    this.made = plan
    this.findDateColumns(plan)
    const parser = new NumberParser(this.options.decimal, this.options.thousands)
    const matchers = new Map<MissingTexts, MissingMatcher>()
    const { readings, names } = this.wanted
    const columns = [...plan.index, ...plan.columns.filter(({ name }) => !names || names.has(name))]
    this.builders = columns
      .filter(({ position }) => !readings || readings.has(position))
      .map((column) => {
        const texts = this.options.missingByColumn.get(column.name) ?? this.options.missing
        const matcher = matchers.get(texts) ?? new MissingMatcher(texts)
        matchers.set(texts, matcher)
        return new ColumnBuilder({ ...column, ...this.readingOf(column) }, matcher, parser)
      })
    return plan
  }

  private readingOf(column: PlannedColumn): Pick<ColumnBuilder['spec'], 'dtype' | 'reading'> {
    if (this.dateColumns.has(column)) return { reading: 'texts' }
    return {
      dtype: this.options.dtypeByColumn.get(column.name) ?? this.options.dtype,
      reading: this.wanted.readings?.get(column.position),
    }
  }

  private findDateColumns({ index, columns }: CsvPlan): void {
    const { parseDates } = this.options
    if (parseDates === false) return
    const all = [...index, ...columns].sort((a, b) => a.position - b.position)
    const chosen = parseDates === true ? index : parseDates.map((key) => find(key, all, 'parse_dates'))
    for (const column of chosen) this.dateColumns.add(column)
  }

  private dated(spec: PlannedColumn, column: Variable): Variable {
    const isDate = [...this.dateColumns].some(({ position }) => position === spec.position)
    if (!isDate || !(column.data instanceof TextArray)) return column
    const { dateFormat } = this.options
    const format = typeof dateFormat === 'string' ? dateFormat : dateFormat?.get(spec.name)
    const values = parseDateColumn(column.data, format)
    return values ? variable(column.dims, column.shape, 'datetime64[ns]', values) : column
  }

  private checkSeparator({ columns, index }: CsvPlan): void {
    const { names } = this.wanted
    const { header } = this
    if (!names || header?.length !== 1 || [...index, ...columns].some(({ name }) => names.has(name))) return
    const suggested = suggestSeparator(header[0] as string, names)
    if (suggested === undefined) return
    throw new PlanError(
      `one column, named ${JSON.stringify(shorten(header[0] as string))}, with the separator ` +
        `${showSeparator(this.options.separator)}; the file seems to be written with sep: ${suggested}`,
    )
  }

  private reportBadLine(expected: number, { count, line }: CsvRow): void {
    const message = `${count} fields, where the rows before have ${expected}`
    if (this.options.onBadLines === 'error') throw new PlanError(message)
    if (this.options.onBadLines === 'warn') {
      this.wanted.log?.warn('Csv:BadLine', { file: this.file, line, message })
    }
  }

  /** Short rows are filled up with missing values, as in pandas; but a lone one at the very end was cut off. */
  private checkShort(expected: number, { count, isEnded, line }: CsvRow): void {
    if (!isEnded && !this.hasShortRows && this.count > 0) {
      throw new TextFault(
        line,
        `the file ends in the middle of a row: ${count} of ${expected} fields, and no line end`,
      )
    }
    this.hasShortRows = true
  }
}

function fieldTexts({ bytes, starts, ends, count }: CsvRow): string[] {
  return Array.from({ length: count }, (_, i) => bytes.toString('utf8', starts[i], ends[i]))
}
