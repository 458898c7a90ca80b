import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan, Trigger } from '../../runtime/contracts.ts'
import { arnOf, partitionOf, type Statement } from '../permissions.ts'
import { scheduledInput, scheduledJobInput } from '../run-environment.ts'
import type { TriggerArgs } from './run-target.ts'
import { makeStartRole } from './start-role.ts'

export interface ScheduleTriggerArgs extends TriggerArgs {
  readonly trigger: Extract<Trigger, { kind: 'cron' }>
  readonly group: aws.scheduler.ScheduleGroup
  readonly deadLetters: aws.sqs.Queue
}

/** A look that is an hour late finds what the next one would. */
const retries = { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 30 }

/** Looks on a schedule for what there is to run. The run is told the time that was meant. */
export class ScheduleTrigger extends pulumi.ComponentResource {
  readonly schedule: aws.scheduler.Schedule

  constructor(name: string, args: ScheduleTriggerArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:ScheduleTrigger', name, {}, opts)
    const { plan, run, trigger, target, group, deadLetters } = args
    const { role, access } = makeStartRole(
      name,
      {
        plan,
        run,
        service: 'scheduler.amazonaws.com',
        sourceArn: scheduleGroupArn(plan),
        statements: deadLetterStatements(plan),
      },
      { parent: this },
    )
    this.schedule = new aws.scheduler.Schedule(
      `${name}-schedule`,
      {
        name: run.names.schedule,
        groupName: group.name,
        description: `When ${run.key} looks for work`,
        scheduleExpression: trigger.expression,
        scheduleExpressionTimezone: trigger.timezone,
        flexibleTimeWindow: { mode: 'OFF' },
        state: plan.schedulesEnabled ? 'ENABLED' : 'DISABLED',
        target: {
          roleArn: role.arn,
          retryPolicy: retries,
          deadLetterConfig: { arn: deadLetters.arn },
          ...(target.kind === 'function'
            ? { arn: target.arn, input: scheduledInput }
            : {
                arn: `arn:${partitionOf(plan.region)}:scheduler:::aws-sdk:batch:submitJob`,
                input: pulumi
                  .all([target.queueArn, target.definitionArn])
                  .apply(([jobQueue, jobDefinition]) =>
                    scheduledJobInput({
                      jobName: run.names.function,
                      jobQueue,
                      jobDefinition,
                      shards: target.shards,
                    }),
                  ),
              }),
        },
      },
      { parent: this, dependsOn: [access] },
    )
    this.registerOutputs({ schedule: this.schedule.name })
  }
}

/** Scheduler names its group, and not the schedule, as the source of what it does. */
export function scheduleGroupArn(plan: Plan): string {
  return arnOf(plan, 'scheduler', `schedule-group/${plan.names.scheduleGroup}`)
}

/** Scheduler sends dead letters with the schedule's own role. */
export function deadLetterStatements(plan: Plan): Statement[] {
  return [
    {
      Sid: 'DeadLetters',
      Effect: 'Allow',
      Action: ['sqs:SendMessage'],
      Resource: [arnOf(plan, 'sqs', plan.names.deadLetterQueue)],
    },
  ]
}
