import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
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
const accepted = cases.filter(({ error }) => error === undefined)
const refused = cases.filter(({ error }) => error !== undefined)

describe('compilePattern matches as Python', () => {
  it.each(accepted)('$pattern', ({ pattern, matches }) => {
    const compiled = compilePattern(pattern)
    const found = texts.filter((text) => compiled.test(text))
    expect(found).toEqual(matches!.map((index) => texts[index]))
  })

  it.each(refused)('$pattern is refused', ({ pattern }) => {
    expect(checkPattern(pattern)).toMatch(/is no regular expression/)
  })
})
