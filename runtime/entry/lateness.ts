import type { ObjectReader, Plan, PlannedRun, WindowUnit } from '../contracts.ts'
import { listRecords } from '../run/record-list.ts'

/** A scheduled run without a success or a skip in time. */
export interface LateRun {
  readonly key: string
  /** When it last succeeded or had nothing to do, in ISO 8601; `undefined`: never. */
  readonly last?: string
  readonly allowedSeconds: number
}

const hour = 3600
const day = 24 * hour
const longestWindow: Record<WindowUnit, number> = { hour, day, week: 7 * day, month: 31 * day }
const rateUnits: Readonly<Record<string, number>> = { minute: 60, hour, day }

/** The longest that can lie between two times of a schedule, in seconds: an upper bound, by the fields that are set. */
export function longestGap(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? []
  if (count !== undefined && unit !== undefined) return Number(count) * (rateUnits[unit] as number)
  const [, hours, dayOfMonth, month, weekday, year] = expression.replace(/^cron\(|\)$/g, '').split(/\s+/)
  const isSet = (field: string | undefined) =>
    field !== undefined && !['*', '?', '*/1', '0/1', '1/1'].includes(field)
  if (isSet(year) || isSet(month)) return 366 * day
  if (isSet(dayOfMonth)) return 31 * day
  if (isSet(weekday)) return 7 * day
  return isSet(hours) ? day : hour
}

/**
 * How old the last success may be: two gaps of the schedule, since one look may find nothing yet, with the span of a
 * window, the time that data may be late, and a run's own time.
 */
export function allowedAge(run: PlannedRun): number | undefined {
  if (run.trigger.kind !== 'cron') return undefined
  const window = run.window ? longestWindow[run.window.unit] : 0
  const ownTime = run.compute.timeoutSeconds * run.compute.attempts
  return 2 * longestGap(run.trigger.expression) + window + run.lagSeconds + ownTime
}

/** The scheduled runs that are late at `now`. Nothing is before it has been deployed long enough, since `deployedAt`. */
export async function findLateRuns(
  logs: ObjectReader,
  plan: Plan,
  now: Date,
  deployedAt: Date,
): Promise<LateRun[]> {
  if (!plan.schedulesEnabled) return []
  const late: LateRun[] = []
  for (const run of plan.runs) {
    const allowedSeconds = allowedAge(run)
    if (allowedSeconds === undefined) continue
    const oldest = new Date(now.getTime() - allowedSeconds * 1000)
    if (deployedAt > oldest || (await lastGood(logs, run, oldest)) !== undefined) continue
    const last = await lastGood(logs, run)
    late.push({ key: run.key, allowedSeconds, ...(last && { last: last.toISOString() }) })
  }
  return late
}

async function lastGood(logs: ObjectReader, run: PlannedRun, from?: Date): Promise<Date | undefined> {
  const { pipeline, site } = run
  for await (const { outcome, startedAt } of listRecords(logs, { pipeline, site, ...(from && { from }) })) {
    if (outcome === 'succeeded' || outcome === 'skipped') return startedAt
  }
  return undefined
}
