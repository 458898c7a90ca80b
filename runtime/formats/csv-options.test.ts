import { describe, expect, test } from 'vitest'
import type { Json } from '../contracts.ts'
import { ConfigError } from '../errors.ts'
import { parseReadCsvOptions } from './csv-options.ts'

test('without options, pandas’ defaults', () => {
  const options = parseReadCsvOptions({})
  expect(options).toMatchObject({
    separator: { kind: 'byte', byte: 0x2c },
    header: 0,
    indexCol: undefined,
    skipfooter: 0,
    encoding: 'utf-8',
    compression: 'infer',
    quote: 0x22,
    decimal: 0x2e,
    onBadLines: 'error',
  })
  expect(options.missing.texts.size).toBe(19)
})

test('null counts as not given, but for header and compression, where it says something', () => {
  expect(
    parseReadCsvOptions({ names: null, usecols: null, comment: null, dtype: null, header: 'infer' }),
  ).toEqual(parseReadCsvOptions({}))
  expect(parseReadCsvOptions({ header: null }).header).toBeUndefined()
  expect(parseReadCsvOptions({ compression: null }).compression).toBe('none')
})

describe('what is not supported is refused, never ignored', () => {
  const cases: readonly [key: string, value: Json, message: string][] = [
    ['chunksize', 3, 'is not an option of CSV reading here; known are sep'],
    ['sep', null, 'null asks to guess the separator'],
    ['sep', '', 'allowed is one ASCII character'],
    ['sep', '§', 'allowed is one ASCII character'],
    ['sep', '[;', 'is not a regular expression'],
    ['header', [0, 1], 'names made of several header rows are not supported'],
    ['header', -1, 'allowed is the row of the names'],
    ['names', ['a', 'a'], '"a" is there twice'],
    ['usecols', ['a', 1], 'not both'],
    ['skiprows', -1, 'allowed is a number of lines'],
    ['nrows', 1.5, 'allowed is a whole number from 0'],
    ['comment', '//', 'allowed is one ASCII character'],
    ['na_values', [[1]], 'allowed is a text, a number'],
    ['dtype', 'complex128', 'allowed is a numpy type'],
    ['dtype', { a: 'datetime64[ns]' }, 'read times with parse_dates'],
    ['parse_dates', { t: [0, 1] }, 'allowed is true (the index)'],
    ['date_format', '%Q', '%Q is not a known directive'],
    ['encoding', 'shift-jis', 'allowed is utf-8, utf-8-sig'],
    ['compression', 'bz2', 'allowed is infer, gzip, zip, zstd or null'],
    ['on_bad_lines', 'ignore', 'allowed is error, warn, skip'],
    ['keep_default_na', 'yes', 'allowed is true or false'],
  ]
  for (const [key, value, message] of cases) {
    test(`${key}: ${JSON.stringify(value)}`, () => {
      const place = { file: 'retriever.yaml', line: 7, column: 3 }
      expect(() => parseReadCsvOptions({ [key]: value }, place)).toThrow(ConfigError)
      expect(() => parseReadCsvOptions({ [key]: value }, place)).toThrow(`retriever.yaml:7:3 ${key}`)
      expect(() => parseReadCsvOptions({ [key]: value }, place)).toThrow(message)
    })
  }

  test('all in one go', () => {
    try {
      parseReadCsvOptions({ nrows: -1, comment: '', quotechar: 3 })
      expect.unreachable()
    } catch (error) {
      expect((error as ConfigError).problems.map(({ path }) => path)).toEqual([
        'nrows',
        'comment',
        'quotechar',
      ])
    }
  })
})
