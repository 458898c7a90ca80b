import { describe, expect, it } from 'vitest'
import type { RegisteredSite, Registry } from '../contracts.ts'
import { planRuns } from './plan.ts'
import { limitProblems } from './quotas.ts'
import { ingest, registryOf } from './testing/sites.ts'

const told = (sites: RegisteredSite[], part: Partial<Registry> = {}) => {
  const registry = registryOf(sites, part)
  return limitProblems(registry, planRuns(registry, { stack: 'prod' })).map(
    ({ severity, message }) => `${severity}: ${message}`,
  )
}
const many = (count: number) => Array.from({ length: count }, (_, i) => ingest(`p${i}/x`, `p${i}/`))
const onBatch = (vcpus: number, spot: boolean): RegisteredSite => {
  const site = ingest('video/x', 'video/')
  return { ...site, compute: { ...site.compute, kind: 'Batch', vcpus, spot } }
}

describe('limitProblems', () => {
  it('has nothing to say of a small registry', () => {
    expect(told(many(299))).toEqual([])
  })

  it('counts rules, against what the account has', () => {
    expect(told(many(301))).toEqual([
      'warning: 301 sites with trigger: S3 need a rule each, and alerts one, but the account\'s EventBridge quota "Number of rules per event bus" is 300; raise it, then set quotas.rules_per_event_bus',
    ])
    expect(told(many(301), { quotas: { rules_per_event_bus: 302 } })).toEqual([])
  })

  it('counts roles, those of the stack itself among them', () => {
    const quotas = { rules_per_event_bus: 5000 }
    expect(told(many(996), { quotas })).toEqual([])
    expect(told(many(997), { quotas })).toEqual([expect.stringContaining('"Roles per account" is 1000')])
  })

  it('adds up reserved concurrency', () => {
    const reserving = (concurrency: number) =>
      many(2).map((site) => ({ ...site, compute: { ...site.compute, concurrency } }))
    expect(told(reserving(450))).toEqual([])
    expect(told(reserving(451))).toEqual([expect.stringContaining('concurrency of 902')])
  })

  it('tells of a run that needs more vCPUs than the account may use', () => {
    expect(told([onBatch(4, true)])).toEqual([])
    expect(told([onBatch(8, true)])).toEqual([
      expect.stringContaining('"Fargate Spot vCPU resource count" is 6'),
    ])
    expect(told([onBatch(8, false)])).toEqual([
      expect.stringContaining('"Fargate On-Demand vCPU resource count" is 6'),
    ])
    expect(told([onBatch(8, false)], { quotas: { fargate_vcpus: 8 } })).toEqual([])
  })

  it('refuses a plan that does not fit into the environment of a function', () => {
    const site = { ...ingest('p/x', 'p/'), parameters: { note: 'é'.repeat(1500) } }
    expect(told([site])).toEqual([expect.stringMatching(/^error: its plan is \d{4} bytes long/)])
    expect(told([{ ...site, compute: { ...site.compute, kind: 'Batch' } }])).toEqual([])
  })

  it('tells of an event pattern that is too long', () => {
    const prefix = `${'long/'.repeat(150)}`
    expect(told([ingest('p/x', prefix)], { quotas: { event_pattern_characters: 500 } })).toEqual([
      expect.stringMatching(/^warning: its event pattern is \d+ characters long/),
    ])
  })
})
