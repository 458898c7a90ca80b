import { createHash } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  checkReadConditions,
  checkWriteConditions,
  parseRange,
  parseTarget,
  readPayload,
  S3Error,
  type S3Request,
} from './s3-request.ts'
import { Versions } from './s3-versions.ts'
import { listingXml, unescapeXml, versionsXml, xml } from './s3-xml.ts'

export interface S3ServerObject {
  readonly body: Buffer
  readonly etag: string
  readonly lastModified: Date
  /** Headers that came with the object and go out with it: content type, metadata, checksum. */
  readonly headers: Readonly<Record<string, string>>
}

/** One request that came, with the IAM action that it needs. `status` is set once it is answered. */
export interface LoggedRequest {
  readonly number: number
  readonly method: string
  readonly action: string
  readonly bucket: string
  readonly key: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly principal: string | undefined
  status?: number
}

/** What goes wrong with a request: an error instead of the work, or a connection cut before, after or amid the answer. */
export type Fault =
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  | { readonly kind: 'cut-before' | 'cut-after' | 'cut-amid' }
  | { readonly kind: 'slow'; readonly milliseconds: number }

export interface S3ServerOptions {
  readonly buckets?: readonly string[]
  /** Whether `principal` may do an IAM action such as `s3:GetObject`; of `s3:ListBucket`, `key` is the prefix. */
  readonly authorize?: (action: string, bucket: string, key: string, principal: string | undefined) => boolean
  /** Asked once for each request. */
  readonly fault?: (request: LoggedRequest) => Fault | undefined
  readonly now?: () => Date
}

interface Multipart {
  readonly bucket: string
  readonly key: string
  readonly headers: Record<string, string>
  readonly parts: Map<number, Buffer>
  /** The object will be of this time, not of when it is completed. */
  readonly lastModified: Date
}

interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: Buffer | string
}

const MIN_PART_BYTES = 5 * 1024 * 1024

/**
 * An S3 server for tests: path-style, in memory, with checksums, multipart uploads, conditions, ranges and paged
 * listings as S3 has them. Signatures are not verified; their access key id says who asks.
 */
export class S3Server {
  readonly buckets = new Map<string, Map<string, S3ServerObject>>()
  readonly uploads = new Map<string, Multipart>()
  readonly notifications = new Map<string, string>()
  /** Of buckets with versioning: a bucket that has an entry here keeps what is written over or deleted. */
  readonly versions = new Map<string, Versions>()
  /** Tags of buckets. */
  readonly tags = new Map<string, Readonly<Record<string, string>>>()
  readonly requests: LoggedRequest[] = []
  /** The account that owns the buckets; requests that expect another are refused. */
  owner = ''
  authorize: NonNullable<S3ServerOptions['authorize']>
  fault: NonNullable<S3ServerOptions['fault']>
  readonly #now: () => Date
  readonly #server: Server
  #uploadCount = 0

