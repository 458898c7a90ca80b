import { didYouMean, nearestName } from '../ingest/config/nearest-name.ts'
import { allowedKeys, quantities, validate } from './validate.ts'
import type { Path } from './yaml-source.ts'

/** What ajv reports; of `params` what the keywords of our schema set. */
interface SchemaError {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
}

/** One mistake against the schema: a wrong value, a key that the map at `path` misses, or one that it must not have. */
export interface SchemaProblem {
  readonly path: Path
  readonly kind: 'value' | 'missing' | 'unknown'
  readonly message: string
  /** Of an unknown key: the key that it was probably meant to be. */
  readonly meant?: string
}

/** What a document has wrong, and where values must not be used. */
export interface SchemaCheck {
  readonly problems: readonly SchemaProblem[]
  /** Values that only miss a pattern. Who reads them tells better what is wrong; these messages are for what nobody tells. */
  readonly patterns: readonly SchemaProblem[]
  /** How many mistakes were not looked at, because there were too many. */
  readonly untold: number
}

/** How a value is written in the file, where that differs from the value. */
type Written = (path: Path) => string | undefined

const maxProblems = 500

/** `/pipelines/0/configs/a~1b` as keys and indexes, by what the document has there. */
function pathOf(pointer: string, document: unknown): Path {
  let value = document
  return pointer
    .split('/')
    .slice(1)
    .map((token) => {
      const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
      const part = Array.isArray(value) ? Number(key) : key
      value = (value as Record<string | number, unknown>)[part]
      return part
    })
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)?.[part], document)
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a map of keys',
  array: 'a list',
}

/** A number or truth as it is written. */
const showScalar = (value: unknown, written: string | undefined) => written ?? JSON.stringify(value)

/** What stands there, in words. */
function showFound(value: unknown, written: string | undefined): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map of keys'
  if (typeof value === 'string') return `the text "${value.length > 60 ? `${value.slice(0, 57)}…` : value}"`
  if (typeof value === 'boolean') return `the truth ${showScalar(value, written)}`
  return `the number ${showScalar(value, written)}`
}

function typeMessage(error: SchemaError, path: Path, value: unknown, written: string | undefined): string {
  const types = [error.params.type].flat() as string[]
  const wanted = types.map((type) => typeNames[type] ?? type).join(' or ')
  const found = showFound(value, written)
  const isScalar = typeof value === 'number' || typeof value === 'boolean'
  const example = quantities[String(path.at(-1))]
  if (example !== undefined && typeof value === 'number')
    return `${found} has no unit: write it as in "${example}"`
  if (types.includes('string') && isScalar) {
    return `${found} is not ${wanted}: write it in quotes, "${showScalar(value, written)}"`
  }
  return value === null ? `has no value; ${wanted} is wanted` : `${found} is not ${wanted}`
}

function enumMessage(error: SchemaError, value: unknown, written: string | undefined): string {
  const allowed = (error.params.allowedValues as unknown[]).map(String)
  const found = typeof value === 'string' ? `"${value}"` : showFound(value, written)
  const suggestion = typeof value === 'string' ? didYouMean(value, allowed) : ''
  return `${found} is not one of ${allowed.join(', ')}${suggestion}`
}

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

function unknownKey(key: string, path: Path): SchemaProblem {
  const shape = shapeOf(path)
  const allowed = allowedKeys[shape] ?? []
  const problem = { path: [...path, key], kind: 'unknown' as const }
  const near = nearestName(key, allowed)
  if (near !== undefined) {
    return { ...problem, meant: near, message: `there is no key "${key}" here; did you mean "${near}"?` }
  }
  const elsewhere = Object.keys(places).filter(
    (other) => other !== shape && allowedKeys[other]?.includes(key),
  )
  if (elsewhere.length > 0) {
    const where = elsewhere.map((other) => places[other]).join(' or ')
    return { ...problem, message: `the key "${key}" does not belong here, but ${where}` }
  }
  return { ...problem, message: `there is no key "${key}" here; the keys are ${allowed.join(', ')}` }
}

/** Minimum, maximum, minItems, minProperties: what the schema has beside types, enums and keys. */
function boundMessage(error: SchemaError, value: unknown, written: string | undefined): string {
  const limit = error.params.limit as number
  switch (error.keyword) {
    case 'minimum':
      return `${showScalar(value, written)} is too small: ${limit} is the least`
    case 'maximum':
      return `${showScalar(value, written)} is too large: ${limit} is the most`
    case 'minProperties':
    case 'minItems':
      return `is empty: at least ${limit === 1 ? 'one' : limit} is wanted`
    default:
      return `does not fit the schema (${error.schemaPath})`
  }
}

function problemOf(error: SchemaError, document: unknown, written: Written): SchemaProblem {
  const path = pathOf(error.instancePath, document)
  const value = valueAt(document, path)
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error.params.additionalProperty as string, path)
    case 'required':
      return { path, kind: 'missing', message: `the key ${String(error.params.missingProperty)} is missing` }
    case 'type':
      return { path, kind: 'value', message: typeMessage(error, path, value, written(path)) }
    case 'enum':
      return { path, kind: 'value', message: enumMessage(error, value, written(path)) }
    default:
      return { path, kind: 'value', message: boundMessage(error, value, written(path)) }
  }
}

/** A misspelt key that is also missing under its right name is one mistake. */
function isMisspelt(error: SchemaError, errors: readonly SchemaError[]): boolean {
  if (error.keyword !== 'required') return false
  const missing = error.params.missingProperty as string
  return errors.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === error.instancePath &&
      nearestName(other.params.additionalProperty as string, [missing]) !== undefined,
  )
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
    problems: real.filter((error) => !isPattern(error)).map((error) => problemOf(error, document, written)),
    patterns: real.filter(isPattern).map(patternProblem),
    untold: all.length - errors.length,
  }
}
