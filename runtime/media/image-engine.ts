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

/** When work on an image is given up. */
export interface Patience {
  readonly signal: AbortSignal | undefined
  readonly seconds: number
}

/**
 * What `work` comes to, or a failure as soon as the signal is aborted or the time is up, which runs from when `work`
 * calls `begin`. libvips ends what it began by a limit of its own where it can; until then its result is ignored.
 */
export async function withPatience<T>(
  { signal, seconds }: Patience,
  work: (begin: () => void) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  let timer: NodeJS.Timeout | undefined
  let onAbort = () => {}
  let giveUp: (why: Error) => void = () => {}
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  if (signal) {
    onAbort = () => giveUp(abortReason(signal))
    signal.addEventListener('abort', onAbort, { once: true })
  }
  const late = () => giveUp(new InputError(`the image takes too long to decode: more than ${seconds} s`))
  const working = work(() => {
    timer = setTimeout(late, seconds * 1000)
  })
  // Once given up, nobody waits for the work's own end.
  working.catch(() => {})
  try {
    return await Promise.race([working, givenUp])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function abortReason(signal: AbortSignal): Error {
  return isSluiceError(signal.reason)
    ? signal.reason
    : new AbortedError('decoding the image was stopped', { cause: signal.reason })
}
