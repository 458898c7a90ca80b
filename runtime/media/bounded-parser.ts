import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import type { ParserAnswer, ParserTasks } from './bounded-parser-program.ts'
import type { MediaLimits } from './media-limits.ts'

/** A parser that has grown to more is ended after its file, so that the memory is given back. */
const maxHeldBytes = 160 * 2 ** 20
/** Of V8's heap. */
const maxHeapMB = 128
const idleMs = 5_000
/** Packages keep things: a parser is ended after so many files. */
const maxFilesEach = 1_000

/**
 * Runs a parser of a package over a file, in a process of its own that is ended when it takes too long or too much
 * memory: whatever a file does to it, this one goes on. Files are read one after the other, and the time of one counts
 * from when it is its turn. @throws InputError about the file; the signal's reason when that is aborted
 */
export async function parseBounded<T extends keyof ParserTasks>(
  task: T,
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<ParserTasks[T]>>> {
  const path = await file.localPath()
  const answer = await inTurn(signal, async () => {
    const parser = await takeParser()
    try {
      return await parser.ask({ task, path, limits }, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof ParserLost) throw inputProblem(file.name, error.message, error.cause)
      throw error
    } finally {
      keep(parser)
    }
  })
  if ('problem' in answer) throw inputProblem(file.name, answer.problem)
  return (answer as { value: Awaited<ReturnType<ParserTasks[T]>> }).value
}

type Program = typeof import('./bounded-parser-program.ts')

/** The process ended, and the file was the reason. */
class ParserLost extends Error {}

/** One process, and the file that it has now. */
class Parser {
  files = 0
  heldBytes = 0
  hasEnded = false
  idleTimer: NodeJS.Timeout | undefined
  readonly #child: ChildProcess
  readonly #maxMB: number
  #ready: Promise<unknown> | undefined

  constructor({ programUrl, programRole, maxParserMB }: Program) {
    this.#maxMB = maxParserMB
    this.#child = fork(fileURLToPath(programUrl), [programRole], {
      execArgv: [...throughTsx(programUrl), `--max-old-space-size=${maxHeapMB}`],
      serialization: 'advanced',
      // What parsers print about a file is nobody's business.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Large arrays get pages of their own, which go back when they are freed.
      env: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576' },
    })
    this.#child.on('error', () => {
      this.hasEnded = true
    })
    this.#child.on('exit', () => {
      this.hasEnded = true
    })
    this.#ready = this.#next()
  }

  async ask(
    request: { task: string; path: string; limits: MediaLimits },
    signal: AbortSignal,
  ): Promise<ParserAnswer> {
    this.files++
    this.#hold(true)
    const stop = () => this.end()
    signal.addEventListener('abort', stop, { once: true })
    const { secondsPerFile } = request.limits
    let isTimedOut = false
    let timer: NodeJS.Timeout | undefined
    try {
      await this.#ready
      this.#ready = undefined
      timer = setTimeout(() => {
        isTimedOut = true
        this.end()
      }, secondsPerFile * 1000)
      const answer = this.#next()
      this.#child.send(request)
      const found = (await answer) as ParserAnswer
      this.heldBytes = found.heldBytes
      return found
    } catch (error) {
      if (isTimedOut)
        throw new ParserLost(`could not be read within ${Number(secondsPerFile.toFixed(3))} seconds`)
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      this.#hold(false)
    }
  }

  end(): void {
    this.hasEnded = true
    clearTimeout(this.idleTimer)
    this.#child.kill('SIGKILL')
  }

  /** Whether this process stays for the other's sake: while it has a file. */
  #hold(isHeld: boolean): void {
    for (const handle of [this.#child, this.#child.channel]) {
      if (isHeld) handle?.ref()
      else handle?.unref()
    }
  }

  /** The next message, or why there is none. */
  #next(): Promise<unknown> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        child.off('message', onMessage).off('error', onError).off('exit', onExit)
        finish()
      }
      const onMessage = (message: unknown) => settle(() => resolve(message))
      const onError = (cause: Error) => settle(() => reject(cause))
      const onExit = (code: number | null) => {
        const lost = new ParserLost(`takes more than ${this.#maxMB} MiB of memory to be read`)
        const failed = new Error(`the process that reads files ended with code ${code}`)
        settle(() => reject(code === null ? lost : failed))
      }
      child.on('message', onMessage).on('error', onError).on('exit', onExit)
    })
  }
}

// One for this process: two would take twice the memory, and whoever reads files here shares the processors, too.
let kept: Parser | undefined
let last: Promise<unknown> = Promise.resolve()

/** Does `work` when all that came before is done, whatever became of that. */
function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const turn = last.then(() => {
    signal.throwIfAborted()
    return work()
  })
  last = turn.catch(() => undefined)
  return turn
}

async function takeParser(): Promise<Parser> {
  const parser = kept
  kept = undefined
  clearTimeout(parser?.idleTimer)
  return parser && !parser.hasEnded ? parser : new Parser(await import('./bounded-parser-program.ts'))
}

function keep(parser: Parser): void {
  if (parser.hasEnded) return
  if (parser.heldBytes > maxHeldBytes || parser.files >= maxFilesEach) {
    parser.end()
    return
  }
  parser.idleTimer = setTimeout(() => parser.end(), idleMs)
  parser.idleTimer.unref()
  kept = parser
}

/** In tests, sources are run as they are; Node 20 needs tsx for that. A build is JavaScript. */
function throughTsx(programUrl: string): string[] {
  if (!programUrl.endsWith('.ts')) return []
  return ['--import', pathToFileURL(createRequire(programUrl).resolve('tsx')).href]
}
