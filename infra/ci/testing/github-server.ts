import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came. */
export interface GitHubRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly body: unknown
}

export interface GitHubAnswer {
  readonly status?: number
  readonly body?: unknown
}

/** Answers as `respond` says, over HTTP, and keeps what was asked. */
export class GitHubServer {
  readonly requests: GitHubRequest[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(respond: (request: GitHubRequest) => GitHubAnswer): Promise<GitHubServer> {
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const url = new URL(incoming.url ?? '/', 'http://localhost')
        const text = Buffer.concat(chunks).toString()
        const request = {
          method: incoming.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          authorization: incoming.headers.authorization,
          body: text === '' ? undefined : (JSON.parse(text) as unknown),
        }
        started.requests.push(request)
        const { status = 200, body } = respond(request)
        outgoing.writeHead(status, { 'content-type': 'application/json' })
        outgoing.end(typeof body === 'string' ? body : JSON.stringify(body ?? null))
      })
    })
    const started = new GitHubServer(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return started
  }

  get variables(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo
    return {
      GITHUB_API_URL: `http://127.0.0.1:${port}`,
      GITHUB_REPOSITORY: 'acme/ocean',
      GITHUB_TOKEN: 'the-token',
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
