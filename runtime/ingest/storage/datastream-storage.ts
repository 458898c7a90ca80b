import { mkdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ClassLoader, InputFile, Log, ObjectInfo, ObjectReader, ObjectStore } from '../../contracts.ts'
import { byteSize } from '../../dataset/byte-size.ts'
import { concat } from '../../dataset/combine.ts'
import { Dataset } from '../../dataset/dataset.ts'
import { merge } from '../../dataset/merge.ts'
import { sliceByLabel } from '../../dataset/select.ts'
import { InputError } from '../../errors.ts'
import { fileInput, objectInput } from '../../formats/input-file.ts'
import type { StorageConfig } from '../config/types.ts'
import type { PlotContext, Reader } from '../interfaces.ts'
import { anyName } from '../readers/any-name.ts'
import { makeReader } from '../readers/make-reader.ts'
import type { TemplateValues } from '../template.ts'
import { makeWriter } from '../writers/make-writer.ts'
import { downloadFolder, replaceFolder, uploadFolder } from './folders.ts'
import { datasetValues, datastreamValues } from './key-values.ts'
import { storagePath } from './storage-path.ts'
import {
  extensionValues,
  isFolderFormat,
  listStoredFiles,
  type StoredFile,
  type TimeSpan,
} from './stored-files.ts'

/** What a storage works with: stores are the caller's. */
export interface StorageEnvironment {
  /** Where datastreams are read. */
  readonly reader: ObjectReader
  /** Where datasets and plots are put. */
  readonly store: ObjectStore
  /** What every key begins with: empty, or text that ends in `/`. */
  readonly keyPrefix: string
  readonly scratchDir: string
  readonly log: Log
  readonly classes: ClassLoader
  readonly signal?: AbortSignal
}

export interface FetchOptions {
  /** Variables that are wanted besides time; readers may leave out the others. */
  readonly names?: ReadonlySet<string>
  /** More values for the path templates. */
  readonly values?: TemplateValues
  /**
   * Is told what will be read, and what one stored byte takes in memory: at least 1 before anything is read, and what
   * it takes of the first file behind that. Throws if that is too much.
   */
  readonly admit?: (files: readonly ObjectInfo[], bytesPerByte: number) => void
}

/**
 * tsdat's storage over any object store: datasets under keys that its path and file-name templates give, found again
 * by datastream and time. A datastream's files are those whose names have the template's form and start in the span:
 * a file that starts before the span and reaches into it is not read, as in the reference (that is what
 * `time_padding` is for).
 */
export class DatastreamStorage {
  private readonly config: StorageConfig
  private readonly environment: StorageEnvironment

  constructor(config: StorageConfig, environment: StorageEnvironment) {
    this.config = config
    this.environment = environment
  }

  /** Writes the dataset and puts what came of it; existing objects are replaced. @throws InputError */
  async save(dataset: Dataset): Promise<ObjectInfo[]> {
    const { config, environment } = this
    const writer = await makeWriter(config.handler.writer)
    const values = this.valuesOf(dataset)
    const folderKey = this.keyOf('dataStoragePath', values)
    const name = storagePath(config, 'dataFilenameTemplate', values).join('/')
    return this.inScratch(async (folder) => {
      const target = join(folder, 'files')
      await mkdir(dirname(join(target, name)), { recursive: true })
      await writer.write(dataset, { folder: target, name, values, log: environment.log })
      environment.signal?.throwIfAborted()
      const uploaded = { store: environment.store, ...(environment.signal && { signal: environment.signal }) }
      if (config.handler.writer.builtin !== 'ZarrWriter') return uploadFolder(target, folderKey, uploaded)
      return replaceFolder(target, folderKey, name, uploaded, this.keepsExisting())
    })
  }

  /** What a datastream holds of a span: an empty dataset when there is nothing. @throws InputError */
  async fetch(
    datastream: string,
    span: TimeSpan,
    options: FetchOptions = {},
  ): Promise<{ readonly dataset: Dataset; readonly files: readonly ObjectInfo[] }> {
    const stored = await listStoredFiles(this.config, this.environment, datastream, span, options.values)
    const reader = await makeReader(this.config.handler.reader, this.environment)
    const files = stored.flatMap(({ objects }) => objects)
    options.admit?.(files, 1)
    const names = options.names ? new Set([...options.names, 'time']) : anyName
    const parts: Dataset[] = []
    for (const file of stored) {
      this.environment.signal?.throwIfAborted()
      const part = await this.readStored(file, reader, names)
      if (parts.length === 0) options.admit?.(files, byteSize(part) / Math.max(1, sizeOf(file.objects)))
      parts.push(part)
    }
    if (parts.length === 0) return { dataset: new Dataset(), files }
    const dataset = parts.length === 1 ? (parts[0] as Dataset) : concat(parts, 'time', { consume: true })
    parts.length = 0
    return { dataset: within(dataset, span, datastream), files }
  }

