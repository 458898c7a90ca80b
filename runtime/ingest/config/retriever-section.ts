import { nearestName } from './nearest-name.ts'
import type { ClassReading } from './read-class.ts'
import { readClass, readRules } from './read-class.ts'
import { checkKeys, readShape, showFound } from './read-shape.ts'
import type { Cursor } from './report.ts'
import { childCursor } from './report.ts'
import type { Fields } from './shape.ts'
import { anything, either, filledText, listOf } from './shape.ts'
import { readStorageParameters } from './transformation.ts'
import type { ClassConfig, RetrievedConfig, RetrieverConfig, Rule } from './types.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/** The keys of retriever.yaml beside `classname` and `parameters`. */
export const retrieverFields: Fields = {
  readers: {
    shape: anything,
    description:
      'Which reader reads which inputs: a regular expression that matches the start of their paths, and a reader.',
  },
  coords: {
    shape: anything,
    description: 'Where each coordinate comes from, by output name.',
    isRequired: true,
  },
  data_vars: {
    shape: anything,
    description: 'Where each other variable comes from, by output name.',
    isRequired: true,
  },
}

/** The keys of a retrieved variable. */
export const retrievedFields: Fields = {
  name: {
    shape: either(filledText, listOf(filledText, { min: 1 })),
    description: 'The name in the input, or a list of names of which the first that is there is taken.',
    isRequired: true,
  },
  data_converters: {
    shape: listOf(anything),
    description: 'What the values go through, in this order; units are converted last unless said.',
    default: [],
  },
}

/** retriever.yaml; `undefined` after a problem was reported that leaves nothing to go on with. */
export function readRetriever(cursor: Cursor, reading: ClassReading): RetrieverConfig | undefined {
  const { report } = reading
  const { node } = cursor
  const keys = Object.keys(retrieverFields)
  const retriever = readClass(cursor, 'retriever', reading, ['parameters', ...keys])
  if (node.kind !== 'map') return undefined
  if (retriever?.builtin === 'custom') {
    const advice = 'write a reader, a data converter or a pipeline hook of your own instead'
    report.error(cursor, `${retriever.classname}: a retriever of your own is not supported; ${advice}`)
  }
  const readsStorage = namesStorageRetriever(node)
  const readers = readReaders(cursor, node, readsStorage, reading)
  const coords = readGroup(cursor, node, 'coords', readsStorage, reading)
  const dataVars = readGroup(cursor, node, 'data_vars', readsStorage, reading)
  const storage = readsStorage ? readStorageParameters(cursor, node, report) : {}
  if (!retriever || !coords || !dataVars) return undefined
  return { ...retriever, readers, coords, dataVars, ...storage }
}

/** Also where the name is misspelt, so that one mistake does not look like many. */
function namesStorageRetriever(map: YamlMap): boolean {
  const classname = map.entries.get('classname')?.value
  return classname?.kind === 'text' && /\.storage_?retriever$/i.test(classname.value)
}

function readReaders(
  cursor: Cursor,
  map: YamlMap,
  readsStorage: boolean,
  reading: ClassReading,
): Rule<ClassConfig>[] {
  const { report } = reading
  const node = map.entries.get('readers')?.value
  if (readsStorage) {
    const message = "ignored: a StorageRetriever reads with the storage's handler"
    if (node && node.kind !== 'null') report.warn(childCursor(cursor, 'readers', node), message)
    return []
  }
  if (!node) {
    report.error(cursor, '"readers" is missing')
    return []
  }
  const at = childCursor(cursor, 'readers', node)
  if (node.kind === 'map') {
    return readRules(at, node, report, (value) => readClass(value, 'reader', reading))
  }
  report.error(at, `found ${showFound(node)}; expected a map of regular expressions to readers`)
  return []
}

type Group = ReadonlyMap<string, readonly Rule<RetrievedConfig>[]>

function readGroup(
  cursor: Cursor,
  map: YamlMap,
  key: 'coords' | 'data_vars',
  readsStorage: boolean,
  reading: ClassReading,
): Group | undefined {
  const { report } = reading
  const node = map.entries.get(key)?.value
  if (!node) {
    report.error(cursor, `"${key}" is missing`)
    return undefined
  }
  const at = childCursor(cursor, key, node)
  if (node.kind !== 'map') {
    report.error(at, `found ${showFound(node)}; expected a map of output names`)
    return undefined
  }
  const group = new Map<string, readonly Rule<RetrievedConfig>[]>()
  for (const entry of node.entries.values()) {
    const rules = readRetrievedRules(childCursor(at, entry.key, entry.value), readsStorage, reading)
    if (rules) group.set(entry.key, rules)
  }
  return group
}

/** The short form, `{name: …}`, holds for every input. */
function readRetrievedRules(
  cursor: Cursor,
  readsStorage: boolean,
  reading: ClassReading,
): readonly Rule<RetrievedConfig>[] | undefined {
  const { report } = reading
  const { node } = cursor
  if (node.kind !== 'map') {
    const forms = '{name: …}, or a map of regular expressions to such'
    report.error(cursor, `found ${showFound(node)}; expected ${forms}`)
    return undefined
  }
  if (!isShortForm(node)) {
    return readRules(cursor, node, report, (value) => readRetrieved(value, readsStorage, reading))
  }
  const value = readRetrieved(cursor, readsStorage, reading)
  return value ? [{ pattern: '.*', value }] : undefined
}

function isShortForm(map: YamlMap): boolean {
  const fields = Object.keys(retrievedFields)
  // A misspelt field is no pattern.
  const isField = (key: string, node: YamlNode) =>
    node.kind !== 'map' && nearestName(key, fields) !== undefined
  return [...map.entries.values()].some(({ key, value }) => isField(key, value))
}

function readRetrieved(
  cursor: Cursor,
  readsStorage: boolean,
  reading: ClassReading,
): RetrievedConfig | undefined {
  const { report } = reading
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with the name in the input`)
    return undefined
  }
  checkKeys(retrievedFields, cursor, node, report)
  const names = readNames(cursor, node, readsStorage, reading)
  const converters = readConverters(cursor, node, reading)
  if (!names || !converters) return undefined
  return { names, converters, place: node.place }
}

function readNames(
  cursor: Cursor,
  map: YamlMap,
  readsStorage: boolean,
  { report }: ClassReading,
): readonly string[] | undefined {
  const node = map.entries.get('name')?.value
  if (!node) return undefined
  const at = childCursor(cursor, 'name', node)
  if (readsStorage && node.kind === 'list') {
    report.error(at, 'found a list; a StorageRetriever takes one name')
    return undefined
  }
  const names = readShape(retrievedFields.name!.shape, at, report) as string | string[] | undefined
  return typeof names === 'string' ? [names] : names
}

function readConverters(
  cursor: Cursor,
  map: YamlMap,
  reading: ClassReading,
): readonly ClassConfig[] | undefined {
  const node = map.entries.get('data_converters')?.value
  const units: ClassConfig = {
    classname: 'tsdat.io.converters.UnitsConverter',
    builtin: 'UnitsConverter',
    parameters: {},
    place: map.place,
  }
  if (!node) return [units]
  const at = childCursor(cursor, 'data_converters', node)
  if (node.kind !== 'list') {
    reading.report.error(at, `found ${showFound(node)}; expected a list of data converters`)
    return undefined
  }
  const listed = node.items.map((item, index) =>
    readClass(childCursor(at, index, item), 'data converter', reading),
  )
  if (listed.includes(undefined)) return undefined
  const converters = listed as ClassConfig[]
  return converters.some(({ builtin }) => builtin === 'UnitsConverter') ? converters : [...converters, units]
}
