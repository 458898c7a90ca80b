/** The frame rates of cameras and television that are no whole number. */
const ntscRates = [24_000 / 1001, 30_000 / 1001, 60_000 / 1001, 120_000 / 1001]

/** The number that ffprobe's `30000/1001` or `25` stands for; `undefined` where it stands for none, as `0/0` does. */
export function parseFraction(text: string | undefined, separator = '/'): number | undefined {
  const [numerator, denominator = '1', ...more] = (text ?? '').split(separator)
  if (more.length > 0 || !isDecimal(numerator) || !isDecimal(denominator)) return undefined
  const value = Number(numerator) / Number(denominator)
  return value > 0 && Number.isFinite(value) ? value : undefined
}

const isDecimal = (text: string | undefined) => text !== undefined && /^\d+(?:\.\d+)?$/.test(text)

/**
 * The usual frame rate nearest to one that was measured from times rounded to milliseconds over `seconds`, if rounding
 * explains the difference; else what was measured.
 */
export function nearUsualRate(measured: number, seconds: number): number {
  const usual = [...ntscRates, Math.round(measured)]
  const nearest = usual.reduce((a, b) => (Math.abs(a - measured) <= Math.abs(b - measured) ? a : b))
  // Both ends may be off by up to a millisecond.
  const tolerance = (measured * 0.002) / seconds
  return nearest > 0 && Math.abs(nearest - measured) <= tolerance ? nearest : measured
}
