import { describe, expect, it } from 'vitest'
import type { RegisteredSite } from '../contracts.ts'
import { diffPlans, type PlanSnapshot } from './diff.ts'
import { diffCost } from './diff-cost.ts'
import { describeDiff } from './diff-words.ts'
import { planRuns } from './plan.ts'
import { facts, ingest, registryOf } from './testing/sites.ts'

function snapshot(
  sites: readonly RegisteredSite[],
  part: Parameters<typeof registryOf>[1] = {},
): PlanSnapshot {
  const registry = registryOf(sites, part)
  const { branches, quotas, disabled } = registry
  return { plan: planRuns(registry, { stack: 'prod' }), branches, quotas, disabled, files: {} }
}

const wordsOf = (before: PlanSnapshot, after: PlanSnapshot) =>
  describeDiff(diffPlans(before, after), diffCost(before.plan, after.plan), (text) => `‹${text}›`)
    .filter(({ title }) => !title.startsWith('Cost'))
    .flatMap(({ title, items }) => [
      title,
      ...items.flatMap(({ sign, subject, lines }) => [`${sign} ${subject}`, ...lines]),
    ])

const site = (key: RegisteredSite['key'], memoryMB = 1024): RegisteredSite => {
  const made = ingest(key, `${key}/`, { glob: '*.sta', ignoreCase: false })
  return {
    ...made,
    compute: { ...made.compute, memoryMB },
    facts: { ...facts, datastreamsOut: ['m.lidar.a1'], outputPrefixes: ['data/m/'] },
  }
}

describe('describeDiff', () => {
  it('introduces what comes, and says what becomes of the data of what goes', () => {
    const empty = snapshot([])
    const full = snapshot([site('lidar/morro')])
    expect(wordsOf(empty, full)).toEqual([
      'Pipelines',
      '+ ‹lidar›',
      'Sites',
      '+ ‹lidar/morro›',
      'Ingest, starts on ‹lidar/morro/*.sta›, on Lambda with 1 GB',
      'makes ‹m.lidar.a1›; may write ‹output:data/m/›',
    ])
    expect(wordsOf(full, empty)).toEqual([
      'Pipelines',
      '- ‹lidar›',
      'Sites',
      '- ‹lidar/morro›',
      'it starts no more',
      'its data stay where they are (‹output:data/m/›), and its records',
      'files that arrive in ‹lidar/morro/› are kept and not processed',
    ])
    expect(wordsOf(full, snapshot([], { disabled: ['lidar/morro'] }))).toContain(
      'switched off with enabled: false: it starts no more',
    )
  })

  it('tells of sites together to which the same happens', () => {
    const keys = ['lidar/a', 'lidar/b', 'lidar/c'] as const
    const before = snapshot(keys.map((key) => site(key)))
    const after = snapshot(keys.map((key) => site(key, key === 'lidar/b' ? 4096 : 2048)))
    expect(wordsOf(before, after)).toEqual([
      'Sites',
      '~ ‹lidar/a›, ‹lidar/c›',
      'memory: ‹1 GB› → ‹2 GB›',
      '~ ‹lidar/b›',
      'memory: ‹1 GB› → ‹4 GB›',
    ])
  })

  it('names the first of very many, and counts the others', () => {
    const keys = Array.from({ length: 200 }, (_, i) => `lidar/s${100 + i}` as const)
    const words = wordsOf(
      snapshot(keys.map((key) => site(key))),
      snapshot(keys.map((key) => site(key, 2048))),
    )
    expect(words[1]).toBe(
      `~ ${[100, 101, 102, 103, 104, 105, 106].map((i) => `‹lidar/s${i}›`).join(', ')} and 193 more of its pipeline`,
    )
  })

  it('says what a change of a name, a place or buckets means', () => {
    const before = snapshot([])
    const words = wordsOf(before, snapshot([], { owner: 'ann', createBuckets: false })).join('\n')
    expect(words).toContain('+ owner: (not set) → ‹ann›')
    expect(words).toContain('prod refuses, as its buckets are protected')
    expect(words).toContain(
      '~ create_buckets: ‹true› → ‹false›\nrefused until it is confirmed: docs/deploy.md',
    )
  })

  it('always tells the cost, and what it was', () => {
    const costOf = (before: PlanSnapshot, after: PlanSnapshot) =>
      describeDiff(diffPlans(before, after), diffCost(before.plan, after.plan)).at(-1)
    const [small, large] = [snapshot([site('lidar/a')]), snapshot([site('lidar/a', 8192)])]
    expect(costOf(small, small)?.items).toEqual([
      {
        sign: '~',
        subject: 'the stack',
        lines: [expect.stringMatching(/^\d+\.\d\d USD a month, as before$/)],
      },
    ])
    expect(costOf(large, small)?.items.map(({ subject, lines }) => [subject, ...lines])).toEqual([
      ['the stack', expect.stringMatching(/^\d+\.\d\d → \d+\.\d\d USD a month \(-\d+\.\d\d\)$/)],
      ['lidar', expect.stringMatching(/ \(-\d+\.\d\d\)$/)],
    ])
  })
})
