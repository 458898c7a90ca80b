import type { BranchRule } from '../../runtime/contracts.ts'
import { previewStackName } from '../../runtime/plan/names.ts'
import { stackOfBranch } from '../../runtime/plan/stacks.ts'

/** Tags of a stack in Pulumi's state: what a deployment leaves for those who take it down. */
export const stackTag = {
  branch: 'sluice:branch',
  kind: 'sluice:kind',
  deployedAt: 'sluice:deployed-at',
  expiresAfterSeconds: 'sluice:expires-after-seconds',
} as const

/** A stack as its state tells of it. */
export interface DeployedStack {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly isLocked: boolean
}

export interface Verdict {
  readonly stack: string
  readonly isDoomed: boolean
  /** Why, in words, for the log. */
  readonly why: string
}

/** Whether a stack is one that a branch's deployment has made, by its tags; the reason where it is not. */
function notOurs({ name, tags }: DeployedStack): string | undefined {
  const branch = tags[stackTag.branch]
  if (name === 'prod') return 'prod is never taken down'
  if (tags[stackTag.kind] !== 'preview') return 'its tags do not say that it is a preview'
  if (branch === undefined) return 'its tags name no branch'
  if (previewStackName(branch) !== name) return `its tags name the branch ${branch}, which has another stack`
  return undefined
}

/** Since when a stack has expired; `undefined`: it has not, or its tags do not tell. */
function expiry({ tags }: DeployedStack): Date | undefined {
  const seconds = tags[stackTag.expiresAfterSeconds]
  const deployedAt = Date.parse(tags[stackTag.deployedAt] ?? '')
  if (seconds === undefined || !/^\d{1,12}$/.test(seconds) || Number.isNaN(deployedAt)) return undefined
  const end = new Date(deployedAt + Number(seconds) * 1000)
  return Number.isNaN(end.getTime()) ? undefined : end
}

function judge(stack: DeployedStack, branches: ReadonlySet<string>, now: Date): Verdict {
  const verdict = (isDoomed: boolean, why: string): Verdict => ({ stack: stack.name, isDoomed, why })
  const reason = notOurs(stack)
  if (reason !== undefined) return verdict(false, reason)
  if (stack.isLocked) return verdict(false, 'it is locked: someone is at work on it')
  const branch = stack.tags[stackTag.branch] as string
  if (!branches.has(branch)) return verdict(true, `its branch ${branch} is gone`)
  const end = expiry(stack)
  if (end === undefined) return verdict(false, `its branch ${branch} is there, and its tags tell of no end`)
  return end <= now
    ? verdict(true, `it has expired at ${end.toISOString()}`)
    : verdict(false, `its branch ${branch} is there, and it expires at ${end.toISOString()}`)
}

/**
 * Which stacks nobody needs any more: previews whose branch is gone, or that have expired. Never prod, one that no
 * deployment has tagged, one that is locked. `branches` has to be read after the stacks, since a branch that was pushed
 * in between would seem to be gone.
 */
export function judgeAll(
  stacks: readonly DeployedStack[],
  branches: ReadonlySet<string>,
  now: Date,
): readonly Verdict[] {
  return stacks
    .map((stack) => judge(stack, branches, now))
    .toSorted((a, b) => (a.stack < b.stack ? -1 : a.stack > b.stack ? 1 : 0))
}

/** What is known of a branch that was deleted, or whose pull request was closed. */
export interface LeftBranch {
  readonly branch: string
  /** Whether it is there (again). */
  readonly exists: boolean
  /** `undefined`: it was deleted, and not a pull request closed. */
  readonly openPullRequests?: number
}

/** Whether a branch that was left takes its preview along; `stacks` are the names of all there are. */
export function judgeBranch(
  left: LeftBranch,
  stacks: ReadonlySet<string>,
  registry: { readonly branches: readonly BranchRule[] },
): Verdict {
  const stack = previewStackName(left.branch)
  const verdict = (isDoomed: boolean, why: string): Verdict => ({ stack, isDoomed, why })
  if (stackOfBranch(registry, left.branch)?.rule.stack === 'prod')
    return verdict(false, `the branch ${left.branch} is prod's, which is never taken down`)
  if (!stacks.has(stack)) return verdict(false, `the branch ${left.branch} has no stack`)
  if (left.openPullRequests === undefined)
    return left.exists
      ? verdict(false, `the branch ${left.branch} is there again`)
      : verdict(true, `the branch ${left.branch} was deleted`)
  return left.openPullRequests > 0
    ? verdict(false, `the branch ${left.branch} has another open pull request`)
    : verdict(true, `the pull request of the branch ${left.branch} was closed`)
}