  /** When a file of the datastream was last written, or `undefined` when there is none. */
  async lastModified(datastream: string): Promise<Date | undefined> {
    let last: Date | undefined
    for (const { objects } of await listStoredFiles(this.config, this.environment, datastream)) {
      for (const { lastModified } of objects) if (!last || lastModified > last) last = lastModified
    }
    return last
  }

  /** When the datastream's files start, by their names, that were written after `since`; all without it. */
  async modifiedSince(datastream: string, since?: Date): Promise<Date[]> {
    const changed = (await listStoredFiles(this.config, this.environment, datastream)).filter(({ objects }) =>
      objects.some(({ lastModified }) => since === undefined || lastModified > since),
    )
    return changed
      .filter(({ start }) => start !== undefined)
      .map(({ start }) => new Date(Number((start as bigint) / 1_000_000n)))
  }

  /** Runs `plot` with a folder for its files, then puts each of them. When it throws, nothing is put. */
  async savePlots(
    dataset: Dataset,
    plot: (context: PlotContext) => void | Promise<void>,
  ): Promise<ObjectInfo[]> {
    const { config, environment } = this
    const values = this.valuesOf(dataset)
    const folderKey = this.keyOf('ancillaryStoragePath', values)
    return this.inScratch(async (folder) => {
      const ancillaryPath = (title: string, extension = 'png'): string => {
        const plain = extension.replace(/^\./, '')
        const named = { ...values, ext: plain, extension: plain, title }
        const path = join(folder, ...storagePath(config, 'ancillaryFilenameTemplate', named))
        mkdirSync(dirname(path), { recursive: true })
        return path
      }
      await plot({ ancillaryPath, log: environment.log })
      return uploadFolder(folder, folderKey, environment)
    })
  }

  private valuesOf(dataset: Dataset): TemplateValues {
    const values = { ...extensionValues(this.config), ...datasetValues(dataset) }
    if (typeof values.datastream !== 'string') return values
    const parts = Object.entries(datastreamValues(values.datastream)).filter(([, part]) => part !== null)
    return { ...values, ...Object.fromEntries(parts) }
  }

  private keyOf(template: 'dataStoragePath' | 'ancillaryStoragePath', values: TemplateValues): string {
    return this.environment.keyPrefix + storagePath(this.config, template, values).join('/')
  }

  /** Whether a store that exists may not be overwritten: Zarr's `w-`, unless `to_zarr_kwargs` give a mode. */
  private keepsExisting(): boolean {
    const kwargs = this.config.handler.writer.parameters.to_zarr_kwargs as
      | { readonly mode?: string }
      | undefined
    return (kwargs?.mode ?? 'w-') === 'w-'
  }

  private async readStored(file: StoredFile, reader: Reader, names: ReadonlySet<string>): Promise<Dataset> {
    return this.inScratch(async (folder) => {
      const found = await reader.read(await this.inputOf(file, folder), { names })
      if (found instanceof Dataset) return found
      return merge([...found.values()], { sources: [...found.keys()] })
    })
  }

  private async inputOf({ key, objects }: StoredFile, folder: string): Promise<InputFile> {
    const { reader } = this.environment
    if (!isFolderFormat(this.config)) return objectInput(reader, objects[0] as ObjectInfo, folder)
    const local = join(folder, 'folder')
    await downloadFolder(reader, objects, key, local)
    return fileInput(local, key)
  }

  /** Runs `work` with a new folder that is gone afterwards. */
  private async inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(this.environment.scratchDir, 'storage-'))
    try {
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function sizeOf(objects: readonly ObjectInfo[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0)
}

function within(dataset: Dataset, span: TimeSpan, datastream: string): Dataset {
  if (!dataset.index('time')) {
    throw new InputError(`the stored files of ${datastream} have no time to choose by`)
  }
  return sliceByLabel(dataset, 'time', span.start, span.end, { endInclusive: span.includesEnd })
}
