import { isUtf8 } from 'node:buffer'
import type { SchemaElement } from 'hyparquet'
import { type Variable, variable } from '../dataset/dataset.ts'
import { allocate, type DType, isDatetime, isFloat, NaT, type NumberArray } from '../dataset/dtype.ts'
import { TextArray, TextArrayBuilder } from '../dataset/text-array.ts'

/** How a column's stored values become those of a variable. */
export interface ColumnType {
  readonly dtype: DType
  /** A stored value that is not null. @throws Error when it is not of the type */
  readonly convert: (raw: unknown) => number | bigint | Uint8Array
}

const integers: Readonly<Record<string, DType>> = {
  INT_8: 'int8',
  INT_16: 'int16',
  INT_32: 'int32',
  INT_64: 'int64',
  UINT_8: 'uint8',
  UINT_16: 'uint16',
  UINT_32: 'uint32',
  UINT_64: 'uint64',
}

/** The type of a flat column by its schema element, or in words why it has none here. */
export function columnType(element: SchemaElement): ColumnType | string {
  const { type, converted_type: converted, logical_type: logical } = element
  const kind = logical?.type
  if (element.num_children !== undefined || element.repetition_type === 'REPEATED') return 'a nested type'
  if (kind === 'DECIMAL' || converted === 'DECIMAL') return decimalType(element)
  if (kind === 'TIMESTAMP') {
    const unit = ({ MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const)[logical.unit]
    return { dtype: `datetime64[${unit}]`, convert: bigint }
  }
  if (converted === 'TIMESTAMP_MILLIS') return { dtype: 'datetime64[ms]', convert: bigint }
  if (converted === 'TIMESTAMP_MICROS') return { dtype: 'datetime64[us]', convert: bigint }
  if (type === 'INT96') return { dtype: 'datetime64[ns]', convert: bigint }
  if (kind === 'DATE' || converted === 'DATE') {
    return { dtype: 'datetime64[s]', convert: (raw) => bigint(raw) * 86_400n }
  }
  if (kind === 'INTEGER')
    return integerType(integers[`${logical.isSigned ? '' : 'U'}INT_${logical.bitWidth}`])
  if (converted !== undefined && Object.hasOwn(integers, converted)) return integerType(integers[converted])
  if (
    kind === 'STRING' ||
    kind === 'ENUM' ||
    kind === 'JSON' ||
    ['UTF8', 'ENUM', 'JSON'].includes(converted ?? '')
  ) {
    return { dtype: 'str', convert: text }
  }
  if (kind !== undefined || converted !== undefined) return `the type ${kind ?? converted}`
  return physicalType(type)
}

function physicalType(type: SchemaElement['type']): ColumnType | string {
  switch (type) {
    case 'BOOLEAN':
      return { dtype: 'bool', convert: (raw) => (raw === true || raw === 1 ? 1 : 0) }
    case 'INT32':
      return integerType('int32')
    case 'INT64':
      return integerType('int64')
    case 'FLOAT':
      return { dtype: 'float32', convert: number }
    case 'DOUBLE':
      return { dtype: 'float64', convert: number }
    case 'BYTE_ARRAY':
      return { dtype: 'str', convert: text }
    default:
      return `the type ${type}`
  }
}

function integerType(dtype: DType | undefined): ColumnType | string {
  if (dtype === undefined) return 'an integer type of an odd width'
  if (dtype === 'int64') return { dtype, convert: bigint }
  if (dtype === 'uint64') return { dtype, convert: (raw) => BigInt.asUintN(64, bigint(raw)) }
  if (dtype === 'uint32') return { dtype, convert: (raw) => number(raw) >>> 0 }
  const check = allocate(dtype, 1) as NumberArray
  return {
    dtype,
    convert: (raw) => {
      const value = number(raw)
      check[0] = value
      if (check[0] !== value) throw new Error(`${value} does not fit ${dtype}`)
      return value
    },
  }
}

/** A decimal becomes the double nearest to it, as the digits say. */
function decimalType(element: SchemaElement): ColumnType {
  const logical = element.logical_type
  const scale = element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0)
  return {
    dtype: 'float64',
    convert: (raw) => Number(`${raw instanceof Uint8Array ? bigEndian(raw) : bigint(raw)}e${-scale}`),
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  const magnitude = BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)
  return BigInt.asIntN(Math.max(1, bytes.length * 8), magnitude)
}

function number(raw: unknown): number {
  if (typeof raw !== 'number') throw new Error(`a ${typeof raw} where a number should be`)
  return raw
}

function bigint(raw: unknown): bigint {
  if (typeof raw === 'bigint') return raw
  return BigInt(number(raw))
}

function text(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array && isUtf8(raw)) return raw
  throw new Error('bytes that are no UTF-8 text')
}

/** Takes a column's values in order; `null` is a missing one. */
export class ParquetColumn {
  private readonly type: ColumnType
  private readonly rows: number
  private readonly values: Exclude<ReturnType<typeof allocate>, TextArray> | undefined
  private readonly texts = new TextArrayBuilder()
  private readonly gaps: number[] = []
  private count = 0

  constructor(type: ColumnType, rows: number) {
    this.type = type
    this.rows = rows
    const values = type.dtype === 'str' ? undefined : allocate(type.dtype, rows)
    this.values = values instanceof TextArray ? undefined : values
  }

  /** @throws Error when there are more values than rows, or one is not of the type */
  push(raws: ArrayLike<unknown>): void {
    if (this.count + raws.length > this.rows) throw new Error('there are more values than rows')
    const { values, texts } = this
    const { convert } = this.type
    for (let i = 0; i < raws.length; i++, this.count++) {
      const raw = raws[i]
      if (raw === undefined) throw new Error('there are fewer values than its levels say')
      if (raw === null) {
        this.gaps.push(this.count)
        if (!values) texts.pushMissing()
        continue
      }
      const value = convert(raw)
      if (value instanceof Uint8Array) texts.pushBytes(value, 0, value.length)
      else if (values) values[this.count] = value as number
    }
  }

  /** @throws Error when there are fewer values than rows */
  build(dim: string): Variable {
    const { dtype } = this.type
    if (this.count !== this.rows) throw new Error(`there are ${this.count} values for ${this.rows} rows`)
    const { values, gaps } = this
    const dims = [dim]
    const shape = [this.rows]
    if (!values) return variable(dims, shape, 'str', this.texts.build())
    if (isDatetime(dtype)) for (const row of gaps) (values as BigInt64Array)[row] = NaT
    if (isFloat(dtype)) for (const row of gaps) (values as NumberArray)[row] = Number.NaN
    if (gaps.length === 0 || isFloat(dtype) || isDatetime(dtype)) return variable(dims, shape, dtype, values)
    const missing = new Set(gaps)
    if (dtype === 'bool') {
      // As in CSV: truth values with gaps are text, since no number type would say what they were.
      const words = Array.from(values as Uint8Array, (value, row) =>
        missing.has(row) ? null : value === 1 ? 'True' : 'False',
      )
      return variable(dims, shape, 'str', TextArray.from(words))
    }
    const doubles = new Float64Array(this.rows)
    for (let row = 0; row < this.rows; row++)
      doubles[row] = missing.has(row) ? Number.NaN : Number(values[row])
    return variable(dims, shape, 'float64', doubles)
  }
}
