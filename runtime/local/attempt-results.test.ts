import { describe, expect, it } from 'vitest'
import type { RunResult } from '../run/execute.ts'
import { addAttempt } from './attempt-results.ts'

function result(outcome: RunResult['outcome'], keys: readonly string[], reason?: 'done' | 'in-progress') {
  return {
    pipeline: 'p',
    site: 's',
    runId: 'r',
    attempt: 1,
    work: { kind: 'objects', keys },
    outcome,
    ...(reason && { reason }),
    isSettled: outcome !== 'failed' && reason !== 'in-progress',
    outputs: [],
    counts: {},
    warnings: [],
    startedAt: '',
    endedAt: '',
  } satisfies RunResult
}

describe('addAttempt', () => {
  it('keeps what succeeded and what was rejected before a retry, in place of having been found done', () => {
    const [bad, good, broken] = [
      result('rejected', ['bad']),
      result('succeeded', ['good']),
      result('failed', ['broken']),
    ]
    const mended = result('succeeded', ['broken'])
    const second = [result('skipped', ['bad'], 'done'), result('skipped', ['good'], 'done'), mended]
    expect(addAttempt([bad, good, broken], second)).toEqual([bad, good, mended])
  })

  it('keeps what was found done at first, once', () => {
    const done = result('skipped', ['a'], 'done')
    const failed = result('failed', ['b'])
    expect(addAttempt([done, failed], [done, failed])).toEqual([done, failed])
  })

  it('does not hide work that a retry could not have, or of which only a part was settled', () => {
    const busy = result('skipped', ['b'], 'in-progress')
    const both = result('skipped', ['a', 'b'], 'in-progress')
    const first = [result('succeeded', ['a']), result('failed', ['b'])]
    expect(addAttempt(first, [busy])).toEqual([first[0], busy])
    expect(addAttempt(first, [both])).toEqual([first[0], both])
  })

  it('takes the last of what settled nothing', () => {
    const last = result('succeeded', ['a'])
    expect(addAttempt([], [last])).toEqual([last])
    expect(addAttempt([result('failed', ['a'])], [last])).toEqual([last])
  })
})
