import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostnameOf, judgeLock, ownerOf, parseLock, showLock } from './stack-lock.ts'

const me = { id: 200, attempt: 2 }

describe('ownerOf', () => {
  it('reads the run back from the name that the machine was given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 }), fc.integer({ min: 1, max: 99 }), (id, attempt) => {
        const hostname = hostnameOf({ id, attempt })
        expect(hostname).toMatch(/^[a-z0-9-]{1,63}$/)
        expect(ownerOf({ hostname })).toEqual({ id, attempt })
      }),
    )
  })

  it.each(['laptop', 'fv-az1-2', 'sluice-run-1', 'sluice-run-1-2-3', 'sluice-run-0-1', 'xsluice-run-1-1'])(
    'takes %s for no run of ours',
    (hostname) => {
      expect(ownerOf({ hostname })).toBeUndefined()
    },
  )
})

describe('judgeLock', () => {
  const over = { attempt: 1, isOver: true }
  it.each([
    ['a person’s', undefined, over, 'foreign'],
    ['a run’s that is not of this repository', { id: 1, attempt: 1 }, undefined, 'foreign'],
    ['a run’s that is over', { id: 1, attempt: 1 }, over, 'stale'],
    ['a run’s that goes on', { id: 1, attempt: 1 }, { attempt: 1, isOver: false }, 'held'],
    [
      'an attempt’s that was followed by another',
      { id: 1, attempt: 1 },
      { attempt: 2, isOver: false },
      'stale',
    ],
    ['an attempt’s that is still to come', { id: 1, attempt: 3 }, { attempt: 2, isOver: true }, 'foreign'],
    ['this run’s attempt before', { id: 200, attempt: 1 }, { attempt: 2, isOver: false }, 'stale'],
    ['this run’s own', { id: 200, attempt: 2 }, { attempt: 2, isOver: false }, 'held'],
  ] as const)('%s', (_, owner, state, judged) => {
    expect(judgeLock(owner, me, state)).toBe(judged)
  })

  it('never takes away the lock of an attempt that may be going on', () => {
    const run = fc.record({ id: fc.integer({ min: 1, max: 5 }), attempt: fc.integer({ min: 1, max: 3 }) })
    const state = fc.record({ attempt: fc.integer({ min: 1, max: 3 }), isOver: fc.boolean() })
    fc.assert(
      fc.property(
        fc.option(run, { nil: undefined }),
        run,
        fc.option(state, { nil: undefined }),
        (owner, mine, is) => {
          if (judgeLock(owner, mine, is) !== 'stale') return
          const isEarlier =
            owner && is && owner.attempt < Math.max(is.attempt, owner.id === mine.id ? mine.attempt : 0)
          const isOver = owner && is?.isOver && owner.attempt === is.attempt && owner.id !== mine.id
          expect(isEarlier || isOver).toBe(true)
        },
      ),
    )
  })
})

describe('parseLock', () => {
  it('reads what Pulumi writes', () => {
    const text =
      '{"pid":2718,"username":"runner","hostname":"sluice-run-7-1","timestamp":"2026-11-20T10:00:00Z"}'
    const lock = parseLock('.pulumi/locks/organization/p/x/1.json', text)
    expect(lock).toEqual({
      key: '.pulumi/locks/organization/p/x/1.json',
      username: 'runner',
      hostname: 'sluice-run-7-1',
      timestamp: '2026-11-20T10:00:00Z',
    })
    expect(showLock(lock)).toBe(
      'locked by run 7, attempt 1, of a workflow at 2026-11-20T10:00:00Z (.pulumi/locks/organization/p/x/1.json)',
    )
  })

  it.each(['', '{', 'null', '[]', '{"hostname": 5}'])('makes nobody the owner of %j', (text) => {
    const lock = parseLock('k', text)
    expect(lock.hostname).toBe('unknown')
    expect(judgeLock(ownerOf(lock), me, { attempt: 1, isOver: true })).toBe('foreign')
  })
})
