import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { convertTimeUnit } from '../../dataset/datetime.ts'
import { NaT } from '../../dataset/dtype.ts'
import { countsOf, momentsOf } from './moments.ts'

const refuse = (index: number): never => {
  throw new Error(`out of range at ${index}`)
}
const unit = fc.constantFrom('s', 'ms', 'us', 'ns')
const count = fc.oneof(
  fc.bigInt({ min: NaT + 1n, max: 2n ** 63n - 1n }),
  fc.constantFrom(NaT, NaT + 1n, 2n ** 63n - 1n, 0n, -1n),
)

describe('momentsOf and countsOf', () => {
  it('are each other’s inverse for every count of nanoseconds', () => {
    fc.assert(
      fc.property(fc.array(count), (counts) => {
        expect([...countsOf(momentsOf(BigInt64Array.from(counts), 'ns'), 'ns', refuse)]).toEqual(counts)
      }),
    )
  })

  it('cut toward minus infinity, exactly', () => {
    fc.assert(
      fc.property(count, unit, (nanoseconds, to) => {
        const [found] = countsOf(momentsOf(BigInt64Array.of(nanoseconds), 'ns'), to, refuse)
        expect(found).toBe(convertTimeUnit(nanoseconds, 'ns', to))
      }),
      { numRuns: 2000 },
    )
  })

  it('tell of what 64 bits of nanoseconds cannot hold', () => {
    const moments = {
      seconds: Float64Array.of(9_223_372_036, 9_223_372_036, -9_223_372_037),
      nanoseconds: Int32Array.of(854_775_807, 854_775_808, 145_224_192),
    }
    const told: number[] = []
    const counts = countsOf(moments, 'ns', (index) => told.push(index))
    expect([...counts]).toEqual([2n ** 63n - 1n, NaT, NaT])
    expect(told).toEqual([1, 2])
  })
})
