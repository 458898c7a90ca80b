import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AbortedError, PreconditionFailedError, StoreError } from '../errors.ts'
import { readBytes, readText } from './body.ts'
import { type ConformanceSubject, objectKeyConformance, objectStoreConformance } from './conformance.ts'
import { S3ObjectStore } from './s3.ts'
import { makeS3Client } from './s3-client.ts'
import { type Fault, type LoggedRequest, S3Server } from './testing/s3-server.ts'

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }
const region = 'us-west-2'

async function overTheWire(prefix: string, checksums?: 'required'): Promise<ConformanceSubject> {
  const server = await S3Server.start({ buckets: ['data'] })
  const client = makeS3Client({
    region,
    endpoint: server.endpoint,
    credentials,
    ...(checksums && { checksums }),
  })
  return {
    store: new S3ObjectStore({ client, bucket: 'data', prefix }),
    dispose: async () => {
      expect(server.uploads.size).toBe(0)
      client.destroy()
      await server.close()
    },
  }
}

objectStoreConformance('S3ObjectStore over the wire', () => overTheWire(''))
objectKeyConformance('S3ObjectStore below a prefix', () => overTheWire('some/prefix+%20/', 'required'))

const endpoint = process.env.SLUICE_S3_ENDPOINT
if (endpoint) {
  objectStoreConformance(`S3ObjectStore at ${endpoint}`, async () => {
    const client = makeS3Client({ region: process.env.AWS_REGION ?? 'us-east-1', endpoint })
    const bucket = `sluice-conformance-${randomUUID()}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    const store = new S3ObjectStore({ client, bucket })
    const dispose = async () => {
      for await (const { key } of store.list('')) await store.delete(key)
      await client.send(new DeleteBucketCommand({ Bucket: bucket }))
      client.destroy()
    }
    return { store, dispose }
  })
} else {
  it.skip('S3ObjectStore at another endpoint: set SLUICE_S3_ENDPOINT to test it', () => {})
}

describe('S3ObjectStore', () => {
  let server: S3Server
  let client: S3Client
  let store: S3ObjectStore
  beforeEach(async () => {
    server = await S3Server.start({ buckets: ['data'] })
    client = makeS3Client({ region, endpoint: server.endpoint, credentials })
    store = new S3ObjectStore({ client, bucket: 'data' })
  })
  afterEach(async () => {
    client.destroy()
    await server.close()
  })

  /** Gives `fault` to the nth request (from 1) that `matches`. */
  function faultAt(
    nth: number,
    fault: Fault,
    matches: (request: LoggedRequest) => boolean = () => true,
  ): void {
    let count = 0
    server.fault = (request) => (matches(request) && ++count === nth ? fault : undefined)
  }

  async function* large(parts = 3): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < parts * 8; i++) yield Buffer.alloc(1_048_576, i)
  }

  const isPut = ({ method }: LoggedRequest) => method === 'PUT'

  it('sends checksums that the server verifies, for whole objects and for parts', async () => {
    await store.put('whole', 'whole')
    await store.put('parts', large())
    const writes = server.requests.filter(isPut)
    expect(writes).toHaveLength(1 + 3)
    for (const { headers } of writes) {
      const sent = [headers['x-amz-checksum-crc32'], headers['x-amz-trailer']].filter(
        (value) => value !== undefined,
      )
      expect(sent).toHaveLength(1)
    }
  })

  it('refuses what was damaged on the way back', async () => {
    await store.put('x', 'undamaged')
    const object = server.buckets.get('data')!.get('x')!
    server.buckets.get('data')!.set('x', { ...object, body: Buffer.from('damaged!!') })
    const { body } = (await store.get('x'))!
    await expect(readText(body)).rejects.toThrow(/s3:\/\/data\/x cannot be read: .*hecksum mismatch/)
  })

  it('writes below its prefix and nowhere else', async () => {
    const below = new S3ObjectStore({ client, bucket: 'data', prefix: 'stack/logs/' })
    await below.put('x/y', '1')
    await store.put('stack/logs/', 'a folder marker')
    await store.put('stack/logs2', 'a neighbour')
    expect([...server.buckets.get('data')!.keys()].sort()).toEqual([
      'stack/logs/',
      'stack/logs/x/y',
      'stack/logs2',
    ])
    const keys = []
    for await (const { key } of below.list('')) keys.push(key)
    expect(keys).toEqual(['x/y'])
  })

  it('refuses a key that is too long with its prefix', async () => {
    const below = new S3ObjectStore({ client, bucket: 'data', prefix: 'stack/' })
    await expect(below.put('x'.repeat(1020), '')).rejects.toThrow(/1026 bytes/)
  })

  it('says how long caches may keep an object', async () => {
    const sent = vi.spyOn(client, 'send')
    await store.put('x', 'a', { cacheControl: 'no-cache' })
    await store.put('y', 'b')
    const inputs = sent.mock.calls.map(([command]) => command.input as PutObjectCommandInput)
    sent.mockRestore()
    expect(inputs.map(({ CacheControl }) => CacheControl)).toEqual(['no-cache', undefined])
  })

  it('keeps the content type', async () => {
    await store.put('x', 'a,b\n', { contentType: 'text/csv' })
    expect((await store.head('x'))!.contentType).toBe('text/csv')
    await store.put('y', large(2), { contentType: 'application/x-netcdf' })
    expect((await store.get('y', { range: { start: 0, end: 1 } }))!.contentType).toBe('application/x-netcdf')
  })

  it.each([
    ['get', () => store.get('x')],
    ['head', () => store.head('x')],
    ['list', () => store.list('').next()],
    ['put', () => store.put('x', '1')],
    ['delete', () => store.delete('x')],
  ])('%s throws a StoreError that names bucket, key and reason when S3 refuses', async (_, call) => {
    server.authorize = () => false
    const failure = await call().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StoreError)
    expect((failure as StoreError).message).toMatch(/^s3:\/\/data\/x? cannot be \w+: (AccessDenied|.*403)/)
    expect((failure as StoreError).cause).toBeInstanceOf(Error)
  })

  it('does not take a missing bucket for a missing object', async () => {
    const nowhere = new S3ObjectStore({ client, bucket: 'nowhere' })
    for (const call of [
      () => nowhere.get('x'),
      () => nowhere.put('x', '1', { ifMatch: 'e' }),
      () => nowhere.delete('x'),
    ]) {
      await expect(call()).rejects.toThrow(/s3:\/\/nowhere\/x cannot be \w+: NoSuchBucket/)
    }
  })

  it('tries again after a server error and after a cut connection', async () => {
    faultAt(1, { kind: 'error', status: 503, code: 'SlowDown' })
    await store.put('x', 'first')
    faultAt(1, { kind: 'cut-before' })
    await store.put('x', 'second')
    expect(await readText((await store.get('x'))!.body)).toBe('second')
  })

  it('gives up at last, with a StoreError', async () => {
    server.fault = () => ({ kind: 'error', status: 500, code: 'InternalError' })
    await expect(store.put('x', '1')).rejects.toThrow(/s3:\/\/data\/x cannot be written: InternalError/)
    expect(server.requests).toHaveLength(5)
  }, 30_000)

  it('tries again while another conditional write is under way, and then gives up', async () => {
    faultAt(1, { kind: 'error', status: 409, code: 'ConditionalRequestConflict' })
    await store.put('x', '1', { ifNoneMatch: '*' })
    server.fault = () => ({ kind: 'error', status: 409, code: 'ConditionalRequestConflict' })
    const count = server.requests.length
    await expect(store.put('y', '1', { ifNoneMatch: '*' })).rejects.toThrow(StoreError)
    expect(server.requests.length - count).toBe(6)
  })

  it('knows its own write again when only the answer was lost', async () => {
    faultAt(1, { kind: 'cut-after' }, isPut)
    const created = await store.put('x', 'mine', { ifNoneMatch: '*' })
    expect(created).toMatchObject({ key: 'x', size: 4 })
    faultAt(1, { kind: 'cut-after' }, isPut)
    const changed = await store.put('x', 'mine too', { ifMatch: created.etag })
    expect(await store.head('x')).toMatchObject({ etag: changed.etag })
    expect(server.requests.filter(isPut)).toHaveLength(4)
  })

  it('does not take another’s write for its own', async () => {
    await store.put('x', 'theirs')
    faultAt(1, { kind: 'cut-before' }, isPut)
    await expect(store.put('x', 'ours!!', { ifNoneMatch: '*' })).rejects.toThrow(PreconditionFailedError)
    faultAt(1, { kind: 'cut-before' }, isPut)
    await expect(store.put('x', 'longer', { ifMatch: 'e' })).rejects.toThrow(PreconditionFailedError)
  })

  it.each([404, 412])(
    'reads a %i for ifMatch on what is missing as a failed precondition',
    async (status) => {
      faultAt(1, { kind: 'error', status, code: status === 404 ? 'NoSuchKey' : 'PreconditionFailed' }, isPut)
      await expect(store.put('x', '1', { ifMatch: 'e' })).rejects.toThrow(PreconditionFailedError)
    },
  )

  it('takes back the parts of an upload that fails', async () => {
    server.fault = ({ query }) =>
      query.partNumber === '2' ? { kind: 'error', status: 400, code: 'InvalidArgument' } : undefined
    await expect(store.put('x', large())).rejects.toThrow(/s3:\/\/data\/x cannot be written: InvalidArgument/)
    expect(server.uploads.size).toBe(0)
    expect(server.buckets.get('data')!.size).toBe(0)
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', action: 's3:AbortMultipartUpload' })
  })

  it('takes back the parts of an upload whose condition does not hold, or that is stopped', async () => {
    await store.put('x', 'there')
    await expect(store.put('x', large(), { ifNoneMatch: '*' })).rejects.toThrow(PreconditionFailedError)
    expect(server.uploads.size).toBe(0)

    const controller = new AbortController()
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield* large()
      controller.abort()
      await new Promise(() => {})
    }
    const { signal } = controller
    await expect(store.put('x', stuck(), { signal })).rejects.toThrow(AbortedError)
    expect(server.uploads.size).toBe(0)
    expect(await readText((await store.get('x'))!.body)).toBe('there')
  })

  it('gives the time that S3 gives, which of an upload in parts is that of its begin', async () => {
    server.fault = ({ method, query }) =>
      method === 'POST' && query.uploadId ? { kind: 'slow', milliseconds: 2500 } : undefined
    for (const body of ['whole', large()]) {
      const put = await store.put('x', body)
      const head = (await store.head('x'))!
      expect(Math.abs(head.lastModified.getTime() - put.lastModified.getTime())).toBeLessThanOrEqual(1000)
      expect(head).toEqual({ ...put, lastModified: head.lastModified, contentType: head.contentType })
    }
  })

  it('frees the connection of a reader that stops early, so that later ones get one', async () => {
    await store.put('x', Buffer.alloc(4_000_000))
    for (let i = 0; i < 120; i++) {
      const object = (await store.get('x'))!
      const iterator = object.body[Symbol.asyncIterator]()
      if (i % 2 === 0) await iterator.next()
      await iterator.return?.()
    }
    expect((await readBytes((await store.get('x'))!.body)).length).toBe(4_000_000)
    expect(await server.connections()).toBeLessThan(10)
  })

  it('tells the reader when the connection is cut amid the body', async () => {
    await store.put('x', Buffer.alloc(1_000_000))
    faultAt(1, { kind: 'cut-amid' }, ({ method }) => method === 'GET')
    const { body } = (await store.get('x'))!
    const failure = await readBytes(body).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StoreError)
    expect((failure as StoreError).message).toMatch(/^s3:\/\/data\/x cannot be read/)
  })

  it('stops waiting, uploading and reading when it is told to', async () => {
    await store.put('x', Buffer.alloc(4_000_000))
    // Longer than the test may take.
    const slow = { kind: 'slow', milliseconds: 120_000 } as const
    server.fault = () => slow
    const signal = AbortSignal.timeout(50)
    await expect(store.get('x', { signal })).rejects.toThrow(AbortedError)
    await expect(store.put('x', 'new', { signal: AbortSignal.timeout(50) })).rejects.toThrow(AbortedError)
    server.fault = ({ query }) => (query.partNumber ? slow : undefined)
    await expect(store.put('x', large(), { signal: AbortSignal.timeout(300) })).rejects.toThrow(AbortedError)
    expect(server.uploads.size).toBe(0)
    server.fault = () => undefined
    const controller = new AbortController()
    const { body } = (await store.get('x', { signal: controller.signal }))!
    const iterator = body[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort(new StoreError('the reason'))
    const rest = async () => {
      for (;;) if ((await iterator.next()).done) return
    }
    await expect(rest()).rejects.toThrow('the reason')
  })
})
