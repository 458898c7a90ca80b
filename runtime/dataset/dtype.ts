import { TextArray } from './text-array.ts'

/** Resolution of a datetime64: counts of this unit since 1970-01-01T00:00:00 UTC. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns'

/** The types that a variable may have, by numpy's names. */
export type DType =
  | 'float64'
  | 'float32'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'str'
  | `datetime64[${TimeUnit}]`

/** The array behind each type: bool as 0 and 1, datetimes as signed 64-bit counts with NaT = INT64_MIN. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
export type BigArray = BigInt64Array | BigUint64Array
export type DataArray = NumberArray | BigArray | TextArray

/** numpy's "not a time". */
export const NaT = -(2n ** 63n)

/** The array class behind each type of numbers. */
export const numericArrays = {
  float64: Float64Array,
  float32: Float32Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const

/** numpy's spellings on 64-bit Linux, byte-order marks left aside. `U10` and the like are text of any length. */
const aliases: Record<string, DType> = {
  float: 'float64',
  double: 'float64',
  f8: 'float64',
  d: 'float64',
  single: 'float32',
  f4: 'float32',
  f: 'float32',
  int: 'int64',
  long: 'int64',
  longlong: 'int64',
  intp: 'int64',
  i8: 'int64',
  l: 'int64',
  q: 'int64',
  intc: 'int32',
  i4: 'int32',
  i: 'int32',
  short: 'int16',
  i2: 'int16',
  h: 'int16',
  byte: 'int8',
  i1: 'int8',
  b: 'int8',
  uint: 'uint64',
  ulong: 'uint64',
  ulonglong: 'uint64',
  uintp: 'uint64',
  u8: 'uint64',
  L: 'uint64',
  Q: 'uint64',
  uintc: 'uint32',
  u4: 'uint32',
  I: 'uint32',
  ushort: 'uint16',
  u2: 'uint16',
  H: 'uint16',
  ubyte: 'uint8',
  u1: 'uint8',
  B: 'uint8',
  '?': 'bool',
  bool_: 'bool',
  b1: 'bool',
  unicode: 'str',
  object: 'str',
  O: 'str',
  'datetime64[D]': 'datetime64[s]',
  'datetime64[h]': 'datetime64[s]',
  'datetime64[m]': 'datetime64[s]',
  'M8[s]': 'datetime64[s]',
  'M8[ms]': 'datetime64[ms]',
  'M8[us]': 'datetime64[us]',
  'M8[ns]': 'datetime64[ns]',
  datetime64: 'datetime64[ns]',
}

/** The type that a numpy dtype text names, or `undefined` when it is none that can be stored here. */
export function parseDType(text: string): DType | undefined {
  const plain = text.trim().replace(/^[<>=|]/, '')
  if (isDType(plain)) return plain
  if (Object.hasOwn(aliases, plain)) return aliases[plain]
  return /^(?:[US]\d*|str_|str\d+)$/.test(plain) ? 'str' : undefined
}

function isDType(text: string): text is DType {
  return Object.hasOwn(numericArrays, text) || text === 'str' || /^datetime64\[(?:s|ms|us|ns)\]$/.test(text)
}

export function isDatetime(dtype: DType): dtype is `datetime64[${TimeUnit}]` {
  return dtype.startsWith('datetime64')
}

export function isFloat(dtype: DType): dtype is 'float64' | 'float32' {
  return dtype === 'float64' || dtype === 'float32'
}

/** Signed or unsigned integers of any size; neither bool nor datetimes. */
export function isInteger(dtype: DType): boolean {
  return /^u?int\d/.test(dtype)
}

export function isNumeric(dtype: DType): boolean {
  return isFloat(dtype) || isInteger(dtype)
}

export function timeUnit(dtype: `datetime64[${TimeUnit}]`): TimeUnit {
  return dtype.slice('datetime64['.length, -1) as TimeUnit
}

/** How many of `unit` are in one second. */
export function unitsPerSecond(unit: TimeUnit): bigint {
  return { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n }[unit]
}

export function bytesPerElement(dtype: DType): number {
  if (dtype === 'str') return 16
  return isDatetime(dtype) ? 8 : numericArrays[dtype].BYTES_PER_ELEMENT
}

/** A new array of `length` zeros (empty texts for `str`). */
export function allocate(dtype: DType, length: number): DataArray {
  if (dtype === 'str') return new TextArray(new Uint8Array(0), new Uint32Array(length + 1))
  if (isDatetime(dtype)) return new BigInt64Array(length)
  return new numericArrays[dtype](length)
}
