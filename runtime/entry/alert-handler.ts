import { createHash } from 'node:crypto'
import type { Log, ObjectStore, Plan } from '../contracts.ts'
import { StoreError } from '../errors.ts'
import { readJsonObject } from '../run/json-object.ts'
import { scheduledTime } from '../run/trigger-event.ts'
import { failureMail, latenessMail, type MailOrigin } from './alert-mail.ts'
import { parseAlertSources, recipientsOf } from './alert-source.ts'
import { findIncidents, type Incident } from './incident.ts'
import { findLateRuns, type LateRun } from './lateness.ts'
import { type SentAlerts, sentAlerts } from './sent-alerts.ts'
import type { Publish } from './sns-topic.ts'

export interface AlertParts {
  readonly logs: ObjectStore
  readonly publish: Publish
  readonly stack: string
  readonly logsBucket: string
  readonly clock: () => Date
  readonly log: Log
}

/** The messages that SQS is to show again, later. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}

interface QueueMessage {
  readonly messageId: string
  readonly body: string
}

/** Where the plan of the stack stands in its logs bucket. */
const planKey = 'plan.json'
/** Longer than the function may take. */
const leaseMs = 5 * 60_000

/**
 * The author of all alerts: of messages of the alert queue, one mail for all failures of the same addressees; of its
 * daily schedule (`scheduledTime`), one for all that is late. `requestId` is the same when Lambda tries again.
 */
export function createAlertHandler(
  parts: AlertParts,
): (event: unknown, context: { readonly awsRequestId: string }) => Promise<BatchAnswer> {
  return async (event, { awsRequestId }) => {
    const { clock, logs } = parts
    const sent = sentAlerts({ logs, sender: awsRequestId, clock, leaseMs })
    const { plan, deployedAt } = await readPlan(logs)
    const messages = messagesOf(event)
    if (messages) return { batchItemFailures: await tellFailures(parts, plan, sent, messages) }
    await tellLateness(parts, plan, sent, scheduledTime(event), deployedAt)
    return { batchItemFailures: [] }
  }
}

function messagesOf(event: unknown): readonly QueueMessage[] | undefined {
  const records = (event as { readonly Records?: unknown } | null)?.Records
  return Array.isArray(records) ? (records as QueueMessage[]) : undefined
}

async function readPlan(logs: ObjectStore): Promise<{ plan: Plan; deployedAt: Date }> {
  const [found, info] = await Promise.all([readJsonObject(logs, planKey), logs.head(planKey)])
  if (!found || !info)
    throw new StoreError(`${planKey}: there is no plan in the logs bucket; deploying writes it`)
  return { plan: found.value as Plan, deployedAt: info.lastModified }
}

async function tellFailures(
  parts: AlertParts,
  plan: Plan,
  sent: SentAlerts,
  messages: readonly QueueMessage[],
): Promise<{ itemIdentifier: string }[]> {
  const again = new Set<string>()
  const told = new Map<string, { incident: Incident; from: Set<string> }>()
  for (const { messageId, body } of messages) {
    try {
      for (const incident of await incidentsOf(parts, plan, body)) {
        const name = JSON.stringify(nameOf(incident))
        const known = told.get(name)
        if (known) known.from.add(messageId)
        else told.set(name, { incident, from: new Set([messageId]) })
      }
    } catch (error) {
      // The others must not wait for it; after some tries it is a dead letter, which has an alarm.
      parts.log.error('Alert:NotUnderstood', { messageId, error })
      again.add(messageId)
    }
  }
  const mine: typeof told = new Map()
  for (const [name, { incident, from }] of told) {
    const state = await sent.claim(nameOf(incident))
    if (state === 'mine') mine.set(name, { incident, from })
    if (state === 'busy') for (const messageId of from) again.add(messageId)
  }
  for (const group of byRecipients([...mine.values()])) {
    const isSent = await mailFailures(parts, sent, group)
    if (!isSent) for (const { from } of group) for (const messageId of from) again.add(messageId)
  }
  return [...again].map((itemIdentifier) => ({ itemIdentifier }))
}

async function incidentsOf(parts: AlertParts, plan: Plan, body: string): Promise<Incident[]> {
  const found: Incident[] = []
  for (const source of parseAlertSources(JSON.parse(body))) {
    found.push(...(await findIncidents({ ...parts, plan }, source)))
  }
  return found
}

type Told = { readonly incident: Incident; readonly from: ReadonlySet<string> }

const nameOf = ({ pipeline, site, runId }: Incident) => [pipeline, site, runId]

function byRecipients(told: readonly Told[]): Told[][] {
  const groups = new Map<string, Told[]>()
  for (const item of told) {
    const addresses = JSON.stringify(item.incident.recipients)
    groups.set(addresses, [...(groups.get(addresses) ?? []), item])
  }
  return [...groups.values()]
}

async function mailFailures(parts: AlertParts, sent: SentAlerts, group: readonly Told[]): Promise<boolean> {
  const incidents = group.map(({ incident }) => incident).toSorted((a, b) => (a.at < b.at ? -1 : 1))
  const recipients = incidents[0]?.recipients ?? []
  const runs = incidents.map(({ runId }) => runId)
  if (recipients.length === 0) {
    parts.log.warn('Alert:NoRecipients', { runs })
  } else {
    try {
      await parts.publish(failureMail(incidents, originOf(parts)), recipients)
      parts.log.info('Alert:Sent', { runs, recipients })
    } catch (error) {
      parts.log.error('Alert:NotSent', { runs, error })
      return false
    }
  }
  for (const incident of incidents) await sent.mark(nameOf(incident))
  return true
}

async function tellLateness(
  parts: AlertParts,
  plan: Plan,
  sent: SentAlerts,
  now: Date,
  deployedAt: Date,
): Promise<void> {
  const late = await findLateRuns(parts.logs, plan, now, deployedAt)
  parts.log.info('Lateness:Looked', { late: late.map(({ key }) => key) })
  for (const [addresses, runs] of lateByRecipients(plan, late)) {
    const recipients = JSON.parse(addresses) as string[]
    const name = ['late', now.toISOString().slice(0, 10), shortHash(addresses)]
    if (recipients.length === 0) parts.log.warn('Alert:NoRecipients', { late: runs.map(({ key }) => key) })
    else if ((await sent.claim(name)) === 'mine') {
      await parts.publish(latenessMail(runs, originOf(parts)), recipients)
      await sent.mark(name)
    }
  }
}

function lateByRecipients(plan: Plan, late: readonly LateRun[]): Map<string, LateRun[]> {
  const groups = new Map<string, LateRun[]>()
  for (const run of late) {
    const planned = plan.runs.find(({ key }) => key === run.key)
    const addresses = JSON.stringify(recipientsOf(planned, plan.alerts))
    groups.set(addresses, [...(groups.get(addresses) ?? []), run])
  }
  return groups
}

/** Addresses of people do not belong in keys. */
const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 10)

const originOf = ({ stack, logsBucket }: AlertParts): MailOrigin => ({ stack, logsBucket })
