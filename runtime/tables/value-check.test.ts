import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openPgliteCatalog } from '../catalog/pglite-catalog.ts'
import { type ColumnType, parseColumnType, postgresType } from './config/column-type.ts'
import { valueCheck } from './value-check.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-values-'))
const catalog = openPgliteCatalog({ spoolDir: folder })
afterAll(async () => {
  await catalog.close()
  rmSync(folder, { recursive: true })
})

const typeOf = (text: string) => parseColumnType(text) as ColumnType
const isPlain = (type: string, text: string) => {
  const bytes = Buffer.from(`|${text}|`)
  return valueCheck(typeOf(type)).isPlainlyValid?.(bytes, 1, bytes.length - 1) ?? false
}
const isValid = (type: string, text: string) => valueCheck(typeOf(type)).isValid(text)

const types = [
  'smallint',
  'integer',
  'bigint',
  'numeric(10)',
  'numeric(5,2)',
  'numeric(3,3)',
  'real',
  'double precision',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'jsonb',
  'varchar(3)',
  'char(3)',
  'text',
]

/** Texts that are, or nearly are, values of some type. */
const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${max}}$`))
const decimal = fc
  .tuple(
    fc.constantFrom('', '-', '+', ' '),
    digits(20),
    fc.constantFrom('', '.', '..'),
    digits(6),
    fc.constantFrom('', 'e5', 'E-3', 'e400', 'e-400', 'x', ' '),
  )
  .map((parts) => parts.join(''))
const upTo = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'))
const day = fc
  .tuple(fc.constantFrom('2024', '2023', '1900', '2000', '0001', '0000', '9999', '24'), upTo(13), upTo(32))
  .map((parts) => parts.join('-'))
const time = fc
  .tuple(
    day,
    fc.constantFrom(' ', 'T', '  '),
    upTo(24),
    upTo(60),
    upTo(60),
    fc.constantFrom('', '.5', '.123456', '.1234567', 'Z', '+02', '+02:30', '-1530', ' UTC', '+16', '.25Z'),
  )
  .map(([date, between, h, m, s, rest]) => `${date}${between}${h}:${m}:${s}${rest}`)
const json = fc.oneof(
  fc.json(),
  fc.json().map((text) => text.slice(1)),
  fc.constantFrom('"\\u0000"', '"\\ud800"', '"\\\\u0000"', '{"a":1,"a":2}', '1e5', '01', 'NaN', '[1,]', ''),
)
const word = fc.constantFrom(
  't',
  'TRUE',
  ' yes ',
  'no',
  'on',
  'of',
  'off',
  '1',
  '0',
  '2',
  'NaN',
  'inf',
  '-Infinity',
  'nan ',
  '',
)
const anyText = fc.oneof(
  decimal,
  day,
  time,
  json,
  word,
  fc.uuid(),
  fc.uuid().map((id) => id.slice(0, -1)),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
)

describe('valueCheck', () => {
  it.each(types)('%s: accepts nothing that PostgreSQL refuses', async (type) => {
    const texts = fc
      .sample(anyText, { numRuns: 4000, seed: 11 })
      .filter((text) => !text.includes('\0') && text.isWellFormed())
    const accepted = texts.filter((text) => isValid(type, text))
    const { rows } = await catalog.query<{ text: string }>(
      'select text from unnest($1::text[]) as text where not pg_input_is_valid(text, $2)',
      [accepted, postgresType(typeOf(type))],
    )
    expect(rows).toEqual([])
    expect(accepted.length).toBeGreaterThan(20)
    // The quick look is never kinder than the last word.
    expect(texts.filter((text) => isPlain(type, text) && !isValid(type, text))).toEqual([])
  })

  it.each([
    [
      'integer',
      ['2147483647', '-2147483648', '+5', ' 7 ', '007'],
      ['2147483648', '1.0', '1e3', '0x1f', '1_000', '', '-', '٣'],
    ],
    ['bigint', ['9223372036854775807'], ['9223372036854775808', '1'.repeat(100)]],
    [
      'numeric(5,2)',
      ['999.99', '-1.50', '1e2', '1.500', '.5', '5.', '0.0000'],
      ['1000', '1.005', '1e3', '.', 'NaN', '1e-3', '1,5'],
    ],
    ['real', ['1.5', 'nan', '-inf', '3e38'], ['3e39', '1e-60', '1,5', '0x1']],
    ['double precision', ['1e308', '0e-999', '-0'], ['1e309', '1e-400', '.']],
    ['boolean', ['t', 'FALSE', ' on '], ['2', 'tr', 'oui', '']],
    [
      'date',
      ['2024-02-29'],
      ['2023-02-29', '29.02.2024', '2024-2-9', '02/03/2024', '0000-01-01', 'today', 'infinity'],
    ],
    [
      'timestamp',
      ['2024-02-29 23:59:59.999999', '2024-02-29T10:00'],
      [
        '2024-02-29',
        '2024-02-29 10:00Z',
        '2024-02-29 24:00:00',
        '2024-02-29 10:00:60',
        '2024-02-29 10:00:00.1234567',
      ],
    ],
    [
      'timestamptz',
      ['2024-02-29T10:00:00Z', '2024-02-29 10:00:00+05:30', '2024-02-29 10:00 UTC'],
      ['2024-02-29 10:00:00', '2024-02-29 10:00:00 CET', '2024-02-29 10:00:00+99'],
    ],
    [
      'uuid',
      ['0b5f1b1e-0000-4000-8000-00000000000F'],
      ['0b5f1b1e00004000800000000000000f', '{0b5f1b1e-0000-4000-8000-00000000000f}'],
    ],
    ['varchar(3)', ['abc', '😀😀😀', ''], ['abcd', 'abc ', '😀😀😀😀']],
    ['jsonb', ['{"a": 1}', '"\\\\u0000"'], ['{a: 1}', '"\\u0000"', '"\\ud800"', '']],
  ])('%s: what is a value and what is none', (type, good, bad) => {
    for (const text of good) expect(isValid(type, text), text).toBe(true)
    for (const text of bad) expect(isValid(type, text) || isPlain(type, text), text).toBe(false)
  })

  it.each([
    ['integer', '-12345'],
    ['numeric(5,2)', '123.45'],
    ['double precision', '-12.345'],
    ['boolean', 'f'],
    ['date', '2024-02-29'],
    ['timestamp', '2024-02-29 10:00:00'],
    ['timestamptz', '2024-02-29T10:00:00Z'],
    ['uuid', '0b5f1b1e-0000-4000-8000-00000000000f'],
    ['varchar(3)', '漢漢漢'],
  ])('%s: usual values are told by their bytes', (type, text) => {
    expect(isPlain(type, text)).toBe(true)
  })
})
