import type { Json, JsonObject } from '../../contracts.ts'
import { didYouMean } from './nearest-name.ts'
import { showPythonNumber } from './python-number.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor, joinPath } from './report.ts'
import type { ChoiceShape, Fields, ListShape, NumberShape, Shape, TextShape } from './shape.ts'
import type { YamlInteger, YamlMap, YamlNode } from './yaml-node.ts'

/** What `cursor` points to, in the form that `shape` asks for; `undefined` after a problem was reported. */
export function readShape(shape: Shape, cursor: Cursor, report: Report): Json | undefined {
  const { node } = cursor
  switch (shape.type) {
    case 'text':
      return readText(shape, cursor, report)
    case 'number':
      return readNumber(shape, cursor, report)
    case 'boolean':
      return node.kind === 'boolean' ? node.value : refuse(shape, cursor, report)
    case 'choice':
      return readChoice(shape, cursor, report)
    case 'exact':
      return fits(shape, node) ? shape.value : refuse(shape, cursor, report)
    case 'list':
      return readList(shape, cursor, report)
    case 'map':
      return node.kind === 'map'
        ? readEntries(cursor, node, report, () => shape.of)
        : refuse(shape, cursor, report)
    case 'record':
      return readRecord(shape.fields, cursor, report)
    case 'either': {
      const chosen = shape.of.find((option) => fits(option, node))
      return chosen ? readShape(chosen, cursor, report) : refuse(shape, cursor, report)
    }
    case 'any':
      return readAnything(cursor, report)
  }
}

