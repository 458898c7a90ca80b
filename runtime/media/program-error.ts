/** What became of a program that did not do what it was started for. */
export type ProgramFailure =
  | { readonly kind: 'missing' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'too-much-output' }

/** Which Debian and Homebrew package has a program. */
const packages: Readonly<Record<string, string>> = { ffmpeg: 'ffmpeg', ffprobe: 'ffmpeg' }

/**
 * An installed program is missing, or ended with an error. It is none of the `SluiceError`s: whether the input is to
 * blame, only the caller can tell; if nobody does, the run *failed*.
 */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
  readonly program: string
  readonly failure: ProgramFailure
  /** The end of what it said on its error output, with control characters taken out; empty if it was silent. */
  readonly lastLines: readonly string[]

  constructor(
    program: string,
    failure: ProgramFailure,
    lastLines: readonly string[] = [],
    options: { cause?: unknown } = {},
  ) {
    super([messageOf(program, failure), ...lastLines].join('\n'), options)
    this.program = program
    this.failure = failure
    this.lastLines = lastLines
  }
}

/** Whether `error` says that a program is not installed. */
export function isProgramMissing(error: unknown): error is ProgramError {
  return error instanceof ProgramError && error.failure.kind === 'missing'
}

/** How to install a program, in one line. */
export function howToInstall(program: string): string {
  const name = packages[program] ?? program
  return `apt install ${name} (Debian, Ubuntu) or brew install ${name} (macOS)`
}

function messageOf(program: string, failure: ProgramFailure): string {
  switch (failure.kind) {
    case 'missing':
      return `${program} is not installed, or not where programs are looked for: ${howToInstall(program)}`
    case 'exit':
      return `${program} ended with exit code ${failure.code}`
    case 'signal':
      return `${program} was ended by ${failure.signal}`
    case 'too-much-output':
      return `${program} wrote more than it may`
  }
}
