import type * as pulumi from '@pulumi/pulumi'
import type { Plan, PlannedRun } from '../../runtime/contracts.ts'
import { arnOf, type Statement } from '../permissions.ts'

/** What a trigger starts: a function, or a job of a queue. */
export type RunTarget =
  | { readonly kind: 'function'; readonly arn: pulumi.Output<string>; readonly name: pulumi.Output<string> }
  | {
      readonly kind: 'job'
      readonly queueArn: pulumi.Output<string>
      /** Without a revision: a rule that names one loses its events when the next is deployed. */
      readonly definitionArn: pulumi.Output<string>
      /** Of a scan that is shared: the size of its array job. */
      readonly shards?: number
    }

/** What every trigger of a run is made of. */
export interface TriggerArgs {
  readonly plan: Plan
  readonly run: PlannedRun
  readonly target: RunTarget
}

/** The queue that a run's jobs wait in. */
export function queueName(plan: Plan, run: PlannedRun): string {
  return run.compute.spot ? plan.names.jobQueue : plan.names.onDemandJobQueue
}

/** What it takes to start a run of this kind, and nothing more. */
export function startStatements(plan: Plan, run: PlannedRun): Statement[] {
  const { names } = run
  if (run.compute.kind === 'Lambda') {
    return [
      {
        Sid: 'Start',
        Effect: 'Allow',
        Action: ['lambda:InvokeFunction'],
        Resource: [arnOf(plan, 'lambda', `function:${names.function}`)],
      },
    ]
  }
  // Batch asks for both; a definition with and without its revision.
  const definition = arnOf(plan, 'batch', `job-definition/${names.jobDefinition}`)
  return [
    {
      Sid: 'Start',
      Effect: 'Allow',
      Action: ['batch:SubmitJob'],
      Resource: [definition, `${definition}:*`, arnOf(plan, 'batch', `job-queue/${queueName(plan, run)}`)],
    },
  ]
}
