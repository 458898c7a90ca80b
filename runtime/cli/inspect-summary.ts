import type { Variable } from '../dataset/dataset.ts'
import { formatDatetime } from '../dataset/datetime.ts'
import { type DType, isDatetime, timeUnit } from '../dataset/dtype.ts'
import { missingTest } from '../dataset/missing.ts'
import { TextArray } from '../dataset/text-array.ts'

/** What a variable's values are, as text: times in ISO 8601. Empty where there is no such thing. */
export interface Summary {
  /** Of values that are there. */
  readonly count: number
  readonly missing: number
  readonly min: string
  readonly mean: string
  readonly max: string
}

/** Numbers with seven significant digits, whole ones in full. */
export function summarize({ dtype, data }: Variable): Summary {
  const isMissing = missingTest(dtype, data)
  let missing = 0
  for (let i = 0; i < data.length; i++) if (isMissing(i)) missing++
  const count = data.length - missing
  if (data instanceof TextArray || count === 0) return { count, missing, min: '', mean: '', max: '' }
  const { min, mean, max } =
    data instanceof BigInt64Array || data instanceof BigUint64Array
      ? rangeOfBigs(data, isMissing, count)
      : rangeOfNumbers(data, isMissing, count)
  return { count, missing, min: show(min, dtype), mean: show(mean, dtype), max: show(max, dtype) }
}

interface Range<T> {
  readonly min: T
  readonly mean: number | bigint
  readonly max: T
}

/** The sum is kept with what additions round off (Neumaier), so that long columns have the right mean. */
function rangeOfNumbers(
  data: ArrayLike<number>,
  isMissing: (index: number) => boolean,
  count: number,
): Range<number> {
  let [min, max, sum, lost] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (let i = 0; i < data.length; i++) {
    if (isMissing(i)) continue
    const value = data[i] as number
    if (value < min) min = value
    if (value > max) max = value
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  // An infinite value makes the correction NaN, and the sum is what it is.
  const total = Number.isFinite(sum) ? sum + lost : sum
  return { min, mean: total / count, max }
}

/** Exact: whole numbers of 64 bits, or counts of a time unit, whose mean is cut to the unit. */
function rangeOfBigs(
  data: ArrayLike<bigint>,
  isMissing: (index: number) => boolean,
  count: number,
): Range<bigint> {
  let [min, max, sum] = [2n ** 64n, -(2n ** 64n), 0n]
  for (let i = 0; i < data.length; i++) {
    if (isMissing(i)) continue
    const value = data[i] as bigint
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  const whole = sum / BigInt(count)
  const isExact = whole * BigInt(count) === sum
  return { min, mean: isExact ? whole : Number(whole) + Number(sum - whole * BigInt(count)) / count, max }
}

function show(value: number | bigint, dtype: DType): string {
  if (isDatetime(dtype)) {
    const whole = typeof value === 'bigint' ? value : BigInt(Math.floor(value))
    const text = formatDatetime(whole, timeUnit(dtype))
    return text.includes('.') ? text.replace(/\.?0+$/, '') : text
  }
  if (typeof value === 'bigint' || Number.isInteger(value)) return showWhole(value)
  return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : String(value)
}

function showWhole(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(7)))
}
