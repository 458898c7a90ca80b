/** A float as Python's `repr` writes it: `1.0`, `1e-05`, `1.5e+16`, `nan`, `inf`. */
export function showFloat(value: number, dtype: 'float64' | 'float32' = 'float64'): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const shortest = dtype === 'float64' ? String(value) : shortestFloat32(value)
  const [mantissa, exponent] = Number(shortest).toExponential().split('e') as [string, string]
  const power = Number(exponent)
  if (value !== 0 && (power < -4 || power >= 16)) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
  }
  const plain = power < 0 ? Number(shortest).toFixed(fractionDigits(mantissa) - power) : shortest
  return /[.e]/.test(plain) ? plain : `${plain}.0`
}

function fractionDigits(mantissa: string): number {
  return mantissa.split('.')[1]?.length ?? 0
}

/** The fewest digits that give the same float32 again. */
function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(Number(value.toPrecision(9)))
}

/** What a text says as a decimal float (`nan` and `inf` too, in any case), or `undefined`. No hexadecimal. */
export function parseFloatText(text: string): number | undefined {
  const plain = text.trim()
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(plain)) return Number(plain)
  if (/^[+-]?nan$/i.test(plain)) return Number.NaN
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(plain)
  if (!infinite) return undefined
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** What a text says as a decimal integer, or `undefined`. */
export function parseIntegerText(text: string): bigint | undefined {
  const plain = text.trim()
  return /^[+-]?\d+$/.test(plain) ? BigInt(plain.replace(/^\+/, '')) : undefined
}
