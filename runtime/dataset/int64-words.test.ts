import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Int64Words } from './int64-words.ts'

const edges = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n - 1n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
]

it('gives signed integers as the nearest double, as Number does', () => {
  const integers = BigInt64Array.from(edges)
  const words = new Int64Words(integers)
  expect(edges.map((_, i) => words.at(i))).toEqual(edges.map(Number))
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      expect(new Int64Words(BigInt64Array.of(value)).at(0)).toBe(Number(value))
    }),
  )
})

it('gives unsigned integers likewise', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      expect(new Int64Words(BigUint64Array.of(value)).at(0)).toBe(Number(value))
    }),
  )
})

it('sets what a double holds exactly, in a part of a larger buffer too', () => {
  const whole = new BigInt64Array(3)
  const words = new Int64Words(whole.subarray(1))
  fc.assert(
    fc.property(fc.double({ min: -(2 ** 63), max: 2 ** 63, maxExcluded: true, noNaN: true }), (value) => {
      const integer = Math.trunc(value)
      words.set(1, integer)
      expect([...whole]).toEqual([0n, 0n, BigInt(integer)])
    }),
  )
  const unsigned = new BigUint64Array(1)
  new Int64Words(unsigned).set(0, 2 ** 64 - 2 ** 12)
  expect(unsigned[0]).toBe(2n ** 64n - 2n ** 12n)
})
