/**
 * Lets so many pieces of work go on at once, and so many bytes: first come, first served. What is larger than all there
 * is goes on alone.
 */
export class Limiter {
  readonly #maxCount: number
  readonly #maxBytes: number
  #count = 0
  #bytes = 0
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = []

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  /** Waits for its turn; gives what ends it. */
  async acquire(size: number): Promise<() => void> {
    const bytes = Math.min(size, this.#maxBytes)
    await new Promise<void>((start) => {
      this.#waiting.push({ bytes, start })
      this.#startNext()
    })
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#count--
      this.#bytes -= bytes
      this.#startNext()
    }
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#count >= this.#maxCount || this.#bytes + next.bytes > this.#maxBytes) return
      this.#waiting.shift()
      this.#count++
      this.#bytes += next.bytes
      next.start()
    }
  }
}
