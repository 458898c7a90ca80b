import { numbersAttr, textAttr } from '../dataset/attrs.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import { TextArray } from '../dataset/text-array.ts'

/** Which variables hold flags, and of which variables. */
export interface FlagVariables {
  isFlag(name: string): boolean
  /** Those that flag this variable. */
  of(name: string): readonly string[]
}

/** By `ancillary_variables`, and by ARM's and tsdat's names: `qc_x` flags `x`. */
export function flagVariables(dataset: Dataset): FlagVariables {
  const byOwner = new Map<string, string[]>()
  for (const [name, { attrs }] of dataset.variables()) {
    const listed = (textAttr(attrs, 'ancillary_variables') ?? '').split(/\s+/)
    const found = [...new Set([...listed, `qc_${name}`])].filter((candidate) => {
      const variable = dataset.get(candidate)
      return variable !== undefined && testsOf(variable).length > 0
    })
    if (found.length > 0) byOwner.set(name, found)
  }
  const all = new Set([...byOwner.values()].flat())
  return { isFlag: (name) => all.has(name), of: (name) => byOwner.get(name) ?? [] }
}

/** How many values each test has flagged, the tests by their meanings: `2 Value is missing, 1 Value is too high`. */
export function countFlags(dataset: Dataset, names: readonly string[]): string {
  return names
    .flatMap((name) => {
      const variable = dataset.get(name)
      if (!variable) return []
      return testsOf(variable).map((test) => ({ ...test, count: countOf(variable, test) }))
    })
    .filter(({ count }) => count > 0)
    .map(({ count, meaning }) => `${count} ${meaning}`)
    .join(', ')
}

interface Test {
  /** The bits that are looked at; all of them when there is no mask. */
  readonly mask: bigint | undefined
  /** What they are when the test has failed; any of the mask's without it. */
  readonly value: bigint | undefined
  readonly meaning: string
}

/** The tests that a variable's attributes tell of, by CF's `flag_masks` and `flag_values` or ARM's `bit_1_description`. */
function testsOf({ attrs, data }: Variable): Test[] {
  if (data instanceof TextArray) return []
  const masks = wholeNumbers(attrs, 'flag_masks')
  const values = wholeNumbers(attrs, 'flag_values')
  const size = Math.max(masks.length, values.length)
  const meanings = meaningsOf(attrs, size)
  const tests = Array.from({ length: size }, (_, i) => ({
    mask: masks[i],
    value: values[i],
    meaning: meanings[i] ?? `test ${i + 1}`,
  }))
  // A value of 0 without a mask says that all is well.
  const flagged = tests.filter(({ mask, value }) => mask !== undefined || value !== 0n)
  return flagged.length > 0 ? flagged : armTests(attrs)
}

function armTests(attrs: Variable['attrs']): Test[] {
  return Array.from({ length: 64 }, (_, bit) => ({
    mask: 1n << BigInt(bit),
    value: undefined,
    meaning: textAttr(attrs, `bit_${bit + 1}_description`),
  })).filter((test): test is typeof test & { meaning: string } => test.meaning !== undefined)
}

function wholeNumbers(attrs: Variable['attrs'], name: string): bigint[] {
  const numbers = numbersAttr(attrs, name) ?? []
  return numbers.every((value) => typeof value === 'bigint' || Number.isSafeInteger(value))
    ? numbers.map(BigInt)
    : []
}

/** A list of texts; or one text, of which CF says that blanks separate the meanings. */
function meaningsOf(attrs: Variable['attrs'], size: number): readonly string[] {
  const value = attrs.get('flag_meanings')
  if (typeof value === 'string') return size === 1 ? [value] : value.trim().split(/\s+/)
  return Array.isArray(value) ? value : []
}

function countOf({ data }: Variable, { mask, value }: Test): number {
  let count = 0
  for (let i = 0; i < data.length; i++) {
    const stored = (data as ArrayLike<number | bigint>)[i] as number | bigint
    // A flag that is no whole number is a missing flag of a variable of floats.
    if (typeof stored === 'number' && !Number.isInteger(stored)) continue
    const bits = mask === undefined ? BigInt(stored) : BigInt(stored) & mask
    if (value === undefined ? bits !== 0n : bits === value) count++
  }
  return count
}
