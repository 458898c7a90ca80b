import { InputError } from '../errors.ts'
import { align } from './align.ts'
import { broadcastTo } from './broadcast.ts'
import { commonDType, widenData } from './common-dtype.ts'
import { firstDifference } from './compare.ts'
import { filledData } from './create.ts'
import type { Variable } from './dataset.ts'
import { Dataset } from './dataset.ts'
import type { DType, NumberArray } from './dtype.ts'
import { allocate, isDatetime } from './dtype.ts'
import { dtypeWithMissing } from './missing.ts'
import { product } from './take.ts'
import { type TextArray, TextArrayBuilder } from './text-array.ts'

/**
 * Datasets one after the other along `dim`, as `xarray.concat` does by default: data variables without `dim` gain it,
 * one that some dataset lacks is missing there, other dimensions are outer-joined, coords that are the same
 * everywhere stay as they are, attributes are those of the first. With `consume` the datasets let go of each variable
 * once it is joined, so that no more than one is held twice. @throws InputError that names the variable
 */
export function concat(
  datasets: readonly Dataset[],
  dim: string,
  { consume = false }: { readonly consume?: boolean } = {},
): Dataset {
  if (datasets.length === 0) throw new InputError('there is nothing to concatenate')
  const aligned = align(datasets, { join: 'outer', except: dim })
  const lengths = aligned.map((dataset, i) => {
    const length = dataset.dims().get(dim)
    if (length === undefined) throw new InputError(`${dim}: dataset ${i + 1} has no dimension of this name`)
    return length
  })
  const result = new Dataset({ attrs: new Map((datasets[0] as Dataset).attrs) })
  const names = new Set(aligned.flatMap((dataset) => [...dataset.variables()].map(([name]) => name)))
  for (const name of names) {
    const parts = aligned.map((dataset) => dataset.get(name))
    const isCoord = aligned.some((dataset) => dataset.coords.has(name))
    const first = parts.find((part) => part !== undefined) as Variable
    const isShared = isCoord && !parts.some((part) => part?.dims.includes(dim)) && allTheSame(parts)
    const joined = isShared ? first : joinParts(name, parts, dim, lengths)
    ;(isCoord ? result.coords : result.dataVars).set(name, joined)
    if (!consume) continue
    for (const { coords, dataVars } of [...datasets, ...aligned]) {
      coords.delete(name)
      dataVars.delete(name)
    }
  }
  return result
}

function allTheSame(parts: readonly (Variable | undefined)[]): boolean {
  const present = parts.filter((part) => part !== undefined)
  const [first, ...others] = present as [Variable, ...Variable[]]
  return others.every((other) => {
    const isAlike = other.dtype === first.dtype && other.dims.join() === first.dims.join()
    return (
      isAlike && other.data.length === first.data.length && firstDifference(first, other, false) === undefined
    )
  })
}

function joinParts(
  name: string,
  parts: readonly (Variable | undefined)[],
  dim: string,
  lengths: readonly number[],
): Variable {
  const present = parts.filter((part) => part !== undefined)
  const first = present[0] as Variable
  const sizes = new Map<string, number>()
  for (const part of present) {
    part.dims.forEach((own, axis) => {
      sizes.set(own, part.shape[axis] as number)
    })
  }
  const dims = sizes.has(dim) ? [...sizes.keys()] : [dim, ...sizes.keys()]
  const dtype = typeOfAll(name, parts)
  const whole = parts.map((part, i) => {
    const own = new Map(sizes).set(dim, lengths[i] as number)
    if (part) {
      const spread = broadcastTo(part, dims, own)
      return { ...spread, dtype, data: widenData(spread.data, part.dtype, dtype, name) }
    }
    const shape = dims.map((each) => own.get(each) as number)
    return { ...first, dims, shape, dtype, data: filledData(dtype, product(shape), null) }
  })
  const axis = dims.indexOf(dim)
  const shape = dims
    .map((each) => sizes.get(each) as number)
    .with(
      axis,
      lengths.reduce((sum, length) => sum + length, 0),
    )
  return { ...first, dims, shape, dtype, data: joinData(whole, axis, shape, dtype) }
}

function typeOfAll(name: string, parts: readonly (Variable | undefined)[]): DType {
  const present = parts.filter((part) => part !== undefined).map((part) => part.dtype)
  const dtype = present.reduce((known, own) => {
    const both = commonDType(known, own)
    if (!both)
      throw new InputError(`${name}: ${known} in one dataset and ${own} in another cannot follow each other`)
    return both
  })
  const hasGap = present.length < parts.length
  return hasGap && !isDatetime(dtype) ? dtypeWithMissing(dtype) : dtype
}

function joinData(
  parts: readonly Variable[],
  axis: number,
  shape: readonly number[],
  dtype: DType,
): Variable['data'] {
  const outer = product(shape.slice(0, axis))
  const blockOf = (part: Variable): number => product(part.shape.slice(axis))
  if (dtype === 'str') {
    const builder = new TextArrayBuilder()
    for (let block = 0; block < outer; block++) {
      for (const part of parts)
        appendText(builder, part.data as TextArray, block * blockOf(part), blockOf(part))
    }
    return builder.build()
  }
  const result = allocate(dtype, product(shape)) as NumberArray
  let to = 0
  for (let block = 0; block < outer; block++) {
    for (const part of parts) {
      const size = blockOf(part)
      result.set((part.data as NumberArray).subarray(block * size, (block + 1) * size), to)
      to += size
    }
  }
  return result
}

function appendText(builder: TextArrayBuilder, text: TextArray, start: number, count: number): void {
  for (let i = start; i < start + count; i++) {
    if (text.isMissing(i)) builder.pushMissing()
    else builder.pushBytes(text.bytes, text.offsets[i] as number, text.offsets[i + 1] as number)
  }
}
