import type { Dataset, Variable } from './dataset.ts'
import { TextArray } from './text-array.ts'

/** How many bytes the values of a dataset or variable occupy in memory; attributes are not counted. */
export function byteSize(of: Dataset | Variable): number {
  if ('data' in of) {
    if (!(of.data instanceof TextArray)) return of.data.byteLength
    const { bytes, offsets, missing } = of.data
    return bytes.byteLength + offsets.byteLength + (missing?.byteLength ?? 0)
  }
  let total = 0
  for (const [, variable] of of.variables()) total += byteSize(variable)
  return total
}
