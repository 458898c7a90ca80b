import type { Dataset } from '../../dataset/dataset.ts'
import { isDatetime, timeUnit, unitsPerSecond } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { QualityError } from '../../errors.ts'
import type { Handler } from '../interfaces.ts'
import { countMarks } from './count-marks.ts'

export interface FailPipelineParameters {
  /** The share of failed values, 0 to 1, that is still let pass. */
  readonly tolerance: number
  /** What the pipeline's author wants whoever reads the error to know. */
  readonly context: string
  /** How many failures are listed. */
  readonly displayLimit: number
}

/** Stops the run when more than a share of a variable's values failed. @throws QualityError */
export class FailPipeline implements Handler {
  private readonly parameters: FailPipelineParameters

  constructor(parameters: FailPipelineParameters) {
    this.parameters = parameters
  }

  handle(name: string, dataset: Dataset, failures: Uint8Array): Dataset {
    const { tolerance, context, displayLimit } = this.parameters
    const failed = countMarks(failures)
    if (failed === 0 || failed / failures.length <= tolerance) return dataset
    const share = ((100 * failed) / failures.length).toFixed(2)
    const allowed = tolerance > 0 ? `, more than the ${100 * tolerance}% that are let pass` : ''
    const shown = firstFailures(dataset, name, failures, displayLimit)
    throw new QualityError(
      `${name}: ${failed} of ${failures.length} values failed a quality check (${share}%${allowed})` +
        `${shown ? `; the first: ${shown}` : ''}${context ? `. ${context}` : ''}`,
    )
  }
}

function firstFailures(dataset: Dataset, name: string, failures: Uint8Array, limit: number): string {
  const variable = dataset.get(name)
  if (!variable) return ''
  const shown: string[] = []
  for (let i = 0; i < failures.length && shown.length < limit; i++) {
    if (failures[i]) shown.push(`[${indexOf(i, variable.shape).join(', ')}] = ${elementText(variable, i)}`)
  }
  return shown.join(', ')
}

/** Where in an n-d array an element in C order stands. */
function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = []
  for (const length of shape.toReversed()) {
    index.unshift(position % length)
    position = Math.floor(position / length)
  }
  return index
}

function elementText(
  variable: { dtype: Parameters<typeof isDatetime>[0]; data: ArrayLike<unknown> | TextArray },
  i: number,
): string {
  const { dtype, data } = variable
  if (data instanceof TextArray) return data.isMissing(i) ? 'missing' : JSON.stringify(data.at(i))
  const value = data[i]
  if (!isDatetime(dtype)) return String(value)
  const milliseconds = Number(((value as bigint) * 1000n) / unitsPerSecond(timeUnit(dtype)))
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : 'NaT'
}
