import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedRun, RegisteredSite } from '../contracts.ts'
import { diffPlans, isEmptyDiff, type PlanDiff, type PlanSnapshot, type SettingChange } from './diff.ts'
import { diffCost } from './diff-cost.ts'
import { runSettings, showSeconds, stackSettings } from './diff-settings.ts'
import { planRuns } from './plan.ts'
import { facts, ingest, registryOf, vap } from './testing/sites.ts'

type Part = Parameters<typeof registryOf>[1]

function snapshot(
  sites: readonly RegisteredSite[],
  part: Part = {},
  files: Readonly<Record<string, string>> = {},
): PlanSnapshot {
  const registry = registryOf(sites, part)
  const { branches, quotas, disabled } = registry
  return { plan: planRuns(registry, { stack: 'prod' }), branches, quotas, disabled, files }
}

const configFile = 'pipelines/lidar/config/pipeline.yaml'
const lidar: RegisteredSite = {
  ...ingest('lidar/morro', 'lidar/morro/', { glob: '*.sta', ignoreCase: false }),
  facts: { ...facts, linkedFiles: [configFile, 'shared/quality.yaml'], datastreamsOut: ['morro.lidar.a1'] },
}

/** Sites of any settings, of a few pipelines and sites, so that registries made of them overlap. */
const anySite: fc.Arbitrary<RegisteredSite> = fc
  .record({
    pipeline: fc.constantFrom('lidar', 'buoy', 'photos'),
    site: fc.constantFrom('humboldt', 'morro', 'pier'),
    isVap: fc.boolean(),
    memoryMB: fc.constantFrom(512, 1024, 2048),
    timeoutSeconds: fc.constantFrom(60, 90, 900),
    kind: fc.constantFrom('Lambda' as const, 'Batch' as const),
    concurrency: fc.option(fc.constantFrom(1, 5), { nil: undefined }),
    parameters: fc.dictionary(fc.constantFrom('a', 'b'), fc.jsonValue({ maxDepth: 1 })),
    uses: fc.subarray(['catalog' as const, 'redshift' as const]),
    emails: fc.subarray(['ops@example.org', 'b@example.org']),
    linkedFiles: fc.subarray(['shared/quality.yaml', 'shared/checks.yaml']),
    classnames: fc.subarray(['shared.checks.Stuck', 'tsdat.Ingest']),
  })
  .map((any) => {
    const key = `${any.pipeline}/${any.site}` as const
    const site = any.isVap ? vap(key, ['a.b.a1'], ['a.b.c1']) : ingest(key, `${key}/`)
    const { memoryMB, timeoutSeconds, kind, concurrency } = any
    const compute = { ...site.compute, memoryMB, timeoutSeconds, kind }
    return {
      ...site,
      compute: concurrency === undefined ? compute : { ...compute, concurrency },
      parameters: any.parameters as RegisteredSite['parameters'],
      uses: any.uses,
      alerts: { emails: any.emails },
      facts: { ...site.facts, linkedFiles: any.linkedFiles, classnames: any.classnames },
    }
  })

const anySnapshot: fc.Arbitrary<PlanSnapshot> = fc
  .record({
    sites: fc.uniqueArray(anySite, { selector: ({ key }) => key, maxLength: 6 }),
    disabled: fc.subarray(['lidar/pier', 'buoy/morro']),
    createBuckets: fc.boolean(),
    region: fc.constantFrom('us-west-2', 'eu-central-1'),
    quotas: fc.dictionary(fc.constantFrom('roles', 'fargate_vcpus'), fc.constantFrom(10, 2000)),
    files: fc.dictionary(
      fc.constantFrom('shared/quality.yaml', 'shared/checks.ts', 'pipelines/lidar/pipeline.ts', configFile),
      fc.constantFrom('1', '2'),
    ),
  })
  .map(({ sites, disabled, files, ...part }) => {
    const keys = new Set<string>(sites.map(({ key }) => key))
    return snapshot(sites, { ...part, disabled: disabled.filter((key) => !keys.has(key)) }, files)
  })

/** A diff with before and after exchanged. */
function reversed({ settings, runs, pipelines }: PlanDiff): PlanDiff {
  const turn = (changes: readonly SettingChange[]) =>
    changes.map(({ setting, before, after }) => ({
      setting,
      ...(after !== undefined && { before: after }),
      ...(before !== undefined && { after: before }),
    }))
  const opposite = { added: 'removed', removed: 'added', changed: 'changed' } as const
  const opposites = { ...opposite, enabled: 'disabled', disabled: 'enabled' } as const
  return {
    settings: turn(settings),
    runs: runs.map((run) => ({
      ...run,
      change: opposites[run.change],
      settings: turn(run.settings),
      files: run.files.map((file) => ({ ...file, change: opposite[file.change] })),
    })),
    pipelines: { added: pipelines.removed, removed: pipelines.added },
  }
}

