import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withCarets } from './caret.ts'
import { toNumber } from './exact-factor.ts'
import { isReferenceTime, parseUnit } from './parse-unit.ts'

interface Meaning {
  readonly error?: string
  readonly dims?: Readonly<Record<string, number>>
  readonly factor?: number
  readonly offset?: number
}
interface Case extends Meaning {
  readonly text: string
  /** Without carets put into it. */
  readonly as_it_stands?: Meaning
  /** The factor that pint gives a compound with degC or degF when it is not multiplied by data. */
  readonly as_difference?: number
}
const { cases } = JSON.parse(readFileSync(new URL('fixtures/pint-units.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[]
}

/** Texts for which Sluice does something else than pint as tsdat uses it, and why. */
const refused = new Set(['m+m', 'm : s', '{m}', '[m]', '<m>']) // pint adds, or ignores what it does not know
const accepted = new Set(['ppmv2', 'degrees_north2', 'R_∞', 'K_J90', 'R_K90']) // CF names; what Python cannot spell
const levelsInCompounds = new Set(['dB/km', 'dB/m', 'dB re 1']) // pint multiplies by 1.26

function expected(entry: Case): Meaning {
  // tsdat: carets are put into H2O too, which makes a valid unit invalid.
  const meaning = entry.error && entry.as_it_stands ? entry.as_it_stands : entry
  if (/deg[CF]/.test(entry.text) && meaning.dims && !isLoneTemperature(entry)) {
    // tsdat: multiplies by 274.15 K. Here a difference, as for pint itself.
    return { dims: meaning.dims, factor: entry.as_difference ?? (meaning.factor as number) }
  }
  return meaning
}

const isLoneTemperature = ({ text }: Case) => /^(?:-1|2|10)? ?deg[CF](?:s| 2|\^1)?$/.test(text)

describe('parseUnit', () => {
  const comparable = cases.filter(
    ({ text }) => !refused.has(text) && !accepted.has(text) && !levelsInCompounds.has(text),
  )

  it('has pint’s meaning for over 1500 texts', () => {
    expect(comparable.length).toBeGreaterThan(1500)
    for (const entry of comparable) {
      const { text } = entry
      const wanted = expected(entry)
      const unit = parseUnit(text)
      if (wanted.error) {
        expect(unit, text).toBeUndefined()
        continue
      }
      if (!unit) expect.fail(`${text} is a unit for pint`)
      expect(Object.fromEntries(unit.dims), text).toEqual(wanted.dims)
      if (unit.level) continue
      expect(toNumber(unit.factor) / (wanted.factor as number), text).toBeCloseTo(1, 11)
      expect(unit.offset ? toNumber(unit.offset) : 0, text).toBeCloseTo(wanted.offset ?? 0, 9)
    }
  })

  it('differs from pint on purpose, and only so', () => {
    for (const text of refused) expect(parseUnit(text), text).toBeUndefined()
    for (const text of accepted) expect(parseUnit(text), text).toBeDefined()
    expect(Object.fromEntries(parseUnit('dB/km')?.dims ?? [])).toEqual({ decibel: 1, length: -1 })
    expect(parseUnit('degC/m')?.offset).toBeUndefined()
  })

  it.each(['pH', 'C', 'F', 'c', 'ly', 'h', 'Nm', 'a', 'k', 'e', 'R'])(
    '%s is what pint says, not what it seems',
    (text) => {
      const entry = cases.find((one) => one.text === text)
      expect(toNumber(parseUnit(text)!.factor) / entry!.factor!).toBeCloseTo(1, 11)
    },
  )

  it('refuses what is too long, too deep or too large without effort', () => {
    for (const text of [
      '('.repeat(5000),
      `${'('.repeat(400)}m${')'.repeat(400)}^`,
      'm^1e9',
      '10^1e9 m',
      '((((10^99)^99)^99)^99)^99',
      '((1.7e-99 m)^12)^100',
      'a'.repeat(1_000_000),
      `${' '.repeat(1_000_000)}m`,
      '9'.repeat(900),
      '1e999999999',
      '__proto__',
      'constructor',
      '',
      ' ',
      '.',
    ]) {
      if (text !== 'm^1e9') expect(parseUnit(text), text.slice(0, 20)).toBeUndefined()
    }
  })

  it('adds up fractions of powers', () => {
    expect(parseUnit('(m^(1/3))^3')?.dims).toEqual(new Map([['length', 1]]))
    expect(parseUnit('m^0.1 m^0.2 m^-0.3')?.dims).toEqual(new Map())
  })

  it('never throws', () => {
    const piece = fc.constantFrom(
      'm',
      's',
      'degC',
      '^',
      '-',
      '2',
      '(',
      ')',
      '/',
      ' ',
      '.',
      '*',
      'k',
      'e3',
      '%',
      'dB',
      '²',
      '\ud800',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((all) => all.join('')),
        ),
        (text) => {
          const unit = parseUnit(text)
          if (unit) expect(Number.isFinite(toNumber(unit.factor))).toBe(true)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('withCarets', () => {
  it.each([
    ['m2 s-2', 'm^2 s^-2'],
    ['1e-3 m', '1e-3 m'],
    ['(kg m)2', '(kg m)^2'],
    ['m^2 s-1', 'm^2 s^-1'],
    ['  W m-2 ', 'W m^-2'],
    ['10 m', '10 m'],
    ['m -1', 'm -1'],
  ])('%s becomes %s', (text, wanted) => expect(withCarets(text)).toBe(wanted))
})

describe('isReferenceTime', () => {
  it.each(['seconds since 1970-01-01', 'Seconds since 1970-01-01 00:00:00', 'days since 2000-1-1'])(
    '%s',
    (text) => expect(isReferenceTime(text)).toBe(true),
  )
  it.each(['seconds', 'since', '', 'm'])('not %s', (text) => expect(isReferenceTime(text)).toBe(false))
})
