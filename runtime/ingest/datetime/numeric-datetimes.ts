import { parseDatetime } from '../../dataset/datetime.ts'
import type { BigArray, NumberArray } from '../../dataset/dtype.ts'
import { type Moments, momentsOf } from './moments.ts'

/** What a number counts, by pandas' names of units, in seconds. */
const unitSeconds: Readonly<Record<string, number>> = {
  W: 604_800,
  D: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
}

/** The instant from which numbers count, as one moment. */
export interface Origin {
  readonly seconds: number
  readonly nanoseconds: number
}

export const unixOrigin: Origin = { seconds: 0, nanoseconds: 0 }

/** The origin that pandas means by `unix`, `julian`, a date, or a number of the unit; `undefined` when it is none. */
export function parseOrigin(origin: string | number, unit: string): Origin | undefined {
  if (origin === 'unix') return unixOrigin
  // Noon of day 0 of the Julian period.
  if (origin === 'julian') return unit === 'D' ? { seconds: -210_866_760_000, nanoseconds: 0 } : undefined
  if (typeof origin === 'number') {
    return firstOf(numericMoments(new Float64Array([origin]), unit, unixOrigin, () => {}))
  }
  const instant = parseDatetime(origin)
  return instant === undefined ? undefined : firstOf(momentsOf(new BigInt64Array([instant]), 'ns'))
}

function firstOf({ seconds, nanoseconds }: Moments): Origin | undefined {
  const [second, rest] = [seconds[0] as number, nanoseconds?.[0] ?? 0]
  return Number.isNaN(second) ? undefined : { seconds: second, nanoseconds: rest }
}

/**
 * The times that are so many `unit`s after `origin`, to the nearest nanosecond; NaN is no time. `onProblem` is told of
 * each number that is none: infinite, or out of all calendars.
 */
export function numericMoments(
  values: NumberArray | BigArray,
  unit: string,
  origin: Origin,
  onProblem: (index: number) => void,
): Moments {
  const each = unitSeconds[unit]
  if (each === undefined) throw new RangeError(`there is no unit ${unit}`)
  const seconds = new Float64Array(values.length)
  const nanoseconds = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint
    seconds[i] = Number.NaN
    if (Number.isNaN(value)) continue
    const [whole, rest] = split(value, each)
    const total = rest + origin.nanoseconds
    const carry = Math.floor(total / 1e9)
    const second = origin.seconds + whole + carry
    if (!(Math.abs(second) < maxSeconds)) {
      onProblem(i)
      continue
    }
    seconds[i] = second
    nanoseconds[i] = total - carry * 1e9
  }
  return { seconds, nanoseconds }
}

/** Beyond year 9999 either way. */
const maxSeconds = 2.6e11

/** A number of units as whole seconds and the nanoseconds that remain, from 0 up to a second. */
function split(value: number | bigint, each: number): [seconds: number, nanoseconds: number] {
  const perSecond = Math.round(1 / each)
  if (typeof value === 'bigint') {
    if (each >= 1) return [Number(value) * each, 0]
    const divisor = BigInt(perSecond)
    const rest = ((value % divisor) + divisor) % divisor
    return [Number((value - rest) / divisor), Number(rest) * (1e9 / perSecond)]
  }
  const units = Math.floor(value)
  const part = value - units
  if (each >= 1) {
    const partSeconds = Math.floor(part * each)
    return [units * each + partSeconds, Math.round((part * each - partSeconds) * 1e9)]
  }
  const seconds = Math.floor(units / perSecond)
  return [seconds, Math.round((units - seconds * perSecond + part) * (1e9 / perSecond))]
}
