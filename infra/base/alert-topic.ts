import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { alertTopicName } from '../names.ts'
import { arnOf, tlsOnlyStatement } from '../permissions.ts'

/** Every address that any pipeline's alerts go to, sorted. */
function recipients(plan: Plan): string[] {
  return [
    ...new Set([plan.alerts, ...plan.runs.map((run) => run.alerts)].flatMap(({ emails }) => emails)),
  ].toSorted()
}

/**
 * One topic for all branches, so that nobody has to confirm a subscription for each. Messages name their recipients in
 * an attribute; CloudWatch's alarms have none and go to the registry's own addresses. Not encrypted with a key of ours:
 * alarms cannot publish to a topic that has AWS's, and a message does not stay in a topic.
 */
export class AlertTopic extends pulumi.ComponentResource {
  readonly topic: aws.sns.Topic

  constructor(name: string, { plan }: { readonly plan: Plan }, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:AlertTopic', name, {}, opts)
    this.topic = new aws.sns.Topic(
      `${name}-topic`,
      { name: alertTopicName, displayName: 'Sluice' },
      { parent: this },
    )
    new aws.sns.TopicPolicy(
      `${name}-policy`,
      { arn: this.topic.arn, policy: topicPolicy(plan) },
      { parent: this },
    )
    for (const email of recipients(plan)) {
      const isForAll = plan.alerts.emails.includes(email)
      new aws.sns.TopicSubscription(
        `${name}-${email}`,
        {
          topic: this.topic.arn,
          protocol: 'email',
          endpoint: email,
          filterPolicyScope: 'MessageAttributes',
          filterPolicy: JSON.stringify({ recipients: [email, ...(isForAll ? [{ exists: false }] : [])] }),
        },
        { parent: this },
      )
    }
    this.registerOutputs({ topicArn: this.topic.arn })
  }
}

function topicPolicy(plan: Plan): string {
  const topicArn = arnOf(plan, 'sns', alertTopicName)
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      tlsOnlyStatement([topicArn], 'sns:Publish'),
      {
        Sid: 'Alarms',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: topicArn,
        Condition: { StringEquals: { 'aws:SourceAccount': plan.accountId } },
      },
    ],
  })
}
