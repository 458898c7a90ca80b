import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import type { Path } from './yaml-source.ts'

/** A key as it is written: `no` and `010` stay what they are. */
export const keyText = (key: unknown): string =>
  isScalar(key) ? (key.type === 'PLAIN' ? (key.source ?? String(key.value)) : String(key.value)) : String(key)

/** Whether a key is `<<`. */
export const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && key.type === 'PLAIN' && key.source === '<<'

type Child = { readonly key?: Node; readonly value: Node | null }

/** Finds the node at `path`, or the last one on the way to it, through aliases and merges. */
export class YamlLocator {
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
