import { setFlagsFromString } from 'node:v8'

/** The HDF5 library, compiled to WebAssembly. */
export type H5Module = typeof import('h5wasm/node').Module

let loading: Promise<H5Module> | undefined

/**
 * Loads HDF5 once. Every failure in it throws: without the handler, a damaged chunk would silently read as whatever
 * was in memory before.
 */
export function loadH5(): Promise<H5Module> {
  // V8 optimises WebAssembly while it runs, by a budget that hundreds of HDF5's functions use up at once: for them that
  // costs more time and memory than it ever gains. The loops of deflate and shuffle go beyond this one, too.
  if (!loading) setFlagsFromString('--wasm-tiering-budget=100000000')
  loading ??= import('h5wasm/node').then(async ({ ready }) => {
    const module = await ready
    module.activate_throwing_error_handler()
    return module
  })
  return loading
}

/**
 * Runs `work` with a clock that says 1970, for HDF5 stamps every object with the second: same data, same bytes.
 * Milliseconds go on, because the C library makes names of temporary files from them.
 */
export function withPinnedClock<T>(work: () => T): T {
  const now = Date.now
  Date.now = () => now() % 1000
  try {
    return work()
  } finally {
    Date.now = now
  }
}

/** A block of HDF5's own memory. Views must be taken anew after any call into HDF5, which may move the heap. */
export class H5Block {
  readonly size: number
  private readonly module: H5Module
  private readonly start: number

  /** @throws RangeError when there is not that much memory */
  constructor(module: H5Module, size: number) {
    this.module = module
    this.size = size
    this.start = size > module.MAXIMUM_MEMORY ? 0 : module._malloc(Math.max(size, 8))
    if (this.start === 0) throw new RangeError(`HDF5 cannot have ${size} bytes of memory`)
  }

  get pointer(): bigint {
    return BigInt(this.start)
  }

  get address(): number {
    return this.start
  }

  bytes(): Uint8Array {
    return this.module.HEAPU8.subarray(this.start, this.start + this.size)
  }

  free(): void {
    this.module._free(this.start)
  }
}

/** What the system said, or else the last cause of HDF5's error stack, which is printed from the call inwards. */
export function h5Reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const said = /\berror message = '([^']+)'/.exec(text)?.[1]
  if (said !== undefined) return said
  const lines = [...text.matchAll(/^\s*#\d+: .* line \d+ in .*: (.*)$/gm)].map((match) => match[1] as string)
  return lines.at(-1) ?? text.split('\n')[0] ?? text
}

/** The part of emscripten's file system that its types leave out. */
interface OpenStreams {
  readonly streams: readonly ({ readonly path: string } | null | undefined)[]
  close(stream: { readonly path: string }): void
}

/**
 * Closes the temporary files in which HDF5 composed its error messages: the exception that carries a message leaves
 * the file open, and there can be 4,096 open files in all.
 */
export function releaseAfterFailure({ FS }: H5Module): void {
  const files = FS as unknown as OpenStreams
  for (const stream of files.streams) if (stream && /\/tmpfile_\w+$/.test(stream.path)) files.close(stream)
}
