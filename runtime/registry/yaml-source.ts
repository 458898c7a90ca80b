import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Problem } from '../errors.ts'

export type Path = readonly (string | number)[]

/** What a YAML file says, as plain values whose objects have no prototype, with the place of each. */
export interface YamlSource {
  readonly file: string
  /** `undefined` when there are problems that leave nothing to work with. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Where the value at `path` stands, or its key; where it is missing, what it is missing from. */
  locate(path: Path, part?: 'key' | 'value'): { line?: number; column?: number }
  /** How the value at `path` is written, if it is one word or text. */
  written(path: Path): string | undefined
}

/** Larger ones are no registries: ten thousand sites take a fifth of this. */
const maxBytes = 5_000_000
/** Brackets, quotes, commas and lines: what the parser makes objects of. Ten thousand sites have a fifth of this. */
const maxMarks = 400_000
const maxDepth = 50
/** Values that aliases may repeat, all told. */
const maxRepeated = 200_000

/** `pipelines[1].configs.humboldt`, with names quoted that would be misread. */
export function showPath(path: Path): string {
  return path.reduce<string>((shown, part) => {
    if (typeof part === 'number') return `${shown}[${part}]`
    if (!/^[^\s.[\]"]+$/.test(part)) return `${shown}[${JSON.stringify(part)}]`
    return shown ? `${shown}.${part}` : part
  }, '')
}

/** Plain scalars that YAML 1.1, which tsdat reads, and YAML 1.2 take for different values. */
const ambiguous = [
  /^[-+]?0[0-9_]+$/,
  /^[-+]?0(?:b[01_]+|o[0-7]+)$/,
  /^[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?$/,
  /^[-+]?(?:[0-9]+|[0-9]*\.[0-9]+|[0-9]+\.)[eE][0-9]+$/,
  /^[-+]?[0-9]+[eE][-+][0-9]+$/,
]
/** Words that YAML 1.1 takes for true and false. Where a truth is wanted they are one; elsewhere they are refused. */
const truths: ReadonlyMap<string, boolean> = new Map(
  ['yes', 'on', 'no', 'off'].flatMap((word): [string, boolean][] => {
    const truth = word === 'yes' || word === 'on'
    return [word, word.toUpperCase(), (word[0] as string).toUpperCase() + word.slice(1)].map((w) => [
      w,
      truth,
    ])
  }),
)

/** Whether JSON and JavaScript can hold it: no infinity, no integer that would be rounded. */
const isExact = (value: number) =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

class SyntaxProblem extends Error {
  readonly offset: number | undefined
  readonly path: Path
  constructor(message: string, offset?: number, path: Path = []) {
    super(message)
    this.offset = offset
    this.path = path
  }
}

const friendlier: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used to indent: YAML wants spaces',
  MULTIPLE_DOCS: 'a second document starts here (---): a registry is one document',
}

function checkText(text: string): void {
  if (text.length > maxBytes) {
    const size = (text.length / 1e6).toFixed(1)
    throw new SyntaxProblem(`the file is ${size} MB long: at most ${maxBytes / 1e6} MB are read`)
  }
  const marks = /[[\]{}"'&*!?,\n]|- /g
  for (let count = 0; marks.test(text); count++) {
    if (count > maxMarks)
      throw new SyntaxProblem(`the file has more than ${maxMarks} lines, brackets, quotes and commas`)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const strange = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.exec(text)
  if (strange) {
    const code = strange[0].charCodeAt(0)
    const name =
      code === 0xfffd
        ? 'bytes that are not UTF-8'
        : code === 0
          ? 'a NUL byte'
          : `a control character (${code})`
    throw new SyntaxProblem(`the file holds ${name}: it is not a text file in UTF-8`, strange.index)
  }
}

function parse(text: string, lines: LineCounter): Document.Parsed {
  checkText(text)
  let document: Document.Parsed
  try {
    document = parseDocument(text.replace(/^\ufeff/, ''), {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
    })
  } catch (error) {
    // The parser recurses: too deep a nesting ends its stack.
    if (error instanceof RangeError) throw new SyntaxProblem('the file is nested too deeply')
    throw error
  }
  const error = document.errors[0] ?? document.warnings[0]
  if (error) {
    if (/call stack/.test(error.message)) throw new SyntaxProblem('the file is nested too deeply')
    const message = friendlier[error.code] ?? `not valid YAML: ${error.message.replace(/\s+/g, ' ')}`
    throw new SyntaxProblem(message, error.pos[0])
  }
  return document
}

const keyText = (key: unknown): string =>
  isScalar(key) ? (key.type === 'PLAIN' ? (key.source ?? String(key.value)) : String(key.value)) : String(key)

const isMergeKey = (key: unknown): boolean => isScalar(key) && key.type === 'PLAIN' && key.source === '<<'

interface Remark {
  readonly message: string
  readonly offset: number | undefined
  readonly path: Path
  /** Where the other one stands that it clashes with. */
  readonly other?: number | undefined
}

/** Turns nodes into values: aliases repeated within bounds, merge keys merged, what is ambiguous reported. */
class Reading {
  readonly problems: Remark[] = []
  private readonly document: Document.Parsed
  readonly targets = new Map<Alias, Node>()
  private readonly anchors = new Map<string, Node>()
  private repeated = 0
  /** Maps and lists that are being read. */
  private readonly open = new Set<Node>()
  /** Where the alias stands that is being repeated. */
  private expanding: number | undefined

  constructor(document: Document.Parsed) {
    this.document = document
  }

  read(): unknown {
    return this.value(this.document.contents, [], 0)
  }

  private value(node: Node | null, path: Path, aliasDepth: number): unknown {
    if (path.length + aliasDepth > maxDepth)
      throw new SyntaxProblem('the file is nested too deeply', node?.range?.[0])
    if (aliasDepth > 0 && ++this.repeated > maxRepeated) {
      throw new SyntaxProblem(
        `the aliases of this file repeat more than ${maxRepeated} values`,
        this.expanding,
      )
    }
    if (isAlias(node)) {
      if (aliasDepth === 0) this.expanding = node.range?.[0]
      return this.value(this.target(node), path, aliasDepth + 1)
    }
    if (node && 'anchor' in node && node.anchor) this.anchors.set(node.anchor, node)
    if (isScalar(node)) return this.scalar(node, path)
    if (!isMap(node) && !isSeq(node)) return null
    this.open.add(node)
    const value = isMap(node)
      ? this.map(node, path, aliasDepth)
      : node.items.map((item, i) => this.value(item as Node | null, [...path, i], aliasDepth))
    this.open.delete(node)
    return value
  }

  /** Anchors may be set anew: an alias means the last one before it, which is the last one read. */
  private target(alias: Alias): Node {
    const target = this.targets.get(alias) ?? this.anchors.get(alias.source)
    const offset = alias.range?.[0]
    if (!target) throw new SyntaxProblem(`*${alias.source} stands for nothing that comes before it`, offset)
    if (this.open.has(target))
      throw new SyntaxProblem(`*${alias.source} stands inside what it stands for`, offset)
    this.targets.set(alias, target)
    return target
  }

  private map(node: YAMLMap, path: Path, aliasDepth: number): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null)
    const merged: Record<string, unknown> = Object.create(null)
    const seen = new Map<string, number | undefined>()
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      if (isMergeKey(pair.key)) {
        this.merge(merged, pair.value, path, aliasDepth)
        continue
      }
      const offset = pair.key?.range?.[0]
      if (!isScalar(pair.key)) throw new SyntaxProblem('a key must be one word or text', offset, path)
      const key = keyText(pair.key)
      if (key === '__proto__') {
        this.problems.push({ message: 'a key of this name cannot be used', offset, path: [...path, key] })
        continue
      }
      if (seen.has(key)) {
        this.problems.push({ message: 'stands twice', offset, path: [...path, key], other: seen.get(key) })
        continue
      }
      seen.set(key, offset)
      result[key] = this.value(pair.value, [...path, key], aliasDepth)
    }
    for (const key of Object.keys(merged)) if (!seen.has(key)) result[key] = merged[key]
    return result
  }

  /** `<<: *a` or `<<: [*a, *b]`: earlier ones win. */
  private merge(into: Record<string, unknown>, value: Node | null, path: Path, aliasDepth: number): void {
    const target = isAlias(value) ? this.target(value) : value
    const sources = isSeq(target) ? (target.items as Node[]) : [value]
    for (const source of sources) {
      const read = this.value(source, path, aliasDepth + 1)
      if (typeof read !== 'object' || read === null || Array.isArray(read)) {
        throw new SyntaxProblem('<< takes a map, or a list of maps', value?.range?.[0], path)
      }
      for (const [key, of] of Object.entries(read)) if (!(key in into)) into[key] = of
    }
  }

  private scalar(node: Scalar, path: Path): unknown {
    if (node.type !== 'PLAIN' || node.source === undefined || node.tag !== undefined) return node.value
    const truth = truths.get(node.source)
    if (truth !== undefined) {
      if (path.includes('parameters')) this.tellAmbiguous(node, path, String(truth))
      return truth
    }
    if (ambiguous.some((form) => form.test(node.source as string))) {
      this.tellAmbiguous(node, path, /^[0-9]{4}-/.test(node.source) ? 'a date' : 'a number')
    } else if (typeof node.value === 'number' && !isExact(node.value)) {
      const message = `${node.source} is no number that can be kept exactly: write it in quotes, "${node.source}"`
      this.problems.push({ message, offset: node.range?.[0], path })
    }
    return node.value
  }

  private tellAmbiguous(node: Scalar, path: Path, otherwise: string): void {
    const message = `${node.source} is ${otherwise} to some readers of YAML and text to others: write it in quotes, "${node.source}"`
    this.problems.push({ message, offset: node.range?.[0], path })
  }
}

type Child = { readonly key?: Node; readonly value: Node | null }

/** Finds the node at `path`, or the last one on the way to it, through aliases and merges. */
class Locator {
  private readonly document: Document.Parsed
  private readonly targets: ReadonlyMap<Alias, Node>
  private readonly children = new Map<YAMLMap, ReadonlyMap<string, Child>>()

  constructor(document: Document.Parsed, targets: ReadonlyMap<Alias, Node>) {
    this.document = document
    this.targets = targets
  }

  find(path: Path): Child & { readonly isWhole: boolean } {
    let at: Child = { value: this.document.contents }
    for (const part of path) {
      const found = this.child(at.value, part)
      if (!found) return { ...at, isWhole: false }
      at = found
    }
    return { ...at, isWhole: true }
  }

  private follow(node: Node | null): Node | null {
    return isAlias(node) ? (this.targets.get(node) ?? null) : node
  }

  private child(node: Node | null, part: string | number): Child | undefined {
    const target = this.follow(node)
    if (isSeq(target) && typeof part === 'number') {
      const item = target.items[part] as Node | undefined
      return item === undefined ? undefined : { value: item }
    }
    if (!isMap(target)) return undefined
    const pairs = target.items as Pair<Node, Node | null>[]
    // An index of every small map would cost more than it saves.
    if (pairs.length > 16 || pairs.some(({ key }) => isMergeKey(key))) {
      return this.childrenOf(target).get(String(part))
    }
    return pairs.find(({ key }) => keyText(key) === String(part))
  }

  private childrenOf(map: YAMLMap): ReadonlyMap<string, Child> {
    const known = this.children.get(map)
    if (known) return known
    const children = new Map<string, Child>()
    this.children.set(map, children)
    const pairs = map.items as Pair<Node, Node | null>[]
    const add = (key: string, child: Child) => {
      if (!children.has(key)) children.set(key, child)
    }
    for (const { key, value } of pairs) if (!isMergeKey(key)) add(keyText(key), { key, value })
    for (const merge of pairs.filter(({ key }) => isMergeKey(key))) {
      const source = this.follow(merge.value)
      for (const item of isSeq(source) ? (source.items as Node[]) : [source]) {
        const merged = this.follow(item)
        if (isMap(merged)) for (const [key, child] of this.childrenOf(merged)) add(key, child)
      }
    }
    return children
  }
}

/** Reads one YAML file. Whatever the text, it takes bounded time and memory, and gives problems instead of throwing. */
export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter()
  const at = (offset: number | undefined) => {
    if (offset === undefined) return {}
    const { line, col } = lines.linePos(offset)
    if (line > 0) return { line, column: col }
    // Nothing has been parsed: counted here.
    const before = text.slice(0, offset).split('\n')
    return { line: before.length, column: (before.at(-1) as string).length + 1 }
  }
  const nowhere = { file, locate: () => ({}), written: () => undefined }
  const broken = (message: string, offset?: number, path: Path = []): YamlSource => ({
    ...nowhere,
    value: undefined,
    problems: [{ severity: 'error', file, ...at(offset), path: showPath(path), message }],
  })
  try {
    const document = parse(text, lines)
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
      return broken('the file is empty')
    }
    const reading = new Reading(document)
    const value = reading.read()
    const locator = new Locator(document, reading.targets)
    return {
      file,
      value,
      problems: reading.problems.map(({ message, offset, path, other }) => ({
        severity: 'error',
        file,
        ...at(offset),
        path: showPath(path),
        message: other === undefined ? message : `${message}, also in line ${at(other).line}`,
      })),
      locate(path, part = 'value') {
        const { key, value: found, isWhole } = locator.find(path)
        const node = (isWhole && part === 'value' ? found : key) ?? found ?? key
        return at(node?.range?.[0])
      },
      written(path) {
        const { value: node, isWhole } = locator.find(path)
        return isWhole && isScalar(node) ? (node.source ?? undefined) : undefined
      },
    }
  } catch (error) {
    if (error instanceof SyntaxProblem) return broken(error.message, error.offset, error.path)
    throw error
  }
}
