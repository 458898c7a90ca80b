import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { InputError } from '../errors.ts'
import { limitAllocations } from './bounded-allocation.ts'
import { oneLine } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

/**
 * Where this module stands: a thread of `bounded-thread.ts` runs it. As it is imported on demand only, a bundle has it
 * in a file of its own, from wherever the bundle was put.
 */
export const programUrl = import.meta.url

/** What a thread is told that it is one of ours, as others may load this module too. */
export const threadRole = 'sluice-media'

/** What can be done in a thread, each with a package that reads a whole format. */
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

export type ThreadTasks = typeof tasks

export interface ThreadRequest {
  readonly task: keyof ThreadTasks
  readonly path: string
  readonly limits: MediaLimits
}

/** `problem`: what is wrong with the file. */
export type ThreadAnswer =
  | { readonly ready: true }
  | { readonly value: unknown }
  | { readonly problem: string }

/** In one piece; the largest file that is read whole is a quarter of it. */
const maxArrayBytes = 128 * 2 ** 20

async function answer({ task, path, limits }: ThreadRequest): Promise<ThreadAnswer> {
  try {
    return { value: await tasks[task](path, limits) }
  } catch (error) {
    // What a parser throws, of whatever kind, it throws about the file.
    const message = error instanceof InputError ? error.what : `cannot be read: ${(error as Error).message}`
    return { problem: oneLine(message) }
  }
}

if (!isMainThread && workerData === threadRole) {
  limitAllocations(maxArrayBytes)
  parentPort?.on('message', (request: ThreadRequest) => {
    void answer(request).then((message) => parentPort?.postMessage(message))
  })
  parentPort?.postMessage({ ready: true } satisfies ThreadAnswer)
}
