import type { Variable } from './dataset.ts'
import type { NumberArray } from './dtype.ts'
import { allocate } from './dtype.ts'
import { product } from './take.ts'
import { TextArray } from './text-array.ts'

/** The variable with `dims` in that order: those it lacks are repeated, those it has are moved. Lengths by name. */
export function broadcastTo(
  variable: Variable,
  dims: readonly string[],
  lengths: ReadonlyMap<string, number>,
): Variable {
  if (dims.length === variable.dims.length && dims.every((dim, i) => dim === variable.dims[i]))
    return variable
  const shape = dims.map((dim) => lengths.get(dim) as number)
  const places = sourcePlaces(variable, dims, shape)
  const { data, dtype } = variable
  if (data instanceof TextArray) return { ...variable, dims, shape, data: data.take(places) }
  const from = data as NumberArray
  const result = allocate(dtype, places.length) as NumberArray
  for (let i = 0; i < places.length; i++) result[i] = from[places[i] as number] as number
  return { ...variable, dims, shape, data: result }
}

/** For each element of the result, where it stands in the source. */
function sourcePlaces(variable: Variable, dims: readonly string[], shape: readonly number[]): Int32Array {
  const steps = dims.map((dim) => {
    const axis = variable.dims.indexOf(dim)
    return axis < 0 ? 0 : product(variable.shape.slice(axis + 1))
  })
  const places = new Int32Array(product(shape))
  const counters = dims.map(() => 0)
  let place = 0
  for (let i = 0; i < places.length; i++) {
    places[i] = place
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      counters[axis]!++
      place += steps[axis] as number
      if (counters[axis]! < (shape[axis] as number)) break
      place -= (counters[axis] as number) * (steps[axis] as number)
      counters[axis] = 0
    }
  }
  return places
}
