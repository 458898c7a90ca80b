import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { isMergeKey, keyText } from './yaml-locator.ts'
import type { Path } from './yaml-source.ts'

const maxDepth = 50
/** Values that aliases may repeat, all told. */
const maxRepeated = 200_000

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

/** What ends the reading of a file. */
export class SyntaxProblem extends Error {
  readonly offset: number | undefined
  readonly path: Path
  constructor(message: string, offset?: number, path: Path = []) {
    super(message)
    this.offset = offset
    this.path = path
  }
}

/** What is wrong with a value, while the rest can still be read. */
interface Remark {
  readonly message: string
  readonly offset: number | undefined
  readonly path: Path
  /** Where the other one stands that it clashes with. */
  readonly other?: number | undefined
}

/** Turns nodes into values: aliases repeated within bounds, merge keys merged, what is ambiguous reported. */
export class YamlValues {
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
    // Not again where an alias repeats it: a later anchor of the same name may have been set since.
    if (aliasDepth === 0 && node && 'anchor' in node && node.anchor) this.anchors.set(node.anchor, node)
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
    const depth = isSeq(target) && isAlias(value) ? aliasDepth + 1 : aliasDepth
    for (const source of sources) {
      const read = this.value(source, path, depth)
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
