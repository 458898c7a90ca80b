import type { ObjectStore } from '../contracts.ts'
import { isSluiceError } from '../errors.ts'
import { jsonText, keySegment, readJsonObject } from '../run/json-object.ts'

/** Who tells of something, and whether that is done. One small object each in the logs bucket. */
interface SentAlert {
  readonly format: 1
  readonly state: 'sending' | 'sent'
  /** The invocation that sends it. */
  readonly sender: string
  readonly at: string
  readonly leaseUntil: string
}

/**
 * What has been mailed. Each alert is claimed before its mail and marked after it, so that it is sent once, whoever
 * else was told of it; only if the sender dies between the two is it sent again.
 */
export interface SentAlerts {
  /** `mine`: send it. `sent`: someone has. `busy`: someone is about to; ask again later. */
  claim(name: readonly string[]): Promise<'mine' | 'sent' | 'busy'>
  mark(name: readonly string[]): Promise<void>
}

export interface SentAlertsOptions {
  readonly logs: ObjectStore
  readonly sender: string
  readonly clock: () => Date
  /** How long a claim holds: longer than the sender can live. */
  readonly leaseMs: number
}

export function sentAlerts({ logs, sender, clock, leaseMs }: SentAlertsOptions): SentAlerts {
  const keyOf = (name: readonly string[]) => `alerts/${name.map(keySegment).join('/')}.json`
  const entry = (state: SentAlert['state'], now = clock()): string =>
    jsonText({
      format: 1,
      state,
      sender,
      at: now.toISOString(),
      leaseUntil: new Date(now.getTime() + leaseMs).toISOString(),
    } satisfies SentAlert)
  const contentType = 'application/json'

  return {
    async claim(name) {
      const key = keyOf(name)
      const found = await readJsonObject(logs, key)
      const { state, sender: other, leaseUntil } = (found?.value ?? {}) as Partial<SentAlert>
      if (state === 'sent') return 'sent'
      if (other !== undefined && other !== sender && Date.parse(leaseUntil ?? '') > clock().getTime())
        return 'busy'
      try {
        const condition = found ? { ifMatch: found.etag } : { ifNoneMatch: '*' as const }
        await logs.put(key, entry('sending'), { ...condition, contentType })
        return 'mine'
      } catch (error) {
        if (isSluiceError(error, 'precondition-failed')) return 'busy'
        throw error
      }
    },
    async mark(name) {
      await logs.put(keyOf(name), entry('sent'), { contentType })
    },
  }
}
