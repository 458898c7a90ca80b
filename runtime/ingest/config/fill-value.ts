import type { DType } from '../../dataset/dtype.ts'
import { isDatetime, isFloat, isInteger } from '../../dataset/dtype.ts'
import { showPythonNumber } from './python-number.ts'
import { showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'

export type FillValue = number | bigint | string | null

/** The least and greatest values of an integer type. */
export function integerLimits(dtype: DType): readonly [bigint, bigint] {
  const bits = BigInt(/\d+$/.exec(dtype)![0])
  return dtype.startsWith('u') ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
}

/**
 * The fill of a variable whose YAML names none: none for text and times, the least value for unsigned and 8-bit
 * integers, else -9999. Where the reference's default marks good values as missing or crashes (bool becomes true,
 * `U10` the text -9999, `byte` overflows) this one follows the type instead of the spelling.
 */
export function defaultFill(dtype: DType): FillValue {
  if (dtype === 'str' || dtype === 'bool' || isDatetime(dtype)) return null
  if (dtype === 'int8' || dtype.startsWith('uint')) return typedInteger(integerLimits(dtype)[0], dtype)
  return isInteger(dtype) ? typedInteger(-9999n, dtype) : -9999
}

/** An explicit `_FillValue` in the variable's type; `undefined` after a problem was reported. */
export function readFill(cursor: Cursor, dtype: DType, report: Report): FillValue | undefined {
  const { node } = cursor
  if (node.kind === 'null') return null
  if (dtype === 'str') {
    if (node.kind === 'text') return node.value
    if (node.kind === 'integer' || node.kind === 'float') return showPythonNumber(node)
    return refuse(cursor, dtype, report)
  }
  if (dtype === 'bool' && node.kind === 'boolean') return node.value ? 1 : 0
  const value = node.kind === 'text' ? numberOfText(node.value) : 'value' in node ? node.value : undefined
  if (typeof value !== 'number' && typeof value !== 'bigint') return refuse(cursor, dtype, report)
  if (isFloat(dtype)) return dtype === 'float32' ? Math.fround(Number(value)) : Number(value)
  const whole = typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value) : undefined
  const [least, greatest] = dtype === 'bool' ? [0n, 1n] : integerLimits(isDatetime(dtype) ? 'int64' : dtype)
  if (whole === undefined || whole < least || whole > greatest) return refuse(cursor, dtype, report)
  return typedInteger(whole, dtype)
}

function numberOfText(text: string): number | undefined {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text.trim()) ? Number(text) : undefined
}

function typedInteger(value: bigint, dtype: DType): number | bigint {
  return dtype === 'int64' || dtype === 'uint64' || isDatetime(dtype) ? value : Number(value)
}

function refuse(cursor: Cursor, dtype: DType, report: Report): undefined {
  report.error(
    cursor,
    `found ${showFound(cursor.node)}; expected a value of the type ${dtype}, or null for none`,
  )
  return undefined
}
