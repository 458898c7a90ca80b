import { type Variable, variable } from '../dataset/dataset.ts'
import {
  allocate,
  type BigArray,
  bytesPerElement,
  type DType,
  isFloat,
  isInteger,
  type NumberArray,
} from '../dataset/dtype.ts'
import { Int64Words } from '../dataset/int64-words.ts'
import { TextArray } from '../dataset/text-array.ts'
import { ByteChunks, Chunks } from './csv-chunks.ts'
import type { MissingMatcher } from './csv-missing.ts'
import { largeInteger, type NumberParser, notNumber, smallInteger } from './csv-number.ts'

/** What a column's fields are read as. `integers` may still turn out to be anything else. */
export type ColumnReading = 'integers' | 'floats' | 'booleans' | 'texts'

/** What is known of a column before it is read. */
export interface ColumnSpec {
  readonly name: string
  /** Where its field stands in a row. */
  readonly position: number
  /** The configured type: a field that is not of it is an error. */
  readonly dtype?: DType | undefined
  /** What an earlier pass over the file found that its fields have to be read as. */
  readonly reading?: ColumnReading | undefined
}

/** A field that cannot be what its column must be. The reader says in which line. */
export class FieldError extends Error {
  override readonly name = 'FieldError'
}

// The states of a column. What has been read so far is:
const nothing = 0 // only missing values
const integers = 1 // whole numbers that doubles hold exactly; NaN where missing
const largeIntegers = 2 // whole numbers in 64 bits with sign
const unsignedIntegers = 3 // whole numbers without sign, at least one beyond 63 bits
const floats = 4
const booleans = 5
const texts = 6
const abandoned = 7 // known to need another pass: nothing is kept

const int64Max = 2n ** 63n - 1n
const uint64Max = 2n ** 64n - 1n

/**
 * Takes a column's fields one by one and settles on pandas' type for it: int64, or float64 where whole numbers have
 * gaps; uint64 beyond int64; float64; bool; else text. A column that starts as one type and turns out to be another
 * that needs the fields again says so in `reread`.
 */
export class ColumnBuilder {
  readonly spec: ColumnSpec
  /** Set when the column must be read again, as this. */
  reread: ColumnReading | undefined
  private state = nothing
  private readonly isFixed: boolean
  private readonly missing: MissingMatcher
  private readonly parser: NumberParser
  /** What the configured type of whole numbers can hold. */
  private readonly lowest: number | bigint = Number.NEGATIVE_INFINITY
  private readonly highest: number | bigint = Number.POSITIVE_INFINITY
  private count = 0
  private missingCount = 0
  private hasNegative = false
  private readonly doubles = new Chunks<number, Float64Array>((length) => new Float64Array(length))
  /** Made when needed. Values beyond int64 are kept modulo 2^64. */
  private readonly bigs = new Chunks<bigint, BigInt64Array>((length) => new BigInt64Array(length))
  private readonly bytes = new ByteChunks()
  /** Of texts: 0, and where each one ends. */
  private readonly offsets = new Chunks<number, Uint32Array>((length) => new Uint32Array(length))
  /** Rows without a value, where the array itself cannot say so. */
  private gaps: number[] = []

  constructor(spec: ColumnSpec, missing: MissingMatcher, parser: NumberParser) {
    this.spec = spec
    this.missing = missing
    this.parser = parser
    this.isFixed = spec.dtype !== undefined
    const reading = spec.dtype === undefined ? spec.reading : readingOf(spec.dtype)
    if (reading === 'floats') this.state = floats
    else if (reading === 'texts') this.state = texts
    else if (reading === 'booleans') this.state = booleans
    else if (reading === 'integers') this.state = integers
    this.offsets.push(0)
    if (spec.dtype !== undefined && isInteger(spec.dtype)) {
      const bits = BigInt(bytesPerElement(spec.dtype) * 8)
      const isSigned = spec.dtype.startsWith('i')
      this.lowest = isSigned ? -(2n ** (bits - 1n)) : 0n
      this.highest = 2n ** (isSigned ? bits - 1n : bits) - 1n
    }
  }

  /** Makes room for about so many rows, judged by those that have been read. */
  expect(rows: number): void {
    if (this.state === texts) {
      this.bytes.expect(Math.ceil((this.bytes.length / this.count) * rows))
      this.offsets.expect(rows + 1)
    } else if (this.state === largeIntegers || this.state === unsignedIntegers) this.bigs.expect(rows)
    else if (this.state !== abandoned) this.doubles.expect(rows)
  }

  /** @throws FieldError when the column has a configured type and the field is not of it */
  push(bytes: Buffer, start: number, end: number): void {
    const { missing, state } = this
    if (start === end && missing.isEmptyMissing) this.pushMissing()
    else if (state === texts) this.pushText(bytes, start, end)
    else if (missing.hasNumbers && missing.matches(bytes, start, end)) this.pushMissing()
    else if (state !== abandoned) this.pushValue(bytes, start, end)
  }

