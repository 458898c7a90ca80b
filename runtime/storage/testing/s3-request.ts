import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { checksumOf } from './checksums.ts'

/** An answer that S3 gives instead of what was asked for. */
export class S3Error extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, headers: Record<string, string> = {}) {
    super(code)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** A request as S3 understands it: path-style, keys and parameters decoded once, the payload verified. */
export interface S3Request {
  readonly method: string
  readonly bucket: string
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: IncomingHttpHeaders
  /** The access key id of the signature; undefined without one. */
  readonly principal: string | undefined
  readonly body: Buffer
  /** The checksum that came with the payload and matched, as header name and value. */
  readonly checksum: readonly [name: string, value: string] | undefined
}

/** The parts of a request that stand in its line and headers. `+` is literal in path and query; nothing is normalised. */
export function parseTarget(incoming: IncomingMessage): Omit<S3Request, 'body' | 'checksum'> {
  const target = incoming.url ?? '/'
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const slash = path.indexOf('/', 1)
  const query = new Map<string, string>()
  for (const pair of mark < 0 ? [] : target.slice(mark + 1).split('&')) {
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    query.set(decodeURIComponent(name), equals < 0 ? '' : decodeURIComponent(pair.slice(equals + 1)))
  }
  return {
    method: incoming.method ?? 'GET',
    bucket: decodeURIComponent(slash < 0 ? path.slice(1) : path.slice(1, slash)),
    key: slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1)),
    query,
    headers: incoming.headers,
    principal: /Credential=([^/]+)\//.exec(
      incoming.headers.authorization ?? `Credential=${query.get('X-Amz-Credential') ?? ''}`,
    )?.[1],
  }
}

/** All of the payload, out of `aws-chunked` framing if it is in it, with every checksum that came verified. */
export async function readPayload(incoming: IncomingMessage): Promise<Pick<S3Request, 'body' | 'checksum'>> {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  const raw = Buffer.concat(pieces)
  const { headers } = incoming
  const declared = headers['content-length']
  if (declared !== undefined && Number(declared) !== raw.length) throw new S3Error(400, 'IncompleteBody')
  const sha256 = String(headers['x-amz-content-sha256'] ?? '')
  const isChunked = sha256.startsWith('STREAMING-') || /aws-chunked/.test(headers['content-encoding'] ?? '')
  const { body, trailers } = isChunked ? unframed(raw) : { body: raw, trailers: new Map<string, string>() }
  const length = headers['x-amz-decoded-content-length']
  if (isChunked && length !== undefined && Number(length) !== body.length)
    throw new S3Error(400, 'IncompleteBody')
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(body).digest('hex') !== sha256) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch')
  }
  const md5 = headers['content-md5']
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) {
    throw new S3Error(400, 'BadDigest')
  }
  return { body, checksum: verifiedChecksum(headers, trailers, body) }
}

function verifiedChecksum(
  headers: IncomingHttpHeaders,
  trailers: ReadonlyMap<string, string>,
  body: Buffer,
): S3Request['checksum'] {
  const promised = String(headers['x-amz-trailer'] ?? '')
  if (promised && !trailers.has(promised)) throw new S3Error(400, 'MalformedTrailerError')
  const entries = [...Object.entries(headers), ...trailers]
  const found = entries.find(([name]) => /^x-amz-checksum-(?!mode|type|algorithm)/.test(name))
  if (!found) return undefined
  const [name, value] = [found[0], String(found[1])]
  const actual = checksumOf(name.slice('x-amz-checksum-'.length), body)
  if (actual === undefined) throw new S3Error(501, 'NotImplemented')
  if (actual !== value) throw new S3Error(400, 'BadDigest')
  return [name, value]
}

/** Takes `aws-chunked` apart: `<hex length>[;extensions]CRLF <bytes> CRLF`, a chunk of none, then trailers. */
function unframed(raw: Buffer): { body: Buffer; trailers: Map<string, string> } {
  const pieces: Buffer[] = []
  let at = 0
  const line = () => {
    const end = raw.indexOf('\r\n', at)
    if (end < 0) throw new S3Error(400, 'IncompleteBody')
    const text = raw.toString('latin1', at, end)
    at = end + 2
    return text
  }
  for (;;) {
    const size = Number.parseInt(line().split(';')[0] ?? '', 16)
    if (!(size >= 0)) throw new S3Error(400, 'InvalidRequest')
    if (size === 0) break
    if (at + size + 2 > raw.length) throw new S3Error(400, 'IncompleteBody')
    pieces.push(raw.subarray(at, at + size))
    at += size
    if (line() !== '') throw new S3Error(400, 'InvalidRequest')
  }
  const trailers = new Map<string, string>()
  while (at < raw.length) {
    const text = line()
    if (text === '') break
    const colon = text.indexOf(':')
    trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim())
  }
  return { body: Buffer.concat(pieces), trailers }
}

/** Refuses a write whose `If-Match` or `If-None-Match` does not hold for the object's current etag, as S3 does. */
export function checkWriteConditions(headers: IncomingHttpHeaders, current: string | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw new S3Error(501, 'NotImplemented')
  if (ifNoneMatch === '*' && current !== undefined) throw new S3Error(412, 'PreconditionFailed')
  if (ifMatch === undefined) return
  if (current === undefined) throw new S3Error(404, 'NoSuchKey')
  if (ifMatch !== '*' && !isAmong(ifMatch, current)) throw new S3Error(412, 'PreconditionFailed')
}

/** Refuses a read whose conditions do not hold: 412, or 304 for what the reader already has. */
export function checkReadConditions(headers: IncomingHttpHeaders, current: string, lastModified: Date): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifMatch !== undefined && ifMatch !== '*' && !isAmong(ifMatch, current)) {
    throw new S3Error(412, 'PreconditionFailed')
  }
  const since = headers['if-modified-since']
  const isUnmodified = since !== undefined && lastModified.getTime() <= Date.parse(since)
  if (ifNoneMatch === undefined ? isUnmodified : ifNoneMatch === '*' || isAmong(ifNoneMatch, current)) {
    throw new S3Error(304, 'NotModified', { etag: `"${current}"` })
  }
}

function isAmong(header: string, etag: string): boolean {
  return header.split(',').some((text) => text.trim().replaceAll('"', '') === etag)
}

/** The bytes that a `Range` header asks for, half-open; undefined where it is to be ignored. @throws S3Error 416 */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const [, from, to] = /^bytes=([0-9]*)-([0-9]*)$/.exec(header ?? '') ?? []
  if ((from ?? '') === '' && (to ?? '') === '') return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
  if (start >= size || end <= start) {
    throw new S3Error(416, 'InvalidRange', { 'content-range': `bytes */${size}` })
  }
  return { start, end }
}
