import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { isDatetime, NaT, timeUnit } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import type { AlongCoord } from '../converters/along-coord.ts'
import { momentsOf } from '../datetime/moments.ts'
import { type Bins, midpoints } from './bins.ts'

/**
 * One axis as the algorithms see it: positions as doubles, the input's ascending. Times are whole microseconds from
 * some instant, so that comparisons are exact over centuries; other coords are as they are.
 */
export interface Axis {
  /** Which input elements to take, in this order: those that have a label, ascending. */
  readonly order: Int32Array
  readonly input: Float64Array
  readonly output: Float64Array
  /** Of the input, where the dataset has them. */
  readonly bounds: Bins | undefined
  /** How many of the axis's units are in one of the coord's parameters: a second, or one of the coord's units. */
  readonly unit: number
  readonly isTime: boolean
}

const microsecondsPerSecond = 1e6

/** @throws InputError when the labels of input and output are not of one kind, or bounds do not fit them */
export function axisOf({ labels, target, dim }: AlongCoord, input: Dataset, coord: string): Axis {
  const isTime = isDatetime(target.dtype)
  const origin = originOf(target, labels)
  const unordered = positionsOf(labels, isTime, origin, dim)
  const output = positionsOf(target, isTime, origin, coord)
  const order = ascending(unordered)
  const along = boundsOf(labels, input, dim)
  const edges = along && positionsOf(along, isTime, origin, `the bounds of ${dim}`)
  return {
    order,
    input: take(unordered, order),
    output,
    bounds: edges && {
      starts: take(
        edges.filter((_, i) => i % 2 === 0),
        order,
      ),
      ends: take(
        edges.filter((_, i) => i % 2 === 1),
        order,
      ),
    },
    unit: isTime ? microsecondsPerSecond : 1,
    isTime,
  }
}

/** The positions in the middle of the input's bins: of its bounds if it has any. */
export function inputMidpoints({ bounds, input }: Axis): Float64Array {
  return bounds ? midpoints(bounds) : input
}

/** The second from which times are counted: any that is near. */
function originOf(...variables: Variable[]): number {
  for (const { dtype, data } of variables) {
    if (!isDatetime(dtype)) continue
    const count = (data as BigInt64Array).find((found) => found !== NaT)
    if (count !== undefined) return momentsOf(BigInt64Array.of(count), timeUnit(dtype)).seconds[0] as number
  }
  return 0
}

function positionsOf(
  { data, dtype }: Variable,
  isTime: boolean,
  originSecond: number,
  name: string,
): Float64Array {
  if (data instanceof TextArray || isDatetime(dtype) !== isTime) {
    const kind = data instanceof TextArray ? 'texts' : isDatetime(dtype) ? 'times' : 'numbers'
    throw new InputError(
      `${name} holds ${kind}, and ${isTime ? 'times' : 'numbers'} are needed to transform along it`,
    )
  }
  if (!isDatetime(dtype)) return Float64Array.from(data as ArrayLike<number | bigint>, Number)
  const { seconds, nanoseconds } = momentsOf(data as BigInt64Array, timeUnit(dtype))
  return seconds.map(
    (second, i) =>
      (second - originSecond) * microsecondsPerSecond + Math.round((nanoseconds?.[i] ?? 0) / 1000),
  )
}

/** The indexes of labels that are not missing, in ascending order of the labels, equal ones as they come. */
function ascending(positions: Float64Array): Int32Array {
  const indexes = new Int32Array(positions.length)
  let count = 0
  let isAscending = true
  let before = Number.NEGATIVE_INFINITY
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as number
    if (Number.isNaN(position)) continue
    indexes[count++] = i
    if (position < before) isAscending = false
    before = position
  }
  const found = indexes.subarray(0, count)
  if (isAscending) return found
  return found.sort((a, b) => (positions[a] as number) - (positions[b] as number) || a - b)
}

function take(values: Float64Array, order: Int32Array): Float64Array {
  const taken = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) taken[i] = values[order[i] as number] as number
  return taken
}

/** The variable that CF's `bounds` attribute names, or `<dim>_bounds`: start and end of each label's bin. */
function boundsOf(labels: Variable, input: Dataset, dim: string): Variable | undefined {
  const named = labels.attrs.get('bounds')
  const found = (typeof named === 'string' ? input.get(named) : undefined) ?? input.get(`${dim}_bounds`)
  if (!found) return undefined
  if (found.shape.length !== 2 || found.shape[1] !== 2 || found.shape[0] !== labels.data.length) {
    throw new InputError(
      `the bounds of ${dim} have the shape (${found.shape.join(', ')}), not (${labels.data.length}, 2)`,
    )
  }
  return found
}
