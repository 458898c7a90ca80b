import { AbortedError, TimeoutError } from '../errors.ts'

export interface TimeLimits {
  readonly signal?: AbortSignal | undefined
  /** One minute unless given. */
  readonly timeoutMs?: number | undefined
}

export const defaultTimeoutMs = 60_000

/**
 * What `work` comes to, unless its time is up before. It is left alone then: whoever started it ends it.
 * @throws TimeoutError; AbortedError, or the signal's reason where that is an error
 */
export async function withinTime<T>(work: Promise<T>, what: string, limits: TimeLimits): Promise<T> {
  const { signal, timeoutMs = defaultTimeoutMs } = limits
  // It may fail once nobody waits for it any more.
  work.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`${what} ${timeUp(timeoutMs)}`)), timeoutMs)
    onAbort = () => reject(abortReason(what, signal))
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}

/** `did not end within 2 seconds`. */
export function timeUp(timeoutMs: number): string {
  const seconds = timeoutMs / 1000
  return `did not end within ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
}

/** What to throw when `signal` was aborted: its reason, if that says anything. */
export function abortReason(what: string, signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  // `abort()` without a reason gives a DOMException of this name.
  const isTelling = reason instanceof Error && reason.name !== 'AbortError'
  return isTelling ? reason : new AbortedError(`${what} was told to stop`, { cause: reason })
}
