import { product } from '../../dataset/take.ts'

/** Where the elements of one 1-D slice stand in an array in C order. */
export interface Lane {
  readonly start: number
  readonly step: number
  readonly length: number
}

/** Every 1-D slice of an array along one of its axes. */
export function* lanesAlong(shape: readonly number[], axis: number): IterableIterator<Lane> {
  const length = shape[axis] as number
  const step = product(shape.slice(axis + 1))
  const outer = product(shape.slice(0, axis))
  for (let block = 0; block < outer; block++) {
    for (let inner = 0; inner < step; inner++) {
      yield { start: block * length * step + inner, step, length }
    }
  }
}
