import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CompleteMultipartUploadCommandOutput,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { GetOptions, ObjectInfo, ObjectStore, PutBody, PutOptions, StoredObject } from '../contracts.ts'
import { isSluiceError, PreconditionFailedError, StoreError } from '../errors.ts'
import { abortError, checkRange, chunksOf, readBytes, releasable, throwIfAborted } from './body.ts'
import { checkKey } from './keys.ts'
import { uploadClient } from './s3-upload-client.ts'

export interface S3ObjectStoreOptions {
  readonly client: S3Client
  readonly bucket: string
  /** What stands before every key in the bucket; the store's keys are without it. */
  readonly prefix?: string
}

/** Streams longer than this are uploaded in parts of this size, four at a time; 10,000 parts are the most. */
const PART_BYTES = 8 * 1024 * 1024
/** How often a conditional write is tried that S3 refuses because another write is under way. */
const CONFLICT_ATTEMPTS = 6
const CONFLICT_PAUSE_MS = 50

/**
 * Objects in an S3 bucket. Of a finished put, `lastModified` is the server's time when it took the request, which S3
 * itself does not tell; it may differ from what head gives by a second.
 */
export class S3ObjectStore implements ObjectStore {
  readonly bucket: string
  readonly prefix: string
  readonly #client: S3Client

