import { cast } from '../dataset/cast.ts'
import type { Variable } from '../dataset/dataset.ts'
import type { DType } from '../dataset/dtype.ts'
import { hasMissing, missingTest } from '../dataset/missing.ts'
import type { TextArray } from '../dataset/text-array.ts'
import type { VariableConfig } from './config/types.ts'

/**
 * The variable as `dtype`, which dataset.yaml gives it; where that cannot be missing, its fill stands for what is. In
 * text, what is missing stays missing: the reference writes `nan`. @throws InputError for a value that does not fit
 */
export function castToSpec(variable: Variable, spec: VariableConfig, dtype: DType): Variable {
  if (dtype === 'str' && variable.dtype !== 'str' && hasMissing(variable.dtype, variable.data)) {
    return castToText(variable, spec.name)
  }
  return cast(variable, dtype, spec.fillValue, spec.name)
}

function castToText(variable: Variable, name: string): Variable {
  const isMissing = missingTest(variable.dtype, variable.data)
  const text = cast(variable, 'str', undefined, name)
  const present = Int32Array.from({ length: variable.data.length }, (_, i) => (isMissing(i) ? -1 : i))
  return { ...text, data: (text.data as TextArray).take(present) }
}
