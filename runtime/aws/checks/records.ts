import { findLateRuns } from '../../entry/lateness.ts'
import { readRecord } from '../../run/record.ts'
import { listRecords, type RecordRef } from '../../run/record-list.ts'
import type { DeployedStack } from '../find-stack.ts'
import { logsBucketOf } from '../find-stack.ts'
import { type Check, counted, listed, ok, warn } from './check.ts'

const dayMs = 86_400_000
const lookBackDays = 7
/** Of more than these, how many more is of no interest. */
const mostCounted = 1000

/** What runs have left behind: failures of late, and looks that did not happen. */
export function recordChecks({ plan, logs }: DeployedStack, now: Date): Check[] {
  return [
    {
      name: 'failures',
      permission: 's3:ListBucket and s3:GetObject on the logs bucket',
      async look() {
        const from = new Date(now.getTime() - lookBackDays * dayMs)
        const found: RecordRef[] = []
        for await (const record of listRecords(logs, { from })) {
          if (record.outcome !== 'rejected' && record.outcome !== 'failed') continue
          found.push(record)
          if (found.length === mostCounted) break
        }
        const [last] = found
        if (!last) return ok(`no run was rejected or failed in the last ${lookBackDays} days`)
        const count = (outcome: string) => found.filter((record) => record.outcome === outcome).length
        const most = found.length === mostCounted ? 'at least ' : ''
        const message = (await readRecord(logs, last.key))?.error?.message ?? 'its record is gone'
        return warn(
          `${most}${count('rejected')} rejected and ${count('failed')} failed in the last ${lookBackDays} days; last ${last.pipeline}/${last.site} at ${last.startedAt.toISOString()}: ${message}`,
          `read its record: \`aws s3 cp s3://${logsBucketOf(plan)}/${last.key} -\``,
        )
      },
    },
    {
      name: 'lateness',
      permission: 's3:ListBucket on the logs bucket',
      async look() {
        if (!plan.schedulesEnabled) return ok('nothing can be late: schedules are off')
        const deployedAt = (await logs.head('plan.json'))?.lastModified ?? now
        const late = await findLateRuns(logs, plan, now, deployedAt)
        if (late.length === 0)
          return ok(`every scheduled run of ${counted(plan.runs.length, 'run')} is in time`)
        return warn(
          `late: ${listed(late.map(({ key, last }) => `${key} (${last === undefined ? 'never ran' : `last ${last}`})`))}`,
          'see schedules, functions and dead letters above, and the failures of these runs',
        )
      },
    },
  ]
}
