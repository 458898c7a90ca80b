import { StoreError, UsageError } from '../errors.ts'

/** Its message is all that people need of it: what its causes say is the same in others' words. */
export class ExplainedError extends UsageError {}

/** What the AWS SDK throws for an answer: `name` is AWS's code for it. */
interface AwsAnswer extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const expired = /^(?:ExpiredToken|ExpiredTokenException|TokenRefreshRequired|RequestExpired)$/
const unknownKeys =
  /^(?:InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|AuthFailure|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken)$/
const wrongClock = /^(?:RequestTimeTooSkewed|InvalidSignatureException|SignatureDoesNotMatch)$/
const denied =
  /^(?:AccessDenied|AccessDeniedException|ForbiddenException|UnauthorizedOperation|UnauthorizedException|AuthorizationError|AuthorizationErrorException)$/
const unreachable =
  /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|TimeoutError|NetworkingError)$/

/** Whether AWS answered with one of these codes, anywhere among an error's causes. */
export function isAwsAnswer(error: unknown, ...names: string[]): boolean {
  return causesOf(error).some(({ name }) => names.includes(name))
}

/**
 * What went wrong with a call to AWS in one line that says what to do. `permission` is what the call needs, such as
 * `sqs:GetQueueUrl`. Errors that did not come from AWS stay what they are. The user's to change are ExplainedErrors.
 */
export function awsError(error: unknown, permission: string): Error {
  const causes = causesOf(error)
  const own = error instanceof Error ? error : new Error(String(error))
  const line = causes.map((cause) => lineOf(cause, permission)).find((found) => found !== undefined)
  if (line) return new ExplainedError(line, { cause: error })
  const answer = causes.find(isAnswer)
  if (!answer && causes.some((cause) => unreachable.test(codeOf(cause)))) {
    return new StoreError(`${own.message}: is this machine online?`, { cause: error })
  }
  // An error of our own has told it already, and where.
  if (!answer || answer !== error) return own
  return new StoreError(`${permission}: ${answer.name}: ${answer.message}`, { cause: error })
}

function lineOf(cause: Error, permission: string): string | undefined {
  const { name, message } = cause
  if (wrongClock.test(name) && /expired|skew|not yet current|too large/i.test(message)) {
    return `the clock of this machine is wrong, so that AWS refuses what it signs: ${message}`
  }
  if (expired.test(name) || (/Credentials|TokenProvider/.test(name) && /expired/i.test(message))) {
    return 'the AWS credentials have expired: log in again (`aws sso login`), or renew the keys that are set'
  }
  if (/^(?:CredentialsProviderError|TokenProviderError)$/.test(name)) {
    return `no AWS credentials were found: log in (\`aws sso login\`) and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY${/could not load|no providers/i.test(message) ? '' : `: ${message}`}`
  }
  if (unknownKeys.test(name))
    return `AWS does not know these credentials (${name}): check which keys or profile are set`
  if (isDenied(cause)) return `these credentials may not do ${permission}${detailOf(message)}`
  return undefined
}

/** Batch calls it ClientException, and its message alone tells; a refused HEAD has a status and nothing else. */
function isDenied(cause: Error): boolean {
  if (denied.test(cause.name)) return true
  const status = isAnswer(cause) ? cause.$metadata?.httpStatusCode : undefined
  return status === 403 || (status !== undefined && /is not authorized to perform/i.test(cause.message))
}

const detailOf = (message: string) =>
  /not authorized|no identity-based policy|denied/i.test(message) ? `: ${message}` : ''

const isAnswer = (error: Error): error is AwsAnswer =>
  '$metadata' in error && (error as AwsAnswer).$metadata?.httpStatusCode !== undefined

const codeOf = (error: Error) => ('code' in error && typeof error.code === 'string' ? error.code : error.name)

function causesOf(error: unknown): Error[] {
  const found: Error[] = []
  for (let at = error; at instanceof Error && !found.includes(at); at = at.cause) {
    found.push(at)
    if (at instanceof AggregateError)
      found.push(...at.errors.filter((one): one is Error => one instanceof Error))
  }
  return found
}
