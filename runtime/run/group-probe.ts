import type { ObjectInfo, ObjectStore, PutBody } from '../contracts.ts'
import { isSluiceError, StoreError } from '../errors.ts'
import type { ErrorSummary } from '../log.ts'
import { claimedReader } from './claimed-reader.ts'
import { deadlineOf, type RunRequest } from './execute.ts'
import { inputBucket, resolveInputs } from './inputs.ts'
import { listingOf } from './object-listing.ts'
import { recordOutputs, type Stores } from './recorded-outputs.ts'
import { runModule } from './run-module.ts'
import { limitTime } from './time-limit.ts'

/** The one of `keys` that an error or one of its causes says it is about, if just one is. */
export function keyNamedBy(error: ErrorSummary | undefined, keys: readonly string[]): string | undefined {
  for (let at = error; at; at = at.cause) {
    const file = at.place?.file
    if (file === undefined) continue
    const named = keys.filter((key) => key === file || key.endsWith(`/${file}`))
    if (named.length === 1) return named[0]
  }
  return undefined
}

/** Those of `keys` that the pipeline rejects when each is tried alone. Nothing is claimed, written or recorded. */
export async function probeObjects(request: RunRequest, keys: readonly string[]): Promise<string[]> {
  const rejected: string[] = []
  for (const key of keys) if (await isRejected(request, key)) rejected.push(key)
  return rejected
}

async function isRejected(request: RunRequest, key: string): Promise<boolean> {
  const { run, stores, clock } = request
  const reader = stores.inputs[inputBucket(run)]
  if (!reader) return false
  const work = { kind: 'objects', keys: [key] } as const
  const startedAt = clock()
  const limit = limitTime(
    `${run.key} ${key}`,
    startedAt,
    deadlineOf(request, startedAt),
    clock,
    request.signal,
  )
  const log = request.log.with({ pipeline: run.pipeline, site: run.site, probe: key })
  try {
    const { subjects } = await resolveInputs(run, work, reader, undefined)
    const objects = subjects.flatMap((subject) => [...subject.objects])
    const raw = claimedReader(reader, listingOf(objects))
    const outputs = recordOutputs(run, unwritten(stores.outputs, clock), limit)
    const inputs = () => objects.map((object) => ({ ...object, epoch: 0 }))
    await runModule(request, { work, inputs, raw, outputs, log, signal: limit.signal, note: () => {} })
    return false
  } catch (error) {
    log.debug('Probe:Ended', { error })
    // Anything but a rejection is for the real run to meet.
    return isSluiceError(error, 'input', 'quality')
  } finally {
    limit.stop()
  }
}

/** Stores that take what is put and keep nothing. */
function unwritten(stores: Stores, clock: () => Date): Stores {
  return Object.fromEntries(Object.entries(stores).map(([role, store]) => [role, discarding(store, clock)]))
}

function discarding(store: ObjectStore, clock: () => Date): ObjectStore {
  const taken = new Map<string, ObjectInfo>()
  return {
    async get(key, options) {
      if (taken.has(key)) throw new StoreError(`${key}: was not kept, because its input is only being tried`)
      return store.get(key, options)
    },
    head: async (key) => taken.get(key) ?? store.head(key),
    list: (prefix, options) => store.list(prefix, options),
    async put(key, body, options) {
      const info: ObjectInfo = {
        key,
        size: await sizeOf(body),
        etag: 'not-kept',
        lastModified: clock(),
        ...(options?.contentType !== undefined && { contentType: options.contentType }),
      }
      taken.set(key, info)
      return info
    },
    async delete(key) {
      taken.delete(key)
    },
  }
}

async function sizeOf(body: PutBody): Promise<number> {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array) return body.length
  let size = 0
  for await (const chunk of body) size += chunk.length
  return size
}
