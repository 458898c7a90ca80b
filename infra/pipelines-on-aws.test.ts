import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs as buoyInputs } from '../pipelines/buoy_waves/demo.ts'
import { demoInputs as lidarInputs } from '../pipelines/lidar/demo.ts'
import type { PlannedRun } from '../runtime/contracts.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { S3ObjectStore } from '../runtime/storage/s3.ts'
import { makeS3Client } from '../runtime/storage/s3-client.ts'
import { S3Server } from '../runtime/storage/testing/s3-server.ts'
import { bundlePipeline } from './bundle.ts'
import { statementsOf } from './permissions.ts'
import { functionEnvironment } from './run-environment.ts'
import { mayUseS3 } from './testing/iam-policy.ts'
import { awsEnvironment, type Ended, UnpackedArtefact } from './testing/started-artefact.ts'

const projectRoot = path.resolve(import.meta.dirname, '..')
const plan = planRuns(loadRegistry({ projectRoot, stack: 'dev' }), { stack: 'dev' })
const buckets = plan.buckets as Record<string, string>
const runOf = (key: string) => plan.runs.find((run) => run.key === key) as PlannedRun
const objectCreated = JSON.parse(
  readFileSync(path.join(projectRoot, 'runtime/entry/testing/events/object-created-put.json'), 'utf8'),
) as { detail: { bucket: object; object: object } }

/** The event of one object that was put. */
function putEvent(run: PlannedRun, key: string) {
  const { detail } = objectCreated
  const bucket = { name: buckets[run.trigger.source?.bucket ?? 'input'] }
  return { ...objectCreated, detail: { ...detail, bucket, object: { ...detail.object, key } } }
}

