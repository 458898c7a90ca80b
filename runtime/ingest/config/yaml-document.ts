import type { CST, Document, Node, Pair, Scalar, YAMLMap } from 'yaml'
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml'
import type { Place, Problem } from '../../errors.ts'
import { showPythonNumber } from './python-number.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml-node.ts'
import { resolvePlainScalar, resolveTaggedScalar } from './yaml-scalar.ts'

/** No pipeline configuration comes near these; what exceeds them is an accident or an attack. */
const limits = { characters: 1_000_000, depth: 100, nodes: 200_000 }

const tooDeep = `is nested more than ${limits.depth} deep`

/** What PyYAML calls printable; anything else it refuses. */
const unprintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** The first document of a YAML text as PyYAML's `safe_load` reads it, or the problem that stops it. */
export function parseYaml(text: string, file: string): YamlNode | Problem {
  const lines = new LineCounter()
  const problemAt = (offset: number, message: string): Problem => ({
    ...placeAt(lines, file, offset),
    severity: 'error',
    path: '',
    message,
  })
  if (text.length > limits.characters) {
    return problemAt(0, `is ${text.length} characters long; at most ${limits.characters} are read`)
  }
  try {
    // PyYAML ends lines at these too. One character each, so that places stay right.
    const document = firstDocument(text.replaceAll(/\r(?!\n)|[\x85\u2028\u2029]/g, '\n'), lines)
    const stray = unprintable.exec(text.replace(/^\ufeff/, ''))
    if (stray) {
      const code = stray[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      return problemAt(text.indexOf(stray[0]), `the character U+${code} is not allowed in YAML`)
    }
    const syntax = document?.errors[0]
    if (syntax) return problemAt(syntax.pos[0], `not YAML: ${syntax.message}`)
    if (!document?.contents) return { kind: 'null', place: { file, line: 1, column: 1 } }
    return new Converter(lines, file).convert(document.contents as Node)
  } catch (error) {
    if (error instanceof MeaningError) return problemAt(error.offset, error.message)
    throw error
  }
}

/** Whether `parseYaml` found a problem. */
export function isProblem(result: YamlNode | Problem): result is Problem {
  return 'severity' in result
}

function firstDocument(text: string, lines: LineCounter): Document.Parsed | undefined {
  // Only `failsafe`: every scalar stays text, so that what it means is decided here and nowhere else.
  const composer = new Composer({ version: '1.1', schema: 'failsafe', merge: false, uniqueKeys: false })
  for (const document of composer.compose(boundedTokens(new Parser(lines.addNewLine).parse(text)))) {
    return document as Document.Parsed
  }
  return undefined
}

/** The composer recurses without a bound of its own, and a stack that runs out there can take the process along. */
function* boundedTokens(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  for (const token of tokens) {
    const offset = tooDeepAt(token)
    if (offset !== undefined) throw new MeaningError(offset, tooDeep)
    yield token
  }
}

/** Where a token that is nested too deeply begins. */
function tooDeepAt(root: CST.Token): number | undefined {
  const pending: { token: CST.Token; depth: number }[] = [{ token: root, depth: 0 }]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { token, depth } = next
    if (depth > limits.depth) return 'offset' in token ? token.offset : 0
    if (token.type === 'document' && token.value) pending.push({ token: token.value, depth })
    if (!('items' in token)) continue
    for (const { key, value } of token.items) {
      if (key) pending.push({ token: key, depth: depth + 1 })
      if (value) pending.push({ token: value, depth: depth + 1 })
    }
  }
  return undefined
}

function placeAt(lines: LineCounter, file: string, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return line === 0 ? { file, line: 1, column: 1 } : { file, line, column: col }
}

/** Carries a place in the text up to where problems are made. */
class MeaningError extends Error {
  readonly offset: number

  constructor(offset: number, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.offset = offset
  }
}

/** Turns the nodes of one document into ours, in document order, resolving anchors, merges and scalars. */
class Converter {
  readonly #lines: LineCounter
  readonly #file: string
  readonly #anchors = new Map<string, YamlNode | 'open'>()
  /** How many nodes each list or map is, and how deep, aliases written out. */
  readonly #extents = new Map<YamlNode, { readonly size: number; readonly depth: number }>()
  #mergedCount = 0

  constructor(lines: LineCounter, file: string) {
    this.#lines = lines
    this.#file = file
  }

  convert(node: Node | null): YamlNode {
    const offset = node?.range?.[0] ?? 0
    if (isAlias(node)) return this.#resolveAlias(node.source, offset)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const converted = this.#convertContent(node, offset)
    if (anchor !== undefined) this.#anchors.set(anchor, converted)
    return converted
  }

