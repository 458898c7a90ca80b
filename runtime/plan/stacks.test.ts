import { describe, expect, it } from 'vitest'
import type { BranchRule } from '../contracts.ts'
import { defaultBranches, stackName, stackOfBranch } from './stacks.ts'

const registry = { branches: defaultBranches }
const preview = (pattern: string): BranchRule => ({ pattern, stack: 'preview', schedules: false })

describe('stackOfBranch', () => {
  it('deploys prod from main, with schedules and without end', () => {
    expect(stackOfBranch(registry, 'main')).toEqual({
      name: 'prod',
      rule: { pattern: 'main', stack: 'prod', schedules: true },
    })
  })

  it('deploys a preview from any other branch, schedules off, for 14 days', () => {
    const stack = stackOfBranch(registry, 'feature/x')
    expect(stack?.name).toMatch(/^feature-x-[0-9a-f]{8}$/)
    expect(stack?.rule).toMatchObject({ stack: 'preview', schedules: false, expiresAfterSeconds: 1_209_600 })
  })

  it('never gives a preview the name of prod', () => {
    expect(stackName(registry, 'prod')).toMatch(/^prod-[0-9a-f]{8}$/)
  })

  it('deploys nothing from a branch that no pattern matches', () => {
    expect(stackOfBranch({ branches: [preview('feature/*')] }, 'fix/y')).toBeUndefined()
  })

  it('prefers the exact name, then the longest pattern, in whatever order they stand', () => {
    const branches = [preview('*'), preview('feature/*'), preview('feature/qc'), preview('*/qc')]
    const pick = (branch: string) => stackOfBranch({ branches }, branch)?.rule.pattern
    expect(pick('feature/qc')).toBe('feature/qc')
    expect(pick('feature/other')).toBe('feature/*')
    expect(pick('fix/qc')).toBe('*/qc')
    expect(pick('else')).toBe('*')
  })

  it.each([
    ['a*b', 'ab', true],
    ['a*b', 'axxb', true],
    ['ab*b', 'ab', false],
    ['*x*y*', 'axbyc', true],
    ['*x*y*', 'aybxc', false],
    ['release-*', 'release', false],
    ['r.lease', 'release', false],
  ])('matches %s against %s: %s', (pattern, branch, isMatch) => {
    expect(stackOfBranch({ branches: [preview(pattern)] }, branch) !== undefined).toBe(isMatch)
  })
})
