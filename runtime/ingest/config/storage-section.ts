import { builtinNames } from './class-name.ts'
import { classParameters } from './class-parameters.ts'
import type { ClassReading } from './read-class.ts'
import { readClass } from './read-class.ts'
import { readRecord, showFound } from './read-shape.ts'
import type { Cursor } from './report.ts'
import { childCursor } from './report.ts'
import type { Builtin, ClassConfig, StorageConfig } from './types.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/** What a storage handler reads and writes with. */
export const storageHandlers: Readonly<
  Partial<Record<Builtin, { reader: Builtin; writer: Builtin; extension: string }>>
> = {
  NetCDFHandler: { reader: 'NetCDFReader', writer: 'NetCDFWriter', extension: 'nc' },
  SplitNetCDFHandler: { reader: 'NetCDFReader', writer: 'SplitNetCDFWriter', extension: 'nc' },
  CSVHandler: { reader: 'CSVReader', writer: 'CSVWriter', extension: 'csv' },
  A2eCSVHandler: { reader: 'A2eCSVReader', writer: 'A2eCSVWriter', extension: 'csv' },
  ParquetHandler: { reader: 'ParquetReader', writer: 'ParquetWriter', extension: 'parquet' },
  ZarrHandler: { reader: 'ZarrReader', writer: 'ZarrWriter', extension: 'zarr' },
}

const fileTemplates = {
  dataStoragePath: 'data/{location_id}/{datastream}',
  dataFilenameTemplate: '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{extension}',
  ancillaryStoragePath: 'ancillary/{location_id}/{datastream}',
  ancillaryFilenameTemplate: '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{title}.{extension}',
}

const zarrTemplates = {
  ...fileTemplates,
  dataStoragePath: 'data/{location_id}',
  dataFilenameTemplate: '{datastream}.{extension}',
}

/** storage.yaml; `undefined` after a problem was reported that leaves nothing to go on with. */
export function readStorage(cursor: Cursor, reading: ClassReading): StorageConfig | undefined {
  const { report } = reading
  const { node } = cursor
  const storage = readClass(cursor, 'storage', reading, ['parameters', 'handler'])
  if (storage?.builtin === 'custom') {
    const allowed = builtinNames('storage').map((name) => `tsdat.${name}`)
    const message = `${storage.classname}: a storage of your own is not supported`
    report.error(cursor, `${message}; allowed are ${allowed.join(', ')}`)
  }
  if (node.kind !== 'map') return undefined
  const handler = readHandler(cursor, node, storage, reading)
  if (!storage || !handler) return undefined
  const { parameters } = storage
  const defaults = storage.builtin === 'ZarrLocalStorage' ? zarrTemplates : fileTemplates
  const given = (key: string): string | undefined => parameters[key] as string | undefined
  return {
    ...storage,
    handler,
    storageRoot: given('storage_root'),
    bucket: given('bucket'),
    region: given('region'),
    dataStoragePath: given('data_storage_path') ?? defaults.dataStoragePath,
    dataFilenameTemplate: given('data_filename_template') ?? defaults.dataFilenameTemplate,
    ancillaryStoragePath: given('ancillary_storage_path') ?? defaults.ancillaryStoragePath,
    ancillaryFilenameTemplate: given('ancillary_filename_template') ?? defaults.ancillaryFilenameTemplate,
  }
}

function readHandler(
  cursor: Cursor,
  map: YamlMap,
  storage: ClassConfig | undefined,
  reading: ClassReading,
): StorageConfig['handler'] | undefined {
  const given = map.entries.get('handler')?.value
  const at = given ? childCursor(cursor, 'handler', given) : cursor
  if (!given) {
    const builtin = storage?.builtin === 'ZarrLocalStorage' ? 'ZarrHandler' : 'NetCDFHandler'
    return makeHandler(builtin, at, undefined, reading)
  }
  const handler = readHandlerClass(at, given, reading)
  if (!handler || given.kind !== 'map') return undefined
  const parameters = given.entries.get('parameters')?.value
  const isGiven = parameters !== undefined && parameters.kind !== 'null'
  return makeHandler(
    handler.builtin as Builtin,
    at,
    isGiven ? childCursor(at, 'parameters', parameters) : undefined,
    reading,
  )
}

/** The class of the handler; its parameters belong to its reader and writer. */
function readHandlerClass(at: Cursor, given: YamlNode, reading: ClassReading): ClassConfig | undefined {
  if (given.kind !== 'map') return readClass(at, 'storage handler', reading)
  const entries = new Map(given.entries)
  entries.delete('parameters')
  const handler = readClass({ ...at, node: { ...given, entries } }, 'storage handler', reading)
  if (handler?.builtin !== 'custom') return handler
  const allowed = Object.keys(storageHandlers).map((name) => `tsdat.${name}`)
  const message = `${handler.classname}: a storage handler of your own is not supported`
  reading.report.error(at, `${message}; allowed are ${allowed.join(', ')}`)
  return undefined
}

function makeHandler(
  builtin: Builtin,
  at: Cursor,
  parameters: Cursor | undefined,
  reading: ClassReading,
): StorageConfig['handler'] | undefined {
  const parts = storageHandlers[builtin]
  if (!parts) return undefined
  const given = parameters && readHandlerParameters(parameters, reading)
  if (parameters && !given) return undefined
  const reader = readPart(parts.reader, at, given?.get('reader'), reading)
  const writer = readPart(parts.writer, at, given?.get('writer'), reading)
  return reader && writer ? { reader, writer, extension: parts.extension } : undefined
}

function readHandlerParameters(
  cursor: Cursor,
  { report }: ClassReading,
): ReadonlyMap<string, Cursor> | undefined {
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with reader and writer`)
    return undefined
  }
  const parts = new Map<string, Cursor>()
  for (const { key, value } of node.entries.values()) {
    const at = childCursor(cursor, key, value)
    if (key === 'reader' || key === 'writer') parts.set(key, at)
    else report.error(at, 'unknown key; allowed are reader, writer')
  }
  return parts
}

function readPart(
  builtin: Builtin,
  at: Cursor,
  given: Cursor | undefined,
  { report }: ClassReading,
): ClassConfig | undefined {
  const isGiven = given !== undefined && given.node.kind !== 'null'
  const cursor: Cursor = isGiven
    ? given
    : { node: { kind: 'map', entries: new Map(), place: at.node.place }, path: at.path }
  const parameters = readRecord(classParameters[builtin].fields, cursor, report)
  if (!parameters) return undefined
  const module = builtin.endsWith('Reader') ? 'tsdat.io.readers' : 'tsdat.io.writers'
  return { classname: `${module}.${builtin}`, builtin, parameters, place: cursor.node.place }
}
