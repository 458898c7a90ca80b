import { textAttr } from './attrs.ts'
import { decodeVariable } from './cf-decode.ts'
import { looksLikeTimeUnits } from './cf-time-units.ts'
import type { Attrs, Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import { isDatetime } from './dtype.ts'
import { dropVariables, setCoords } from './rename.ts'

export interface DecodeCfOptions {
  /** Default true. */
  readonly decodeTimes?: boolean
  /** Default true: fills become NaN, and `scale_factor` and `add_offset` are applied. */
  readonly maskAndScale?: boolean
  /** Default true: variables named by a `coordinates` attribute become coords. */
  readonly decodeCoords?: boolean
  readonly dropVariables?: readonly string[]
  /** Allows arrays of `dataset` to be changed in place, after which it must not be used: half the memory. */
  readonly reuse?: boolean
}

/** A dataset as it stands on disk, decoded by CF's rules as `xarray.decode_cf` does. @throws InputError */
export function decodeCf(dataset: Dataset, options: DecodeCfOptions = {}): Dataset {
  const source = options.dropVariables ? dropVariables(dataset, options.dropVariables) : dataset
  const settings = {
    decodeTimes: options.decodeTimes ?? true,
    maskAndScale: options.maskAndScale ?? true,
    reuse: options.reuse ?? false,
  }
  const inherited = settings.decodeTimes ? boundsAttrs(source) : new Map<string, Attrs>()
  const coordNames = new Set<string>()
  const decodeAll = (variables: Map<string, Variable>): Map<string, Variable> =>
    new Map(
      [...variables].map(([name, variable]) => {
        const attrs = inherited.get(name)
        const decoded = decodeVariable(name, attrs ? { ...variable, attrs } : variable, settings)
        return [name, options.decodeCoords === false ? decoded : takeCoordinates(decoded, coordNames)]
      }),
    )
  const coords = decodeAll(source.coords)
  const dataVars = decodeAll(source.dataVars)
  const attrs = new Map(source.attrs)
  if (options.decodeCoords !== false) {
    for (const name of (textAttr(attrs, 'coordinates') ?? '').split(/\s+/)) coordNames.add(name)
    if (textAttr(attrs, 'coordinates') !== undefined) attrs.delete('coordinates')
  }
  return setCoords(new Dataset({ coords, dataVars, attrs }), coordNames)
}

/** Moves a `coordinates` attribute into the encoding and notes the names in it. */
function takeCoordinates(variable: Variable, names: Set<string>): Variable {
  const text = textAttr(variable.attrs, 'coordinates')
  if (text === undefined) return variable
  for (const name of text.split(/\s+/)) names.add(name)
  const attrs = new Map(variable.attrs)
  attrs.delete('coordinates')
  return { ...variable, attrs, encoding: { ...variable.encoding, coordinates: text } }
}

/** CF lets the bounds of a time coordinate leave out units and calendar: theirs are the coordinate's. */
function boundsAttrs(dataset: Dataset): Map<string, Attrs> {
  const found = new Map<string, Attrs>()
  for (const [, { attrs }] of dataset.variables()) {
    const units = textAttr(attrs, 'units')
    const bounds = textAttr(attrs, 'bounds')
    const target = bounds === undefined ? undefined : dataset.get(bounds)
    if (units === undefined || !looksLikeTimeUnits(units) || bounds === undefined || !target) continue
    const calendar = textAttr(attrs, 'calendar')
    const own = new Map(target.attrs)
    if (!own.has('units')) own.set('units', units)
    if (calendar !== undefined && !own.has('calendar')) own.set('calendar', calendar)
    found.set(bounds, own)
  }
  return found
}

/**
 * Says in `coordinates` attributes which variables are coords, as xarray does: each data variable lists the coords
 * without a dimension of their own name that lie along its dims; those that none lists go into a global attribute.
 * Bounds of times get their coordinate's units.
 */
export function withCoordinatesAttrs(dataset: Dataset): Dataset {
  const dims = dataset.dims()
  const riding = [...dataset.coords]
    .filter(([name]) => !dims.has(name) && !name.includes(' '))
    .map(([name]) => name)
  const listed = new Set<string>()
  const describe = ([name, variable]: [string, Variable]): [string, Variable] => {
    const { attrs, encoding } = variable
    const isListing = dataset.dataVars.has(name)
    const along = isListing
      ? riding.filter((coord) => liesAlong(dataset.get(coord) as Variable, variable))
      : []
    const text = encoding.coordinates ?? textAttr(attrs, 'coordinates') ?? along.toSorted().join(' ')
    if (text === '') return [name, variable]
    for (const each of text.split(/\s+/)) listed.add(each)
    return [name, { ...variable, attrs: new Map(attrs).set('coordinates', text) }]
  }
  const coords = new Map([...dataset.coords].map(describe))
  const dataVars = new Map([...dataset.dataVars].map(describe))
  const attrs = new Map(dataset.attrs)
  const unlisted = riding.filter((name) => !listed.has(name)).toSorted()
  if (unlisted.length > 0 && !attrs.has('coordinates')) attrs.set('coordinates', unlisted.join(' '))
  return withBoundsUnits(new Dataset({ coords, dataVars, attrs }))
}

function liesAlong(coord: Variable, variable: Variable): boolean {
  return coord.dims.every((dim) => variable.dims.includes(dim))
}

function withBoundsUnits(dataset: Dataset): Dataset {
  for (const [, { dtype, attrs, encoding }] of dataset.variables()) {
    const bounds = textAttr(attrs, 'bounds')
    const target = bounds === undefined ? undefined : dataset.get(bounds)
    const units = encoding.units ?? textAttr(attrs, 'units')
    if (
      !target ||
      bounds === undefined ||
      !isDatetime(dtype) ||
      !isDatetime(target.dtype) ||
      units === undefined
    )
      continue
    if (target.encoding.units !== undefined || textAttr(target.attrs, 'units') !== undefined) continue
    const home = dataset.coords.has(bounds) ? dataset.coords : dataset.dataVars
    const calendar = encoding.calendar
    home.set(bounds, {
      ...target,
      encoding: { ...target.encoding, units, ...(calendar !== undefined && { calendar }) },
    })
  }
  return dataset
}
