import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan, PlannedRun } from '../../runtime/contracts.ts'
import { planRuns } from '../../runtime/plan/plan.ts'
import { ingest, registryOf, vap } from '../../runtime/plan/testing/sites.ts'
import { loadRegistry } from '../../runtime/registry/load.ts'
import { makeS3Client } from '../../runtime/storage/s3-client.ts'
import { S3Server } from '../../runtime/storage/testing/s3-server.ts'
import { bundlePipeline } from '../bundle.ts'
import { statementsOf } from '../permissions.ts'
import { functionEnvironment } from '../run-environment.ts'
import { mayUseS3 } from '../testing/iam-policy.ts'
import { awsEnvironment, UnpackedArtefact } from '../testing/started-artefact.ts'
import { deployedServices } from './deployed-services.ts'
import { sampleOf } from './samples.ts'
import { chooseSmokeTest, type DeployedServices, runSmokeTest, type Sample } from './smoke-test.ts'
import { fakeEnvironment } from './testing/fake-environment.ts'

const projectRoot = path.resolve(import.meta.dirname, '..', '..')

describe('chooseSmokeTest', () => {
  const glob = (text: string) => ({ glob: text, ignoreCase: false })
  const planOf = (stack: string, ...sites: Parameters<typeof registryOf>[0]) =>
    planRuns(registryOf(sites), { stack })
  const chosen = async (plan: Plan, ...withSamples: string[]) => {
    const test = await chooseSmokeTest(plan, async ({ key, site }) =>
      withSamples.includes(key) ? { site, name: 'a.sta', content: 'x' } : undefined,
    )
    return test && `${test.kind} ${test.run.key}`
  }

  it('lets a sample arrive in a preview, of the run that needs least', async () => {
    const plan = planOf(
      'x-12345678',
      { ...ingest('a/m', 'a/'), uses: ['catalog'] },
      ingest('b/m', 'b/', glob('*.sta')),
      vap('c/m', [], []),
    )
    expect(await chosen(plan, 'a/m', 'b/m')).toBe('arrival b/m')
    expect(await chosen(plan, 'a/m')).toBe('arrival a/m')
    expect(await chosen(plan)).toBe('probe b/m')
  })

  it('gives prod no sample, and neither a run whose names have a beginning of their own', async () => {
    const site = ingest('b/m', 'b/', glob('WLS*.sta'))
    expect(await chosen(planOf('prod', ingest('b/m', 'b/')), 'b/m')).toBe('probe b/m')
    expect(await chosen(planOf('x-12345678', site), 'b/m')).toBe('probe b/m')
  })

  it('has nothing to try where nothing on Lambda is started by objects', async () => {
    const site = ingest('b/m', 'b/')
    const onBatch = { ...site, compute: { ...site.compute, kind: 'Batch' as const } }
    expect(await chosen(planOf('prod', onBatch, vap('c/m', [], [])))).toBeUndefined()
  })
})

