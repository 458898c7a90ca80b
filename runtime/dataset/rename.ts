import { InputError } from '../errors.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import { mapVariables } from './take.ts'

/**
 * The dataset with variables and dimensions under other names, from `map`'s keys to its values, both at once.
 * @throws InputError when a key names nothing, or a new name is taken
 */
export function rename(dataset: Dataset, map: ReadonlyMap<string, string>): Dataset {
  const dims = dataset.dims()
  for (const [from, to] of map) {
    if (!dataset.get(from) && !dims.has(from))
      throw new InputError(`${from}: there is nothing of this name to rename`)
    const isTaken = (dataset.get(to) || dims.has(to)) && !map.has(to) && from !== to
    if (isTaken) throw new InputError(`${from}: cannot be renamed ${to}, because there is one already`)
  }
  if (new Set(map.values()).size !== map.size) throw new InputError('two names cannot both become one')
  const renamed = (name: string): string => map.get(name) ?? name
  const change = (variables: Map<string, Variable>): Map<string, Variable> =>
    new Map(
      [...variables].map(([name, variable]) => [
        renamed(name),
        { ...variable, dims: variable.dims.map(renamed) },
      ]),
    )
  return withIndexesAsCoords(
    new Dataset({ coords: change(dataset.coords), dataVars: change(dataset.dataVars), attrs: dataset.attrs }),
  )
}

/**
 * xarray's `swap_dims`: dimension `from` gets the name of a 1-d variable along it, which becomes its index; the old
 * index, if there is one, becomes an ordinary coord. @throws InputError when there is no such variable
 */
export function swapDims(dataset: Dataset, from: string, to: string): Dataset {
  if (from === to) return dataset
  if (!dataset.dims().has(from)) throw new InputError(`${from}: there is no dimension of this name`)
  const index = dataset.get(to)
  if (index && (index.dims.length !== 1 || index.dims[0] !== from)) {
    throw new InputError(
      `${to}: cannot label dimension ${from}, because its dims are (${index.dims.join(', ')})`,
    )
  }
  const swapped = mapVariables(dataset, (variable) => ({
    ...variable,
    dims: variable.dims.map((dim) => (dim === from ? to : dim)),
  }))
  return withIndexesAsCoords(swapped)
}

/** A variable that labels its own dimension is a coord. */
function withIndexesAsCoords(dataset: Dataset): Dataset {
  const indexes = [...dataset.dataVars].filter(([name, { dims }]) => dims.length === 1 && dims[0] === name)
  return setCoords(
    dataset,
    indexes.map(([name]) => name),
  )
}

/** The dataset with these data variables as coords, after the coords that there are. Others are left as they are. */
export function setCoords(dataset: Dataset, names: Iterable<string>): Dataset {
  const coords = new Map(dataset.coords)
  const dataVars = new Map(dataset.dataVars)
  for (const name of names) {
    const variable = dataVars.get(name)
    if (!variable) continue
    coords.set(name, variable)
    dataVars.delete(name)
  }
  return new Dataset({ coords, dataVars, attrs: dataset.attrs })
}

/** The dataset without these variables; names that there are none of are no error. */
export function dropVariables(dataset: Dataset, names: Iterable<string>): Dataset {
  const dropped = new Set(names)
  const kept = (variables: Map<string, Variable>): Map<string, Variable> =>
    new Map([...variables].filter(([name]) => !dropped.has(name)))
  return new Dataset({ coords: kept(dataset.coords), dataVars: kept(dataset.dataVars), attrs: dataset.attrs })
}

/** The variable with a new first dimension of length 1. @throws InputError when it has it already */
export function expandVariableDims(variable: Variable, dim: string): Variable {
  if (variable.dims.includes(dim)) throw new InputError(`the variable already has dimension ${dim}`)
  return { ...variable, dims: [dim, ...variable.dims], shape: [1, ...variable.shape] }
}

/**
 * xarray's `expand_dims`: every data variable gets `dim` as its first dimension, of length 1; a scalar coord of that
 * name becomes its index.
 */
export function expandDims(dataset: Dataset, dim: string): Dataset {
  if (dataset.dims().has(dim)) throw new InputError(`${dim}: there is a dimension of this name already`)
  const coords = new Map(dataset.coords)
  const label = coords.get(dim)
  if (label) coords.set(dim, expandVariableDims(label, dim))
  const dataVars = new Map(
    [...dataset.dataVars].map(([name, variable]) => [name, expandVariableDims(variable, dim)] as const),
  )
  return new Dataset({ coords, dataVars, attrs: dataset.attrs })
}
