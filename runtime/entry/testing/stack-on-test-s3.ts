import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { demoInputs } from '../../../pipelines/buoy_waves/demo.ts'
import type { PlannedRun } from '../../contracts.ts'
import { planRuns } from '../../plan/plan.ts'
import { loadRegistry } from '../../registry/load.ts'
import type { RunRecord } from '../../run/record.ts'
import { S3ObjectStore } from '../../storage/s3.ts'
import { makeS3Client } from '../../storage/s3-client.ts'
import { S3Server } from '../../storage/testing/s3-server.ts'
import type { ProcessParts } from '../open-executor.ts'
import type { Environment } from '../settings.ts'
import { awsEvent } from './aws-event.ts'

const projectRoot = path.resolve(import.meta.dirname, '../../..')
export const buckets = { input: 'acme-ocean-input', output: 'acme-ocean-output', logs: 'acme-logs' }

/** The sample ingest of buoy data on a test S3, as a function or a job of the stack would meet it. */
export class StackOnTestS3 {
  readonly server: S3Server
  readonly run: PlannedRun
  /** Files that it can ingest. */
  readonly contents: readonly Uint8Array[]
  readonly lines: string[] = []
  readonly #scratchRoot = mkdtempSync(path.join(os.tmpdir(), 'entry-test-'))

  private constructor(server: S3Server) {
    this.server = server
    const plan = planRuns(loadRegistry({ projectRoot, stack: 'dev' }), { stack: 'dev' })
    this.run = plan.runs.find(({ key }) => key === 'buoy_waves/humboldt') as PlannedRun
    this.contents = demoInputs()
      .filter(({ name }) => name.includes('20201201'))
      .map(({ content }) => Buffer.from(content as string))
  }

  static async start(): Promise<StackOnTestS3> {
    return new StackOnTestS3(await S3Server.start({ buckets: Object.values(buckets) }))
  }

  async close(): Promise<void> {
    await this.server.close()
    rmSync(this.#scratchRoot, { recursive: true, force: true })
  }

  bucket(role: keyof typeof buckets): S3ObjectStore {
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
    const client = makeS3Client({ region: 'us-west-2', endpoint: this.server.endpoint, credentials })
    return new S3ObjectStore({ client, bucket: buckets[role] })
  }

  /** Below the run's prefix. */
  key(name: string): string {
    return `${this.run.trigger.source?.prefix}${name}`
  }

  async upload(name: string, content: Uint8Array | string): Promise<string> {
    await this.bucket('input').put(this.key(name), content)
    return this.key(name)
  }

  /** The event of an object that was put. */
  created(name: string): unknown {
    const event = awsEvent('object-created-put') as { detail: { bucket: object; object: object } }
    const { detail } = event
    return {
      ...event,
      detail: {
        ...detail,
        bucket: { name: buckets.input },
        object: { ...detail.object, key: this.key(name) },
      },
    }
  }

  parts(environment: Environment = {}, changes: Partial<PlannedRun> = {}): ProcessParts {
    return {
      environment: {
        SLUICE_RUN: JSON.stringify({ ...this.run, ...changes }),
        SLUICE_BUCKETS: JSON.stringify(buckets),
        SLUICE_CODE_VERSION: 'v1',
        ...environment,
      },
      projectRoot,
      scratchRoot: this.#scratchRoot,
      version: '0.0.0-test',
      classes: {},
      clock: () => new Date(),
      write: (line) => this.lines.push(line),
    }
  }

  keys(role: keyof typeof buckets, prefix = ''): string[] {
    return [...(this.server.buckets.get(buckets[role])?.keys() ?? [])]
      .filter((key) => key.startsWith(prefix))
      .sort()
  }

  /** Every record, by start. */
  records(): RunRecord[] {
    const objects = this.server.buckets.get(buckets.logs)
    return this.keys('logs', 'runs/').map((key) => JSON.parse(String(objects?.get(key)?.body)) as RunRecord)
  }
}

/** What the AWS SDK finds in the environment of a function. */
export function useTestCredentials(endpoint: string): void {
  process.env.AWS_REGION = 'us-west-2'
  process.env.AWS_ACCESS_KEY_ID = 'role'
  process.env.AWS_SECRET_ACCESS_KEY = 'secret'
  process.env.AWS_ENDPOINT_URL_S3 = endpoint
}