/** All that a snapshot says, as texts by name: what applying a diff to it changes. */
function textsOf({ plan, branches, quotas }: PlanSnapshot): Map<string, string> {
  const texts = new Map<string, string>(stackSettings(plan, branches, quotas))
  for (const run of plan.runs)
    for (const [setting, text] of runSettings(run, plan.alerts)) texts.set(`${run.key} ${setting}`, text)
  return texts
}

function applied(texts: ReadonlyMap<string, string>, { settings, runs }: PlanDiff): Map<string, string> {
  const result = new Map(texts)
  const apply = (name: string, { before, after }: SettingChange) => {
    expect(result.get(name)).toBe(before)
    if (after === undefined) result.delete(name)
    else result.set(name, after)
  }
  for (const change of settings) apply(change.setting, change)
  for (const run of runs) for (const change of run.settings) apply(`${run.key} ${change.setting}`, change)
  return result
}

const bySetting = (texts: ReadonlyMap<string, string>) => [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1))

describe('diffPlans', () => {
  it('is empty for equal plans', () => {
    fc.assert(
      fc.property(anySnapshot, (any) => {
        const copy = structuredClone(any)
        expect(isEmptyDiff(diffPlans(any, copy))).toBe(true)
        expect(diffCost(any.plan, copy.plan).pipelines).toEqual([])
      }),
    )
  })

  it('makes the second of the first when it is applied', () => {
    fc.assert(
      fc.property(anySnapshot, anySnapshot, (before, after) => {
        const diff = diffPlans(before, after)
        expect(bySetting(applied(textsOf(before), diff))).toEqual(bySetting(textsOf(after)))
      }),
    )
  })

  it('says the opposite the other way round: what is added here is removed there', () => {
    fc.assert(
      fc.property(anySnapshot, anySnapshot, (before, after) => {
        expect(diffPlans(after, before)).toEqual(reversed(diffPlans(before, after)))
      }),
    )
  })

  it('does not depend on the order in which anything is listed', () => {
    const shuffled = (any: PlanSnapshot, order: <T>(items: readonly T[]) => T[]): PlanSnapshot => ({
      plan: { ...any.plan, runs: order(any.plan.runs) },
      branches: order(any.branches),
      quotas: Object.fromEntries(order(Object.entries(any.quotas))),
      disabled: order(any.disabled),
      files: Object.fromEntries(order(Object.entries(any.files))),
    })
    fc.assert(
      fc.property(anySnapshot, anySnapshot, (before, after) => {
        const reverse = <T>(items: readonly T[]) => items.toReversed()
        const diff = diffPlans(before, after)
        expect(diffPlans(shuffled(before, reverse), after)).toEqual(diff)
        expect(diffPlans(before, shuffled(after, reverse))).toEqual(diff)
      }),
    )
  })

  it('tells each setting by its key in the registry, with both values as the registry writes them', () => {
    const before = snapshot([{ ...lidar, parameters: { threshold: 3, unit: 'm' } }])
    const compute = { ...lidar.compute, memoryMB: 2048, timeoutSeconds: 900, concurrency: 4 }
    const after = snapshot([{ ...lidar, compute, parameters: { threshold: '3' } }])
    expect(diffPlans(before, after).runs).toEqual([
      {
        key: 'lidar/morro',
        pipeline: 'lidar',
        site: 'morro',
        change: 'changed',
        files: [],
        settings: [
          { setting: 'concurrency', after: '4' },
          { setting: 'memory', before: '1 GB', after: '2 GB' },
          // A number became text, which the pipeline may well tell apart.
          { setting: 'parameters.threshold', before: '3', after: '"3"' },
          { setting: 'parameters.unit', before: 'm' },
          { setting: 'timeout', before: '2 minutes', after: '15 minutes' },
        ],
      },
    ])
  })

  it('tells which of the files that a run is made of have other content, code of its pipeline too', () => {
    const files = {
      [configFile]: '1',
      'shared/quality.yaml': '1',
      'pipelines/lidar/pipeline.ts': '1',
      'shared/other.yaml': '1',
      'shared/checks.ts': '1',
    }
    const after = Object.fromEntries(Object.keys(files).map((name) => [name, '2']))
    const { runs } = diffPlans(snapshot([lidar], {}, files), snapshot([lidar], {}, after))
    // It neither links shared/other.yaml nor names a class of shared/.
    expect(runs.map(({ files: changed }) => changed)).toEqual([
      [
        { file: configFile, kind: 'configuration', change: 'changed' },
        { file: 'pipelines/lidar/pipeline.ts', kind: 'code', change: 'changed' },
        { file: 'shared/quality.yaml', kind: 'configuration', change: 'changed' },
      ],
    ])
  })

  it('tells a site that is switched off from one that is gone', () => {
    const morro = ingest('lidar/morro', 'lidar/morro/')
    const humboldt = ingest('lidar/humboldt', 'lidar/humboldt/')
    const both = snapshot([morro, humboldt])
    const changesTo = (after: PlanSnapshot) =>
      diffPlans(both, after).runs.map(({ key, change }) => [key, change])
    expect(changesTo(snapshot([humboldt]))).toEqual([['lidar/morro', 'removed']])
    expect(changesTo(snapshot([humboldt], { disabled: ['lidar/morro'] }))).toEqual([
      ['lidar/morro', 'disabled'],
    ])
    const off = snapshot([], { disabled: ['lidar/humboldt', 'lidar/morro'] })
    expect(diffPlans(both, off).pipelines).toEqual({ added: [], removed: [] })
    expect(diffPlans(both, snapshot([])).pipelines).toEqual({ added: [], removed: ['lidar'] })
  })

  it('tells alerts of a stack once, and not for every run that has no list of its own', () => {
    const at = (emails: string[]) => snapshot([{ ...lidar, alerts: { emails } }], { alerts: { emails } })
    const diff = diffPlans(at(['a@example.org']), at(['b@example.org', 'a@example.org']))
    expect(diff).toEqual({
      settings: [{ setting: 'alerts', before: 'a@example.org', after: 'a@example.org, b@example.org' }],
      runs: [],
      pipelines: { added: [], removed: [] },
    })
  })

  const [run] = snapshot([{ ...vap('lidar_vap/morro', ['x.y.a1'], ['x.y.c1']), parameters: { a: 1 } }]).plan
    .runs as [PlannedRun]

  /** The names of what a run has on AWS follow from the rest; of a VAP, the window's numbers are what counts. */
  const derived = /^(?:key|pipeline|site|names\.|lookBackSeconds$|lagSeconds$|maxUnits$|alerts\.)/

  function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
    if (typeof value !== 'object' || value === null) return [path]
    const children = Object.entries(value)
    return children.flatMap(([name, child]) => leaves(child, [...path, name]))
  }

  function withLeaf(value: unknown, [name, ...rest]: readonly string[]): unknown {
    if (name === undefined) {
      return typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${String(value)}x`
    }
    const copy = structuredClone(value) as Record<string, unknown>
    copy[name] = withLeaf(copy[name], rest)
    return copy
  }

  it.each(
    leaves(run)
      .map((path) => path.join('.'))
      .filter((path) => !derived.test(path)),
  )('misses no change of %s', (path) => {
    const of = (changed: PlannedRun): PlanSnapshot => {
      const base = snapshot([])
      return { ...base, plan: { ...base.plan, runs: [changed] } }
    }
    const changed = withLeaf(run, path.split('.')) as PlannedRun
    expect(isEmptyDiff(diffPlans(of(run), of(changed)))).toBe(false)
  })
})

describe('diffCost', () => {
  it('is what estimates differ by, pipeline by pipeline', () => {
    const before = snapshot([lidar, ingest('photos/main', 'photos/')]).plan
    const larger = { ...lidar, compute: { ...lidar.compute, memoryMB: 4096 } }
    const { total, pipelines } = diffCost(before, snapshot([larger, ingest('buoy/pier', 'buoy/')]).plan)
    expect(pipelines.map(({ what }) => what)).toEqual(['buoy', 'lidar', 'photos'])
    const sum = pipelines.reduce((all, change) => all + change.after - change.before, 0)
    expect(total.after - total.before).toBeCloseTo(sum, 9)
    expect(pipelines[0]).toMatchObject({ before: 0 })
    expect(pipelines[2]).toMatchObject({ after: 0 })
  })
})

describe('showSeconds', () => {
  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [90, '90 seconds'],
    [120, '2 minutes'],
    [86_400, '1 day'],
    [1_209_600, '2 weeks'],
  ])('%s as %s', (seconds, text) => {
    expect(showSeconds(seconds)).toBe(text)
  })
})
