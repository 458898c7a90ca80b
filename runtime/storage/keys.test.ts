import fc from 'fast-check'
import { expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { checkKey, compareKeys } from './keys.ts'

const text = fc.string({ unit: 'binary', maxLength: 4 })

it('compareKeys orders as the UTF-8 bytes do', () => {
  fc.assert(
    fc.property(text, text, text, (start, a, b) => {
      const byBytes = Buffer.compare(Buffer.from(start + a), Buffer.from(start + b))
      expect(Math.sign(compareKeys(start + a, start + b))).toBe(byBytes)
    }),
    { numRuns: 2000 },
  )
  expect(['\u{10000}', '\uffff', '\ud7ff', '\ue000', 'z', ''].sort(compareKeys)).toEqual([
    '',
    'z',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
  ])
})

it('checkKey takes what every store can hold and says what is wrong with the rest', () => {
  for (const key of ['a', '/', '..', '\0', 'x'.repeat(1024), '\u{1f600}'.repeat(256)])
    expect(checkKey(key)).toBe(key)
  for (const [key, message] of [
    ['', 'must not be empty'],
    ['x'.repeat(1025), 'has 1025 bytes; at most 1024 are allowed'],
    ['a\ud83d', '"a\\ud83d" is not valid Unicode text'],
  ] as const) {
    expect(() => checkKey(key)).toThrow(InputError)
    expect(() => checkKey(key)).toThrow(message)
  }
})
