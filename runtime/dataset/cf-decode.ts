import { InputError } from '../errors.ts'
import { isTypedAttr, numbersAttr, textAttr } from './attrs.ts'
import { castData } from './cast.ts'
import { decodeTimes } from './cf-time-decode.ts'
import { looksLikeTimeUnits } from './cf-time-units.ts'
import type { Attrs, AttrValue, Encoding, Variable } from './dataset.ts'
import type { BigArray, DataArray, DType, NumberArray } from './dtype.ts'
import { isDatetime, isFloat, isInteger, NaT, numericArrays } from './dtype.ts'
import { TextArray } from './text-array.ts'

export interface DecodeVariableOptions {
  readonly decodeTimes: boolean
  readonly maskAndScale: boolean
  /** Whether arrays of the input may be written to. */
  readonly reuse: boolean
}

/**
 * One variable by CF's rules, as xarray reads it: fills become NaN, packed values are unpacked, `<unit> since <date>`
 * becomes a datetime, int8 with the attribute `dtype = "bool"` a bool. What this takes out of the attributes goes
 * into the encoding. @throws InputError for times that cannot be decoded
 */
export function decodeVariable(name: string, variable: Variable, options: DecodeVariableOptions): Variable {
  if (isDatetime(variable.dtype)) return variable
  const attrs: Attrs = new Map(variable.attrs)
  const encoding: Encoding = { dtype: variable.dtype, ...variable.encoding }
  const units = textAttr(attrs, 'units')
  const isTime =
    options.decodeTimes && units !== undefined && variable.dtype !== 'str' && looksLikeTimeUnits(units)
  let dtype: DType = variable.dtype
  let data = variable.data
  if (data instanceof TextArray) data = decodeText(name, data, attrs)
  if (options.maskAndScale) {
    ;({ dtype, data } = applyUnsigned(dtype, data, attrs, encoding))
    const masked = mask(dtype, data, attrs, encoding, isTime, options.reuse)
    ;({ dtype, data } = unpack(masked.dtype, masked.data, attrs, encoding))
  }
  if (isTime) {
    const calendar = textAttr(attrs, 'calendar')
    const decoded = decodeTimes(data as NumberArray, dtype, units, calendar, name)
    ;({ dtype, data } = decoded)
    encoding.units = units
    if (calendar !== undefined) encoding.calendar = calendar
    attrs.delete('units')
    attrs.delete('calendar')
  }
  if (textAttr(attrs, 'dtype') === 'bool' && isInteger(dtype)) {
    data = castData(data, dtype, 'bool', undefined, name)
    dtype = 'bool'
    attrs.delete('dtype')
    delete encoding.dtype
  }
  return { ...variable, dtype, data, attrs, encoding }
}

/** Takes out what xarray writes beside arrays of characters: the encoding of their bytes, read as UTF-8 so far. */
function decodeText(name: string, data: TextArray, attrs: Attrs): TextArray {
  const label = textAttr(attrs, '_Encoding')
  if (label === undefined) return data
  attrs.delete('_Encoding')
  const decoder = decoderOf(name, label)
  if (decoder.encoding === 'utf-8') return data
  const { bytes, offsets } = data
  return TextArray.from(
    Array.from({ length: data.length }, (_, i) =>
      data.isMissing(i) ? undefined : decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])),
    ),
  )
}

function decoderOf(name: string, label: string) {
  try {
    return new TextDecoder(label)
  } catch (cause) {
    throw new InputError(`${name}: its texts are in the encoding "${label}", which is not known`, { cause })
  }
}

function applyUnsigned(
  dtype: DType,
  data: DataArray,
  attrs: Attrs,
  encoding: Encoding,
): { dtype: DType; data: DataArray } {
  const unsigned = textAttr(attrs, '_Unsigned')
  if (unsigned === undefined) return { dtype, data }
  attrs.delete('_Unsigned')
  if (!isInteger(dtype) || (unsigned !== 'true' && unsigned !== 'false')) return { dtype, data }
  encoding.unsigned = unsigned === 'true'
  const wanted = (encoding.unsigned ? `u${dtype.replace(/^u/, '')}` : dtype.replace(/^u/, '')) as DType
  if (wanted === dtype) return { dtype, data }
  const { buffer, byteOffset, length } = data as NumberArray
  const view = new numericArrays[wanted as keyof typeof numericArrays](
    buffer as ArrayBuffer,
    byteOffset,
    length,
  )
  return { dtype: wanted, data: view }
}

/** Every value that stands for "missing", out of `_FillValue` and `missing_value`. */
function takeFills(dtype: DType, attrs: Attrs, encoding: Encoding): (number | bigint | string)[] {
  const fills: (number | bigint | string)[] = []
  for (const key of ['missing_value', '_FillValue'] as const) {
    const value = attrs.get(key)
    if (value === undefined) continue
    attrs.delete(key)
    const all = valuesOf(value)
    const real = all.filter((each) => !Number.isNaN(each))
    // NaN cannot be among integers: such an attribute says nothing.
    if (real.length === 0 && isInteger(dtype)) continue
    const [first] = all
    if (first !== undefined) encoding[key === '_FillValue' ? 'fillValue' : 'missingValue'] = first
    fills.push(...real)
  }
  return fills.map((fill) => asRead(fill, dtype, encoding))
}

function valuesOf(value: AttrValue): readonly (number | bigint | string)[] {
  if (typeof value !== 'object') return [value]
  return isTypedAttr(value) ? value.values : value
}

