import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import type { Code } from '../artefacts.ts'
import { alertPattern } from '../event-patterns.ts'
import { stackPartName } from '../names.ts'
import { alertStatements, arnOf, logStatements, policyJson, trustJson } from '../permissions.ts'
import { type AlertEnvironment, scheduledInput } from '../run-environment.ts'
import { queuePolicy } from './dead-letters.ts'
import { deliveryRetries } from './delivery.ts'
import { makeIdentity } from './identity.ts'
import { deadLetterStatements, scheduleGroupArn } from './schedule-trigger.ts'

export interface AlertsArgs {
  readonly plan: Plan
  readonly code: Code
  readonly architecture: 'arm64' | 'x64'
  readonly topicArn: string
  readonly jobQueueArns: readonly string[]
  readonly bus: aws.cloudwatch.EventBus
  readonly group: aws.scheduler.ScheduleGroup
  readonly deadLetters: aws.sqs.Queue
}

const timeoutSeconds = 120
/** How long failures are gathered into one mail. */
const batchWindowSeconds = 60
const fourteenDays = 14 * 86_400

/** One author of all alerts: failures by way of a queue, and once a day what is late. */
export class Alerts extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function
  readonly queue: aws.sqs.Queue

  constructor(name: string, args: AlertsArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:Alerts', name, {}, opts)
    this.queue = this.#makeQueue(name, args)
    this.#listen(name, args)
    this.function = this.#makeFunction(name, args)
    new aws.lambda.EventSourceMapping(
      `${name}-source`,
      {
        eventSourceArn: this.queue.arn,
        functionName: this.function.name,
        batchSize: 100,
        maximumBatchingWindowInSeconds: batchWindowSeconds,
        functionResponseTypes: ['ReportBatchItemFailures'],
      },
      { parent: this },
    )
    this.#lookDaily(name, args)
    this.registerOutputs({ function: this.function.name, queueUrl: this.queue.url })
  }

  #makeQueue(name: string, { plan, deadLetters }: AlertsArgs): aws.sqs.Queue {
    const queueName = plan.names.alertQueue
    const queue = new aws.sqs.Queue(
      `${name}-queue`,
      {
        name: queueName,
        sqsManagedSseEnabled: true,
        messageRetentionSeconds: fourteenDays,
        // Six times the function's time, as Lambda advises; what fails five times is left to the dead letters.
        visibilityTimeoutSeconds: 6 * timeoutSeconds + batchWindowSeconds,
        redrivePolicy: deadLetters.arn.apply((deadLetterTargetArn) =>
          JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 }),
        ),
      },
      { parent: this },
    )
    const ruleArn = arnOf(plan, 'events', `rule/${plan.names.eventBus}/${stackPartName(plan, 'failures')}`)
    new aws.sqs.QueuePolicy(
      `${name}-queue-policy`,
      { queueUrl: queue.url, policy: queuePolicy(plan, queueName, [ruleArn]) },
      { parent: this },
    )
    return queue
  }

  #listen(name: string, { plan, bus, jobQueueArns, deadLetters }: AlertsArgs): void {
    const rule = new aws.cloudwatch.EventRule(
      `${name}-rule`,
      {
        name: stackPartName(plan, 'failures'),
        description: 'What alerts are made from',
        eventBusName: bus.name,
        eventPattern: JSON.stringify(alertPattern(plan, jobQueueArns)),
      },
      { parent: this },
    )
    new aws.cloudwatch.EventTarget(
      `${name}-target`,
      {
        rule: rule.name,
        eventBusName: bus.name,
        targetId: 'queue',
        arn: this.queue.arn,
        ...deliveryRetries(deadLetters),
      },
      { parent: this },
    )
  }

  #makeFunction(name: string, { plan, code, architecture, topicArn }: AlertsArgs): aws.lambda.Function {
    const functionName = plan.names.alertFunction
    const statements = [...alertStatements(plan, topicArn), ...logStatements(plan, `/sluice/${functionName}`)]
    const { logGroup, role, access } = makeIdentity(
      name,
      {
        plan,
        logGroupName: `/sluice/${functionName}`,
        role: { name: functionName, assumeRolePolicy: trustJson('lambda.amazonaws.com', plan) },
        policy: () => policyJson(statements, functionName),
      },
      { parent: this },
    )
    const variables: AlertEnvironment = {
      SLUICE_BUCKETS: JSON.stringify(plan.buckets),
      SLUICE_CODE_VERSION: code.version,
      SLUICE_STACK: plan.stack,
      SLUICE_TOPIC_ARN: topicArn,
    }
    return new aws.lambda.Function(
      `${name}-function`,
      {
        name: functionName,
        description: `Tells of failed and late runs of ${plan.project}, stack ${plan.stack}`,
        ...code.location,
        handler: code.handler,
        runtime: 'nodejs24.x',
        architectures: [architecture === 'arm64' ? 'arm64' : 'x86_64'],
        role: role.arn,
        memorySize: 512,
        timeout: timeoutSeconds,
        loggingConfig: { logFormat: 'JSON', logGroup: logGroup.name },
        environment: { variables: { ...variables } },
      },
      { parent: this, dependsOn: [access, logGroup] },
    )
  }

  #lookDaily(name: string, { plan, group, deadLetters }: AlertsArgs): void {
    const role = new aws.iam.Role(
      `${name}-schedule-role`,
      {
        name: stackPartName(plan, 'lateness'),
        assumeRolePolicy: trustJson('scheduler.amazonaws.com', plan, scheduleGroupArn(plan)),
      },
      { parent: this },
    )
    const access = new aws.iam.RolePolicy(
      `${name}-schedule-access`,
      {
        name: 'access',
        role: role.name,
        policy: policyJson(
          [
            {
              Sid: 'Start',
              Effect: 'Allow',
              Action: ['lambda:InvokeFunction'],
              Resource: [arnOf(plan, 'lambda', `function:${plan.names.alertFunction}`)],
            },
            ...deadLetterStatements(plan),
          ],
          name,
        ),
      },
      { parent: this },
    )
    new aws.scheduler.Schedule(
      `${name}-schedule`,
      {
        name: stackPartName(plan, 'lateness'),
        groupName: group.name,
        description: 'When late runs are looked for',
        scheduleExpression: 'cron(0 6 * * ? *)',
        scheduleExpressionTimezone: 'UTC',
        flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: 15 },
        // Nothing is late on a stack whose schedules are off.
        state: plan.schedulesEnabled ? 'ENABLED' : 'DISABLED',
        target: {
          arn: this.function.arn,
          roleArn: role.arn,
          input: scheduledInput,
          retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 30 },
          deadLetterConfig: { arn: deadLetters.arn },
        },
      },
      { parent: this, dependsOn: [access] },
    )
  }
}
