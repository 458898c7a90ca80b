/** Where in a user's file something stands. `line` and `column` count from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** `file:line:column`, with as much of it as is known. */
export function showPlace(place: Place): string {
  return [place.file, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined)
    .join(':')
}

/** One thing wrong with a configuration: where, what was found, what is allowed. */
export interface Problem extends Place {
  readonly severity: 'error' | 'warning' | 'note'
  /** The place inside the document, such as `pipelines[1].schedule`; empty for the whole document. */
  readonly path: string
  readonly message: string
}

/** `file:line:column path: message`: the one form in which every problem is printed. */
export function showProblem(problem: Problem): string {
  const where = showPlace(problem)
  return problem.path ? `${where} ${problem.path}: ${problem.message}` : `${where}: ${problem.message}`
}

/**
 * The base of every error that Sluice throws on purpose. `tag` survives a copy of the class in another bundle,
 * where `instanceof` does not: test with `isSluiceError`.
 */
export abstract class SluiceError extends Error {
  abstract readonly tag: ErrorTag
}

export type ErrorTag =
  | 'input'
  | 'quality'
  | 'config'
  | 'usage'
  | 'precondition-failed'
  | 'store'
  | 'catalog'
  | 'timeout'
  | 'aborted'

/** The input is bad and no retry can help: the run is *rejected*. */
export class InputError extends SluiceError {
  readonly tag = 'input'
  override readonly name = 'InputError'
  readonly place: Place | undefined
  /** The message without the place. */
  readonly what: string
  /** The element of the variable that the message is about, counted from 0, if it is about one. */
  readonly element: number | undefined

  constructor(
    message: string,
    options: { place?: Place; element?: number | undefined; cause?: unknown } = {},
  ) {
    super(options.place ? `${showPlace(options.place)}: ${message}` : message, { cause: options.cause })
    this.place = options.place
    this.what = message
    this.element = options.element
  }
}

/** A quality check said that this data must not be stored: the run is *rejected*. */
export class QualityError extends SluiceError {
  readonly tag = 'quality'
  override readonly name = 'QualityError'
}

/** The user's configuration is wrong. Holds every problem that was found, not only the first. */
export class ConfigError extends SluiceError {
  readonly tag = 'config'
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], options: { cause?: unknown } = {}) {
    super(problems.map(showProblem).join('\n'), { cause: options.cause })
    this.problems = problems
  }
}

/** A command was called in a way that cannot work. */
export class UsageError extends SluiceError {
  readonly tag = 'usage'
  override readonly name = 'UsageError'
}

/** A conditional read or write met another version of the object than the one named. */
export class PreconditionFailedError extends SluiceError {
  readonly tag = 'precondition-failed'
  override readonly name = 'PreconditionFailedError'
  readonly key: string

  constructor(key: string, options: { cause?: unknown } = {}) {
    super(`${key}: the object is not at the version that was named`, { cause: options.cause })
    this.key = key
  }
}

/** A store could not do what it was asked: unreachable, refused, out of space. A retry may help. */
export class StoreError extends SluiceError {
  readonly tag = 'store'
  override readonly name = 'StoreError'
}

/** The database refused or could not be reached. `code` is PostgreSQL's SQLSTATE, where it gave one. */
export class CatalogError extends SluiceError {
  readonly tag = 'catalog'
  override readonly name = 'CatalogError'
  readonly code: string | undefined

  constructor(message: string, options: { code?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = options.code
  }
}

/** The run used up the time that its plan gives it. */
export class TimeoutError extends SluiceError {
  readonly tag = 'timeout'
  override readonly name = 'TimeoutError'
}

/** The run was told to stop. */
export class AbortedError extends SluiceError {
  readonly tag = 'aborted'
  override readonly name = 'AbortedError'
}

/** Whether `error` is one of ours and, if tags are given, of one of those. */
export function isSluiceError(error: unknown, ...tags: ErrorTag[]): error is SluiceError {
  if (!(error instanceof Error) || !('tag' in error)) return false
  return tags.length === 0 || (tags as unknown[]).includes(error.tag)
}