  /** @throws FieldError when the column's configured type has no way to say "missing" */
  pushMissing(): void {
    if (this.isFixed && this.state !== floats && this.state !== texts) {
      throw new FieldError(
        `column ${this.spec.name} has no value here, and its dtype ${this.spec.dtype} needs one`,
      )
    }
    this.missingCount++
    switch (this.state) {
      case nothing:
      case integers:
      case floats:
        this.doubles.push(Number.NaN)
        break
      case largeIntegers:
        this.bigs.push(0n)
        this.gaps.push(this.count)
        break
      case unsignedIntegers:
        // pandas gives up on numbers here: float64 would lose digits that uint64 has.
        this.abandon('texts')
        break
      case booleans:
        this.abandon('texts')
        break
      case texts:
        this.offsets.push(this.bytes.length)
        this.gaps.push(this.count)
        break
    }
    this.count++
  }

  /** The column, of dims `[dim]`. Call once, after the last field; only where `reread` is not set. */
  build(dim: string): Variable {
    const dims = [dim]
    const shape = [this.count]
    const { dtype } = this.spec
    switch (this.state) {
      case texts:
        return variable(dims, shape, 'str', this.buildTexts())
      case booleans:
        return variable(dims, shape, 'bool', Uint8Array.from(this.doubles.take()))
      case integers:
      case largeIntegers:
      case unsignedIntegers:
        return this.buildIntegers(dims, shape)
      case nothing:
        // pandas calls a column without rows text, and one without values float64.
        if (this.count === 0) return variable(dims, shape, 'str', this.buildTexts())
    }
    const isSingle = dtype === 'float32'
    const doubles = this.doubles.take()
    const values = isSingle ? Float32Array.from(doubles) : doubles
    this.replaceMissingNumbers(values)
    return variable(dims, shape, isSingle ? 'float32' : 'float64', values)
  }

  /** Bytes that the values take by now. */
  get byteLength(): number {
    return this.state === texts ? this.bytes.length + this.count * 4 : this.count * 8
  }

  private pushValue(bytes: Buffer, start: number, end: number): void {
    const kind = this.parser.parse(bytes, start, end)
    if (kind === notNumber) {
      this.pushWord(bytes, start, end)
    } else if (this.state === floats) {
      this.doubles.push(kind === largeInteger ? this.parser.double(bytes, start, end) : this.parser.value)
      this.count++
    } else if (this.state === booleans) {
      this.turnToText(bytes, start, end)
    } else if (kind === smallInteger) {
      this.pushInteger(this.parser.value)
    } else if (kind === largeInteger) {
      this.pushLarge(this.parser.bigint(bytes, start, end))
    } else {
      this.pushFirstFraction(this.parser.value)
    }
  }

  private pushInteger(value: number): void {
    if (this.state === nothing) this.state = integers
    if (value < this.lowest || value > this.highest) throw this.misfit(String(value))
    if (this.state === integers) {
      this.doubles.push(value)
      this.count++
    } else {
      this.pushLarge(BigInt(value))
    }
  }

  private pushLarge(value: bigint): void {
    if (value < this.lowest || value > this.highest) throw this.misfit(String(value))
    if (this.state === nothing || this.state === integers) this.widen()
    if (value < 0n) this.hasNegative = true
    const isSigned = value <= int64Max && value >= -int64Max - 1n
    if (this.state === largeIntegers && !isSigned) {
      // As pandas: neither signs nor gaps go with values that only uint64 holds.
      if (!this.hasNegative && this.gaps.length === 0) this.state = unsignedIntegers
    }
    const fits = this.state === unsignedIntegers ? value >= 0n && value <= uint64Max : isSigned
    if (fits) this.bigs.push(value)
    else this.giveUp(value)
    this.count++
  }

  private giveUp(value: bigint): void {
    if (this.isFixed) throw this.misfit(String(value))
    this.abandon('texts')
  }

  /** From doubles to 64-bit integers. */
  private widen(): void {
    this.state = largeIntegers
    let row = 0
    for (const values of this.doubles.arrays()) {
      for (let i = 0; i < values.length; i++, row++) {
        const value = values[i] as number
        if (Number.isNaN(value)) this.gaps.push(row)
        if (value < 0) this.hasNegative = true
        this.bigs.push(Number.isNaN(value) ? 0n : BigInt(value))
      }
    }
    this.doubles.clear()
  }

  private pushFirstFraction(value: number): void {
    if (this.isFixed) throw this.misfit(String(value))
    if (this.state === nothing || this.state === integers) {
      this.state = floats
      this.doubles.push(value)
    } else {
      // Rare: the large integers before it may not have been kept exactly as floats read them.
      this.abandon('floats')
    }
    this.count++
  }

