/** Lets work go on while what all of it holds stays within a budget, first come, first served. */
export class MemoryBudget {
  readonly #capacity: number
  #free: number
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#free = capacity
  }

  /** Runs `work` when `bytes` are free; what needs more than there is runs alone. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const wanted = Math.min(Math.max(0, bytes), this.#capacity)
    await this.#acquire(wanted)
    try {
      return await work()
    } finally {
      this.#free += wanted
      this.#startWaiting()
    }
  }

  #acquire(bytes: number): Promise<void> {
    return new Promise((start) => {
      this.#waiting.push({ bytes, start })
      this.#startWaiting()
    })
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#free -= next.bytes
      next.start()
    }
  }
}
