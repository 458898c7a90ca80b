import type { PipelineFacts } from '../../contracts.ts'
import type { Problem } from '../../errors.ts'
import { ConfigError } from '../../errors.ts'
import { classParameters } from './class-parameters.ts'
import { ConfigFiles } from './config-files.ts'
import type { CheckedSection } from './cross-checks.ts'
import {
  checkCoordsHaveValues,
  checkQualityNames,
  checkRetrievedNames,
  checkTransformationUnits,
} from './cross-checks.ts'
import { isCustomClass } from './custom-class.ts'
import { readDataset } from './dataset-section.ts'
import { applyOverrides } from './overrides.ts'
import type { SectionName } from './pipeline-fields.ts'
import { pipelineFields, sectionNames } from './pipeline-fields.ts'
import { readQuality } from './quality-section.ts'
import type { ClassReading } from './read-class.ts'
import { readClass } from './read-class.ts'
import { readShape, showFound } from './read-shape.ts'
import type { Cursor } from './report.ts'
import { childCursor, Report } from './report.ts'
import { readRetriever } from './retriever-section.ts'
import { inputPrefix, outputPrefixes } from './storage-prefixes.ts'
import { readStorage } from './storage-section.ts'
import { fetchPadding } from './transformation.ts'
import type {
  DatasetConfig,
  PipelineConfig,
  QualityConfig,
  ReadText,
  RetrieverConfig,
  StorageConfig,
} from './types.ts'
import { isProblem } from './yaml-document.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

export interface ConfigLoader {
  /** A pipeline configuration with all that it links to. @throws ConfigError with every problem that was found */
  load(file: string): PipelineConfig
  /**
   * What the registry wants to know of it. A configuration that names a class of the user's own and has none of
   * tsdat's sections is no tsdat pipeline, and no error: its kind is `custom`. @throws ConfigError
   */
  facts(file: string): PipelineFacts
}

/**
 * Reads pipeline configurations. `root` is the folder that files and links are named from (for `run --config` the
 * working directory), and `cwd`, if it is another, the one that links are; `readText` gets paths that begin with it.
 * Every file is read and parsed once, and a section that several pipelines link to without overrides checked once.
 */
export function createConfigLoader(options: {
  readonly root: string
  readonly readText: ReadText
  readonly cwd?: string
}): ConfigLoader {
  const files = new ConfigFiles(options.root, options.cwd ?? options.root, options.readText)
  const sections = new SectionCache(files)
  const loaded = new Map<string, Loaded>()
  const get = (file: string): Loaded => {
    const name = files.name(file)
    const known = loaded.get(name)
    if (known) return known
    const result = new PipelineReading(name, file, files, sections).read()
    loaded.set(name, result)
    return result
  }
  return {
    load: (file) => configOf(get(file)),
    facts(file) {
      const result = get(file)
      return result.customFacts ?? factsOf(configOf(result))
    },
  }
}

interface Loaded {
  readonly config: PipelineConfig | undefined
  readonly problems: readonly Problem[]
  /** Of a configuration without tsdat's sections. */
  readonly customFacts?: PipelineFacts | undefined
}

function configOf({ config, problems }: Loaded): PipelineConfig {
  if (config) return config
  throw new ConfigError(problems)
}

interface SectionValues {
  readonly retriever: RetrieverConfig
  readonly dataset: DatasetConfig
  readonly quality: QualityConfig
  readonly storage: StorageConfig
}

/** One section, read. Problems found later, in comparing sections, go to a report of the pipeline's own. */
interface Section<T> {
  readonly value: T | undefined
  readonly root: Cursor
  readonly problems: readonly Problem[]
  readonly classnames: ReadonlySet<string>
  readonly linkedFile: string | undefined
}

const readers: {
  [K in SectionName]: (cursor: Cursor, reading: ClassReading) => SectionValues[K] | undefined
} = {
  retriever: readRetriever,
  dataset: (cursor, { report }) => readDataset(cursor, report),
  quality: readQuality,
  storage: readStorage,
}

