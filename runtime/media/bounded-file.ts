import { type FileHandle, open } from 'node:fs/promises'
import type { InputFile } from '../contracts.ts'
import { InputError } from '../errors.ts'

/** A file read at places that its own content names: nothing beyond its end is believed, and reads are small. */
export interface BoundedFile {
  readonly name: string
  readonly size: number
  /**
   * Exactly `length` bytes from `offset`; the array is the caller's.
   * @throws InputError that says that the file ends within `what`
   */
  read(offset: number, length: number, what: string): Promise<Buffer>
  /** An error about this file. */
  problem(message: string, cause?: unknown): InputError
}

/** What no single read of a header may exceed, whatever the file says. */
const maxReadBytes = 64 * 2 ** 20
/** Headers are many small reads near each other. */
const windowBytes = 64 * 1024

/** Opens `file`, lets `work` read it until `signal` is aborted, and closes it. */
export async function withBoundedFile<T>(
  file: InputFile,
  signal: AbortSignal,
  work: (bounded: BoundedFile) => Promise<T>,
): Promise<T> {
  const handle = await open(await file.localPath())
  try {
    const { size } = await handle.stat()
    return await work(boundedFile(file.name, size, handle, signal))
  } finally {
    await handle.close()
  }
}

function boundedFile(name: string, size: number, handle: FileHandle, signal: AbortSignal): BoundedFile {
  let window: Buffer = Buffer.alloc(0)
  let windowStart = 0
  const problem = (message: string, cause?: unknown) => inputProblem(name, message, cause)

  async function fill(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) throw problem('became shorter while it was read')
      filled += bytesRead
    }
    return buffer
  }

  return {
    name,
    size,
    problem,
    async read(offset, length, what) {
      if (!(offset >= 0 && length >= 0)) throw problem(`${what} would stand before the file's start`)
      if (offset + length > size) {
        throw problem(`ends at byte ${size}, within ${what}, which needs ${offset + length} bytes`)
      }
      signal.throwIfAborted()
      if (length > maxReadBytes)
        throw problem(`${what} has ${length} bytes; at most ${maxReadBytes} are read`)
      if (length > windowBytes) return fill(offset, length)
      if (offset < windowStart || offset + length > windowStart + window.length) {
        window = await fill(offset, Math.min(windowBytes, size - offset))
        windowStart = offset
      }
      return Buffer.from(window.subarray(offset - windowStart, offset - windowStart + length))
    },
  }
}

/** An error about the content of the file `name`, in one line whatever the message quotes. */
export function inputProblem(name: string, message: string, cause?: unknown): InputError {
  return new InputError(oneLine(message), { place: { file: oneLine(name) }, cause })
}

/** Text from a file as it may stand in a message: control characters escaped, cut where it gets long. */
export function oneLine(text: string, maxLength = 300): string {
  const escaped = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a log
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return escaped.length <= maxLength ? escaped : `${escaped.slice(0, maxLength)}…`
}
