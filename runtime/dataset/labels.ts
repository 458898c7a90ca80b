import { InputError } from '../errors.ts'
import { showElement } from './cast.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import { convertTimeUnit } from './datetime.ts'
import type { DataArray } from './dtype.ts'
import { isDatetime, timeUnit } from './dtype.ts'
import { hasMissing } from './missing.ts'
import { takeVariable } from './take.ts'
import { TextArray } from './text-array.ts'

/**
 * What selects along a dimension: a number, a text, or for datetimes nanoseconds since 1970 as a bigint.
 * Numbers and 64-bit integers compare with each other by value.
 */
export type Label = number | bigint | string

/** The labels of a 1-d coord, one by one. */
export interface Labels {
  readonly length: number
  at(index: number): Label
}

/** Labels of a 1-d variable in comparable form: datetimes of any unit as nanoseconds. */
export function labelsOf(variable: Variable): Labels {
  const { data, dtype } = variable
  if (data instanceof TextArray) return { length: data.length, at: (index) => data.at(index) }
  const plain = data as Exclude<DataArray, TextArray>
  if (!isDatetime(dtype) || dtype === 'datetime64[ns]') {
    return { length: plain.length, at: (index) => plain[index] as Label }
  }
  const unit = timeUnit(dtype)
  return { length: plain.length, at: (index) => convertTimeUnit(plain[index] as bigint, unit, 'ns') }
}

/** Below, at or above 0 as `a` sorts before, with or after `b`. NaN is not ordered: see `hasMissing`. */
export function compareLabels(a: Label, b: Label): number {
  if ((typeof a === 'string') !== (typeof b === 'string')) {
    throw new InputError(`the labels ${String(a)} and ${String(b)} cannot be compared: one is text`)
  }
  return a < b ? -1 : a > b ? 1 : 0
}

export interface Monotonicity {
  /** `undefined`: neither. Fewer than two labels, or all the same, count as increasing. */
  readonly direction: 'increasing' | 'decreasing' | undefined
  /** No two neighbours are the same. */
  readonly isStrict: boolean
}

export function monotonicity(index: Variable): Monotonicity {
  if (hasMissing(index.dtype, index.data)) return { direction: undefined, isStrict: false }
  const { rises, falls, stays } =
    index.data instanceof TextArray ? stepsOfText(labelsOf(index)) : steps(index.data)
  return { direction: rises && falls ? undefined : falls ? 'decreasing' : 'increasing', isStrict: !stays }
}

function steps(data: Exclude<DataArray, TextArray>): { rises: boolean; falls: boolean; stays: boolean } {
  let [rises, falls, stays] = [false, false, false]
  for (let i = 1; i < data.length; i++) {
    const before = data[i - 1]!
    const here = data[i]!
    if (here > before) rises = true
    else if (here < before) falls = true
    else stays = true
    if (rises && falls) break
  }
  return { rises, falls, stays }
}

function stepsOfText(labels: Labels): { rises: boolean; falls: boolean; stays: boolean } {
  const found = { rises: false, falls: false, stays: false }
  for (let i = 1; i < labels.length; i++) {
    const order = compareLabels(labels.at(i), labels.at(i - 1))
    found[order > 0 ? 'rises' : order < 0 ? 'falls' : 'stays'] = true
  }
  return found
}

/** Whether the labels only rise or only fall (repeats allowed unless `isStrict`). */
export function isMonotonic(index: Variable, options: { readonly isStrict?: boolean } = {}): boolean {
  const found = monotonicity(index)
  return found.direction !== undefined && (found.isStrict || !options.isStrict)
}

/** Whether two indexes have the same labels in the same order; datetimes of different units may be the same. */
export function sameLabels(a: Variable, b: Variable): boolean {
  if (a === b || a.data === b.data) return true
  if (a.data.length !== b.data.length || (a.dtype === 'str') !== (b.dtype === 'str')) return false
  if (isDatetime(a.dtype) !== isDatetime(b.dtype)) return false
  const [left, right] = [labelsOf(a), labelsOf(b)]
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left.at(i), right.at(i)]
    // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint of the same value are the same label
    if (x != y && !(Number.isNaN(x) && Number.isNaN(y))) return false
  }
  return true
}

