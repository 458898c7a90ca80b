import { broadcastTo } from '../dataset/broadcast.ts'
import { Dataset, type Variable, variable } from '../dataset/dataset.ts'
import { compareLabels, type Label, labelsOf } from '../dataset/labels.ts'
import { missingTest } from '../dataset/missing.ts'
import { product, takeVariable } from '../dataset/take.ts'

/** A table as pandas has it: columns of one length, and columns that label the rows. */
export interface DataFrame {
  readonly rows: number
  readonly index: ReadonlyMap<string, Variable>
  readonly columns: ReadonlyMap<string, Variable>
}

/** Index columns cannot label the rows: two rows have the same labels in all of them, or one has none. */
export class LabelError extends Error {
  override readonly name = 'LabelError'
}

/** The dimension of a table's rows, and what xarray calls it where nothing labels them. */
export const rowDimension = 'index'

/** A table of more cells than this has too many labels that do not go together. */
const maxCells = 2 ** 30

/**
 * A table as xarray's `Dataset.from_dataframe` gives it. With one index column its name is the dimension; with several
 * each is one, and every column spans them all, in the labels' sorted order, missing where the table has no such row.
 * @throws LabelError
 */
export function fromDataFrame({ index, columns, rows }: DataFrame): Dataset {
  if (index.size <= 1) {
    const dim = index.keys().next().value ?? rowDimension
    const along = (of: ReadonlyMap<string, Variable>): Map<string, Variable> =>
      new Map([...of].map(([name, column]) => [name, { ...column, dims: [dim] }]))
    return new Dataset({ coords: along(index), dataVars: along(columns) })
  }
  const levels = [...index].map(([name, column]) => factorize(name, column))
  const dims = [...index.keys()]
  const shape = levels.map(({ labels }) => labels.data.length)
  if (product(shape) > maxCells) {
    throw new LabelError(`${shape.join(' × ')} different labels of ${dims.join(', ')} make too many cells`)
  }
  const rowOfCell = new Int32Array(product(shape)).fill(-1)
  for (let row = 0; row < rows; row++) {
    const cell = levels.reduce((at, { codes }, i) => at * (shape[i] as number) + (codes[row] as number), 0)
    if (rowOfCell[cell] !== -1) {
      throw new LabelError(`rows ${rowOfCell[cell]} and ${row} have the same ${dims.join(', ')}`)
    }
    rowOfCell[cell] = row
  }
  const spread = ([name, column]: [string, Variable]): [string, Variable] => [
    name,
    { ...takeVariable(asColumn(column), rowDimension, rowOfCell, name), dims, shape },
  ]
  return new Dataset({
    coords: new Map(dims.map((name, i) => [name, { ...(levels[i] as Level).labels, dims: [name] }])),
    dataVars: new Map([...columns].map(spread)),
  })
}

/**
 * A dataset as xarray's `to_dataframe` gives it: one row for each place along all dims, in C order. `dimOrder` names
 * the dims that come first.
 */
export function toDataFrame(dataset: Dataset, dimOrder: readonly string[] = []): DataFrame {
  const lengths = dataset.dims()
  const rank = (dim: string): number => (dimOrder.includes(dim) ? dimOrder.indexOf(dim) : dimOrder.length)
  const dims = [...lengths.keys()].sort((a, b) => rank(a) - rank(b))
  const column = (from: Variable): Variable => asColumn(broadcastTo(from, dims, lengths))
  const index = dims.map((dim) => [dim, column(dataset.index(dim) ?? rowNumbers(dim, lengths))] as const)
  const columns = [...dataset.variables()].filter(([name]) => !lengths.has(name))
  return {
    rows: product([...lengths.values()]),
    index: new Map(index),
    columns: new Map(columns.map(([name, from]) => [name, column(from)])),
  }
}

function asColumn(from: Variable): Variable {
  return { ...from, dims: [rowDimension], shape: [from.data.length] }
}

/** Counted from 0, for rows or along a dimension without labels. */
export function rowNumbers(dim: string, lengths: ReadonlyMap<string, number>): Variable {
  const length = lengths.get(dim) ?? 0
  const labels = new BigInt64Array(length)
  for (let row = 0; row < length; row++) labels[row] = BigInt(row)
  return variable([dim], [length], 'int64', labels)
}

interface Level {
  readonly labels: Variable
  /** Each row's place among the labels. */
  readonly codes: Int32Array
}

/** The distinct labels, sorted, and each row's place among them. */
function factorize(name: string, column: Variable): Level {
  const values = labelsOf(column)
  const isMissing = missingTest(column.dtype, column.data)
  const firstRow = new Map<Label, number>()
  for (let row = 0; row < values.length; row++) {
    if (isMissing(row)) throw new LabelError(`row ${row} has no ${name}, which labels the rows`)
    const label = values.at(row)
    if (!firstRow.has(label)) firstRow.set(label, row)
  }
  const labels = [...firstRow.keys()].sort(compareLabels)
  const codeOf = new Map(labels.map((label, code) => [label, code]))
  const codes = new Int32Array(values.length)
  for (let row = 0; row < values.length; row++) codes[row] = codeOf.get(values.at(row)) as number
  const rows = labels.map((label) => firstRow.get(label) as number)
  return { labels: takeVariable(asColumn(column), rowDimension, rows), codes }
}
