import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs as assets } from '../pipelines/cg_assets/demo.ts'
import { demoInputs as persons } from '../pipelines/persons/demo.ts'
import { demoInputs as photos } from '../pipelines/photos/demo.ts'
import { demoInputs as videos } from '../pipelines/video_watermark/demo.ts'
import { administer } from '../runtime/catalog/testing/postgres-server.ts'
import type { PlannedRun } from '../runtime/contracts.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { S3ObjectStore } from '../runtime/storage/s3.ts'
import { makeS3Client } from '../runtime/storage/s3-client.ts'
import { S3Server } from '../runtime/storage/testing/s3-server.ts'
import { bundlePipeline, writeJobFiles } from './bundle.ts'
import { statementsOf } from './permissions.ts'
import { functionEnvironment, jobEnvironment } from './run-environment.ts'
import { mayUseS3 } from './testing/iam-policy.ts'
import { awsEnvironment, runNode, UnpackedArtefact } from './testing/started-artefact.ts'
import { startTlsCatalog, type TlsCatalog } from './testing/tls-catalog.ts'

const projectRoot = path.resolve(import.meta.dirname, '..')
const plan = planRuns(loadRegistry({ projectRoot, stack: 'dev' }), { stack: 'dev' })
const buckets = plan.buckets as Record<string, string>
const runOf = (key: string) => plan.runs.find((run) => run.key === key) as PlannedRun
const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'

