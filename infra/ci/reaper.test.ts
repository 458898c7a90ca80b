import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { previewStackName } from '../../runtime/plan/names.ts'
import { defaultBranches } from '../../runtime/plan/stacks.ts'
import { type DeployedStack, judgeAll, judgeBranch, stackTag } from './reaper.ts'

const now = new Date('2026-11-20T03:23:00Z')
const day = 86_400

function preview(
  branch: string,
  part: Partial<DeployedStack> = {},
  tags: Record<string, string> = {},
): DeployedStack {
  return {
    name: previewStackName(branch),
    isLocked: false,
    ...part,
    tags: {
      [stackTag.branch]: branch,
      [stackTag.kind]: 'preview',
      [stackTag.deployedAt]: '2026-11-10T00:00:00Z',
      [stackTag.expiresAfterSeconds]: String(14 * day),
      ...tags,
    },
  }
}

const verdictOf = (stack: DeployedStack, branches: string[]) => judgeAll([stack], new Set(branches), now)[0]

describe('judgeAll', () => {
  it('dooms previews whose branch is gone, and those that have expired', () => {
    expect(verdictOf(preview('feature/x'), [])).toEqual({
      stack: previewStackName('feature/x'),
      isDoomed: true,
      why: 'its branch feature/x is gone',
    })
    const old = preview('feature/x', {}, { [stackTag.deployedAt]: '2026-11-06T03:23:00Z' })
    expect(verdictOf(old, ['feature/x'])).toMatchObject({
      isDoomed: true,
      why: 'it has expired at 2026-11-20T03:23:00.000Z',
    })
    const oneSecondLater = preview('feature/x', {}, { [stackTag.deployedAt]: '2026-11-06T03:23:01Z' })
    expect(verdictOf(oneSecondLater, ['feature/x'])?.isDoomed).toBe(false)
  })

  it.each<[string, DeployedStack]>([
    ['prod is never taken down', preview('gone', { name: 'prod' })],
    ['someone is at work on it', preview('gone', { isLocked: true })],
    ['do not say that it is a preview', preview('gone', {}, { [stackTag.kind]: 'prod' })],
    ['do not say that it is a preview', { name: 'by-hand', tags: {}, isLocked: false }],
    ['which has another stack', preview('gone', { name: 'other-12345678' })],
  ])('keeps a stack when %s', (why, stack) => {
    expect(verdictOf(stack, [])).toMatchObject({ isDoomed: false, why: expect.stringContaining(why) })
  })

  it.each([
    { [stackTag.expiresAfterSeconds]: 'soon' },
    { [stackTag.expiresAfterSeconds]: '' },
    { [stackTag.expiresAfterSeconds]: '-1' },
    { [stackTag.expiresAfterSeconds]: '9'.repeat(12) },
    { [stackTag.deployedAt]: 'yesterday' },
  ])('keeps a stack with a branch whose tags tell of no end: %j', (tags) => {
    expect(verdictOf(preview('x', {}, tags), ['x'])?.isDoomed).toBe(false)
  })

  const branch = fc.constantFrom('main', 'feature/x', 'fix', 'release/1', 'a b')
  const anyStack: fc.Arbitrary<DeployedStack> = fc
    .record({
      branch,
      name: fc.oneof(
        { arbitrary: fc.constant(undefined), weight: 4 },
        { arbitrary: fc.constantFrom('prod', 'us-west-2', 'x-12345678'), weight: 1 },
      ),
      kind: fc.constantFrom('preview', 'preview', 'preview', 'prod', ''),
      isLocked: fc.boolean(),
      ageSeconds: fc.integer({ min: 0, max: 40 * day }),
      expiresAfterSeconds: fc.option(fc.integer({ min: 0, max: 40 * day }), { nil: undefined }),
    })
    .map((any) => ({
      name: any.name ?? previewStackName(any.branch),
      isLocked: any.isLocked,
      tags: {
        [stackTag.branch]: any.branch,
        [stackTag.kind]: any.kind,
        [stackTag.deployedAt]: new Date(now.getTime() - any.ageSeconds * 1000).toISOString(),
        ...(any.expiresAfterSeconds !== undefined && {
          [stackTag.expiresAfterSeconds]: String(any.expiresAfterSeconds),
        }),
      },
    }))
  const anyStacks = fc.uniqueArray(anyStack, { selector: ({ name }) => name, maxLength: 8 })
  const anyBranches = fc.uniqueArray(branch).map((names) => new Set<string>(names))

  it('dooms exactly the unlocked previews of its own making that are orphaned or expired', () => {
    fc.assert(
      fc.property(anyStacks, anyBranches, (stacks, branches) => {
        const verdicts = judgeAll(stacks, branches, now)
        expect(verdicts.map(({ stack }) => stack)).toEqual(stacks.map(({ name }) => name).sort())
        for (const { stack, isDoomed } of verdicts) {
          const { tags, isLocked } = stacks.find(({ name }) => name === stack) as DeployedStack
          const own = tags[stackTag.branch] as string
          const age = (now.getTime() - Date.parse(tags[stackTag.deployedAt] as string)) / 1000
          const limit = tags[stackTag.expiresAfterSeconds]
          const isExpired = limit !== undefined && age >= Number(limit)
          const isOurs = tags[stackTag.kind] === 'preview' && stack === previewStackName(own)
          expect(isDoomed).toBe(isOurs && !isLocked && (!branches.has(own) || isExpired))
          if (stack === 'prod' || isLocked) expect(isDoomed).toBe(false)
        }
      }),
    )
  })

  it('judges each stack by itself: others change nothing', () => {
    fc.assert(
      fc.property(anyStacks, anyBranches, (stacks, branches) => {
        const alone = stacks.flatMap((stack) => judgeAll([stack], branches, now))
        expect(judgeAll(stacks.toReversed(), branches, now)).toEqual(
          alone.toSorted((a, b) => (a.stack < b.stack ? -1 : 1)),
        )
      }),
    )
  })
})

