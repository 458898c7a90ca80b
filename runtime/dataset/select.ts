import { InputError } from '../errors.ts'
import type { Dataset, Variable } from './dataset.ts'
import type { BigArray, DataArray, NumberArray } from './dtype.ts'
import type { Label } from './labels.ts'
import { ascendingOrder, labelsOf, lowerBound, monotonicity, upperBound } from './labels.ts'
import { mapVariables, product, take, takeVariable } from './take.ts'
import { TextArray } from './text-array.ts'

export { take, takeVariable } from './take.ts'

/** xarray's `isel` with a slice: elements `[start, end)` of `dim`, without copying where `dim` comes first. */
export function slice(dataset: Dataset, dim: string, start: number, end: number): Dataset {
  return mapVariables(dataset, (variable) => sliceVariable(variable, dim, start, end))
}

/** `slice` of one variable. Shares the data where `dim` is the first dimension. */
export function sliceVariable(variable: Variable, dim: string, start: number, end: number): Variable {
  const axis = variable.dims.indexOf(dim)
  if (axis < 0 || (start === 0 && end === variable.shape[axis])) return variable
  if (axis > 0 || variable.data instanceof TextArray) {
    return takeVariable(
      variable,
      dim,
      Int32Array.from({ length: end - start }, (_, i) => start + i),
    )
  }
  const row = product(variable.shape.slice(1))
  const data = (variable.data as NumberArray | BigArray).subarray(start * row, end * row)
  return { ...variable, shape: variable.shape.with(0, end - start), data: data as DataArray }
}

/**
 * The part whose labels lie between `start` and `end`, which need not be labels themselves; `undefined` is open.
 * Half-open unless `endInclusive`. @throws InputError unless the index of `dim` is monotonic
 */
export function sliceByLabel(
  dataset: Dataset,
  dim: string,
  start: Label | undefined,
  end: Label | undefined,
  options: { readonly endInclusive?: boolean } = {},
): Dataset {
  const index = dataset.index(dim)
  if (!index) throw new InputError(`${dim}: there is no coordinate to slice by`)
  const { direction } = monotonicity(index)
  if (!direction)
    throw new InputError(`${dim}: cannot be sliced, because its labels neither only rise nor only fall`)
  const labels = labelsOf(index)
  const bound = options.endInclusive ? upperBound : lowerBound
  if (direction === 'increasing') {
    const from = start === undefined ? 0 : lowerBound(labels, start)
    const to = end === undefined ? labels.length : bound(labels, end)
    return slice(dataset, dim, from, Math.max(from, to))
  }
  const reversed = { length: labels.length, at: (i: number) => labels.at(labels.length - 1 - i) }
  const from = end === undefined ? 0 : labels.length - bound(reversed, end)
  const to = start === undefined ? labels.length : labels.length - lowerBound(reversed, start)
  return slice(dataset, dim, from, Math.max(from, to))
}

/**
 * The dataset sorted by a 1-d coord or variable; equal values keep their order, missing ones come last. Descending is
 * the reverse of that, as in xarray.
 */
export function sortBy(
  dataset: Dataset,
  name: string,
  options: { readonly ascending?: boolean } = {},
): Dataset {
  const key = dataset.get(name)
  if (!key) throw new InputError(`${name}: there is no such variable to sort by`)
  if (key.dims.length !== 1)
    throw new InputError(`${name}: only a variable with one dimension can be sorted by`)
  const order = ascendingOrder(key)
  if (options.ascending === false) order.reverse()
  if (order.every((place, i) => place === i)) return dataset
  return take(dataset, key.dims[0] as string, order)
}
