import type { Json } from '../../contracts.ts'
import type { Place } from '../../errors.ts'
import { isAscii, readAttributeValue } from './attribute-value.ts'
import { globalAttributes, runTimeAttributes, variableName } from './dataset-fields.ts'
import { checkKeys, readShape, showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor, joinPath } from './report.ts'
import type { Fields } from './shape.ts'
import { anything } from './shape.ts'
import type { DatasetConfig, VariableConfig } from './types.ts'
import { readVariable } from './variable.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/** The keys of dataset.yaml. */
export const datasetFields: Fields = {
  attrs: { shape: anything, description: 'The global attributes.', isRequired: true },
  coords: {
    shape: anything,
    description: 'The coordinates by name; one must be called time.',
    isRequired: true,
  },
  data_vars: { shape: anything, description: 'The other variables by name.', isRequired: true },
}

/** dataset.yaml; `undefined` after a problem was reported that leaves nothing to go on with. */
export function readDataset(cursor: Cursor, report: Report): DatasetConfig | undefined {
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with attrs, coords and data_vars`)
    return undefined
  }
  checkKeys(datasetFields, cursor, node, report)
  const attrs = readMap(cursor, node, 'attrs', report, (at, map) => readGlobalAttributes(at, map, report))
  const coords = readMap(cursor, node, 'coords', report, (at, map) => readCoords(at, map, report))
  const dataVars = readMap(cursor, node, 'data_vars', report, (at, map) =>
    readVariables(at, map, 'data_var', report),
  )
  if (!attrs || !coords || !dataVars) return undefined
  for (const [name, { place }] of dataVars) {
    if (!coords.has(name)) continue
    report.errorAt(place, joinPath(joinPath('', 'data_vars'), name), 'this name is also a coordinate')
  }
  return { ...attrs, coords, dataVars }
}

function readMap<T>(
  cursor: Cursor,
  map: YamlMap,
  key: string,
  report: Report,
  read: (cursor: Cursor, map: YamlMap) => T,
): T | undefined {
  const node = map.entries.get(key)?.value
  if (!node) return undefined
  const at = childCursor(cursor, key, node)
  if (node.kind === 'map') return read(at, node)
  report.error(at, `found ${showFound(node)}; expected a map`)
  return undefined
}

function readCoords(cursor: Cursor, map: YamlMap, report: Report): ReadonlyMap<string, VariableConfig> {
  const coords = readVariables(cursor, map, 'coord', report)
  if (!map.entries.has('time')) report.error(cursor, '"time" is missing: every dataset has this coordinate')
  return coords
}

function readVariables(
  cursor: Cursor,
  map: YamlMap,
  role: 'coord' | 'data_var',
  report: Report,
): ReadonlyMap<string, VariableConfig> {
  const variables = new Map<string, VariableConfig>()
  for (const { key, keyPlace, value } of map.entries.values()) {
    const at = childCursor(cursor, key, value)
    if (!variableName.test(key)) {
      const allowed = 'letters, digits and the characters _ ( ) / [ ] { } .'
      report.errorAt(
        keyPlace,
        at.path,
        `${JSON.stringify(key)} cannot name a variable; allowed are ${allowed}`,
      )
    }
    const variable = readVariableOnce(key, role, at, keyPlace, report)
    if (variable) variables.set(key, variable)
  }
  return variables
}

/** Variables without problems, by the node they were read from: what overrides leave alone is not checked again. */
const readBefore = new WeakMap<YamlNode, ReadonlyMap<string, VariableConfig>>()

function readVariableOnce(
  name: string,
  role: 'coord' | 'data_var',
  cursor: Cursor,
  place: Place,
  report: Report,
): VariableConfig | undefined {
  const key = `${role} ${name}`
  const known = readBefore.get(cursor.node)
  const again = known?.get(key)
  if (again) return again
  const problemCount = report.problems.length
  const variable = readVariable(name, role, cursor, place, report)
  if (variable && report.problems.length === problemCount) {
    readBefore.set(cursor.node, new Map([...(known ?? []), [key, variable]]))
  }
  return variable
}

function readGlobalAttributes(
  cursor: Cursor,
  map: YamlMap,
  report: Report,
): Pick<DatasetConfig, 'attrs' | 'floatAttrs' | 'datastream'> {
  const attrs = new Map<string, Json>()
  const floatAttrs = new Set<string>()
  checkRequired(cursor, map, report)
  // The order of the reference: what it has rules for first.
  for (const [name, field] of Object.entries(globalAttributes)) {
    const node = map.entries.get(name)?.value
    const json = node ? readShape(field.shape, childCursor(cursor, name, node), report) : field.default
    if (json === undefined || json === null) continue
    if (node && typeof json === 'string') isAscii(childCursor(cursor, name, node), json, report)
    attrs.set(name, json)
  }
  for (const { key, value } of map.entries.values()) {
    if (Object.hasOwn(globalAttributes, key)) continue
    const at = childCursor(cursor, key, value)
    if ((runTimeAttributes as readonly string[]).includes(key)) {
      report.warn(at, 'ignored: this attribute is set when the pipeline runs')
      continue
    }
    isAscii(at, key, report)
    const read = readAttributeValue(at, report)
    if (!read) continue
    attrs.set(key, read.json)
    if (read.isFloat) floatAttrs.add(key)
  }
  const datastream = datastreamOf(attrs)
  attrs.set('datastream', datastream)
  return { attrs, floatAttrs, datastream }
}

function checkRequired(cursor: Cursor, map: YamlMap, report: Report): void {
  for (const [name, field] of Object.entries(globalAttributes)) {
    if (field.isRequired && !map.entries.has(name)) report.error(cursor, `"${name}" is missing`)
  }
}

function datastreamOf(attrs: ReadonlyMap<string, Json>): string {
  const text = (name: string): string | undefined => attrs.get(name) as string | undefined
  const middle = [text('dataset_name'), text('qualifier'), text('temporal')].filter(
    (part) => part !== undefined,
  )
  return text('datastream') || `${text('location_id')}.${middle.join('-')}.${text('data_level')}`
}
