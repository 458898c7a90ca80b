import type { PipelineFacts } from '../../contracts.ts'
import type { Problem } from '../../errors.ts'
import type { ConfigFiles } from './config-files.ts'
import type { CheckedSection } from './cross-checks.ts'
import {
  checkCoordsHaveValues,
  checkQualityNames,
  checkRetrievedNames,
  checkTransformationUnits,
} from './cross-checks.ts'
import { notTsdat, readOwnModule } from './own-module.ts'
import type { SectionName } from './pipeline-fields.ts'
import { pipelineFields } from './pipeline-fields.ts'
import { readPipelineKind } from './pipeline-kind.ts'
import { readClass } from './read-class.ts'
import { readShape, showFound } from './read-shape.ts'
import type { Cursor } from './report.ts'
import { childCursor, Report } from './report.ts'
import type { LinkedSections, Section, Sections, SectionValues } from './sections.ts'
import { readSection } from './sections.ts'
import type { PipelineConfig } from './types.ts'
import { isProblem } from './yaml-document.ts'
import type { YamlMap } from './yaml-node.ts'

export interface ReadPipeline {
  /** `undefined` when any problem is an error. */
  readonly config: PipelineConfig | undefined
  readonly problems: readonly Problem[]
  /** Of a configuration that names a module of the project's own. */
  readonly ownFacts?: PipelineFacts
}

/** Reads one pipeline.yaml, called `name` from the project root, and what it links to. */
export function readPipeline(
  name: string,
  calledFile: string,
  files: ConfigFiles,
  linked: LinkedSections,
): ReadPipeline {
  const node = files.parse(name)
  if (!node) return failed({ file: name, message: 'there is no such file' })
  if (isProblem(node)) return failed(node)
  if (node.kind !== 'map') {
    const found = node.kind === 'null' ? 'nothing' : showFound(node)
    return failed({ ...node.place, message: `found ${found}; expected a pipeline configuration` })
  }
  const own = readOwnModule(name, node)
  if (own && 'problems' in own) return { config: undefined, problems: own.problems }
  if (own) return { config: undefined, problems: notTsdat(name).problems, ownFacts: own.facts }
  const { config, problems } = new PipelineReading(name, files, linked).read(node)
  const isWrong = problems.some(({ severity }) => severity === 'error')
  return {
    config: isWrong || !config ? undefined : { file: calledFile, ...config, notes: problems },
    problems,
  }
}

function failed(problem: Pick<Problem, 'file' | 'message'>): ReadPipeline {
  return { config: undefined, problems: [{ ...problem, severity: 'error', path: '' }] }
}

/** One pipeline.yaml on the way to a `PipelineConfig`. */
class PipelineReading {
  readonly #name: string
  readonly #files: ConfigFiles
  readonly #linked: LinkedSections
  readonly #report = new Report('')
  readonly #problems: Problem[] = []
  readonly #linkedFiles: string[]
  readonly #classnames = new Set<string>()

  constructor(name: string, files: ConfigFiles, linked: LinkedSections) {
    this.#name = name
    this.#files = files
    this.#linked = linked
    this.#linkedFiles = [name]
  }

  read(map: YamlMap): {
    readonly config: Omit<PipelineConfig, 'file' | 'notes'> | undefined
    readonly problems: readonly Problem[]
  } {
    const config = this.#readConfig({ node: map, path: '' }, map)
    return { config, problems: this.#sortedProblems() }
  }

  #readConfig(cursor: Cursor, map: YamlMap): Omit<PipelineConfig, 'file' | 'notes'> | undefined {
    const report = this.#report
    const reading = { report, classnames: this.#classnames }
    const siblings = ['parameters', ...Object.keys(pipelineFields)]
    const pipeline = readClass(cursor, 'pipeline', reading, siblings)
    checkRequired(cursor, map, report)
    const triggers = this.#readTriggers(cursor, map)
    const sections = this.#readSections(cursor, map)
    const kind = readPipelineKind(cursor, map, sections.retriever?.value, report)
    this.#compareSections(sections, kind.isCustom)
    const values = valuesOf(sections)
    if (!pipeline || !triggers || !values) return undefined
    return {
      classname: pipeline.classname,
      ...kind,
      triggers,
      parameters: pipeline.parameters,
      ...values,
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

  #readSections(cursor: Cursor, map: YamlMap): Sections {
    const read = <K extends SectionName>(name: K): Section<SectionValues[K]> | undefined => {
      const node = map.entries.get(name)?.value
      const section = node && this.#readSection(name, childCursor(cursor, name, node))
      this.#problems.push(...(section?.problems ?? []))
      for (const classname of section?.classnames ?? []) this.#classnames.add(classname)
      return section
    }
    const retriever = read('retriever')
    const dataset = read('dataset')
    const quality = read('quality')
    const storage = read('storage')
    return {
      ...(retriever && { retriever }),
      ...(dataset && { dataset }),
      ...(quality && { quality }),
      ...(storage && { storage }),
    }
  }

  /** What a link says beside `path` and `overrides` is ignored, as by tsdat. */
  #readSection<K extends SectionName>(name: K, at: Cursor): Section<SectionValues[K]> | undefined {
    const { node } = at
    const link = node.kind === 'map' ? node.entries.get('path')?.value : undefined
    if (!link || node.kind !== 'map') return readSection(name, node, undefined)
    const pathCursor = childCursor(at, 'path', link)
    if (link.kind !== 'text' || link.value === '') {
      this.#report.error(pathCursor, `found ${showFound(link)}; expected the path of a file`)
      return undefined
    }
    const file = this.#files.resolveLink(this.#name, link.value)
    const overrides = node.entries.get('overrides')?.value
    const section = overrides
      ? this.#linked.readOverridden(name, file, childCursor(at, 'overrides', overrides), this.#report)
      : this.#linked.read(name, file)
    if (!section) this.#report.error(pathCursor, `there is no file ${file}`)
    else if (!this.#linkedFiles.includes(file)) this.#linkedFiles.push(file)
    return section
  }

  #compareSections(sections: Sections, isCustom: boolean): void {
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
    for (const section of [retriever, dataset, quality]) {
      this.#problems.push(...(section?.report.problems ?? []))
    }
  }

  /** By file in the order of reading, then by place. */
  #sortedProblems(): readonly Problem[] {
    const rank = ({ file }: Problem) => {
      const index = this.#linkedFiles.indexOf(file)
      return index < 0 ? this.#linkedFiles.length : index
    }
    return [...this.#report.problems, ...this.#problems].toSorted(
      (a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }
}

function checkRequired(cursor: Cursor, map: YamlMap, report: Report): void {
  for (const [key, field] of Object.entries(pipelineFields)) {
    if (field.isRequired && !map.entries.has(key)) report.error(cursor, `"${key}" is missing`)
  }
}

function valuesOf({ retriever, dataset, quality, storage }: Sections): SectionValues | undefined {
  if (!retriever?.value || !dataset?.value || !quality?.value || !storage?.value) return undefined
  return {
    retriever: retriever.value,
    dataset: dataset.value,
    quality: quality.value,
    storage: storage.value,
  }
}
