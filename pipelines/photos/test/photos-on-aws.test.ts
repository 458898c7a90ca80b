import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundlePipeline } from '../../../infra/bundle.ts'
import { statementsOf } from '../../../infra/permissions.ts'
import { functionEnvironment } from '../../../infra/run-environment.ts'
import { mayUseS3 } from '../../../infra/testing/iam-policy.ts'
import { awsEnvironment, UnpackedArtefact } from '../../../infra/testing/started-artefact.ts'
import type { PlannedRun } from '../../../runtime/contracts.ts'
import { planRuns } from '../../../runtime/plan/plan.ts'
import { loadRegistry } from '../../../runtime/registry/load.ts'
import { textOf } from '../../../runtime/run/testing/fixtures.ts'
import { S3ObjectStore } from '../../../runtime/storage/s3.ts'
import { makeS3Client } from '../../../runtime/storage/s3-client.ts'
import { S3Server } from '../../../runtime/storage/testing/s3-server.ts'
import { demoInputs } from '../demo.ts'

const projectRoot = path.resolve(import.meta.dirname, '../../..')
const plan = planRuns(loadRegistry({ projectRoot, stack: 'dev' }), { stack: 'dev' })
const buckets = plan.buckets as Record<string, string>
// There is no catalog here: what is tried is the artefact, its rights, and a gallery that many change at once.
const run = {
  ...(plan.runs.find(({ key }) => key === 'photos/main') as PlannedRun),
  uses: [],
}
const event = JSON.parse(
  readFileSync(path.join(projectRoot, 'runtime/entry/testing/events/object-created-put.json'), 'utf8'),
) as { detail: { object: object } }

describe('photos, as bundled, on an S3 that enforces its policy', () => {
  const outDir = mkdtempSync(path.join(os.tmpdir(), 'photos-bundle-'))
  let server: S3Server
  let artefact: UnpackedArtefact

  beforeAll(async () => {
    server = await S3Server.start({
      buckets: [...new Set(Object.values(buckets))],
      authorize: (action, bucket, key, principal) =>
        principal === 'admin' || mayUseS3(statementsOf(run, plan.buckets), action, bucket, key),
    })
    const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
    const { file } = await bundlePipeline({
      projectRoot,
      pipeline: 'photos',
      runs: [run],
      architecture,
      outDir,
    })
    artefact = new UnpackedArtefact(file)
  }, 60_000)
  afterAll(async () => {
    artefact?.remove()
    rmSync(outDir, { recursive: true, force: true })
    await server?.close()
  })

  const store = (role: string) => {
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
    const client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
    return new S3ObjectStore({ client, bucket: buckets[role] as string })
  }

  async function upload(name: string, content: string | Uint8Array) {
    const key = `${run.trigger.source?.prefix}${name}`
    await store('input').put(key, content)
    const detail = {
      ...event.detail,
      bucket: { name: buckets.input },
      object: { ...event.detail.object, key },
    }
    const environment = {
      ...awsEnvironment(server.endpoint, run.names.role),
      ...functionEnvironment(run, plan.buckets, 'v1'),
    }
    const ended = await artefact.invoke({ ...event, detail }, environment, { requestId: `request-${name}` })
    expect(ended.error, ended.output).toBeUndefined()
    return (ended.answer as { runs: { outcome: string }[] }).runs.map(({ outcome }) => outcome)
  }

  it('has the six thumbnails and all six in the gallery, when eight functions run at once', async () => {
    const inputs = await demoInputs()
    const outcomes = await Promise.all(inputs.map(({ name, content }) => upload(name, content)))
    expect(Object.fromEntries(inputs.map(({ name }, i) => [name, outcomes[i]]))).toEqual(
      Object.fromEntries(
        inputs.map(({ name }) => [name, [/^(?:empty|notes)\.jpg$/.test(name) ? 'rejected' : 'succeeded']]),
      ),
    )
    const refused = server.requests.filter(({ status, principal }) => status === 403 && principal !== 'admin')
    expect(refused).toEqual([])
    const thumbnails = [...(server.buckets.get(buckets.thumbnails as string)?.keys() ?? [])]
    expect(thumbnails.toSorted()).toEqual(
      inputs
        .map(({ name }) => `photos/${name}`)
        .filter((key) => !/(?:empty|notes)\.jpg$/.test(key))
        .toSorted(),
    )
    const index = (await textOf(store('gallery'), 'index.html')) as string
    expect(index.match(/<li class="r/g)).toHaveLength(6)
    expect((await store('gallery').head('large/forest morning'))?.contentType).toBe('image/jpeg')
    const failures = [...(server.buckets.get(buckets.logs as string)?.keys() ?? [])].filter((key) =>
      key.startsWith('failures/photos/main/'),
    )
    expect(failures).toHaveLength(2)
  }, 120_000)
})
