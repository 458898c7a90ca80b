import type { Json } from '../contracts.ts'
import { InputError } from '../errors.ts'
import type { Element } from './cast.ts'
import { toElement } from './cast.ts'
import type { Variable } from './dataset.ts'
import { variable } from './dataset.ts'
import type { DataArray, DType, NumberArray } from './dtype.ts'
import { allocate } from './dtype.ts'
import { TextArray } from './text-array.ts'

/** A variable whose every element is `value`; `null` is missing. @throws InputError when the type cannot hold it */
export function filled(
  dims: readonly string[],
  shape: readonly number[],
  dtype: DType,
  value: Element,
): Variable {
  const length = shape.reduce((product, size) => product * size, 1)
  return variable(dims, shape, dtype, filledData(dtype, length, value))
}

/** A new array of `length` elements that all are `value`; `null` is missing. */
export function filledData(dtype: DType, length: number, value: Element): DataArray {
  const element = toElement(dtype, value)
  if (dtype === 'str') return filledText(length, element as string | null)
  return (allocate(dtype, length) as NumberArray).fill(element as number)
}

function filledText(length: number, value: string | null): TextArray {
  if (value === null) {
    return new TextArray(new Uint8Array(0), new Uint32Array(length + 1), new Uint8Array(length).fill(1))
  }
  const one = new TextEncoder().encode(value)
  const bytes = new Uint8Array(one.length * length)
  for (let i = 0; i < length; i++) bytes.set(one, i * one.length)
  return new TextArray(
    bytes,
    Uint32Array.from({ length: length + 1 }, (_, i) => i * one.length),
  )
}

/** A variable without dimensions. */
export function scalar(dtype: DType, value: Element): Variable {
  return filled([], [], dtype, value)
}

/**
 * A variable from nested lists as YAML or JSON give them: numbers, texts (ISO 8601 for datetimes), bools; `null` is
 * missing. @throws InputError when the lists have another shape, or an element cannot be `dtype`
 */
export function fromValues(
  dims: readonly string[],
  shape: readonly number[],
  dtype: DType,
  values: Json,
  name = 'the values',
): Variable {
  const elements: (number | bigint | string | null)[] = []
  collect(values, shape, 0, [], dtype, name, elements)
  if (dtype === 'str') return variable(dims, shape, dtype, TextArray.from(elements as (string | null)[]))
  const data = allocate(dtype, elements.length) as NumberArray
  elements.forEach((element, i) => {
    data[i] = element as number
  })
  return variable(dims, shape, dtype, data)
}

function collect(
  values: Json,
  shape: readonly number[],
  depth: number,
  place: readonly number[],
  dtype: DType,
  name: string,
  into: (number | bigint | string | null)[],
): void {
  const where = place.length === 0 ? name : `${name}[${place.join('][')}]`
  if (depth === shape.length) {
    if (typeof values === 'object' && values !== null) {
      throw new InputError(
        `${where}: found ${Array.isArray(values) ? 'a list' : 'a map'} where one value belongs`,
      )
    }
    into.push(toElement(dtype, values, where))
    return
  }
  const length = shape[depth] as number
  if (!Array.isArray(values) || values.length !== length) {
    const found = Array.isArray(values) ? `a list of ${values.length}` : JSON.stringify(values)
    throw new InputError(`${where}: found ${found} where a list of ${length} belongs`)
  }
  values.forEach((value: Json, i) => {
    collect(value, shape, depth + 1, [...place, i], dtype, name, into)
  })
}
