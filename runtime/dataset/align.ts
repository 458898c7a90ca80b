import { InputError } from '../errors.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import { intersectionOf, unionOf } from './index-join.ts'
import { reindex, sameLabels } from './labels.ts'

/** How the labels of several datasets become one index, by xarray's names. */
export type Join = 'outer' | 'inner' | 'left' | 'right' | 'exact' | 'override'

export interface AlignOptions {
  readonly join: Join
  /** A dimension that is left alone. */
  readonly except?: string
  /** What messages call each dataset. */
  readonly sources?: readonly string[]
}

/**
 * The datasets with the same labels along every dimension that they share. Equal indexes stay as they are; the union
 * of different ones is sorted. @throws InputError where `join` forbids a difference, where labels repeat, or where a
 * dimension without labels has different lengths
 */
export function align(datasets: readonly Dataset[], options: AlignOptions): Dataset[] {
  let aligned = [...datasets]
  const dims = new Set(datasets.flatMap((dataset) => [...dataset.dims().keys()]))
  for (const dim of dims) {
    if (dim === options.except) continue
    const indexes = aligned.map((dataset) => dataset.index(dim)).filter((index) => index !== undefined)
    const [first] = indexes
    if (first && indexes.some((index) => !sameLabels(first, index))) {
      const joined = joinIndexes(indexes, dim, options.join)
      aligned = aligned.map((dataset) => onIndex(dataset, dim, joined, options.join))
    }
    requireSameLength(aligned, dim, options.sources)
  }
  return aligned
}

function joinIndexes(indexes: readonly Variable[], dim: string, join: Join): Variable {
  const [first, ...others] = indexes as [Variable, ...Variable[]]
  switch (join) {
    case 'outer':
      return others.reduce((all, index) => unionOf(all, index, dim), first)
    case 'inner':
      return others.reduce((all, index) => intersectionOf(all, index, dim), first)
    case 'left':
      return first
    case 'right':
      return indexes.at(-1) as Variable
    case 'override':
      return first
    case 'exact':
      throw new InputError(`${dim}: the labels differ, and join is exact`)
  }
}

function onIndex(dataset: Dataset, dim: string, index: Variable, join: Join): Dataset {
  const own = dataset.index(dim)
  if (!own) return dataset
  if (join !== 'override') return reindex(dataset, dim, index, { method: 'exact' })
  if (own.data.length !== index.data.length) {
    throw new InputError(
      `${dim}: join is override, but the lengths are ${index.data.length} and ${own.data.length}`,
    )
  }
  const coords = new Map(dataset.coords).set(dim, { ...own, dtype: index.dtype, data: index.data })
  return new Dataset({ coords, dataVars: dataset.dataVars, attrs: dataset.attrs })
}

function requireSameLength(datasets: readonly Dataset[], dim: string, sources?: readonly string[]): void {
  let known: { length: number; source: string } | undefined
  datasets.forEach((dataset, i) => {
    const length = dataset.dims().get(dim)
    if (length === undefined) return
    const source = sources?.[i] ?? `dataset ${i + 1}`
    if (known && known.length !== length) {
      throw new InputError(
        `${dim}: ${known.length} elements in ${known.source} and ${length} in ${source}, without labels on both to align them`,
      )
    }
    known ??= { length, source }
  })
}
