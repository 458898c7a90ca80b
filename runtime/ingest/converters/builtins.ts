import type { JsonObject } from '../../contracts.ts'
import type { Builtin } from '../config/types.ts'
import type { Converter } from '../interfaces.ts'
import { type AdiMethod, AdiTransform } from '../transforms/adi-transform.ts'
import { CreateTimeGrid } from '../transforms/create-time-grid.ts'
import { TransformV2, type V2Method } from '../transforms/transform-v2.ts'
import { NearestNeighbor } from './nearest-neighbor.ts'
import { StringToDatetime } from './string-to-datetime.ts'
import { UnitsConverter } from './units-converter.ts'

type Make = (fields: JsonObject) => Converter

const adi =
  (method: AdiMethod): Make =>
  ({ coord }) =>
    new AdiTransform(method, (coord ?? 'ALL') as string)

const v2 =
  (method: V2Method): Make =>
  ({ coord, keep_qc, keep_metrics }) =>
    new TransformV2(method, {
      coord: (coord ?? 'time') as string,
      keepQc: (keep_qc ?? true) as boolean,
      keepMetrics: (keep_metrics ?? true) as boolean,
    })

/** Every converter that tsdat has, made from the fields beside its classname, which configuration has checked. */
export const converters: Partial<Record<Builtin, Make>> = {
  UnitsConverter: ({ input_units }) => new UnitsConverter((input_units ?? undefined) as string | undefined),
  StringToDatetime: (fields) => new StringToDatetime(datetimeOptions(fields)),
  NearestNeighbor: ({ coord }) => new NearestNeighbor((coord ?? 'time') as string),
  'transform.CreateTimeGrid': ({ interval }) => new CreateTimeGrid(interval as string),
  'transform.BinAverage': adi('BinAverage'),
  'transform.Interpolate': adi('Interpolate'),
  'transform.NearestNeighbor': adi('NearestNeighbor'),
  'transform.Automatic': adi('Automatic'),
  'transform_v2.BinAverage': v2('BinAverage'),
  'transform_v2.LinearInterpolate': v2('LinearInterpolate'),
  'transform_v2.NearestNeighbor': v2('NearestNeighbor'),
}

function datetimeOptions({
  format,
  timezone,
  to_datetime_kwargs,
}: JsonObject): ConstructorParameters<typeof StringToDatetime>[0] {
  const options = (to_datetime_kwargs ?? {}) as Readonly<Record<string, never>>
  return {
    format: (format ?? options.format ?? undefined) as string | undefined,
    timezone: (timezone ?? undefined) as string | undefined,
    unit: options.unit,
    origin: options.origin,
    errors: options.errors,
    dayFirst: options.dayfirst,
    yearFirst: options.yearfirst,
    isUtc: options.utc ?? undefined,
    isExact: options.exact,
  }
}
