import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../errors.ts'
import { checkPattern, compilePattern } from './pattern.ts'

interface Fixture {
  readonly texts: readonly string[]
  readonly cases: readonly {
    readonly pattern: string
    readonly error?: string
    readonly matches?: number[]
  }[]
}

const file = path.join(import.meta.dirname, 'fixtures', 'patterns.json')
const { texts, cases } = JSON.parse(readFileSync(file, 'utf8')) as Fixture
/** Accepted by Python 3.11, but not here: tested below. */
const unsupported = /^a(?:\*|\+|\?|\{2\})\+$|\(\?>|\(\?\(|\\N\{/
const accepted = cases.filter(({ pattern, error }) => error === undefined && !unsupported.test(pattern))
const refused = cases.filter(({ error }) => error !== undefined)

describe('compilePattern matches as Python', () => {
  it.each(accepted)('$pattern', ({ pattern, matches }) => {
    const compiled = compilePattern(pattern)
    const found = texts.filter((text) => compiled.test(text))
    expect(found).toEqual(matches!.map((index) => texts[index]))
  })

  it.each(refused)('$pattern is refused', ({ pattern }) => {
    expect(checkPattern(pattern)).toMatch(/cannot be used/)
  })
})

describe('compilePattern', () => {
  it('is matched at the start, not searched for, and not to the end', () => {
    expect(compilePattern('a\\.csv').test('/data/a.csv')).toBe(false)
    expect(compilePattern('a\\.csv').test('a.csv.gz')).toBe(true)
  })

  it('reports what is wrong, where, and why', () => {
    const compile = () => compilePattern('.*(csv', { file: 'r.yaml', line: 3, column: 7 })
    expect(compile).toThrow(ConfigError)
    expect(compile).toThrow(
      'r.yaml:3:7: the regular expression ".*(csv" cannot be used: a group is not closed with ) (at character 7)',
    )
  })

  it.each([
    ['(a+)+$', `${'a'.repeat(1000)}!`],
    ['(a|a)*$', `${'a'.repeat(1000)}!`],
    ['(.*)*x', 'y'.repeat(1000)],
    ['((a*)*)*b', 'a'.repeat(1000)],
    ['(?:a?){500}a{500}b', 'a'.repeat(1000)],
    ['.*.*.*.*.*=', 'x'.repeat(1000)],
  ])('%s does not backtrack without end', (pattern, text) => {
    expect(compilePattern(pattern).test(text)).toBe(false)
  })

  it('stops patterns with back-references that cannot be bounded', () => {
    const pattern = compilePattern('(a*)(a*)(a*)(a*)(a*)(a*)\\1\\2\\3\\4\\5\\6b')
    expect(() => pattern.test('a'.repeat(60))).toThrow(/takes too long to match/)
  })

  it.each([
    '((((((a{1000}){1000}){1000}){1000}){1000}){1000})',
    'a{1001}',
    `${'('.repeat(60)}${')'.repeat(60)}`,
  ])('refuses %s: too large', (pattern) => {
    expect(checkPattern(pattern)).toMatch(/cannot be used/)
  })

  it('refuses a pattern that nobody wrote', () => {
    expect(checkPattern('a'.repeat(2001))).toMatch(/longer than 2000/)
  })

  it.each(['a*+', 'a++', 'a?+', 'a{2}+', '(?>a)b', '(a)(?(1)b|c)', '\\N{LATIN SMALL LETTER A}'])(
    'says that %s is not supported',
    (pattern) => {
      expect(checkPattern(pattern)).toMatch(/not supported/)
    },
  )
})