function readSection<K extends SectionName>(
  name: K,
  node: YamlNode,
  linkedFile: string | undefined,
  report: Report,
): Section<SectionValues[K]> {
  const classnames = new Set<string>()
  const root: Cursor = { node, path: '' }
  const value = readers[name](root, { report, classnames })
  return { value, root, problems: report.problems, classnames, linkedFile }
}

/** Sections of linked files without overrides, which are the same for every pipeline. */
class SectionCache {
  readonly #files: ConfigFiles
  readonly #sections = new Map<string, Section<unknown>>()

  constructor(files: ConfigFiles) {
    this.#files = files
  }

  /** `undefined` when there is no such file. */
  linked<K extends SectionName>(name: K, file: string): Section<SectionValues[K]> | undefined {
    const key = `${name} ${file}`
    const known = this.#sections.get(key)
    if (known) return known as Section<SectionValues[K]>
    const document = this.#files.parse(file)
    if (!document) return undefined
    const section = isProblem(document)
      ? brokenSection<SectionValues[K]>(document, file)
      : readSection(name, document, file, new Report(name, file))
    this.#sections.set(key, section)
    return section
  }
}

function brokenSection<T>(problem: Problem, file: string): Section<T> {
  const root: Cursor = { node: { kind: 'null', place: { file } }, path: '' }
  return { value: undefined, root, problems: [problem], classnames: new Set(), linkedFile: file }
}

/** One pipeline.yaml and what it links to, on the way to a `PipelineConfig`. */
class PipelineReading {
  readonly #name: string
  readonly #file: string
  readonly #files: ConfigFiles
  readonly #sections: SectionCache
  readonly #report = new Report('')
  readonly #problems: Problem[] = []
  readonly #linkedFiles: string[]
  readonly #classnames = new Set<string>()

  constructor(name: string, file: string, files: ConfigFiles, sections: SectionCache) {
    this.#name = name
    this.#file = file
    this.#files = files
    this.#sections = sections
    this.#linkedFiles = [name]
  }

  read(): Loaded {
    const node = this.#files.parse(this.#name)
    if (!node) return this.#failed({ file: this.#name, message: 'there is no such file' })
    if (isProblem(node)) return { config: undefined, problems: [node] }
    if (node.kind !== 'map') {
      const found = node.kind === 'null' ? 'nothing' : showFound(node)
      return this.#failed({ ...node.place, message: `found ${found}; expected a pipeline configuration` })
    }
    const cursor: Cursor = { node, path: '' }
    const customFacts = this.#customFacts(node)
    const config = this.#readPipeline(cursor, node)
    const problems = this.#sortedProblems()
    const isWrong = problems.some(({ severity }) => severity === 'error')
    return { config: isWrong || !config ? undefined : { ...config, notes: problems }, problems, customFacts }
  }

