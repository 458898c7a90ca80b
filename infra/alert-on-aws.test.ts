import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlannedRun } from '../runtime/contracts.ts'
import { awsEvent } from '../runtime/entry/testing/aws-event.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { S3ObjectStore } from '../runtime/storage/s3.ts'
import { makeS3Client } from '../runtime/storage/s3-client.ts'
import { S3Server } from '../runtime/storage/testing/s3-server.ts'
import { bundleAlert } from './bundle.ts'
import { alertStatements } from './permissions.ts'
import type { AlertEnvironment } from './run-environment.ts'
import { mayUseS3 } from './testing/iam-policy.ts'
import { awsEnvironment, UnpackedArtefact } from './testing/started-artefact.ts'

const projectRoot = path.resolve(import.meta.dirname, '..')
const plan = planRuns(loadRegistry({ projectRoot, stack: 'prod' }), { stack: 'prod' })
const logs = plan.buckets.logs as string
const topicArn = `arn:aws:sns:${plan.region}:${plan.accountId}:alerts`

describe('the alert function, as bundled, on an S3 that enforces its policy', () => {
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'alert-bundle-'))
  const mails: URLSearchParams[] = []
  let server: S3Server
  let sns: Server
  let artefact: UnpackedArtefact
  let size: number

  beforeAll(async () => {
    server = await S3Server.start({
      buckets: [logs],
      authorize: (action, bucket, key, principal) =>
        principal === 'admin' || mayUseS3(alertStatements(plan, topicArn), action, bucket, key),
    })
    sns = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        mails.push(new URLSearchParams(body))
        response.end('<PublishResponse/>')
      })
    })
    await new Promise<void>((resolve) => sns.listen(0, '127.0.0.1', resolve))
    const { file } = await bundleAlert({ projectRoot, architecture: 'arm64', outDir })
    artefact = new UnpackedArtefact(file)
    size = artefact.bytes()
  })
  afterAll(async () => {
    artefact?.remove()
    rmSync(outDir, { recursive: true, force: true })
    sns?.close()
    await server?.close()
  })

  const admin = () => {
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
    const client = makeS3Client({ region: plan.region, endpoint: server.endpoint, credentials })
    return new S3ObjectStore({ client, bucket: logs })
  }
  const invoke = (event: unknown, requestId: string) => {
    const environment: AlertEnvironment = {
      SLUICE_BUCKETS: JSON.stringify(plan.buckets),
      SLUICE_CODE_VERSION: 'v1',
      SLUICE_STACK: plan.stack,
      SLUICE_TOPIC_ARN: topicArn,
    }
    const endpoint = `http://127.0.0.1:${(sns.address() as AddressInfo).port}/`
    const variables = {
      ...awsEnvironment(server.endpoint, 'alerts'),
      ...environment,
      AWS_ENDPOINT_URL_SNS: endpoint,
    }
    return artefact.invoke(event, variables, { requestId })
  }

  it('has nothing of pipelines in it', () => {
    expect(size).toBeLessThan(2_000_000)
  })

  it('records and mails a run that died, within its rights', async () => {
    await admin().put('plan.json', JSON.stringify(plan))
    const run = plan.runs.find(({ trigger }) => trigger.kind === 's3') as PlannedRun
    const key = `aws/lambda/async/${run.names.function}/2026/11/20/x.json`
    const destination = awsEvent('on-failure-destination') as { requestContext: object }
    const functionArn = `arn:aws:lambda:us-west-2:123456789012:function:${run.names.function}:$LATEST`
    const lost = { ...destination, requestContext: { ...destination.requestContext, functionArn } }
    await admin().put(key, JSON.stringify(lost))
    const event = awsEvent('lost-request-created') as { detail: { object: object } }
    const body = JSON.stringify({
      ...event,
      detail: { ...event.detail, object: { ...event.detail.object, key } },
    })
    const ended = await invoke({ Records: [{ messageId: 'm1', body }] }, 'alert-1')
    expect(ended.answer, ended.output).toEqual({ batchItemFailures: [] })
    expect(mails.map((mail) => mail.get('Subject'))).toEqual([`[sluice prod] 1 failed: ${run.key}`])
    expect(mails[0]?.get('Message')).toContain('signal: killed')
    const keys = [...(server.buckets.get(logs)?.keys() ?? [])]
    expect(keys.filter((name) => name.startsWith(`runs/${run.key}/`))).toHaveLength(1)
    expect(server.requests.filter(({ status }) => status === 403)).toEqual([])
  })

  it('looks for what is late, within its rights', async () => {
    const scheduled = { scheduledTime: new Date(Date.now() + 400 * 86_400_000).toISOString() }
    const ended = await invoke(scheduled, 'alert-2')
    expect(ended.answer, ended.output).toEqual({ batchItemFailures: [] })
    const late = plan.runs.filter(({ trigger }) => trigger.kind === 'cron').map(({ key }) => key)
    expect(mails.at(-1)?.get('Subject')).toContain(`${late.length} late`)
    for (const key of late) expect(mails.at(-1)?.get('Message')).toContain(key)
    expect(server.requests.filter(({ status }) => status === 403)).toEqual([])
  })
})
