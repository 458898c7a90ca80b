import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { Plan } from '../../contracts.ts'
import { isAwsAnswer } from '../aws-error.ts'
import type { AwsSettings } from '../aws-settings.ts'
import { type Check, counted, type Finding, fail, ok, warn } from './check.ts'

interface Depth {
  readonly url: string
  /** Those that can be received, and those that somebody is at; both nearly. */
  readonly waiting: number
  readonly inFlight: number
}

/** As many as one call of the alert function takes: more are left only where it does not keep up, or fails. */
const alertsAtOnce = 100
const minute = 60_000

/** The queues of what was not delivered and of what is to be told. */
export function queueChecks(plan: Plan, settings: AwsSettings, now: Date): Check[] {
  const client = new SQSClient({ ...settings })
  return [
    {
      name: 'dead letters',
      permission: 'sqs:GetQueueUrl, sqs:GetQueueAttributes and sqs:ReceiveMessage',
      async look() {
        const name = plan.names.deadLetterQueue
        const depth = await depthOf(client, plan, name)
        if (!depth) return missing(name)
        if (depth.waiting + depth.inFlight === 0) return ok('every event was delivered')
        return fail(
          `${counted(depth.waiting + depth.inFlight, 'event')} could not be delivered${await oldestOf(client, depth.url, now)}`,
          `mend the cause, then read them: \`aws sqs receive-message --queue-url ${depth.url} --message-attribute-names All\``,
        )
      },
    },
    {
      name: 'alerts',
      permission: 'sqs:GetQueueUrl and sqs:GetQueueAttributes',
      async look() {
        const name = plan.names.alertQueue
        const depth = await depthOf(client, plan, name)
        if (!depth) return missing(name)
        if (depth.waiting <= alertsAtOnce) return ok(`${counted(depth.waiting, 'failure')} to be told`)
        return warn(
          `${depth.waiting} failures wait to be told: the alert function does not keep up`,
          `see its log: \`aws logs tail /sluice/${plan.names.alertFunction}\``,
        )
      },
    },
  ]
}

const missing = (name: string): Finding =>
  fail(`there is no queue ${name}`, 'deploy again: `pulumi up --refresh`')

async function depthOf(client: SQSClient, plan: Plan, name: string): Promise<Depth | undefined> {
  try {
    const { QueueUrl: url = '' } = await client.send(
      new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: plan.accountId }),
    )
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    )
    const number = (key: keyof typeof Attributes) => Number(Attributes[key] ?? 0)
    return {
      url,
      waiting: number('ApproximateNumberOfMessages'),
      inFlight: number('ApproximateNumberOfMessagesNotVisible'),
    }
  } catch (error) {
    if (isAwsAnswer(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue')) return undefined
    throw error
  }
}

/**
 * The oldest of up to ten messages, and why it came here. They stay as they are: nobody else reads this queue, and they
 * can be received again at once.
 */
async function oldestOf(client: SQSClient, url: string, now: Date): Promise<string> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      MessageSystemAttributeNames: ['SentTimestamp'],
      MessageAttributeNames: ['All'],
    }),
  )
  const [oldest] = Messages.toSorted((a, b) => sentAt(a) - sentAt(b))
  if (!oldest) return ''
  const why = [attribute(oldest, 'ERROR_CODE'), attribute(oldest, 'ERROR_MESSAGE')].filter(
    (text) => text !== '',
  )
  const rule = attribute(oldest, 'RULE_ARN').split('/').at(-1)
  return `; of ${Messages.length === 10 ? 'ten of them' : 'them'} the oldest is ${showAge(now.getTime() - sentAt(oldest))} old${rule ? `, of the rule ${rule}` : ''}${why.length > 0 ? `: ${why.join(': ')}` : ''}`
}

const sentAt = ({ Attributes }: Message) => Number(Attributes?.SentTimestamp ?? 0)
const attribute = ({ MessageAttributes }: Message, name: string) =>
  MessageAttributes?.[name]?.StringValue ?? ''

function showAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / minute))
  if (minutes < 120) return counted(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day')
}
