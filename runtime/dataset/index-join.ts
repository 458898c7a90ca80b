import type { Variable } from './dataset.ts'
import { convertTimeUnit } from './datetime.ts'
import type { TimeUnit } from './dtype.ts'
import { isDatetime, timeUnit } from './dtype.ts'
import { ascendingOrder, exact, labelsOf, requireComparable } from './labels.ts'
import { takeData } from './take.ts'
import { TextArray } from './text-array.ts'

/** All labels of both indexes in ascending order, each once. Datetimes are in the finer unit of the two. */
export function unionOf(a: Variable, b: Variable, dim = 'index'): Variable {
  requireComparable(a, b, dim)
  const [left, right] = commonForm(a, b)
  const both = concatenate(left, right)
  const order = ascendingOrder(both)
  const labels = labelsOf(both)
  const kept = order.filter((place, i) => i === 0 || labels.at(place) !== labels.at(order[i - 1] as number))
  return { ...left, dims: a.dims, shape: [kept.length], data: takeData(both, kept) }
}

/** The labels of `a` that `b` has too, in the order of `a`. */
export function intersectionOf(a: Variable, b: Variable, dim = 'index'): Variable {
  const places = exact(b, a, dim)
  const kept = Int32Array.from(places.keys()).filter((i) => (places[i] as number) >= 0)
  return { ...a, shape: [kept.length], data: takeData(a, kept) }
}

function concatenate(a: Variable, b: Variable): Variable {
  const length = a.data.length + b.data.length
  if (a.data instanceof TextArray && b.data instanceof TextArray) {
    return { ...a, shape: [length], data: TextArray.from([...a.data, ...b.data]) }
  }
  const [left, right] = [a.data as Float64Array, b.data as Float64Array]
  const data = new (left.constructor as Float64ArrayConstructor)(length)
  data.set(left)
  data.set(right, left.length)
  return { ...a, shape: [length], data }
}

/** Both indexes as one type that holds the labels of either. */
export function commonForm(a: Variable, b: Variable): [Variable, Variable] {
  if (a.dtype === b.dtype) return [a, b]
  if (isDatetime(a.dtype) && isDatetime(b.dtype)) {
    const unit = finerUnit(timeUnit(a.dtype), timeUnit(b.dtype))
    return [inUnit(a, unit), inUnit(b, unit)]
  }
  const isBig = (variable: Variable): boolean => variable.data instanceof BigInt64Array
  const isWhole = (variable: Variable): boolean =>
    !(variable.data instanceof Float64Array || variable.data instanceof Float32Array)
  if ((isBig(a) || isBig(b)) && isWhole(a) && isWhole(b)) return [asBig(a), asBig(b)]
  return [asFloat(a), asFloat(b)]
}

function inUnit(variable: Variable, unit: TimeUnit): Variable {
  const from = timeUnit(variable.dtype as `datetime64[${TimeUnit}]`)
  const data = (variable.data as BigInt64Array).map((count) => convertTimeUnit(count, from, unit))
  return { ...variable, dtype: `datetime64[${unit}]`, data }
}

function finerUnit(a: TimeUnit, b: TimeUnit): TimeUnit {
  const order: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns']
  return order.indexOf(a) > order.indexOf(b) ? a : b
}

function asBig(variable: Variable): Variable {
  if (variable.data instanceof BigInt64Array) return variable
  return {
    ...variable,
    dtype: 'int64',
    data: BigInt64Array.from(variable.data as Int32Array, (value) => BigInt(value)),
  }
}

function asFloat(variable: Variable): Variable {
  if (variable.data instanceof Float64Array) return variable
  return {
    ...variable,
    dtype: 'float64',
    data: Float64Array.from(variable.data as ArrayLike<number | bigint>, Number),
  }
}
