const second = 1_000_000_000n

/** Nanoseconds in each unit of pandas' Timedelta texts, by every name that pandas has for it. */
const timedeltaUnits: readonly (readonly [names: string, nanoseconds: bigint])[] = [
  ['W w weeks week', 604_800n * second],
  ['D d days day', 86_400n * second],
  ['h H hours hour hr hrs', 3600n * second],
  ['m min minutes minute mins T t', 60n * second],
  ['s S seconds second sec secs', second],
  ['ms milliseconds millisecond millis milli L l', 1_000_000n],
  ['us µs μs microseconds microsecond micros micro U u', 1000n],
  ['ns nanoseconds nanosecond nanos nano N n', 1n],
]

/** Of pandas' frequencies, those that are always equally long. `M`, `Y` and `W` are not, or start on a weekday. */
const frequencyUnits: readonly (readonly [names: string, nanoseconds: bigint])[] = [
  ['D', 86_400n * second],
  ['h H', 3600n * second],
  ['min T', 60n * second],
  ['s S', second],
  ['ms L', 1_000_000n],
  ['us U', 1000n],
  ['ns N', 1n],
]

/**
 * The nanoseconds of a pandas Timedelta text: `5min`, `1h30m`, `-2 days`, `1 days 02:03:04.5`, `02:03:04`, `PT1H30M`.
 * `undefined` when it is none, or has no unit: what a bare number means is for the caller to say.
 */
export function parseTimedelta(text: string): bigint | undefined {
  const [, sign, body] = /^\s*([+-]?)\s*(.*?)\s*$/s.exec(text) as unknown as [string, string, string]
  const length = body.startsWith('P') ? parseIsoDuration(body) : parseDaysAndClock(body)
  return length === undefined ? undefined : sign === '-' ? -length : length
}

/** The nanoseconds of a pandas frequency: `30s`, `5min`, `5T`, `1h`, `1.5h`, `1D`, `1h30min`; `undefined` if none. */
export function parseFrequency(text: string): bigint | undefined {
  const body = text.trim()
  const total = parseTerms(/^[A-Za-z]/.test(body) ? `1${body}` : body, frequencyUnits)
  return total === undefined || total <= 0n ? undefined : total
}

/** Seconds of a duration, of which a bare number has seconds already; `undefined` when it is none. */
export function parseSeconds(value: string | number): number | undefined {
  const bare =
    typeof value === 'number' ? value : /^\s*[+-]?\d+(?:\.\d*)?\s*$/.test(value) ? Number(value) : undefined
  if (bare !== undefined) return Number.isFinite(bare) ? bare : undefined
  const length = parseTimedelta(value as string)
  return length === undefined ? undefined : Number(length / second) + Number(length % second) / 1e9
}

/** `1 days 02:03:04`, either part alone, or terms with units. */
function parseDaysAndClock(text: string): bigint | undefined {
  const clock =
    /^(?:(?<terms>.*?)[\s,]+)?(?<hours>\d+):(?<minutes>[0-5]?\d):(?<seconds>[0-5]?\d(?:\.\d{1,9})?)$/s.exec(
      text,
    )
  if (!clock?.groups) return parseTerms(text, timedeltaUnits)
  const { terms, hours, minutes, seconds } = clock.groups
  const days = terms === undefined ? 0n : parseTerms(terms, timedeltaUnits)
  const ofClock = BigInt(hours as string) * 3600n + BigInt(minutes as string) * 60n
  return days === undefined ? undefined : days + ofClock * second + times(seconds as string, second)
}

/** The sum of terms such as `1.5h`, with blanks, commas or nothing between them. */
function parseTerms(text: string, units: readonly (readonly [string, bigint])[]): bigint | undefined {
  const term = /\s*(?<number>\d+(?:\.\d*)?|\.\d+)\s*(?<unit>[A-Za-zµμ]+)\s*(?:,\s*)?/y
  let total = 0n
  if (text === '') return undefined
  while (term.lastIndex < text.length) {
    const groups = term.exec(text)?.groups
    const unit = units.find(([names]) => names.split(' ').includes(groups?.unit as string))
    if (!groups || !unit) return undefined
    total += times(groups.number as string, unit[1])
  }
  return total
}

function parseIsoDuration(text: string): bigint | undefined {
  const pattern =
    /^P(?:(?<weeks>\d+)W)?(?:(?<days>\d+)D)?(?:T(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+(?:\.\d{1,9})?)S)?)?$/
  const groups = /\d[WDHMS]/.test(text) ? pattern.exec(text)?.groups : undefined
  if (!groups) return undefined
  const { weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0' } = groups
  const whole =
    BigInt(weeks) * 604_800n + BigInt(days) * 86_400n + BigInt(hours) * 3600n + BigInt(minutes) * 60n
  return whole * second + times(seconds, second)
}

/** A decimal number of `unit`s, cut to whole nanoseconds. */
function times(number: string, unit: bigint): bigint {
  const [whole = '', decimals = ''] = number.split('.')
  return (BigInt(whole + decimals || '0') * unit) / 10n ** BigInt(decimals.length)
}
