import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
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
  readonly bytes: number
  readonly #folder: string
  readonly #limiter: Limiter
  #folders = 0

  constructor(folder: string, bytes: number) {
    this.bytes = bytes
    this.#folder = folder
    this.#limiter = new Limiter(Infinity, bytes)
  }

  /** A path that nothing stands at yet. */
  newPath(): string {
    return path.join(this.#folder, `asset-${++this.#folders}`)
  }

  /** Waits until there is room; gives what makes it free again. */
  reserve(bytes: number): Promise<() => void> {
    return this.#limiter.acquire(bytes)
  }
}

/** An object to be read by an extractor. */
export interface AssetInput {
  readonly file: InputFile
  /** An empty folder for what an extractor must write. */
  readonly folder: string
  /** Why the object could not be read, whatever an extractor made of that. */
  readFailure(): unknown
  /** Removes what stands in scratch space. */
  remove(): Promise<void>
}

/** A cache is told by its first bytes, and has more of them than any other file. */
const cacheBytes = 64 * 1024

/** The object at the version that was listed. It is copied to scratch space when an extractor must have a file. */
export async function openAsset(
  raw: ObjectReader,
  info: ObjectInfo,
  scratch: ScratchSpace,
): Promise<AssetInput> {
  const root = scratch.newPath()
  const folder = path.join(root, 'work')
  await mkdir(folder, { recursive: true })
  const object = objectInput(raw, info, path.join(root, 'copy'))
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
    return (isPart ? copyStart(raw, info, path.join(root, 'start')) : object.localPath()).catch(remembered)
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
    folder,
    readFailure: () => failure,
    async remove() {
      // A copy that is under way would be left behind.
      await copy?.catch(() => {})
      try {
        await rm(root, { recursive: true, force: true })
      } finally {
        release?.()
      }
    },
  }
}

async function copyStart(raw: ObjectReader, info: ObjectInfo, file: string): Promise<string> {
  const found = await raw.get(info.key, { ifMatch: info.etag, range: { start: 0, end: cacheBytes } })
  const chunks: Uint8Array[] = []
  for await (const chunk of found?.body ?? []) chunks.push(chunk)
  await writeFile(file, Buffer.concat(chunks))
  return file
}

function tooLarge(size: number, space: number): string {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`
  return `has ${megabytes(size)}, and the run has scratch space for ${megabytes(space)}: raise "scratch" in the registry`
}
