import { didYouMean, nearestName } from '../ingest/config/nearest-name.ts'
import type { Path } from './yaml-source.ts'

/** What ajv reports; of `params` what the keywords of our schema set. */
export interface SchemaError {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  /** What ajv says of it in its own words. */
  readonly message?: string
  /** The schema that the keyword stands in, where ajv is told to keep it. */
  readonly parentSchema?: { readonly description?: unknown; readonly properties?: object }
}

/** What the words need to know of the schema beyond an error. */
export interface Vocabulary {
  /** The keys that the map at `path` may have. */
  keysAt(path: Path, error: SchemaError): readonly string[]
  /** Where else in a document a key belongs, in words. */
  elsewhere(key: string, path: Path): readonly string[]
  /** How a quantity of this name is written with its unit. */
  quantityOf(key: string): string | undefined
}

/** One mistake against the schema: a wrong value, a key that the map at `path` misses, or one that it must not have. */
export interface SchemaProblem {
  readonly path: Path
  readonly kind: 'value' | 'missing' | 'unknown'
  readonly message: string
  /** Of an unknown key: the key that it was probably meant to be. */
  readonly meant?: string
}

/** How a value is written in the file, where that differs from the value. */
export type Written = (path: Path) => string | undefined

/** `/pipelines/0/configs/a~1b` as keys and indexes, by what the document has there. */
export function pathOf(pointer: string, document: unknown): Path {
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

export function valueAt(document: unknown, path: Path): unknown {
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

function typeMessage(
  error: SchemaError,
  path: Path,
  value: unknown,
  written: string | undefined,
  vocabulary: Vocabulary,
): string {
  const types = [error.params.type].flat() as string[]
  const wanted = types.map((type) => typeNames[type] ?? type).join(' or ')
  const found = showFound(value, written)
  const isScalar = typeof value === 'number' || typeof value === 'boolean'
  const example = vocabulary.quantityOf(String(path.at(-1)))
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

function unknownKey(error: SchemaError, path: Path, vocabulary: Vocabulary): SchemaProblem {
  const key = error.params.additionalProperty as string
  const allowed = vocabulary.keysAt(path, error)
  const problem = { path: [...path, key], kind: 'unknown' as const }
  const near = nearestName(key, allowed)
  if (near !== undefined) {
    return { ...problem, meant: near, message: `there is no key "${key}" here; did you mean "${near}"?` }
  }
  const elsewhere = vocabulary.elsewhere(key, path)
  if (elsewhere.length > 0) {
    return { ...problem, message: `the key "${key}" does not belong here, but ${elsewhere.join(' or ')}` }
  }
  const keys = allowed.length > 0 ? `the keys are ${allowed.join(', ')}` : 'none is allowed'
  return { ...problem, message: `there is no key "${key}" here; ${keys}` }
}

/** What a schema has beside types, enums and keys. */
function boundMessage(error: SchemaError, value: unknown, written: string | undefined): string {
  const limit = error.params.limit as number
  switch (error.keyword) {
    case 'minimum':
      return `${showScalar(value, written)} is too small: ${limit} is the least`
    case 'maximum':
      return `${showScalar(value, written)} is too large: ${limit} is the most`
    case 'minProperties':
    case 'minItems':
      if (sizeOf(value) > 0) return `has ${countOf(value)}: at least ${limit} are wanted`
      return `is empty: at least ${limit === 1 ? 'one' : limit} is wanted`
    case 'maxProperties':
    case 'maxItems':
      return `has ${countOf(value)}: at most ${limit === 1 ? 'one is' : `${limit} are`} allowed`
    default:
      return otherMessage(error, value, written)
  }
}

const sizeOf = (value: unknown) => (Array.isArray(value) ? value.length : Object.keys(value as object).length)

function countOf(value: unknown): string {
  const size = sizeOf(value)
  return `${size} ${Array.isArray(value) ? (size === 1 ? 'item' : 'items') : size === 1 ? 'key' : 'keys'}`
}

/** By the schema's own description where it has one, else as ajv says it. */
function otherMessage(error: SchemaError, value: unknown, written: string | undefined): string {
  const description = error.parentSchema?.description
  const wanted =
    typeof description === 'string' ? description.replace(/\.$/, '') : (error.message ?? error.schemaPath)
  return `${showFound(value, written)} does not fit: ${wanted}`
}

/** One error in the user's words. */
export function wordError(
  error: SchemaError,
  document: unknown,
  written: Written,
  vocabulary: Vocabulary,
): SchemaProblem {
  const path = pathOf(error.instancePath, document)
  const value = valueAt(document, path)
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, path, vocabulary)
    case 'required':
      return { path, kind: 'missing', message: `the key ${String(error.params.missingProperty)} is missing` }
    case 'type':
      return { path, kind: 'value', message: typeMessage(error, path, value, written(path), vocabulary) }
    case 'enum':
      return { path, kind: 'value', message: enumMessage(error, value, written(path)) }
    default:
      return { path, kind: 'value', message: boundMessage(error, value, written(path)) }
  }
}

/** A misspelt key that is also missing under its right name is one mistake. */
export function isMisspelt(error: SchemaError, errors: readonly SchemaError[]): boolean {
  if (error.keyword !== 'required') return false
  const missing = error.params.missingProperty as string
  return errors.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === error.instancePath &&
      nearestName(other.params.additionalProperty as string, [missing]) !== undefined,
  )
}
