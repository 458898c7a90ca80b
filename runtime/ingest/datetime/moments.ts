import { NaT, type TimeUnit } from '../../dataset/dtype.ts'
import { Int64Words } from '../../dataset/int64-words.ts'

/** Points in time on their way to 64-bit counts: seconds since 1970 and the rest of them. NaN seconds: no time. */
export interface Moments {
  readonly seconds: Float64Array
  /** From 0 up to a second; absent: all zero. */
  readonly nanoseconds?: Int32Array
}

/**
 * Counts of `unit` since 1970; what is finer than the unit is cut toward minus infinity. `onOutOfRange` is told of
 * each moment that the unit cannot hold, and may throw; if it returns, the moment becomes NaT.
 */
export function countsOf(
  moments: Moments,
  unit: TimeUnit,
  onOutOfRange: (index: number) => void,
): BigInt64Array {
  const { seconds, nanoseconds } = moments
  const counts = new BigInt64Array(seconds.length)
  const perSecond = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }[unit]
  const nanosecondsEach = 1e9 / perSecond
  const words = new Int64Words(counts)
  for (let i = 0; i < seconds.length; i++) {
    const second = seconds[i] as number
    if (Number.isNaN(second)) {
      counts[i] = NaT
      continue
    }
    if (unit === 'ns' && !fitsNanoseconds(second, nanoseconds?.[i] ?? 0)) {
      onOutOfRange(i)
      counts[i] = NaT
      continue
    }
    const rest = nanoseconds ? Math.floor((nanoseconds[i] as number) / nanosecondsEach) : 0
    setCount(words, i, second, perSecond, rest)
  }
  return counts
}

/** Whether 64 bits hold the nanoseconds since 1970: from 1677-09-21T00:12:43.145224193 to 2262-04-11T23:47:16.854775807. */
function fitsNanoseconds(second: number, rest: number): boolean {
  if (second === 9_223_372_036) return rest <= 854_775_807
  if (second === -9_223_372_037) return rest >= 145_224_193
  return second > -9_223_372_037 && second < 9_223_372_036
}

/** The moments that counts of `unit` stand for. */
export function momentsOf(counts: BigInt64Array, unit: TimeUnit): Moments {
  const perSecond = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n }[unit]
  const seconds = new Float64Array(counts.length)
  const nanoseconds = unit === 's' ? undefined : new Int32Array(counts.length)
  const nanosecondsPerCount = Number(1_000_000_000n / perSecond)
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as bigint
    if (count === NaT) {
      seconds[i] = Number.NaN
      continue
    }
    let [whole, rest] = [count / perSecond, count % perSecond]
    if (rest < 0n) [whole, rest] = [whole - 1n, rest + perSecond]
    seconds[i] = Number(whole)
    if (nanoseconds) nanoseconds[i] = Number(rest) * nanosecondsPerCount
  }
  return nanoseconds ? { seconds, nanoseconds } : { seconds }
}

/** Sets an element to `seconds × perSecond + rest`, exactly. */
function setCount(words: Int64Words, index: number, seconds: number, perSecond: number, rest: number): void {
  // Seconds in two parts, so that no product goes beyond 2^53.
  const high = Math.floor(seconds / 1_048_576)
  const upper = high * perSecond
  const lower = (seconds - high * 1_048_576) * perSecond + rest
  const carry = Math.floor(upper / 4096)
  const low = (upper - carry * 4096) * 1_048_576 + lower
  const overflow = Math.floor(low / 4_294_967_296)
  words.setParts(index, carry + overflow, low - overflow * 4_294_967_296)
}
