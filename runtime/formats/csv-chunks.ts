/** What a column is made of: a typed array of numbers or of bigints. */
interface TypedArray<E extends number | bigint> {
  readonly length: number
  [index: number]: E
  set(source: ArrayLike<E>, offset?: number): void
  subarray(start: number, end: number): TypedArray<E>
  slice(start: number, end: number): TypedArray<E>
}

const firstLength = 256
const lastLength = 32_768

/**
 * A column that grows without being copied: a list of arrays, each twice as long as the one before up to 32,768
 * elements; or, from when its length is known about, one array, of which no page takes memory before it is written to.
 */
export class Chunks<E extends number | bigint, A extends TypedArray<E>> {
  private readonly allocate: (length: number) => A
  private full: A[] = []
  private last: A
  private used = 0

  constructor(allocate: (length: number) => A) {
    this.allocate = allocate
    this.last = allocate(0)
  }

  /** Makes room for about so many elements in all. */
  expect(length: number): void {
    this.last = this.gathered(this.allocate(Math.max(length, this.length)))
  }

  push(value: E): void {
    if (this.used === this.last.length) this.grow()
    this.last[this.used++] = value
  }

  /** The elements in order, in arrays of unequal length. */
  *arrays(): Generator<A> {
    yield* this.full
    yield this.last.subarray(0, this.used) as A
  }

  /** All elements in one array; lets go of them here. */
  take(): A {
    if (this.full.length > 0) this.last = this.gathered(this.allocate(this.length))
    // Of a large array the rest takes no memory; of many small ones it would.
    const isLarge = this.last.length > lastLength
    const all = (isLarge ? this.last.subarray(0, this.used) : this.last.slice(0, this.used)) as A
    this.clear()
    return all
  }

  clear(): void {
    this.full = []
    this.last = this.allocate(0)
    this.used = 0
  }

  private grow(): void {
    const { length } = this.last
    if (length > 0) this.full.push(this.last)
    this.last = this.allocate(Math.min(Math.max(length * 2, firstLength), lastLength))
    this.used = 0
  }

  private get length(): number {
    return this.full.reduce((sum, array) => sum + array.length, this.used)
  }

  /** Copies the elements into `target`, which takes the place of the arrays. */
  private gathered(target: A): A {
    let offset = 0
    for (const array of this.arrays()) {
      target.set(array as never, offset)
      offset += array.length
    }
    this.full = []
    this.used = offset
    return target
  }
}

const firstBytes = 1024
const lastBytes = 1024 * 1024

/** Text that grows without being copied, as `Chunks` does. */
export class ByteChunks {
  length = 0
  private full: Uint8Array[] = []
  private last = new Uint8Array(0)
  private used = 0

  push(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    if (this.used + size > this.last.length) this.grow(size)
    const { last, used } = this
    // A loop beats `set` and `subarray` for the few bytes of a typical field.
    if (size < 64) for (let i = 0; i < size; i++) last[used + i] = source[start + i] as number
    else last.set(source.subarray(start, end), used)
    this.used += size
    this.length += size
  }

  /** Makes room for about so many bytes in all. */
  expect(length: number): void {
    this.last = this.gathered(new Uint8Array(Math.max(length, this.length)))
  }

  /** All bytes; lets go of them here. */
  take(): Uint8Array {
    if (this.full.length > 0) this.last = this.gathered(new Uint8Array(this.length))
    const isLarge = this.last.length > lastBytes
    const all = isLarge ? this.last.subarray(0, this.length) : this.last.slice(0, this.length)
    this.full = []
    this.last = new Uint8Array(0)
    this.used = 0
    return all
  }

  private gathered(target: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    let offset = 0
    for (const array of [...this.full, this.last.subarray(0, this.used)]) {
      target.set(array, offset)
      offset += array.length
    }
    this.full = []
    this.used = offset
    return target
  }

  private grow(size: number): void {
    if (this.length + size > 0xffff_ffff) throw new RangeError('a text column cannot hold more than 4 GiB')
    this.full.push(this.last.subarray(0, this.used))
    this.last = new Uint8Array(Math.max(size, firstBytes, Math.min(this.last.length * 2, lastBytes)))
    this.used = 0
  }
}
