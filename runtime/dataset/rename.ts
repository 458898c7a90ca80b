import { InputError } from '../errors.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'

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
