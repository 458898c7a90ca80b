import { type ChildProcess, fork } from 'node:child_process'
import type { CatalogAnswer, CatalogChannel, CatalogRequest } from '../catalog/catalog-messages.ts'
import type { EngineMessage, WorkerAnswer, WorkerReply, WorkerRequest } from './worker-messages.ts'

export interface WorkerPoolOptions {
  /** The worker's program. */
  readonly file: string
  readonly size: number
  /** Where a worker's own output goes: its log lines, and whatever a library prints. */
  readonly output: (chunk: Buffer) => void
  /** Does what a worker asks of the catalog. */
  readonly serveCatalog: (channel: CatalogChannel<CatalogAnswer, CatalogRequest>) => void
}

/** A worker process ended before it answered. */
export class WorkerDiedError extends Error {
  override readonly name = 'WorkerDiedError'
}

type OnProgress = (done: number, total?: number) => void

interface Worker {
  readonly child: ChildProcess
  job: Job | undefined
}

interface Job {
  readonly request: WorkerRequest
  readonly timeoutMs: number
  readonly onProgress: OnProgress
  readonly resolve: (answer: WorkerAnswer) => void
  readonly reject: (error: Error) => void
  timer?: NodeJS.Timeout
}

/**
 * Processes that each do one run at a time. One that dies takes nothing along: its run is reported as failed and the
 * next run gets a new process.
 */
export class WorkerPool {
  private readonly options: WorkerPoolOptions
  private readonly workers = new Set<Worker>()
  private readonly waiting: Job[] = []
  private isClosed = false

  constructor(options: WorkerPoolOptions) {
    this.options = options
  }

  /**
   * Has `request` done by a worker. A worker that has not answered after `timeoutMs` is killed: a run that stays in
   * one long computation does not hear that its time is up.
   * @throws WorkerDiedError
   */
  execute(request: WorkerRequest, timeoutMs: number, onProgress: OnProgress): Promise<WorkerAnswer> {
    if (this.isClosed) return Promise.reject(new WorkerDiedError('the engine is stopping'))
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, timeoutMs, onProgress, resolve, reject })
      this.assign()
    })
  }

  /** Ends every worker; runs under way are reported as failed. */
  close(): void {
    this.isClosed = true
    for (const job of this.waiting.splice(0)) job.reject(new WorkerDiedError('the engine is stopping'))
    for (const { child } of this.workers) child.kill('SIGTERM')
  }

  /** Ends every worker at once, because this process is ending. */
  kill(): void {
    for (const { child } of this.workers) child.kill('SIGKILL')
  }

  private assign(): void {
    while (this.waiting.length > 0) {
      const worker = this.freeWorker()
      if (!worker) return
      this.begin(worker, this.waiting.shift() as Job)
    }
  }

  private freeWorker(): Worker | undefined {
    for (const worker of this.workers) if (!worker.job) return worker
    return this.workers.size < this.options.size ? this.start() : undefined
  }

  private begin(worker: Worker, job: Job): void {
    worker.job = job
    job.timer = setTimeout(() => worker.child.kill('SIGKILL'), job.timeoutMs)
    // A worker that is gone is reported by its `exit`; what the failed send says adds nothing.
    worker.child.send({ type: 'run', request: job.request } satisfies EngineMessage, () => {})
  }

  private start(): Worker {
    const child = fork(this.options.file, {
      // Young objects are given 4 MB instead of 16: runs on hundreds of files take 50 MB less for it, and no more time.
      execArgv: [...process.execArgv, '--max-semi-space-size=4'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const worker: Worker = { child, job: undefined }
    this.workers.add(worker)
    child.stdout?.on('data', this.options.output)
    child.stderr?.on('data', this.options.output)
    const catalog = new Set<(request: CatalogRequest) => void>()
    child.on('message', (reply: WorkerReply) => {
      if (reply.type === 'progress') worker.job?.onProgress(reply.done, reply.total)
      else if (reply.type === 'catalog') for (const listener of catalog) listener(reply.request)
      else this.finish(worker, (job) => job.resolve(reply))
    })
    this.options.serveCatalog({
      send: (answer) => {
        if (child.connected) child.send({ type: 'catalog', answer } satisfies EngineMessage, () => {})
      },
      onMessage: (listener) => catalog.add(listener),
      onClose: (listener) => child.once('exit', listener),
    })
    child.on('error', (cause) =>
      this.lose(worker, new WorkerDiedError('the worker could not be started', { cause })),
    )
    child.on('exit', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      this.lose(worker, new WorkerDiedError(`the worker process ${how} in the middle of the run`))
    })
    return worker
  }

  private lose(worker: Worker, error: WorkerDiedError): void {
    this.workers.delete(worker)
    this.finish(worker, (job) => job.reject(error))
  }

  private finish(worker: Worker, settle: (job: Job) => void): void {
    const { job } = worker
    if (!job) return
    clearTimeout(job.timer)
    worker.job = undefined
    settle(job)
    this.assign()
  }
}
