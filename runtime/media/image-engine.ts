import type { Metadata, Sharp, SharpOptions } from 'sharp'
import { AbortedError, InputError, isSluiceError } from '../errors.ts'

type SharpModule = typeof import('sharp')['default']

let loaded: Promise<SharpModule> | undefined

/**
 * sharp, loaded when the first image needs it, so that the artefacts of pipelines without images go without its 20 MB.
 * libvips keeps nothing of one image for the next, and gives each a single thread: many images at once are faster than
 * many threads for one, and their memory adds up to what `image.ts` allows.
 */
export function loadSharp(): Promise<SharpModule> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  })
  return loaded
}

export type { Metadata, Sharp, SharpOptions }

/** What libvips says of damaged files, and what we say. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /premature end|truncated|read error|end of (?:file|stream)|not enough data|Read error|insufficient/i,
    'is cut off',
  ],
  [/timeout/i, 'takes too long to decode'],
  [/pixel limit|exceeds/i, 'is too large'],
]

/** What a failure of libvips says about the image, in one line. */
export function undecodable(format: string, cause: unknown): InputError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const lines = new Set(message.split('\n').map((part) => part.trim()))
  const line = [...lines]
    .filter((part) => part !== '' && !/unable to write to target/.test(part))
    .slice(0, 2)
    .join('; ')
  const reason = reasons.find(([pattern]) => pattern.test(message))?.[1] ?? 'is damaged'
  return new InputError(`the ${format.toUpperCase()} image ${reason}: ${line}`, { cause })
}

/** `work`, or what `signal` was aborted for as soon as it is; libvips ends what it began by its time limit. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortReason(signal))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  // Once aborted, nobody waits for the work's own end.
  work.catch(() => {})
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function abortReason(signal: AbortSignal): Error {
  return isSluiceError(signal.reason)
    ? signal.reason
    : new AbortedError('decoding the image was stopped', { cause: signal.reason })
}
