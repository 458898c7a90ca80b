import type { PipelineFacts } from '../../contracts.ts'
import { inputPrefix, outputPrefixes } from './storage-prefixes.ts'
import { fetchPadding } from './transformation.ts'
import type { PipelineConfig } from './types.ts'

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
