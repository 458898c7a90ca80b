import { inspect } from 'node:util'
import { CatalogError } from '../errors.ts'

/** What PostgreSQL says about an error, as both drivers give it. */
interface DatabaseFields {
  readonly code?: unknown
  readonly detail?: unknown
  readonly where?: unknown
  readonly severity?: unknown
}

const sqlState = /^[0-9A-Z]{5}$/
/** Of the system and of `pg`: the connection is gone or never came to be. */
const systemCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EAI_AGAIN',
  'ENOTFOUND',
])
const lostText =
  /connection terminated|client has encountered a connection error|connection error and is not queryable|timeout exceeded when trying to connect|not queryable/i

/** PostgreSQL's "connection failure": what a lost connection is reported as when the server could not say more. */
export const connectionLost = '08006'
/** PostgreSQL's "client unable to establish connection". */
export const neverConnected = '08001'

/**
 * What a driver threw, as a CatalogError with the database's message, its detail and the place in a COPY. `secrets` are
 * masked in it and in its causes.
 */
export function catalogError(error: unknown, secrets: readonly string[] = []): CatalogError {
  if (error instanceof CatalogError) return error
  const { code, detail, where } = (error ?? {}) as DatabaseFields
  const message = error instanceof Error ? error.message || nested(error) : String(error)
  const said = message || 'the database could not be reached'
  const why = typeof detail === 'string' ? `: ${detail.replace(/\.$/, '')}` : ''
  const place = typeof where === 'string' && where.startsWith('COPY ') ? ` (${firstLine(where)})` : ''
  return new CatalogError(mask(said + why + place, secrets), {
    code: codeOf(code, message),
    cause: maskCause(error, secrets),
  })
}

/** Whether there was a connection that is gone, so that it is of no use for anything else. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof CatalogError && /^(?:08(?!001)|57P0[1-4])/.test(error.code ?? '')
}

function codeOf(code: unknown, message: string): string | undefined {
  if (typeof code === 'string' && systemCodes.has(code)) return connectionLost
  if (typeof code === 'string' && sqlState.test(code)) return code
  return lostText.test(message) ? connectionLost : undefined
}

/** Of an AggregateError, which Node gives where a host has several addresses: its parts' messages. */
function nested(error: Error): string {
  return error instanceof AggregateError ? error.errors.map((one: Error) => one.message).join(', ') : ''
}

const firstLine = (text: string) => text.split('\n', 1)[0] as string

/** `text` without the secrets, as they are and as they stand in a URL. */
export function mask(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((masked, secret) => masked.replaceAll(secret, '***'), text)
}

/** The cause as it is, unless it tells a secret: then only what it says, masked. */
function maskCause(cause: unknown, secrets: readonly string[]): unknown {
  if (!(cause instanceof Error) || secrets.length === 0) return cause
  const told = inspect(cause, { depth: 5 })
  if (mask(told, secrets) === told) return cause
  const masked = new Error(mask(cause.message, secrets))
  masked.stack = mask(cause.stack ?? '', secrets)
  return masked
}
