import { createHash } from 'node:crypto'
import type {
  BucketRole,
  Location,
  ObjectInfo,
  ObjectStore,
  OutputRecord,
  PlannedRun,
  PutBody,
  PutOptions,
} from '../contracts.ts'
import { StoreError } from '../errors.ts'
import { isWithin } from './file-filter.ts'

export type Stores = Readonly<Partial<Record<BucketRole, ObjectStore>>>

/** A run's output stores, and what was put there. */
export interface RecordedOutputs {
  readonly output: ObjectStore
  readonly outputs: Stores
  /** What stands there of this run, in the order in which it was put first. */
  records(): OutputRecord[]
  /** The first refused write, which the pipeline may have swallowed. */
  refused(): Error | undefined
}

/**
 * Stores that write only within `run.writes`, and only while `signal` and `check` allow it: a run whose time is up,
 * even if it slept through its end, must not write over what another holder has made since.
 */
export function recordOutputs(
  run: PlannedRun,
  stores: Stores,
  guard: { readonly signal: AbortSignal; readonly check: () => void },
): RecordedOutputs {
  const written = new Map<string, OutputRecord>()
  let refusal: Error | undefined

  function allow(bucket: BucketRole, key: string): void {
    guard.check()
    if (run.writes.some((location) => isWithin(location, bucket, key))) return
    const error = new StoreError(
      `${bucket}:${key}: ${run.key} may not write here; allowed: ${run.writes.map(show).join(', ') || 'nothing'}`,
    )
    refusal ??= error
    throw error
  }

  const recorded = (bucket: BucketRole, store: ObjectStore): ObjectStore => ({
    get: (key, options) => store.get(key, options),
    head: (key) => store.head(key),
    list: (prefix, options) => store.list(prefix, options),
    async put(key: string, body: PutBody, options: PutOptions = {}): Promise<ObjectInfo> {
      allow(bucket, key)
      const { content, sha256 } = hashed(body, guard.check)
      const signal = options.signal ? AbortSignal.any([options.signal, guard.signal]) : guard.signal
      const info = await store.put(key, content, { ...options, signal })
      const { size, etag } = info
      written.set(`${bucket}:${key}`, { bucket, key, size, etag, sha256: sha256() })
      return info
    },
    async delete(key: string): Promise<void> {
      allow(bucket, key)
      await store.delete(key)
      written.delete(`${bucket}:${key}`)
    },
  })

  const roles = [...new Set(run.writes.map(({ bucket }) => bucket))]
  const outputs: Partial<Record<BucketRole, ObjectStore>> = {}
  for (const role of roles) outputs[role] = recorded(role, storeOf(run, stores, role))
  const mainRole = roles.includes('output') ? 'output' : (roles[0] ?? 'output')
  return {
    outputs,
    // A run that may write nowhere has a store too: it says so at the first write.
    output: outputs[mainRole] ?? recorded(mainRole, storeOf(run, stores, mainRole)),
    records: () => [...written.values()],
    refused: () => refusal,
  }
}

function storeOf(run: PlannedRun, stores: Stores, role: BucketRole): ObjectStore {
  const store = stores[role]
  if (!store) throw new StoreError(`${run.key}: there is no store for the ${role} bucket`)
  return store
}

const show = ({ bucket, prefix }: Location) => `${bucket}:${prefix}*`

/** The same body, hashed as it goes by. */
function hashed(body: PutBody, check: () => void): { content: PutBody; sha256: () => string } {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const digest = createHash('sha256').update(body).digest('hex')
    return { content: body, sha256: () => digest }
  }
  let hash = createHash('sha256')
  async function* chunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    // A store that begins again reads from the start again.
    hash = createHash('sha256')
    for await (const chunk of source) {
      check()
      hash.update(chunk)
      yield chunk
    }
    check()
  }
  return { content: { [Symbol.asyncIterator]: () => chunks(body) }, sha256: () => hash.digest('hex') }
}
