import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Limiter } from '../limiter.ts'

describe('Limiter', () => {
  it('never lets more go on than it may, and lets all of it go on in the end', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (all, maxCount) => {
        const limiter = new Limiter(maxCount, 100)
        const underWay: number[] = []
        let done = 0
        await Promise.all(
          all.map(async (size) => {
            const release = await limiter.acquire(size)
            underWay.push(size)
            expect(underWay.length).toBeLessThanOrEqual(maxCount)
            const bytes = underWay.reduce((sum, of) => sum + of, 0)
            // What is larger than all there is goes on without others that have bytes.
            if (bytes > 100) expect(underWay.filter((of) => of > 0)).toHaveLength(1)
            await Promise.resolve()
            underWay.splice(underWay.indexOf(size), 1)
            done++
            release()
            release()
          }),
        )
        expect(done).toBe(all.length)
      }),
    )
  })

  it('is first come, first served: a large one is not overtaken for ever', async () => {
    const limiter = new Limiter(8, 100)
    const first = await limiter.acquire(60)
    const order: string[] = []
    const large = limiter.acquire(90).then((release) => {
      order.push('large')
      release()
    })
    const small = limiter.acquire(10).then((release) => {
      order.push('small')
      release()
    })
    first()
    await Promise.all([large, small])
    expect(order).toEqual(['large', 'small'])
  })
})
