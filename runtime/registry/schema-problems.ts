import {
  isMisspelt,
  pathOf,
  type SchemaError,
  type SchemaProblem,
  type Vocabulary,
  valueAt,
  type Written,
  wordError,
} from './schema-wording.ts'
import { allowedKeys, quantities, validate } from './validate.ts'
import type { Path } from './yaml-source.ts'

export type { SchemaProblem }

/** What a document has wrong, and where values must not be used. */
export interface SchemaCheck {
  readonly problems: readonly SchemaProblem[]
  /** Values that only miss a pattern. Who reads them tells better what is wrong; these messages are for what nobody tells. */
  readonly patterns: readonly SchemaProblem[]
  /** How many mistakes were not looked at, because there were too many. */
  readonly untold: number
}

const maxProblems = 500

const places: Readonly<Record<string, string>> = {
  '': 'at the top',
  'pipelines.#': 'in a pipeline',
  'pipelines.#.configs.*': 'in a site',
}

/** Where a map of the document stands in the terms of `allowedKeys`. */
function shapeOf(path: Path): string {
  return path.reduce<string>((shape, part) => {
    const isKnown = typeof part === 'string' && (allowedKeys[shape] ?? []).includes(part)
    const name = typeof part === 'number' ? '#' : isKnown ? part : '*'
    return shape ? `${shape}.${name}` : name
  }, '')
}

const vocabulary: Vocabulary = {
  keysAt: (path) => allowedKeys[shapeOf(path)] ?? [],
  elsewhere: (key, path) =>
    Object.keys(places)
      .filter((other) => other !== shapeOf(path) && allowedKeys[other]?.includes(key))
      .map((other) => places[other] as string),
  quantityOf: (key) => quantities[key],
}

/** Keywords that only gather what others say, or say again what a type error said. */
const isNoise = ({ keyword }: SchemaError) => keyword === 'anyOf' || keyword === 'if'

/** Checks a document against the registry's schema: one problem for one mistake, in the user's words. */
export function checkSchema(document: unknown, written: Written): SchemaCheck {
  const check = validate as { (value: unknown): boolean; errors?: SchemaError[] | null }
  if (check(document)) return { problems: [], patterns: [], untold: 0 }
  const all = check.errors ?? []
  const errors = all.slice(0, maxProblems)
  const typed = new Set(
    errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath),
  )
  const isAlternative = ({ schemaPath }: SchemaError) => schemaPath.includes('/anyOf/')
  const real = errors.filter(
    (error) =>
      !isNoise(error) &&
      !isMisspelt(error, errors) &&
      (error.keyword === 'type' || !typed.has(error.instancePath) || error.keyword === 'required'),
  )
  const isPattern = (error: SchemaError) => error.keyword === 'pattern' || isAlternative(error)
  const patternProblem = (error: SchemaError): SchemaProblem => {
    const path = pathOf(error.instancePath, document)
    return {
      path,
      kind: 'value',
      message: `"${String(valueAt(document, path))}" is not what is allowed here`,
    }
  }
  return {
    problems: real
      .filter((error) => !isPattern(error))
      .map((error) => wordError(error, document, written, vocabulary)),
    patterns: real.filter(isPattern).map(patternProblem),
    untold: all.length - errors.length,
  }
}
