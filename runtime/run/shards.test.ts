import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInShard, prefixUnits, shardOf } from './shards.ts'
import { plannedRun } from './testing/fixtures.ts'

describe('shardOf', () => {
  it('keeps together the frames of a sequence, and the name that stands for them', () => {
    const names = ['render_0001.png', 'render_0100.png', 'render_10000.png', 'render_[0001-0100].png']
    const shards = names.map((name) => shardOf(`shows/spring/${name}`, 97))
    expect(new Set(shards).size).toBe(1)
    // Kept for ever: a shard marks what left its share as deleted, so no object may move to another.
    expect(shards[0]).toBe(85)
  })

  it('tells folders apart, also by their digits', () => {
    const folders = Array.from({ length: 50 }, (_, i) => shardOf(`shot_${i}/a.png`, 1000))
    expect(new Set(folders).size).toBeGreaterThan(40)
  })

  it('puts every object into just one shard, about as many into each', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 50 }), (key, of) => {
        const indexes = Array.from({ length: of }, (_, index) => index)
        expect(indexes.filter((index) => isInShard(key, { index, of }))).toEqual([shardOf(key, of)])
      }),
    )
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 4000; i++) {
      const index = shardOf(`folder${i}/file.png`, 4)
      counts[index] = (counts[index] as number) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120)
  })
})

describe('prefixUnits', () => {
  it('are one, or one for each shard', () => {
    expect(prefixUnits(plannedRun(), 'in/')).toEqual([{ kind: 'prefix', prefix: 'in/' }])
    expect(prefixUnits(plannedRun({ shards: 2 }), 'in/')).toEqual([
      { kind: 'prefix', prefix: 'in/', shard: { index: 0, of: 2 } },
      { kind: 'prefix', prefix: 'in/', shard: { index: 1, of: 2 } },
    ])
  })
})
