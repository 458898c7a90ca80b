import { widenData } from './common-dtype.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import type { DataArray, DType, NumberArray } from './dtype.ts'
import { allocate, isDatetime, NaT } from './dtype.ts'
import { dtypeWithMissing } from './missing.ts'
import { TextArray } from './text-array.ts'

/** xarray's `isel` with a list along one dimension. Index -1 gives a missing value, for which integers become floats. */
export function take(dataset: Dataset, dim: string, indexes: ArrayLike<number>): Dataset {
  return mapVariables(dataset, (variable, name) => takeVariable(variable, dim, indexes, name))
}

/** The dataset with every variable changed; names, order and attributes stay. */
export function mapVariables(
  dataset: Dataset,
  change: (variable: Variable, name: string) => Variable,
): Dataset {
  const mapped = (from: Map<string, Variable>): Map<string, Variable> =>
    new Map([...from].map(([name, variable]) => [name, change(variable, name)]))
  return new Dataset({
    coords: mapped(dataset.coords),
    dataVars: mapped(dataset.dataVars),
    attrs: dataset.attrs,
  })
}

/** `take` of one variable; one that does not have `dim` is given back as it is. */
export function takeVariable(
  variable: Variable,
  dim: string,
  indexes: ArrayLike<number>,
  name?: string,
): Variable {
  const axis = variable.dims.indexOf(dim)
  if (axis < 0) return variable
  const length = variable.shape[axis] as number
  const hasGaps = checkIndexes(indexes, length, dim)
  const dtype = hasGaps ? dtypeWithMissing(variable.dtype) : variable.dtype
  const source =
    dtype === variable.dtype ? variable.data : widenData(variable.data, variable.dtype, dtype, name)
  const outer = product(variable.shape.slice(0, axis))
  const inner = product(variable.shape.slice(axis + 1))
  const shape = variable.shape.with(axis, indexes.length)
  return { ...variable, shape, dtype, data: gather(source, dtype, { outer, length, inner, indexes }) }
}

/** The elements of a 1-d variable at `indexes`, all of which must exist. */
export function takeData(variable: Variable, indexes: ArrayLike<number>): DataArray {
  const { data, dtype } = variable
  return gather(data, dtype, { outer: 1, length: data.length, inner: 1, indexes })
}

interface Gathering {
  readonly outer: number
  readonly length: number
  readonly inner: number
  readonly indexes: ArrayLike<number>
}

function gather(source: DataArray, dtype: DType, { outer, length, inner, indexes }: Gathering): DataArray {
  if (source instanceof TextArray) {
    return outer === 1 && inner === 1
      ? source.take(indexes)
      : source.take(flatIndexes({ outer, length, inner, indexes }))
  }
  const from = source as NumberArray
  const result = allocate(dtype, outer * indexes.length * inner) as NumberArray
  const missing = (isDatetime(dtype) ? NaT : Number.NaN) as number
  let to = 0
  for (let block = 0; block < outer; block++) {
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i] as number
      const start = (block * length + index) * inner
      if (inner === 1) result[to] = index < 0 ? missing : (from[start] as number)
      else if (index < 0) result.fill(missing, to, to + inner)
      else result.set(from.subarray(start, start + inner) as never, to)
      to += inner
    }
  }
  return result
}

function flatIndexes({ outer, length, inner, indexes }: Gathering): Int32Array {
  const flat = new Int32Array(outer * indexes.length * inner)
  let to = 0
  for (let block = 0; block < outer; block++) {
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i] as number
      for (let j = 0; j < inner; j++) flat[to++] = index < 0 ? -1 : (block * length + index) * inner + j
    }
  }
  return flat
}

function checkIndexes(indexes: ArrayLike<number>, length: number, dim: string): boolean {
  let hasGaps = false
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i] as number
    if (index === -1) hasGaps = true
    else if (!(index >= 0 && index < length)) {
      throw new RangeError(`index ${index} is outside dimension ${dim} of length ${length}`)
    }
  }
  return hasGaps
}

/** How many elements a shape has. */
export function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1)
}
