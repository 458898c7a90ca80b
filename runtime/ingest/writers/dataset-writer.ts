import type { Log } from '../../contracts.ts'
import type { Dataset } from '../../dataset/dataset.ts'
import type { TemplateValues } from '../template.ts'

/** Where a dataset goes. */
export interface WriteTarget {
  /** A folder on this machine for the files; everything in it is stored. */
  readonly folder: string
  /** What the file-name template gave; it may have folders in it, which exist. */
  readonly name: string
  /** The template's values, for writers that make several files. */
  readonly values: TemplateValues
  readonly log: Log
}

/** Turns a dataset into files. Missing values may be literal fills as well as NaN. */
export interface DatasetWriter {
  /** @throws InputError for what the format cannot hold */
  write(dataset: Dataset, target: WriteTarget): Promise<void>
}
