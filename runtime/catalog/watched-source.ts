/** A stream whose own errors can be told from those of whoever reads it. */
export interface WatchedSource {
  readonly chunks: AsyncGenerator<Uint8Array>
  /** What the stream threw, if it did. */
  failure(): { readonly error: unknown } | undefined
}

/** `csv` without empty chunks. When its reader fails, it is ended. */
export function watchSource(csv: AsyncIterable<Uint8Array>): WatchedSource {
  const source = csv[Symbol.asyncIterator]()
  let failure: { readonly error: unknown } | undefined
  // Step by step: an error of the reader is thrown into this generator at its `yield`, and is not the stream's.
  async function* chunks() {
    try {
      for (;;) {
        const next = await source.next().catch((error: unknown) => {
          failure = { error }
          throw error
        })
        if (next.done) return
        if (next.value.length > 0) yield next.value
      }
    } finally {
      await source.return?.()
    }
  }
  return { chunks: chunks(), failure: () => failure }
}
