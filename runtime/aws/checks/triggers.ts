import { EventBridgeClient, ListRulesCommand, type Rule } from '@aws-sdk/client-eventbridge'
import { GetBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3'
import { ListSchedulesCommand, SchedulerClient, type ScheduleSummary } from '@aws-sdk/client-scheduler'
import type { Plan } from '../../contracts.ts'
import { stackPartName } from '../../plan/names.ts'
import { isAwsAnswer } from '../aws-error.ts'
import type { AwsSettings } from '../aws-settings.ts'
import { operatorS3 } from '../operator-s3.ts'
import { type Check, counted, fail, listed, ok, warn } from './check.ts'

const deployAgain = 'deploy again: `pulumi up --refresh`'

/** What starts runs: buckets that tell of their objects, rules, and schedules. */
export function triggerChecks(plan: Plan, settings: AwsSettings): Check[] {
  return [...notificationChecks(plan, settings), rulesCheck(plan, settings), schedulesCheck(plan, settings)]
}

/** Every bucket that an upload starts runs from, and the logs bucket, from whose failures alerts are made. */
function notificationChecks(plan: Plan, settings: AwsSettings): Check[] {
  const sources = plan.runs.flatMap(({ trigger }) => (trigger.kind === 's3' ? [trigger.source.bucket] : []))
  const buckets = new Map([...sources, 'logs' as const].map((role) => [plan.buckets[role], role]))
  const client = operatorS3(settings, plan.accountId)
  return [...buckets].flatMap(([bucket, role]) =>
    bucket === undefined
      ? []
      : [
          {
            name: `events of ${role}`,
            permission: `s3:GetBucketNotification on ${bucket}`,
            async look() {
              const isAdopted = plan.adopted.includes(role)
              try {
                const found = await client.send(
                  new GetBucketNotificationConfigurationCommand({ Bucket: bucket }),
                )
                if (found.EventBridgeConfiguration) return ok(`${bucket} tells EventBridge of its objects`)
              } catch (error) {
                if (!isAwsAnswer(error, 'NoSuchBucket')) throw error
                return fail(
                  `there is no bucket ${bucket}`,
                  isAdopted ? 'make it, or correct the registry' : deployAgain,
                )
              }
              return fail(
                `${bucket} does not tell EventBridge of its objects: no upload starts a run`,
                isAdopted
                  ? 'its owner switches that on: Properties, Event notifications, Amazon EventBridge'
                  : deployAgain,
              )
            },
          },
        ],
  )
}

function rulesCheck(plan: Plan, settings: AwsSettings): Check {
  const client = new EventBridgeClient({ ...settings })
  const forward = stackPartName(plan, 'forward')
  const own = plan.runs.flatMap(({ trigger, names }) => (trigger.kind === 's3' ? [names.rule] : []))
  const wanted = [...own, stackPartName(plan, 'failures')]
  return {
    name: 'rules',
    permission: 'events:ListRules',
    async look() {
      let rules: Rule[]
      try {
        rules = await rulesOf(client, { EventBusName: plan.names.eventBus })
      } catch (error) {
        if (!isAwsAnswer(error, 'ResourceNotFoundException')) throw error
        return fail(`there is no event bus ${plan.names.eventBus}`, deployAgain)
      }
      rules.push(...(await rulesOf(client, { NamePrefix: forward })))
      const states = new Map(rules.map(({ Name = '', State }) => [Name, State]))
      const missing = [...wanted, forward].filter((name) => !states.has(name))
      if (missing.length > 0)
        return fail(`missing: ${listed(missing)}: no upload starts these runs`, deployAgain)
      const off = [...wanted, forward].filter((name) => states.get(name) === 'DISABLED')
      if (off.length > 0)
        return fail(
          `switched off: ${listed(off)}`,
          'switch them on: `aws events enable-rule`, or deploy again',
        )
      return ok(`${counted(own.length, 'rule')} of runs, one of failures, one that forwards, all on`)
    },
  }
}

async function rulesOf(
  client: EventBridgeClient,
  input: { readonly EventBusName?: string; readonly NamePrefix?: string },
): Promise<Rule[]> {
  const rules: Rule[] = []
  for (let token: string | undefined; ; ) {
    const page = await client.send(
      new ListRulesCommand({ ...input, ...(token !== undefined && { NextToken: token }) }),
    )
    rules.push(...(page.Rules ?? []))
    token = page.NextToken
    if (!token) return rules
  }
}

function schedulesCheck(plan: Plan, settings: AwsSettings): Check {
  const client = new SchedulerClient({ ...settings })
  const own = plan.runs.flatMap(({ trigger, names }) => (trigger.kind === 'cron' ? [names.schedule] : []))
  const wanted = [...own, stackPartName(plan, 'lateness')]
  return {
    name: 'schedules',
    permission: 'scheduler:ListSchedules',
    async look() {
      let schedules: ScheduleSummary[]
      try {
        schedules = await schedulesOf(client, plan.names.scheduleGroup)
      } catch (error) {
        if (!isAwsAnswer(error, 'ResourceNotFoundException')) throw error
        return fail(`there is no schedule group ${plan.names.scheduleGroup}`, deployAgain)
      }
      const states = new Map(schedules.map(({ Name = '', State }) => [Name, State]))
      const missing = wanted.filter((name) => !states.has(name))
      if (missing.length > 0)
        return fail(`missing: ${listed(missing)}: nothing starts these runs`, deployAgain)
      const planned = plan.schedulesEnabled ? 'ENABLED' : 'DISABLED'
      const other = wanted.filter((name) => states.get(name) !== planned)
      if (other.length > 0) {
        return plan.schedulesEnabled
          ? fail(`switched off, and planned to be on: ${listed(other)}`, deployAgain)
          : warn(`switched on, and planned to be off: ${listed(other)}`, deployAgain)
      }
      const state = plan.schedulesEnabled ? 'on' : 'off, as this stack’s `schedules` are'
      return ok(`${counted(own.length, 'schedule')} of runs, one of late runs, ${state}`)
    },
  }
}

async function schedulesOf(client: SchedulerClient, group: string): Promise<ScheduleSummary[]> {
  const schedules: ScheduleSummary[] = []
  for (let token: string | undefined; ; ) {
    const page = await client.send(
      new ListSchedulesCommand({ GroupName: group, ...(token !== undefined && { NextToken: token }) }),
    )
    schedules.push(...(page.Schedules ?? []))
    token = page.NextToken
    if (!token) return schedules
  }
}
