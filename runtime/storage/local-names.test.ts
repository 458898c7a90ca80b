import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EntryKind, formsOf, type NameRules, segmentOf } from './local-names.ts'

const character = fc.oneof(
  fc.constantFrom(
    '%',
    '(',
    ')',
    '.',
    ' ',
    '\\',
    ':',
    '\n',
    '\0',
    'A',
    'a',
    'é',
    'e\u0301',
    '+',
    'f',
    'd',
    '0',
    '2',
    '😀',
  ),
  fc.constantFrom('%(', '%(+)', '%(f)', '%%', 'con', 'A'.repeat(90), 'é'.repeat(130), 'x'.repeat(250)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }).filter((text) => !/[/\p{Surrogate}]/u.test(text)),
)
const segment = fc
  .array(character, { maxLength: 8 })
  .map((parts) => parts.join(''))
  .filter((text) => Buffer.byteLength(text) <= 1024)
const nameOnDisk = segment.filter((text) => !/^\.{0,2}$|\0/.test(text))
const kind = fc.constantFrom<EntryKind>('file', 'directory')
const rules = fc.constantFrom<NameRules>('posix', 'windows')

describe('the names of the local store', () => {
  it('are undone to the segment that they were made from, in both forms', () => {
    fc.assert(
      fc.property(segment, kind, rules, (text, what, system) => {
        const { plain, other } = formsOf(text, what, system)
        expect(segmentOf(plain, what, system)).toEqual({ segment: text, isOther: false })
        expect(segmentOf(other, what, system)).toEqual({ segment: text, isOther: true })
      }),
      { numRuns: 500 },
    )
  })

  it('are names that a file system takes and that stay where they are put', () => {
    fc.assert(
      fc.property(segment, kind, rules, (text, what, system) => {
        for (const names of Object.values(formsOf(text, what, system))) {
          for (const name of names) {
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
            expect(name).not.toMatch(/^\.{0,2}$|[/\0]/)
            if (system === 'windows') {
              // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what Windows refuses
              expect(name).not.toMatch(/[<>:"|?*\\\x00-\x1f]|[ .]$|^(con|nul|aux|prn|com\d|lpt\d)(\.|$)/i)
            }
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('of two segments never differ only in case or in the normal form of Unicode when they are other names', () => {
    const folded = (names: readonly string[]) => names.join('/').normalize('NFC').toLowerCase()
    fc.assert(
      fc.property(segment, segment, kind, rules, (a, b, what, system) => {
        fc.pre(a !== b)
        expect(folded(formsOf(a, what, system).other)).not.toBe(folded(formsOf(b, what, system).other))
      }),
      { numRuns: 500 },
    )
  })

  it('decode at most one way: a name is nobody’s, or exactly the form of its segment', () => {
    fc.assert(
      fc.property(
        fc.array(nameOnDisk, { minLength: 1, maxLength: 3 }),
        kind,
        rules,
        (names, what, system) => {
          const found = segmentOf(names, what, system)
          if (!found) return
          const forms = formsOf(found.segment, what, system)
          expect(found.isOther ? forms.other : forms.plain).toEqual(names)
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    'morro.buoy_z06-waves.a1.20201201.000000.nc',
    'IMG 0001 (1).JPG',
    'Zürich 100%.csv',
    'a%20b+c&d=e%2F.txt',
    '2020-01-01T00:00:00.csv',
    'a\\b\nc',
    '...',
    '.DS_Store',
    '100%%',
    'x'.repeat(255),
  ])('leave an ordinary name as it is (case %#)', (name) => {
    expect(formsOf(name, 'file', 'posix').plain).toEqual([name])
    expect(segmentOf([name], 'file', 'posix')).toEqual({ segment: name, isOther: false })
  })

  it.each([
    ['', ['%%']],
    ['%%', ['%(25)%']],
    ['.', ['%(2E)']],
    ['..', ['%(2E).']],
    ['a\0\0b', ['a%(0000)b']],
    [')\0%(41)', [')%(0025)(41)']],
    ['y'.repeat(256), [`${'y'.repeat(251)}%(+)`, 'yyyyy']],
    [`${'y'.repeat(251)}.....`, [`${'y'.repeat(251)}%(+)`, '.....']],
    [`${'y'.repeat(251)}....`, [`${'y'.repeat(251)}....`]],
  ])('write an odd segment so that it can be undone (case %#)', (text, names) => {
    expect(formsOf(text, 'file', 'posix').plain).toEqual(names)
  })

  it('write what Windows refuses so that it takes it', () => {
    expect(formsOf('CON', 'file', 'windows').plain).toEqual(['%(43)ON'])
    expect(formsOf('aux.txt', 'file', 'windows').plain).toEqual(['%(61)ux.txt'])
    expect(formsOf('00:00:00. ', 'file', 'windows').plain).toEqual(['00%(3A)00%(3A)00.%(20)'])
    expect(formsOf('a\\b', 'file', 'windows').plain).toEqual(['a%(5C)b'])
  })

  it.each(['x%(41)', '%(sluice)', 'a%(+)', 'a%(zz)', 'a%(4a)', '%(C3)'])('hide %j', (name) => {
    expect(segmentOf([name], 'file', 'posix')).toBeUndefined()
  })
})
