import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeS3Client } from '../s3-client.ts'
import { S3Server } from './s3-server.ts'

const Bucket = 'b'

describe('the test S3 server', () => {
  let server: S3Server
  let client: S3Client
  beforeAll(async () => {
    server = await S3Server.start({ buckets: [Bucket] })
    const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }
    client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
  })
  afterAll(async () => {
    client.destroy()
    await server.close()
  })

  const put = (Key: string, Body = Key) => client.send(new PutObjectCommand({ Bucket, Key, Body }))
  const raw = (path: string, init: RequestInit = {}) => fetch(`${server.endpoint}/${Bucket}/${path}`, init)
  const statusOf = (sent: Promise<unknown>) =>
    sent.then(
      () => 200,
      (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode,
    )

  it.each([
    ['x-amz-checksum-crc32', 'NhCmhg==', 'hello', 200],
    ['x-amz-checksum-crc32c', 'mnG7TA==', 'hello', 200],
    ['x-amz-checksum-sha1', 'qvTGHdzF6KLavt4PO0gs2a6pQ00=', 'hello', 200],
    ['x-amz-checksum-sha256', 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=', 'hello', 200],
    ['content-md5', 'XUFAKrxLKna5cZ2REBfFkg==', 'hello', 200],
    ['x-amz-checksum-crc32', 'NhCmhg==', 'hellO', 400],
    ['x-amz-checksum-sha256', 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=', 'hellO', 400],
    ['content-md5', 'XUFAKrxLKna5cZ2REBfFkg==', 'hellO', 400],
    ['x-amz-content-sha256', '0'.repeat(64), 'hello', 400],
  ])('verifies %s: %s of %s gives %i', async (header, value, body, status) => {
    const response = await raw('sum', { method: 'PUT', body, headers: { [header]: value } })
    expect(response.status).toBe(status)
  })

  it.each([
    ['a right trailer', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', 200],
    [
      'two chunks',
      '2\r\nhe\r\n3;chunk-signature=0\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
      200,
    ],
    ['a wrong trailer', '5\r\nhellO\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', 400],
    ['no trailer', '5\r\nhello\r\n0\r\n\r\n', 400],
    ['too few bytes', '5\r\nhel', 400],
    ['another length than declared', '4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', 400],
  ])('takes aws-chunked apart: %s', async (_, body, status) => {
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    }
    await raw('chunked', { method: 'DELETE' })
    expect((await raw('chunked', { method: 'PUT', body, headers })).status).toBe(status)
    const object = await raw('chunked')
    expect(object.headers.get('content-encoding')).toBeNull()
    expect(status === 200 ? await object.text() : object.status).toBe(status === 200 ? 'hello' : 404)
  })

  it('answers reads that have a condition or a range', async () => {
    await put('r', '0123456789')
    const { ETag, ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key: 'r' }))
    expect(ContentLength).toBe(10)
    const get = (headers: Record<string, string>) => raw('r', { headers })
    expect((await get({ 'if-none-match': ETag! })).status).toBe(304)
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200)
    expect((await get({ 'if-match': '"other"' })).status).toBe(412)
    expect((await get({ 'if-modified-since': new Date(Date.now() + 5000).toUTCString() })).status).toBe(304)
    const suffix = await get({ range: 'bytes=-3' })
    expect([suffix.status, suffix.headers.get('content-range'), await suffix.text()]).toEqual([
      206,
      'bytes 7-9/10',
      '789',
    ])
    expect(await (await get({ range: 'bytes=2-4' })).text()).toBe('234')
    expect(await (await get({ range: 'bytes=8-99' })).text()).toBe('89')
    expect((await get({ range: 'bytes=10-' })).status).toBe(416)
    expect((await get({ range: 'bytes=-0' })).status).toBe(416)
    expect((await get({ range: 'lines=1-2' })).status).toBe(200)
  })

  it('keeps conditions on put, delete and copy', async () => {
    const { ETag } = await put('c', '1')
    const conditional = (input: object) =>
      statusOf(client.send(new PutObjectCommand({ Bucket, Key: 'c', Body: '2', ...input })))
    expect(await conditional({ IfNoneMatch: '*' })).toBe(412)
    expect(await conditional({ IfMatch: '"other"' })).toBe(412)
    expect(await conditional({ Key: 'missing', IfMatch: ETag })).toBe(404)
    const remove = (IfMatch: string) =>
      statusOf(client.send(new DeleteObjectCommand({ Bucket, Key: 'c', IfMatch })))
    expect(await remove('"other"')).toBe(412)
    expect(await remove(ETag!)).toBe(200)
    expect(await remove(ETag!)).toBe(200)
  })

  it('copies, with any key', async () => {
    await put('from/a+b c%2F?.txt', 'content')
    const CopySource = `${Bucket}/${encodeURIComponent('from/a+b c%2F?.txt')}`
    await client.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource }))
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'to' }))
    expect(await Body!.transformToString()).toBe('content')
  })

  it('deletes many at once', async () => {
    const keys = ['del/1', 'del/<&>"', 'del/n\new', 'del/missing']
    for (const key of keys.slice(0, 3)) await put(key)
    const Delete = { Objects: keys.map((Key) => ({ Key })) }
    const { Deleted } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
    expect(Deleted?.map(({ Key }) => Key)).toEqual(keys)
    expect((await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'del/' }))).KeyCount).toBe(0)
  })

  it('lists by pages and by folders', async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d/1']) await put(key)
    const seen: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: 'l/',
          Delimiter: '/',
          MaxKeys: 1,
          ...(ContinuationToken && { ContinuationToken }),
        }),
      )
      expect(page.KeyCount).toBe(1)
      seen.push(page.Contents?.[0]?.Key ?? page.CommonPrefixes?.[0]?.Prefix ?? '')
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken)
    expect(seen).toEqual(['l/a', 'l/b/', 'l/c', 'l/d/'])
  })

  it('encodes listed keys as a form does when it is asked to', async () => {
    await put('e/a b+c%d/é')
    const { Contents } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'e/', EncodingType: 'url' }),
    )
    expect(Contents?.[0]?.Key).toBe('e/a+b%2Bc%25d/%C3%A9')
  })

  it('has buckets and their notifications', async () => {
    expect(await statusOf(client.send(new HeadBucketCommand({ Bucket: 'new' })))).toBe(404)
    await client.send(new CreateBucketCommand({ Bucket: 'new' }))
    expect(await statusOf(client.send(new HeadBucketCommand({ Bucket: 'new' })))).toBe(200)
    const { Buckets } = await client.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['b', 'new'])
    const get = () => client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    expect((await get()).EventBridgeConfiguration).toBeUndefined()
    const NotificationConfiguration = { EventBridgeConfiguration: {} }
    await client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
    expect((await get()).EventBridgeConfiguration).toEqual({})
  })

  it('asks who may do what, by access key id, action and key', async () => {
    await put('auth/x', '1')
    const asked: string[] = []
    server.authorize = (action, bucket, key, principal) => {
      asked.push(`${principal} ${action} ${bucket}/${key}`)
      return key.startsWith('auth/') && action !== 's3:DeleteObject'
    }
    try {
      expect(await statusOf(client.send(new GetObjectCommand({ Bucket, Key: 'auth/x' })))).toBe(200)
      expect(await statusOf(client.send(new GetObjectCommand({ Bucket, Key: 'other' })))).toBe(403)
      expect(await statusOf(put('auth/y'))).toBe(200)
      expect(await statusOf(put('other'))).toBe(403)
      expect(await statusOf(client.send(new DeleteObjectCommand({ Bucket, Key: 'auth/x' })))).toBe(403)
      expect(await statusOf(client.send(new ListObjectsV2Command({ Bucket, Prefix: 'auth/' })))).toBe(200)
      expect(await statusOf(client.send(new ListObjectsV2Command({ Bucket })))).toBe(403)
      const Delete = { Objects: [{ Key: 'auth/x' }] }
      expect((await client.send(new DeleteObjectsCommand({ Bucket, Delete }))).Errors).toHaveLength(1)
      const CopySource = `${Bucket}/secret`
      expect(await statusOf(client.send(new CopyObjectCommand({ Bucket, Key: 'auth/z', CopySource })))).toBe(
        403,
      )
      expect(asked).toContain('AKIDTEST s3:GetObject b/auth/x')
      expect(asked).toContain('AKIDTEST s3:ListBucket b/auth/')
      // What is not there is told only to who may list; a condition on the etag needs the right to read.
      server.authorize = (action) => action === 's3:GetObject'
      expect(await statusOf(client.send(new GetObjectCommand({ Bucket, Key: 'missing' })))).toBe(403)
      server.authorize = (action) => action === 's3:PutObject'
      expect(await statusOf(client.send(new PutObjectCommand({ Bucket, Key: 'y', IfMatch: '"e"' })))).toBe(
        403,
      )
    } finally {
      server.authorize = () => true
    }
  })
})
