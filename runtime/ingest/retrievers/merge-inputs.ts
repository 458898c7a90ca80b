import type { JsonObject } from '../../contracts.ts'
import type { Join } from '../../dataset/align.ts'
import type { CombineAttrs } from '../../dataset/attrs.ts'
import { concat } from '../../dataset/combine.ts'
import { Dataset, type Variable } from '../../dataset/dataset.ts'
import { isNumeric } from '../../dataset/dtype.ts'
import { compareLabels, isMonotonic, labelsOf } from '../../dataset/labels.ts'
import { type Compat, merge } from '../../dataset/merge.ts'
import { TextArray } from '../../dataset/text-array.ts'

/**
 * Several inputs as one, by `merge_kwargs` of `xarray.merge` (outer join of values that agree, unless it says
 * otherwise). Inputs that follow each other in time are put end to end, which gives the same; they are left empty.
 * @throws InputError where values conflict
 */
export function mergeInputs(parts: ReadonlyMap<string, Dataset>, kwargs: JsonObject): Dataset {
  const datasets = [...parts.values()]
  const first = datasets[0] ?? new Dataset()
  if (datasets.length <= 1) return first
  const join = (kwargs.join ?? 'outer') as Join
  const compat = (kwargs.compat ?? 'no_conflicts') as Compat
  const attrs = (kwargs.combine_attrs ?? 'override') as CombineAttrs
  const isDefault = join === 'outer' && compat === 'no_conflicts' && attrs === 'override'
  const inOrder = isDefault ? endToEnd(datasets) : undefined
  if (!inOrder) return merge(datasets, { join, compat, combineAttrs: attrs, sources: [...parts.keys()] })
  const attrsOf = new Map([...first.variables()].map(([name, variable]) => [name, new Map(variable.attrs)]))
  const joined = concat(inOrder, 'time', { consume: true })
  for (const [name, variable] of joined.variables()) variable.attrs = attrsOf.get(name) ?? new Map()
  return new Dataset({ coords: joined.coords, dataVars: joined.dataVars, attrs: first.attrs })
}

/** The datasets by time, if they have the same variables, all along time only, and no two overlap. */
function endToEnd(datasets: readonly Dataset[]): Dataset[] | undefined {
  const names = (dataset: Dataset): string => [...dataset.dataVars.keys()].sort().join('\n')
  const isPlain = (dataset: Dataset): boolean => {
    const time = dataset.index('time')
    if (!time || dataset.coords.size !== 1 || time.data.length === 0 || time.data instanceof TextArray)
      return false
    const isAlong = ({ dims }: Variable): boolean => dims.length === 1 && dims[0] === 'time'
    return [...dataset.dataVars.values()].every(isAlong) && isMonotonic(time, { isStrict: true })
  }
  const first = datasets[0] as Dataset
  if (!datasets.every((dataset) => isPlain(dataset) && names(dataset) === names(first))) return undefined
  if (!datasets.every((dataset) => compatibleTypes(first, dataset))) return undefined
  const spans = datasets.map((dataset) => {
    const labels = labelsOf(dataset.index('time') as Variable)
    return { dataset, first: labels.at(0), last: labels.at(labels.length - 1) }
  })
  if (spans.some((span) => compareLabels(span.first, span.last) > 0)) return undefined
  spans.sort((a, b) => compareLabels(a.first, b.first))
  const overlaps = spans.some(
    (span, i) => i > 0 && compareLabels((spans[i - 1] as typeof span).last, span.first) >= 0,
  )
  return overlaps ? undefined : spans.map(({ dataset }) => dataset)
}

function compatibleTypes(a: Dataset, b: Dataset): boolean {
  return [...a.variables()].every(([name, { dtype }]) => {
    const other = b.get(name)?.dtype
    return other === dtype || (other !== undefined && isNumeric(other) && isNumeric(dtype))
  })
}
