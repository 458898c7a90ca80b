/** Chunks that are pushed by one side and pulled by the other, one at a time: who pushes waits until it is taken. */
export class ChunkQueue implements AsyncIterable<Uint8Array> {
  #waiting: { readonly chunk: Uint8Array; readonly taken: () => void } | undefined
  #end: { readonly error?: Error } | undefined
  #wake: (() => void) | undefined

  /** Whether no more chunks are taken. */
  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** Resolves when the chunk is taken, or will not be because the copy is over. */
  push(chunk: Uint8Array): Promise<void> {
    if (this.#end) return Promise.resolve()
    return new Promise((taken) => {
      this.#waiting = { chunk, taken }
      this.#wake?.()
    })
  }

  end(): void {
    this.#finish({})
  }

  fail(error: Error): void {
    this.#finish({ error })
  }

  /** Nobody pulls any more. */
  stop(): void {
    this.#finish({})
    this.#waiting?.taken()
    this.#waiting = undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#waiting) {
        const { chunk, taken } = this.#waiting
        this.#waiting = undefined
        taken()
        yield chunk
      } else if (this.#end) {
        if (this.#end.error) throw this.#end.error
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  #finish(end: { readonly error?: Error }): void {
    this.#end ??= end
    this.#wake?.()
  }
}
