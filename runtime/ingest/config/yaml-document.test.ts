import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { showPythonFloat } from './python-number.ts'
import { isProblem, parseYaml } from './yaml-document.ts'
import type { YamlNode } from './yaml-node.ts'

interface Shown {
  readonly type: string
  readonly value?: unknown
}

/** A parsed text in the form of the fixtures, which PyYAML made (`fixtures/make-yaml-fixtures.py`). */
function show(node: YamlNode): Shown {
  switch (node.kind) {
    case 'null':
      return { type: 'null' }
    case 'integer':
      return { type: 'integer', value: String(node.value) }
    case 'float':
      return { type: 'float', value: showPythonFloat(node.value) }
    case 'list':
      return { type: 'list', value: node.items.map(show) }
    case 'map':
      return { type: 'map', value: [...node.entries.values()].map(({ key, value }) => [key, show(value)]) }
    default:
      return { type: node.kind, value: node.value }
  }
}

function load(text: string): Shown {
  const result = parseYaml(text, 'f.yaml')
  return isProblem(result) ? { type: 'error' } : show(result)
}

function fixture(name: string): { readonly text: string; readonly type: string; readonly value?: unknown }[] {
  const file = path.join(import.meta.dirname, 'fixtures', name)
  return JSON.parse(readFileSync(file, 'utf8')) as { text: string; type: string; value?: unknown }[]
}

/** Where we differ on purpose, with why. */
const differences = new Map([
  ['=', 'the reference fails on this text; here it is text'],
  ['<<', 'likewise, outside of a map'],
  ['%Y-%m-%d', 'a directive that nobody knows, and then nothing: nothing is what we read'],
  ['a: &x 1\nb: *x\nc: &x 2\nd: *x\n', 'an anchor may be set anew'],
  ['a: [1,\n2]\nb: {c: 1,\nd: 2}\n', 'the parser wants the insides of brackets indented, as YAML does'],
  ['a: !!set {x, y}\n', 'no configuration can use a set'],
  ['a: !!omap [x: 1]\n', 'nor an ordered map'],
  ['a: !!binary aGVsbG8=\n', 'nor bytes'],
  ['a: \tb\n', 'YAML allows the tab'],
  ['12: a\n1.5: b\nyes: c\n~: d\n2020-01-01: e\n', 'keys that are no text are refused, but for numbers'],
])

function cases(name: string) {
  return fixture(name)
    .filter(({ text }) => !differences.has(text))
    .map(({ text, ...expected }) => [text, expected.type === 'error' ? { type: 'error' } : expected] as const)
}

describe('parseYaml reads as PyYAML', () => {
  it.each(cases('yaml-scalars.json'))('scalar %j', (text, expected) => {
    expect(load(text)).toEqual(expected)
  })

  it.each(cases('yaml-documents.json'))('document %j', (text, expected) => {
    expect(load(text)).toEqual(expected)
  })

  it('has enough to compare with', () => {
    expect(cases('yaml-scalars.json').length).toBeGreaterThan(400)
    expect(cases('yaml-documents.json').length).toBeGreaterThan(80)
  })

  it.each([...differences])('%j differs: %s', (text) => {
    const reference = [...fixture('yaml-scalars.json'), ...fixture('yaml-documents.json')]
    const { type, value } = reference.find((entry) => entry.text === text)!
    expect(load(text)).not.toEqual(value === undefined ? { type } : { type, value })
  })
})

/** The problem of a text as `line:column message`. */
function problemOf(text: string): string {
  const result = parseYaml(text, 'f.yaml')
  return isProblem(result) ? `${result.line}:${result.column} ${result.message}` : 'no problem'
}

describe('parseYaml', () => {
  it('knows where values and keys stand', () => {
    const root = parseYaml('a:\n  - x\n  - bc: 12\n', 'f.yaml')
    if (isProblem(root) || root.kind !== 'map') throw new Error('expected a map')
    const list = root.entries.get('a')!.value
    if (list.kind !== 'list' || list.items[1]?.kind !== 'map') throw new Error('expected a list')
    expect(list.items[0]!.place).toEqual({ file: 'f.yaml', line: 2, column: 5 })
    const entry = list.items[1].entries.get('bc')!
    expect(entry.keyPlace).toEqual({ file: 'f.yaml', line: 3, column: 5 })
    expect(entry.value.place).toEqual({ file: 'f.yaml', line: 3, column: 9 })
  })

  it('makes text of numbers that are keys', () => {
    expect(load('12: a\n1.50: b\n')).toEqual({
      type: 'map',
      value: [
        ['12', { type: 'text', value: 'a' }],
        ['1.5', { type: 'text', value: 'b' }],
      ],
    })
  })

  it.each([
    ['NO: 1', "1:1 a key must be text, but YAML 1.1 reads this as the boolean false; write 'NO' with quotes"],
    ['~: 1', '1:1 a key must be text, but YAML 1.1 reads this as null'],
    ['a: 1\n? [b]\n: 2', '2:3 a key must be text, but this is a list'],
    ['a: 2020-02-30', '1:4 2020-02-30 is not a date of the calendar'],
    ['a: 1\nb: *c', '2:4 there is no anchor &c before this'],
    ['a: &a [*a]', '1:8 the anchor &a contains itself'],
    ['a: !foo 1', '1:9 the tag !foo is not supported; allowed are !!str, !!int, !!float, !!bool, !!null'],
    ['a: x\x01y', '1:5 the character U+0001 is not allowed in YAML'],
    ['a: {<<: 1}', '1:5 << takes a map or a list of maps'],
    ['\0\x01\x02PK', '1:1 the character U+0000 is not allowed in YAML'],
  ])('refuses %j', (text, problem) => {
    expect(problemOf(text)).toBe(problem)
  })

  it('refuses anchors that expand without end, in no time', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 30; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(problemOf(lines.join('\n'))).toMatch(/^6:\d+ its anchors expand to more than 200000 values$/)
  })

  it('refuses merges that expand without end', () => {
    const wide = `a: &a {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join(', ')}}\n`
    const merges = Array.from({ length: 2000 }, (_, i) => `m${i}: {<<: *a}`).join('\n')
    expect(problemOf(wide + merges)).toMatch(/its anchors expand to more than 200000 values$/)
  })

  it('refuses deep nesting instead of overflowing', () => {
    const nested = (depth: number) => problemOf(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(nested(100)).toBe('no problem')
    expect(nested(102)).toBe('1:102 is nested more than 100 deep')
    expect(nested(300_000)).toMatch(/is nested more than 100 deep/)
    for (const text of ['[', '{a: ', '- ', '? ', '{']) {
      expect(problemOf(`${text.repeat(200_000)}x`)).toMatch(/is nested more than 100 deep/)
    }
  })

  it('refuses deep nesting through anchors', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => (i === 0 ? '- &a0 [x]' : `- &a${i} [*a${i - 1}]`))
    expect(problemOf(lines.join('\n'))).toMatch(/^101:9 is nested more than 100 deep/)
  })

  it('refuses a file that no one wrote by hand', () => {
    expect(problemOf('x'.repeat(1_000_001))).toBe('1:1 is 1000001 characters long; at most 1000000 are read')
  })

  it('keeps __proto__ and constructor as plain keys', () => {
    const root = parseYaml('__proto__: {polluted: 1}\nconstructor: {prototype: 2}', 'f.yaml')
    if (isProblem(root) || root.kind !== 'map') throw new Error('expected a map')
    expect([...root.entries.keys()]).toEqual(['__proto__', 'constructor'])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
