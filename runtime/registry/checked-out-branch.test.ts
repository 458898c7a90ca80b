import { describe, expect, it } from 'vitest'
import { checkedOutBranch } from './checked-out-branch.ts'

const branchOf = (texts: Readonly<Record<string, string>>, root = '/repo') =>
  checkedOutBranch(root, { readText: (file) => texts[file], listFolder: () => undefined })

describe('checkedOutBranch', () => {
  it('is what .git/HEAD names', () => {
    expect(branchOf({ '/repo/.git/HEAD': 'ref: refs/heads/feature/x\n' })).toBe('feature/x')
  })

  it('is found from a folder below the repository', () => {
    expect(branchOf({ '/repo/.git/HEAD': 'ref: refs/heads/main\n' }, '/repo/science/pipelines')).toBe('main')
  })

  it('is found in a worktree, whose .git is a file', () => {
    const texts = {
      '/repo/.git': 'gitdir: /main/.git/worktrees/x\n',
      '/main/.git/worktrees/x/HEAD': 'ref: refs/heads/x\n',
    }
    expect(branchOf(texts)).toBe('x')
  })

  it('is none on a bare commit, or without a repository', () => {
    expect(branchOf({ '/repo/.git/HEAD': '4bfb703c0ffee\n' })).toBeUndefined()
    expect(branchOf({})).toBeUndefined()
  })
})
