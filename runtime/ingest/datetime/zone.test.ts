import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Zone } from './zone.ts'

const { zones } = JSON.parse(readFileSync(new URL('fixtures/zone-times.json', import.meta.url), 'utf8')) as {
  zones: Record<string, [local: number, answer: number | string][]>
}

function utcOf(zone: Zone, local: readonly number[]): (number | string)[] {
  const seconds = Float64Array.from(local)
  const problems: string[] = []
  zone.toUtc(seconds, (index, problem) => {
    problems[index] = problem
  })
  return [...seconds].map((second, index) => problems[index] ?? second)
}

describe('Zone', () => {
  it.each(Object.entries(zones))(
    '%s: local times as Python’s zoneinfo, about every kind of change',
    (name, rows) => {
      expect(
        utcOf(
          new Zone(name),
          rows.map(([local]) => local),
        ),
      ).toEqual(rows.map(([, answer]) => answer))
    },
  )

  it('gives the same whatever the order', () => {
    const rows = (zones['US/Pacific'] ?? []).toReversed()
    expect(
      utcOf(
        new Zone('US/Pacific'),
        rows.map(([local]) => local),
      ),
    ).toEqual(rows.map(([, answer]) => answer))
  })

  it('keeps what is no time', () => {
    expect(utcOf(new Zone('US/Pacific'), [Number.NaN, 0])).toEqual([Number.NaN, 28_800])
  })

  it('knows the rules of years to come', () => {
    // 2040-07-01 and 2040-12-01
    expect(utcOf(new Zone('Europe/Berlin'), [2_224_713_600, 2_237_932_800])).toEqual([
      2_224_713_600 - 7200,
      2_237_932_800 - 3600,
    ])
  })

  it('refuses zones that there are none of', () => {
    expect(() => new Zone('Pacific/Nowhere')).toThrow('"Pacific/Nowhere" is not an IANA time zone')
    for (const name of ['', 'IST', 'CST', 'pst', 'Pacific']) expect(Zone.find(name), name).toBeUndefined()
    for (const name of ['EST', 'utc', 'GB', 'EST5EDT']) expect(Zone.find(name), name).toBeDefined()
  })
})
