import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

describe('what deploying asks of the command line', () => {
  let box: Sandbox
  beforeAll(() => {
    box = makeSandbox()
  })
  afterAll(() => box.remove())

  const checkOut = (head: string) => {
    mkdirSync(path.join(box.folder, '.git'), { recursive: true })
    writeFileSync(path.join(box.folder, '.git/HEAD'), head)
  }

  it('prints the stack of the branch that is checked out, and nothing else', async () => {
    checkOut('ref: refs/heads/main\n')
    expect(await box.sluice('stack')).toMatchObject({ code: 0, stdout: 'prod\n', stderr: '' })
    checkOut('ref: refs/heads/feature/x\n')
    const { code, stdout } = await box.sluice('stack')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^feature-x-[0-9a-f]{8}\n$/)])
    expect((await box.sluice('stack', '--branch', 'main')).stdout).toBe('prod\n')
  })

  it('says what to do where no branch is checked out', async () => {
    checkOut('4bfb703c0ffee\n')
    const { code, stderr } = await box.sluice('stack')
    expect([code, stderr]).toEqual([1, 'no Git branch is checked out here: name one with --branch\n'])
  })

  it('estimates a price with what it rests on, for each run, pipeline and the idle stack', async () => {
    const { code, stdout } = await box.sluice('plan', '--stack', 'prod', '--cost', '--seconds', '30')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^lidar\/humboldt +730 +\d+\.\d\d/m)
    expect(stdout).toMatch(/^the idle stack +USD a month$/m)
    expect(stdout).toMatch(/About \d+\.\d\d USD a month for the stack prod/)
    expect(stdout).toMatch(/30 s a run .*\n.*list prices of us-west-2, \d{4}-\d\d/)
  })

  it('gives the estimate, its prices and assumptions as JSON', async () => {
    const { stdout } = await box.sluice(
      'plan',
      '--stack',
      'prod',
      '--cost',
      '--json',
      '--runs-per-day',
      '1000',
    )
    const { assumptions, estimate, prices } = JSON.parse(stdout)
    expect(assumptions.runsPerDay).toBe(1000)
    expect(prices.asOf).toMatch(/^\d{4}-\d\d$/)
    expect(estimate.total).toBeGreaterThan(0)
  })

  it('refuses an assumption that is no number', async () => {
    const { code, stderr } = await box.sluice('plan', '--cost', '--seconds', 'ten')
    expect([code, stderr]).toEqual([1, '--seconds ten: expected a number such as 10\n'])
  })
})
