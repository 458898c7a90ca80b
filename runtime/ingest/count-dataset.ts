import type { Counts } from '../contracts.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import type { BigArray, NumberArray } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import type { DatasetConfig } from './config/types.ts'
import { missingMask } from './quality/check-missing.ts'
import { countMarks } from './quality/count-marks.ts'

/** What a run's record says of a dataset: rows, data variables, and their values that are flagged or missing. */
export function countDataset(dataset: Dataset): Counts {
  let [variables, flagged, missing] = [0, 0, 0]
  for (const [name, variable] of dataset.dataVars) {
    if (name.startsWith('qc_')) flagged += flaggedIn(variable)
    else {
      variables++
      missing += countMarks(missingMask(variable))
    }
  }
  return { rows: dataset.dims().get('time') ?? 0, variables, flagged, missing }
}

/** Whether every variable that is not given by the configuration itself is wholly missing. */
export function isWithoutValues({ dataVars }: Dataset, { dataVars: configs }: DatasetConfig): boolean {
  for (const [name, variable] of dataVars) {
    if (configs.get(name)?.data === undefined && missingMask(variable).includes(0)) return false
  }
  return true
}

function flaggedIn({ data }: Variable): number {
  if (data instanceof TextArray) return 0
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? nonzeroBigs(data) : nonzero(data)
}

function nonzero(data: NumberArray): number {
  let count = 0
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) count++
  return count
}

function nonzeroBigs(data: BigArray): number {
  let count = 0
  for (let i = 0; i < data.length; i++) if (data[i] !== 0n) count++
  return count
}
