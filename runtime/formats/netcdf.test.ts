import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileInput } from './input-file.ts'
import { readNetcdf } from './netcdf.ts'
import type { PlainVariable } from './netcdf-plain.ts'
import { plainAttrs, variablesOf } from './netcdf-plain.ts'

const folder = join(import.meta.dirname, 'fixtures/netcdf')
const files = readdirSync(folder).filter((name) => name.endsWith('.nc'))

interface Expected {
  raw: Record<
    string,
    { variables: Record<string, PlainVariable & { shape: number[] }>; attrs: Record<string, unknown> }
  >
  decoded: Record<
    string,
    { variables: Record<string, PlainVariable>; attrs: Record<string, unknown>; coords: string[] }
  >
}

describe.each(files)('%s', (name) => {
  const expected = JSON.parse(readFileSync(join(folder, name.replace(/nc$/, 'json')), 'utf8')) as Expected

  it.each(Object.keys(expected.raw))('reads as netCDF4-python does (group "%s")', async (group) => {
    const file = await fileInput(join(folder, name))
    const dataset = await readNetcdf(file, { decode_cf: false, ...(group && { group }) })
    const { variables, attrs } = expected.raw[group]!
    const withoutShape = Object.fromEntries(
      Object.entries(variables).map(([key, value]) => [key, { ...value, shape: undefined }]),
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
