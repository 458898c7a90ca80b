import { configProblem } from '../converters/config-problem.ts'
import type { ConverterContext } from '../interfaces.ts'
import type { Axis } from './axis.ts'
import type { Alignment } from './bins.ts'

/** `range` or `width` along a coord in the axis's unit, or `undefined` when it is not configured. */
export function extentAlong(
  kind: 'range' | 'width',
  coord: string,
  axis: Axis,
  { transform }: ConverterContext,
): number | undefined {
  const extent = transform?.[kind].get(coord)
  return extent === undefined ? undefined : extent * axis.unit
}

/** As `extentAlong`, of what cannot be left out. @throws ConfigError */
export function neededExtent(
  kind: 'range' | 'width',
  coord: string,
  axis: Axis,
  context: ConverterContext,
): number {
  const extent = extentAlong(kind, coord, axis, context)
  if (extent !== undefined && (kind === 'range' || extent > 0)) return extent
  const found = extent === undefined ? 'is missing' : 'must be more than 0'
  throw configProblem(
    context,
    `transformation_parameters.${kind}.${coord} ${found}, and the transform needs it`,
  )
}

/** Where labels of a coord stand in their bins. */
export function alignmentAlong(coord: string, { transform }: ConverterContext): Alignment {
  return transform?.alignment.get(coord) ?? 'CENTER'
}
