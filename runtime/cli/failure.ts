import { ExplainedError } from '../aws/aws-error.ts'
import { isSluiceError } from '../errors.ts'
import { harmless } from './harmless.ts'

/** What the system says of a path that a command was given, in plain words. */
const systemWords: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'is there already',
  EISDIR: 'is a folder',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'is too long a name',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of this path is no folder',
  EPERM: 'permission denied',
  EROFS: 'is on a disk that may only be read',
}

/** A path that cannot be used as asked: for the user to change. */
function pathProblem(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('path' in error) || !('code' in error)) return undefined
  const words = systemWords[String(error.code)]
  return words === undefined ? undefined : `${String(error.path)}: ${words}`
}

/** What the process ends with: 1 when the user's input or configuration has to change, 70 when it is our fault. */
export function exitCode(error: unknown): 1 | 70 {
  const isUsers =
    isSluiceError(error, 'input', 'quality', 'config', 'usage') || pathProblem(error) !== undefined
  return isUsers ? 1 : 70
}

/** Says what went wrong in plain lines on standard error; with `isDebug`, also where in the code. */
export function report(error: unknown, isDebug: boolean): void {
  const text = isDebug && error instanceof Error ? withStack(error) : describe(error)
  process.stderr.write(`${harmless(text, '\n')}\n`)
}

/**
 * The message, followed by those of its causes that say something new. What the system says of an input (`ENOENT: no
 * such file or directory, stat …`) is no news to who reads that it is not there.
 */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const problem = pathProblem(error)
  if (problem !== undefined) return problem
  if (error instanceof ExplainedError) return error.message
  const messages = [error.message || error.name]
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (isSluiceError(error, 'input') && 'syscall' in cause) continue
    // Whoever knows better where it is says it again, with the place.
    if (isSluiceError(error, 'input', 'quality') && isSluiceError(cause, 'input', 'quality')) continue
    // PostgreSQL's words as the Data API frames them.
    if ('$metadata' in cause && messages.some((message) => cause.message.includes(message))) continue
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
