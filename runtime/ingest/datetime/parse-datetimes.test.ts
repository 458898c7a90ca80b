import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NaT } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { inferFormat, inferIsoFormat } from './infer-format.ts'
import { countsOf } from './moments.ts'
import { numericMoments, parseOrigin } from './numeric-datetimes.ts'
import { compileFormat, parseDatetimes } from './parse-datetimes.ts'

/** Nanoseconds since 1970 as text, null for NaT, else the name of an error. */
type Answer = string | null
const fixture = JSON.parse(
  readFileSync(new URL('fixtures/pandas-datetimes.json', import.meta.url), 'utf8'),
) as {
  strict: [format: string, text: string, answer: Answer][]
  inferred: [text: string, answer: Answer, dayFirst: Answer][]
  iso: [text: string, answer: Answer][]
  numeric: [value: string, isFloat: boolean, unit: string, origin: string | number, answer: Answer][]
}

const refuse = (index: number, problem: string): never => {
  throw new Error(`${problem} at ${index}`)
}

function counts(format: string, texts: readonly (string | undefined)[]): bigint[] {
  const moments = parseDatetimes(TextArray.from(texts), compileFormat(format), refuse)
  return [...countsOf(moments, 'ns', (index) => refuse(index, 'range'))]
}

/** In the fixture's terms; errors of every kind are `error`. */
function answer(read: () => bigint): Answer {
  try {
    const count = read()
    return count === NaT ? null : String(count)
  } catch {
    return 'error'
  }
}

const asAnswer = (expected: Answer) => (expected !== null && /[a-z]/i.test(expected) ? 'error' : expected)

