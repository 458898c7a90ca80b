import { Worker } from 'node:worker_threads'
import { InputError } from '../errors.ts'
import { limitAllocations } from './bounded-allocation.ts'
import { oneLine } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/**
 * Where this module stands: `bounded-parser.ts` runs it as a program. As it is imported on demand only, a bundle has it
 * in a file of its own, wherever the bundle was put.
 */
export const programUrl = import.meta.url

/** The argument that makes a program of this module. */
export const programRole = 'sluice-media-parser'

/** What is done with packages that read a whole format. */
const tasks = {
  audio: async (path: string, limits: MediaLimits) =>
    (await import('./audio-parse.ts')).parseAudio(path, limits),
  pdf: async (path: string, limits: MediaLimits) =>
    (await import('./document-pdf.ts')).parsePdf(path, limits),
  doc: async (path: string, limits: MediaLimits) =>
    (await import('./document-ole.ts')).parseDoc(path, limits),
  xls: async (path: string, limits: MediaLimits) =>
    (await import('./spreadsheet-xls.ts')).parseXls(path, limits),
}

export type ParserTasks = typeof tasks

export interface ParserRequest {
  readonly task: keyof ParserTasks
  readonly path: string
  readonly limits: MediaLimits
}

/** `problem`: what is wrong with the file. */
export type ParserAnswer = ({ readonly value: unknown } | { readonly problem: string }) & {
  /** What the program has of memory now; it keeps most of that for the next file. */
  readonly heldBytes: number
}

/** The first thing that the program says. */
export const parserReady = 'ready'

/** Of the whole program. */
export const maxParserMB = 256
/** In one piece, and more than the largest file that is read whole. Parsers double such an array as it fills. */
const maxArrayBytes = 48 * 2 ** 20

async function answer({ task, path, limits }: ParserRequest): Promise<ParserAnswer> {
  try {
    return { value: await tasks[task](path, limits), heldBytes: process.memoryUsage.rss() }
  } catch (error) {
    // What a parser throws, of whatever kind, it throws about the file.
    const message = error instanceof InputError ? error.what : `cannot be read: ${(error as Error).message}`
    return { problem: oneLine(message), heldBytes: process.memoryUsage.rss() }
  }
}

/**
 * Ends this program when it has too much memory, or when whoever started it is gone. From a thread of its own, as a
 * parser may be in a loop that never gives anyone else a turn.
 */
const watch = `
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid === parent && process.memoryUsage.rss() <= ${maxParserMB} * 2 ** 20) return
    process.kill(process.pid, 'SIGKILL')
  }, 20)
`

if (process.argv[2] === programRole) {
  new Worker(watch, { eval: true, execArgv: [] }).unref()
  limitAllocations(maxArrayBytes)
  process.on('message', (request: ParserRequest) => {
    void answer(request).then((message) => process.send?.(message))
  })
  process.send?.(parserReady)
}
