import type { Dataset, Variable } from '../../dataset/dataset.ts'
import { type BigArray, isDatetime, NaT, type NumberArray } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { fillOf } from '../attributes.ts'
import type { Checker } from '../interfaces.ts'

/** Fails what is missing: NaN, NaT, no text, or the variable's `_FillValue`; empty text where there is no fill. */
export class CheckMissing implements Checker {
  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const variable = dataset.get(name)
    return variable && missingMask(variable)
  }
}

/** 1 for each element that is missing. */
export function missingMask(variable: Variable): Uint8Array {
  const { data, dtype } = variable
  const fill = fillOf(variable)
  if (data instanceof TextArray) return missingTexts(data, fill)
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const marks = [isDatetime(dtype) ? NaT : undefined, fill].filter((mark) => typeof mark === 'bigint')
    return equalToAny(data, marks)
  }
  return missingNumbers(data, typeof fill === 'number' ? fill : Number.NaN)
}

function missingNumbers(data: NumberArray, fill: number): Uint8Array {
  const mask = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number
    if (value === fill || Number.isNaN(value)) mask[i] = 1
  }
  return mask
}

function equalToAny(data: BigArray, marks: readonly bigint[]): Uint8Array {
  const mask = new Uint8Array(data.length)
  for (const mark of marks) {
    for (let i = 0; i < data.length; i++) if (data[i] === mark) mask[i] = 1
  }
  return mask
}

function missingTexts(data: TextArray, fill: number | bigint | string | undefined): Uint8Array {
  const mask = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const isEmpty = data.offsets[i] === data.offsets[i + 1]
    if (data.isMissing(i) || (fill === undefined ? isEmpty : data.at(i) === fill)) mask[i] = 1
  }
  return mask
}