  constructor(options: S3ObjectStoreOptions) {
    this.#client = options.client
    this.bucket = options.bucket
    this.prefix = options.prefix ?? ''
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const { signal, ifMatch } = options
    const { start = 0, end } = options.range ?? {}
    const name = this.#key(key)
    checkRange(options.range)
    throwIfAborted(signal)
    if (end !== undefined && end <= start) return this.#withoutBody(key, options)
    const range =
      start > 0 || end !== undefined ? `bytes=${start}-${end === undefined ? '' : end - 1}` : undefined
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: name,
      ...(range !== undefined && { Range: range }),
      ...(ifMatch !== undefined && { IfMatch: `"${ifMatch}"` }),
    })
    try {
      const output = await this.#client.send(command, { ...(signal && { abortSignal: signal }) })
      return { ...this.#infoOf(key, output), body: this.#bodyOf(key, output, signal) }
    } catch (error) {
      if (isMissing(error)) return undefined
      // The range begins at or after the end: there are no such bytes.
      if (statusOf(error) === 416) return this.#withoutBody(key, options)
      throw this.#failed(key, 'cannot be read', error, signal)
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return this.#head(key, {})
  }

  async *list(prefix: string, options: { readonly startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    const { startAfter } = options
    let token: string | undefined
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: this.prefix + prefix,
        // Without it, keys with control characters would make answers that are no XML.
        EncodingType: 'url',
        ...(token !== undefined && { ContinuationToken: token }),
        ...(token === undefined && startAfter && { StartAfter: this.prefix + startAfter }),
      })
      const page = await this.#client.send(command).catch((error: unknown) => {
        throw this.#failed(prefix, 'cannot be listed', error)
      })
      const decode = page.EncodingType === 'url' ? formDecoded : (text: string) => text
      for (const { Key = '', Size, ETag, LastModified } of page.Contents ?? []) {
        const key = decode(Key).slice(this.prefix.length)
        // Empty: an object with the name of the prefix itself, such as a folder marker.
        if (key !== '') yield this.#infoOf(key, { ContentLength: Size, ETag, LastModified })
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async put(key: string, body: PutBody, options: PutOptions = {}): Promise<ObjectInfo> {
    const input: PutObjectCommandInput = {
      Bucket: this.bucket,
      Key: this.#key(key),
      ...(options.contentType !== undefined && { ContentType: options.contentType }),
      ...(options.cacheControl !== undefined && { CacheControl: options.cacheControl }),
      ...(options.ifNoneMatch !== undefined && { IfNoneMatch: options.ifNoneMatch }),
      ...(options.ifMatch !== undefined && { IfMatch: `"${options.ifMatch}"` }),
    }
    throwIfAborted(options.signal)
    if (typeof body === 'string') return this.#putWhole(key, input, Buffer.from(body), options)
    if (body instanceof Uint8Array) return this.#putWhole(key, input, body, options)
    const chunks = chunksOf(body, options.signal)
    const first: Uint8Array[] = []
    for (let size = 0; size <= PART_BYTES; ) {
      const step = await chunks.next()
      if (step.done) return this.#putWhole(key, input, Buffer.concat(first), options)
      // A copy: the source may write its next chunk over this one.
      first.push(Uint8Array.from(step.value))
      size += step.value.length
    }
    return this.#putParts(key, input, first, chunks, options)
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.bucket, Key: this.#key(key) })
    try {
      await this.#client.send(command)
    } catch (error) {
      if (!isMissing(error)) throw this.#failed(key, 'cannot be deleted', error)
    }
  }

  async #head(key: string, options: GetOptions): Promise<ObjectInfo | undefined> {
    const command = new HeadObjectCommand({
      Bucket: this.bucket,
      Key: this.#key(key),
      ...(options.ifMatch !== undefined && { IfMatch: `"${options.ifMatch}"` }),
    })
    try {
      return this.#infoOf(
        key,
        await this.#client.send(command, { ...(options.signal && { abortSignal: options.signal }) }),
      )
    } catch (error) {
      if (isMissing(error)) return undefined
      throw this.#failed(key, 'cannot be read', error, options.signal)
    }
  }

  async #withoutBody(key: string, options: GetOptions): Promise<StoredObject | undefined> {
    const info = await this.#head(key, options)
    return info && { ...info, body: chunksOf('') }
  }

  async #putWhole(
    key: string,
    input: PutObjectCommandInput,
    body: Uint8Array,
    options: PutOptions,
  ): Promise<ObjectInfo> {
    const { signal } = options
    for (let attempts = 1; ; attempts++) {
      const { client, firstDate } = uploadClient(this.#client, signal)
      try {
        const command = new PutObjectCommand({ ...input, Body: body })
        const output = await client.send(command)
        return this.#infoOf(key, {
          ...options,
          ...output,
          ContentLength: body.length,
          LastModified: firstDate(),
        })
      } catch (error) {
        if (statusOf(error) === 412 && attemptsOf(error) > 1) {
          const written = await this.#ownWrite(key, body, signal)
          if (written) return written
        }
        if (statusOf(error) !== 409 || attempts === CONFLICT_ATTEMPTS) {
          throw this.#failedWrite(key, error, options)
        }
        await sleep(CONFLICT_PAUSE_MS * 2 ** (attempts - 1))
        throwIfAborted(signal)
      }
    }
  }

  /**
   * The object if it is what we wanted to write: a first try may have written it although its answer was lost, and
   * then the SDK's second try is refused because of our own object.
   */
  async #ownWrite(
    key: string,
    body: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<ObjectInfo | undefined> {
    const object = await this.get(key, { ...(signal && { signal }) })
    if (!object) return undefined
    const { body: stored, ...info } = object
    if (info.size === body.length && Buffer.compare(await readBytes(stored), body) === 0) return info
    await stored[Symbol.asyncIterator]().return?.()
    return undefined
  }

  async #putParts(
    key: string,
    input: PutObjectCommandInput,
    first: readonly Uint8Array[],
    rest: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<ObjectInfo> {
    let size = 0
    let failure: { readonly error: unknown } | undefined
    async function* counted(): AsyncGenerator<Uint8Array> {
      try {
        for (const chunk of first) {
          size += chunk.length
          yield chunk
        }
        for await (const chunk of rest) {
          size += chunk.length
          yield Uint8Array.from(chunk)
        }
      } catch (error) {
        failure = { error }
        throw error
      }
    }
    const { client, firstDate } = uploadClient(this.#client, options.signal)
    const source = Readable.from(counted(), { highWaterMark: 1 })
    // The upload is stopped through its source and its requests, and then takes back the parts that it has sent; its
    // own way to be stopped would leave them.
    const upload = new Upload({ client, params: { ...input, Body: source }, partSize: PART_BYTES })
    try {
      const output: CompleteMultipartUploadCommandOutput = await upload.done()
      return this.#infoOf(key, {
        ETag: output.ETag,
        ContentLength: size,
        LastModified: firstDate(),
        ContentType: options.contentType,
      })
    } catch (error) {
      if (failure) throw failure.error
      throw this.#failedWrite(key, error, options)
    } finally {
      source.destroy()
    }
  }

  #bodyOf(
    key: string,
    output: GetObjectCommandOutput,
    signal: AbortSignal | undefined,
  ): AsyncIterable<Uint8Array> {
    const stream = output.Body
    if (!(stream instanceof Readable)) return chunksOf('')
    const fail = (error: unknown) => this.#failed(key, 'cannot be read', error, signal)
    const stop = () => stream.destroy(signal && abortError(signal))
    const release = async () => {
      signal?.removeEventListener('abort', stop)
      stream.destroy()
    }
    // Nobody may be listening yet, or any more, when the connection breaks: the reader is told when it reads.
    stream.on('error', () => {})
    signal?.addEventListener('abort', stop)
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        throwIfAborted(signal)
        yield* stream as AsyncIterable<Uint8Array>
      } catch (error) {
        throw fail(error)
      } finally {
        await release()
      }
    }
    return releasable(chunks(), release)
  }

  #infoOf(key: string, output: Described): ObjectInfo {
    const { ETag, LastModified, ContentType } = output
    const size = 'ContentRange' in output ? totalOf(output.ContentRange) : undefined
    if (ETag === undefined || LastModified === undefined) {
      throw new StoreError(
        `${this.#name(key)}: the answer lacks ${ETag === undefined ? 'an etag' : 'a time'}`,
      )
    }
    return {
      key,
      size: size ?? output.ContentLength ?? 0,
      etag: ETag.replaceAll('"', ''),
      lastModified: LastModified,
      ...(ContentType !== undefined && { contentType: ContentType }),
    }
  }

  #failedWrite(key: string, error: unknown, options: PutOptions): Error {
    // What is to be replaced but is not there is at another version, too; S3 calls that 404, others 412.
    if (options.ifMatch !== undefined && isMissing(error))
      return new PreconditionFailedError(key, { cause: error })
    return this.#failed(key, 'cannot be written', error, options.signal)
  }

  #failed(key: string, what: string, error: unknown, signal?: AbortSignal): Error {
    if (isSluiceError(error)) return error
    if (signal?.aborted) return abortError(signal)
    if (statusOf(error) === 412) return new PreconditionFailedError(key, { cause: error })
    const { name, message } = error instanceof Error ? error : { name: 'error', message: String(error) }
    const reason =
      message === name || message === 'UnknownError'
        ? `${name} (HTTP ${statusOf(error)})`
        : `${name}: ${message}`
    return new StoreError(`${this.#name(key)} ${what}: ${reason}`, { cause: error })
  }

  #key(key: string): string {
    checkKey(this.prefix + checkKey(key))
    return this.prefix + key
  }

  #name(key: string): string {
    return `s3://${this.bucket}/${this.prefix}${key}`
  }
}

type Described =
  | GetObjectCommandOutput
  | HeadObjectCommandOutput
  | {
      readonly ContentLength: number | undefined
      readonly ETag: string | undefined
      readonly LastModified: Date | undefined
      readonly ContentType?: string | undefined
    }

/** The size of the whole object in `bytes 0-9/100`. */
function totalOf(contentRange: string | undefined): number | undefined {
  const total = contentRange?.split('/')[1]
  return total !== undefined && /^[0-9]+$/.test(total) ? Number(total) : undefined
}

function metadataOf(error: unknown): { httpStatusCode?: number; attempts?: number } {
  return error instanceof Error && '$metadata' in error
    ? (error.$metadata as { httpStatusCode?: number })
    : {}
}

function statusOf(error: unknown): number | undefined {
  return metadataOf(error).httpStatusCode
}

function attemptsOf(error: unknown): number {
  return metadataOf(error).attempts ?? 1
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || statusOf(error) !== 404) return false
  return error.name !== 'NoSuchBucket' && error.name !== 'NoSuchUpload'
}

/** Undoes `encoding-type=url`, where a space may be `+`. */
function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
