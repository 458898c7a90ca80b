import { durationForm, hasUnit, parseDuration, parsePadding } from './duration.ts'
import { didYouMean } from './nearest-name.ts'
import { checkPattern, compilePattern } from './pattern.ts'
import { showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor } from './report.ts'
import type { Alignment, Padding, RetrieverConfig, Rule, TransformationRules } from './types.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/** What the parameters of a StorageRetriever say, in the form that is worked with. Their keys are checked already. */
export function readStorageParameters(
  cursor: Cursor,
  retriever: YamlMap,
  report: Report,
): Pick<RetrieverConfig, 'timePadding' | 'transformation'> {
  const parameters = retriever.entries.get('parameters')?.value
  if (parameters?.kind !== 'map') return {}
  const at = childCursor(cursor, 'parameters', parameters)
  const timePadding = readPadding(at, parameters, report)
  const transformation = readTransformation(at, parameters, report)
  return { ...(timePadding && { timePadding }), ...(transformation && { transformation }) }
}

function readPadding(cursor: Cursor, parameters: YamlMap, report: Report): Padding | undefined {
  const fetch = parameters.entries.get('fetch_parameters')?.value
  const node = fetch?.kind === 'map' ? fetch.entries.get('time_padding')?.value : undefined
  if (node?.kind !== 'text') return undefined
  const padding = parsePadding(node.value)
  if (padding) return padding
  const at = childCursor(childCursor(cursor, 'fetch_parameters', fetch!), 'time_padding', node)
  const signs = 'with - before it to reach back only, + to reach forward only'
  report.error(at, `found ${showFound(node)}; expected ${durationForm}, ${signs}`)
  return undefined
}

function readTransformation(
  cursor: Cursor,
  parameters: YamlMap,
  report: Report,
): TransformationRules | undefined {
  const node = parameters.entries.get('transformation_parameters')?.value
  if (node?.kind !== 'map') return undefined
  const at = childCursor(cursor, 'transformation_parameters', node)
  return {
    alignment: readByDimension(at, node, 'alignment', report, readAlignment),
    range: readByDimension(at, node, 'range', report, readExtent),
    width: readByDimension(at, node, 'width', report, readExtent),
  }
}

/**
 * Values by dimension, or by pattern of the input key and dimension. Plain dimensions belong to a pattern `.*`, which
 * stands where the first of them does: the first pattern that matches wins.
 */
function readByDimension<T>(
  cursor: Cursor,
  transformation: YamlMap,
  key: string,
  report: Report,
  read: (cursor: Cursor, report: Report) => T | undefined,
): Rule<ReadonlyMap<string, T>>[] {
  const node = transformation.entries.get(key)?.value
  if (node?.kind !== 'map') return []
  const at = childCursor(cursor, key, node)
  const byPattern = new Map<string, Map<string, T>>()
  const add = (pattern: string, dim: string, where: Cursor): void => {
    const values = byPattern.get(pattern) ?? new Map<string, T>()
    byPattern.set(pattern, values)
    const value = read(where, report)
    if (value !== undefined) values.set(dim, value)
  }
  for (const { key: name, value } of node.entries.values()) {
    const where = childCursor(at, name, value)
    if (value.kind !== 'map') {
      add('.*', name, where)
      continue
    }
    const wrong = checkPattern(name)
    if (wrong !== undefined) report.error(where, wrong)
    if (!byPattern.has(name)) byPattern.set(name, new Map())
    for (const inner of value.entries.values()) {
      add(name, inner.key, childCursor(where, inner.key, inner.value))
    }
  }
  return [...byPattern].map(([pattern, value]) => ({ pattern, value }))
}

const alignments: readonly Alignment[] = ['LEFT', 'CENTER', 'RIGHT']

function readAlignment(cursor: Cursor, report: Report): Alignment | undefined {
  const { node } = cursor
  const text = node.kind === 'text' ? node.value : ''
  const found = alignments.find((alignment) => alignment === text)
  if (found) return found
  const hint = didYouMean(text, alignments)
  report.error(cursor, `found ${showFound(node)}; expected one of ${alignments.join(', ')}${hint}`)
  return undefined
}

/** Seconds of a duration; of a bare number, that number: seconds for time, else the coordinate's own unit. */
function readExtent(cursor: Cursor, report: Report): number | undefined {
  const { node } = cursor
  const value = extentOf(node)
  if (value !== undefined && value >= 0) return value
  report.error(
    cursor,
    `found ${showFound(node)}; expected ${durationForm}, or a number (of seconds, for time)`,
  )
  return undefined
}

function extentOf(node: YamlNode): number | undefined {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value)
  return node.kind === 'text' ? parseDuration(node.value) : undefined
}

/** Reports extents with a unit of time along dimensions that are not times. */
export function checkExtentUnits(
  cursor: Cursor,
  isTime: (dim: string) => boolean | undefined,
  report: Report,
): void {
  const visit = (where: Cursor, dim: string): void => {
    const { node } = where
    if (node.kind === 'map') {
      for (const { key, value } of node.entries.values()) visit(childCursor(where, key, value), key)
    } else if (node.kind === 'text' && hasUnit(node.value) && isTime(dim) === false) {
      const message = `${dim} is not a time; give a plain number in its own units`
      report.error(where, `found ${showFound(node)}, but ${message}`)
    }
  }
  for (const key of ['range', 'width']) {
    const node = cursor.node.kind === 'map' ? cursor.node.entries.get(key)?.value : undefined
    if (node) visit(childCursor(cursor, key, node), '')
  }
}

/** The transformation parameters for an input key: of each kind, those of the first pattern that matches. */
export function selectTransform(
  rules: TransformationRules,
  inputKey: string,
): {
  readonly alignment: ReadonlyMap<string, Alignment>
  readonly range: ReadonlyMap<string, number>
  readonly width: ReadonlyMap<string, number>
} {
  return {
    alignment: firstMatch(rules.alignment, inputKey),
    range: firstMatch(rules.range, inputKey),
    width: firstMatch(rules.width, inputKey),
  }
}

function firstMatch<T>(
  rules: readonly Rule<ReadonlyMap<string, T>>[],
  inputKey: string,
): ReadonlyMap<string, T> {
  return rules.find(({ pattern }) => compilePattern(pattern).test(inputKey))?.value ?? new Map<string, T>()
}

/**
 * How far the fetch for an input key reaches beyond its window: as `time_padding` says, else as far as the
 * transformation reaches along time on both sides.
 */
export function fetchPadding(
  retriever: Pick<RetrieverConfig, 'timePadding' | 'transformation'>,
  inputKey: string,
): Padding {
  if (retriever.timePadding) return retriever.timePadding
  if (!retriever.transformation) return { beforeSeconds: 0, afterSeconds: 0 }
  const { range, width } = selectTransform(retriever.transformation, inputKey)
  const seconds = Math.max(range.get('time') ?? 0, width.get('time') ?? 0)
  return { beforeSeconds: seconds, afterSeconds: seconds }
}