describe('parseDatetimes', () => {
  it.each(fixture.strict)('%s of "%s" as pandas', (format, text, expected) => {
    expect(answer(() => counts(format, [text])[0] as bigint)).toBe(asAnswer(expected))
  })

  it('reads each text of a column as if it stood alone, whatever the one before it was', () => {
    const read = fixture.strict.filter(([, , expected]) => asAnswer(expected) !== 'error')
    for (const format of new Set(read.map(([of]) => of))) {
      const texts = read.filter(([of]) => of === format)
      // Each behind each other, so that every shared beginning is met.
      const column = texts.flatMap(([, first]) => texts.flatMap(([, second]) => [first, second]))
      const alone = new Map(column.map((text) => [text, counts(format, [text])[0]]))
      expect(counts(format, column)).toEqual(column.map((text) => alone.get(text)))
    }
    const column = ['10:05 pm', '10:05 am', '10:5 am', '1:05 am', '12:05 am', '12:05 pm']
    expect(counts('%I:%M %p', column)).toEqual(column.map((text) => counts('%I:%M %p', [text])[0]))
    const zoned = ['2022-01-01 05:00+0100', '2022-01-01 05:00Z', '2022-01-01 05:00-0100']
    expect(counts('%Y-%m-%d %H:%M%z', zoned)).toEqual(
      zoned.map((text) => counts('%Y-%m-%d %H:%M%z', [text])[0]),
    )
  })

  it('reads whole columns, with missing texts as NaT', () => {
    expect(counts('%Y-%m-%d', ['1970-01-02', undefined, '', '1969-12-31'])).toEqual([
      86_400_000_000_000n,
      NaT,
      NaT,
      -86_400_000_000_000n,
    ])
  })

  it('names the row and what is wrong with it', () => {
    const found: string[] = []
    const texts = TextArray.from(['2022-01-01 UTC', 'x', '2022-02-30 UTC', '2022-01-01 Nowhere/Land'])
    parseDatetimes(texts, compileFormat('%Y-%m-%d %Z'), (index, problem) => found.push(`${index} ${problem}`))
    expect(found).toEqual(['1 format', '2 calendar', '3 zone'])
  })

  it('reads a part of a text when it need not be the whole', () => {
    const texts = TextArray.from(['on 2022-01-02, late', '2022-01-02'])
    const { seconds } = parseDatetimes(texts, compileFormat('%Y-%m-%d', false), refuse)
    expect([...seconds]).toEqual([1_641_081_600, 1_641_081_600])
  })

  it('refuses formats that are none', () => {
    expect(() => compileFormat('%Y-%Q')).toThrow(
      'the time format "%Y-%Q" has the directive %Q; known are %Y %y',
    )
    expect(() => compileFormat('%Y %Y')).toThrow('%Y twice')
    expect(() => compileFormat('%Y %')).toThrow('a % at its end')
  })

  it('takes the seconds of an offset as they are', () => {
    // tsdat: cuts the offset to whole minutes.
    expect(counts('%Y-%m-%d %z', ['1970-01-01 +01:30:15'])).toEqual([-5_415_000_000_000n])
  })

  it('does not hang on texts that fit nothing', () => {
    const hostile = '1'.repeat(100_000)
    expect(() => counts('%m%d%H%M%S%f%j%y', [hostile])).toThrow('format at 0')
  })

  const instant = fc.date({ min: new Date('1700-01-01'), max: new Date('2250-01-01'), noInvalidDate: true })

  it('reads back what is written in many ways', () => {
    fc.assert(
      fc.property(instant, (date) => {
        const iso = date.toISOString()
        const nanoseconds = BigInt(date.getTime()) * 1_000_000n
        expect(counts('%Y-%m-%dT%H:%M:%S.%fZ', [iso])).toEqual([nanoseconds])
        expect(counts('%Y%m%d%H%M%S%f', [iso.replace(/\D/g, '')])).toEqual([nanoseconds])
        const american = `${Number(iso.slice(5, 7))}/${Number(iso.slice(8, 10))}/${iso.slice(0, 4)} ${iso.slice(11, 23)}`
        expect(counts('%m/%d/%Y %H:%M:%S.%f', [american])).toEqual([nanoseconds])
      }),
    )
  })

  it('reads bytes and patterns alike, whatever text came before', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '2',
      '3',
      '9',
      '-',
      ' ',
      ':',
      'Jan',
      'MAY',
      'am',
      'PM',
      'Z',
      '+01',
      '2022',
    )
    const format = fc.constantFrom('%Y-%m-%d %H:%M', '%m%d', '%d %b', '%I:%M %p', '%H%z', '%j', '%y%m%d')
    fc.assert(
      fc.property(
        format,
        fc.array(piece, { maxLength: 8 }),
        fc.array(piece, { maxLength: 2 }),
        (text, ...parts) => {
          const [first, other] = parts.map((pieces) => pieces.join('')) as [string, string]
          const texts = TextArray.from([first, `${first.slice(0, -2)}${other}`, first, first.slice(0, -1)])
          const { exact, ...rest } = compileFormat(text)
          const read = (withBytes: boolean) => {
            const found: string[] = []
            const compiled = { ...rest, exact: withBytes ? exact : undefined }
            const { seconds } = parseDatetimes(texts, compiled, (_, problem) => found.push(problem))
            return [...seconds, ...found]
          }
          expect(read(true)).toEqual(read(false))
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('inferFormat', () => {
  it.each(fixture.inferred)('reads "%s" as pandas', (text, expected, dayFirst) => {
    const read = (isDayFirst: boolean) =>
      answer(() => {
        const format = inferFormat(text, { dayFirst: isDayFirst, yearFirst: false })
        return counts(format ?? refuse(0, 'format'), [text])[0] as bigint
      })
    expect(read(false)).toBe(asAnswer(expected))
    // tsdat: with dayfirst, pandas swaps day and month of ISO dates as well.
    if (!/^\d{4}/.test(text)) expect(read(true)).toBe(asAnswer(dayFirst))
    else expect(read(true)).toBe(read(false))
  })

  it('knows years of two digits', () => {
    expect(inferFormat('22/1/2', { dayFirst: false, yearFirst: true })).toBe('%y/%m/%d')
    expect(inferFormat('1/2/22', { dayFirst: false, yearFirst: false })).toBe('%m/%d/%y')
    expect(inferFormat('1/2/22', { dayFirst: true, yearFirst: false })).toBe('%d/%m/%y')
  })

  it.each(fixture.iso)('ISO 8601 "%s" as pandas', (text, expected) => {
    const read = answer(
      () => counts(inferIsoFormat(text) ?? (text === '' ? '%Y' : refuse(0, 'format')), [text])[0]!,
    )
    expect(read).toBe(asAnswer(expected))
  })
})

describe('numericMoments', () => {
  it.each(fixture.numeric)(
    '%s (float: %s) %s since %s as pandas',
    (value, isFloat, unit, origin, expected) => {
      const numbers = isFloat
        ? new Float64Array([value === 'inf' ? Infinity : Number(value)])
        : new BigInt64Array([BigInt(value)])
      const read = () => {
        const from = parseOrigin(origin, unit) ?? refuse(0, 'origin')
        const moments = numericMoments(numbers, unit, from, (index) => refuse(index, 'number'))
        return countsOf(moments, 'ns', (index) => refuse(index, 'range'))[0] as bigint
      }
      expect(answer(read)).toBe(asAnswer(expected))
    },
  )

  it('keeps the time of day of an origin', () => {
    // tsdat: pandas cuts the origin to whole units, here to midnight.
    const noon = parseOrigin('2020-01-01T12:00:00', 'D')!
    expect(numericMoments(new Int32Array([1]), 'D', noon, () => refuse(0, 'number')).seconds[0]).toBe(
      1_577_966_400,
    )
  })

  it('takes NaN for no time', () => {
    const unix = { seconds: 0, nanoseconds: 0 }
    const { seconds } = numericMoments(new Float64Array([Number.NaN]), 's', unix, () => refuse(0, 'number'))
    expect(seconds[0]).toBeNaN()
  })
})
