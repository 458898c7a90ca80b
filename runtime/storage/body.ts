import type { PutBody } from '../contracts.ts'
import { AbortedError, isSluiceError } from '../errors.ts'

/** The bytes of a body, piece by piece; stops as `throwIfAborted` does, also while it waits for the next piece. */
export async function* chunksOf(body: PutBody, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal)
  if (typeof body === 'string') yield Buffer.from(body)
  else if (body instanceof Uint8Array) yield body
  else if (!signal) yield* body
  else yield* untilAborted(body, signal)
}

async function* untilAborted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError(signal))
  })
  aborted.catch(() => {})
  signal.addEventListener('abort', stop)
  let isExhausted = false
  try {
    for (;;) {
      const step = await Promise.race([iterator.next(), aborted])
      isExhausted = step.done === true
      if (step.done) return
      yield step.value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    if (!isExhausted) {
      // A source that waits for ever would never settle its return() either, so nobody waits for it.
      const returned = iterator.return?.()
      returned?.catch(() => {})
    }
  }
}

/**
 * A body that frees what it holds also when its reader stops before the first byte, or while it waits for one.
 * `release` may be called more than once; `chunks` calls it when it ends by itself.
 */
export function releasable(
  chunks: AsyncGenerator<Uint8Array>,
  release: () => Promise<void>,
): AsyncIterableIterator<Uint8Array> {
  const body: AsyncIterableIterator<Uint8Array> = {
    next: () => chunks.next(),
    return: async () => {
      await release()
      return chunks.return(undefined)
    },
    [Symbol.asyncIterator]: () => body,
  }
  return body
}

/** All bytes of a body or of an object that was got, in memory. */
export async function readBytes(body: PutBody): Promise<Uint8Array> {
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** All of a body or of an object that was got, as UTF-8 text. @throws TypeError when it is not UTF-8 */
export async function readText(body: PutBody): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readBytes(body))
}

/** The first byte and the first byte not wanted of `range` in an object of `size` bytes; what is not there is left out. */
export function resolveRange(
  range: { readonly start: number; readonly end?: number } | undefined,
  size: number,
): { start: number; end: number } {
  checkRange(range)
  const start = Math.min(range?.start ?? 0, size)
  return { start, end: Math.max(start, Math.min(range?.end ?? size, size)) }
}

/** @throws RangeError unless both ends are whole numbers from 0 up */
export function checkRange(range: { readonly start: number; readonly end?: number } | undefined): void {
  for (const value of [range?.start, range?.end]) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw new RangeError(`a byte range must be of whole numbers from 0 up, not ${value}`)
    }
  }
}

/** @throws the signal's reason if that is one of Sluice's own errors, else AbortedError with it as the cause */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** What `throwIfAborted` throws. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return isSluiceError(reason) ? reason : new AbortedError('the run was told to stop', { cause: reason })
}
