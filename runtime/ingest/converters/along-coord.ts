import type { Variable } from '../../dataset/dataset.ts'
import { InputError } from '../../errors.ts'
import type { ConverterContext } from '../interfaces.ts'
import { configProblem } from './config-problem.ts'

/** An axis of an input variable beside the output coord that it is to be put on. */
export interface AlongCoord {
  readonly axis: number
  /** The axis's name in the input. */
  readonly dim: string
  /** The input's labels along it. */
  readonly labels: Variable
  /** The output's. */
  readonly target: Variable
}

/**
 * Finds the axis of `variable` that belongs to the output coord: by name, else by its place among the output's dims.
 * @throws ConfigError when the output has no such coord or dim; InputError when the input has no labels there
 */
export function alongCoord(variable: Variable, coord: string, context: ConverterContext): AlongCoord {
  const { coords, spec, input, name, inputName } = context
  const target = coords.get(coord)
  if (!target)
    throw configProblem(context, `cannot be put on the coord ${coord}, which the output does not have`)
  const place = spec.dims.indexOf(coord)
  // tsdat: by place only, which takes the wrong axis of an input whose dims are in another order.
  const axis = variable.dims.includes(coord) ? variable.dims.indexOf(coord) : place
  if (place < 0)
    throw configProblem(context, `cannot be put on the coord ${coord}, which is none of its dims`)
  const dim = variable.dims[axis]
  if (dim === undefined) {
    throw new InputError(
      `${name}: ${inputName} has the dims (${variable.dims.join(', ')}), none of which is for ${coord}`,
    )
  }
  const labels = input.index(dim) ?? input.get(dim)
  if (labels?.dims.length !== 1 || labels.data.length !== variable.shape[axis]) {
    throw new InputError(`${name}: the input has no labels along ${dim}, so nothing can be put on ${coord}`)
  }
  return { axis, dim, labels, target }
}
