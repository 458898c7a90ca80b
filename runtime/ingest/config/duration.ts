import type { Padding } from './types.ts'

/** In seconds, by the spellings of pandas' Timedelta. `M`, `Y` and the like have no fixed length: not here. */
const secondsOf = new Map<string, number>(
  (
    [
      [604_800, ['W', 'w', 'week', 'weeks']],
      [86_400, ['D', 'd', 'day', 'days']],
      [3600, ['h', 'H', 'hr', 'hrs', 'hour', 'hours']],
      [60, ['m', 'min', 'mins', 'T', 't', 'minute', 'minutes']],
      [1, ['s', 'S', 'sec', 'secs', 'second', 'seconds']],
      [1e-3, ['ms', 'L', 'l', 'milli', 'millis', 'millisecond', 'milliseconds']],
      [1e-6, ['us', 'µs', 'U', 'u', 'micro', 'micros', 'microsecond', 'microseconds']],
      [1e-9, ['ns', 'N', 'n', 'nano', 'nanos', 'nanosecond', 'nanoseconds']],
    ] as const
  ).flatMap(([seconds, names]) => names.map((name) => [name, seconds] as const)),
)

/** What `parseDuration` takes, in words. */
export const durationForm = 'a duration such as 600s, 15min, 1.5h, 1 day or 500ms'

/**
 * Seconds of a duration in any unit, or several (`1h30m`), or `hh:mm:ss`; a bare number is seconds. `undefined` when
 * the text is none. No sign: who needs one takes it off first.
 */
export function parseDuration(text: string): number | undefined {
  const plain = text.trim()
  if (/^\d+(?:\.\d*)?$|^\.\d+$/.test(plain)) return Number(plain)
  const clock = /^(\d+):([0-5]?\d):([0-5]?\d(?:\.\d+)?)$/.exec(plain)
  if (clock) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3])
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)\s*[A-Za-zµ]+[\s,]*)+$/.test(plain)) return undefined
  let total = 0
  for (const [, amount, unit] of plain.matchAll(/(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-zµ]+)/g)) {
    // Capitals do not matter, but for the M and Y that other times have.
    const seconds =
      secondsOf.get(unit!) ?? (unit!.length > 1 ? secondsOf.get(unit!.toLowerCase()) : undefined)
    if (seconds === undefined) return undefined
    total += scale(Number(amount), seconds)
  }
  return total
}

/** `amount × seconds`, dividing for the small units: 500 × 1e-3 is not 0.5 in binary, 500 / 1e3 is. */
function scale(amount: number, seconds: number): number {
  return seconds < 1 ? amount / Math.round(1 / seconds) : amount * seconds
}

/** Whether a duration names a unit: then it can only be a time. */
export function hasUnit(text: string): boolean {
  return /[A-Za-zµ:]/.test(text)
}

/** What is wrong with a pandas frequency such as `30s`, `5min` or `1.5h`, if anything. */
export function checkFrequency(text: string): string | undefined {
  const seconds = /^(?:\d|\.\d)/.test(text.trim()) && hasUnit(text) ? parseDuration(text) : undefined
  if (seconds !== undefined && seconds > 0 && !/[Ww]/.test(text)) return undefined
  return `found ${JSON.stringify(text)}; expected an interval such as 30s, 5min, 1.5h or 1D, more than 0`
}

/**
 * How far a fetch reaches beyond its window: `-24h` before its start, `+1h` after its end, `30min` both ways.
 * `undefined` when the text is none; a bare number is seconds.
 */
export function parsePadding(text: string): Padding | undefined {
  const plain = text.trim()
  const seconds = parseDuration(plain.replace(/^[-+]/, ''))
  if (seconds === undefined) return undefined
  return {
    beforeSeconds: plain.startsWith('+') ? 0 : seconds,
    afterSeconds: plain.startsWith('-') ? 0 : seconds,
  }
}
