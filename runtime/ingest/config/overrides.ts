import type { Place } from '../../errors.ts'
import { didYouMean } from './nearest-name.ts'
import { showFound } from './read-shape.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor } from './report.ts'
import type { YamlMap, YamlNode } from './yaml-node.ts'

/**
 * A document with values set by JSON Pointers (RFC 6901), in their order: the last part of a pointer is added to a
 * map, or replaces an element of a list, or with `-` is appended to it; everything before it must exist.
 */
export function applyOverrides(document: YamlNode, overrides: Cursor, report: Report): YamlNode {
  if (overrides.node.kind === 'null') return document
  if (overrides.node.kind !== 'map') {
    report.error(overrides, `found ${showFound(overrides.node)}; expected a map of JSON pointers to values`)
    return document
  }
  let result = document
  for (const { key, keyPlace, value } of overrides.node.entries.values()) {
    const outcome = setAt(result, key, keyPlace, value)
    if (typeof outcome === 'string')
      report.errorAt(keyPlace, childCursor(overrides, key, value).path, outcome)
    else result = outcome
  }
  return result
}

/** The changed document (nothing is changed in place), or what is wrong with the pointer. */
function setAt(document: YamlNode, pointer: string, place: Place, value: YamlNode): YamlNode | string {
  if (!pointer.startsWith('/')) return 'a JSON pointer starts with /'
  if (/~(?![01])/.test(pointer)) return 'in a JSON pointer, ~ must be written ~0, and a / in a name ~1'
  const tokens = pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  return setTokens(document, tokens, '', place, value)
}

function setTokens(
  node: YamlNode,
  tokens: readonly string[],
  walked: string,
  place: Place,
  value: YamlNode,
): YamlNode | string {
  const [token = '', ...rest] = tokens
  const here = walked === '' ? 'the document' : walked
  if (node.kind !== 'map' && node.kind !== 'list')
    return `${here} is ${showFound(node)}, which nothing can be set in`
  const child = node.kind === 'map' ? node.entries.get(token)?.value : node.items[listIndex(token)]
  if (rest.length > 0) {
    if (!child) return `there is no ${walked}/${token}${nearbyKeys(node, token)}`
    const changed = setTokens(child, rest, `${walked}/${token}`, place, value)
    return typeof changed === 'string' ? changed : withChild(node, token, place, changed)
  }
  if (node.kind === 'list' && !child && token !== '-') {
    return `${here} is a list of ${node.items.length}; expected an index below that, or - to append`
  }
  return withChild(node, token, place, value)
}

function listIndex(token: string): number {
  return /^(?:0|[1-9]\d*)$/.test(token) ? Number(token) : -1
}

function nearbyKeys(node: YamlNode, token: string): string {
  if (node.kind !== 'map') return ''
  const keys = [...node.entries.keys()]
  return didYouMean(token, keys) || (keys.length <= 20 ? `; there are ${keys.join(', ') || 'no keys'}` : '')
}

function withChild(node: YamlNode, token: string, place: Place, child: YamlNode): YamlNode {
  if (node.kind === 'list') {
    if (token === '-') return { ...node, items: [...node.items, child] }
    return { ...node, items: node.items.with(listIndex(token), child) }
  }
  const map = node as YamlMap
  const keyPlace = map.entries.get(token)?.keyPlace ?? place
  return { ...map, entries: new Map([...map.entries, [token, { key: token, keyPlace, value: child }]]) }
}
