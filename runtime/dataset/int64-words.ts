import type { BigArray } from './dtype.ts'

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/**
 * 64-bit integers by their two 32-bit words. To read or write one as an element of its array, a bigint is made and
 * thrown away; for a column of half a million that costs more than all the rest that is done with it.
 */
export class Int64Words {
  private readonly words: Int32Array
  private readonly low: 0 | 1
  private readonly isSigned: boolean

  constructor(integers: BigArray) {
    this.words = new Int32Array(integers.buffer, integers.byteOffset, integers.length * 2)
    this.low = isLittleEndian ? 0 : 1
    this.isSigned = integers instanceof BigInt64Array
  }

  /** Sets element `index` to a whole number within the type's range, exactly. */
  set(index: number, value: number): void {
    const high = Math.floor(value / 4_294_967_296)
    this.setParts(index, high, value - high * 4_294_967_296)
  }

  /** Sets element `index` to `high × 2^32 + low`, `low` being from 0 up to 2^32. */
  setParts(index: number, high: number, low: number): void {
    this.words[2 * index + this.low] = low
    this.words[2 * index + 1 - this.low] = high
  }

  /** The double nearest to element `index`. */
  at(index: number): number {
    const high = this.words[2 * index + 1 - this.low] as number
    const low = (this.words[2 * index + this.low] as number) >>> 0
    // Both parts are exact, so that only their sum is rounded, as it should be.
    return (this.isSigned ? high : high >>> 0) * 4_294_967_296 + low
  }
}
