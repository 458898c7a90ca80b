import { isSluiceError } from '../errors.ts'

/** What the process ends with: 1 when the user's input or configuration has to change, 70 when it is our fault. */
export function exitCode(error: unknown): 1 | 70 {
  return isSluiceError(error, 'input', 'quality', 'config', 'usage') ? 1 : 70
}

/** Says what went wrong in plain lines on standard error; with `isDebug`, also where in the code. */
export function report(error: unknown, isDebug: boolean): void {
  process.stderr.write(`${isDebug && error instanceof Error ? withStack(error) : describe(error)}\n`)
}

/** The message, followed by those of its causes that say something new. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const messages = [error.message || error.name]
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const said = messages.join('\n')
    if (cause.message && !said.includes(cause.message)) messages.push(cause.message)
  }
  if (isSluiceError(error)) return isSluiceError(error, 'config') ? error.message : messages.join(': ')
  return `${messages.join(': ')}\nThis should not happen. Run the command again with --debug, and report what it shows.`
}

function withStack(error: Error): string {
  const parts = [error.stack ?? error.message]
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    parts.push(`caused by: ${cause.stack ?? cause.message}`)
  }
  return parts.join('\n')
}