/** A key that is equal for labels that are the same: for maps and sets. */
export function labelKey(label: Label): number | bigint | string {
  if (typeof label === 'bigint' && label >= -9007199254740992n && label <= 9007199254740992n)
    return Number(label)
  return label
}

/** Where each target stands in `source`, -1 where it does not. @throws InputError when `source` repeats a label */
export function exact(source: Variable, targets: Variable, dim = 'index'): Int32Array {
  requireComparable(source, targets, dim)
  const [labels, wanted] = [labelsOf(source), labelsOf(targets)]
  if (isRising(source) && isRising(targets)) return exactOfRising(labels, wanted)
  const places = new Map<Label, number>()
  for (let i = 0; i < labels.length; i++) {
    const key = labelKey(labels.at(i))
    if (places.has(key)) {
      throw new InputError(`${dim}: ${showLabel(source, i)} stands twice, so nothing can be aligned along it`)
    }
    places.set(key, i)
  }
  return Int32Array.from({ length: wanted.length }, (_, i) => places.get(labelKey(wanted.at(i))) ?? -1)
}

function isRising(index: Variable): boolean {
  const { direction, isStrict } = monotonicity(index)
  return direction === 'increasing' && isStrict
}

/** One walk along both: a map of half a million times would take a second. */
function exactOfRising(labels: Labels, wanted: Labels): Int32Array {
  const result = new Int32Array(wanted.length).fill(-1)
  let place = 0
  for (let i = 0; i < wanted.length; i++) {
    const target = wanted.at(i)
    while (place < labels.length && labels.at(place) < target) place++
    // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint of the same value are the same label
    if (place < labels.length && labels.at(place) == target) result[i] = place
  }
  return result
}

export interface NearestOptions {
  /** How far a label may be, inclusive: nanoseconds for datetimes, else in the labels' unit. */
  readonly tolerance?: number | bigint
  /** Which of two equally near labels wins: the larger or the smaller one. */
  readonly tie: 'later' | 'earlier'
}

/**
 * Where the nearest label to each target stands in `source`; -1 where none is within the tolerance.
 * @throws InputError unless `source` is strictly monotonic and numeric or datetime
 */
export function nearest(
  source: Variable,
  targets: Variable,
  options: NearestOptions,
  dim = 'index',
): Int32Array {
  requireComparable(source, targets, dim)
  if (source.dtype === 'str') throw new InputError(`${dim}: the nearest of texts is not defined`)
  const { direction, isStrict } = monotonicity(source)
  if (!direction || !isStrict) {
    throw new InputError(
      `${dim}: the nearest label needs labels that only rise or only fall, without repeats`,
    )
  }
  const ascending = inAscendingOrder(labelsOf(source), direction)
  const wanted = labelsOf(targets)
  const result = new Int32Array(wanted.length).fill(-1)
  for (let i = 0; i < wanted.length; i++) {
    const target = wanted.at(i) as number | bigint
    if (Number.isNaN(target) || ascending.length === 0) continue
    const found = nearestTo(target, ascending, options)
    if (found >= 0) result[i] = direction === 'increasing' ? found : ascending.length - 1 - found
  }
  return result
}

function inAscendingOrder(labels: Labels, direction: 'increasing' | 'decreasing'): Labels {
  if (direction === 'increasing') return labels
  return { length: labels.length, at: (index) => labels.at(labels.length - 1 - index) }
}

function nearestTo(target: number | bigint, ascending: Labels, { tolerance, tie }: NearestOptions): number {
  const after = lowerBound(ascending, target)
  const before = after - 1
  const up = after < ascending.length ? distance(ascending.at(after) as number | bigint, target) : undefined
  const down = before >= 0 ? distance(target, ascending.at(before) as number | bigint) : undefined
  let [best, gap] = up === undefined ? [before, down!] : [after, up]
  if (up !== undefined && down !== undefined && (down < up || (!(down > up) && tie === 'earlier'))) {
    ;[best, gap] = [before, down]
  }
  return tolerance !== undefined && gap > tolerance ? -1 : best
}

function distance(high: number | bigint, low: number | bigint): number | bigint {
  if (typeof high === 'bigint' && typeof low === 'bigint') return high - low
  return Number(high) - Number(low)
}