describe('the sample pipelines, as bundled, on an S3 that enforces their policies', () => {
  let server: S3Server
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'bundles-'))
  const artefacts = new Map<string, UnpackedArtefact>()

  beforeAll(async () => {
    server = await S3Server.start({
      buckets: [...new Set(Object.values(buckets))],
      authorize: (action, bucket, key, principal) => {
        if (principal === 'admin') return true
        const run = plan.runs.find(({ names }) => names.role === principal)
        return run !== undefined && mayUseS3(statementsOf(run, plan.buckets), action, bucket, key)
      },
    })
    for (const pipeline of ['buoy_waves', 'lidar', 'lidar_vap']) {
      const runs = plan.runs.filter((run) => run.pipeline === pipeline)
      const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
      const { file } = await bundlePipeline({ projectRoot, pipeline, runs, architecture, outDir })
      artefacts.set(pipeline, new UnpackedArtefact(file))
    }
  })
  afterAll(async () => {
    for (const artefact of artefacts.values()) artefact.remove()
    rmSync(outDir, { recursive: true, force: true })
    await server?.close()
  })

  const store = (bucket: string, principal: string) => {
    const credentials = { accessKeyId: principal, secretAccessKey: 'secret' }
    const client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
    return new S3ObjectStore({ client, bucket })
  }

  function invoke(run: PlannedRun, event: unknown, requestId: string): Promise<Ended> {
    const artefact = artefacts.get(run.pipeline) as UnpackedArtefact
    const environment = { ...functionEnvironment(run, plan.buckets, 'v1') }
    return artefact.invoke(
      event,
      { ...awsEnvironment(server.endpoint, run.names.role), ...environment },
      { requestId },
    )
  }

  const refused = () =>
    server.requests.filter(({ status, principal }) => status === 403 && principal !== 'admin')
  const written = (role: string) => [...(server.buckets.get(buckets[role] as string)?.keys() ?? [])]

  const ingests = [
    ...buoyInputs().map((input) => ({ key: `buoy_waves/${input.site}`, ...input })),
    ...lidarInputs().map((input) => ({ key: `lidar/${input.site}`, ...input })),
  ]

  it.each(ingests.map((input, index) => ({ ...input, index })))(
    'runs $key on $name within its rights',
    async ({ key, name, content, index }) => {
      const run = runOf(key)
      const objectKey = `${run.trigger.source?.prefix}${name}`
      const bucket = buckets[run.trigger.source?.bucket ?? 'input'] as string
      await store(bucket, 'admin').put(objectKey, content)
      const ended = await invoke(run, putEvent(run, objectKey), `request-${index}`)
      expect(ended.error, ended.output).toBeUndefined()
      const { runs } = ended.answer as { runs: { outcome: string; record?: string; runId: string }[] }
      expect(runs).toHaveLength(1)
      expect(runs[0]).toMatchObject({ runId: `request-${index}`, record: expect.stringMatching(/^runs\//) })
      expect(['succeeded', 'rejected']).toContain(runs[0]?.outcome)
      expect(refused()).toEqual([])
    },
  )

  it('has netCDF files of every ingest, and what a class of the project drew', () => {
    const outputs = written('output')
    expect(outputs.filter((key) => key.endsWith('.svg'))).not.toEqual([])
    for (const datastream of [
      ...runOf('lidar/humboldt').datastreamsOut,
      ...runOf('buoy_waves/morro').datastreamsOut,
    ]) {
      expect(
        outputs.filter((key) => key.startsWith(`data/`) && key.includes(datastream) && key.endsWith('.nc')),
      ).not.toEqual([])
    }
  })

  it('skips a duplicated event: the ledger knows its work', async () => {
    const { key, name } = ingests[0] as { key: string; name: string }
    const run = runOf(key)
    const before = written('output')
    const ended = await invoke(run, putEvent(run, `${run.trigger.source?.prefix}${name}`), 'another-request')
    expect(ended.answer).toMatchObject({ runs: [{ outcome: 'skipped', reason: 'done' }] })
    expect(written('output')).toEqual(before)
  })

  it.each(['lidar_vap/humboldt', 'lidar_vap/morro'])(
    'runs the windows of %s within its rights',
    async (key) => {
      const scheduled = { scheduledTime: '2020-12-04T02:00:00Z' }
      const ended = await invoke(runOf(key), scheduled, `look-${key.replace('/', '-')}`)
      expect(ended.error, ended.output).toBeUndefined()
      const { runs } = ended.answer as { runs: { outcome: string; reason?: string; runId: string }[] }
      // The padded fetch of the day before reads the first file too, and finds nothing of its own day in it.
      expect(runs.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
        'empty',
        'succeeded',
        'succeeded',
      ])
      expect(new Set(runs.map(({ runId }) => runId)).size).toBe(3)
      expect(refused()).toEqual([])
    },
  )

  it('refuses what is outside: another site, another bucket, changing input, deleting records', async () => {
    const run = runOf('lidar/humboldt')
    const { role } = run.names
    const [input, output, logs] = ['input', 'output', 'logs'].map((name) =>
      store(buckets[name] as string, role),
    ) as [S3ObjectStore, S3ObjectStore, S3ObjectStore]
    const prefix = run.trigger.source?.prefix
    const other = runOf('lidar/morro').trigger.source?.prefix
    const record = [...(server.buckets.get(buckets.logs as string)?.keys() ?? [])].find((key) =>
      key.startsWith('runs/lidar/humboldt/'),
    ) as string
    const outside: (() => Promise<unknown>)[] = [
      () => input.get(`${other}WLS866-49_2020_12_01__00_00_00.sta`),
      () => input.put(`${prefix}new.sta`, 'x'),
      () => input.delete(`${prefix}WLS866-48_2020_12_01__00_00_00.sta`),
      () => output.put('data/elsewhere/x.nc', 'x'),
      () => logs.put('runs/lidar/morro/x.json', 'x'),
      () => logs.delete(record),
      () => logs.get('plan.json'),
      async () => {
        for await (const info of input.list('')) throw new Error(`listed ${info.key}`)
      },
    ]
    for (const attempt of outside)
      await expect(attempt()).rejects.toThrow(/AccessDenied|403|Forbidden|UnknownError/)
    // And the same client may do what it should, so that the refusals are the policy's.
    await expect(logs.head(record)).resolves.toBeDefined()
  })
})
