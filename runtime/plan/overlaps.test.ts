import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileFilter } from '../contracts.ts'
import { globsMeet, overlappingSources } from './overlaps.ts'
import { ingest } from './testing/sites.ts'

/** Every text of the letters up to a length, told against both globs by regular expressions. */
function meetByTrying(a: string, b: string): boolean {
  const pattern = (glob: string) => new RegExp(`^${glob.replaceAll('*', '[ab]*')}$`)
  const texts = ['']
  for (let i = 0; i < texts.length && (texts[i] as string).length < 8; i++)
    texts.push(`${texts[i]}a`, `${texts[i]}b`)
  return texts.some((text) => pattern(a).test(text) && pattern(b).test(text))
}

describe('globsMeet', () => {
  it('agrees with trying every text', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 4 })
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        expect(globsMeet(a, b)).toBe(meetByTrying(a, b))
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['lidar/*.csv', 'lidar/*.nc', false],
    ['lidar/*', 'lidar/raw/*.nc', true],
    ['lidar/a*', 'lidar/*z', true],
    ['lidar/', 'lidar/', true],
    ['lidar/**', 'lidar/', true],
    ['a', 'ab', false],
  ])('%s and %s: %s', (a, b, isMeeting) => {
    expect(globsMeet(a, b)).toBe(isMeeting)
    expect(globsMeet(b, a)).toBe(isMeeting)
  })
})

const csv: FileFilter = { glob: '*.csv', ignoreCase: false }
const keys = (sites: ReturnType<typeof ingest>[]) =>
  overlappingSources({ sites }).map(({ site, other }) => `${site.key} ${other.key}`)

describe('overlappingSources', () => {
  it('finds a prefix inside another, and the same prefix twice', () => {
    expect(keys([ingest('a/x', 'raw/'), ingest('b/x', 'raw/lidar/'), ingest('c/x', 'raw2/')])).toEqual([
      'b/x a/x',
    ])
    expect(keys([ingest('a/x', 'raw/'), ingest('a/y', 'raw/')])).toEqual(['a/y a/x'])
  })

  it('finds the whole bucket over all others, once for each', () => {
    expect(keys([ingest('a/x', ''), ingest('b/x', 'b/'), ingest('c/x', 'c/')])).toEqual([
      'b/x a/x',
      'c/x a/x',
    ])
  })

  it('lets sites share a prefix whose files share no names', () => {
    const nc = ingest('a/y', 'raw/', { glob: '*.nc', ignoreCase: false })
    expect(keys([ingest('a/x', 'raw/', csv), nc])).toEqual([])
    const upper = ingest('a/z', 'raw/', { glob: '*.CSV', ignoreCase: false })
    expect(keys([ingest('a/x', 'raw/', csv), upper])).toEqual([])
    expect(keys([ingest('a/x', 'raw/', { ...csv, ignoreCase: true }), upper])).toEqual(['a/z a/x'])
  })

  it('lets a run that scans its prefix itself stand over others', () => {
    expect(keys([{ ...ingest('a/x', ''), input: 'prefix' }, ingest('b/x', 'b/')])).toEqual([])
  })
})