/** A signed fill of what `_Unsigned` makes unsigned, and the reverse. */
function asRead(
  fill: number | bigint | string,
  dtype: DType,
  { unsigned }: Encoding,
): number | bigint | string {
  if (unsigned === undefined || typeof fill === 'string') return fill
  const bits = Number(/\d+$/.exec(dtype)![0])
  const wrapped = unsigned ? BigInt.asUintN(bits, BigInt(fill)) : BigInt.asIntN(bits, BigInt(fill))
  return bits === 64 ? wrapped : Number(wrapped)
}

function mask(
  dtype: DType,
  data: DataArray,
  attrs: Attrs,
  encoding: Encoding,
  isTime: boolean,
  reuse: boolean,
): { dtype: DType; data: DataArray } {
  const fills = takeFills(dtype, attrs, encoding)
  if (fills.length === 0) return { dtype, data }
  if (data instanceof TextArray) return { dtype, data: maskText(data, fills.map(String)) }
  const numbers = fills.map((fill) => (typeof fill === 'string' ? Number(fill) : fill))
  const packed = attrs.has('scale_factor') || attrs.has('add_offset')
  if (isTime && isInteger(dtype) && !packed) return maskTimes(data, numbers)
  const wanted = packed ? floatFor(dtype, attrs) : promoted(dtype)
  return { dtype: wanted, data: maskNumbers(data, dtype, wanted, numbers, reuse) }
}

function maskText(data: TextArray, fills: readonly string[]): TextArray {
  const isFill = (i: number): boolean => fills.includes(data.at(i))
  const missing = Uint8Array.from({ length: data.length }, (_, i) => (data.isMissing(i) || isFill(i) ? 1 : 0))
  return missing.includes(1) ? new TextArray(data.bytes, data.offsets, missing) : data
}

/** Integer times stay integers, so that no digit is lost; the fill becomes NaT. */
function maskTimes(
  data: NumberArray | BigArray,
  fills: readonly (number | bigint)[],
): { dtype: DType; data: DataArray } {
  const bigFills = fills.filter((fill) => typeof fill === 'bigint' || Number.isInteger(fill)).map(BigInt)
  const result = new BigInt64Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const value = BigInt(data[i]!)
    result[i] = bigFills.includes(value) ? NaT : value
  }
  return { dtype: 'int64', data: result }
}

function maskNumbers(
  data: NumberArray | BigArray,
  dtype: DType,
  wanted: DType,
  fills: readonly (number | bigint)[],
  reuse: boolean,
): DataArray {
  const isFill = fillTest(data, fills)
  let result: DataArray = dtype === wanted ? data : castData(data, dtype, wanted)
  const isOwn = result !== data || reuse
  let first = -1
  for (let i = 0; i < data.length && first < 0; i++) if (isFill(i)) first = i
  if (first < 0) return result
  if (!isOwn) result = (result as Float64Array).slice()
  for (let i = first; i < data.length; i++) if (isFill(i)) (result as Float64Array)[i] = Number.NaN
  return result
}

function fillTest(
  data: NumberArray | BigArray,
  fills: readonly (number | bigint)[],
): (index: number) => boolean {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const big = fills.filter((fill) => typeof fill === 'bigint' || Number.isInteger(fill)).map(BigInt)
    return (i) => big.includes(data[i]!)
  }
  const plain = fills.map(Number)
  const [only] = plain
  return plain.length === 1 ? (i) => data[i] === only : (i) => plain.includes(data[i] as number)
}

/** What integers become so that some can be missing. */
function promoted(dtype: DType): DType {
  if (isFloat(dtype)) return dtype
  return /^(?:bool|u?int(?:8|16))$/.test(dtype) ? 'float32' : 'float64'
}

/** The float type for unpacked values: xarray's `_choose_float_dtype`. */
function floatFor(dtype: DType, attrs: Attrs): 'float32' | 'float64' {
  const typeOf = (key: string): string | undefined => {
    const value = attrs.get(key)
    if (value === undefined) return undefined
    return typeof value === 'object' && isTypedAttr(value) ? value.dtype : 'float64'
  }
  const [scale, offset] = [typeOf('scale_factor'), typeOf('add_offset')]
  if (scale !== 'float32') return 'float64'
  if (offset === undefined) return 'float32'
  return offset === 'float32' && dtype !== 'int32' && dtype !== 'uint32' ? 'float32' : 'float64'
}

function unpack(
  dtype: DType,
  data: DataArray,
  attrs: Attrs,
  encoding: Encoding,
): { dtype: DType; data: DataArray } {
  const scale = numbersAttr(attrs, 'scale_factor')?.[0]
  const offset = numbersAttr(attrs, 'add_offset')?.[0]
  if ((scale === undefined && offset === undefined) || data instanceof TextArray) return { dtype, data }
  const isMasked = encoding.fillValue !== undefined || encoding.missingValue !== undefined
  const wanted = isMasked && isFloat(dtype) ? dtype : floatFor(dtype, attrs)
  const allFloat32 = ['scale_factor', 'add_offset'].every((key) => {
    const value = attrs.get(key)
    return (
      value === undefined || (typeof value === 'object' && isTypedAttr(value) && value.dtype === 'float32')
    )
  })
  if (scale !== undefined) encoding.scaleFactor = Number(scale)
  if (offset !== undefined) encoding.addOffset = Number(offset)
  if (allFloat32) encoding.factorDType = 'float32'
  attrs.delete('scale_factor')
  attrs.delete('add_offset')
  const result = castData(data, dtype, wanted) as Float64Array
  const values = result === data ? result.slice() : result
  const [factor, shift] = [Number(scale ?? 1), Number(offset ?? 0)]
  // Two steps, each rounded to the array's type, as numpy does it in place.
  if (scale !== undefined) for (let i = 0; i < values.length; i++) values[i]! *= factor
  if (offset !== undefined) for (let i = 0; i < values.length; i++) values[i]! += shift
  return { dtype: wanted, data: values }
}
