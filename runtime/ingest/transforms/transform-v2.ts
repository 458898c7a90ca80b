import type { Variable } from '../../dataset/dataset.ts'
import { alongCoord } from '../converters/along-coord.ts'
import { configProblem } from '../converters/config-problem.ts'
import type { Converted, Converter, ConverterContext } from '../interfaces.ts'
import { type Axis, axisOf } from './axis.ts'
import { binAverage, type Samples, type Transformed } from './bin-average.ts'
import { alignedBins, steppedBins } from './bins.ts'
import { interpolateNearestTwo } from './interpolate.ts'
import { alignmentAlong, neededExtent } from './parameters.ts'
import { takeNearest } from './take-nearest.ts'
import { extrasOf, fieldOf, transformAlong } from './transform-field.ts'

export type V2Method = 'BinAverage' | 'LinearInterpolate' | 'NearestNeighbor'

export interface V2Options {
  readonly coord: string
  readonly keepQc: boolean
  readonly keepMetrics: boolean
}

/** Shares of good values under which an average is Bad, or Indeterminate. */
const goodFractionLimits = { bad: 0.05, indeterminate: 0.15 }

/**
 * tsdat's own transforms (`tsdat.transform_v2`): onto the output's grid along one coord. Missing values are left out
 * of averages, values flagged Bad are not. What could not be made is NaN.
 */
export class TransformV2 implements Converter {
  private readonly method: V2Method
  private readonly options: V2Options

  constructor(method: V2Method, options: V2Options) {
    this.method = method
    this.options = options
  }

  convert(variable: Variable, context: ConverterContext): Converted | undefined {
    const { coord, keepQc, keepMetrics } = this.options
    if (context.role === 'coord') {
      throw configProblem(context, `transform_v2.${this.method} is for data_vars, and this is a coord`)
    }
    if (!context.spec.dims.includes(coord) || isCompanion(context)) return undefined
    const along = alongCoord(variable, coord, context)
    const axis = axisOf(along, context.input, coord)
    const field = transformAlong(
      fieldOf(variable, context),
      { axis: along.axis, dim: coord, order: axis.order, length: along.target.data.length },
      this.transformFor(axis, context),
    )
    return {
      variable: { ...variable, dims: field.dims, shape: field.shape, dtype: 'float64', data: field.values },
      extras: extrasOf(field, context, { qc: keepQc, metrics: keepMetrics }),
    }
  }

  private transformFor(axis: Axis, context: ConverterContext): (samples: Samples) => Transformed {
    const { coord } = this.options
    const input = axis.bounds ?? steppedBins(axis.input)
    switch (this.method) {
      case 'BinAverage': {
        const width = neededExtent('width', coord, axis, context)
        const output = alignedBins(axis.output, width, alignmentAlong(coord, context))
        return (samples) => binAverage(samples, input, output, { leavesOutBad: false, goodFractionLimits })
      }
      case 'LinearInterpolate': {
        const range = neededExtent('range', coord, axis, context)
        return (samples) => interpolateNearestTwo(samples, input, axis.output, range)
      }
      case 'NearestNeighbor': {
        const range = neededExtent('range', coord, axis, context)
        return (samples) =>
          takeNearest(samples, axis.input, axis.output, { range, tie: 'later', skipsBad: false })
      }
    }
  }
}

/** Whether the variable is the qc variable, the bounds or a metric of another one, and so comes with that. */
function isCompanion({ name, datasetConfig }: ConverterContext): boolean {
  const owner = /^(?<owner>.+)_(?:std|goodfraction|bounds?)$/.exec(name)?.groups?.owner
  return (
    name.startsWith('qc_') ||
    (owner !== undefined && (datasetConfig.dataVars.has(owner) || datasetConfig.coords.has(owner)))
  )
}
