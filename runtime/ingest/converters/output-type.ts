import type { Json } from '../../contracts.ts'
import type { AttrValue, Variable } from '../../dataset/dataset.ts'
import { type DType, parseDType } from '../../dataset/dtype.ts'
import { castToSpec } from '../cast-to-spec.ts'
import type { ConverterContext } from '../interfaces.ts'
import { outputProblem } from './config-problem.ts'

/** The type that dataset.yaml gives the output. @throws ConfigError when it is none */
export function outputType(context: ConverterContext): DType {
  const dtype = parseDType(context.spec.dtype)
  if (!dtype)
    throw outputProblem(context, `${JSON.stringify(context.spec.dtype)} is not a type that can be stored`)
  return dtype
}

/** The variable with the output's type; where that cannot be missing, the output's fill stands for what is. */
export function castToOutput(variable: Variable, context: ConverterContext): Variable {
  return castToSpec(variable, context.spec, outputType(context))
}

/** The units of an output, `''` when dataset.yaml has none. */
export function outputUnits({ spec }: ConverterContext): string {
  return unitsText(spec.attrs.get('units'))
}

/** Units as text, which YAML and files may hold as a number. */
export function unitsText(value: Json | AttrValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : ''
}
