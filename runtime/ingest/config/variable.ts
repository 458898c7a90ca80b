import type { Json } from '../../contracts.ts'
import type { DType } from '../../dataset/dtype.ts'
import { parseDType } from '../../dataset/dtype.ts'
import type { Place } from '../../errors.ts'
import { isAscii, readAttributeValue } from './attribute-value.ts'
import { dtypeShape, floatAttributes, variableAttributes, variableFields } from './dataset-fields.ts'
import { defaultFill, readFill } from './fill-value.ts'
import { didYouMean } from './nearest-name.ts'
import { checkKeys, readShape, showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor } from './report.ts'
import { readStaticData } from './static-data.ts'
import type { VariableConfig } from './types.ts'
import { storedUnits } from './units-text.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/** One entry of `coords` or `data_vars`; `undefined` after a problem was reported. */
export function readVariable(
  name: string,
  role: 'coord' | 'data_var',
  cursor: Cursor,
  place: Place,
  report: Report,
): VariableConfig | undefined {
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with dims, dtype and attrs`)
    return undefined
  }
  checkKeys(variableFields, cursor, node, report)
  const dtypeText = readDType(cursor, node, report)
  const dtype = dtypeText === undefined ? undefined : parseDType(dtypeText)
  const dims = readDims(name, role, cursor, node, report)
  const attributes = readAttributes(cursor, node, dtype, report)
  const data = dtype && dims ? readData(cursor, node, dtype, dims, report) : undefined
  if (dtypeText === undefined || !dims || !attributes) return undefined
  return { name, dims, dtype: dtypeText, ...attributes, data, place }
}

function readDType(cursor: Cursor, map: YamlMap, report: Report): string | undefined {
  const node = map.entries.get('dtype')?.value
  if (!node) return undefined
  const at = childCursor(cursor, 'dtype', node)
  const text = readShape(dtypeShape, at, report) as string | undefined
  if (text === undefined || parseDType(text) !== undefined) return text
  const { examples } = dtypeShape
  const hint = didYouMean(text, examples) || `; common types are ${examples.join(', ')}`
  report.error(at, `${JSON.stringify(text)} is no type that can be stored${hint}`)
  return undefined
}

function readDims(
  name: string,
  role: 'coord' | 'data_var',
  cursor: Cursor,
  map: YamlMap,
  report: Report,
): readonly string[] | undefined {
  const node = map.entries.get('dims')?.value
  if (!node) return undefined
  const at = childCursor(cursor, 'dims', node)
  const dims = readShape(variableFields.dims!.shape, at, report) as readonly string[] | undefined
  const isOwn = dims?.length === 1 && dims[0] === name
  if (!dims || role === 'data_var' || isOwn) return dims
  report.error(at, `found [${dims.join(', ')}]; the dims of a coordinate are itself alone: [${name}]`)
  return undefined
}

function readData(
  cursor: Cursor,
  map: YamlMap,
  dtype: DType,
  dims: readonly string[],
  report: Report,
): Json | undefined {
  const node = map.entries.get('data')?.value
  if (!node || node.kind === 'null') return undefined
  return readStaticData(childCursor(cursor, 'data', node), dtype, dims, report)
}

type Attributes = Pick<VariableConfig, 'attrs' | 'floatAttrs' | 'fillValue'>

function readAttributes(
  cursor: Cursor,
  variable: YamlMap,
  dtype: DType | undefined,
  report: Report,
): Attributes | undefined {
  const node = variable.entries.get('attrs')?.value
  if (!node) return undefined
  const at = childCursor(cursor, 'attrs', node)
  if (node.kind !== 'map') {
    report.error(at, `found ${showFound(node)}; expected a map`)
    return undefined
  }
  const attrs = new Map<string, Json>()
  const floatAttrs = new Set<string>()
  for (const { key, value } of node.entries.values()) {
    if (key === 'units' || key === '_FillValue' || key === 'fill_value') continue
    const read = readAttribute(childCursor(at, key, value), key, report)
    if (!read) continue
    attrs.set(key, read.json)
    if (read.isFloat) floatAttrs.add(key)
  }
  const units = readUnits(at, node, report)
  const fillValue = dtype && readFillValue(at, node, dtype, report)
  const withUnits = units === undefined ? attrs : new Map<string, Json>([['units', units], ...attrs])
  return fillValue === undefined ? undefined : { attrs: withUnits, floatAttrs, fillValue }
}

/** `undefined` for what is not set, and after a problem was reported. */
function readAttribute(
  at: Cursor,
  key: string,
  report: Report,
): { json: Json; isFloat: boolean } | undefined {
  isAscii(at, key, report)
  if (!Object.hasOwn(variableAttributes, key)) return readAttributeValue(at, report)
  const json = readShape(variableAttributes[key]!.shape, at, report)
  if (json === undefined || json === null) return undefined
  if (typeof json === 'string') isAscii(at, json, report)
  return { json, isFloat: floatAttributes.has(key) }
}

/** Units are required, unless the comment owns up to not knowing them. */
function readUnits(cursor: Cursor, attrs: YamlMap, report: Report): string | undefined {
  const node = attrs.entries.get('units')?.value
  const comment = attrs.entries.get('comment')?.value
  const isUnknown = comment?.kind === 'text' && comment.value.includes('Unknown units.')
  const isEmpty = !node || (node.kind === 'text' && node.value === '')
  if (isEmpty) {
    if (isUnknown) return undefined
    const advice = 'give the units (1 for numbers without), or say `Unknown units.` in the comment'
    report.error(cursor, `"units" is missing: ${advice}`)
    return undefined
  }
  const at = childCursor(cursor, 'units', node)
  const units = readShape(variableAttributes.units!.shape, at, report)
  if (typeof units !== 'string') return undefined
  isAscii(at, units, report)
  return storedUnits(units)
}

/** The key `fill_value` is accepted for `_FillValue`, which wins. */
function readFillValue(
  cursor: Cursor,
  attrs: YamlMap,
  dtype: DType,
  report: Report,
): VariableConfig['fillValue'] | undefined {
  const key = attrs.entries.has('_FillValue') ? '_FillValue' : 'fill_value'
  const node: YamlNode | undefined = attrs.entries.get(key)?.value
  return node ? readFill(childCursor(cursor, key, node), dtype, report) : defaultFill(dtype)
}
