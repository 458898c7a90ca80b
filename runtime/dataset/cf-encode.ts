import { InputError } from '../errors.ts'
import { numbersAttr, textAttr } from './attrs.ts'
import { toElement } from './cast.ts'
import { planTimeEncoding } from './cf-time-encode.ts'
import type { Attrs, Encoding, TypedAttr, Variable } from './dataset.ts'
import type { BigArray, DType, NumberArray } from './dtype.ts'
import { isDatetime, isFloat, isInteger, NaT } from './dtype.ts'
import { missingTest } from './missing.ts'
import { TextArray } from './text-array.ts'

export type StoredNumber = TypedAttr['dtype']

interface EncodedBase {
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  /** As they are on disk: `_FillValue` first, of the variable's own type. */
  readonly attrs: Attrs
}

/** A variable as it goes to disk, converted only as far as it is asked for: nothing holds a second copy of a column. */
export type EncodedVariable =
  | (EncodedBase & { readonly dtype: 'str'; readonly data: TextArray })
  | (EncodedBase & {
      readonly dtype: StoredNumber
      /** Puts elements `[start, end)` into the first places of `target`, an array of this type. */
      encodeInto(target: NumberArray | BigArray, start: number, end: number): void
    })

type Fill = number | bigint

/**
 * A variable by CF's rules, as `xarray` writes it: datetimes as numbers, NaN and missing text as the fill, values
 * packed where the encoding says so, bools as int8. @throws InputError that names the variable: NaN in integers
 * without a fill, values that the type on disk cannot hold, units that are no time units
 */
export function encodeVariable(name: string, variable: Variable): EncodedVariable {
  const { dims, shape } = variable
  if (variable.data instanceof TextArray) return encodeText(variable, variable.data)
  const attrs = new Map(variable.attrs)
  const encoding = encodingOf(variable, attrs)
  const times = isDatetime(variable.dtype) ? planTimeEncoding(name, variable, encoding) : undefined
  if (times) attrs.set('units', times.units).set('calendar', times.calendar)
  if (variable.dtype === 'bool' && encoding.dtype === undefined) attrs.set('dtype', 'bool')
  const dtype = storedDType(name, times ? times.dtype : (encoding.dtype ?? variable.dtype))
  const fills = takeFills(name, attrs, encoding, dtype)
  const { fill } = fills
  for (const [key, value] of packingAttrs(encoding)) attrs.set(key, value)
  if (encoding.unsigned !== undefined) attrs.set('_Unsigned', String(encoding.unsigned))
  const stored = withFills(attrs, dtype, fills)
  // NaT is stored as it is: int64's lowest.
  const isCount = times?.isIdentity && dtype === 'int64' && fill === undefined
  if (!isPacked(encoding) && (isCount || (!times && dtype === plainDType(variable.dtype)))) {
    const data = variable.data
    return {
      dims,
      shape,
      attrs: stored,
      dtype,
      encodeInto: (target, start, end) => copyInto(target, data, start, end, fill),
    }
  }
  const encode = elementEncoder(name, variable, encoding, dtype, fill, times?.encode)
  return {
    dims,
    shape,
    attrs: stored,
    dtype,
    encodeInto: (target, start, end) => {
      for (let i = start; i < end; i++) (target as NumberArray)[i - start] = encode(i) as number
    },
  }
}

/** The encoding with what older ways of saying it left among the attributes; those are taken out. */
function encodingOf(variable: Variable, attrs: Attrs): Encoding {
  const encoding = { ...variable.encoding }
  if (!isDatetime(variable.dtype)) return encoding
  const units = encoding.units ?? textAttr(attrs, 'units')
  const calendar = encoding.calendar ?? textAttr(attrs, 'calendar')
  return { ...encoding, ...(units !== undefined && { units }), ...(calendar !== undefined && { calendar }) }
}

function encodeText({ dims, shape, attrs, encoding }: Variable, data: TextArray): EncodedVariable {
  const fill = textAttr(attrs, '_FillValue') ?? encoding.fillValue
  const stored = new Map(attrs)
  stored.delete('_FillValue')
  if (fill === undefined) return { dims, shape, dtype: 'str', attrs: stored, data }
  const withFill: Attrs = new Map([['_FillValue', [String(fill)]], ...stored])
  return { dims, shape, dtype: 'str', attrs: withFill, data: fillText(data, String(fill)) }
}

function fillText(data: TextArray, fill: string): TextArray {
  if (!data.missing?.includes(1)) return data
  return TextArray.from(
    Array.from({ length: data.length }, (_, i) => (data.isMissing(i) ? fill : data.at(i))),
  )
}

function plainDType(dtype: DType): DType {
  return dtype === 'bool' ? 'int8' : dtype
}

function storedDType(name: string, dtype: DType): StoredNumber {
  const plain = plainDType(dtype)
  if (plain === 'str' || plain === 'bool' || isDatetime(plain)) {
    throw new InputError(`${name}: numbers cannot be stored as ${dtype}`)
  }
  return plain
}

interface Fills {
  /** What is stored for a missing value. */
  readonly fill: Fill | undefined
  readonly fillValue: Fill | undefined
  readonly missingValue: Fill | undefined
}

