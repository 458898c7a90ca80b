import { InputError } from '../errors.ts'
import type { AlignOptions, Join } from './align.ts'
import { align } from './align.ts'
import type { CombineAttrs } from './attrs.ts'
import { combineAttrs, sameAttrs } from './attrs.ts'
import { broadcastTo } from './broadcast.ts'
import { showElement } from './cast.ts'
import { commonDType, widenData } from './common-dtype.ts'
import { firstDifference } from './compare.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import type { NumberArray } from './dtype.ts'
import { showLabel } from './labels.ts'
import { hasMissing, missingTest } from './missing.ts'
import { TextArray } from './text-array.ts'

/** When two variables of one name may become one, by xarray's names. */
export type Compat = 'no_conflicts' | 'equals' | 'identical' | 'broadcast_equals' | 'override' | 'minimal'

export interface MergeOptions {
  /** Default `outer`. */
  readonly join?: Join
  /** Default `no_conflicts`: values must agree where both are there; gaps are filled from the later dataset. */
  readonly compat?: Compat
  /** Default `override`: those of the first. */
  readonly combineAttrs?: CombineAttrs
  /** What messages call each dataset. */
  readonly sources?: readonly string[]
}

interface Candidate {
  readonly variable: Variable
  readonly source: string
}

/**
 * Several datasets as one, by the rules of `xarray.merge`. @throws InputError that names the variable and the place
 * of the first conflict
 */
export function merge(datasets: readonly Dataset[], options: MergeOptions = {}): Dataset {
  const { compat = 'no_conflicts', combineAttrs: how = 'override' } = options
  const sources = datasets.map((_, i) => options.sources?.[i] ?? `dataset ${i + 1}`)
  const alignOptions: AlignOptions = { join: options.join ?? 'outer', sources }
  const aligned = align(datasets, alignOptions)
  const result = new Dataset({
    attrs: combineAttrs(
      datasets.map((dataset) => dataset.attrs),
      how,
      'the datasets',
    ),
  })
  const coordNames = new Set(aligned.flatMap((dataset) => [...dataset.coords.keys()]))
  for (const [name, candidates] of collect(aligned, sources)) {
    const isIndex = candidates.some(({ variable }) => isIndexOf(variable, name))
    const merged = isIndex
      ? mergedIndex(name, candidates, compat)
      : mergedVariable(name, candidates, compat, aligned)
    if (!merged) {
      coordNames.delete(name)
      continue
    }
    const attrs = combineAttrs(
      candidates.map(({ variable }) => variable.attrs),
      how,
      name,
    )
    if (coordNames.has(name)) requireCoordOnly(name, aligned, sources)
    ;(coordNames.has(name) ? result.coords : result.dataVars).set(name, { ...merged, attrs })
  }
  return result
}

function collect(datasets: readonly Dataset[], sources: readonly string[]): Map<string, Candidate[]> {
  const all = new Map<string, Candidate[]>()
  datasets.forEach((dataset, i) => {
    for (const [name, variable] of dataset.variables()) {
      const candidates = all.get(name) ?? []
      candidates.push({ variable, source: sources[i] as string })
      all.set(name, candidates)
    }
  })
  return all
}

function isIndexOf(variable: Variable, name: string): boolean {
  return variable.dims.length === 1 && variable.dims[0] === name
}

function requireCoordOnly(name: string, datasets: readonly Dataset[], sources: readonly string[]): void {
  const asData = datasets.findIndex((dataset) => dataset.dataVars.has(name))
  if (asData >= 0) {
    throw new InputError(
      `${name}: a data variable in ${sources[asData]}, and a coordinate in another dataset`,
    )
  }
}

/** Indexes are equal after alignment; one that labels its dimension wins over a variable of the same name. */
function mergedIndex(name: string, candidates: readonly Candidate[], compat: Compat): Variable {
  const indexes = candidates.filter(({ variable }) => isIndexOf(variable, name))
  const first = (indexes[0] as Candidate).variable
  if (compat === 'identical' && indexes.some(({ variable }) => !sameAttrs(first.attrs, variable.attrs))) {
    throw new InputError(`${name}: the attributes differ, and compat is identical`)
  }
  return first
}

