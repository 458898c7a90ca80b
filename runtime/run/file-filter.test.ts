import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesFiles } from './file-filter.ts'

const glob = (text: string, ignoreCase = false) => ({ glob: text, ignoreCase })

describe('matchesFiles', () => {
  it.each([
    ['*.csv', 'in/a.csv', true],
    ['*.csv', 'in/sub/a.csv', true],
    ['*.csv', 'in/a.CSV', false],
    ['*.csv', 'in/.csv', true],
    ['*.csv', 'in/a.csv.gz', false],
    ['buoy*waves.csv', 'in/buoy.z06.waves.csv', true],
    ['buoy*waves.csv', 'in/buoywaves.csv', true],
    ['ab*ba', 'in/aba', false],
    ['a*b*c', 'in/abc', true],
    ['a*bc*bc', 'in/abc', false],
    ['a**c', 'in/abbc', true],
    ['*', 'in/x', true],
    ['a.csv', 'in/a.csv', true],
    ['a.csv', 'in/b/a.csv', false],
    ['a?c.csv', 'in/abc.csv', false],
    ['[a].csv', 'in/[a].csv', true],
    ['*', 'in/', false],
    ['*', 'in/folder/', false],
    ['*', 'other/x', false],
  ])('%s on %s: %s', (pattern, key, expected) => {
    expect(matchesFiles(glob(pattern), key, 'in/')).toBe(expected)
  })

  it('ignores case only where asked, and takes any file without a filter', () => {
    expect(matchesFiles(glob('*.CSV', true), 'in/A.csv', 'in/')).toBe(true)
    expect(matchesFiles(glob('*.CSV', true), 'IN/A.csv', 'in/')).toBe(false)
    expect(matchesFiles(undefined, 'in/x', 'in/')).toBe(true)
    expect(matchesFiles(undefined, 'in/x/', 'in/')).toBe(false)
    expect(matchesFiles(undefined, 'x', '')).toBe(true)
  })

  it('agrees with a regular expression that means the same', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '/'), maxLength: 12 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(text, name, (pattern, rest) => {
        const parts = pattern.split('*').map((part) => part.replace(/[.]/g, '\\.'))
        const expected = !rest.endsWith('/') && new RegExp(`^${parts.join('.*')}$`).test(rest)
        expect(matchesFiles(glob(pattern), `in/${rest}`, 'in/')).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })

  it('takes no time for hostile globs', () => {
    expect(matchesFiles(glob('*a'.repeat(200)), `in/${'a'.repeat(10_000)}b`, 'in/')).toBe(false)
  })
})