  #convertContent(node: Node | null, offset: number): YamlNode {
    if (isMap(node)) return this.#convertMap(node as YAMLMap<Node, Node | null>, offset)
    if (isSeq(node)) {
      this.#checkTag(node.tag, 'seq', offset)
      const items = node.items.map((item) => this.convert(item as Node | null))
      return this.#measured({ kind: 'list', items, place: this.#place(offset) }, items, offset)
    }
    return this.#convertScalar(node as Scalar<string> | null, offset)
  }

  #convertScalar(node: Scalar<string> | null, offset: number): YamlNode {
    const place = this.#place(offset)
    if (!node) return { kind: 'null', place }
    try {
      // The tag `!` says nothing, for PyYAML.
      if (node.tag !== undefined && node.tag !== '!') {
        return { ...resolveTaggedScalar(node.tag, node.value ?? ''), place }
      }
      if (node.type === 'PLAIN' || node.type === undefined) {
        return { ...resolvePlainScalar(node.value ?? ''), place }
      }
      return { kind: 'text', value: node.value ?? '', place }
    } catch (error) {
      throw new MeaningError(offset, (error as Error).message, { cause: error })
    }
  }

  /** Merged maps (`<<`) come before the map's own entries and yield to them; of a list of maps the first wins. */
  #convertMap(node: YAMLMap<Node, Node | null>, offset: number): YamlMap {
    this.#checkTag(node.tag, 'map', offset)
    const merged: YamlEntry[] = []
    const own: YamlEntry[] = []
    for (const pair of node.items) {
      if (isMergeKey(pair)) for (const entry of this.#mergedEntries(pair)) merged.push(entry)
      else own.push(this.#convertPair(pair, offset))
    }
    const all = [...merged, ...own]
    const entries = new Map(all.map((entry) => [entry.key, entry]))
    return this.#measured(
      { kind: 'map', entries, place: this.#place(offset) },
      all.map((entry) => entry.value),
      offset,
    )
  }

  #convertPair(pair: Pair<Node, Node | null>, mapOffset: number): YamlEntry {
    const key = this.convert(pair.key)
    const keyOffset = pair.key?.range?.[0] ?? mapOffset
    const keyPlace = this.#place(keyOffset)
    if (pair.value) {
      return { key: keyText(key, keyOffset), keyPlace, value: this.convert(pair.value) }
    }
    return { key: keyText(key, keyOffset), keyPlace, value: { kind: 'null', place: keyPlace } }
  }

  #mergedEntries(pair: Pair<Node, Node | null>): YamlEntry[] {
    const source = this.convert(pair.value)
    const maps = source.kind === 'list' ? source.items.toReversed() : [source]
    const offset = pair.key.range?.[0] ?? 0
    return maps.flatMap((map) => {
      if (map.kind !== 'map') throw new MeaningError(offset, '<< takes a map or a list of maps')
      this.#mergedCount += map.entries.size
      if (this.#mergedCount > limits.nodes) throw tooManyValues(offset)
      return [...map.entries.values()]
    })
  }

  #resolveAlias(name: string, offset: number): YamlNode {
    const target = this.#anchors.get(name)
    if (target === undefined) throw new MeaningError(offset, `there is no anchor &${name} before this`)
    if (target === 'open') throw new MeaningError(offset, `the anchor &${name} contains itself`)
    return target
  }

  /** Aliases share their target here, but whoever walks the tree sees them written out: size and depth are bounded. */
  #measured<T extends YamlNode>(node: T, children: readonly YamlNode[], offset: number): T {
    let size = 1
    let depth = 0
    for (const child of children) {
      const extent = this.#extents.get(child)
      size += extent?.size ?? 1
      depth = Math.max(depth, 1 + (extent?.depth ?? 0))
    }
    if (size > limits.nodes) throw tooManyValues(offset)
    if (depth > limits.depth) throw new MeaningError(offset, tooDeep)
    this.#extents.set(node, { size, depth })
    return node
  }

  #checkTag(tag: string | undefined, expected: 'map' | 'seq', offset: number): void {
    if (tag === undefined || tag === '!' || tag === `tag:yaml.org,2002:${expected}`) return
    throw new MeaningError(offset, `the tag ${tag} is not supported`)
  }

  #place(offset: number): Place {
    return placeAt(this.#lines, this.#file, offset)
  }
}

function tooManyValues(offset: number): MeaningError {
  return new MeaningError(offset, `its anchors expand to more than ${limits.nodes} values`)
}

function isMergeKey(pair: Pair<Node, Node | null>): boolean {
  return (
    isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.tag === undefined && pair.key.value === '<<'
  )
}

/**
 * Numbers become the text that pydantic makes of them. Keys that YAML 1.1 takes for a boolean, null or date (`no`,
 * `on`, `~`) become the names `False`, `None` … in the reference, which nobody means (`NO` is nitric oxide): refused.
 */
function keyText(key: YamlNode, offset: number): string {
  if (key.kind === 'text') return key.value
  if (key.kind === 'integer' || key.kind === 'float') return showPythonNumber(key)
  if (key.kind === 'list' || key.kind === 'map') {
    throw new MeaningError(offset, `a key must be text, but this is a ${key.kind}`)
  }
  const meaning = key.kind === 'null' ? 'null' : `the ${key.kind} ${key.value}`
  const advice = key.kind === 'null' ? '' : `; write '${key.source}' with quotes`
  throw new MeaningError(offset, `a key must be text, but YAML 1.1 reads this as ${meaning}${advice}`)
}
