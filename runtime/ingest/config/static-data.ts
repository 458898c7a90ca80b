import type { Json } from '../../contracts.ts'
import type { DType } from '../../dataset/dtype.ts'
import { isDatetime, isFloat, isInteger } from '../../dataset/dtype.ts'
import { integerLimits } from './fill-value.ts'
import { showPythonNumber } from './python-number.ts'
import { readAnything, showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor } from './report.ts'
import type { YamlNode, YamlScalar } from './yaml-node.ts'

/** A variable's `data` as values of its dtype's kind: a scalar, or lists as deep as it has dimensions. */
export function readStaticData(
  cursor: Cursor,
  dtype: DType,
  dims: readonly string[],
  report: Report,
): Json | undefined {
  const { node } = cursor
  if (node.kind === 'list' && shapeOf(node)?.length !== dims.length) {
    const depth = `${dims.length === 0 ? 'one value' : `lists ${dims.length} deep, all of the same lengths`}`
    report.error(cursor, `expected ${depth}, since the dims are [${dims.join(', ')}]`)
    return undefined
  }
  return readValues(cursor, dtype, report)
}

/** The lengths of nested lists by depth, or `undefined` when they differ or texts stand beside lists. */
function shapeOf(node: YamlNode): number[] | undefined {
  if (node.kind !== 'list') return []
  const shapes = node.items.map(shapeOf)
  const [first = []] = shapes
  const isRegular = shapes.every((shape) => shape?.join() === first.join())
  return isRegular ? [node.items.length, ...first] : undefined
}

function readValues(cursor: Cursor, dtype: DType, report: Report): Json | undefined {
  const { node } = cursor
  if (node.kind === 'list') {
    const values = node.items.map((item, index) =>
      readValues(childCursor(cursor, index, item), dtype, report),
    )
    return values.includes(undefined) ? undefined : (values as Json[])
  }
  const value = node.kind === 'map' ? undefined : scalarOf(node, dtype)
  if (value === undefined) {
    report.error(cursor, `found ${showFound(node)}; expected a value of the type ${dtype}`)
    return undefined
  }
  return typeof value === 'bigint' ? readAnything(cursor, report) : value
}

function scalarOf(node: YamlScalar, dtype: DType): string | number | bigint | undefined {
  if (dtype === 'str') {
    if (node.kind === 'text' || node.kind === 'date') return node.value
    return node.kind === 'integer' || node.kind === 'float' ? showPythonNumber(node) : undefined
  }
  if (isDatetime(dtype)) return timeOf(node)
  const value = numberOf(node)
  if (value === undefined || dtype === 'bool' || isFloat(dtype)) return value
  if (!isInteger(dtype) || (typeof value === 'number' && !Number.isFinite(value))) return undefined
  // numpy cuts off fractions; what does not fit the type would wrap around.
  const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(value))
  const [least, greatest] = integerLimits(dtype)
  return whole >= least && whole <= greatest ? value : undefined
}

/** Text by numpy's ISO 8601 form, or counts of the dtype's unit since 1970. */
function timeOf(node: YamlScalar): string | number | bigint | undefined {
  if (node.kind === 'date' || node.kind === 'integer') return node.value
  if (node.kind !== 'text') return undefined
  return /^\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?)?)?$|^NaT$/.test(node.value)
    ? node.value
    : undefined
}

function numberOf(node: YamlScalar): number | bigint | undefined {
  switch (node.kind) {
    case 'integer':
    case 'float':
      return node.value
    case 'boolean':
      return node.value ? 1 : 0
    case 'null':
      return Number.NaN
    case 'text':
      return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(node.value.trim())
        ? Number(node.value)
        : undefined
    default:
      return undefined
  }
}
