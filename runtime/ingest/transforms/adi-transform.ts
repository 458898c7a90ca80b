import type { Variable } from '../../dataset/dataset.ts'
import { alongCoord } from '../converters/along-coord.ts'
import { configProblem } from '../converters/config-problem.ts'
import type { Converted, Converter, ConverterContext } from '../interfaces.ts'
import { type Axis, axisOf, inputMidpoints } from './axis.ts'
import { binAverage, type Samples, type Transformed } from './bin-average.ts'
import { alignedBins, type Bins, midpoints, midwayBins, pointBins } from './bins.ts'
import { interpolate } from './interpolate.ts'
import { alignmentAlong, extentAlong } from './parameters.ts'
import { takeNearest } from './take-nearest.ts'
import { extrasOf, fieldOf, transformAlong } from './transform-field.ts'

export type AdiMethod = 'BinAverage' | 'Interpolate' | 'NearestNeighbor' | 'Automatic'

/**
 * The transforms of ARM's ADI library (libtrans): onto the output's grid along one coord, or `ALL` of the variable's
 * one after the other. Values that are missing or flagged Bad are left out. Comes with quality bits, and of averages
 * with `_std` and `_goodfraction`. What could not be made is NaN.
 */
export class AdiTransform implements Converter {
  private readonly method: AdiMethod
  private readonly coord: string

  constructor(method: AdiMethod, coord: string) {
    this.method = method
    this.coord = coord
  }

  convert(variable: Variable, context: ConverterContext): Converted | undefined {
    if (context.role === 'coord') {
      throw configProblem(context, `transform.${this.method} is for data_vars, and this is a coord`)
    }
    const coords =
      this.coord === 'ALL' ? context.spec.dims.filter((dim) => context.coords.has(dim)) : [this.coord]
    if (coords.length === 0) return undefined
    let field = fieldOf(variable, context)
    for (const coord of coords) {
      const along = alongCoord({ ...variable, dims: field.dims, shape: field.shape }, coord, context)
      const axis = axisOf(along, context.input, coord)
      const length = along.target.data.length
      field = transformAlong(
        field,
        { axis: along.axis, dim: coord, order: axis.order, length },
        this.transformFor(coord, axis, context),
      )
    }
    const transformed: Variable = {
      ...variable,
      dims: field.dims,
      shape: field.shape,
      dtype: 'float64',
      data: field.values,
    }
    return { variable: transformed, extras: extrasOf(field, context, { qc: true, metrics: true }) }
  }

  private transformFor(
    coord: string,
    axis: Axis,
    context: ConverterContext,
  ): (samples: Samples) => Transformed {
    const output = outputBins(coord, axis, context)
    const range = extentAlong('range', coord, axis, context) ?? Number.POSITIVE_INFINITY
    const [positions, targets] = [inputMidpoints(axis), midpoints(output)]
    const method = this.method === 'Automatic' ? automatic(positions, targets) : this.method
    switch (method) {
      case 'BinAverage': {
        requireWidth(coord, output, context)
        const input = axis.bounds ?? (coord === 'time' ? pointBins(axis.input) : midwayBins(axis.input))
        return (samples) => binAverage(samples, input, output, { leavesOutBad: true })
      }
      case 'Interpolate':
        return (samples) => interpolate(samples, positions, targets, range)
      case 'NearestNeighbor':
        return (samples) =>
          takeNearest(samples, positions, targets, { range, tie: 'earlier', skipsBad: true })
    }
  }
}

/** Of the configured width and alignment; without a width, points for time and else bins that meet half way. */
function outputBins(coord: string, axis: Axis, context: ConverterContext): Bins {
  const width = extentAlong('width', coord, axis, context)
  if (width !== undefined) return alignedBins(axis.output, width, alignmentAlong(coord, context))
  return coord === 'time' ? pointBins(axis.output) : midwayBins(axis.output)
}

/** tsdat: the whole variable comes out missing. */
function requireWidth(coord: string, { starts, ends }: Bins, context: ConverterContext): void {
  if (starts.every((start, i) => !(start >= (ends[i] as number)))) return
  throw configProblem(
    context,
    `cannot be averaged into bins of no width: transformation_parameters.width.${coord} must be more than 0`,
  )
}

function automatic(input: Float64Array, output: Float64Array): 'BinAverage' | 'Interpolate' {
  return medianStep(output) > medianStep(input) ? 'BinAverage' : 'Interpolate'
}

function medianStep(positions: Float64Array): number {
  const steps = positions
    .subarray(1)
    .map((position, i) => Math.abs(position - (positions[i] as number)))
    .sort()
  const middle = steps.length / 2
  if (steps.length === 0) return 0
  if (steps.length % 2 === 1) return steps[Math.floor(middle)] as number
  return ((steps[middle - 1] as number) + (steps[middle] as number)) / 2
}
