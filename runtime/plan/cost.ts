import type { Plan, PlannedRun } from '../contracts.ts'
import { daysPerMonth, looksPerMonth } from './looks-per-month.ts'
import { prices } from './prices.ts'

/** What a price is worked out from, since nobody can know it from a registry. */
export interface CostAssumptions {
  /** Of a pipeline at a site that objects start. A scheduled one runs as often as it looks. */
  readonly runsPerDay: number
  readonly secondsPerRun: number
  /** What a run reads and writes, together; what it writes is half of that and is kept. */
  readonly gbPerRun: number
  /** How long data stays in S3. */
  readonly monthsKept: number
  readonly architecture: 'arm64' | 'x64'
}

export const defaultAssumptions: CostAssumptions = {
  runsPerDay: 24,
  secondsPerRun: 10,
  gbPerRun: 0.02,
  monthsKept: 12,
  architecture: 'arm64',
}

/** In US dollars a month. */
export interface RunCost {
  readonly key: string
  readonly runsPerMonth: number
  readonly compute: number
  /** Requests, events, log lines. */
  readonly requests: number
  readonly storage: number
  readonly total: number
}

export interface CostItem {
  readonly what: string
  readonly monthly: number
}

export interface CostEstimate {
  readonly runs: readonly RunCost[]
  readonly pipelines: readonly CostItem[]
  /** What the stack costs when nothing runs, but for the data in it. */
  readonly idle: readonly CostItem[]
  /** What all stacks of the account share, where this one uses it, when nothing runs. */
  readonly base: readonly CostItem[]
  /** All of this stack: runs and idle, without `base`. */
  readonly total: number
}

/** What a run does beside its own work: ledger, record, input, output. */
const perRun = { puts: 6, gets: 8, logGB: 20e-6 }
/** How long a container takes to start and stop, which Fargate asks for too. */
const containerSeconds = 40
/** Lambda looks into a queue with five waiting requests of 20 seconds each. */
const pollsPerMonth = (5 * 86_400 * daysPerMonth) / 20
/** How long a run keeps the catalog awake, at half an ACU. */
const catalogHoursPerRun = 5 / 60
const catalogAcu = 0.5

function computeCost(run: PlannedRun, { secondsPerRun, architecture }: CostAssumptions): number {
  const { compute } = run
  const gb = compute.memoryMB / 1024
  if (compute.kind === 'Lambda') {
    const scratchGB = Math.max(0, compute.scratchMB - 512) / 1024
    const second = gb * prices.lambdaGBSecond[architecture] + scratchGB * prices.lambdaScratchGBSecond
    return prices.lambdaRequest + Math.min(secondsPerRun, compute.timeoutSeconds) * second
  }
  const hours = (Math.min(secondsPerRun, compute.timeoutSeconds) + containerSeconds) / 3600
  const machine =
    compute.vcpus * prices.fargateVcpuHour[architecture] + gb * prices.fargateGBHour[architecture]
  const scratchGB = Math.max(0, compute.scratchMB / 1024 - 20)
  const share = compute.spot ? prices.fargateSpotShare : 1
  return hours * (machine * share + scratchGB * prices.fargateScratchGBHour + prices.publicAddressHour)
}

function startCost(run: PlannedRun): number {
  // An object's event goes from the account's bus to the stack's.
  return run.trigger.kind === 's3' ? prices.eventBridgeEvent : prices.schedulerInvocation
}

function runCost(run: PlannedRun, assumptions: CostAssumptions): RunCost {
  const { trigger } = run
  const startsPerMonth =
    trigger.kind === 's3' ? assumptions.runsPerDay * daysPerMonth : looksPerMonth(trigger.expression)
  const runsPerMonth = startsPerMonth * (run.shards ?? 1)
  const catalog = run.uses.includes('catalog') ? catalogHoursPerRun * catalogAcu * prices.auroraAcuHour : 0
  const compute = runsPerMonth * (computeCost(run, assumptions) + catalog)
  const requests =
    runsPerMonth *
    (startCost(run) + perRun.puts * prices.s3Put + perRun.gets * prices.s3Get + perRun.logGB * prices.logsGB)
  const storage = runsPerMonth * (assumptions.gbPerRun / 2) * assumptions.monthsKept * prices.s3GBMonth
  return { key: run.key, runsPerMonth, compute, requests, storage, total: compute + requests + storage }
}

function idleItems(plan: Plan): CostItem[] {
  const functions = 1 + plan.runs.filter(({ compute }) => compute.kind === 'Lambda').length
  const looks = plan.schedulesEnabled ? daysPerMonth * prices.schedulerInvocation : 0
  return [
    { what: 'the alert queue, looked into by Lambda', monthly: pollsPerMonth * prices.sqsRequest + looks },
    ...(plan.kind === 'prod'
      ? [
          {
            what: `alarms on ${functions} functions and a queue`,
            monthly: (2 * functions + 1) * prices.alarmMetricMonth,
          },
          { what: 'a dashboard', monthly: prices.dashboardMonth },
        ]
      : []),
  ]
}

function baseItems(plan: Plan): CostItem[] {
  if (!plan.runs.some(({ uses }) => uses.includes('catalog'))) return []
  return [
    // Prod's and that of previews.
    { what: 'two catalog clusters, asleep: 10 GB of storage each', monthly: 2 * 10 * prices.auroraGBMonth },
    { what: "the secrets of the clusters' masters", monthly: 2 * prices.secretMonth },
  ]
}

/** What a plan's stack would cost a month, as far as one can tell from these assumptions and `prices`. */
export function estimateCost(plan: Plan, assumptions: CostAssumptions = defaultAssumptions): CostEstimate {
  const runs = plan.runs.map((run) => runCost(run, assumptions))
  const byPipeline = new Map<string, number>()
  for (const [i, run] of plan.runs.entries())
    byPipeline.set(run.pipeline, (byPipeline.get(run.pipeline) ?? 0) + (runs[i] as RunCost).total)
  const idle = idleItems(plan)
  const sum = (items: readonly { readonly monthly: number }[]) =>
    items.reduce((total, { monthly }) => total + monthly, 0)
  return {
    runs,
    pipelines: [...byPipeline].map(([what, monthly]) => ({ what, monthly })),
    idle,
    base: baseItems(plan),
    total: runs.reduce((total, run) => total + run.total, 0) + sum(idle),
  }
}
