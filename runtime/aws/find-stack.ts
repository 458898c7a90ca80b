import type { ObjectReader, Plan } from '../contracts.ts'
import { StoreError, UsageError } from '../errors.ts'
import { type Deployment, deploymentKey, planKey } from '../plan/deployment.ts'
import { readJsonObject } from '../run/json-object.ts'
import { S3ObjectStore } from '../storage/s3.ts'
import { awsError, ExplainedError, isAwsAnswer } from './aws-error.ts'
import type { AwsSettings } from './aws-settings.ts'
import { operatorS3 } from './operator-s3.ts'

/** A stack as it was deployed last. */
export interface DeployedStack {
  readonly plan: Plan
  /** `undefined` when it was deployed by a version that left none. */
  readonly deployment: Deployment | undefined
  readonly logs: ObjectReader
}

/** Nothing is deployed of the stack that was named. */
export class NotDeployedError extends ExplainedError {}

/** The logs bucket of a stack: its name depends on the stack's alone, so that today's plan tells that of any day's. */
export function logsBucketOf(plan: Plan): string {
  const bucket = plan.buckets.logs
  if (bucket === undefined) throw new RangeError(`the plan of ${plan.stack} has no logs bucket`)
  return bucket
}

/**
 * What the last deployment of a stack has left in its logs bucket. `planned` is the stack as the registry has it now.
 * @throws NotDeployedError, and UsageError that says what is wrong with the credentials
 */
export async function findStack(planned: Plan, settings: AwsSettings): Promise<DeployedStack> {
  const bucket = logsBucketOf(planned)
  const logs = new S3ObjectStore({ client: operatorS3(settings, planned.accountId), bucket })
  const plan = await read<Plan>(planned, logs, planKey)
  if (plan === undefined) throw notDeployed(planned, `its logs bucket ${bucket} holds no ${planKey}`)
  if (plan.stack !== planned.stack || plan.accountId !== planned.accountId || !Array.isArray(plan.runs)) {
    throw new StoreError(
      `s3://${bucket}/${planKey} is not the plan of the stack ${planned.stack}: deploy it again`,
    )
  }
  const deployment = await read<Deployment>(planned, logs, deploymentKey)
  if (deployment !== undefined && deployment.format !== 1) {
    throw new UsageError(
      `s3://${bucket}/${deploymentKey} has the format ${String(deployment.format)}: use the version of Sluice that deployed it`,
    )
  }
  return { plan, deployment, logs }
}

async function read<T>(planned: Plan, logs: S3ObjectStore, key: string): Promise<T | undefined> {
  try {
    return (await readJsonObject(logs, key))?.value as T | undefined
  } catch (error) {
    if (isAwsAnswer(error, 'NoSuchBucket'))
      throw notDeployed(planned, `there is no bucket ${logs.bucket}`, error)
    throw awsError(error, `s3:GetObject on ${logs.bucket}/${key}`)
  }
}

function notDeployed({ stack, accountId, region }: Plan, why: string, cause?: unknown): NotDeployedError {
  return new NotDeployedError(
    `the stack ${stack} is not deployed in account ${accountId}, ${region}: ${why}`,
    { cause },
  )
}
