import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { stackPartName } from '../names.ts'
import { arnOf, tlsOnlyStatement } from '../permissions.ts'

const fourteenDays = 14 * 86_400

/** The queue for every event of a stack that could not be delivered. Messages tell the rule or schedule and the error. */
export class DeadLetters extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue

  constructor(name: string, { plan }: { readonly plan: Plan }, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:DeadLetters', name, {}, opts)
    const queueName = plan.names.deadLetterQueue
    this.queue = new aws.sqs.Queue(
      `${name}-queue`,
      { name: queueName, messageRetentionSeconds: fourteenDays, sqsManagedSseEnabled: true },
      { parent: this },
    )
    new aws.sqs.QueuePolicy(
      `${name}-policy`,
      {
        queueUrl: this.queue.url,
        policy: queuePolicy(plan, queueName, [
          arnOf(plan, 'events', `rule/${plan.names.eventBus}/*`),
          arnOf(plan, 'events', `rule/${stackPartName(plan, 'forward')}`),
        ]),
      },
      { parent: this },
    )
    this.registerOutputs({ queueUrl: this.queue.url })
  }
}

/** A queue that these EventBridge rules may send to, over TLS. */
export function queuePolicy(plan: Plan, queueName: string, ruleArns: readonly string[]): string {
  const queueArn = arnOf(plan, 'sqs', queueName)
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      tlsOnlyStatement([queueArn], 'sqs:*'),
      {
        Sid: 'Rules',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: {
          ArnLike: { 'aws:SourceArn': ruleArns },
          StringEquals: { 'aws:SourceAccount': plan.accountId },
        },
      },
    ],
  })
}
