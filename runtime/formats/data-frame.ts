import { Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { allocate, type DataArray, isDatetime, isFloat, NaT, type NumberArray } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'

/** Index columns cannot label the rows: two rows have the same labels in all of them, or one has none. */
export class LabelError extends Error {
  override readonly name = 'LabelError'
}

/**
 * A table as xarray's `Dataset.from_dataframe` gives it. With one index column its name is the dimension; with several
 * each is one, and every column spans them all, in the labels' sorted order, missing where the table has no such row.
 * `columns` are of one dimension. @throws LabelError
 */
export function fromDataFrame(
  index: ReadonlyMap<string, Variable>,
  columns: ReadonlyMap<string, Variable>,
): Dataset {
  if (index.size <= 1) {
    return new Dataset({ coords: new Map(index), dataVars: new Map(columns) })
  }
  const levels = [...index].map(([name, column]) => ({ name, ...factorize(name, column) }))
  const dims = levels.map(({ name }) => name)
  const shape = levels.map(({ labels }) => labels.shape[0] as number)
  const cells = shape.reduce((product, length) => product * length, 1)
  const rows = index.values().next().value?.data.length ?? 0
  const rowOfCell = new Int32Array(cells).fill(-1)
  for (let row = 0; row < rows; row++) {
    const cell = levels.reduce((at, level, i) => at * (shape[i] as number) + (level.codes[row] as number), 0)
    if (rowOfCell[cell] !== -1) {
      throw new LabelError(`rows ${rowOfCell[cell]} and ${row} have the same ${dims.join(', ')}`)
    }
    rowOfCell[cell] = row
  }
  const dataVars = new Map<string, Variable>()
  for (const [name, column] of columns) dataVars.set(name, spread(column, rowOfCell, dims, shape))
  const coords = new Map(levels.map(({ name, labels }) => [name, { ...labels, dims: [name] }] as const))
  return new Dataset({ coords, dataVars })
}

/** The distinct labels, sorted, and each row's place among them. */
function factorize(name: string, column: Variable): { labels: Variable; codes: Int32Array } {
  const count = column.data.length
  const keyAt = (row: number): string | number | bigint =>
    column.data instanceof TextArray ? column.data.at(row) : (column.data[row] as number | bigint)
  const firstRow = new Map<string | number | bigint, number>()
  for (let row = 0; row < count; row++) {
    if (isMissing(column, row)) throw new LabelError(`row ${row} has no ${name}, which labels the rows`)
    const key = keyAt(row)
    if (!firstRow.has(key)) firstRow.set(key, row)
  }
  const keys = [...firstRow.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const codeOf = new Map(keys.map((key, code) => [key, code]))
  const codes = Int32Array.from({ length: count }, (_, row) => codeOf.get(keyAt(row)) as number)
  const rows = Int32Array.from(keys, (key) => firstRow.get(key) as number)
  return { labels: spread(column, rows, column.dims, [keys.length]), codes }
}

function isMissing({ data, dtype }: Variable, row: number): boolean {
  if (data instanceof TextArray) return data.isMissing(row)
  return isDatetime(dtype) ? data[row] === NaT : Number.isNaN(data[row])
}

/** The column's elements at `rows`, missing where a row is -1: whole numbers become float64 then, as in pandas. */
function spread(
  column: Variable,
  rows: Int32Array,
  dims: readonly string[],
  shape: readonly number[],
): Variable {
  const { data, dtype, attrs } = column
  if (data instanceof TextArray) return variable(dims, shape, 'str', data.take(rows), attrs)
  const hasGaps = rows.includes(-1)
  const target = hasGaps && !isFloat(dtype) && !isDatetime(dtype) ? 'float64' : dtype
  const taken = allocate(target, rows.length) as Exclude<DataArray, TextArray>
  for (let cell = 0; cell < rows.length; cell++) {
    const row = rows[cell] as number
    if (row >= 0) taken[cell] = target === dtype ? (data[row] as number) : Number(data[row])
    else if (taken instanceof BigInt64Array) taken[cell] = NaT
    else (taken as NumberArray)[cell] = Number.NaN
  }
  return variable(dims, shape, target, taken, attrs)
}
