import type { BranchRule, BucketRole, Plan, PlannedRun, RegisteredSite, Registry } from '../contracts.ts'
import { outputRoot, readsOf, writesOf } from './locations.ts'
import { type BucketScope, bucketName, ownBucketBase, runNames, stackNames } from './names.ts'
import { defaultBranches, stackOfBranch } from './stacks.ts'

/** Which stack to plan. `branch` says which rule of `branches` holds; without it, the name tells prod from previews. */
export interface PlanOptions {
  readonly stack: string
  readonly branch?: string
}

function ruleFor(registry: Registry, { stack, branch }: PlanOptions): BranchRule {
  const ofBranch = branch === undefined ? undefined : stackOfBranch(registry, branch)?.rule
  if (ofBranch) return ofBranch
  const kind = stack === 'prod' ? 'prod' : 'preview'
  const candidates = [...registry.branches, ...defaultBranches]
  return candidates.find((rule) => rule.stack === kind) as BranchRule
}

function plannedRun(site: RegisteredSite, scope: BucketScope): PlannedRun {
  const { facts } = site
  return {
    key: site.key,
    pipeline: site.pipeline,
    site: site.site,
    type: site.type,
    trigger: site.trigger,
    input: site.input,
    ...(site.shards !== undefined && { shards: site.shards }),
    lookBackSeconds: site.lookBackSeconds,
    lagSeconds: site.lagSeconds,
    maxUnits: site.maxUnits,
    ...(site.window && {
      window: {
        unit: site.window,
        lookBackSeconds: site.lookBackSeconds,
        lagSeconds: site.lagSeconds,
        maxWindows: site.maxUnits,
        padding: facts.padding,
      },
    }),
    compute: site.compute,
    reads: readsOf(site),
    writes: writesOf(site),
    output: outputRoot(site),
    configFile: site.configFile,
    linkedFiles: facts.linkedFiles,
    classnames: facts.classnames,
    module: facts.module ?? 'tsdat',
    datastreamsIn: facts.datastreamsIn,
    datastreamsOut: facts.datastreamsOut,
    uses: site.uses,
    parameters: { ...facts.parameters, ...site.parameters },
    alerts: site.alerts,
    names: runNames(scope, site.pipeline, site.site),
  }
}

/** Prod has the buckets that the registry names; a preview has its own in their place, one where they are one. */
function bucketsOf(
  registry: Registry,
  kind: Plan['kind'],
  runs: readonly PlannedRun[],
  scope: BucketScope,
): Partial<Record<BucketRole, string>> {
  const named = (name: string) => (kind === 'prod' ? name : bucketName(scope, name))
  const own = (role: BucketRole) => bucketName(scope, ownBucketBase(scope, role))
  const isUsed = (role: BucketRole) =>
    runs.some((run) => [...run.reads, ...run.writes].some(({ bucket }) => bucket === role))
  return {
    input: named(registry.inputBucketName),
    output: named(registry.outputBucketName),
    logs: own('logs'),
    ...(isUsed('thumbnails') && { thumbnails: own('thumbnails') }),
    ...(isUsed('gallery') && { gallery: own('gallery') }),
  }
}

/** What `stack` has on AWS: one run for each enabled pipeline and site. Pure; the same registry gives the same JSON. */
export function planRuns(registry: Registry, options: PlanOptions): Plan {
  const { project, owner, accountId, region, redshift } = registry
  const rule = ruleFor(registry, options)
  const { stack } = options
  const scope = { project, stack, accountId, region, ...(owner !== undefined && { owner }) }
  const runs = registry.sites
    .map((site) => plannedRun(site, scope))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return {
    project,
    stack,
    kind: rule.stack,
    ...(owner !== undefined && { owner }),
    accountId,
    region,
    buckets: bucketsOf(registry, rule.stack, runs, scope),
    adopted: rule.stack === 'prod' && !registry.createBuckets ? ['input', 'output'] : [],
    schedulesEnabled: rule.schedules,
    ...(rule.expiresAfterSeconds !== undefined && { expiresAfterSeconds: rule.expiresAfterSeconds }),
    alerts: registry.alerts,
    ...(redshift && { redshift }),
    names: stackNames(scope),
    tags: tagsOf(scope, rule),
    runs,
  }
}

/** Tags of everything in the stack. A preview's end is told as a span, since the plan knows no clock. */
function tagsOf(scope: BucketScope, rule: BranchRule): Record<string, string> {
  return {
    'sluice:project': scope.project,
    'sluice:stack': scope.stack,
    ...(scope.owner !== undefined && { 'sluice:owner': scope.owner }),
    ...(rule.expiresAfterSeconds !== undefined && {
      'sluice:expires-after-seconds': String(rule.expiresAfterSeconds),
    }),
  }
}
