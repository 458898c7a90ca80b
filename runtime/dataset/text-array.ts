/**
 * A column of text, held as UTF-8 bytes end to end: a tenth of the memory of as many JavaScript strings.
 * Element i is `bytes[offsets[i] .. offsets[i + 1])`; where `missing[i]` is 1 there is no text at all.
 */
export class TextArray {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  readonly missing: Uint8Array | undefined

  constructor(bytes: Uint8Array, offsets: Uint32Array, missing?: Uint8Array) {
    this.bytes = bytes
    this.offsets = offsets
    this.missing = missing
  }

  static from(values: Iterable<string | null | undefined>): TextArray {
    const builder = new TextArrayBuilder()
    for (const value of values) builder.push(value)
    return builder.build()
  }

  get length(): number {
    return this.offsets.length - 1
  }

  isMissing(index: number): boolean {
    return this.missing !== undefined && this.missing[index] === 1
  }

  /** The text at `index`; `''` where it is missing. */
  at(index: number): string {
    return decoder.decode(this.bytes.subarray(this.offsets[index], this.offsets[index + 1]))
  }

  /** A new column of the elements at `indexes`, in that order; an index of -1 gives a missing element. */
  take(indexes: ArrayLike<number>): TextArray {
    const builder = new TextArrayBuilder()
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i] as number
      if (index < 0 || this.isMissing(index)) builder.push(undefined)
      else builder.pushBytes(this.bytes, this.offsets[index] as number, this.offsets[index + 1] as number)
    }
    return builder.build()
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Grows a TextArray element by element. */
export class TextArrayBuilder {
  private bytes = new Uint8Array(1024)
  private used = 0
  private offsets = new Uint32Array(256)
  private count = 0
  private missing: Uint8Array | undefined

  get length(): number {
    return this.count
  }

  push(value: string | null | undefined): void {
    if (value === null || value === undefined) {
      this.pushMissing()
      return
    }
    this.reserve(value.length * 3)
    this.used += encoder.encodeInto(value, this.bytes.subarray(this.used)).written
    this.end()
  }

  /** Appends the text `source[start .. end)`, which must be UTF-8. */
  pushBytes(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    this.bytes.set(source.subarray(start, end), this.used)
    this.used += end - start
    this.end()
  }

  pushMissing(): void {
    this.end()
    if (!this.missing || this.missing.length < this.count) {
      const grown = new Uint8Array(this.offsets.length)
      if (this.missing) grown.set(this.missing)
      this.missing = grown
    }
    this.missing[this.count - 1] = 1
  }

  build(): TextArray {
    let missing: Uint8Array | undefined
    if (this.missing) {
      missing = new Uint8Array(this.count)
      missing.set(this.missing.subarray(0, this.count))
    }
    return new TextArray(this.bytes.slice(0, this.used), this.offsets.slice(0, this.count + 1), missing)
  }

  private end(): void {
    if (this.count + 1 >= this.offsets.length) {
      const grown = new Uint32Array(this.offsets.length * 2)
      grown.set(this.offsets)
      this.offsets = grown
    }
    this.offsets[++this.count] = this.used
  }

  private reserve(length: number): void {
    const needed = this.used + length
    if (needed <= this.bytes.length) return
    if (needed > 0xffff_ffff) throw new RangeError('a text column cannot hold more than 4 GiB')
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.used))
    this.bytes = grown
  }
}
