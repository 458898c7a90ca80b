/** An element, with the ids that it refers to and the names by which a style sheet reaches it. */
export interface SvgElement {
  readonly name: string
  readonly id: string | undefined
  readonly classes: readonly string[]
  readonly references: readonly string[]
  readonly children: SvgElement[]
}

/** A rule of a style sheet that refers to ids: a pattern, a mask, a filter. */
export interface StyleRule {
  readonly selector: string
  readonly references: readonly string[]
}

/** How long a chain of references may be before it is taken for endless. */
const maxChain = 1000
/** What a step of a filter, which is done for every pixel, counts. */
const filterStepCost = 1000

/**
 * How many elements are drawn when each reference is replaced by what it names: what a few nested `use` make of ten
 * lines; infinite where the chain of references is too long to follow. An element inside itself counts as nothing
 * there, as nothing is drawn.
 */
export function svgCost(root: SvgElement, rules: readonly StyleRule[]): number {
  const byId = new Map<string, SvgElement>()
  index(root, byId)
  const styles = stylesByName(rules)
  const known = new Map<SvgElement, number>()
  const visiting = new Set<SvgElement>()
  const costOf = (element: SvgElement): number => {
    const before = known.get(element)
    if (before !== undefined) return before
    if (visiting.has(element)) return 0
    if (visiting.size > maxChain) return Number.POSITIVE_INFINITY
    visiting.add(element)
    let cost = element.name.startsWith('fe') ? filterStepCost : 1
    for (const part of partsOf(element)) cost += costOf(part)
    visiting.delete(element)
    known.set(element, cost)
    return cost
  }
  function* partsOf({ id, classes, references, children, name }: SvgElement): Generator<SvgElement> {
    yield* children
    const named = references.map((reference) => byId.get(reference))
    // What a style refers to is counted once, and stands for all that it reaches.
    const isStyle = name === styleName
    const selectors = isStyle ? [] : ['*', ...classes.map((each) => `.${each}`), `#${id ?? ''}`]
    const styled = selectors.map((selector) => styles.get(selector))
    for (const part of [...named, ...styled]) if (part) yield part
  }
  return costOf(root)
}

const styleName = 'style rule'

/**
 * The references of rules by the classes and ids of their selectors, wherever in these they stand; under `*` those of
 * selectors with neither, which may reach every element.
 */
function stylesByName(rules: readonly StyleRule[]): ReadonlyMap<string, SvgElement> {
  const references = new Map<string, string[]>()
  for (const rule of rules) {
    for (const name of new Set(rule.selector.match(/[.#][^\s.#:>+~,[\]*]+/g) ?? ['*'])) {
      const known = references.get(name)
      if (known) known.push(...rule.references)
      else references.set(name, [...rule.references])
    }
  }
  return new Map(
    [...references].map(([name, ids]) => [
      name,
      { name: styleName, id: undefined, classes: [], references: ids, children: [] },
    ]),
  )
}

function index(root: SvgElement, byId: Map<string, SvgElement>): void {
  if (root.id !== undefined && !byId.has(root.id)) byId.set(root.id, root)
  for (const child of root.children) index(child, byId)
}
