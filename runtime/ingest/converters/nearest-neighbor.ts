import type { Variable } from '../../dataset/dataset.ts'
import { reindexVariable } from '../../dataset/labels.ts'
import type { Converted, Converter, ConverterContext } from '../interfaces.ts'
import { alongCoord } from './along-coord.ts'

/** tsdat.NearestNeighbor: the values at the labels nearest to the output's, however far; of two, the later. */
export class NearestNeighbor implements Converter {
  private readonly coord: string

  constructor(coord: string) {
    this.coord = coord
  }

  /** @throws InputError unless the input's labels only rise or only fall */
  convert(variable: Variable, context: ConverterContext): Converted {
    const { axis, dim, labels, target } = alongCoord(variable, this.coord, context)
    const nearest = reindexVariable(
      variable,
      dim,
      labels,
      target,
      { method: 'nearest', tie: 'later' },
      context.name,
    )
    return { variable: { ...nearest, dims: variable.dims.with(axis, this.coord) } }
  }
}
