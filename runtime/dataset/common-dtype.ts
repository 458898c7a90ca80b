import { InputError } from '../errors.ts'
import { castData } from './cast.ts'
import type { DataArray, DType } from './dtype.ts'
import { isDatetime, isFloat, timeUnit, unitsPerSecond } from './dtype.ts'

/** The type that holds the values of both, after numpy's `result_type`; `undefined` when there is none. */
export function commonDType(a: DType, b: DType): DType | undefined {
  if (a === b) return a
  if (a === 'str' || b === 'str') return undefined
  if (isDatetime(a) || isDatetime(b)) {
    if (!isDatetime(a) || !isDatetime(b)) return undefined
    return unitsPerSecond(timeUnit(a)) > unitsPerSecond(timeUnit(b)) ? a : b
  }
  if (a === 'bool') return b
  if (b === 'bool') return a
  if (isFloat(a) || isFloat(b)) {
    const fitsFloat32 = (dtype: DType): boolean => dtype === 'float32' || /^u?int(?:8|16)$/.test(dtype)
    return fitsFloat32(a) && fitsFloat32(b) ? 'float32' : 'float64'
  }
  return commonInteger(a, b)
}

function commonInteger(a: DType, b: DType): DType {
  const bits = (dtype: DType): number => Number(/\d+$/.exec(dtype)![0])
  const isUnsigned = (dtype: DType): boolean => dtype.startsWith('u')
  if (isUnsigned(a) === isUnsigned(b)) return bits(a) > bits(b) ? a : b
  const [unsigned, signed] = isUnsigned(a) ? [bits(a), bits(b)] : [bits(b), bits(a)]
  const needed = Math.max(signed, unsigned * 2)
  return needed > 64 ? 'float64' : (`int${needed}` as DType)
}

const exactLimit = 2n ** 53n

/** `castData` to a wider type. @throws InputError for a 64-bit integer that a float cannot hold exactly */
export function widenData(data: DataArray, from: DType, to: DType, name = 'the variable'): DataArray {
  if (from !== to && isFloat(to) && (data instanceof BigInt64Array || data instanceof BigUint64Array)) {
    const lost = (data as BigInt64Array).find((value) => value > exactLimit || value < -exactLimit)
    if (lost !== undefined) {
      throw new InputError(
        `${name}: ${lost} cannot be kept exactly, as it would be where ${from} becomes ${to}`,
      )
    }
  }
  return castData(data, from, to, undefined, name)
}
