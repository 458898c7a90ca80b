import { resolveClass } from './class-name.ts'
import { classParameters } from './class-parameters.ts'
import { readShape } from './read-shape.ts'
import type { Cursor } from './report.ts'
import { childCursor, Report } from './report.ts'
import type { Builtin, PipelineConfig, RetrieverConfig } from './types.ts'
import type { YamlMap } from './yaml-node.ts'

export interface PipelineKind {
  readonly kind: PipelineConfig['kind']
  readonly isCustom: boolean
  /** Of a VAP. */
  readonly datastreams: readonly string[]
}

/**
 * Whether a pipeline ingests or transforms: its class says so, of the user's own classes the retriever. Reports what
 * does not go together.
 */
export function readPipelineKind(
  cursor: Cursor,
  map: YamlMap,
  retriever: RetrieverConfig | undefined,
  report: Report,
): PipelineKind {
  const builtin = builtinOf(map)
  const kind = kindOf(builtin, retriever)
  const wanted = kind === 'vap' ? 'StorageRetriever' : 'DefaultRetriever'
  if (retriever && retriever.builtin !== wanted && retriever.builtin !== 'custom') {
    const at = childCursor(cursor, 'retriever', map.entries.get('retriever')!.value)
    report.error(at, `found ${retriever.classname}; ${builtin} needs tsdat.io.retrievers.${wanted}`)
  }
  const datastreams = kind === 'vap' ? readDatastreams(cursor, map, builtin, report) : []
  return { kind, isCustom: builtin === 'custom', datastreams }
}

/** What the classname stands for, also where something else about the class is wrong. */
function builtinOf(map: YamlMap): Builtin | 'custom' | undefined {
  const classname = map.entries.get('classname')?.value
  const resolved = classname?.kind === 'text' ? resolveClass(classname.value, 'pipeline') : undefined
  return resolved && 'builtin' in resolved ? resolved.builtin : undefined
}

function kindOf(
  builtin: Builtin | 'custom' | undefined,
  retriever: RetrieverConfig | undefined,
): PipelineConfig['kind'] {
  if (builtin === 'TransformationPipeline') return 'vap'
  if (builtin === 'IngestPipeline') return 'ingest'
  return retriever?.builtin === 'StorageRetriever' ? 'vap' : 'ingest'
}

function readDatastreams(
  cursor: Cursor,
  map: YamlMap,
  builtin: Builtin | 'custom' | undefined,
  report: Report,
): readonly string[] {
  const parameters = map.entries.get('parameters')?.value
  const node = parameters?.kind === 'map' ? parameters.entries.get('datastreams')?.value : undefined
  // The parameters of tsdat's own class have been checked with it.
  const ownReport = builtin === 'TransformationPipeline' ? new Report('') : report
  if (!node) {
    ownReport.error(cursor, '"parameters.datastreams" is missing: what a StorageRetriever reads')
    return []
  }
  const at = childCursor(childCursor(cursor, 'parameters', parameters!), 'datastreams', node)
  const { shape } = classParameters.TransformationPipeline.fields.datastreams!
  return (readShape(shape, at, ownReport) as readonly string[] | undefined) ?? []
}