function has(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!has('openssl'))(
  'media and tables, as bundled, on an S3 that enforces their policies and a catalog that wants TLS (needs openssl)',
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'media-on-aws-'))
    const app = path.join(folder, 'app')
    let catalog: TlsCatalog
    let server: S3Server

    beforeAll(async () => {
      catalog = await startTlsCatalog(folder)
      const jobs = plan.runs.filter(({ compute }) => compute.kind === 'Batch')
      await writeJobFiles({ projectRoot, runs: jobs, architecture, outDir: app })
      server = await S3Server.start({
        buckets: [...new Set(Object.values(buckets))],
        authorize: (action, bucket, key, principal) => {
          if (principal === 'admin') return true
          const run = plan.runs.find(({ names }) => names.role === principal)
          return run !== undefined && mayUseS3(statementsOf(run, plan.buckets), action, bucket, key)
        },
      })
    })
    afterAll(async () => {
      await server?.close()
      await catalog?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    const refused = () => server.requests.filter(({ status }) => status === 403)
    const keysIn = (role: string) => [...(server.buckets.get(buckets[role] as string)?.keys() ?? [])]

    async function upload(
      run: PlannedRun,
      inputs: readonly { readonly name: string; readonly content: string | Uint8Array }[],
    ): Promise<string[]> {
      const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
      const client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
      const store = new S3ObjectStore({ client, bucket: buckets.input as string })
      const keys = inputs.map(({ name }) => `${run.trigger.source?.prefix}${name}`)
      for (const [i, { content }] of inputs.entries()) await store.put(keys[i] as string, content)
      return keys
    }

    /** Lets a job run as Batch starts it for an event: of an object where there is a key, else of its schedule. */
    function runJob(run: PlannedRun, changes: Record<string, string>) {
      const environment = {
        ...awsEnvironment(server.endpoint, run.names.role),
        ...jobEnvironment(run, plan.buckets, 'v1'),
        ...(run.uses.includes('catalog') && catalog.environment),
        AWS_BATCH_JOB_ID: `job-of-${run.pipeline}`,
        AWS_BATCH_JOB_ATTEMPT: '1',
        PATH: process.env.PATH ?? '',
        TMPDIR: folder,
        ...changes,
      }
      return runNode([path.join(app, 'index.mjs')], { cwd: app, env: environment })
    }

    const objectEvent = (key: string | undefined) => ({
      SLUICE_EVENT_BUCKET: buckets.input as string,
      SLUICE_EVENT_KEY: key as string,
    })

    it('persons: refuses a server whose certificate it does not know, and leaves the work for a retry', async () => {
      const run = runOf('persons/main')
      const [key] = await upload(run, persons())
      const { code, output } = await runJob(run, { ...objectEvent(key), NODE_EXTRA_CA_CERTS: '' })
      expect(code, output).toBe(75)
      expect(output).toMatch(/self.signed certificate/i)
    })

    it('persons: loads the table within its rights', async () => {
      const run = runOf('persons/main')
      const [key] = await upload(run, persons())
      const { code, output } = await runJob(run, { ...objectEvent(key), AWS_BATCH_JOB_ATTEMPT: '2' })
      expect(code, output).toBe(0)
      const [row] = await administer(catalog.server, 'select count(*)::int as count from persons')
      expect(row?.count).toBeGreaterThan(100)
      expect(refused()).toEqual([])
      // Nothing of the token is in what the job wrote.
      expect(output).not.toContain('X-Amz-Signature')
    })

    it('photos: makes thumbnails, gallery and catalog rows within its rights, in a function', async () => {
      const run = runOf('photos/main')
      const runs = [run]
      const { file } = await bundlePipeline({
        projectRoot,
        pipeline: 'photos',
        runs,
        architecture,
        outDir: folder,
      })
      const artefact = new UnpackedArtefact(file)
      try {
        const event = JSON.parse(
          readFileSync(
            path.join(projectRoot, 'runtime/entry/testing/events/object-created-put.json'),
            'utf8',
          ),
        ) as { detail: { object: object } }
        // A good one, one to be turned, an empty file: cold starts are slow.
        const wanted = ['coast/golden hour.jpg', 'coast/pier (upright).jpg', 'empty.jpg']
        const inputs = (await photos()).filter(({ name }) => wanted.includes(name))
        const outcomes: string[] = []
        for (const [i, key] of (await upload(run, inputs)).entries()) {
          const bucket = { name: buckets.input }
          const detail = { ...event.detail, bucket, object: { ...event.detail.object, key } }
          const ended = await artefact.invoke(
            { ...event, detail },
            {
              ...awsEnvironment(server.endpoint, run.names.role),
              ...functionEnvironment(run, plan.buckets, 'v1'),
              ...catalog.environment,
            },
            { requestId: `photo-${i}` },
          )
          expect(ended.error, ended.output).toBeUndefined()
          outcomes.push(
            ...(ended.answer as { runs: { outcome: string }[] }).runs.map(({ outcome }) => outcome),
          )
        }
        expect(outcomes).toEqual(['succeeded', 'succeeded', 'rejected'])
      } finally {
        artefact.remove()
      }
      expect(keysIn('thumbnails').filter((key) => key.startsWith('photos/'))).toHaveLength(2)
      expect(keysIn('gallery')).toContain('index.html')
      const [row] = await administer(catalog.server, 'select count(*)::int as count from file_upload_catalog')
      expect(row?.count).toBe(2)
      expect(refused()).toEqual([])
    })

    it('cg_assets: scans its prefix within its rights', async () => {
      const run = runOf('cg_assets/main')
      await upload(run, await assets())
      const { code, output } = await runJob(run, {
        SLUICE_EVENT: '{"scheduledTime":"2026-11-20T02:00:00Z"}',
      })
      expect(code, output).toBe(0)
      const [row] = await administer(catalog.server, 'select count(*)::int as count from files')
      expect(row?.count).toBeGreaterThan(10)
      expect(keysIn('thumbnails').some((key) => key.endsWith('_thumb.jpg'))).toBe(true)
      expect(refused()).toEqual([])
    })

    it.skipIf(!has('ffmpeg'))(
      'video_watermark: writes its video within its rights (needs ffmpeg)',
      async () => {
        const run = runOf('video_watermark/main')
        const [key] = await upload(run, await videos())
        const { code, output } = await runJob(run, objectEvent(key))
        expect(code, output).toBe(0)
        expect(keysIn('output').filter((name) => name.endsWith('.mp4'))).toHaveLength(1)
        expect(refused()).toEqual([])
      },
    )
  },
)
