import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ObjectReader, StoredObject } from '../contracts.ts'
import { isSluiceError, UsageError } from '../errors.ts'
import { sniffedBytes, sniffImage } from '../media/image-format.ts'

/** What a page's parts are, by the extensions that the gallery gives them; pictures are told by their content. */
const typeByExtension: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
}

/**
 * Serves a gallery bucket on this machine as CloudFront serves it: `/` is `index.html`, every other path is a key, and
 * what is not there is `error.html` with status 404. Listens on 127.0.0.1 only. `port` 0 takes one that is free.
 * @throws UsageError when the port is taken or may not be used
 */
export async function serveGallery(store: ObjectReader, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    respond(store, request, response).catch((error: Error) => {
      // The browser went away, or the store failed: the request ends, the server goes on.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(response.writableEnded ? undefined : `The gallery cannot be read: ${error.message}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${cause.code})`
      reject(new UsageError(`port ${port} ${reason}: choose another with --port`, { cause }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

const safety = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
} as const

async function respond(
  store: ObjectReader,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return plain(response, 405, 'Only GET and HEAD are answered here.', { allow: 'GET, HEAD' })
  }
  // A page of another site must not reach this server under a name of its own.
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/i.test(request.headers.host ?? '')) {
    return plain(response, 403, 'This server answers to 127.0.0.1 and localhost only.')
  }
  const key = keyOf(request.url ?? '/')
  if (key === undefined) return plain(response, 400, 'This address is not spelt as addresses are.')
  const found = await find(store, key)
  if (found) return send(request, response, 200, key, found)
  const page = await store.get('error.html')
  if (page) return send(request, response, 404, 'error.html', page)
  return plain(response, 404, 'There is nothing at this address.')
}

/** What no key can be is not there. */
async function find(store: ObjectReader, key: string): Promise<StoredObject | undefined> {
  try {
    return await store.get(key)
  } catch (error) {
    if (isSluiceError(error, 'input')) return undefined
    throw error
  }
}

/** The key that a path spells: taken as it stands, so that `..` is a part of a name and leads nowhere. */
function keyOf(url: string): string | undefined {
  const path = (/^[^?#]*/.exec(url) as RegExpExecArray)[0]
  if (!path.startsWith('/')) return undefined
  try {
    const key = decodeURIComponent(path.slice(1))
    return key === '' ? 'index.html' : key
  } catch {
    // Percent signs that stand for no character: the caller answers that.
    return undefined
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  key: string,
  found: StoredObject,
): Promise<void> {
  const etag = `"${found.etag}"`
  const chunks = found.body[Symbol.asyncIterator]()
  try {
    if (status === 200 && request.headers['if-none-match'] === etag) {
      response.writeHead(304, { ...safety, etag }).end()
      return
    }
    const first = await chunks.next()
    const start = first.done ? new Uint8Array() : first.value
    response.writeHead(status, {
      ...safety,
      etag,
      'content-type': contentType(key, start),
      'content-length': found.size,
    })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    await pipeline(withFirst(start, chunks), response)
  } finally {
    await chunks.return?.()
  }
}

async function* withFirst(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

function contentType(key: string, start: Uint8Array): string {
  const { format } = sniffImage(start.subarray(0, sniffedBytes))
  if (format !== undefined && format !== 'svg') return `image/${format}`
  const extension = key.slice(key.lastIndexOf('.') + 1).toLowerCase()
  return typeByExtension[extension] ?? 'application/octet-stream'
}

function plain(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { ...safety, 'content-type': 'text/plain; charset=utf-8', ...headers })
  response.end(`${text}\n`)
}