describe('judgeBranch', () => {
  const registry = { branches: defaultBranches }
  const stacks = new Set([previewStackName('feature/x'), previewStackName('main'), 'prod'])
  const judge = (left: Parameters<typeof judgeBranch>[0]) => judgeBranch(left, stacks, registry)

  it('dooms the preview of a branch that was deleted, or whose pull request was closed', () => {
    expect(judge({ branch: 'feature/x', exists: false })).toMatchObject({ isDoomed: true })
    expect(judge({ branch: 'feature/x', exists: true, openPullRequests: 0 })).toMatchObject({
      stack: previewStackName('feature/x'),
      isDoomed: true,
    })
  })

  it.each([
    [{ branch: 'feature/x', exists: true }, 'is there again'],
    [{ branch: 'feature/x', exists: true, openPullRequests: 1 }, 'has another open pull request'],
    [{ branch: 'feature/y', exists: false }, 'has no stack'],
    [{ branch: 'main', exists: false }, "is prod's"],
    [{ branch: 'main', exists: true, openPullRequests: 0 }, 'never taken down'],
  ])('keeps what %j has', (left, why) => {
    expect(judge(left)).toMatchObject({ isDoomed: false, why: expect.stringContaining(why) })
  })

  it('never dooms prod, whatever the branch is called and the registry says', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.boolean(),
        fc.constantFrom(undefined, 0),
        (branch, exists, openPullRequests) => {
          const left = { branch, exists, ...(openPullRequests !== undefined && { openPullRequests }) }
          const all = new Set(['prod', previewStackName(branch)])
          expect(judgeBranch(left, all, registry).stack).not.toBe('prod')
          const isProd = { branches: [{ pattern: branch, stack: 'prod' as const, schedules: true }] }
          if (!branch.includes('*')) expect(judgeBranch(left, all, isProd).isDoomed).toBe(false)
        },
      ),
    )
  })
})