function mergedVariable(
  name: string,
  candidates: readonly Candidate[],
  compat: Compat,
  datasets: readonly Dataset[],
): Variable | undefined {
  const [first, ...others] = candidates as [Candidate, ...Candidate[]]
  let merged = first.variable
  if (compat === 'override') return merged
  for (const other of others) {
    const conflict = compare(name, { variable: merged, source: first.source }, other, compat, datasets)
    if (conflict === undefined)
      merged =
        compat === 'no_conflicts'
          ? fillGaps(merged, other.variable, name)
          : widest(merged, other.variable, compat)
    else if (compat === 'minimal') return undefined
    else throw new InputError(`${name}: ${conflict}`)
  }
  return merged
}

/** What stands against making one of two variables, or `undefined`. */
function compare(
  name: string,
  left: Candidate,
  right: Candidate,
  compat: Exclude<Compat, 'override'>,
  datasets: readonly Dataset[],
): string | undefined {
  const strict = compat === 'equals' || compat === 'identical'
  if (strict && left.variable.dims.join() !== right.variable.dims.join()) {
    return `has dims (${left.variable.dims.join(', ')}) in ${left.source} and (${right.variable.dims.join(', ')}) in ${right.source}`
  }
  if (compat === 'identical' && !sameAttrs(left.variable.attrs, right.variable.attrs)) {
    return `the attributes differ in ${left.source} and ${right.source}, and compat is identical`
  }
  if (left.variable.data === right.variable.data) return undefined
  const [a, b] = together(left.variable, right.variable)
  const place = firstDifference(a, b, compat === 'no_conflicts')
  if (place === undefined) return undefined
  const show = (variable: Variable): string => showAt(variable, place)
  return `${show(a)} in ${left.source} and ${show(b)} in ${right.source}${whereIs(name, a, place, datasets)}`
}

function together(a: Variable, b: Variable): [Variable, Variable] {
  const lengths = new Map<string, number>()
  for (const { dims, shape } of [a, b]) {
    dims.forEach((dim, i) => {
      lengths.set(dim, shape[i] as number)
    })
  }
  const dims = [...lengths.keys()]
  return [broadcastTo(a, dims, lengths), broadcastTo(b, dims, lengths)]
}

function widest(a: Variable, b: Variable, compat: Compat): Variable {
  return compat === 'broadcast_equals' || compat === 'minimal' ? together(a, b)[0] : a
}

/** `first` with its missing values taken from `second`. */
function fillGaps(first: Variable, second: Variable, name: string): Variable {
  const [a, b] = together(first, second)
  if (!hasMissing(a.dtype, a.data)) return a
  const isGap = missingTest(a.dtype, a.data)
  if (a.data instanceof TextArray || b.data instanceof TextArray)
    return { ...a, data: filledText(a, b, isGap) }
  const dtype = commonDType(a.dtype, b.dtype) ?? a.dtype
  const data = (widenData(a.data, a.dtype, dtype, name) as NumberArray).slice()
  const from = widenData(b.data, b.dtype, dtype, name) as NumberArray
  for (let i = 0; i < data.length; i++) if (isGap(i)) data[i] = from[i] as number
  return { ...a, dtype, data }
}

/** Where one of the two is text, the other can only be all missing, or text too. */
function filledText(a: Variable, b: Variable, isGap: (index: number) => boolean): Variable['data'] {
  if (!(b.data instanceof TextArray)) return a.data
  if (!(a.data instanceof TextArray)) return b.data
  const [left, right] = [a.data, b.data]
  const at = (text: TextArray, i: number): string | undefined => (text.isMissing(i) ? undefined : text.at(i))
  return TextArray.from(Array.from({ length: left.length }, (_, i) => at(isGap(i) ? right : left, i)))
}

function showAt({ data, dtype }: Variable, place: number): string {
  if (missingTest(dtype, data)(place)) return 'a missing value'
  return data instanceof TextArray ? JSON.stringify(data.at(place)) : showElement(data[place]!, dtype)
}

/** ` at time=2022-01-01T00:00:00, height=3`: by label where there is one, else by index. */
function whereIs(name: string, variable: Variable, place: number, datasets: readonly Dataset[]): string {
  let rest = place
  const parts = variable.dims.map((_, i) => {
    const axis = variable.dims.length - 1 - i
    const length = variable.shape[axis] as number
    const position = rest % length
    rest = Math.floor(rest / length)
    const dim = variable.dims[axis] as string
    const index =
      dim === name ? undefined : datasets.map((dataset) => dataset.index(dim)).find((found) => found)
    return `${dim}=${index ? showLabel(index, position) : position}`
  })
  return parts.length === 0 ? '' : ` at ${parts.reverse().join(', ')}`
}
