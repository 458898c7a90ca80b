import { describe, expect, it } from 'vitest'
import type { Json } from '../../contracts.ts'
import { applyOverrides } from './overrides.ts'
import { readAnything } from './read-shape.ts'
import { Report } from './report.ts'
import { isProblem, parseYaml } from './yaml-document.ts'
import type { YamlNode } from './yaml-node.ts'

function parse(text: string): YamlNode {
  const node = parseYaml(text, 'f.yaml')
  if (isProblem(node)) throw new Error(node.message)
  return node
}

function apply(document: string, overrides: string): { json: Json | undefined; problems: string[] } {
  const report = new Report('dataset')
  const node = applyOverrides(parse(document), { node: parse(overrides), path: 'overrides' }, report)
  const json = readAnything({ node, path: '' }, report)
  return { json, problems: report.problems.map(({ message }) => message) }
}

const document = '{attrs: {title: t, list: [a, b], a/b: 1, "~": 2, "": 3}, n: null}'

describe('applyOverrides', () => {
  it.each([
    ['replaces', '{/attrs/title: x}', { title: 'x' }],
    ['adds', '{/attrs/new: 5}', { new: 5 }],
    ['adds a subtree', '{/attrs/new: {p: [1, 2]}}', { new: { p: [1, 2] } }],
    ['sets null', '{/attrs/title: null}', { title: null }],
    ['replaces an element', '{/attrs/list/1: z}', { list: ['a', 'z'] }],
    ['appends', '{/attrs/list/-: c}', { list: ['a', 'b', 'c'] }],
    ['appends in order', '{/attrs/list/-: c, /attrs/list/2: d}', { list: ['a', 'b', 'd'] }],
    ['sees what came before', '{/attrs/m: {}, /attrs/m/k: 1}', { m: { k: 1 } }],
    ['unescapes ~1', '{/attrs/a~1b: x}', { 'a/b': 'x' }],
    ['unescapes ~0', '{/attrs/~0: x}', { '~': 'x' }],
    ['unescapes ~01 to ~1', '{/attrs/~01: x}', { '~1': 'x' }],
    ['takes an empty token for a key', '{/attrs/: x}', { '': 'x' }],
  ])('%s', (_, overrides, changed) => {
    const { json, problems } = apply(document, overrides)
    expect(problems).toEqual([])
    const attrs = { title: 't', list: ['a', 'b'], 'a/b': 1, '~': 2, '': 3, ...changed }
    expect(json).toEqual({ attrs, n: null })
  })

  it.each([
    ['{attrs/title: x}', 'a JSON pointer starts with /'],
    ['{"": x}', 'a JSON pointer starts with /'],
    ['{/nothing/x: 1}', 'there is no /nothing; there are attrs, n'],
    ['{/attrs/list/2: x}', '/attrs/list is a list of 2; expected an index below that, or - to append'],
    ['{/attrs/list/01: x}', '/attrs/list is a list of 2; expected an index below that, or - to append'],
    ['{/attrs/list/-/x: x}', 'there is no /attrs/list/-'],
    ['{/attrs/title/x: x}', '/attrs/title is "t", which nothing can be set in'],
    ['{/n/x: x}', '/n is nothing (null), which nothing can be set in'],
    ['{/attrs/x~: 1}', 'in a JSON pointer, ~ must be written ~0, and a / in a name ~1'],
    ['[/attrs]', 'found a list; expected a map of JSON pointers to values'],
  ])('refuses %s', (overrides, problem) => {
    const { json, problems } = apply(document, overrides)
    expect(problems).toEqual([problem])
    expect(json).toEqual(apply(document, '{}').json)
  })

  it('leaves the document as it was, which others share', () => {
    const shared = parse(document)
    const report = new Report('dataset')
    const before = JSON.stringify(readAnything({ node: shared, path: '' }, report))
    applyOverrides(shared, { node: parse('{/attrs/title: x, /attrs/list/-: c, /new: 1}'), path: '' }, report)
    expect(JSON.stringify(readAnything({ node: shared, path: '' }, report))).toBe(before)
  })

  it('keeps the order of keys, since variables are written in it', () => {
    const { json } = apply('{b: 1, a: 2, c: 3}', '{/a: x, /d: y}')
    expect(Object.keys(json as object)).toEqual(['b', 'a', 'c', 'd'])
  })

  it('allows none', () => {
    expect(apply(document, '~').problems).toEqual([])
  })
})
