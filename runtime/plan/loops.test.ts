import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RegisteredSite } from '../contracts.ts'
import { readsOf, writesOf } from './locations.ts'
import { findLoops } from './loops.ts'
import { facts, ingest, registryOf, vap } from './testing/sites.ts'

const show = (sites: RegisteredSite[], oneBucket = false) =>
  findLoops(registryOf(sites, oneBucket ? { outputBucketName: 'acme-ocean-input' } : {})).map((steps) =>
    steps.map(({ site, by }) => `${site.key} > ${by}`),
  )

/** An ingest of a class of the user's own, of which only places are known. */
const custom = (key: RegisteredSite['key'], from: string, to: string): RegisteredSite => ({
  ...ingest(key, from),
  facts: { ...facts, kind: 'custom' },
  outputs: [{ bucket: 'output', prefix: to }],
})

describe('findLoops', () => {
  it('lets a chain of ingest and VAPs be', () => {
    const lidar = {
      ...ingest('lidar/x', 'lidar/'),
      facts: { ...facts, datastreamsOut: ['x.lidar.a1'], outputPrefixes: ['data/x/x.lidar.a1/'] },
    }
    expect(
      show([lidar, vap('b/x', ['x.lidar.a1'], ['x.mean.b1']), vap('c/x', ['x.mean.b1'], ['x.mean.c1'])]),
    ).toEqual([])
  })

  it('finds a VAP that reads what it writes', () => {
    expect(show([vap('a/x', ['x.lidar.b1'], ['x.lidar.b1'])])).toEqual([['a/x > x.lidar.b1']])
  })

  it('finds VAPs that read each other, over any number of steps', () => {
    const sites = [
      vap('a/x', ['x.p.c1'], ['x.q.c1']),
      vap('b/x', ['x.q.c1'], ['x.r.c1']),
      vap('c/x', ['x.r.c1'], ['x.p.c1']),
    ]
    expect(show(sites)).toEqual([['a/x > x.q.c1', 'b/x > x.r.c1', 'c/x > x.p.c1']])
  })

  it('does not take VAPs for a loop whose prefixes meet but whose datastreams differ', () => {
    const wide = (site: RegisteredSite): RegisteredSite => ({
      ...site,
      facts: { ...site.facts, inputPrefixes: ['data/'], outputPrefixes: ['data/'] },
    })
    expect(show([wide(vap('a/x', ['x.lidar.a1'], ['x.mean.b1']))])).toEqual([])
  })

  it('finds an ingest whose output falls in its own source, where input and output are one bucket', () => {
    expect(show([custom('a/x', 'raw/', 'raw/done/')])).toEqual([])
    expect(show([custom('a/x', 'raw/', 'raw/done/')], true)).toEqual([
      ['a/x > raw/done/ of the output bucket'],
    ])
    expect(show([custom('a/x', 'raw/', 'done/')], true)).toEqual([])
  })

  it('finds ingests that feed each other, and names the shortest way round', () => {
    const sites = [
      custom('a/x', 'one/', 'two/'),
      custom('b/x', 'two/', 'one/deep/'),
      custom('c/x', 'two/', 'three/'),
    ]
    expect(show(sites, true)).toEqual([
      ['a/x > two/ of the output bucket', 'b/x > one/deep/ of the output bucket'],
    ])
  })

  it('finds each knot once', () => {
    const pair = (name: string): RegisteredSite[] => [
      vap(`${name}/1`, [`x.${name}.a1`], [`x.${name}.b1`]),
      vap(`${name}/2`, [`x.${name}.b1`], [`x.${name}.a1`]),
    ]
    expect(show([...pair('p'), ...pair('q')])).toHaveLength(2)
  })

  it('agrees with following every write by hand', () => {
    const place = fc.constantFrom('', 'a/', 'a/b/', 'a/c/', 'b/', 'b/a/')
    const sites = fc
      .array(fc.tuple(place, place), { minLength: 1, maxLength: 5 })
      .map((pairs) => pairs.map(([from, to], i) => custom(`p${i}/x`, from, to)))
    fc.assert(
      fc.property(sites, (all) => {
        const meet = (a: string, b: string) => a.startsWith(b) || b.startsWith(a)
        const starts = (a: RegisteredSite, b: RegisteredSite) =>
          writesOf(a).some((write) => readsOf(b).some((read) => meet(write.prefix, read.prefix)))
        const reached = all.map((site) => new Set(all.filter((other) => starts(site, other))))
        for (let i = 0; i < all.length; i++) {
          for (const set of reached)
            for (const other of set) for (const next of reached[all.indexOf(other)] ?? []) set.add(next)
        }
        const isLoop = reached.some((set, i) => set.has(all[i] as RegisteredSite))
        expect(show(all, true).length > 0).toBe(isLoop)
      }),
    )
  })

  it('copes with ten thousand runs over the same places', () => {
    const many = Array.from({ length: 5000 }, (_, i) => custom(`p${i}/x`, `raw/${i}/`, ''))
    expect(findLoops(registryOf(many)).length).toBe(0)
    expect(findLoops(registryOf(many, { outputBucketName: 'acme-ocean-input' })).length).toBe(1)
  })
})
