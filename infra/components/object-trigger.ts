import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Trigger } from '../../runtime/contracts.ts'
import { startPattern } from '../event-patterns.ts'
import { runTags } from '../names.ts'
import { arnOf } from '../permissions.ts'
import { jobInputTransformer } from '../run-environment.ts'
import { deliveryRetries } from './delivery.ts'
import type { TriggerArgs } from './run-target.ts'
import { makeStartRole } from './start-role.ts'

export interface ObjectTriggerArgs extends TriggerArgs {
  readonly trigger: Extract<Trigger, { kind: 's3' }>
  readonly bus: aws.cloudwatch.EventBus
  readonly deadLetters: aws.sqs.Queue
}

/** Starts a run for each object that is created where it reads. */
export class ObjectTrigger extends pulumi.ComponentResource {
  readonly rule: aws.cloudwatch.EventRule

  constructor(name: string, args: ObjectTriggerArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:ObjectTrigger', name, {}, opts)
    const { plan, run, trigger, bus } = args
    this.rule = new aws.cloudwatch.EventRule(
      `${name}-rule`,
      {
        name: run.names.rule,
        description: `Objects that start ${run.key}`,
        eventBusName: bus.name,
        eventPattern: JSON.stringify(startPattern(trigger, plan)),
        tags: runTags(run),
      },
      { parent: this },
    )
    if (args.target.kind === 'function') this.#startFunction(name, args, args.target)
    else this.#startJob(name, args, args.target)
    this.registerOutputs({ rule: this.rule.name })
  }

  #startFunction(
    name: string,
    { bus, deadLetters }: ObjectTriggerArgs,
    target: Extract<ObjectTriggerArgs['target'], { kind: 'function' }>,
  ): void {
    const permission = new aws.lambda.Permission(
      `${name}-permission`,
      {
        statementId: 'rule',
        action: 'lambda:InvokeFunction',
        function: target.name,
        principal: 'events.amazonaws.com',
        sourceArn: this.rule.arn,
      },
      { parent: this },
    )
    new aws.cloudwatch.EventTarget(
      `${name}-target`,
      {
        rule: this.rule.name,
        eventBusName: bus.name,
        targetId: 'function',
        arn: target.arn,
        ...deliveryRetries(deadLetters),
      },
      // An event that comes before the permission is lost to the dead letters, untried.
      { parent: this, dependsOn: [permission] },
    )
  }

  #startJob(
    name: string,
    { plan, run, bus, deadLetters }: ObjectTriggerArgs,
    target: Extract<ObjectTriggerArgs['target'], { kind: 'job' }>,
  ): void {
    const sourceArn = arnOf(plan, 'events', `rule/${plan.names.eventBus}/${run.names.rule}`)
    const { role, access } = makeStartRole(
      name,
      { plan, run, service: 'events.amazonaws.com', sourceArn },
      { parent: this },
    )
    new aws.cloudwatch.EventTarget(
      `${name}-target`,
      {
        rule: this.rule.name,
        eventBusName: bus.name,
        targetId: 'job',
        arn: target.queueArn,
        roleArn: role.arn,
        batchTarget: {
          jobDefinition: target.definitionArn,
          jobName: run.names.function,
          ...(target.shards !== undefined && { arraySize: target.shards }),
        },
        inputTransformer: jobInputTransformer,
        ...deliveryRetries(deadLetters),
      },
      { parent: this, dependsOn: [access] },
    )
  }
}
