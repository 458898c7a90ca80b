import type { ObjectInfo, ObjectReader, Window } from '../../contracts.ts'
import { parseDatetime } from '../../dataset/datetime.ts'
import { InputError } from '../../errors.ts'
import type { PipelineConfig, StorageConfig } from '../config/types.ts'
import { compileTemplate, type TemplateValues, templatePrefix, templateRegExp } from '../template.ts'
import { splitFilenameTemplate } from '../writers/split-netcdf-writer.ts'
import { datastreamValues, fileStart, namesDate, sharedTimeValues } from './key-values.ts'
import { safeSegments } from './storage-path.ts'

/** A span of time in nanoseconds since 1970; its end belongs to it if `includesEnd`. */
export interface TimeSpan {
  readonly start: bigint
  readonly end: bigint
  readonly includesEnd: boolean
}

/** One stored file, or one folder of a format that is a folder (Zarr). */
export interface StoredFile {
  /** Of the file, or of the folder without a last `/`. */
  readonly key: string
  readonly objects: readonly ObjectInfo[]
  /** By its name, in nanoseconds since 1970; `undefined` when the name tells no date of the calendar. */
  readonly start: bigint | undefined
}

/** Where a storage's files are looked for. */
export interface StoredPlace {
  readonly reader: ObjectReader
  /** What every key begins with: empty, or text that ends in `/`. */
  readonly keyPrefix: string
}

/**
 * A datastream's files in key order, by the form of their names; with a span those that start in it (all, where the
 * file-name template has no date). `values` stand for more of the templates' variables.
 */
export async function listStoredFiles(
  config: StorageConfig,
  { reader, keyPrefix }: StoredPlace,
  datastream: string,
  span?: TimeSpan,
  values: TemplateValues = {},
): Promise<StoredFile[]> {
  const known = {
    ...extensionValues(config),
    ...(span ? sharedTimeValues(span.start, span.end) : {}),
    ...values,
    ...datastreamValues(datastream),
  }
  const filename = filenameTemplate(config)
  const template = [...safeSegments(config, 'dataStoragePath'), filename].join('/')
  const form = templateRegExp(template, known, isFolderFormat(config))
  const parseName = compileTemplate(filename)
  const found = new Map<string, ObjectInfo[]>()
  for await (const object of reader.list(keyPrefix + templatePrefix(template, known))) {
    const file = form.exec(object.key.slice(keyPrefix.length))?.[1]
    if (file === undefined) continue
    const objects = found.get(file)
    if (objects) objects.push(object)
    else found.set(file, [object])
  }
  const files = [...found].map(([file, objects]) => {
    const parsed = parseName(file.slice(file.lastIndexOf('/') + 1))
    return { key: keyPrefix + file, objects, start: parsed && fileStart(parsed) }
  })
  return span ? files.filter((file) => isIn(file, span, config)) : files
}

function isIn({ start }: StoredFile, span: TimeSpan, config: StorageConfig): boolean {
  if (!namesDate(filenameTemplate(config))) return true
  return (
    start !== undefined && start >= span.start && (span.includesEnd ? start <= span.end : start < span.end)
  )
}

function filenameTemplate({ handler, dataFilenameTemplate }: StorageConfig): string {
  return handler.writer.builtin === 'SplitNetCDFWriter' ? splitFilenameTemplate : dataFilenameTemplate
}

/** What templates know of a storage's format. */
export function extensionValues({ handler }: StorageConfig): TemplateValues {
  const extension = handler.extension.replace(/^\./, '')
  return { ext: extension, extension }
}

/** Whether each file of the format is a folder of objects. */
export function isFolderFormat({ handler }: StorageConfig): boolean {
  return handler.reader.builtin === 'ZarrReader'
}

/**
 * Which stored files a VAP's fetch of a half-open span reads, for the engine's ledger: `span` is padded already.
 * Everything is listed once a reader and datastream, at the first call: make a new one for each look.
 */
export function createFilesOf(
  config: Pick<PipelineConfig, 'storage' | 'datastreams'>,
  keyPrefix = '',
): (reader: ObjectReader, span: Window) => Promise<readonly ObjectInfo[]> {
  const listed = new WeakMap<ObjectReader, Promise<StoredFile[]>>()
  return async (reader, window) => {
    let all = listed.get(reader)
    if (!all) {
      const place = { reader, keyPrefix }
      all = Promise.all(
        config.datastreams.map((datastream) => listStoredFiles(config.storage, place, datastream)),
      ).then((lists) => lists.flat())
      listed.set(reader, all)
    }
    const span = spanOf(window)
    const files = (await all).filter((file) => isIn(file, span, config.storage))
    return files.flatMap(({ objects }) => objects)
  }
}

/** A window's instants in nanoseconds. @throws InputError when they are no instants */
export function spanOf({ start, end }: Window): TimeSpan {
  const [from, to] = [parseDatetime(start), parseDatetime(end)]
  if (from === undefined || to === undefined) {
    throw new InputError(`the window ${start} to ${end} does not consist of two ISO 8601 instants`)
  }
  return { start: from, end: to, includesEnd: false }
}
