/** Values of variables as pipelines' own code reads and writes them: missing is NaN (or null), whatever stands for it. */
import { castData, type Element, toElement } from '../dataset/cast.ts'
import { type AttrValue, type Dataset, type Variable, variable } from '../dataset/dataset.ts'
import type { DataArray, DType, NumberArray } from '../dataset/dtype.ts'
import { allocate, isDatetime, isInteger, NaT, timeUnit, unitsPerSecond } from '../dataset/dtype.ts'
import { product } from '../dataset/take.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError } from '../errors.ts'
import { fillOf } from './attributes.ts'
import { missingMask } from './quality/check-missing.ts'

/**
 * A variable's values as numbers, in C order: NaN where one is missing, be it as NaN or as its `_FillValue`. The array
 * is a copy. @throws InputError when there is no such variable, it holds texts or times, or integers beyond 2^53
 */
export function getNumbers(dataset: Dataset, name: string): Float64Array {
  return numbersOf(requireVariable(dataset, name), name)
}

/** `getNumbers` of a variable that is no part of a dataset, such as a converter's; `name` is what messages call it. */
export function numbersOf(found: Variable, name = 'the variable'): Float64Array {
  const { data, dtype } = found
  if (data instanceof TextArray) throw new InputError(`${name}: holds texts, not numbers: see getTexts`)
  if (isDatetime(dtype)) throw new InputError(`${name}: holds times, not numbers: see getTimes`)
  const missing = missingMask(found)
  return Float64Array.from(data as ArrayLike<number | bigint>, (value, i) => {
    if (missing[i]) return Number.NaN
    const number = Number(value)
    if (typeof value === 'bigint' && !Number.isSafeInteger(number)) {
      throw new InputError(`${name}: element ${i}, ${value}, is beyond what a number holds exactly`)
    }
    return number
  })
}

/**
 * A time variable's values in seconds since 1970-01-01 UTC: NaN where one is missing. `new Date(1000 * seconds)` makes
 * a date of one. @throws InputError when there is no such variable, or it holds no times
 */
export function getTimes(dataset: Dataset, name = 'time'): Float64Array {
  const { data, dtype } = requireVariable(dataset, name)
  if (!isDatetime(dtype)) throw new InputError(`${name}: holds ${dtype}, not times`)
  const perSecond = unitsPerSecond(timeUnit(dtype))
  return Float64Array.from(data as BigInt64Array, (count) => {
    if (count === NaT) return Number.NaN
    // In two parts: a count of nanoseconds is more than a number holds exactly.
    return Number(count / perSecond) + Number(count % perSecond) / Number(perSecond)
  })
}

/** A text variable's values: null where one is missing. @throws InputError when there is no such variable */
export function getTexts(dataset: Dataset, name: string): (string | null)[] {
  const found = requireVariable(dataset, name)
  const { data } = found
  if (!(data instanceof TextArray)) throw new InputError(`${name}: holds ${found.dtype}, not texts`)
  const missing = missingMask(found)
  return Array.from(data, (text, i) => (missing[i] ? null : text))
}

/**
 * Gives a variable new values: its type, dims and attributes stay. NaN is stored as the variable's `_FillValue` if it
 * has one. @throws InputError when there is no such variable, there are more or fewer values than it has, or its type
 * cannot hold one: integers are never rounded
 */
export function setNumbers(dataset: Dataset, name: string, values: ArrayLike<number>): void {
  const found = requireVariable(dataset, name)
  const { dtype } = found
  if (dtype === 'str' || isDatetime(dtype)) throw new InputError(`${name}: holds ${dtype}, not numbers`)
  if (values.length !== found.data.length) {
    throw new InputError(`${name}: has ${found.data.length} values, and ${values.length} were given`)
  }
  requireWhole(dtype, values, name)
  const fill = fillOf(found)
  const numbers = Float64Array.from(values, (value) =>
    Number.isNaN(value) && typeof fill === 'number' ? fill : value,
  )
  const data = castData(numbers, 'float64', dtype, fill, name)
  const home = dataset.coords.has(name) ? dataset.coords : dataset.dataVars
  home.set(name, { ...found, data })
}

/** What a new variable is, beside its dims and values. */
export interface NewVariable {
  /** float64 for numbers, str for texts, datetime64[ns] for dates unless given. */
  readonly dtype?: DType
  /** One length a dim; needed for more than one. */
  readonly shape?: readonly number[]
  readonly attrs?: Readonly<Record<string, AttrValue>>
}

/**
 * A new variable: numbers, texts or dates in C order, `null` where one is missing. Put it into `dataset.dataVars` (or
 * `coords`) under its name. @throws InputError when the type cannot hold a value, or dims, shape and values disagree
 */
export function makeVariable(
  dims: readonly string[],
  values: ArrayLike<number | bigint | string | Date | null>,
  options: NewVariable = {},
): Variable {
  const shape = options.shape ?? (dims.length === 0 ? [] : dims.length === 1 ? [values.length] : undefined)
  if (!shape) throw new InputError(`a variable with dims (${dims.join(', ')}) needs a shape`)
  if (shape.length !== dims.length || product(shape) !== values.length) {
    throw new InputError(
      `a variable with dims (${dims.join(', ')}) and shape (${shape.join(', ')}) does not have ${values.length} values`,
    )
  }
  const list = Array.from(values)
  const dtype = options.dtype ?? usualType(list)
  return variable(dims, shape, dtype, dataOf(dtype, list), new Map(Object.entries(options.attrs ?? {})))
}

function usualType(values: readonly unknown[]): DType {
  const first = values.find((value) => value !== null)
  if (first instanceof Date) return 'datetime64[ns]'
  if (typeof first === 'bigint') return 'int64'
  return typeof first === 'string' ? 'str' : 'float64'
}

function dataOf(dtype: DType, values: readonly (number | bigint | string | Date | null)[]): DataArray {
  requireWhole(dtype, values, 'a new variable')
  const elements = values.map((value, i) =>
    toElement(dtype, elementOf(value), `element ${i} of a new variable`),
  )
  if (dtype === 'str') return TextArray.from(elements as (string | null)[])
  const data = allocate(dtype, elements.length) as NumberArray
  elements.forEach((element, i) => {
    data[i] = element as number
  })
  return data
}

/** A date as ISO 8601 text, an invalid one as missing. */
function elementOf(value: number | bigint | string | Date | null): Element {
  if (!(value instanceof Date)) return value
  return Number.isNaN(value.getTime()) ? null : value.toISOString()
}

function requireWhole(dtype: DType, values: ArrayLike<unknown>, name: string): void {
  if (!isInteger(dtype)) return
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'number' || Number.isNaN(value) || Number.isInteger(value)) continue
    throw new InputError(`${name}: element ${i}, ${value}, is not whole, and ${dtype} holds whole numbers`)
  }
}

function requireVariable(dataset: Dataset, name: string): Variable {
  const found = dataset.get(name)
  if (found) return found
  const names = [...dataset.variables()].map(([known]) => known)
  throw new InputError(`${name}: there is no such variable; there are ${names.join(', ') || 'none'}`)
}
