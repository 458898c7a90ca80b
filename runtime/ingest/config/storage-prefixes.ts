import { attributeValues, datastreamValues, plainPrefix, templatePrefix } from './path-template.ts'
import type { DatasetConfig, StorageConfig } from './types.ts'

const standardFilename = '{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{extension}'

/** Set anew by every run, whatever the configuration says. */
const varying = ['history', 'inputs', 'code_version']

/**
 * What the keys of a pipeline's outputs begin with, data before ancillary files: the templates up to the first part
 * that varies, without the storage's root.
 */
export function outputPrefixes(storage: StorageConfig, dataset: DatasetConfig): string[] {
  const values = knownValues(storage, dataset.datastream, dataset)
  const data = templatePrefix(`${storage.dataStoragePath}/${dataFilename(storage)}`, values)
  // The title of a plot is its own, and so is its extension.
  values.delete('title')
  values.delete('extension')
  values.delete('ext')
  const ancillary = `${storage.ancillaryStoragePath}/${storage.ancillaryFilenameTemplate}`
  return [...new Set([data, templatePrefix(ancillary, values)].map(plainPrefix))]
}

/** What the keys of stored files of a datastream begin with, which may be another pipeline's. */
export function inputPrefix(storage: StorageConfig, datastream: string): string {
  const values = knownValues(storage, datastream)
  return plainPrefix(templatePrefix(`${storage.dataStoragePath}/${dataFilename(storage)}`, values))
}

/** A split file has the standard name, whatever the template. */
function dataFilename(storage: StorageConfig): string {
  return storage.handler.writer.builtin === 'SplitNetCDFWriter'
    ? standardFilename
    : storage.dataFilenameTemplate
}

/** The datastream's parts win over attributes, as when a path is made. */
function knownValues(
  storage: StorageConfig,
  datastream: string,
  dataset?: DatasetConfig,
): Map<string, string> {
  const { extension, writer } = storage.handler
  // Table writers put the dimensions before the extension.
  const isTable = writer.builtin === 'CSVWriter' || writer.builtin === 'A2eCSVWriter'
  const values = new Map([
    ...(isTable ? [] : [['extension', extension] as const, ['ext', extension] as const]),
    ...(dataset ? attributeValues(dataset.attrs) : []),
    ...datastreamValues(datastream),
  ])
  for (const name of [...varying, ...timeFields]) values.delete(name)
  return values
}

/** Named after the data's first time, even where an attribute has the same name. */
const timeFields = [
  'year',
  'yyyy',
  'month',
  'mm',
  'day',
  'dd',
  'hour',
  'HH',
  'minute',
  'MM',
  'second',
  'SS',
  'date_time',
  'date',
  'start_date',
  'time',
  'start_time',
]
