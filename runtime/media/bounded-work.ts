import type { InputFile } from '../contracts.ts'
import { AbortedError, InputError, isSluiceError } from '../errors.ts'
import { fileInput } from '../formats/input-file.ts'
import { inputProblem } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'

export interface ExtractOptions {
  readonly limits: MediaLimits
  readonly signal: AbortSignal
  /** A PATH to look for ffmpeg and ffprobe first. */
  readonly searchPath?: string | undefined
}

/**
 * Does `work` on a copy of the file on this machine; what goes wrong is about the file and names it, once.
 * `countsOwnTime`: the work waits for its turn, and limits its time from then on.
 * @throws InputError also when the time is up; AbortedError
 */
export async function withinLimits<T>(
  file: InputFile,
  { limits, signal }: ExtractOptions,
  work: (local: InputFile, signal: AbortSignal) => Promise<T>,
  countsOwnTime = false,
): Promise<T> {
  const local = await fileInput(await file.localPath(), file.name)
  const deadline = countsOwnTime ? undefined : AbortSignal.timeout(limits.secondsPerFile * 1000)
  try {
    return await work(local, deadline ? AbortSignal.any([signal, deadline]) : signal)
  } catch (cause) {
    if (signal.aborted) {
      throw isSluiceError(cause, 'aborted')
        ? cause
        : new AbortedError(`${file.name}: the reading was stopped`, { cause })
    }
    if (deadline?.aborted || isSluiceError(cause, 'timeout')) {
      throw inputProblem(file.name, `could not be read within ${limits.secondsPerFile} seconds`, cause)
    }
    if (cause instanceof InputError && !cause.place) throw inputProblem(file.name, cause.what, cause)
    throw cause
  }
}
