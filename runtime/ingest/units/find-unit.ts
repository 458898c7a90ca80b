import { type ExactFactor, factorOfNumber, multiply, one, toNumber } from './exact-factor.ts'
import { parseExpression } from './parse-expression.ts'
import { baseUnits, circleRatio, derivedUnits, levelUnits, offsetUnits, prefixes } from './unit-table.ts'

/** Exponents by base dimension (`length`, `mass` in gram, …); none is zero. Angles and counts have no dimension. */
export type Dims = ReadonlyMap<string, number>

/** Logarithmic scale: quantity = reference × base^(value × factor / multiplier), the unit's factor being its numeral. */
export interface Level {
  readonly name: string
  /** In base units. */
  readonly reference: number
  readonly base: number
  readonly multiplier: number
}

/** One name's meaning: quantity in base units = value × factor, + offset where its zero is not absolute. */
export interface NamedUnit {
  readonly dims: Dims
  readonly factor: ExactFactor
  readonly offset?: ExactFactor
  readonly level?: Level
}

/**
 * The unit that a name stands for, by pint's rule: no plural before plural `s`, no prefix before the prefixes in their
 * order; the first that fits. `undefined`: no unit has this name.
 */
export function findUnit(name: string): NamedUnit | undefined {
  for (const stem of stems(name)) {
    const unit = lookUp(stem)
    if (unit) return unit
    for (const [prefix, factor] of prefixFactors()) {
      const rest = stem.slice(prefix.length)
      // Of one letter, the rest is a symbol, which has no plural: `ms` is never `m` + `s`.
      if (!stem.startsWith(prefix) || (stem !== name && rest.length === 1)) continue
      const prefixed = lookUp(rest)
      if (prefixed && !prefixed.offset && !prefixed.level) {
        return { dims: prefixed.dims, factor: multiply(factor, prefixed.factor) }
      }
    }
  }
  return undefined
}

function stems(name: string): string[] {
  return name.endsWith('s') && name.length > 2 ? [name, name.slice(0, -1)] : [name]
}

type Entry = NamedUnit | (() => NamedUnit)
let entries: Map<string, Entry> | undefined
let factors: (readonly [string, ExactFactor])[] | undefined

/** Definitions are worked out when they are first asked for, and kept. */
function lookUp(name: string): NamedUnit | undefined {
  entries ??= readTable()
  const entry = entries.get(name)
  if (typeof entry !== 'function') return entry
  const unit = entry()
  entries.set(name, unit)
  return unit
}

function prefixFactors(): (readonly [string, ExactFactor])[] {
  factors ??= prefixes.flatMap(([names, factor]) => {
    const exact = defined(factor).factor
    return names.split(' ').map((name) => [name, exact] as const)
  })
  return factors
}

function readTable(): Map<string, Entry> {
  const table = new Map<string, Entry>()
  const put = (names: string, entry: Entry) => {
    for (const name of names.split(' ')) {
      if (table.has(name)) throw new RangeError(`the unit table has two meanings for ${name}`)
      table.set(name, entry)
    }
  }
  for (const [names, dimension] of baseUnits) put(names, { dims: new Map([[dimension, 1]]), factor: one })
  put(circleRatio, { dims: new Map(), factor: factorOfNumber(Math.PI) })
  for (const [names, definition] of derivedUnits) put(names, () => defined(definition))
  for (const [names, definition, offset] of offsetUnits) {
    put(names, () => ({ ...defined(definition), offset: defined(offset).factor }))
  }
  for (const { names, reference, base, multiplier } of levelUnits) {
    const name = names.split(' ')[0] as string
    put(names, () => {
      const { dims, factor } = defined(reference)
      return { dims, factor: one, level: { name, reference: toNumber(factor), base, multiplier } }
    })
  }
  return table
}

function defined(definition: string): NamedUnit {
  const unit = parseExpression(definition, findUnit)
  if (!unit) throw new RangeError(`the unit table has a definition that is none: ${definition}`)
  return { dims: unit.dims, factor: unit.factor }
}
