import type { Problem } from '../../errors.ts'
import type { ConfigFiles } from './config-files.ts'
import { readDataset } from './dataset-section.ts'
import { applyOverrides } from './overrides.ts'
import type { SectionName } from './pipeline-fields.ts'
import { readQuality } from './quality-section.ts'
import type { ClassReading } from './read-class.ts'
import type { Cursor } from './report.ts'
import { Report } from './report.ts'
import { readRetriever } from './retriever-section.ts'
import { readStorage } from './storage-section.ts'
import type { DatasetConfig, QualityConfig, RetrieverConfig, StorageConfig } from './types.ts'
import { isProblem } from './yaml-document.ts'
import type { YamlNode } from './yaml-node.ts'

export interface SectionValues {
  readonly retriever: RetrieverConfig
  readonly dataset: DatasetConfig
  readonly quality: QualityConfig
  readonly storage: StorageConfig
}

/** One section of a pipeline configuration, read and checked by itself. */
export interface Section<T> {
  /** `undefined` when it has problems that leave nothing. */
  readonly value: T | undefined
  readonly root: Cursor
  readonly problems: readonly Problem[]
  readonly classnames: ReadonlySet<string>
  /** Of a section that is not inline. */
  readonly linkedFile: string | undefined
}

export type Sections = { readonly [K in SectionName]?: Section<SectionValues[K]> }

const readers: { [K in SectionName]: (root: Cursor, reading: ClassReading) => SectionValues[K] | undefined } =
  {
    retriever: readRetriever,
    dataset: (root, { report }) => readDataset(root, report),
    quality: readQuality,
    storage: readStorage,
  }

/** Reads a section from its YAML, inline (`linkedFile` is undefined) or of a file. */
export function readSection<K extends SectionName>(
  name: K,
  node: YamlNode,
  linkedFile: string | undefined,
): Section<SectionValues[K]> {
  const report = new Report(name, linkedFile)
  const classnames = new Set<string>()
  const root: Cursor = { node, path: '' }
  const value = readers[name](root, { report, classnames })
  return { value, root, problems: report.problems, classnames, linkedFile }
}

/** Sections of linked files. Those without overrides are the same for every pipeline and are read once. */
export class LinkedSections {
  readonly #files: ConfigFiles
  readonly #sections = new Map<string, Section<unknown>>()

  constructor(files: ConfigFiles) {
    this.#files = files
  }

  /** A file as it is; `undefined` when there is none. */
  read<K extends SectionName>(name: K, file: string): Section<SectionValues[K]> | undefined {
    const key = `${name} ${file}`
    const known = this.#sections.get(key)
    if (known) return known as Section<SectionValues[K]>
    const document = this.#files.parse(file)
    if (!document) return undefined
    const section = isProblem(document)
      ? brokenSection<SectionValues[K]>(document, file)
      : readSection(name, document, file)
    this.#sections.set(key, section)
    return section
  }

  /** A file as `overrides` change it; what is wrong with them goes to `report`. */
  readOverridden<K extends SectionName>(
    name: K,
    file: string,
    overrides: Cursor,
    report: Report,
  ): Section<SectionValues[K]> | undefined {
    const document = this.#files.parse(file)
    if (!document || isProblem(document)) return this.read(name, file)
    return readSection(name, applyOverrides(document, overrides, report), file)
  }
}

function brokenSection<T>(problem: Problem, file: string): Section<T> {
  const root: Cursor = { node: { kind: 'null', place: { file } }, path: '' }
  return { value: undefined, root, problems: [problem], classnames: new Set(), linkedFile: file }
}
