import { compilePattern } from '../config/pattern.ts'
import type { RetrievedConfig, RetrieverConfig, Rule } from '../config/types.ts'

/** How one output variable is made from one input. */
export interface SelectedRule {
  readonly name: string
  readonly role: 'coord' | 'data_var'
  readonly config: RetrievedConfig
}

/** For each output variable the first rule whose pattern matches an input's label: coords before data variables. */
export function selectRules(retriever: RetrieverConfig, label: string): SelectedRule[] {
  // Most rules share a pattern.
  const known = new Map<string, boolean>()
  const isMatch = (rule: Rule<RetrievedConfig>): boolean => {
    const found = known.get(rule.pattern) ?? matches(rule, label)
    known.set(rule.pattern, found)
    return found
  }
  return allRules(retriever).flatMap(({ name, role, rules }) => {
    const config = rules.find(isMatch)?.value
    return config ? [{ name, role, config }] : []
  })
}

/** Every output variable with its rules: coords before data variables. */
export function allRules(
  retriever: RetrieverConfig,
): { name: string; role: 'coord' | 'data_var'; rules: readonly Rule<RetrievedConfig>[] }[] {
  return [
    ...[...retriever.coords].map(([name, rules]) => ({ name, role: 'coord' as const, rules })),
    ...[...retriever.dataVars].map(([name, rules]) => ({ name, role: 'data_var' as const, rules })),
  ]
}

export function matches(rule: Rule<RetrievedConfig>, label: string): boolean {
  return compilePattern(rule.pattern, rule.value.place).test(label)
}

/**
 * The names that a reader has to look for. Transforms also ask for what belongs to a variable: its qc variable, and
 * the bounds of its coords.
 */
export function namesOf(configs: Iterable<RetrievedConfig>): Set<string> {
  const names = new Set<string>()
  for (const { names: own, converters } of configs) {
    const isTransformed = converters.some(
      ({ builtin }) => builtin === 'custom' || builtin.startsWith('transform'),
    )
    for (const name of own) {
      names.add(name)
      if (!isTransformed) continue
      names.add(`qc_${name}`)
      names.add(`${name}_bounds`)
    }
  }
  return names
}