  #failed(problem: Pick<Problem, 'file' | 'message'>): Loaded {
    return { config: undefined, problems: [{ ...problem, severity: 'error', path: '' }] }
  }

  #customFacts(map: YamlMap): PipelineFacts | undefined {
    const classname = map.entries.get('classname')?.value
    if (classname?.kind !== 'text' || !isCustomClass(classname.value)) return undefined
    if (sectionNames.some((name) => map.entries.has(name))) return undefined
    return {
      kind: 'custom',
      datastreamsIn: [],
      datastreamsOut: [],
      padding: { beforeSeconds: 0, afterSeconds: 0 },
      outputPrefixes: [],
      inputPrefixes: [],
      linkedFiles: [this.#name],
      classnames: [classname.value],
    }
  }

  #readPipeline(cursor: Cursor, map: YamlMap): Omit<PipelineConfig, 'notes'> | undefined {
    const report = this.#report
    const reading = { report, classnames: this.#classnames }
    const pipeline = readClass(cursor, 'pipeline', reading, ['parameters', ...Object.keys(pipelineFields)])
    checkRequired(cursor, map, report)
    const triggers = this.#readTriggers(cursor, map)
    const sections = this.#readSections(cursor, map)
    const isCustom = pipeline?.builtin === 'custom'
    this.#compareSections(sections, isCustom)
    const kind = kindOf(pipeline?.builtin, sections.retriever?.value)
    const datastreams = this.#checkKind(cursor, map, pipeline?.builtin, kind, sections.retriever?.value)
    const { retriever, dataset, quality, storage } = sections
    if (
      !pipeline ||
      !triggers ||
      !retriever?.value ||
      !dataset?.value ||
      !quality?.value ||
      !storage?.value
    ) {
      return undefined
    }
    return {
      file: this.#file,
      classname: pipeline.classname,
      kind,
      isCustom,
      triggers,
      parameters: pipeline.parameters,
      datastreams,
      retriever: retriever.value,
      dataset: dataset.value,
      quality: quality.value,
      storage: storage.value,
      linkedFiles: this.#linkedFiles,
      classnames: [...this.#classnames],
    }
  }

  #readTriggers(cursor: Cursor, map: YamlMap): readonly string[] | undefined {
    const node = map.entries.get('triggers')?.value
    if (!node) return undefined
    const at = childCursor(cursor, 'triggers', node)
    return readShape(pipelineFields.triggers!.shape, at, this.#report) as string[] | undefined
  }

  #readSections(cursor: Cursor, map: YamlMap): { [K in SectionName]?: Section<SectionValues[K]> } {
    const read = <K extends SectionName>(name: K): { [P in K]?: Section<SectionValues[K]> } => {
      const node = map.entries.get(name)?.value
      const section = node && this.#readSection(name, childCursor(cursor, name, node))
      if (!section) return {}
      this.#problems.push(...section.problems)
      for (const classname of section.classnames) this.#classnames.add(classname)
      return { [name]: section } as { [P in K]?: Section<SectionValues[K]> }
    }
    return { ...read('retriever'), ...read('dataset'), ...read('quality'), ...read('storage') }
  }

  #readSection<K extends SectionName>(name: K, at: Cursor): Section<SectionValues[K]> | undefined {
    const { node } = at
    const link = node.kind === 'map' ? node.entries.get('path')?.value : undefined
    if (!link || node.kind !== 'map') return readSection(name, node, undefined, new Report(name))
    const pathCursor = childCursor(at, 'path', link)
    if (link.kind !== 'text' || link.value === '') {
      this.#report.error(pathCursor, `found ${showFound(link)}; expected the path of a file`)
      return undefined
    }
    const file = this.#files.resolveLink(this.#name, link.value)
    const section = this.#sections.linked(name, file)
    if (!section) {
      this.#report.error(pathCursor, `there is no file ${file}`)
      return undefined
    }
    if (!this.#linkedFiles.includes(file)) this.#linkedFiles.push(file)
    const overrides = node.entries.get('overrides')?.value
    return overrides ? this.#overridden(name, file, childCursor(at, 'overrides', overrides)) : section
  }

  /** The linked file as this pipeline changes it. */
  #overridden<K extends SectionName>(name: K, file: string, overrides: Cursor): Section<SectionValues[K]> {
    const document = this.#files.parse(file)
    if (!document || isProblem(document)) return this.#sections.linked(name, file)!
    const changed = applyOverrides(document, overrides, this.#report)
    return readSection(name, changed, file, new Report(name, file))
  }

  #compareSections(sections: { [K in SectionName]?: Section<unknown> }, isCustom: boolean): void {
    const checked = (name: SectionName): CheckedSection | undefined => {
      const section = sections[name]
      return section && { root: section.root, report: new Report(name, section.linkedFile) }
    }
    const retriever = checked('retriever')
    const dataset = checked('dataset')
    const quality = checked('quality')
    if (retriever && dataset) {
      checkRetrievedNames(retriever, dataset)
      checkCoordsHaveValues(retriever, dataset)
      checkTransformationUnits(retriever, dataset)
    }
    if (quality && dataset) checkQualityNames(quality, dataset, isCustom)
    for (const section of [retriever, dataset, quality])
      this.#problems.push(...(section?.report.problems ?? []))
  }

  /** Gives the datastreams that a VAP reads. */
  #checkKind(
    cursor: Cursor,
    map: YamlMap,
    builtin: string | undefined,
    kind: PipelineConfig['kind'],
    retriever: RetrieverConfig | undefined,
  ): readonly string[] {
    const report = this.#report
    const wanted = builtin === 'TransformationPipeline' ? 'StorageRetriever' : 'DefaultRetriever'
    if (retriever && builtin !== 'custom' && builtin !== undefined && retriever.builtin !== wanted) {
      const node = map.entries.get('retriever')!.value
      const at = childCursor(cursor, 'retriever', node)
      report.error(at, `found ${retriever.classname}; a ${builtin} needs a tsdat.io.retrievers.${wanted}`)
    }
    if (kind !== 'vap') return []
    const parameters = map.entries.get('parameters')?.value
    const field = classParameters.TransformationPipeline.fields.datastreams!
    const node = parameters?.kind === 'map' ? parameters.entries.get('datastreams')?.value : undefined
    if (node) {
      const at = childCursor(childCursor(cursor, 'parameters', parameters!), 'datastreams', node)
      // A built-in's parameters have been checked with its class.
      const scratch = builtin === 'custom' ? report : new Report('')
      return (readShape(field.shape, at, scratch) as string[] | undefined) ?? []
    }
    if (builtin === 'custom')
      report.error(cursor, '"parameters.datastreams" is missing: what is read from storage')
    return []
  }

  /** By file in the order of reading, then by place; each once. */
  #sortedProblems(): readonly Problem[] {
    const all = [...this.#report.problems, ...this.#problems]
    const rank = ({ file }: Problem) => {
      const index = this.#linkedFiles.indexOf(file)
      return index < 0 ? this.#linkedFiles.length : index
    }
    return all.toSorted(
      (a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }
}

function checkRequired(cursor: Cursor, map: YamlMap, report: Report): void {
  for (const [key, field] of Object.entries(pipelineFields)) {
    if (field.isRequired && !map.entries.has(key)) report.error(cursor, `"${key}" is missing`)
  }
}

function kindOf(builtin: string | undefined, retriever: RetrieverConfig | undefined): PipelineConfig['kind'] {
  if (builtin === 'TransformationPipeline') return 'vap'
  if (builtin === 'IngestPipeline') return 'ingest'
  return retriever?.builtin === 'StorageRetriever' ? 'vap' : 'ingest'
}

function factsOf(config: PipelineConfig): PipelineFacts {
  const { storage, dataset, datastreams } = config
  return {
    kind: config.kind,
    datastreamsIn: datastreams,
    datastreamsOut: [dataset.datastream],
    padding: widestPadding(config),
    outputPrefixes: outputPrefixes(storage, dataset),
    inputPrefixes: datastreams.map((datastream) => inputPrefix(storage, datastream)),
    linkedFiles: config.linkedFiles,
    classnames: config.classnames,
  }
}

/** Patterns are matched against input keys, which begin with the datastream; the window in them is not known here. */
function widestPadding({ datastreams, retriever }: PipelineConfig): PipelineFacts['padding'] {
  const paddings = datastreams.map((datastream) =>
    fetchPadding(retriever, `${datastream}::20000101.000000::20000102.000000`),
  )
  return {
    beforeSeconds: Math.max(0, ...paddings.map(({ beforeSeconds }) => beforeSeconds)),
    afterSeconds: Math.max(0, ...paddings.map(({ afterSeconds }) => afterSeconds)),
  }
}
