import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import type { ThreadAnswer, ThreadRequest, ThreadTasks } from './bounded-thread-program.ts'
import type { MediaLimits } from './media-limits.ts'

/** Threads that read files at one time: more would hold more memory, and machines that scan have few processors. */
const maxThreads = 2
/** Of V8's heap; arrays of bytes come on top, see `limitAllocations`. */
const maxHeapMB = 128
const idleMs = 5_000
/** After a file that is larger than this a thread is ended, so that what it grew to is given back. */
const largeFileBytes = 8 * 2 ** 20
/** Packages keep things: a thread is ended after so many files. */
const maxFilesEach = 500

/**
 * Runs a parser of a package over a file, in a thread that is ended when it takes too long or too much memory. The time
 * counts from when it is its turn. @throws InputError about the file; the signal's reason when that is aborted
 */
export async function inThread<T extends keyof ThreadTasks>(
  task: T,
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<ThreadTasks[T]>>> {
  const path = await file.localPath()
  const thread = await takeThread(signal)
  try {
    const answer = await thread.ask({ task, path, limits }, signal)
    if ('problem' in answer) throw inputProblem(file.name, answer.problem)
    return (answer as { value: Awaited<ReturnType<ThreadTasks[T]>> }).value
  } catch (error) {
    if (error instanceof ThreadLost) throw inputProblem(file.name, error.message, error.cause)
    throw error
  } finally {
    giveBack(thread, file.size)
  }
}

/** The thread was ended, and the file was the reason. */
class ThreadLost extends Error {}

/** One thread, and whatever it is asked. */
class ParserThread {
  files = 0
  hasEnded = false
  idleTimer: NodeJS.Timeout | undefined
  readonly #worker: Worker
  readonly #ready: Promise<unknown>

  constructor(programUrl: string) {
    const isSource = programUrl.endsWith('.ts')
    this.#worker = new Worker(isSource ? throughTsx(programUrl) : fileURLToPath(programUrl), {
      eval: isSource,
      workerData: threadRole,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMB, maxYoungGenerationSizeMb: 16 },
      execArgv: [],
      // What parsers print about a file is nobody's business.
      stdout: true,
      stderr: true,
      env: {},
    })
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    // Also while nobody waits for it.
    this.#worker.on('error', () => {
      this.hasEnded = true
    })
    this.#ready = this.#next()
    // Whoever asks first hears of it.
    this.#ready.catch(() => undefined)
  }

  async ask(request: ThreadRequest, signal: AbortSignal): Promise<ThreadAnswer> {
    this.files++
    this.#worker.ref()
    let timer: NodeJS.Timeout | undefined
    const onAbort = () => void this.end()
    try {
      await this.#ready
      signal.throwIfAborted()
      signal.addEventListener('abort', onAbort, { once: true })
      const { secondsPerFile } = request.limits
      const timedOut = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          void this.end()
          reject(new ThreadLost(`could not be read within ${secondsPerFile} seconds`))
        }, secondsPerFile * 1000)
      })
      const answer = this.#next()
      answer.catch(() => undefined)
      this.#worker.postMessage(request)
      return await Promise.race([answer, timedOut])
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      this.#worker.unref()
    }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    clearTimeout(this.idleTimer)
    await this.#worker.terminate()
  }

  /** The next message, or why there is none. */
  #next(): Promise<ThreadAnswer> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        finish()
      }
      const onMessage = (answer: ThreadAnswer) => settle(() => resolve(answer))
      const onError = (cause: NodeJS.ErrnoException) => {
        this.hasEnded = true
        const isMemory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
        const lost = new ThreadLost(`takes more than ${maxHeapMB} MiB of memory to be read`, { cause })
        settle(() => reject(isMemory ? lost : cause))
      }
      const onExit = () => {
        this.hasEnded = true
        settle(() => reject(new Error('the thread that reads files ended')))
      }
      this.#worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    })
  }
}

// One set of threads for the process: whoever reads files here shares its processors and memory.
const idle: ParserThread[] = []
const waiting: (() => void)[] = []
let taken = 0

async function takeThread(signal: AbortSignal): Promise<ParserThread> {
  while (taken >= maxThreads) {
    await new Promise<void>((resolve) => waiting.push(resolve))
    // The turn goes to the next one.
    if (signal.aborted) waiting.shift()?.()
    signal.throwIfAborted()
  }
  taken++
  const found = idle.pop()
  if (found) {
    clearTimeout(found.idleTimer)
    if (!found.hasEnded) return found
  }
  try {
    const program = await import('./bounded-thread-program.ts')
    return new ParserThread(program.programUrl)
  } catch (error) {
    taken--
    waiting.shift()?.()
    throw error
  }
}

function giveBack(thread: ParserThread, fileBytes: number): void {
  taken--
  if (thread.hasEnded) {
    // Nothing to keep.
  } else if (fileBytes > largeFileBytes || thread.files >= maxFilesEach) void thread.end()
  else {
    thread.idleTimer = setTimeout(() => {
      const at = idle.indexOf(thread)
      if (at >= 0) idle.splice(at, 1)
      void thread.end()
    }, idleMs)
    thread.idleTimer.unref()
    idle.push(thread)
  }
  waiting.shift()?.()
}

const threadRole: typeof import('./bounded-thread-program.ts')['threadRole'] = 'sluice-media'

/** In tests, sources are run as they are; Node 20 needs tsx for that. A build is JavaScript. */
function throughTsx(programUrl: string): string {
  const tsx = createRequire(programUrl)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs')
  return `import(${JSON.stringify(tsx)}).then((tsx) => tsx.register()).then(() => import(${JSON.stringify(programUrl)}))`
}