/** The first place in ascending labels that is not below `label`. */
export function lowerBound(ascending: Labels, label: Label): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareLabels(ascending.at(middle), label) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The first place in ascending labels that is above `label`. */
export function upperBound(ascending: Labels, label: Label): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareLabels(ascending.at(middle), label) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

export type ReindexOptions = { readonly method: 'exact' } | ({ readonly method: 'nearest' } & NearestOptions)

/** Where each label of `newIndex` is found in `oldIndex`. */
export function findLabels(
  oldIndex: Variable,
  newIndex: Variable,
  options: ReindexOptions,
  dim?: string,
): Int32Array {
  return options.method === 'exact'
    ? exact(oldIndex, newIndex, dim)
    : nearest(oldIndex, newIndex, options, dim)
}

/**
 * The dataset on other labels along `dim`: missing values (and the promotion that they need) where a label is not
 * found. @throws InputError when `dim` has no index
 */
export function reindex(dataset: Dataset, dim: string, newIndex: Variable, options: ReindexOptions): Dataset {
  const oldIndex = dataset.index(dim)
  if (!oldIndex) throw new InputError(`${dim}: there is no coordinate to reindex by`)
  if (sameLabels(oldIndex, newIndex)) return dataset
  const places = findLabels(oldIndex, newIndex, options, dim)
  const result = new Dataset({ attrs: dataset.attrs })
  for (const [name, coord] of dataset.coords) {
    const taken = name === dim ? onLabels(coord, newIndex) : takeVariable(coord, dim, places, name)
    result.coords.set(name, taken)
  }
  for (const [name, variable] of dataset.dataVars) {
    result.dataVars.set(name, takeVariable(variable, dim, places, name))
  }
  return result
}

function onLabels(coord: Variable, newIndex: Variable): Variable {
  return { ...coord, shape: newIndex.shape, dtype: newIndex.dtype, data: newIndex.data }
}

/** One variable on other labels along `dim`, whose labels are `oldIndex`. */
export function reindexVariable(
  variable: Variable,
  dim: string,
  oldIndex: Variable,
  newIndex: Variable,
  options: ReindexOptions,
  name?: string,
): Variable {
  if (sameLabels(oldIndex, newIndex)) return variable
  return takeVariable(variable, dim, findLabels(oldIndex, newIndex, options, dim), name)
}

/** The places of all labels in ascending order, equal ones in the order they have; missing ones last. */
export function ascendingOrder(index: Variable): Int32Array {
  const places = Int32Array.from({ length: index.data.length }, (_, i) => i)
  const { direction, isStrict } = monotonicity(index)
  if (direction === 'increasing') return places
  if (direction === 'decreasing' && isStrict) return places.reverse()
  const labels = labelsOf(index)
  const isNaNAt = hasMissing(index.dtype, index.data) ? missingLast(index) : undefined
  return places.sort((a, b) => {
    if (isNaNAt) {
      const [missingA, missingB] = [isNaNAt(a), isNaNAt(b)]
      if (missingA || missingB) return Number(missingA) - Number(missingB) || a - b
    }
    return compareLabels(labels.at(a), labels.at(b)) || a - b
  })
}

function missingLast(index: Variable): (place: number) => boolean {
  const labels = labelsOf(index)
  if (isDatetime(index.dtype)) return (place) => labels.at(place) === -(2n ** 63n)
  if (index.data instanceof TextArray) {
    const text = index.data
    return (place) => text.isMissing(place)
  }
  return (place) => Number.isNaN(labels.at(place))
}

/** The label at `place` as text for a message. */
export function showLabel(index: Variable, place: number): string {
  const value = index.data instanceof TextArray ? index.data.at(place) : index.data[place]!
  return showElement(value, index.dtype)
}

/** @throws InputError when one index holds text and the other numbers, or one of them times */
export function requireComparable(a: Variable, b: Variable, dim: string): void {
  const kind = ({ dtype }: Variable): string =>
    dtype === 'str' ? 'text' : isDatetime(dtype) ? 'times' : 'numbers'
  if (a.data.length > 0 && b.data.length > 0 && kind(a) !== kind(b)) {
    throw new InputError(
      `${dim}: labels that are ${kind(a)} cannot be matched with labels that are ${kind(b)}`,
    )
  }
}
