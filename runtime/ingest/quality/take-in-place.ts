import type { Dataset } from '../../dataset/dataset.ts'
import { takeVariable } from '../../dataset/take.ts'

/** Keeps the elements at `indexes` along `dim`, variable by variable, so that only one is held twice at a time. */
export function takeInPlace(dataset: Dataset, dim: string, indexes: ArrayLike<number>): void {
  for (const variables of [dataset.coords, dataset.dataVars]) {
    for (const [name, variable] of variables) variables.set(name, takeVariable(variable, dim, indexes, name))
  }
}
