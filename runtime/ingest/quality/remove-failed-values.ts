import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { type DataArray, isDatetime, isFloat, NaT } from '../../dataset/dtype.ts'
import { TextArray, TextArrayBuilder } from '../../dataset/text-array.ts'
import { fillOf } from '../attributes.ts'
import type { Handler } from '../interfaces.ts'
import { takeInPlace } from './take-in-place.ts'

/**
 * Drops positions whose label failed from the whole dataset when the variable is a dimension's coord; else puts the
 * variable's `_FillValue` in place of failed values, or NaN, NaT or missing text where it has none.
 */
export class RemoveFailedValues implements Handler {
  handle(name: string, dataset: Dataset, failures: Uint8Array): Dataset {
    const variable = dataset.get(name)
    if (!variable || !failures.includes(1)) return dataset
    if (dataset.index(name) === variable) takeInPlace(dataset, name, positionsOf(failures, 0))
    else blank(variable, failures)
    return dataset
  }
}

function positionsOf(marks: Uint8Array, mark: number): Uint32Array {
  const positions = new Uint32Array(marks.length)
  let count = 0
  for (let i = 0; i < marks.length; i++) if (marks[i] === mark) positions[count++] = i
  return positions.slice(0, count)
}

function blank(variable: Variable, failures: Uint8Array): void {
  const { data, dtype } = variable
  const fill = fillOf(variable)
  if (data instanceof TextArray) {
    variable.data = blankTexts(data, failures, typeof fill === 'string' ? fill : undefined)
    return
  }
  const missing = fill ?? (isDatetime(dtype) ? NaT : Number.NaN)
  if (fill === undefined && !isFloat(dtype) && !isDatetime(dtype)) {
    // Integers without a fill have no missing value: as in the reference they become doubles.
    variable.data = Float64Array.from(data, Number)
    variable.dtype = 'float64'
  }
  put(variable.data, failures, missing)
}

function put(data: DataArray, failures: Uint8Array, value: number | bigint | string): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < failures.length; i++) if (failures[i]) data[i] = value as bigint
  } else if (!(data instanceof TextArray)) {
    for (let i = 0; i < failures.length; i++) if (failures[i]) data[i] = value as number
  }
}

function blankTexts(data: TextArray, failures: Uint8Array, fill: string | undefined): TextArray {
  const builder = new TextArrayBuilder()
  for (let i = 0; i < data.length; i++) {
    if (failures[i]) builder.push(fill)
    else if (data.isMissing(i)) builder.push(undefined)
    else builder.pushBytes(data.bytes, data.offsets[i] as number, data.offsets[i + 1] as number)
  }
  return builder.build()
}
