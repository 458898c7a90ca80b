import type { Plan, PlannedRun, Registry } from '../contracts.ts'
import type { Problem } from '../errors.ts'

/** An account quota that AWS raises on request. */
export interface Quota {
  /** As AWS's Service Quotas calls it. */
  readonly name: string
  readonly service: string
  readonly limit: number
}

/**
 * By the names of the registry's `quotas` key, with what AWS grants a new account.
 * docs.aws.amazon.com: eventbridge/latest/userguide/eb-quota.html, IAM/latest/UserGuide/reference_iam-quotas.html,
 * lambda/latest/dg/gettingstarted-limits.html, AmazonECS/latest/developerguide/service-quotas.html
 */
export const quotas = {
  rules_per_event_bus: { service: 'EventBridge', name: 'Number of rules per event bus', limit: 300 },
  event_pattern_characters: { service: 'EventBridge', name: 'Event pattern size', limit: 2048 },
  roles: { service: 'IAM', name: 'Roles per account', limit: 1000 },
  concurrent_executions: { service: 'Lambda', name: 'Concurrent executions', limit: 1000 },
  fargate_vcpus: { service: 'Fargate', name: 'Fargate On-Demand vCPU resource count', limit: 6 },
  fargate_spot_vcpus: { service: 'Fargate', name: 'Fargate Spot vCPU resource count', limit: 6 },
} as const satisfies Record<string, Quota>

export type QuotaName = keyof typeof quotas

/** Lambda's environment holds so many bytes in all, which cannot be raised; the run's JSON shares it with a few settings. */
const environmentBytes = 4096
const environmentReserveBytes = 512

/** Roles of a stack beside those of its runs: of its bus, its alerts, their schedule, the catalog's setup. */
const stackRoles = 4

/** A run's own role, and the one that starts it: only EventBridge's rules need none, for functions. */
function rolesOf({ trigger, compute }: PlannedRun): number {
  return trigger.kind === 's3' && compute.kind === 'Lambda' ? 1 : 2
}

/** Lambda keeps this much concurrency for functions that reserve none. */
const unreservedConcurrency = 100

function limitOf(registry: Registry, name: QuotaName): number {
  return registry.quotas[name] ?? quotas[name].limit
}

function warning(registry: Registry, name: QuotaName, found: string): Problem {
  const { service, name: title } = quotas[name]
  const limit = limitOf(registry, name)
  return {
    severity: 'warning',
    file: registry.file,
    path: 'pipelines',
    message: `${found}, but the account's ${service} quota "${title}" is ${limit}; raise it, then set quotas.${name}`,
  }
}

/** The length of the event pattern that lets a run's source through: `infra` builds the same. */
function eventPatternLength(run: PlannedRun, bucket: string): number {
  if (run.trigger.kind !== 's3') return 0
  const wildcard = run.trigger.source.prefix + (run.trigger.files?.glob ?? '*')
  return JSON.stringify({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [bucket] }, object: { key: [{ wildcard }] } },
  }).length
}

function countProblems(registry: Registry, plan: Plan): Problem[] {
  const problems: Problem[] = []
  const rules = plan.runs.filter((run) => run.trigger.kind === 's3').length
  // One more is the stack's own, for alerts.
  if (rules > 0 && rules + 1 > limitOf(registry, 'rules_per_event_bus')) {
    problems.push(
      warning(
        registry,
        'rules_per_event_bus',
        `${rules} sites with trigger: S3 need a rule each, and alerts one`,
      ),
    )
  }
  const roles = plan.runs.reduce((sum, run) => sum + rolesOf(run), stackRoles)
  if (roles > limitOf(registry, 'roles')) {
    problems.push(warning(registry, 'roles', `${plan.runs.length} sites need ${roles} roles in every stack`))
  }
  const reserved = plan.runs
    .filter((run) => run.compute.kind === 'Lambda')
    .reduce((sum, run) => sum + (run.compute.concurrency ?? 0), 0)
  if (reserved + unreservedConcurrency > limitOf(registry, 'concurrent_executions') && reserved > 0) {
    const found = `the sites reserve a concurrency of ${reserved}, and Lambda keeps ${unreservedConcurrency} free`
    problems.push(warning(registry, 'concurrent_executions', found))
  }
  return problems
}

function vcpuProblems(registry: Registry, plan: Plan): Problem[] {
  const largest = (isSpot: boolean) =>
    plan.runs
      .filter((run) => run.compute.kind === 'Batch' && run.compute.spot === isSpot)
      .reduce<PlannedRun | undefined>(
        (most, run) => (most && most.compute.vcpus >= run.compute.vcpus ? most : run),
        undefined,
      )
  return ([true, false] as const).flatMap((isSpot) => {
    const run = largest(isSpot)
    const name = isSpot ? 'fargate_spot_vcpus' : 'fargate_vcpus'
    if (!run || run.compute.vcpus <= limitOf(registry, name)) return []
    return [warning(registry, name, `${run.key} runs on ${run.compute.vcpus} vCPUs and would never start`)]
  })
}

function sizeProblems(registry: Registry, plan: Plan): Problem[] {
  const places = new Map(registry.sites.map((site) => [site.key, site.origin]))
  return plan.runs.flatMap((run): Problem[] => {
    const place = { file: registry.file, ...(places.get(run.key) ?? { path: 'pipelines' }) }
    const problems: Problem[] = []
    const available = environmentBytes - environmentReserveBytes
    const bytes = run.compute.kind === 'Lambda' ? Buffer.byteLength(JSON.stringify(run)) : 0
    if (bytes > available) {
      const message = `its plan is ${bytes} bytes long and Lambda's environment has room for ${available}: shorten parameters, or use compute: Batch`
      problems.push({ ...place, severity: 'error', message })
    }
    const pattern = eventPatternLength(run, plan.buckets.input ?? '')
    if (pattern > limitOf(registry, 'event_pattern_characters')) {
      const found = `its event pattern is ${pattern} characters long`
      problems.push({ ...warning(registry, 'event_pattern_characters', found), ...place })
    }
    return problems
  })
}

/** What of a plan AWS would refuse (errors), and what goes beyond the account's quotas as the registry tells them (warnings). */
export function limitProblems(registry: Registry, plan: Plan): Problem[] {
  return [...countProblems(registry, plan), ...vcpuProblems(registry, plan), ...sizeProblems(registry, plan)]
}
