import { describe, expect, it } from 'vitest'
import type { PlannedRun } from '../contracts.ts'
import type { RunResult } from '../run/execute.ts'
import { exitStatus } from './run-table.ts'

const run = {} as PlannedRun

function finished(...results: (Pick<RunResult, 'outcome'> & Partial<RunResult>)[]) {
  return { run, report: { results: results as RunResult[], milliseconds: 1 } }
}

describe('exitStatus', () => {
  it('is that of the worst run', () => {
    expect(exitStatus([])).toBe(0)
    expect(exitStatus([finished({ outcome: 'succeeded' }, { outcome: 'skipped' })])).toBe(0)
    const rejected = finished({ outcome: 'rejected' }, { outcome: 'succeeded' })
    expect(exitStatus([rejected])).toBe(1)
    expect(exitStatus([rejected, finished({ outcome: 'failed' })])).toBe(70)
  })

  it('is not that of a run whose inputs were overtaken: the run of the newest decides', () => {
    const overtaken = { kind: 'objects', keys: ['a'] } as const
    expect(exitStatus([finished({ outcome: 'failed', overtaken }, { outcome: 'succeeded' })])).toBe(0)
    expect(exitStatus([finished({ outcome: 'rejected', overtaken }, { outcome: 'failed' })])).toBe(70)
  })
})
