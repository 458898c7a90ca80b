import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isTypedAttr } from '../dataset/attrs.ts'
import type { Attrs, AttrValue, Dataset, Variable } from '../dataset/dataset.ts'
import { convertTimeUnit } from '../dataset/datetime.ts'
import type { DType, TimeUnit } from '../dataset/dtype.ts'
import { isDatetime, NaT, timeUnit } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import { fileInput } from './input-file.ts'
import { readNetcdf } from './netcdf.ts'

const folder = join(import.meta.dirname, 'fixtures/netcdf')
const files = readdirSync(folder).filter((name) => name.endsWith('.nc'))

interface ExpectedVariable {
  dims: string[]
  dtype: string
  values: (string | number | boolean)[]
  attrs: Record<string, unknown>
}
interface Expected {
  raw: Record<
    string,
    { variables: Record<string, ExpectedVariable & { shape: number[] }>; attrs: Record<string, unknown> }
  >
  decoded: Record<
    string,
    { variables: Record<string, ExpectedVariable>; attrs: Record<string, unknown>; coords: string[] }
  >
}

/** In the form that fixtures/netcdf/generate.py writes. */
function plainValues({ data, dtype }: Variable): unknown[] {
  if (data instanceof TextArray) return [...data]
  return Array.from(data as Iterable<number | bigint>, (value) => plainValue(value, dtype))
}

function plainValue(value: number | bigint, dtype: DType): unknown {
  if (value === NaT) return isDatetime(dtype) ? 'NaT' : String(value)
  if (isDatetime(dtype))
    return String(convertTimeUnit(value as bigint, timeUnit(dtype as `datetime64[${TimeUnit}]`), 'ns'))
  if (typeof value === 'bigint') return String(value)
  if (dtype === 'bool') return value === 1
  return Number.isNaN(value) ? 'NaN' : value
}

function plainAttrs(attrs: Attrs): Record<string, unknown> {
  const plain = (value: AttrValue): unknown => {
    if (typeof value !== 'object' || !isTypedAttr(value)) return value
    return { dtype: value.dtype, values: value.values.map((each) => plainValue(each, value.dtype)) }
  }
  return Object.fromEntries([...attrs].map(([name, value]) => [name, plain(value)]))
}

function variablesOf(dataset: Dataset): Record<string, unknown> {
  return Object.fromEntries(
    [...dataset.variables()].map(([name, variable]) => [
      name,
      {
        dims: variable.dims,
        dtype: variable.dtype,
        values: plainValues(variable),
        attrs: plainAttrs(variable.attrs),
      },
    ]),
  )
}

describe.each(files)('%s', (name) => {
  const expected = JSON.parse(readFileSync(join(folder, name.replace(/nc$/, 'json')), 'utf8')) as Expected

  it.each(Object.keys(expected.raw))('reads as netCDF4-python does (group "%s")', async (group) => {
    const file = await fileInput(join(folder, name))
    const dataset = await readNetcdf(file, { decode_cf: false, ...(group && { group }) })
    const { variables, attrs } = expected.raw[group]!
    const withoutShape = Object.fromEntries(
      Object.entries(variables).map(([key, { shape: _, ...rest }]) => [key, rest]),
    )
    expect(variablesOf(dataset)).toEqual(withoutShape)
    for (const [key, { shape }] of Object.entries(variables)) expect(dataset.get(key)!.shape).toEqual(shape)
    expect(plainAttrs(dataset.attrs)).toEqual(attrs)
  })

  it.each(Object.keys(expected.decoded))('decodes as xarray does (group "%s")', async (group) => {
    const file = await fileInput(join(folder, name))
    const dataset = await readNetcdf(file, group ? { group } : {})
    const { variables, attrs, coords } = expected.decoded[group]!
    const read = variablesOf(dataset)
    for (const [key, variable] of Object.entries(variables))
      expect({ [key]: read[key] }).toEqual({ [key]: variable })
    expect([...dataset.coords.keys()].toSorted()).toEqual(coords.toSorted())
    expect(plainAttrs(dataset.attrs)).toEqual(attrs)
  })
})
