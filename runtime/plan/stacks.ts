import type { BranchRule, Registry } from '../contracts.ts'
import { previewStackName } from './names.ts'

const fortnightSeconds = 14 * 86_400

/** What branches deploy where the registry has no `branches:`. */
export const defaultBranches: readonly BranchRule[] = [
  { pattern: 'main', stack: 'prod', schedules: true },
  { pattern: '*', stack: 'preview', schedules: false, expiresAfterSeconds: fortnightSeconds },
]

/** The stack that a branch deploys. */
export interface BranchStack {
  readonly name: string
  readonly rule: BranchRule
}

function matches(pattern: string, branch: string): boolean {
  const literals = pattern.split('*')
  if (literals.length === 1) return pattern === branch
  const first = literals[0] as string
  const last = literals.at(-1) as string
  if (branch.length < first.length + last.length || !branch.startsWith(first) || !branch.endsWith(last))
    return false
  let at = first.length
  for (const literal of literals.slice(1, -1)) {
    const found = branch.indexOf(literal, at)
    if (found < 0) return false
    at = found + literal.length
  }
  return at <= branch.length - last.length
}

/** The exact name before patterns, and of those the one that says most. */
function bySpecificity(a: BranchRule, b: BranchRule): number {
  const isPattern = (rule: BranchRule) => (rule.pattern.includes('*') ? 1 : 0)
  return (
    isPattern(a) - isPattern(b) || b.pattern.length - a.pattern.length || (a.pattern < b.pattern ? -1 : 1)
  )
}

/** Which stack `branch` deploys; `undefined` when no pattern of `branches` matches it: it deploys nothing. */
export function stackOfBranch(registry: Pick<Registry, 'branches'>, branch: string): BranchStack | undefined {
  const rule = registry.branches.toSorted(bySpecificity).find(({ pattern }) => matches(pattern, branch))
  return rule && { name: rule.stack === 'prod' ? 'prod' : previewStackName(branch), rule }
}

/** The stack's name alone; see `stackOfBranch`. */
export function stackName(registry: Pick<Registry, 'branches'>, branch: string): string | undefined {
  return stackOfBranch(registry, branch)?.name
}
