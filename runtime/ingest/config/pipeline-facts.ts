import type { PipelineFacts } from '../../contracts.ts'
import { isCustomClass } from './custom-class.ts'
import { sectionNames } from './pipeline-fields.ts'
import { inputPrefix, outputPrefixes } from './storage-prefixes.ts'
import { fetchPadding } from './transformation.ts'
import type { PipelineConfig } from './types.ts'
import type { YamlMap } from './yaml-node.ts'

/** What the registry wants to know of a pipeline configuration. */
export function factsOf(config: PipelineConfig): PipelineFacts {
  const { storage, dataset, datastreams } = config
  return {
    kind: config.kind,
    datastreamsIn: datastreams,
    datastreamsOut: [dataset.datastream],
    padding: widestPadding(config),
    outputPrefixes: outputPrefixes(storage, dataset),
    inputPrefixes: [...new Set(datastreams.map((datastream) => inputPrefix(storage, datastream)))],
    linkedFiles: config.linkedFiles,
    classnames: config.classnames,
  }
}

/** Of a configuration that names a class of the user's own and has none of tsdat's sections; else `undefined`. */
export function customFacts(file: string, map: YamlMap): PipelineFacts | undefined {
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
    linkedFiles: [file],
    classnames: [classname.value],
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
