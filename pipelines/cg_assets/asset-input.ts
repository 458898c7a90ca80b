import { rm } from 'node:fs/promises'
import {
  fileTypeOf,
  InputError,
  type InputFile,
  type ObjectInfo,
  type ObjectReader,
  objectInput,
} from '../../runtime/index.ts'
import { Limiter } from './limiter.ts'

/** Scratch space that files share: the copy of a file takes its bytes of it for as long as it stands there. */
export class ScratchSpace {
  readonly folder: string
  readonly bytes: number
  readonly #limiter: Limiter

  constructor(folder: string, bytes: number) {
    this.folder = folder
    this.bytes = bytes
    this.#limiter = new Limiter(Infinity, bytes)
  }

  /** Waits until there is room; gives what makes it free again. */
  reserve(bytes: number): Promise<() => void> {
    return this.#limiter.acquire(bytes)
  }
}

/** An object to be read by an extractor. */
export interface AssetInput {
  readonly file: InputFile
  /** Why the object could not be read, whatever an extractor made of that. */
  readFailure(): unknown
  /** Removes what stands in scratch space. */
  remove(): Promise<void>
}

/** A cache is told by its first bytes, and has more of them than any other file. */
const cacheBytes = 64 * 1024

/** The object at the version that was listed. It is copied to scratch space when an extractor must have a file. */
export function openAsset(raw: ObjectReader, info: ObjectInfo, scratch: ScratchSpace): AssetInput {
  const object = objectInput(raw, info, scratch.folder)
  let failure: unknown
  let release: (() => void) | undefined
  let copy: Promise<string> | undefined

  /** What the store says, as extractors may make something else of it. */
  const remembered = (error: unknown): never => {
    failure ??= error
    throw error
  }

  async function* stream(): AsyncGenerator<Uint8Array> {
    const chunks = object.stream()[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await chunks.next().catch(remembered)
        if (done) return
        yield value
      }
    } finally {
      await chunks.return?.()
    }
  }

  async function copyToScratch(): Promise<string> {
    const isPart = fileTypeOf(info.key) === 'cache' && info.size > cacheBytes
    const bytes = isPart ? cacheBytes : info.size
    if (bytes > scratch.bytes)
      throw new InputError(tooLarge(bytes, scratch.bytes), { place: { file: info.key } })
    release = await scratch.reserve(bytes)
    const copied = isPart
      ? objectInput(startsOf(raw, bytes), { ...info, size: bytes }, scratch.folder)
      : object
    return copied.localPath().catch(remembered)
  }

  return {
    file: {
      name: info.key,
      size: info.size,
      stream,
      localPath() {
        copy ??= copyToScratch()
        return copy
      },
    },
    readFailure: () => failure,
    async remove() {
      // One that is under way would be left behind; one that failed has left nothing.
      const path = await copy?.catch(() => undefined)
      try {
        if (path !== undefined) await rm(path, { force: true })
      } finally {
        release?.()
      }
    },
  }
}

/** A reader to which every object is only its first bytes. */
function startsOf(raw: ObjectReader, bytes: number): ObjectReader {
  return {
    get: (key, options) => raw.get(key, { ...options, range: { start: 0, end: bytes } }),
    head: (key) => raw.head(key),
    list: (prefix, options) => raw.list(prefix, options),
  }
}

function tooLarge(size: number, space: number): string {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`
  return `has ${megabytes(size)}, and the run has scratch space for ${megabytes(space)}: raise "scratch" in the registry`
}
