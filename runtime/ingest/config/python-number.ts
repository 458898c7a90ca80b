import type { YamlFloat, YamlInteger } from './yaml-node.ts'

/** A number as Python's `str` shows it: `12`, `1.0`, `1e-05`, `inf`. What tsdat makes of numbers where text belongs. */
export function showPythonNumber(number: Pick<YamlInteger | YamlFloat, 'kind' | 'value'>): string {
  return number.kind === 'integer' ? String(number.value) : showPythonFloat(Number(number.value))
}

/** A float as Python's `repr` shows it: the same shortest digits as JavaScript's, laid out differently. */
export function showPythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (Object.is(value, -0)) return '-0.0'
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2')
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