  private pushWord(bytes: Buffer, start: number, end: number): void {
    if (this.missing.matches(bytes, start, end)) {
      this.pushMissing()
      return
    }
    const truth = this.state === nothing || this.state === booleans ? truthOf(bytes, start, end) : undefined
    if (truth === undefined || this.missingCount > 0) {
      this.turnToText(bytes, start, end)
      return
    }
    this.state = booleans
    this.doubles.push(truth)
    this.count++
  }

  private pushText(bytes: Buffer, start: number, end: number): void {
    if (this.missing.matches(bytes, start, end)) {
      this.pushMissing()
      return
    }
    this.bytes.push(bytes, start, end)
    this.offsets.push(this.bytes.length)
    this.count++
  }

  private turnToText(bytes: Buffer, start: number, end: number): void {
    if (this.isFixed) throw this.misfit(bytes.toString('utf8', start, Math.min(end, start + 60)))
    if (this.state !== nothing) {
      this.abandon('texts')
      this.count++
      return
    }
    this.state = texts
    this.doubles.clear()
    for (let row = 0; row < this.count; row++) {
      this.offsets.push(0)
      this.gaps.push(row)
    }
    this.pushText(bytes, start, end)
  }

  private abandon(reading: ColumnReading): void {
    this.state = abandoned
    this.reread = reading
    this.doubles.clear()
    this.bigs.clear()
    this.gaps = []
  }

  private misfit(found: string): FieldError {
    return new FieldError(
      `column ${this.spec.name} holds ${JSON.stringify(found)}, which is no ${this.spec.dtype}`,
    )
  }

  private buildIntegers(dims: readonly string[], shape: readonly number[]): Variable {
    if (this.state === integers && this.missingCount > 0) {
      const doubles = this.doubles.take()
      // A whole number has no negative zero, a float read from the same text has.
      for (let row = 0; row < doubles.length; row++) doubles[row]! += 0
      return variable(dims, shape, 'float64', doubles)
    }
    const isUnsigned = this.state === unsignedIntegers
    const found = isUnsigned ? 'uint64' : 'int64'
    const dtype = this.spec.dtype ?? found
    if (this.state === integers) return variable(dims, shape, dtype, this.integersAs(dtype))
    const signed = this.bigs.take()
    const values = isUnsigned ? new BigUint64Array(signed.buffer, signed.byteOffset, signed.length) : signed
    if (this.gaps.length === 0) {
      return variable(dims, shape, dtype, dtype === found ? values : cast(values, dtype))
    }
    const doubles = Float64Array.from(values, Number)
    for (const row of this.gaps) doubles[row] = Number.NaN
    return variable(dims, shape, 'float64', doubles)
  }

  private integersAs(dtype: DType): NumberArray | BigArray {
    const doubles = this.doubles.take()
    if (dtype !== 'int64') return cast(doubles, dtype)
    // In place: each takes as many bytes as before.
    const target = new BigInt64Array(doubles.buffer, doubles.byteOffset, doubles.length)
    const words = new Int64Words(target)
    for (let row = 0; row < doubles.length; row++) words.set(row, doubles[row] as number)
    return target
  }

  private buildTexts(): TextArray {
    const bytes = this.bytes.take()
    const offsets = this.offsets.take()
    if (this.gaps.length === 0) return new TextArray(bytes, offsets)
    const missing = new Uint8Array(this.count)
    for (const row of this.gaps) missing[row] = 1
    this.gaps = []
    return new TextArray(bytes, offsets, missing)
  }

  private replaceMissingNumbers(values: NumberArray): void {
    const { numbers } = this.missing
    if (numbers.size === 0) return
    for (let row = 0; row < values.length; row++) {
      if (numbers.has(values[row] as number)) values[row] = Number.NaN
    }
  }
}

function readingOf(dtype: DType): ColumnReading {
  if (dtype === 'str') return 'texts'
  if (dtype === 'bool') return 'booleans'
  return isFloat(dtype) ? 'floats' : 'integers'
}

/** `True` and `False` in any case, as pandas. */
function truthOf(bytes: Buffer, start: number, end: number): 0 | 1 | undefined {
  if (end - start !== 4 && end - start !== 5) return undefined
  const word = bytes.toString('latin1', start, end).toLowerCase()
  if (word === 'true') return 1
  return word === 'false' ? 0 : undefined
}

function cast(values: BigArray | Float64Array, dtype: DType): NumberArray | BigArray {
  const target = allocate(dtype, values.length) as NumberArray | BigArray
  const isBig = target instanceof BigInt64Array || target instanceof BigUint64Array
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number | bigint
    target[row] = isBig ? BigInt(value) : Number(value)
  }
  return target
}
