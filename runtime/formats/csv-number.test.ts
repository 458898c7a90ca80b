import fc from 'fast-check'
import { expect, test } from 'vitest'
import { float, largeInteger, NumberParser, notNumber, smallInteger } from './csv-number.ts'

function parse(text: string, parser = new NumberParser()): number | bigint | undefined {
  const bytes = Buffer.from(`x${text}9`)
  const end = bytes.length - 1
  const kind = parser.parse(bytes, 1, end)
  if (kind === notNumber) return undefined
  return kind === largeInteger ? parser.bigint(bytes, 1, end) : parser.value
}

/** What a column of floats takes it for. */
function parseFloat64(text: string): number {
  const parser = new NumberParser()
  const bytes = Buffer.from(text)
  const kind = parser.parse(bytes, 0, bytes.length)
  return kind === largeInteger ? parser.double(bytes, 0, bytes.length) : parser.value
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${max}}$`))
const written = fc
  .record({
    sign: fc.constantFrom('', '-', '+'),
    whole: digits(25),
    fraction: fc.option(digits(25), { nil: undefined }),
    exponent: fc.option(fc.integer({ min: -330, max: 330 }), { nil: undefined }),
  })
  .filter(({ whole, fraction }) => whole !== '' || (fraction ?? '') !== '')
  .map(({ sign, whole, fraction, exponent }) => {
    const point = fraction === undefined ? '' : `.${fraction}`
    return `${sign}${whole}${point}${exponent === undefined ? '' : `e${exponent}`}`
  })

test('every decimal number is correctly rounded: bit for bit what Number() gives', () => {
  fc.assert(
    fc.property(written, (text) => {
      const found = parseFloat64(text)
      expect(Object.is(found, Number(text)), `${text}: ${found}`).toBe(true)
    }),
    { numRuns: 20_000 },
  )
})

test('every double that is printed in full is read back as itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = Object.is(value, -0) ? '-0' : String(value)
      expect(Object.is(parseFloat64(text), value), text).toBe(true)
    }),
    { numRuns: 20_000 },
  )
})

test('whole numbers beyond doubles keep all their digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      expect(BigInt(parse(String(value)) as number | bigint)).toBe(value)
    }),
  )
})

test('kinds: whole numbers that a double holds, larger ones, fractions, and no numbers', () => {
  const kind = (text: string) => new NumberParser().parse(Buffer.from(text), 0, Buffer.byteLength(text))
  expect(kind('9007199254740991')).toBe(smallInteger)
  expect(kind('9007199254740992')).toBe(largeInteger)
  expect(kind('1.0')).toBe(float)
  expect(kind('1e0')).toBe(float)
  for (const text of [
    '',
    ' ',
    '.',
    '-',
    '+-1',
    '1e',
    '1e+',
    'e5',
    '1 2',
    '0x10',
    '1_0',
    'nan',
    '--1',
    '1.2.3',
    '١',
  ]) {
    expect(kind(text), text).toBe(notNumber)
  }
})

test('infinities, blanks, signs, other marks', () => {
  expect(parse('inf')).toBe(Number.POSITIVE_INFINITY)
  expect(parse('-INFINITY')).toBe(Number.NEGATIVE_INFINITY)
  expect(parse('+Inf')).toBe(Number.POSITIVE_INFINITY)
  expect(parse(' \t-7 ')).toBe(-7)
  expect(parse('-1,5', new NumberParser(0x2c))).toBe(-1.5)
  expect(parse('12.345.678,25', new NumberParser(0x2c, 0x2e))).toBe(12345678.25)
  expect(parse('1,,2.5', new NumberParser(0x2e, 0x2c))).toBeUndefined()
  expect(parse('9,223,372,036,854,775,807', new NumberParser(0x2e, 0x2c))).toBe(2n ** 63n - 1n)
})

test('millions of digits are a number', () => {
  expect(parse('9'.repeat(5_000_000))).toBeGreaterThan(2n ** 64n)
})
