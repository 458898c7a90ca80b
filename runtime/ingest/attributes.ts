import type { Json } from '../contracts.ts'
import type { AttrValue, Variable } from '../dataset/dataset.ts'
import { type DType, isDatetime, isFloat } from '../dataset/dtype.ts'
import { showFloat } from '../dataset/number-text.ts'

/**
 * A value of a configuration as an attribute on disk: text, int64 for whole numbers, double for others, arrays for
 * lists, texts throughout when a list holds any. A list of one stands alone, as in tsdat's files. `undefined`: the
 * value cannot be stored (null, boolean, map, empty or nested list). `asFloat` makes whole numbers doubles too.
 */
export function toAttrValue(value: Json, asFloat = false): AttrValue | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return asFloat || !Number.isSafeInteger(value) ? value : BigInt(value)
  if (!Array.isArray(value)) return undefined
  const items = value as readonly Json[]
  const isPlain = (item: Json): item is string | number =>
    typeof item === 'string' || typeof item === 'number'
  if (items.length === 0 || !items.every(isPlain)) return undefined
  if (items.length === 1) return toAttrValue(items[0] as Json, asFloat)
  if (items.some((item) => typeof item === 'string')) return items.map(String)
  const numbers = items as readonly number[]
  if (asFloat || !numbers.every(Number.isSafeInteger)) {
    return { dtype: 'float64', values: numbers, scalar: false }
  }
  return { dtype: 'int64', values: numbers.map(BigInt), scalar: false }
}

/** An attribute as text, for templates and text files: numbers as Python prints them, lists in brackets. */
export function attrText(value: AttrValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return showFloat(value)
  if (!('dtype' in value)) return `[${value.map((text) => `'${text}'`).join(', ')}]`
  const texts = value.values.map((item) =>
    isFloat(value.dtype) ? showFloat(Number(item), value.dtype) : String(item),
  )
  return value.scalar ? (texts[0] ?? '') : `[${texts.join(' ')}]`
}

/** What marks a missing element of a variable: its `_FillValue`, as an attribute or encoded, in the data's type. */
export function fillOf(variable: Variable): number | bigint | string | undefined {
  const attr = variable.attrs.get('_FillValue')
  const fill = attr === undefined ? variable.encoding.fillValue : scalarOf(attr)
  return fill === undefined ? undefined : fillAs(fill, variable.dtype)
}

function scalarOf(value: AttrValue): number | bigint | string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  return 'dtype' in value ? value.values[0] : value[0]
}

/** A fill in the type of the data, so that `===` finds it; `undefined` when no element can equal it. */
function fillAs(fill: number | bigint | string, dtype: DType): number | bigint | string | undefined {
  if (dtype === 'str') return typeof fill === 'string' ? fill : String(fill)
  if (typeof fill === 'string') return undefined
  if (isDatetime(dtype) || dtype === 'int64' || dtype === 'uint64') {
    if (typeof fill === 'bigint') return fill
    return Number.isInteger(fill) ? BigInt(fill) : undefined
  }
  return dtype === 'float32' ? Math.fround(Number(fill)) : Number(fill)
}

/** The `_FillValue` of a variable as an attribute of the variable's own type. */
export function fillAttr(fill: number | bigint | string, dtype: DType): AttrValue {
  if (typeof fill === 'string' || dtype === 'str') return String(fill)
  if (isDatetime(dtype)) return { dtype: 'int64', values: [BigInt(fill)], scalar: true }
  if (dtype === 'bool') return { dtype: 'int8', values: [Number(fill)], scalar: true }
  if (dtype !== 'int64' && dtype !== 'uint64') return { dtype, values: [Number(fill)], scalar: true }
  // A fraction is no fill of whole numbers: it stays what it is, and matches none of them.
  if (!Number.isInteger(Number(fill))) return Number(fill)
  return { dtype, values: [BigInt(fill)], scalar: true }
}
