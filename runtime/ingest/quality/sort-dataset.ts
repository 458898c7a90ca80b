import type { Dataset } from '../../dataset/dataset.ts'
import { ascendingOrder } from '../../dataset/labels.ts'
import { InputError } from '../../errors.ts'
import { attrText } from '../attributes.ts'
import type { Handler } from '../interfaces.ts'
import { takeInPlace } from './take-in-place.ts'

/** Sorts the whole dataset by a variable of which some value failed, and notes it in `corrections_applied`. */
export class SortDatasetByCoordinate implements Handler {
  private readonly ascending: boolean
  private readonly correction: string

  constructor(ascending: boolean, correction: string) {
    this.ascending = ascending
    this.correction = correction
  }

  handle(name: string, dataset: Dataset, failures: Uint8Array): Dataset {
    const key = dataset.get(name)
    if (!key || !failures.includes(1)) return dataset
    if (key.dims.length !== 1) {
      throw new InputError(
        `${name} has the dims (${key.dims.join(', ')}): a dataset is sorted by a variable with one dim`,
      )
    }
    const order = ascendingOrder(key)
    if (!this.ascending) order.reverse()
    takeInPlace(dataset, key.dims[0] as string, order)
    const { attrs } = dataset.get(name) ?? key
    const before = attrs.get('corrections_applied')
    if (before === undefined) attrs.set('corrections_applied', this.correction)
    else {
      const texts = typeof before === 'object' && !('dtype' in before) ? before : [attrText(before)]
      attrs.set('corrections_applied', [...texts, this.correction])
    }
    return dataset
  }
}
