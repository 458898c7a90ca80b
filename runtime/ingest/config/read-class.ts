import type { JsonObject } from '../../contracts.ts'
import { resolveClass } from './class-name.ts'
import type { ParameterTable } from './class-parameters.ts'
import { classParameters } from './class-parameters.ts'
import type { ClassKind } from './class-table.ts'
import { isCustomClass } from './custom-class.ts'
import { didYouMean } from './nearest-name.ts'
import { checkPattern } from './pattern.ts'
import { checkKeys, readAnything, readRecord, showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor, joinPath } from './report.ts'
import type { Fields } from './shape.ts'
import type { Builtin, ClassConfig, Rule } from './types.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/** Where classes are read from: its problems, and the names of all classes met. */
export interface ClassReading {
  readonly report: Report
  readonly classnames: Set<string>
}

const classOnly: Fields = {
  classname: {
    shape: { type: 'text', isStrict: true },
    description: 'The class, by its dotted name.',
    isRequired: true,
  },
}

/** A class with its parameters, checked against the class; `undefined` after a problem was reported. */
export function readClass(
  cursor: Cursor,
  kind: ClassKind,
  reading: ClassReading,
  siblings: readonly string[] = ['parameters'],
): ClassConfig | undefined {
  const { report } = reading
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with the classname of a ${kind}`)
    return undefined
  }
  const isConverter = kind === 'data converter'
  const hasKnownKeys = isConverter || checkKeys(classOnly, cursor, node, report, siblings)
  const named = readClassname(cursor, node, kind, reading)
  if (!named) return undefined
  const parameters = isConverter
    ? readConverterFields(cursor, node, named.builtin, reading)
    : readParameters(cursor, node, named.builtin, reading)
  const readers = readMemberReaders(cursor, node, named.builtin, reading)
  if (!hasKnownKeys || !parameters) return undefined
  return { ...named, ...parameters, ...(readers && { readers }), place: node.place }
}

function readClassname(
  cursor: Cursor,
  map: YamlMap,
  kind: ClassKind,
  { report, classnames }: ClassReading,
): { classname: string; builtin: Builtin | 'custom' } | undefined {
  const entry = map.entries.get('classname')
  if (!entry) {
    // Of other kinds `checkKeys` has said so.
    if (kind === 'data converter') report.error(cursor, '"classname" is missing')
    return undefined
  }
  const at = childCursor(cursor, 'classname', entry.value)
  if (entry.value.kind !== 'text') {
    report.error(at, `found ${showFound(entry.value)}; expected the dotted name of a ${kind}`)
    return undefined
  }
  const classname = entry.value.value
  const resolved = resolveClass(classname, kind)
  if ('problem' in resolved) {
    report.error(at, resolved.problem)
    return undefined
  }
  classnames.add(classname)
  return { classname, builtin: resolved.builtin }
}

function readParameters(
  cursor: Cursor,
  map: YamlMap,
  builtin: Builtin | 'custom',
  reading: ClassReading,
): { parameters: JsonObject } | undefined {
  // `parameters:` with nothing below it is what is left when all of them are commented out.
  const given = map.entries.get('parameters')?.value
  const node: YamlNode =
    given && given.kind !== 'null' ? given : { kind: 'map', entries: new Map(), place: map.place }
  const at = childCursor(cursor, 'parameters', node)
  if (builtin === 'custom' || classParameters[builtin].isFree) return readCustomParameters(at, reading)
  return readFields(at, classParameters[builtin], reading.report)
}

/**
 * The fields of a data converter stand beside `classname`. What stands under `parameters` is a field like others to a
 * class of the user's own; tsdat's have none of that name and ignore it.
 */
function readConverterFields(
  cursor: Cursor,
  map: YamlMap,
  builtin: Builtin | 'custom',
  reading: ClassReading,
): { parameters: JsonObject } | undefined {
  const entries = new Map(map.entries)
  entries.delete('classname')
  const at = { ...cursor, node: { ...map, entries } }
  if (builtin === 'custom') return readCustomParameters(at, reading)
  const misplaced = map.entries.get('parameters')
  if (misplaced) {
    const message = 'ignored, as by tsdat: the fields of a data converter stand directly beside its classname'
    reading.report.warn(childCursor(cursor, 'parameters', misplaced.value), message)
    entries.delete('parameters')
  }
  return readFields(at, classParameters[builtin], reading.report)
}

function readCustomParameters(cursor: Cursor, reading: ClassReading): { parameters: JsonObject } | undefined {
  if (cursor.node.kind !== 'map') {
    reading.report.error(cursor, `found ${showFound(cursor.node)}; expected a map`)
    return undefined
  }
  collectClassnames(cursor.node, reading.classnames)
  const parameters = readAnything(cursor, reading.report)
  return parameters === undefined ? undefined : { parameters: parameters as JsonObject }
}

/** Classes that the parameters of a class of the user's own name are shipped with it. */
function collectClassnames(node: YamlNode, classnames: Set<string>): void {
  if (node.kind === 'list') for (const item of node.items) collectClassnames(item, classnames)
  if (node.kind !== 'map') return
  for (const { key, value } of node.entries.values()) {
    if (key === 'classname' && value.kind === 'text' && isCustomClass(value.value))
      classnames.add(value.value)
    collectClassnames(value, classnames)
  }
}

function readFields(
  cursor: Cursor,
  { fields, ignoresUnknown }: ParameterTable,
  report: Report,
): { parameters: JsonObject } | undefined {
  const { node } = cursor
  const known = node.kind === 'map' && ignoresUnknown ? warnOfUnknown(cursor, node, fields, report) : node
  const parameters = readRecord(fields, { ...cursor, node: known }, report)
  if (!parameters) return undefined
  if (Object.hasOwn(parameters, 'bit')) {
    report.warn(cursor, '"bit" is ignored: bits are numbered by the order of the tests of a variable')
  }
  if (parameters.require_increasing === true && parameters.require_decreasing === true) {
    report.error(cursor, 'require_increasing and require_decreasing cannot both be true')
    return undefined
  }
  const { readers: _, ...others } = parameters
  return { parameters: others }
}

function warnOfUnknown(cursor: Cursor, map: YamlMap, fields: Fields, report: Report): YamlMap {
  const entries = new Map(map.entries)
  for (const { key, value } of map.entries.values()) {
    if (Object.hasOwn(fields, key)) continue
    const known = Object.keys(fields)
    const hint = didYouMean(key, known)
    report.warn(
      childCursor(cursor, key, value),
      `ignored, as by tsdat: known parameters are ${known.join(', ') || 'none'}${hint}`,
    )
    entries.delete(key)
  }
  return { ...map, entries }
}

function readMemberReaders(
  cursor: Cursor,
  map: YamlMap,
  builtin: Builtin | 'custom',
  reading: ClassReading,
): readonly Rule<ClassConfig>[] | undefined {
  if (builtin !== 'ZipReader' && builtin !== 'TarReader') return undefined
  const parameters = map.entries.get('parameters')?.value
  const readers = parameters?.kind === 'map' ? parameters.entries.get('readers')?.value : undefined
  if (readers?.kind !== 'map') return []
  const at = childCursor(childCursor(cursor, 'parameters', parameters!), 'readers', readers)
  return readRules(at, readers, reading.report, (value) => readClass(value, 'reader', reading))
}

/** The entries of a map whose keys are Python regexes; those with a problem are left out. */
export function readRules<T>(
  cursor: Cursor,
  map: YamlMap,
  report: Report,
  readValue: (cursor: Cursor) => T | undefined,
): Rule<T>[] {
  return [...map.entries.values()].flatMap(({ key, keyPlace, value }) => {
    const wrong = checkPattern(key)
    if (wrong !== undefined) report.errorAt(keyPlace, joinPath(cursor.path, key), wrong)
    const read = readValue(childCursor(cursor, key, value))
    return wrong !== undefined || read === undefined ? [] : [{ pattern: key, value: read }]
  })
}
