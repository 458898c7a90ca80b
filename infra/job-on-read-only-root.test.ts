import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs } from '../pipelines/buoy_waves/demo.ts'
import type { PlannedRun } from '../runtime/contracts.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { S3ObjectStore } from '../runtime/storage/s3.ts'
import { makeS3Client } from '../runtime/storage/s3-client.ts'
import { S3Server } from '../runtime/storage/testing/s3-server.ts'
import { writeJobFiles } from './bundle.ts'
import { statementsOf } from './permissions.ts'
import { jobEnvironment, jobInputTransformer, scheduledJobInput } from './run-environment.ts'
import { mayUseS3 } from './testing/iam-policy.ts'
import { awsEnvironment } from './testing/started-artefact.ts'

const projectRoot = path.resolve(import.meta.dirname, '..')
const plan = planRuns(loadRegistry({ projectRoot, stack: 'dev' }), { stack: 'dev' })
const buckets = plan.buckets as Record<string, string>
const run = plan.runs.find(({ key }) => key === 'buoy_waves/humboldt') as PlannedRun

/** Whether a process here can be given a root of its own that it cannot write to, and another user. */
function canSandbox(): boolean {
  try {
    const check = 'mount -o remount,bind,ro / && setpriv --reuid=1000 --regid=1000 --clear-groups true'
    execFileSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', check], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface CredentialsServer {
  readonly address: string
  close(): Promise<void>
}

/** What ECS offers a task: the keys of its role. */
async function serveCredentials(AccessKeyId: string): Promise<CredentialsServer> {
  const Expiration = new Date(Date.now() + 3_600_000).toISOString()
  const keys = JSON.stringify({ AccessKeyId, SecretAccessKey: 'secret', Token: 'token', Expiration })
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(keys)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

type Variables = Record<string, string>

/** The environment that EventBridge's template makes of an event, as it fills in placeholders: as JSON. */
function transformed(values: Record<string, string>): Variables {
  const text = jobInputTransformer.inputTemplate.replace(/<(\w+)>/g, (_, name: string) =>
    JSON.stringify(values[name]),
  )
  return variablesOf(JSON.parse(text))
}

function variablesOf(input: unknown): Variables {
  const { ContainerOverrides } = input as {
    ContainerOverrides: { Environment: { Name: string; Value: string }[] }
  }
  return Object.fromEntries(ContainerOverrides.Environment.map(({ Name, Value }) => [Name, Value]))
}

describe.skipIf(!canSandbox())(
  'a Batch job as user 1000 on a read-only root (needs root, unshare and setpriv)',
  () => {
    const root = mkdtempSync(path.join(os.tmpdir(), 'job-'))
    const app = path.join(root, 'app')
    const scratch = path.join(root, 'scratch')
    let server: S3Server
    let credentials: CredentialsServer

    beforeAll(async () => {
      const runs = plan.runs.filter(({ pipeline }) => pipeline === 'buoy_waves')
      const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
      await writeJobFiles({ projectRoot, runs, architecture, outDir: app })
      mkdirSync(scratch)
      chmodSync(root, 0o755)
      credentials = await serveCredentials(run.names.role)
      server = await S3Server.start({
        buckets: [...new Set(Object.values(buckets))],
        authorize: (action, bucket, key, principal) =>
          principal === 'admin' ||
          (principal === run.names.role && mayUseS3(statementsOf(run, plan.buckets), action, bucket, key)),
      })
    })
    afterAll(async () => {
      await server?.close()
      await credentials?.close()
      rmSync(root, { recursive: true, force: true })
    })

    function runJob(event: Variables): Promise<{ code: number | null; output: string }> {
      // On Fargate, keys come from an address that ECS names: what asks for it is loaded only there.
      const {
        AWS_ACCESS_KEY_ID: _id,
        AWS_SECRET_ACCESS_KEY: _key,
        ...aws
      } = awsEnvironment(server.endpoint, '')
      const environment = {
        ...aws,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: credentials.address,
        ...jobEnvironment(run, plan.buckets, 'v1'),
        ...event,
        AWS_BATCH_JOB_ID: 'job-1',
        AWS_BATCH_JOB_ATTEMPT: '1',
        TMPDIR: scratch,
      }
      const script = [
        'set -e',
        // The scratch volume, owned by the job's user, before everything else becomes read-only.
        `mount -t tmpfs -o uid=1000,gid=1000,mode=0700 tmpfs ${scratch}`,
        'mount -o remount,bind,ro /',
        `cd ${app}`,
        'if setpriv --reuid=1000 --regid=1000 --clear-groups touch probe 2>/dev/null; then exit 99; fi',
        `exec setpriv --reuid=1000 --regid=1000 --clear-groups ${process.execPath} --no-warnings index.mjs`,
      ]
      const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script.join('\n')], {
        env: { PATH: process.env.PATH, ...environment },
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk
        })
      }
      return new Promise((resolve, reject) => {
        child.on('error', reject)
        child.on('close', (code) => resolve({ code, output }))
      })
    }

    const upload = async (key: string, content: string | Uint8Array) => {
      const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
      const client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
      await new S3ObjectStore({ client, bucket: buckets.input as string }).put(key, content)
    }
    const eventOf = (key: string) =>
      transformed({ bucket: buckets.input as string, key, time: '2026-11-20T14:00:00Z' })
    const prefix = run.trigger.source?.prefix
    const written = (role: string) => [...(server.buckets.get(buckets[role] as string)?.keys() ?? [])]

    it('runs an object with quotes, a tab and a backslash in its key, within its rights', async () => {
      const key = `${prefix}odd "name"\t\\ü.csv`
      const { content } = demoInputs().find(({ site }) => site === 'humboldt') as { content: string }
      await upload(key, content)
      const { code, output } = await runJob(eventOf(key))
      expect(code, output).toBe(0)
      expect(written('output').some((name) => name.endsWith('.nc'))).toBe(true)
      expect(server.requests.filter(({ status }) => status === 403)).toEqual([])
    })

    it('ends with 65 when the input is bad, so that Batch does not try again', async () => {
      await upload(`${prefix}bad.csv`, 'not,what\nwas,expected\n')
      const { code, output } = await runJob(eventOf(`${prefix}bad.csv`))
      expect(code, output).toBe(65)
      expect(written('logs').some((key) => key.startsWith('failures/'))).toBe(true)
    })

    it("takes a schedule's input, which this run is not started by, for what it is", async () => {
      const input = scheduledJobInput({ jobName: 'n', jobQueue: 'q', jobDefinition: 'd' })
      const event = variablesOf(
        JSON.parse(input.replace('<aws.scheduler.scheduled-time>', '2026-11-20T14:00:00Z')),
      )
      const { code, output } = await runJob(event)
      expect(code).toBe(65)
      expect(output).toContain('the event is of an unknown kind')
    })
  },
)