/** A map with known keys: required ones there, no unknown ones, defaults filled in. */
export function readRecord(fields: Fields, cursor: Cursor, report: Report): JsonObject | undefined {
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map`)
    return undefined
  }
  const isComplete = checkKeys(fields, cursor, node, report)
  const given = readEntries(cursor, node, report, (key) =>
    Object.hasOwn(fields, key) ? fields[key]!.shape : undefined,
  )
  if (!isComplete || !given) return undefined
  return withDefaults(fields, given)
}

/** `given` with the defaults of what it leaves out. */
export function withDefaults(fields: Fields, given: JsonObject): JsonObject {
  const defaults = Object.entries(fields).flatMap(([key, field]) =>
    field.default === undefined ? [] : [[key, field.default] as const],
  )
  return { ...Object.fromEntries(defaults), ...given }
}

/** Reports unknown keys and required ones that are missing; `also` names keys that are known elsewhere. */
export function checkKeys(
  fields: Fields,
  cursor: Cursor,
  map: YamlMap,
  report: Report,
  also: readonly string[] = [],
): boolean {
  const known = [...Object.keys(fields), ...also]
  const unknown = [...map.entries.values()].filter((entry) => !known.includes(entry.key))
  for (const entry of unknown) {
    const allowed = known.length === 0 ? 'no keys are allowed here' : `allowed are ${known.join(', ')}`
    const hint = didYouMean(entry.key, known)
    report.errorAt(entry.keyPlace, joinPath(cursor.path, entry.key), `unknown key; ${allowed}${hint}`)
  }
  const missing = Object.keys(fields).filter((key) => fields[key]!.isRequired && !map.entries.has(key))
  for (const key of missing) report.error(cursor, `"${key}" is missing`)
  return unknown.length === 0 && missing.length === 0
}

/** A value as JSON. Dates become text; whole numbers that a double cannot hold are refused. */
export function readAnything(cursor: Cursor, report: Report): Json | undefined {
  const { node } = cursor
  switch (node.kind) {
    case 'null':
      return null
    case 'integer':
      return readSafeInteger(cursor, node, report)
    case 'list':
      return readItems(cursor, node.items, report, { type: 'any' })
    case 'map':
      return readEntries(cursor, node, report, () => ({ type: 'any' }))
    default:
      return node.value
  }
}

function readSafeInteger(cursor: Cursor, node: YamlInteger, report: Report): number | undefined {
  if (typeof node.value === 'number') return node.value
  report.error(cursor, `found ${node.source}; whole numbers beyond ±${Number.MAX_SAFE_INTEGER} are not exact`)
  return undefined
}

/** The entries whose shape is known (unknown keys are skipped); `undefined` if any had a problem. */
function readEntries(
  cursor: Cursor,
  map: YamlMap,
  report: Report,
  shapeOf: (key: string) => Shape | undefined,
): JsonObject | undefined {
  const pairs: [string, Json][] = []
  let isWhole = true
  for (const { key, value } of map.entries.values()) {
    const shape = shapeOf(key)
    if (!shape) continue
    const json = readShape(shape, childCursor(cursor, key, value), report)
    if (json === undefined) isWhole = false
    else pairs.push([key, json])
  }
  return isWhole ? Object.fromEntries(pairs) : undefined
}

function readItems(
  cursor: Cursor,
  items: readonly YamlNode[],
  report: Report,
  shape: Shape,
): Json[] | undefined {
  const read = items.map((item, index) => readShape(shape, childCursor(cursor, index, item), report))
  return read.includes(undefined) ? undefined : (read as Json[])
}

function readList(shape: ListShape, cursor: Cursor, report: Report): Json[] | undefined {
  const { node } = cursor
  if (node.kind !== 'list') return refuse(shape, cursor, report)
  const { min = 0, max = Number.POSITIVE_INFINITY } = shape
  if (node.items.length < min || node.items.length > max) return refuse(shape, cursor, report)
  const items = readItems(cursor, node.items, report, shape.of)
  if (!items || !shape.isUnique) return items
  const repeated = items.findIndex((item, index) => items.indexOf(item) < index)
  if (repeated < 0) return items
  const place = childCursor(cursor, repeated, node.items[repeated]!)
  report.error(place, `${JSON.stringify(items[repeated])} is listed twice`)
  return undefined
}

function readText(shape: TextShape, cursor: Cursor, report: Report): string | undefined {
  const { node } = cursor
  const isNumber = node.kind === 'integer' || node.kind === 'float'
  if (node.kind !== 'text' && (!isNumber || shape.isStrict)) return refuse(shape, cursor, report)
  const text = node.kind === 'text' ? node.value : showPythonNumber(node)
  if (isNumber && text !== node.source) {
    report.warn(cursor, `YAML 1.1 reads ${node.source} as the number ${text}; quote it if text was meant`)
  }
  if (shape.pattern && !shape.pattern.test(text)) return refuse(shape, cursor, report)
  const wrong = shape.check?.(text)
  if (wrong === undefined) return text
  report.error(cursor, wrong)
  return undefined
}

function readNumber(shape: NumberShape, cursor: Cursor, report: Report): number | undefined {
  const value = numberOf(shape, cursor.node)
  if (value === undefined) return refuse(shape, cursor, report)
  if (typeof value === 'bigint') {
    return cursor.node.kind === 'integer' ? readSafeInteger(cursor, cursor.node, report) : undefined
  }
  return isWithin(shape, value) ? value : refuse(shape, cursor, report)
}

function isWithin({ min, max }: NumberShape, value: number): boolean {
  if (Number.isNaN(value)) return min === undefined && max === undefined
  return value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY)
}

function numberOf(shape: NumberShape, node: YamlNode): number | bigint | undefined {
  if (node.kind === 'integer') return shape.isInteger ? node.value : Number(node.value)
  const isNumeral = shape.isLenient && node.kind === 'text' && isPythonFloat(node.value)
  const value = node.kind === 'float' ? node.value : isNumeral ? Number(node.value.trim()) : undefined
  return shape.isInteger && !Number.isInteger(value) ? undefined : value
}

/** Text that Python's `float` takes, but for its names of infinity. */
function isPythonFloat(text: string): boolean {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text.trim())
}

function readChoice(shape: ChoiceShape, cursor: Cursor, report: Report): string | undefined {
  const { node } = cursor
  if (node.kind !== 'text') return refuse(shape, cursor, report)
  const chosen = shape.of.find(
    (option) =>
      option === node.value || (shape.ignoresCase && option.toLowerCase() === node.value.toLowerCase()),
  )
  if (chosen !== undefined) return chosen
  const found = `found ${showFound(node)}; expected ${describeShape(shape)}`
  report.error(cursor, found + didYouMean(node.value, shape.of))
  return undefined
}

/** Whether a value is of the kind that the shape is about; what is wrong inside it is found when it is read. */
function fits(shape: Shape, node: YamlNode): boolean {
  switch (shape.type) {
    case 'text':
      return node.kind === 'text' || (!shape.isStrict && (node.kind === 'integer' || node.kind === 'float'))
    case 'choice':
      return node.kind === 'text'
    case 'number':
      return numberOf(shape, node) !== undefined
    case 'boolean':
      return node.kind === 'boolean'
    case 'exact':
      return shape.value === null ? node.kind === 'null' : 'value' in node && node.value === shape.value
    case 'list':
      return node.kind === 'list'
    case 'map':
    case 'record':
      return node.kind === 'map'
    case 'either':
      return shape.of.some((option) => fits(option, node))
    case 'any':
      return true
  }
}

function refuse(shape: Shape, cursor: Cursor, report: Report): undefined {
  const { node } = cursor
  const wantsText = [shape, ...(shape.type === 'either' ? shape.of : [])].some(isTextual)
  const isQuotable =
    node.kind === 'boolean' || node.kind === 'date' || node.kind === 'integer' || node.kind === 'float'
  const hint = wantsText && isQuotable ? `; to make it text, write '${node.source}' with quotes` : ''
  const size = shape.type === 'list' && node.kind === 'list' ? ` of ${node.items.length}` : ''
  report.error(cursor, `found ${showFound(node)}${size}; expected ${describeShape(shape)}${hint}`)
  return undefined
}

function isTextual({ type }: Shape): boolean {
  return type === 'text' || type === 'choice'
}

/** What was found, for messages: `"B1"`, `the boolean yes`, `a list`. */
export function showFound(node: YamlNode): string {
  switch (node.kind) {
    case 'null':
      return 'nothing (null)'
    case 'text': {
      const short = node.value.length > 60 ? `${node.value.slice(0, 60)}…` : node.value
      return JSON.stringify(short)
    }
    case 'integer':
    case 'float':
      return node.source
    case 'boolean':
    case 'date':
      return `the ${node.kind} ${node.source}`
    default:
      return `a ${node.kind}`
  }
}

/** What is allowed, for messages: `a whole number of at least 0`, `one of c, python`. */
export function describeShape(shape: Shape): string {
  switch (shape.type) {
    case 'text':
      return shape.expected ?? 'text'
    case 'number':
      return `a ${shape.isInteger ? 'whole ' : ''}number${describeLimits(shape)}`
    case 'boolean':
      return 'true or false'
    case 'choice':
      return shape.of.length === 1 ? `"${shape.of[0]}"` : `one of ${shape.of.join(', ')}`
    case 'exact':
      return String(shape.value)
    case 'list':
      return `a list${describeLength(shape)}${shape.of.type === 'any' ? '' : ` (each ${describeShape(shape.of)})`}`
    case 'map':
    case 'record':
      return 'a map'
    case 'either':
      return shape.of.map(describeShape).join(', or ')
    case 'any':
      return 'any value'
  }
}

function describeLimits({ min, max }: NumberShape): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

function describeLength({ min, max }: ListShape): string {
  if (min !== undefined && min === max) return ` of exactly ${min}`
  return min === undefined ? '' : ` of at least ${min}`
}
