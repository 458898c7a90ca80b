import { AbortedError, isSluiceError, TimeoutError } from '../errors.ts'

/** The longest that a timer can wait; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1

export interface TimeLimit {
  /** Aborted with a TimeoutError or AbortedError as its reason. */
  readonly signal: AbortSignal
  /** @throws TimeoutError or AbortedError when the time is up, also when no timer could fire since */
  check(): void
  /** Ends it: from now on the signal is aborted. */
  stop(): void
}

/** A signal that is aborted at `deadline` by the clock, or when `outer` is. */
export function limitTime(
  what: string,
  startedAt: Date,
  deadline: Date,
  clock: () => Date,
  outer: AbortSignal | undefined,
): TimeLimit {
  const controller = new AbortController()
  const late = () => {
    const seconds = Math.round((deadline.getTime() - startedAt.getTime()) / 100) / 10
    const time = seconds === 1 ? '1 second' : `${seconds} seconds`
    return new TimeoutError(`${what} did not end within its ${time} (timeout, in the registry)`)
  }
  const onOuter = () => {
    const { reason } = outer as AbortSignal
    controller.abort(
      isSluiceError(reason, 'aborted', 'timeout')
        ? reason
        : new AbortedError(`${what} was told to stop`, { cause: reason }),
    )
  }
  let timer: NodeJS.Timeout | undefined
  const arm = (remaining: number) => {
    if (remaining <= 0) controller.abort(late())
    else if (remaining > maxTimerMs) timer = setTimeout(() => arm(remaining - maxTimerMs), maxTimerMs)
    else timer = setTimeout(() => controller.abort(late()), remaining)
  }
  arm(deadline.getTime() - clock().getTime())
  if (outer?.aborted) onOuter()
  else outer?.addEventListener('abort', onOuter, { once: true })
  return {
    signal: controller.signal,
    check() {
      if (clock() >= deadline) controller.abort(late())
      controller.signal.throwIfAborted()
    },
    stop() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', onOuter)
      controller.abort(new AbortedError(`${what} has ended`))
    },
  }
}

/** `work`, or the signal's reason as soon as it is aborted. What `work` comes to after that is of no interest. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
