import type { JsonObject, Log } from '../../contracts.ts'
import type { Builtin } from '../config/types.ts'
import type { Checker, Handler } from '../interfaces.ts'
import { CheckArrayMaskThreshold, type Comparison } from './check-array-mask-threshold.ts'
import { CheckGoringNikora2002 } from './check-goring-nikora.ts'
import { CheckMissing } from './check-missing.ts'
import { CheckMonotonic } from './check-monotonic.ts'
import { CheckDelta, CheckLimit, CheckStd } from './check-threshold.ts'
import { CubicSplineInterp } from './cubic-spline-interp.ts'
import { FailPipeline } from './fail-pipeline.ts'
import { RecordQualityResults } from './record-quality-results.ts'
import { RemoveFailedValues } from './remove-failed-values.ts'
import { SortDatasetByCoordinate } from './sort-dataset.ts'
import type { InterpolationMethod } from './spline.ts'

type Make<T> = (parameters: JsonObject, log: Log) => T
const delta =
  (attribute: string): Make<Checker> =>
  ({ dim }) =>
    new CheckDelta(attribute, (dim ?? 'time') as string)

/** Every checker that tsdat has, made from its parameters, which configuration has checked and defaulted. */
export const checkers: Partial<Record<Builtin, Make<Checker>>> = {
  CheckMissing: () => new CheckMissing(),
  CheckValidMin: () => new CheckLimit('valid_min', 'below'),
  CheckFailMin: () => new CheckLimit('fail_min', 'below'),
  CheckWarnMin: () => new CheckLimit('warn_min', 'below'),
  CheckValidMax: () => new CheckLimit('valid_max', 'above'),
  CheckFailMax: () => new CheckLimit('fail_max', 'above'),
  CheckWarnMax: () => new CheckLimit('warn_max', 'above'),
  CheckValidRangeMin: () => new CheckLimit('valid_range', 'below'),
  CheckFailRangeMin: () => new CheckLimit('fail_range', 'below'),
  CheckWarnRangeMin: () => new CheckLimit('warn_range', 'below'),
  CheckValidRangeMax: () => new CheckLimit('valid_range', 'above'),
  CheckFailRangeMax: () => new CheckLimit('fail_range', 'above'),
  CheckWarnRangeMax: () => new CheckLimit('warn_range', 'above'),
  CheckValidDelta: delta('valid_delta'),
  CheckFailDelta: delta('fail_delta'),
  CheckWarnDelta: delta('warn_delta'),
  CheckValidStd: () => new CheckStd('valid_std'),
  CheckFailStd: () => new CheckStd('fail_std'),
  CheckWarnStd: () => new CheckStd('warn_std'),
  CheckMonotonic: ({ require_increasing, require_decreasing, dim }, log) =>
    new CheckMonotonic(
      {
        ...(require_increasing ? { direction: 'increasing' as const } : {}),
        ...(require_decreasing ? { direction: 'decreasing' as const } : {}),
        ...(typeof dim === 'string' ? { dim } : {}),
      },
      log,
    ),
  CheckArrayMaskThreshold: ({ correlation_threshold, comparitor }) =>
    new CheckArrayMaskThreshold((correlation_threshold ?? 30) as number, (comparitor ?? '<') as Comparison),
  CheckGoringNikora2002: ({ n_points }) => new CheckGoringNikora2002((n_points ?? 5000) as number),
}

/** Every handler that tsdat has, likewise. */
export const handlers: Partial<Record<Builtin, Make<Handler>>> = {
  RecordQualityResults: ({ assessment, meaning }) =>
    new RecordQualityResults({
      assessment: (assessment as string).toLowerCase() === 'bad' ? 'Bad' : 'Indeterminate',
      meaning: meaning as string,
    }),
  RemoveFailedValues: () => new RemoveFailedValues(),
  SortDatasetByCoordinate: ({ ascending, correction }) =>
    new SortDatasetByCoordinate(
      (ascending ?? true) as boolean,
      (correction ?? 'Coordinate data was sorted in order to ensure monotonicity.') as string,
    ),
  FailPipeline: ({ tolerance, context, display_limit }) =>
    new FailPipeline({
      tolerance: (tolerance ?? 0) as number,
      context: (context ?? '') as string,
      displayLimit: (display_limit ?? 5) as number,
    }),
  CubicSplineInterp: ({ n_points, method, max_gap }) =>
    new CubicSplineInterp({
      points: (n_points ?? 12) as number,
      method: (method ?? 'cubic') as InterpolationMethod,
      maxGap: max_gap === null ? Number.POSITIVE_INFINITY : ((max_gap ?? 6) as number),
    }),
}
