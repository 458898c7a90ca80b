import type { Dataset } from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import type { Checker } from '../interfaces.ts'

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!'

/** Fails every element that stands in the given relation to a threshold, such as a low signal correlation. */
export class CheckArrayMaskThreshold implements Checker {
  private readonly threshold: number
  private readonly comparison: Comparison

  constructor(threshold: number, comparison: Comparison) {
    this.threshold = threshold
    this.comparison = comparison
  }

  check(name: string, dataset: Dataset): Uint8Array | undefined {
    const variable = dataset.get(name)
    if (!variable) return undefined
    const { data } = variable
    if (data instanceof TextArray) {
      throw new InputError(`${name} is text: CheckArrayMaskThreshold tests numbers`)
    }
    const fails = comparisons[this.comparison]
    const mask = new Uint8Array(data.length)
    for (let i = 0; i < data.length; i++) if (fails(Number(data[i]), this.threshold)) mask[i] = 1
    return mask
  }
}

const comparisons: Readonly<Record<Comparison, (value: number, threshold: number) => boolean>> = {
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '==': (value, threshold) => value === threshold,
  '!': (value, threshold) => value !== threshold,
}
