import type { DataArray, DType } from './dtype.ts'

/**
 * What an attribute may hold. On disk a `number` is a double and a `bigint` a 64-bit integer, whatever its value;
 * any other type, and every numeric array, is a `TypedAttr`.
 */
export type AttrValue = string | number | bigint | TypedAttr | readonly string[]

/** A number or numbers of a given on-disk type; `scalar` when it stands alone rather than in an array of one. */
export interface TypedAttr {
  readonly dtype: Exclude<DType, 'str' | 'bool' | `datetime64[${string}]`>
  readonly values: readonly (number | bigint)[]
  readonly scalar: boolean
}

export type Attrs = Map<string, AttrValue>

/** How a variable is stored, as far as that differs from how it is held. xarray's `encoding`. */
export interface Encoding {
  dtype?: DType
  /** The `_FillValue` that stands for NaN, NaT and missing text. */
  fillValue?: number | bigint | string
  missingValue?: number | bigint | string
  units?: string
  calendar?: string
  scaleFactor?: number
  addOffset?: number
  /** The type of `scale_factor` and `add_offset` on disk; float64 unless given. */
  factorDType?: 'float32' | 'float64'
  /** `_Unsigned`: signed integers on disk stand for unsigned ones (`true`), or the reverse (`false`). */
  unsigned?: boolean
  /** The `coordinates` attribute as it was read. */
  coordinates?: string
}

/**
 * An n-d array with names for its dimensions. `data` is in C order and has the product of `shape` elements;
 * `dims` and `shape` are as long as each other, and empty for a scalar (one element).
 */
export interface Variable {
  dims: readonly string[]
  shape: readonly number[]
  dtype: DType
  data: DataArray
  attrs: Attrs
  encoding: Encoding
}

export function variable(
  dims: readonly string[],
  shape: readonly number[],
  dtype: DType,
  data: DataArray,
  attrs: Attrs = new Map(),
  encoding: Encoding = {},
): Variable {
  const size = shape.reduce((product, length) => product * length, 1)
  if (dims.length !== shape.length || data.length !== size) {
    throw new RangeError(
      `a variable with dims (${dims.join(', ')}) and shape (${shape.join(', ')}) cannot hold ${data.length} elements`,
    )
  }
  return { dims, shape, dtype, data, attrs, encoding }
}

/**
 * Variables that share dimensions, after xarray: `coords` label, `dataVars` are measured. A coord whose name is its
 * only dim is that dimension's index. Both maps keep their order, which is the order on disk.
 */
export class Dataset {
  readonly coords: Map<string, Variable>
  readonly dataVars: Map<string, Variable>
  readonly attrs: Attrs

  constructor(
    parts: { coords?: Map<string, Variable>; dataVars?: Map<string, Variable>; attrs?: Attrs } = {},
  ) {
    this.coords = parts.coords ?? new Map()
    this.dataVars = parts.dataVars ?? new Map()
    this.attrs = parts.attrs ?? new Map()
  }

  /** The coord or data variable of this name. */
  get(name: string): Variable | undefined {
    return this.coords.get(name) ?? this.dataVars.get(name)
  }

  /** Coords first, then data variables. */
  *variables(): IterableIterator<[string, Variable]> {
    yield* this.coords
    yield* this.dataVars
  }

  /** Every dimension's length. @throws RangeError when two variables disagree. */
  dims(): Map<string, number> {
    const lengths = new Map<string, number>()
    for (const [name, { dims, shape }] of this.variables()) {
      dims.forEach((dim, axis) => {
        const length = shape[axis] as number
        const known = lengths.get(dim)
        if (known !== undefined && known !== length) {
          throw new RangeError(`${name}: dimension ${dim} has length ${length} here and ${known} elsewhere`)
        }
        lengths.set(dim, length)
      })
    }
    return lengths
  }

  /** The coord that labels `dim`, if there is one. */
  index(dim: string): Variable | undefined {
    const coord = this.coords.get(dim)
    return coord?.dims.length === 1 && coord.dims[0] === dim ? coord : undefined
  }
}
