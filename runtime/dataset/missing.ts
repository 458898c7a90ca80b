import type { DataArray, DType } from './dtype.ts'
import { isDatetime, isFloat, NaT } from './dtype.ts'
import { TextArray } from './text-array.ts'

/** A predicate for "no value here": NaN, NaT or missing text. Integers and bools are never missing. */
export function missingTest(dtype: DType, data: DataArray): (index: number) => boolean {
  if (data instanceof TextArray) return (index) => data.isMissing(index)
  if (isFloat(dtype)) return (index) => Number.isNaN(data[index] as number)
  if (isDatetime(dtype)) return (index) => data[index] === NaT
  return () => false
}

/** Whether any element is NaN, NaT or missing text. */
export function hasMissing(dtype: DType, data: DataArray): boolean {
  if (data instanceof TextArray) return data.missing?.includes(1) ?? false
  if (isFloat(dtype)) return (data as Float64Array).includes(Number.NaN)
  return isDatetime(dtype) && (data as BigInt64Array).includes(NaT)
}

/** The type that a variable takes on when it gains missing values: xarray's promotion. Bools become float32. */
export function dtypeWithMissing(dtype: DType): DType {
  if (isFloat(dtype) || isDatetime(dtype) || dtype === 'str') return dtype
  return /^(?:bool|u?int(?:8|16))$/.test(dtype) ? 'float32' : 'float64'
}
