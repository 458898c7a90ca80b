import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Plan } from '../contracts.ts'
import { planRuns } from '../plan/plan.ts'
import { ingest, registryOf } from '../plan/testing/sites.ts'
import { S3Server } from '../storage/testing/s3-server.ts'
import { Versions } from '../storage/testing/s3-versions.ts'
import { type AwsSettings, awsSettings } from './aws-settings.ts'
import { emptyBucket } from './empty-bucket.ts'
import { operatorS3 } from './operator-s3.ts'
import { contentsOf, isThereAndOwned, ownedBuckets } from './owned-buckets.ts'

const Bucket = 'preview-bucket'
const account = '123456789012'

let server: S3Server
let client: S3Client
beforeEach(async () => {
  server = await S3Server.start({ buckets: [Bucket] })
  server.versions.set(Bucket, new Versions())
  server.owner = account
  const settings = {
    ...awsSettings('us-west-2'),
    endpoint: server.endpoint,
    credentials: async () => ({ accessKeyId: 'ann', secretAccessKey: 's' }),
  }
  client = operatorS3(settings as AwsSettings, account)
})
afterEach(() => server.close())

const put = (key: string, body = 'x') => client.send(new PutObjectCommand({ Bucket, Key: key, Body: body }))
const left = () => [
  ...(server.buckets.get(Bucket)?.keys() ?? []),
  ...(server.versions.get(Bucket)?.all ?? []).map(({ key, id }) => `${key}@${id}`),
]
const empty = (keep: readonly string[] = []) => emptyBucket(client, Bucket, { keep, onDeleted: () => {} })

describe('emptying a bucket', () => {
  it('deletes objects, older versions and delete markers, over several pages', async () => {
    const versions = server.versions.get(Bucket)
    for (let i = 0; i < 2300; i++) {
      const key = `data/${String(i).padStart(5, '0')}`
      server.buckets
        .get(Bucket)
        ?.set(key, { body: Buffer.from('x'), etag: 'e', lastModified: new Date(0), headers: {} })
      versions?.keep(key, server.buckets.get(Bucket)?.get(key))
      if (i % 10 === 0) versions?.mark(key)
    }
    expect(await contentsOf(client, Bucket)).toEqual({ versions: 4830, bytes: 4600, isCut: false })
    expect(await empty()).toBe(4830)
    expect(left()).toEqual([])
    expect(await empty()).toBe(0)
  })

  it('deletes names of every kind', async () => {
    const keys = ['a b+c%20', 'ü/日本', 'x&<y>"', 'tab\tline\n', 'bell\u0007', '//', 'a'.repeat(1024)]
    for (const key of keys) {
      await put(key)
      await put(key, 'again')
    }
    expect(await empty()).toBe(2 * keys.length)
    expect(left()).toEqual([])
  })

  it('keeps what it is told to, with its versions, and goes on where it was stopped', async () => {
    for (const key of ['plan.json', 'plan.json', 'runs/1', 'runs/2']) await put(key)
    server.fault = ({ method, query }) =>
      method === 'POST' && 'delete' in query
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    await expect(empty(['plan.json'])).rejects.toThrow(
      `these credentials may not do s3:DeleteObject and s3:DeleteObjectVersion on ${Bucket}`,
    )
    server.fault = () => undefined
    expect(await empty(['plan.json'])).toBe(2)
    expect(left()).toEqual(['plan.json', 'plan.json@v1'])
  })

  it('deletes what is written meanwhile, and says when that does not end', async () => {
    await put('a')
    let more = 1
    server.fault = ({ method, query }) => {
      if (method === 'GET' && 'versions' in query && more-- > 0) {
        server.buckets
          .get(Bucket)
          ?.set('late', { body: Buffer.from('x'), etag: 'e', lastModified: new Date(0), headers: {} })
      }
      return undefined
    }
    await empty()
    expect(left()).toEqual([])
    more = 1000
    await expect(empty()).rejects.toThrow('something writes into it as fast as it is emptied')
  })

  it('says which objects cannot be deleted', async () => {
    await put('held')
    server.authorize = (action, _, key) => !(action === 's3:DeleteObject' && key === 'held')
    await expect(empty()).rejects.toThrow(
      `${Bucket}: 1 of 1 versions cannot be deleted, the first held: AccessDenied`,
    )
  })

  it('touches no bucket of another account', async () => {
    server.owner = '999999999999'
    await expect(empty()).rejects.toThrow('these credentials may not do s3:ListBucketVersions')
    await expect(isThereAndOwned(client, {} as Plan, Bucket)).rejects.toThrow('s3:GetBucketTagging')
  })
})

describe('whose a bucket is', () => {
  const registry = registryOf([ingest('lidar/humboldt', 'lidar/humboldt/')])
  const preview = planRuns(registry, { stack: 'feature-x-1234abcd' })
  const prod = planRuns(registry, { stack: 'prod' })
  const tags = { 'sluice:stack': preview.stack, 'sluice:project': preview.project }

  it('is a preview’s if the preview names it, and the registry does not; its logs come last', () => {
    const owned = ownedBuckets(preview, Object.values(prod.buckets))
    expect(owned.map(({ bucket }) => bucket)).toEqual([
      preview.buckets.input,
      preview.buckets.output,
      preview.buckets.logs,
    ])
    expect(owned.at(-1)?.role).toBe('logs')
  })

  it('is never prod’s, nor an adopted one, nor one that the registry names, whatever a plan says', () => {
    expect(() => ownedBuckets(prod, [])).toThrow('prod is no preview: its buckets are never emptied')
    const posing = { ...preview, buckets: { ...preview.buckets, output: prod.buckets.output as string } }
    expect(() => ownedBuckets(posing, Object.values(prod.buckets))).toThrow(
      'is not its own: nothing was deleted',
    )
    const adopting = { ...preview, adopted: ['input' as const] }
    expect(ownedBuckets(adopting, []).map(({ role }) => role)).not.toContain('input')
    const shared = { ...adopting, buckets: { ...preview.buckets, output: preview.buckets.input as string } }
    expect(() => ownedBuckets(shared, [])).toThrow('is not its own')
  })

  it('is told by its tags', async () => {
    await expect(isThereAndOwned(client, preview, Bucket)).rejects.toThrow(
      `${Bucket} has no tag sluice:stack and not sluice:stack=feature-x-1234abcd: it may be another's`,
    )
    server.tags.set(Bucket, { ...tags, 'sluice:stack': 'prod' })
    await expect(isThereAndOwned(client, preview, Bucket)).rejects.toThrow('has the tag sluice:stack=prod')
    server.tags.set(Bucket, { ...tags, 'sluice:project': 'other' })
    await expect(isThereAndOwned(client, preview, Bucket)).rejects.toThrow('has the tag sluice:project=other')
    server.tags.set(Bucket, tags)
    expect(await isThereAndOwned(client, preview, Bucket)).toBe(true)
    expect(await isThereAndOwned(client, preview, 'gone')).toBe(false)
    server.authorize = () => false
    await expect(isThereAndOwned(client, preview, Bucket)).rejects.toThrow('s3:GetBucketTagging')
  })
})
