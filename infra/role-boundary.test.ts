import { describe, expect, it } from 'vitest'
import { previewStackName } from '../runtime/plan/names.ts'
import { BranchStack } from './branch-stack.ts'
import { recordUnderMocks } from './testing/mocked-stack.ts'
import { everySite, planOf, stackArgs } from './testing/plans.ts'

const permissionsBoundary = 'arn:aws:iam::123456789012:policy/some-boundary'

describe('the boundary of a stack', () => {
  it.each([
    ['prod', planOf(everySite)],
    ['a preview', planOf(everySite, { stack: previewStackName('x'), branch: 'x' })],
  ])('is that of every role of %s, whichever part makes it', async (_which, plan) => {
    const rolesOf = async (args: object) =>
      (
        await recordUnderMocks(() => new BranchStack('sluice', { ...stackArgs(plan), ...args }), plan.stack)
      ).filter(({ type }) => type === 'aws:iam/role:Role')
    const bound = await rolesOf({ permissionsBoundary })
    expect(bound.length).toBeGreaterThan(10)
    for (const { name, inputs } of bound)
      expect([name, inputs.permissionsBoundary]).toEqual([name, permissionsBoundary])
    const unbound = await rolesOf({})
    expect(unbound).toEqual(
      bound.map((role) => ({
        ...role,
        inputs: Object.fromEntries(
          Object.entries(role.inputs).filter(([key]) => key !== 'permissionsBoundary'),
        ),
      })),
    )
  })
})