describe('runSmokeTest, on the bundled lidar and an S3 that enforces its policy', () => {
  const stack = 'x-12345678'
  const full = planRuns(loadRegistry({ projectRoot }), { stack })
  const plan: Plan = { ...full, runs: full.runs.filter(({ pipeline }) => pipeline === 'lidar') }
  const buckets = plan.buckets as Record<string, string>
  const [run] = plan.runs as readonly [PlannedRun]
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'sluice-smoke-'))
  let server: S3Server
  let artefact: UnpackedArtefact

  beforeAll(async () => {
    server = await S3Server.start({
      buckets: [...new Set(Object.values(buckets))],
      authorize: (action, bucket, key, principal) =>
        principal === 'admin' ||
        plan.runs.some(
          (one) =>
            one.names.role === principal && mayUseS3(statementsOf(one, plan.buckets), action, bucket, key),
        ),
    })
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
    const { file } = await bundlePipeline({
      projectRoot,
      pipeline: 'lidar',
      runs: plan.runs,
      architecture,
      outDir,
    })
    artefact = new UnpackedArtefact(file)
  })
  afterAll(async () => {
    artefact?.remove()
    rmSync(outDir, { recursive: true, force: true })
    await server?.close()
  })

  const chosen = () => chooseSmokeTest(plan, (one) => sampleOf(projectRoot, one))
  let requests = 0
  /** What Lambda and EventBridge do, around the deployed code itself and the S3 clients that the script has. */
  function services(options: { readonly losesFirst?: true; readonly isDeaf?: true } = {}): DeployedServices {
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
    const s3 = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
    const real = deployedServices({ s3, lambda: new LambdaClient({ region: 'us-west-2' }) })
    const call = async (event: unknown) => {
      const environment = {
        ...awsEnvironment(server.endpoint, run.names.role),
        ...functionEnvironment(run, plan.buckets, 'v1'),
      }
      const ended = await artefact.invoke(event, environment, { requestId: `smoke-${++requests}` })
      return { isError: ended.error !== undefined, answer: ended.answer ?? ended.error }
    }
    let isLost = options.losesFirst ?? false
    return {
      ...real,
      async put(bucket, key, content) {
        await real.put(bucket, key, content)
        if (isLost || options.isDeaf) isLost = false
        else
          await call({
            source: 'aws.s3',
            'detail-type': 'Object Created',
            time: '2026-11-20T10:00:00Z',
            detail: { bucket: { name: bucket }, object: { key } },
          })
      },
      invoke: async (name, event) => {
        expect(name).toBe(run.names.function)
        return call(event)
      },
    }
  }

  const environmentNow = () => fakeEnvironment({}, { now: () => new Date() })
  const inputs = () => [...(server.buckets.get(buckets.input as string)?.keys() ?? [])]

  it('lets a sample arrive, waits for its record, and takes the sample away', async () => {
    const test = await chosen()
    expect(test).toMatchObject({ kind: 'arrival', run: { key: 'lidar/humboldt' } })
    if (!test) return
    const environment = environmentNow()
    const line = await runSmokeTest(test, plan, '4711-1', services(), environment)
    expect(line).toMatch(
      /^lidar\/humboldt: a sample arrived and run smoke-\d+ succeeded in [\d.]+ s, with \d outputs$/,
    )
    expect(inputs()).toEqual([])
    // The same sample once more, as in the next deployment: another key is other work.
    expect(await runSmokeTest(test, plan, '4712-1', services(), environment)).toContain('succeeded')
  })

  it('tries again when an event was lost, because its rule was only just made', async () => {
    const test = await chosen()
    if (!test) throw new RangeError('there is no test')
    const environment = environmentNow()
    const line = await runSmokeTest(test, plan, '4713-1', services({ losesFirst: true }), environment)
    expect(line).toContain('succeeded')
    expect(environment.lines[0]).toMatch(/no run of lidar\/humboldt\/sluice-smoke-test\/4713-1-1\/.* yet$/)
  })

  it('says where to look when nothing happens', async () => {
    const test = await chosen()
    if (!test) throw new RangeError('there is no test')
    await expect(
      runSmokeTest(test, plan, '4714-1', services({ isDeaf: true }), environmentNow()),
    ).rejects.toThrow(
      `look at the queue ${plan.names.deadLetterQueue} and the log group ${run.names.logGroup}`,
    )
    expect(inputs()).toEqual([])
  })

  it('takes samples of pipelines that make them one by one, and none that need programs', async () => {
    expect(await sampleOf(projectRoot, { pipeline: 'photos', site: 'main' })).toMatchObject({ site: 'main' })
    expect(await sampleOf(projectRoot, { pipeline: 'video_watermark', site: 'main' })).toBeUndefined()
    expect(await sampleOf(projectRoot, { pipeline: 'lidar', site: 'nowhere' })).toBeUndefined()
    expect(await sampleOf(projectRoot, { pipeline: 'nothing', site: 'main' })).toBeUndefined()
  })

  it('fails with the reason when the sample’s run does not succeed', async () => {
    const broken: Sample = { site: 'humboldt', name: 'a.sta', content: 'no lidar has written this' }
    const test = { kind: 'arrival' as const, run, sample: broken }
    await expect(runSmokeTest(test, plan, '4715-1', services(), environmentNow())).rejects.toThrow(
      /the run of a sample was rejected, and should have succeeded: \S/,
    )
  })

  it('asks prod’s function for what is not there, and finds its record', async () => {
    const before = inputs()
    const line = await runSmokeTest({ kind: 'probe', run }, plan, '4716-1', services(), environmentNow())
    expect(line).toMatch(
      /^lidar\/humboldt: was asked for an object that is not there, and its record runs\/lidar\/humboldt\/\S+-skipped-\S+ says so$/,
    )
    expect(inputs()).toEqual(before)
  })

  it('fails when a function answers otherwise, however often it is asked', async () => {
    const environment = environmentNow()
    const failing = {
      ...services(),
      invoke: async () => ({ isError: true, answer: { errorMessage: 'no module' } }),
    }
    await expect(runSmokeTest({ kind: 'probe', run }, plan, '1', failing, environment)).rejects.toThrow(
      /it answered \{"errorMessage":"no module"\}$/,
    )
    expect(environment.slept).toHaveLength(5)
    const lying = {
      ...services(),
      invoke: async () => ({
        isError: false,
        answer: { runs: [{ outcome: 'skipped', reason: 'no-input', record: 'runs/none.json' }] },
      }),
    }
    await expect(runSmokeTest({ kind: 'probe', run }, plan, '1', lying, environment)).rejects.toThrow(
      'the record runs/none.json is not there',
    )
  })
})