  private constructor(options: S3ServerOptions) {
    for (const bucket of options.buckets ?? []) this.buckets.set(bucket, new Map())
    this.authorize = options.authorize ?? (() => true)
    this.fault = options.fault ?? (() => undefined)
    this.#now = options.now ?? (() => new Date())
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => response.destroy(error as Error))
    })
  }

  static async start(options: S3ServerOptions = {}): Promise<S3Server> {
    const server = new S3Server(options)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How many connections are open: a reader that stops early must leave none. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
    })
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = parseTarget(incoming)
    const logged: LoggedRequest = {
      number: this.requests.length + 1,
      method: target.method,
      action: actionOf(target),
      bucket: target.bucket,
      key: target.key,
      query: Object.fromEntries(target.query),
      headers: target.headers,
      principal: target.principal,
    }
    this.requests.push(logged)
    const fault = this.fault(logged)
    if (fault?.kind === 'cut-before') return void incoming.socket.destroy()
    if (fault?.kind === 'slow') await sleep(fault.milliseconds)
    const answer = await this.#answer(incoming, target, logged, fault)
    if (fault?.kind === 'cut-after') return void incoming.socket.destroy()
    logged.status = answer.status ?? 200
    send(response, target.method, answer, fault?.kind === 'cut-amid')
  }

  async #answer(
    incoming: IncomingMessage,
    target: Omit<S3Request, 'body' | 'checksum'>,
    logged: LoggedRequest,
    fault: Fault | undefined,
  ): Promise<Answer> {
    try {
      const request: S3Request = { ...target, ...(await readPayload(incoming)) }
      if (fault?.kind === 'error') throw new S3Error(fault.status, fault.code)
      this.#authorize(logged.action, request)
      return this.#dispatch(request)
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      const { status, code, headers } = error
      if (status === 304) return { status, headers }
      const body = `<Error><Code>${code}</Code><Message>${code} of the test server</Message><Key>${xml(target.key)}</Key></Error>`
      return { status, headers: { ...headers, 'content-type': 'application/xml' }, body }
    }
  }

  #authorize(action: string, { bucket, key, query, headers, principal }: S3Request): void {
    const may = (what: string, name = key) => this.authorize(what, bucket, name, principal)
    const isAllowed = action === 's3:ListBucket' ? may(action, query.get('prefix') ?? '') : may(action)
    const expected = headers['x-amz-expected-bucket-owner']
    if (this.owner !== '' && expected !== undefined && expected !== this.owner)
      throw new S3Error(403, 'AccessDenied')
    // DeleteObjects is authorised key by key. A condition on the etag reads it.
    const needsRead = /^s3:(?:Put|Delete)Object$/.test(action) && headers['if-match'] !== undefined
    if (!query.has('delete') && (!isAllowed || (needsRead && !may('s3:GetObject')))) {
      throw new S3Error(403, 'AccessDenied')
    }
  }

  #dispatch(request: S3Request): Answer {
    const { method, bucket, key, query } = request
    if (bucket === '') return xmlAnswer(this.#listBuckets())
    if (key === '') return this.#dispatchBucket(request)
    const objects = this.#objects(bucket)
    if (method === 'GET' || method === 'HEAD') return this.#read(request, objects)
    if (method === 'DELETE' && query.has('uploadId')) return this.#abortUpload(request)
    if (method === 'DELETE') {
      if (objects.has(key)) checkWriteConditions(request.headers, objects.get(key)?.etag)
      this.#delete(bucket, key, query.get('versionId'))
      return { status: 204 }
    }
    if (method === 'PUT' && query.has('uploadId')) return this.#putPart(request)
    if (method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined)
      return this.#copy(request, objects)
    if (method === 'PUT') return this.#put(request, objects)
    if (method === 'POST' && query.has('uploads')) return this.#createUpload(request)
    if (method === 'POST' && query.has('uploadId')) return this.#completeUpload(request, objects)
    throw new S3Error(501, 'NotImplemented')
  }

  #dispatchBucket(request: S3Request): Answer {
    const { method, bucket, query } = request
    if (method === 'PUT' && query.size <= 1 && !query.has('notification')) {
      if (this.buckets.has(bucket)) throw new S3Error(409, 'BucketAlreadyOwnedByYou')
      this.buckets.set(bucket, new Map())
      return { headers: { location: `/${bucket}` } }
    }
    const objects = this.#objects(bucket)
    if (query.has('notification')) return this.#notification(request)
    if (query.has('tagging')) return xmlAnswer(this.#tagging(bucket))
    if (query.has('versions')) {
      return xmlAnswer(versionsXml(request, this.versions.get(bucket) ?? new Versions(), objects))
    }
    if (query.has('location')) return xmlAnswer('<LocationConstraint/>')
    if (method === 'HEAD') return {}
    if (method === 'GET' && query.has('uploads')) return xmlAnswer(this.#listUploads(bucket))
    if (method === 'GET' && query.get('list-type') === '2') return xmlAnswer(listingXml(request, objects))
    if (method === 'POST' && query.has('delete')) return this.#deleteObjects(request)
    if (method === 'DELETE') {
      if (objects.size > 0 || this.versions.get(bucket)?.all.length) throw new S3Error(409, 'BucketNotEmpty')
      this.buckets.delete(bucket)
      return { status: 204 }
    }
    throw new S3Error(501, 'NotImplemented')
  }

  #objects(bucket: string): Map<string, S3ServerObject> {
    const objects = this.buckets.get(bucket)
    if (!objects) throw new S3Error(404, 'NoSuchBucket')
    return objects
  }

  #read(request: S3Request, objects: ReadonlyMap<string, S3ServerObject>): Answer {
    const object = objects.get(request.key)
    if (!object) {
      // Who may not list does not learn what is not there.
      const mayList = this.authorize('s3:ListBucket', request.bucket, request.key, request.principal)
      throw mayList ? new S3Error(404, 'NoSuchKey') : new S3Error(403, 'AccessDenied')
    }
    checkReadConditions(request.headers, object.etag, object.lastModified)
    const range = parseRange(request.headers.range, object.body.length)
    const headers: Record<string, string> = {
      ...object.headers,
      etag: `"${object.etag}"`,
      'last-modified': object.lastModified.toUTCString(),
      'accept-ranges': 'bytes',
    }
    const wantsChecksum = request.headers['x-amz-checksum-mode'] === 'ENABLED' && !range
    for (const name of Object.keys(headers)) {
      if (name.startsWith('x-amz-checksum-') && !wantsChecksum) delete headers[name]
    }
    if (!range) return { headers, body: object.body }
    headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${object.body.length}`
    return { status: 206, headers, body: object.body.subarray(range.start, range.end) }
  }

  #put(request: S3Request, objects: Map<string, S3ServerObject>): Answer {
    checkWriteConditions(request.headers, objects.get(request.key)?.etag)
    if (Buffer.byteLength(request.key) > 1024) throw new S3Error(400, 'KeyTooLongError')
    const etag = md5(request.body)
    const headers = {
      ...storedHeaders(request.headers),
      ...(request.checksum && Object.fromEntries([request.checksum])),
    }
    this.versions.get(request.bucket)?.keep(request.key, objects.get(request.key))
    objects.set(request.key, { body: request.body, etag, lastModified: this.#seconds(), headers })
    return { headers: { etag: `"${etag}"`, ...(request.checksum && Object.fromEntries([request.checksum])) } }
  }

  #copy(request: S3Request, objects: Map<string, S3ServerObject>): Answer {
    const source = decodeURIComponent(String(request.headers['x-amz-copy-source'])).replace(/^\//, '')
    const slash = source.indexOf('/')
    const [bucket, key] = [source.slice(0, slash), source.slice(slash + 1)]
    if (!this.authorize('s3:GetObject', bucket, key, request.principal))
      throw new S3Error(403, 'AccessDenied')
    const object = this.#objects(bucket).get(key)
    if (!object) throw new S3Error(404, 'NoSuchKey')
    checkWriteConditions(request.headers, objects.get(request.key)?.etag)
    const lastModified = this.#seconds()
    objects.set(request.key, { ...object, etag: md5(object.body), lastModified })
    const time = lastModified.toISOString()
    return xmlAnswer(
      `<CopyObjectResult><ETag>"${md5(object.body)}"</ETag><LastModified>${time}</LastModified></CopyObjectResult>`,
    )
  }

  #createUpload({ bucket, key, headers }: S3Request): Answer {
    const id = `upload-${++this.#uploadCount}`
    this.uploads.set(id, {
      bucket,
      key,
      headers: storedHeaders(headers),
      parts: new Map(),
      lastModified: this.#seconds(),
    })
    return xmlAnswer(
      `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${xml(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    )
  }

  #upload({ bucket, key, query }: S3Request): Multipart {
    const upload = this.uploads.get(query.get('uploadId') ?? '')
    if (!upload || upload.bucket !== bucket || upload.key !== key) throw new S3Error(404, 'NoSuchUpload')
    return upload
  }

  #putPart(request: S3Request): Answer {
    const number = Number(request.query.get('partNumber'))
    if (!(number >= 1 && number <= 10_000)) throw new S3Error(400, 'InvalidArgument')
    this.#upload(request).parts.set(number, request.body)
    const checksum = request.checksum && Object.fromEntries([request.checksum])
    return { headers: { etag: `"${md5(request.body)}"`, ...checksum } }
  }

  #completeUpload(request: S3Request, objects: Map<string, S3ServerObject>): Answer {
    const upload = this.#upload(request)
    const wanted = [...request.body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part]) => ({
      number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part ?? '')?.[1]),
      etag: unescapeXml(/<ETag>(.*?)<\/ETag>/.exec(part ?? '')?.[1] ?? '').replaceAll('"', ''),
    }))
    if (wanted.length === 0) throw new S3Error(400, 'MalformedXML')
    const parts = wanted.map(({ number, etag }, i) => {
      if (i > 0 && number <= (wanted[i - 1]?.number ?? 0)) throw new S3Error(400, 'InvalidPartOrder')
      const part = upload.parts.get(number)
      if (!part || md5(part) !== etag) throw new S3Error(400, 'InvalidPart')
      if (part.length < MIN_PART_BYTES && i < wanted.length - 1) throw new S3Error(400, 'EntityTooSmall')
      return part
    })
    checkWriteConditions(request.headers, objects.get(request.key)?.etag)
    const digests = parts.map((part) => createHash('md5').update(part).digest())
    const etag = `${md5(Buffer.concat(digests))}-${parts.length}`
    const object = {
      body: Buffer.concat(parts),
      etag,
      lastModified: upload.lastModified,
      headers: upload.headers,
    }
    objects.set(request.key, object)
    this.uploads.delete(request.query.get('uploadId') ?? '')
    return xmlAnswer(
      `<CompleteMultipartUploadResult><Key>${xml(request.key)}</Key><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`,
    )
  }

  #abortUpload(request: S3Request): Answer {
    this.#upload(request)
    this.uploads.delete(request.query.get('uploadId') ?? '')
    return { status: 204 }
  }

  /** Of a bucket with versions, what is deleted without naming one stays, below a delete marker. */
  #delete(bucket: string, key: string, version: string | undefined): void {
    const objects = this.#objects(bucket)
    const versions = this.versions.get(bucket)
    if (versions && version !== undefined && version !== 'null') versions.remove(key, version)
    else {
      if (versions && version === undefined) {
        versions.keep(key, objects.get(key))
        versions.mark(key)
      }
      objects.delete(key)
    }
  }

  #tagging(bucket: string): string {
    const tags = this.tags.get(bucket)
    if (!tags) throw new S3Error(404, 'NoSuchTagSet')
    const set = Object.entries(tags).map(
      ([key, value]) => `<Tag><Key>${xml(key)}</Key><Value>${xml(value)}</Value></Tag>`,
    )
    return `<Tagging><TagSet>${set.join('')}</TagSet></Tagging>`
  }

  #deleteObjects(request: S3Request): Answer {
    const results = [...request.body.toString().matchAll(/<Object>(.*?)<\/Object>/gs)].map(([, text]) => {
      const key = unescapeXml(/<Key>(.*?)<\/Key>/s.exec(text ?? '')?.[1] ?? '')
      const version = /<VersionId>(.*?)<\/VersionId>/.exec(text ?? '')?.[1]
      if (!this.authorize('s3:DeleteObject', request.bucket, key, request.principal)) {
        return `<Error><Key>${xml(key)}</Key><Code>AccessDenied</Code><Message>AccessDenied</Message></Error>`
      }
      this.#delete(request.bucket, key, version)
      return `<Deleted><Key>${xml(key)}</Key></Deleted>`
    })
    return xmlAnswer(`<DeleteResult>${results.join('')}</DeleteResult>`)
  }

  #notification({ method, bucket, body }: S3Request): Answer {
    if (method === 'PUT') this.notifications.set(bucket, body.toString())
    else return xmlAnswer(this.notifications.get(bucket) ?? '<NotificationConfiguration/>')
    return {}
  }

  #listBuckets(): string {
    const buckets = [...this.buckets.keys()]
      .sort()
      .map((name) => `<Bucket><Name>${xml(name)}</Name></Bucket>`)
    return `<ListAllMyBucketsResult><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`
  }

  #listUploads(bucket: string): string {
    const uploads = [...this.uploads]
      .filter(([, upload]) => upload.bucket === bucket)
      .map(([id, { key }]) => `<Upload><Key>${xml(key)}</Key><UploadId>${id}</UploadId></Upload>`)
    return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`
  }

  /** S3 keeps times in whole seconds. */
  #seconds(): Date {
    return new Date(Math.floor(this.#now().getTime() / 1000) * 1000)
  }
}

/** The IAM action that a request needs. */
function actionOf({ method, bucket, key, query }: Omit<S3Request, 'body' | 'checksum'>): string {
  if (bucket === '') return 's3:ListAllMyBuckets'
  const verb = method === 'PUT' ? 'Put' : 'Get'
  if (query.has('notification')) return `s3:${verb}BucketNotification`
  if (query.has('location')) return 's3:GetBucketLocation'
  if (query.has('tagging')) return `s3:${verb}BucketTagging`
  if (query.has('versions')) return 's3:ListBucketVersions'
  if (key === '' && method === 'PUT') return 's3:CreateBucket'
  if (key === '' && method === 'DELETE') return 's3:DeleteBucket'
  if (key === '' && query.has('uploads')) return 's3:ListBucketMultipartUploads'
  if (key === '' && query.has('delete')) return 's3:DeleteObject'
  if (key === '') return 's3:ListBucket'
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject'
  if (method === 'DELETE' && query.has('versionId')) return 's3:DeleteObjectVersion'
  if (method === 'DELETE') return query.has('uploadId') ? 's3:AbortMultipartUpload' : 's3:DeleteObject'
  return 's3:PutObject'
}

function send(response: ServerResponse, method: string, answer: Answer, isCut: boolean): void {
  const body = Buffer.from(answer.body ?? '')
  const status = answer.status ?? 200
  const hasLength = status !== 204 && status !== 304
  response.writeHead(status, {
    'x-amz-request-id': 'test',
    ...answer.headers,
    ...(hasLength && { 'content-length': String(body.length) }),
  })
  if (method === 'HEAD' || !hasLength) response.end()
  else if (!isCut) response.end(body)
  else response.write(body.subarray(0, body.length / 2), () => response.destroy())
}

function storedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name]) =>
      name.startsWith('x-amz-meta-') ||
      /^(?:content-(?:type|disposition|language|encoding)|cache-control|expires)$/.test(name),
  )
  const stored = Object.fromEntries(kept.map(([name, value]): [string, string] => [name, String(value)]))
  const encodings = (stored['content-encoding'] ?? '')
    .split(/, */)
    .filter((encoding) => encoding !== 'aws-chunked' && encoding !== '')
  delete stored['content-encoding']
  return encodings.length > 0 ? { ...stored, 'content-encoding': encodings.join(', ') } : stored
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

function xmlAnswer(body: string): Answer {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
  return { headers: { 'content-type': 'application/xml' }, body: declaration + body }
}
