import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { compileTemplate, substituteTemplate, templatePrefix, templateRegExp } from './template.ts'

interface SubstituteVector {
  template: string
  mapping: Record<string, string>
  allow_missing?: boolean
  result?: string
  error?: string
}
interface ExtractVector {
  template: string
  text: string
  result: Record<string, string | null>
}
const vectors = JSON.parse(readFileSync(new URL('fixtures/tsdat-cases.json', import.meta.url), 'utf8')) as {
  template_substitute: SubstituteVector[]
  template_extract: ExtractVector[]
}

describe('substituteTemplate', () => {
  // tsdat can also leave missing variables as they are; nothing here needs that.
  it.each(vectors.template_substitute.filter((vector) => !vector.allow_missing))(
    'reference: $template',
    (vector) => {
      const run = () => substituteTemplate(vector.template, vector.mapping)
      if (vector.error) expect(run).toThrow(InputError)
      else expect(run()).toBe(vector.result)
    },
  )

  it('says what is missing and what is known', () => {
    expect(() => substituteTemplate('{a}.{b}', { a: 'x', c: null })).toThrow(
      'the template "{a}.{b}" needs {b}, which has no value here; known are a',
    )
  })

  it('takes an empty text as a value, and null as missing', () => {
    expect(substituteTemplate('{a}[-{b}]', { a: '', b: null })).toBe('')
    expect(substituteTemplate('{a}[-{b}]', { a: '', b: '' })).toBe('-')
  })

  it('leaves a second variable of one bracket as it is written', () => {
    expect(substituteTemplate('[a{b}c{d}e]', { b: '1', d: '2' })).toBe('a1c{d}e')
  })

  it('does not take names from the object prototype', () => {
    expect(() => substituteTemplate('{constructor}', {})).toThrow('needs {constructor}')
  })

  it.each(['[a', '{a', 'a]', '[a}', '[{a]}'])('refuses unbalanced brackets: %s', (template) => {
    expect(() => substituteTemplate(template, { a: 'x' })).toThrow(InputError)
  })
})

describe('compileTemplate', () => {
  it.each(vectors.template_extract)('reference: $template', ({ template, text, result }) => {
    expect(compileTemplate(template)(text)).toEqual(result)
  })

  it('splits a qualifier from a temporal', () => {
    expect(compileTemplate('{datastream}.nc')('sgp.met-z01-10m.b1.nc')).toMatchObject({
      qualifier: 'z01',
      temporal: '10m',
    })
  })

  it.each(['sgp.met.b1.2022010.000000.nc', 'x', ''])('does not match %j', (text) => {
    expect(compileTemplate('{datastream}.{yyyy}{mm}{dd}.{HH}{MM}{SS}.{extension}')(text)).toBeUndefined()
  })

  it('gives back what was substituted', () => {
    const name = fc.stringMatching(/^[a-z0-9_]{1,8}$/)
    const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`))
    fc.assert(
      fc.property(name, name, digits(4), digits(2), fc.option(name), (location, dataset, yyyy, mm, title) => {
        const template = '{location_id}.{dataset_name}.{yyyy}{mm}[.{title}].{extension}'
        const values = { location_id: location, dataset_name: dataset, yyyy, mm, title, extension: 'nc' }
        expect(compileTemplate(template)(substituteTemplate(template, values))).toEqual(values)
      }),
    )
  })
})

describe('templatePrefix and templateRegExp', () => {
  it('give what all names with some values known have in common', () => {
    const template = 'data/{location_id}/{datastream}[-{x}]/{datastream}[.{title}].{yyyy}.nc'
    const values = { location_id: 'sgp', datastream: 'sgp.met.b1', title: null }
    expect(templatePrefix(template, values)).toBe('data/sgp/sgp.met.b1')
    const regex = templateRegExp(template, values)
    expect(regex.test('data/sgp/sgp.met.b1/sgp.met.b1.2022.nc')).toBe(true)
    expect(regex.test('data/sgp/sgp.met.b1/sgpxmet.b1.2022.nc')).toBe(false)
    expect(regex.test('data/sgp/sgp.met.b1/a/sgp.met.b1.2022.nc')).toBe(false)
    expect(templatePrefix(template, { ...values, x: null })).toBe('data/sgp/sgp.met.b1/sgp.met.b1.')
    expect(templateRegExp('{a}.zarr', {}, true).exec('x.zarr/t/0')?.[1]).toBe('x.zarr')
  })
})
