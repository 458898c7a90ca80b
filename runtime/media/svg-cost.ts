/** An element, with the ids that it refers to and the names by which a style sheet reaches it. */
export interface SvgElement {
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

/**
 * How many elements are drawn when each reference is replaced by what it names: what a few nested `use` make of ten
 * lines; infinite where the chain of references is too long to follow. An element inside itself counts as nothing
 * there, as nothing is drawn.
 */
export function svgCost(root: SvgElement, rules: readonly StyleRule[]): number {
  const byId = new Map<string, SvgElement>()
  index(root, byId)
  const known = new Map<SvgElement, number>()
  const visiting = new Set<SvgElement>()
  const costOf = (element: SvgElement): number => {
    const before = known.get(element)
    if (before !== undefined) return before
    if (visiting.has(element)) return 0
    if (visiting.size > maxChain) return Number.POSITIVE_INFINITY
    visiting.add(element)
    let cost = 1
    for (const child of element.children) cost += costOf(child)
    for (const id of [...element.references, ...styleReferences(element, rules)]) {
      const target = byId.get(id)
      if (target) cost += costOf(target)
    }
    visiting.delete(element)
    known.set(element, cost)
    return cost
  }
  return costOf(root)
}

/** By the selector's classes and ids, wherever in it they stand; a selector with neither may reach every element. */
function styleReferences(element: SvgElement, rules: readonly StyleRule[]): string[] {
  return rules
    .filter(({ selector }) => {
      if (!/[.#]/.test(selector)) return true
      const names = new Set(selector.match(/[.#][^\s.#:>+~,[\]*]+/g))
      return (
        element.classes.some((name) => names.has(`.${name}`)) ||
        (element.id !== undefined && names.has(`#${element.id}`))
      )
    })
    .flatMap(({ references }) => references)
}

function index(root: SvgElement, byId: Map<string, SvgElement>): void {
  for (const element of [root, ...root.children]) {
    if (element.id !== undefined && !byId.has(element.id)) byId.set(element.id, element)
  }
  for (const child of root.children) index(child, byId)
}
