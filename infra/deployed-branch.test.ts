import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { previewStackName } from '../runtime/plan/names.ts'
import { registryOf } from '../runtime/plan/testing/sites.ts'
import { deployedBranch } from './deployed-branch.ts'

describe('deployedBranch', () => {
  let projectRoot: string
  beforeAll(() => {
    projectRoot = mkdtempSync(path.join(os.tmpdir(), 'sluice-branch-'))
    mkdirSync(path.join(projectRoot, '.git'))
    writeFileSync(path.join(projectRoot, '.git/HEAD'), 'ref: refs/heads/feature/x\n')
  })
  afterAll(() => rmSync(projectRoot, { recursive: true }))

  const branchOf = (stack: string, branch?: string) =>
    deployedBranch(registryOf([]), {
      projectRoot,
      stack,
      ownStack: `organization/p/${stack}`,
      architecture: 'arm64',
      ...(branch !== undefined && { branch }),
    })

  it('is the one that is checked out, if this is its stack', () => {
    expect(branchOf(previewStackName('feature/x'))).toBe('feature/x')
    expect(branchOf('prod')).toBeUndefined()
  })

  it('is the one that is set, which must be of this stack', () => {
    expect(branchOf('prod', 'main')).toBe('main')
    expect(() => branchOf('prod', 'feature/x')).toThrow(
      `sluice:gitBranch is feature/x, which deploys ${previewStackName('feature/x')}, and this is the stack prod`,
    )
  })
})
