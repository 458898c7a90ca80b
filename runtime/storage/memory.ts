import { createHash } from 'node:crypto'
import type { GetOptions, ObjectInfo, ObjectStore, PutBody, PutOptions, StoredObject } from '../contracts.ts'
import { PreconditionFailedError } from '../errors.ts'
import { chunksOf, resolveRange, throwIfAborted } from './body.ts'
import { checkKey, compareKeys } from './keys.ts'

export interface MemoryObjectStoreOptions {
  /** Gives `lastModified` of what is put; without it every object is of 1970-01-01. */
  readonly now?: () => Date
}

/** Objects in this process's memory. Etags are the MD5 of the content, as S3's are. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, { info: ObjectInfo; bytes: Uint8Array }>()
  readonly #now: () => Date

  constructor(options: MemoryObjectStoreOptions = {}) {
    this.#now = options.now ?? (() => new Date(0))
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    throwIfAborted(options.signal)
    const found = this.#objects.get(checkKey(key))
    const { start, end } = resolveRange(options.range, found?.info.size ?? 0)
    if (!found) return undefined
    if (options.ifMatch !== undefined && options.ifMatch !== found.info.etag) {
      throw new PreconditionFailedError(key)
    }
    // A copy, so that a reader who writes into its chunk does not change the object.
    return { ...found.info, body: chunksOf(found.bytes.slice(start, end)) }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return this.#objects.get(checkKey(key))?.info
  }

  async *list(prefix: string, options: { readonly startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    const { startAfter } = options
    const keys = [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .filter((key) => startAfter === undefined || compareKeys(key, startAfter) > 0)
      .sort(compareKeys)
    for (const key of keys) {
      const found = this.#objects.get(key)
      if (found) yield found.info
    }
  }

  async put(key: string, body: PutBody, options: PutOptions = {}): Promise<ObjectInfo> {
    checkKey(key)
    const chunks: Uint8Array[] = []
    for await (const chunk of chunksOf(body, options.signal)) chunks.push(Uint8Array.from(chunk))
    throwIfAborted(options.signal)
    // From here to the end there is no await: the condition and the write are one step.
    const current = this.#objects.get(key)?.info.etag
    if (options.ifNoneMatch !== undefined && current !== undefined) throw new PreconditionFailedError(key)
    if (options.ifMatch !== undefined && options.ifMatch !== current) throw new PreconditionFailedError(key)
    const bytes = Buffer.concat(chunks)
    const info: ObjectInfo = {
      key,
      size: bytes.length,
      etag: createHash('md5').update(bytes).digest('hex'),
      lastModified: this.#now(),
      ...(options.contentType !== undefined && { contentType: options.contentType }),
    }
    this.#objects.set(key, { info, bytes })
    return info
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(checkKey(key))
  }
}
