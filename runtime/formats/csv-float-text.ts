/**
 * A double as Python's `repr` and pandas' `to_csv` write it: the shortest digits that give it back, always with a
 * point or an exponent; `1e-05`, `1e+16`, `nan`, `inf`.
 */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) return exponentText(value)
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** A float32 as numpy writes it: the shortest digits that give the same float32 back. */
export function float32Text(value: number): string {
  if (!Number.isFinite(value) || value === 0) return floatText(value)
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return floatText(short)
  }
  return floatText(value)
}

function exponentText(value: number): string {
  const [digits, exponent] = value.toExponential().split('e') as [string, string]
  const size = exponent.slice(1).padStart(2, '0')
  return `${digits}e${exponent[0]}${size}`
}
