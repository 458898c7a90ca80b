import type { GetOptions, ObjectInfo, ObjectReader, StoredObject } from '../contracts.ts'
import { isSluiceError, PreconditionFailedError, StoreError } from '../errors.ts'
import { compareKeys, type ObjectListing } from './object-listing.ts'

/** Reads a run's inputs, each at the version that was claimed. */
export interface ClaimedReader extends ObjectReader {
  /** The first input that was found to be another version or gone, if any: what was read is not what was claimed. */
  replaced(): string | undefined
}

/**
 * A view of `store` in which there is nothing but `inputs`. An object that exists and is none of them cannot be read:
 * the ledger would not notice its changes, and the same input would no longer give the same output.
 */
export function claimedReader(store: ObjectReader, inputs: ObjectListing): ClaimedReader {
  let replacedKey: string | undefined

  function replace(key: string, cause?: unknown): PreconditionFailedError {
    replacedKey ??= key
    return new PreconditionFailedError(key, { cause })
  }

  async function outside(key: string): Promise<undefined> {
    if ((await store.head(key)) === undefined) return undefined
    throw new StoreError(`${key}: is not among this run's inputs, and a run reads nothing else`)
  }

  return {
    replaced: () => replacedKey,
    async get(key: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
      const info = inputs.find(key)
      if (!info) return outside(key)
      if (options.ifMatch !== undefined && options.ifMatch !== info.etag)
        throw new PreconditionFailedError(key)
      try {
        const found = await store.get(key, { ...options, ifMatch: info.etag })
        if (found) return found
      } catch (error) {
        throw isSluiceError(error, 'precondition-failed') ? replace(key, error) : error
      }
      throw replace(key)
    },
    async head(key: string): Promise<ObjectInfo | undefined> {
      return inputs.find(key) ?? outside(key)
    },
    async *list(prefix: string, options: { readonly startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
      const { startAfter } = options
      const isAfter = startAfter !== undefined && compareKeys(startAfter, prefix) > 0
      for (const info of inputs.from(isAfter ? startAfter : prefix)) {
        // Keys with a common beginning stand together.
        if (!info.key.startsWith(prefix)) return
        if (info.key !== startAfter) yield info
      }
    },
  }
}
