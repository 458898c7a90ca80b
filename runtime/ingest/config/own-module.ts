import type { JsonObject, PipelineFacts } from '../../contracts.ts'
import { ConfigError, type Problem } from '../../errors.ts'
import { isCustomClass } from './custom-class.ts'
import { sectionNames } from './pipeline-fields.ts'
import { checkKeys, readAnything, showFound } from './read-shape.ts'
import { childCursor, Report } from './report.ts'
import { anything } from './shape.ts'
import type { YamlMap } from './yaml-node.ts'

const fields = {
  classname: {
    shape: { type: 'text', isStrict: true },
    description: 'The export that is the pipeline, by its dotted name.',
    isRequired: true,
  },
  parameters: { shape: anything, description: 'What it is made with.' },
} as const

/** What a configuration says that names a module of the project's own, or what is wrong with it. */
export type OwnModule = { readonly facts: PipelineFacts } | { readonly problems: readonly Problem[] }

/**
 * Reads a configuration that names a class of the project's own and has none of tsdat's sections; `undefined` of any
 * other. What its parameters may be, only the class knows.
 */
export function readOwnModule(file: string, map: YamlMap): OwnModule | undefined {
  const classname = map.entries.get('classname')?.value
  if (classname?.kind !== 'text' || !isCustomClass(classname.value)) return undefined
  if (sectionNames.some((name) => map.entries.has(name))) return undefined
  const report = new Report('')
  const cursor = { node: map, path: '' }
  checkKeys(fields, cursor, map, report)
  const parameters = readParameters(map, report)
  if (!parameters || report.problems.length > 0) return { problems: report.problems }
  return {
    facts: {
      kind: 'custom',
      module: 'own',
      parameters,
      datastreamsIn: [],
      datastreamsOut: [],
      padding: { beforeSeconds: 0, afterSeconds: 0 },
      outputPrefixes: [],
      inputPrefixes: [],
      linkedFiles: [file],
      classnames: [classname.value],
    },
  }
}

function readParameters(map: YamlMap, report: Report): JsonObject | undefined {
  const node = map.entries.get('parameters')?.value
  // `parameters:` with nothing below it is what is left when all of them are commented out.
  if (!node || node.kind === 'null') return {}
  const cursor = childCursor({ node: map, path: '' }, 'parameters', node)
  if (node.kind === 'map') return readAnything(cursor, report) as JsonObject | undefined
  report.error(cursor, `found ${showFound(node)}; expected a map`)
  return undefined
}

/** What says that a configuration of a module is none of a tsdat pipeline. */
export function notTsdat(file: string): ConfigError {
  const message = `has none of the sections ${sectionNames.join(', ')}: it is no pipeline in tsdat's language, but a module of this project, which runs from the registry (sluice run KEY)`
  return new ConfigError([{ file, severity: 'error', path: '', message }])
}
