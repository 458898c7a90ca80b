import { type ChildProcessByStdio, spawn } from 'node:child_process'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { TimeoutError } from '../errors.ts'
import { findProgram, programFolders } from './find-program.ts'
import { ProgramError, type ProgramFailure } from './program-error.ts'
import { abortReason, timeUp } from './within-time.ts'

export interface ProgramOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** How much of its output is kept at most; more ends it. 64 MB unless given. */
  readonly maxOutputBytes?: number | undefined
  /** Takes its output as it comes; nothing of it is then kept or counted. */
  readonly onStdout?: ((chunk: Buffer) => void) | undefined
  readonly cwd?: string | undefined
  /** All that it sees of the environment besides PATH and a neutral locale: nobody's credentials. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** A PATH to look for it first; the usual folders come after it. */
  readonly searchPath?: string | undefined
}

export interface ProgramResult {
  /** What it wrote, unless `onStdout` took it. */
  readonly stdout: Buffer
  /** The end of what it said on its error output. */
  readonly lastLines: readonly string[]
}

type Child = ChildProcessByStdio<null, Readable, Readable>

const defaultMaxOutputBytes = 64 * 1024 * 1024
/** How long a program may take to end once it was asked to. */
const graceMs = 2000
const keptErrorBytes = 8 * 1024
const keptErrorLines = 8

/**
 * Runs an installed program to its end: no shell, no standard input, a minimal environment, and a process group of its
 * own, all of which is ended (SIGTERM, then SIGKILL) on abort and timeout. On Linux it also ends when this process dies.
 * @throws ProgramError when it is missing or ends with an error; TimeoutError after `timeoutMs`; AbortedError, or the
 * signal's reason where that is an error
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  throwIfAborted(command, options.signal)
  const folders = programFolders(options.searchPath)
  const file = path.isAbsolute(command) ? command : await findProgram(command, options.searchPath)
  if (file === undefined) throw new ProgramError(command, { kind: 'missing' })
  const [first, ...rest] = [...(await boundToParent(folders)), file, ...args]
  throwIfAborted(command, options.signal)
  return watch(
    spawn(first as string, rest, {
      cwd: options.cwd ?? '/',
      env: { LC_ALL: 'C.UTF-8', ...options.env, PATH: folders.join(path.delimiter) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    }),
    path.basename(command),
    options,
  )
}

/** What to start a program with so that the kernel ends it when we die in a way that leaves us no last act. */
async function boundToParent(folders: readonly string[]): Promise<readonly string[]> {
  if (process.platform !== 'linux') return []
  const setpriv = await findProgram('setpriv', folders.join(path.delimiter))
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []
}

function watch(child: Child, program: string, options: ProgramOptions): Promise<ProgramResult> {
  const { signal, timeoutMs, onStdout, maxOutputBytes = defaultMaxOutputBytes } = options
  return new Promise((resolve, reject) => {
    const output: Buffer[] = []
    const errors = new TailOfLines()
    let size = 0
    let stopped: Error | undefined
    let killTimer: NodeJS.Timeout | undefined
    const stop = (why: Error) => {
      if (stopped) return
      stopped = why
      endGroup(child, 'SIGTERM')
      killTimer = setTimeout(() => endGroup(child, 'SIGKILL'), graceMs)
    }
    const onAbort = () => stop(abortReason(program, signal))
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => stop(new TimeoutError(`${program} ${timeUp(timeoutMs)}`)), timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    const settle = () => {
      clearTimeout(timer)
      clearTimeout(killTimer)
      signal?.removeEventListener('abort', onAbort)
    }

    child.stdout.on('data', (chunk: Buffer) => {
      if (stopped) return
      if (onStdout) return attempt(() => onStdout(chunk), stop)
      size += chunk.length
      if (size > maxOutputBytes) {
        stop(new ProgramError(program, { kind: 'too-much-output' }, [`more than ${maxOutputBytes} bytes`]))
      } else output.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => errors.add(chunk))
    child.on('error', (cause: NodeJS.ErrnoException) => {
      settle()
      reject(cause.code === 'ENOENT' ? new ProgramError(program, { kind: 'missing' }, [], { cause }) : cause)
    })
    child.on('exit', () => {
      // What it has started itself, and what of that has left the group: while it holds the pipes, `close` never comes.
      endGroup(child, 'SIGKILL')
      clearTimeout(killTimer)
      killTimer = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, graceMs)
    })
    child.on('close', (code, killedBy) => {
      settle()
      const failure = failureOf(code, killedBy)
      if (stopped) reject(stopped)
      else if (failure) reject(new ProgramError(program, failure, errors.lines()))
      else resolve({ stdout: Buffer.concat(output), lastLines: errors.lines() })
    })
  })
}

function failureOf(code: number | null, signal: NodeJS.Signals | null): ProgramFailure | undefined {
  if (signal !== null) return { kind: 'signal', signal }
  return code === 0 ? undefined : { kind: 'exit', code: code ?? -1 }
}

/** Signals a program and all that it started; nothing happens when they are gone. */
function endGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') child.kill(signal)
  }
}

function attempt(act: () => void, onError: (error: Error) => void): void {
  try {
    act()
  } catch (error) {
    onError(error instanceof Error ? error : new Error(String(error)))
  }
}

function throwIfAborted(command: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(path.basename(command), signal)
}

/** The last lines of a text that may be endless, without control characters. */
class TailOfLines {
  private tail = Buffer.alloc(0)

  add(chunk: Buffer): void {
    this.tail = Buffer.concat([this.tail, chunk]).subarray(-keptErrorBytes)
  }

  lines(): string[] {
    const lines = this.tail.toString('utf8').split(/[\r\n]+/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    const shown = lines.map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim())
    return shown.filter((line) => line !== '').slice(-keptErrorLines)
  }
}