/** Takes the fill out of the attributes and the encoding, as values of the type on disk. */
function takeFills(name: string, attrs: Attrs, encoding: Encoding, dtype: StoredNumber): Fills {
  const written = attrs.get('_FillValue')
  attrs.delete('_FillValue')
  const given =
    written === undefined
      ? encoding.fillValue
      : (numbersAttr(new Map([['', written]]), '')?.[0] ?? textOf(written))
  const stored = (value: number | bigint | string | undefined): Fill | undefined =>
    value === undefined ? undefined : asStored(name, value, dtype, encoding)
  const [fillValue, missingValue] = [stored(given), stored(encoding.missingValue)]
  const bothNaN = Number.isNaN(fillValue) && Number.isNaN(missingValue)
  if (fillValue !== undefined && missingValue !== undefined && fillValue !== missingValue && !bothNaN) {
    throw new InputError(
      `${name}: _FillValue is ${fillValue} and missing_value is ${missingValue}, and only one can be written`,
    )
  }
  return { fill: fillValue ?? missingValue, fillValue, missingValue }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The fill in the type on disk; NaN, which integers cannot hold, is no fill for them. */
function asStored(
  name: string,
  value: number | bigint | string,
  dtype: StoredNumber,
  encoding: Encoding,
): Fill | undefined {
  if (isInteger(dtype) && Number.isNaN(value)) return undefined
  const unsigned = `u${dtype}` as DType
  const wraps = encoding.unsigned === true && dtype.startsWith('int') && Number(value) > maxOf(dtype)
  const fill = toElement(wraps ? unsigned : dtype, value, `${name}: _FillValue`) as Fill
  return wraps ? wrap(fill, dtype) : fill
}

function maxOf(dtype: StoredNumber): number {
  return 2 ** (Number(/\d+$/.exec(dtype)![0]) - 1) - 1
}

/** The signed integer with the bits of an unsigned one. */
function wrap(value: Fill, dtype: StoredNumber): Fill {
  const bits = Number(/\d+$/.exec(dtype)![0])
  const wrapped = BigInt.asIntN(bits, BigInt(value))
  return bits === 64 ? wrapped : Number(wrapped)
}

/** The attributes with the fills before them, each of the variable's own type: readers refuse any other. */
function withFills(attrs: Attrs, dtype: StoredNumber, { fillValue, missingValue }: Fills): Attrs {
  const typed = (value: Fill): TypedAttr => ({ dtype, values: [value], scalar: true })
  const result: Attrs = new Map()
  if (fillValue !== undefined) result.set('_FillValue', typed(fillValue))
  if (missingValue !== undefined) result.set('missing_value', typed(missingValue))
  for (const [name, value] of attrs) if (!result.has(name)) result.set(name, value)
  return result
}

function isPacked({ scaleFactor, addOffset, unsigned }: Encoding): boolean {
  return scaleFactor !== undefined || addOffset !== undefined || unsigned !== undefined
}

function packingAttrs({ scaleFactor, addOffset, factorDType = 'float64' }: Encoding): [string, TypedAttr][] {
  const typed = (value: number): TypedAttr => ({ dtype: factorDType, values: [value], scalar: true })
  const attrs: [string, TypedAttr][] = []
  if (scaleFactor !== undefined) attrs.push(['scale_factor', typed(scaleFactor)])
  if (addOffset !== undefined) attrs.push(['add_offset', typed(addOffset)])
  return attrs
}

function copyInto(
  target: NumberArray | BigArray,
  data: Exclude<Variable['data'], TextArray>,
  start: number,
  end: number,
  fill: Fill | undefined,
): void {
  const into = target as Float64Array
  into.set((data as Float64Array).subarray(start, end))
  const isFloating = data instanceof Float64Array || data instanceof Float32Array
  if (!isFloating || fill === undefined || Number.isNaN(fill)) return
  const count = end - start
  for (let i = 0; i < count; i++) if (Number.isNaN(into[i])) into[i] = fill as number
}

function elementEncoder(
  name: string,
  variable: Variable,
  encoding: Encoding,
  dtype: StoredNumber,
  fill: Fill | undefined,
  encodeTime: ((count: bigint) => number | bigint) | undefined,
): (index: number) => number | bigint {
  const data = variable.data as NumberArray
  const isMissing = missingTest(variable.dtype, variable.data)
  const { scaleFactor, addOffset = 0, unsigned } = encoding
  const packs = scaleFactor !== undefined || encoding.addOffset !== undefined
  const missing =
    fill ?? (isFloat(dtype) ? Number.NaN : encodeTime && dtype === 'int64' && !packs ? NaT : undefined)
  const isWhole = isInteger(dtype)
  const wraps = unsigned === true && dtype.startsWith('int')
  const checked = wraps ? (`u${dtype}` as DType) : dtype
  return (index) => {
    if (isMissing(index)) {
      if (missing === undefined)
        throw new InputError(
          `${name}: a missing value (element ${index}) cannot be stored as ${dtype} without a _FillValue`,
        )
      return missing
    }
    let value: number | bigint = data[index] as number
    if (encodeTime) value = encodeTime(value as unknown as bigint)
    if (packs) value = (Number(value) - addOffset) / (scaleFactor ?? 1)
    if (isWhole && typeof value === 'number') value = roundHalfEven(value)
    const stored = toElement(checked, value, `${name} (element ${index})`) as Fill
    return wraps ? wrap(stored, dtype) : stored
  }
}

/** numpy's `round`. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
