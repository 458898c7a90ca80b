import path from 'node:path'
import { AwsServer, callerIdentity, type Operations } from '../../aws/testing/aws-server.ts'
import type { Plan } from '../../contracts.ts'
import type { Deployment } from '../../plan/deployment.ts'
import { planRuns } from '../../plan/plan.ts'
import { loadRegistry } from '../../registry/load.ts'
import { S3Server } from '../../storage/testing/s3-server.ts'
import { makeSandbox, type Sandbox } from './sandbox.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** What the SDK would look for beside the environment. */
const noConfiguration = {
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
}

/** A stack of this project's own registry on local servers of S3 and the rest of AWS, and a project to run commands in. */
export class DeployedTestStack {
  readonly plan: Plan
  readonly s3: S3Server
  readonly aws: AwsServer
  readonly box: Sandbox

  private constructor(plan: Plan, s3: S3Server, aws: AwsServer) {
    this.plan = plan
    this.s3 = s3
    this.aws = aws
    this.box = makeSandbox({ env: this.environment() })
  }

  static async start(stack: string, operations: Operations = {}): Promise<DeployedTestStack> {
    const plan = planRuns(loadRegistry({ projectRoot: root, stack }), { stack })
    const s3 = await S3Server.start({ buckets: [...new Set(Object.values(plan.buckets))] })
    const aws = await AwsServer.start({
      'sts:GetCallerIdentity': () => callerIdentity(plan.accountId),
      ...operations,
    })
    const deployed = new DeployedTestStack(plan, s3, aws)
    deployed.leave('plan.json', plan)
    return deployed
  }

  /** The catalog cluster's address is of no interest to the stand-in: the database is. */
  leaveDeployment(deployment: Partial<Deployment> = {}): void {
    this.leave('deployment.json', { format: 1, topicArn: 'arn:topic', architecture: 'arm64', ...deployment })
  }

  leave(key: string, value: unknown): void {
    this.put(this.plan.buckets.logs as string, key, JSON.stringify(value))
  }

  put(bucket: string, key: string, text: string): void {
    const body = Buffer.from(text)
    this.s3.buckets
      .get(bucket)
      ?.set(key, { body, etag: `e${body.length}`, lastModified: new Date(0), headers: {} })
  }

  environment(): Record<string, string> {
    return {
      ...noConfiguration,
      AWS_ACCESS_KEY_ID: 'ann',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: this.aws.endpoint,
      AWS_ENDPOINT_URL_S3: this.s3.endpoint,
      AWS_REGION: '',
      AWS_PROFILE: '',
      DATABASE_URL: '',
    }
  }

  async close(): Promise<void> {
    this.box.remove()
    await this.s3.close()
    await this.aws.close()
  }
}
