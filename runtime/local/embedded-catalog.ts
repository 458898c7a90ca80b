import { rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ConnectionSource, RawResult, SqlConnection } from '../catalog/connection.ts'
import { connectionLost } from '../catalog/database-error.ts'
import { migrate } from '../catalog/migrate.ts'
import { openCatalog } from '../catalog/open-catalog.ts'
import { pgliteConnection } from '../catalog/pglite-connection.ts'
import { singleSession } from '../catalog/single-session.ts'
import type { CopyTarget } from '../contracts.ts'
import { CatalogError } from '../errors.ts'
import type { ThreadAnswer, ThreadOptions, ThreadRequest } from './catalog-thread-messages.ts'

/** In the build, the thread's program stands beside the chunk that this module is in. */
const threadFile = fileURLToPath(new URL('./catalog-thread.js', import.meta.url))
const queryCanceled = '57014'

export interface EmbeddedCatalogOptions {
  /** The state folder. */
  readonly root: string
  /** How long a statement may take: its thread is ended and the database opened anew, as after a crash. */
  readonly statementTimeoutMs?: number
  /** How long to wait for another transaction's end. */
  readonly lockTimeoutMs?: number
  /** The thread's program. */
  readonly program?: string
}

/**
 * The catalog of a state folder: PGlite in a thread of this process, which must be the only one that opens it. Made,
 * opened and migrated at first use.
 */
export function embeddedCatalog(options: EmbeddedCatalogOptions): ConnectionSource {
  const spoolDir = path.join(options.root, 'catalog-spool')
  const timeoutMs = options.statementTimeoutMs ?? 600_000
  let thread: DatabaseThread | undefined
  let isMigrated = false

  async function connect(): Promise<SqlConnection> {
    if (!thread || thread.hasEnded) {
      removeLeftovers(spoolDir)
      const program = options.program ?? threadFile
      thread = new DatabaseThread(
        program,
        { dataDir: path.join(options.root, 'catalog'), spoolDir },
        timeoutMs,
      )
    }
    const opened = thread
    await opened.ready
    const connection = pgliteConnection(opened, spoolDir)
    if (!isMigrated) {
      await migrate(openCatalog(only(connection)))
      isMigrated = true
    }
    return connection
  }

  return singleSession({
    connect,
    close: async () => thread?.close(),
    cancel: () => thread?.end(new CatalogError('the statement was given up', { code: queryCanceled })),
    lockTimeoutMs: options.lockTimeoutMs ?? 60_000,
  })
}

/** What stands in the spool folder before the database is open was left by a copy that was killed. */
function removeLeftovers(spoolDir: string): void {
  try {
    rmSync(spoolDir, { recursive: true, force: true })
  } catch (cause) {
    throw new CatalogError(`${spoolDir} cannot be removed: the embedded database cannot be opened`, { cause })
  }
}

/** The one connection that is at hand, for the work before anyone else gets it. */
function only(connection: SqlConnection): ConnectionSource {
  return { acquire: async () => ({ connection, release() {} }), close: async () => {} }
}

interface Waiting {
  readonly resolve: (done: RawResult | number | null) => void
  readonly reject: (error: Error) => void
}

type WithoutId<R> = R extends unknown ? Omit<R, 'id'> : never

/** The embedded database, from outside its thread. */
class DatabaseThread {
  /** @throws CatalogError when the database cannot be opened */
  readonly ready: Promise<unknown>
  readonly #worker: Worker
  readonly #timeoutMs: number
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended: CatalogError | undefined

  constructor(program: string, options: ThreadOptions, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.#worker = new Worker(program, { workerData: options })
    this.ready = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }))
    this.#worker.on('message', (answer: ThreadAnswer) => this.#settle(answer))
    this.#worker.on('error', (cause) => {
      this.#lose(new CatalogError('the embedded database has failed', { code: connectionLost, cause }))
    })
    this.#worker.on('exit', () => {
      this.#lose(new CatalogError('the embedded database has ended', { code: connectionLost }))
    })
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  async query(sql: string, parameters: readonly (string | null)[]): Promise<RawResult> {
    return (await this.#limited({ do: 'query', sql, parameters })) as RawResult
  }

  async copyFile(target: CopyTarget, name: string): Promise<number> {
    return (await this.#limited({ do: 'copyFile', target, name })) as number
  }

  async close(): Promise<void> {
    if (this.#ended) return
    await this.#ask({ do: 'close' })
    await this.#worker.terminate()
  }

  /** Ends the thread in the middle of whatever it does. The database comes to no harm: it is as after a crash. */
  end(error: CatalogError): void {
    this.#lose(error)
    void this.#worker.terminate()
  }

  #limited(request: WithoutId<ThreadRequest>): Promise<unknown> {
    const seconds = this.#timeoutMs / 1000
    const timer = setTimeout(() => {
      this.end(new CatalogError(`the statement took longer than ${seconds} s`, { code: queryCanceled }))
    }, this.#timeoutMs)
    return this.#ask(request).finally(() => clearTimeout(timer))
  }

  #ask(request: WithoutId<ThreadRequest>): Promise<unknown> {
    if (this.#ended)
      return Promise.reject(new CatalogError('the embedded database has ended', { code: connectionLost }))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...request, id })
    })
  }

  #settle(answer: ThreadAnswer): void {
    const request = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('done' in answer) {
      request?.resolve(answer.done)
      return
    }
    const error = new CatalogError(answer.error.message, { code: answer.error.code })
    request?.reject(error)
    // What is no error of SQL is one of the engine itself, which may be in any state: it is started anew.
    if (error.code === undefined) this.end(error)
  }

  #lose(error: CatalogError): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
