import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import { forwardPattern } from '../event-patterns.ts'
import { stackPartName } from '../names.ts'
import { arnOf, policyJson, trustJson } from '../permissions.ts'
import { deliveryRetries } from './delivery.ts'

export interface EventBusArgs {
  readonly plan: Plan
  readonly jobQueueArns: readonly string[]
  readonly deadLetters: aws.sqs.Queue
}

/**
 * A bus of the stack's own, fed by one rule on the account's default bus, the only one that AWS's own events reach.
 * So a stack has room for 300 rules, and all the stacks of an account need not share that.
 */
export class EventBus extends pulumi.ComponentResource {
  readonly bus: aws.cloudwatch.EventBus

  constructor(
    name: string,
    { plan, jobQueueArns, deadLetters }: EventBusArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:EventBus', name, {}, opts)
    const ruleName = stackPartName(plan, 'forward')
    this.bus = new aws.cloudwatch.EventBus(`${name}-bus`, { name: plan.names.eventBus }, { parent: this })
    const rule = new aws.cloudwatch.EventRule(
      `${name}-forward`,
      {
        name: ruleName,
        description: `What the stack ${plan.stack} of ${plan.project} listens to`,
        eventPattern: JSON.stringify(forwardPattern(plan, jobQueueArns)),
      },
      { parent: this },
    )
    const role = new aws.iam.Role(
      `${name}-role`,
      {
        name: ruleName,
        assumeRolePolicy: trustJson('events.amazonaws.com', plan, arnOf(plan, 'events', `rule/${ruleName}`)),
      },
      { parent: this },
    )
    const access = new aws.iam.RolePolicy(
      `${name}-access`,
      {
        name: 'access',
        role: role.name,
        policy: policyJson(
          [
            {
              Sid: 'Forward',
              Effect: 'Allow',
              Action: ['events:PutEvents'],
              Resource: [arnOf(plan, 'events', `event-bus/${plan.names.eventBus}`)],
            },
          ],
          name,
        ),
      },
      { parent: this },
    )
    new aws.cloudwatch.EventTarget(
      `${name}-target`,
      {
        rule: rule.name,
        targetId: 'bus',
        arn: this.bus.arn,
        roleArn: role.arn,
        ...deliveryRetries(deadLetters),
      },
      { parent: this, dependsOn: [access] },
    )
    this.registerOutputs({ busName: this.bus.name })
  }
}
