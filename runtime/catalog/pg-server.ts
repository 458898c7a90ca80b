import { readFileSync } from 'node:fs'
import { UsageError } from '../errors.ts'

/** A PostgreSQL server, and how to get in. */
export interface PgServer {
  /** A name or address; a folder (`/var/run/postgresql`) where the server listens on a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** A function is asked for each new connection: tokens expire. */
  readonly password?: string | (() => Promise<string>)
  readonly tls: PgTls
}

/** `verify-full`: the certificate must be for `host`; `verify-ca`: only from a known authority. */
export type PgTls =
  | { readonly mode: 'disable' }
  | {
      readonly mode: 'verify-ca' | 'verify-full'
      /** Certificates of authorities, as PEM; those that Node knows unless given. */
      readonly ca?: string
    }

const defaultPort = 5432
const tlsModes = 'disable, require, verify-ca or verify-full'

/**
 * The server that a `postgresql://user:password@host:port/database?sslmode=…&sslrootcert=…` URL names. Without sslmode,
 * this machine is talked to in the clear and any other with TLS and its certificate checked; `require` checks too.
 * @throws UsageError that shows nothing of the URL's password
 */
export function serverOfUrl(text: string): PgServer {
  const url = parseUrl(text)
  const parameters = url.searchParams
  for (const name of parameters.keys()) {
    if (!['sslmode', 'sslrootcert', 'host', 'application_name'].includes(name)) {
      throw new UsageError(
        `DATABASE_URL: the parameter ${name} is not known; there are sslmode, sslrootcert and host`,
      )
    }
  }
  const host = parameters.get('host') ?? (decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost')
  const user = decode(url.username)
  const database = decode(url.pathname.replace(/^\//, ''))
  if (user === '')
    throw new UsageError('DATABASE_URL: names no user: postgresql://user:password@host/database')
  if (database === '') {
    throw new UsageError('DATABASE_URL: names no database: postgresql://user:password@host/database')
  }
  return {
    host,
    port: url.port === '' ? defaultPort : Number(url.port),
    user,
    database,
    ...(url.password !== '' && { password: decode(url.password) }),
    tls: tlsOf(host, parameters.get('sslmode') ?? undefined, parameters.get('sslrootcert') ?? undefined),
  }
}

/**
 * The server that a secret names, as RDS and Redshift keep them in Secrets Manager: JSON with `host`, `port`,
 * `username`, `password` and `dbname`. @throws UsageError that shows nothing of the secret but the names of its keys
 */
export function serverOfSecret(json: string, options: { readonly ca?: string } = {}): PgServer {
  let secret: Record<string, unknown>
  try {
    secret = JSON.parse(json) as Record<string, unknown>
  } catch {
    // Without its cause: that quotes the secret.
    throw new UsageError('the database secret is no JSON')
  }
  const text = (key: string) => {
    const value = secret?.[key]
    if (typeof value === 'string' && value !== '') return value
    throw new UsageError(
      `the database secret needs the keys host, port, username, password and dbname; ${key} is missing`,
    )
  }
  const port = Number(secret?.port ?? defaultPort)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UsageError('the database secret has a port that is none')
  }
  const host = text('host')
  return {
    host,
    port,
    user: text('username'),
    password: text('password'),
    database: text('dbname'),
    tls: isThisMachine(host)
      ? { mode: 'disable' }
      : { mode: 'verify-full', ...(options.ca !== undefined && { ca: options.ca }) },
  }
}

function parseUrl(text: string): URL {
  let url: URL
  try {
    // The authority may be empty where a Unix socket is named; URL wants one in schemes it does not know, as it stands.
    url = new URL(text.trim())
  } catch {
    // Without its cause: that quotes the URL with the password.
    throw new UsageError(
      'DATABASE_URL is no URL: it looks like postgresql://user:password@host:5432/database',
    )
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new UsageError('DATABASE_URL: only postgresql:// databases can be a catalog')
  }
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UsageError('DATABASE_URL: a % that belongs to a name or password is written %25')
  }
}

function tlsOf(host: string, mode: string | undefined, caFile: string | undefined): PgTls {
  const isLocal = isThisMachine(host)
  const chosen = mode ?? (isLocal && caFile === undefined ? 'disable' : 'verify-full')
  if (chosen === 'disable') return { mode: 'disable' }
  if (chosen !== 'require' && chosen !== 'verify-ca' && chosen !== 'verify-full') {
    throw new UsageError(`DATABASE_URL: sslmode=${chosen} protects from nobody; choose ${tlsModes}`)
  }
  return {
    mode: chosen === 'verify-ca' ? 'verify-ca' : 'verify-full',
    ...(caFile !== undefined && { ca: readCertificates(caFile) }),
  }
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`DATABASE_URL: sslrootcert=${file} cannot be read`, { cause })
  }
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/')
}
