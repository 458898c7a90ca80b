import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bucketName,
  nameLimits,
  namePrefix,
  ownBucketBase,
  physicalName,
  previewStackName,
  runNames,
  stackNames,
} from './names.ts'

const scope = { project: 'ocean-pipelines', stack: 'prod' }
const account = { accountId: '123456789012', region: 'us-west-2' }

/** Words that are meant to be mistaken for one another: cases, joiners, accents, hashes, great length. */
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'A', '-', '_', '.', '/', 'é', 'e'), maxLength: 6 }),
  fc.constantFrom(
    'a--b',
    'a',
    'b--c',
    'a-b',
    'b-c',
    'a__b',
    'Ä',
    'ä',
    '日本',
    '日',
    'x',
    '',
    'alerts',
    'events',
  ),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .string({ unit: fc.constantFrom('0', '9', 'a', 'f'), minLength: 10, maxLength: 10 })
    .map((hash) => `a-${hash}`),
)
const anyScope = fc
  .record({ project: word, stack: word, owner: fc.option(word, { nil: undefined }) })
  .map(({ owner, ...rest }) => (owner === undefined ? rest : { ...rest, owner }))

describe('physicalName', () => {
  it('is readable, without a hash, where nothing has to change', () => {
    expect(physicalName(scope, ['lidar_vap', 'humboldt'], 64)).toBe(
      'ocean-pipelines--prod--lidar_vap--humboldt',
    )
    expect(physicalName({ ...scope, owner: 'jane' }, ['lidar', 'morro'], 64)).toBe(
      'ocean-pipelines--prod--lidar--morro__jane',
    )
  })

  it('keeps the start of every part when it cuts, and ends in a hash', () => {
    const name = physicalName(scope, ['atmospheric_boundary_layer_profiles', 'humboldt_buoy_north'], 64)
    expect(name).toMatch(/^ocean-pip\w*--prod--atmosph\w*--humboldt\w*-[0-9a-f]{10}$/)
    expect(name.length).toBeLessThanOrEqual(64)
  })

  it.each([
    [
      ['a-b', 'c'],
      ['a', 'b-c'],
    ],
    [
      ['a--b', 'c'],
      ['a', 'b--c'],
    ],
    [
      ['Lidar', 'x'],
      ['lidar', 'x'],
    ],
    [
      ['café', 'x'],
      ['cafe', 'x'],
    ],
    [
      ['日本', 'x'],
      ['日', 'x'],
    ],
    [
      ['a_', 'x'],
      ['a', 'x'],
    ],
  ])('gives %j and %j names that differ also where cases are the same', (a, b) => {
    expect(physicalName(scope, a, 64).toLowerCase()).not.toBe(physicalName(scope, b, 64).toLowerCase())
  })

  it('never takes a name that its own hash could make', () => {
    const long = physicalName(scope, ['p', 'x'.repeat(100)], 64)
    const site = long.split('--')[3] as string
    expect(physicalName(scope, ['p', site], 64)).not.toBe(long)
  })

  it('stays within the limit and the letters that all of AWS takes', () => {
    fc.assert(
      fc.property(anyScope, word, word, (where, pipeline, site) => {
        const names = runNames(where, pipeline, site)
        for (const key of ['function', 'rule', 'schedule', 'role', 'jobDefinition'] as const) {
          expect(names[key]).toMatch(/^[a-z0-9][a-z0-9_-]*$/)
          expect(names[key].length).toBeLessThanOrEqual(nameLimits[key])
        }
        expect(names.logGroup).toMatch(/^\/sluice\/[a-z0-9_-]{1,64}$/)
        for (const name of Object.values(stackNames(where)))
          expect(name).toMatch(/^[a-z0-9][a-z0-9_-]{0,63}$/)
      }),
    )
  })

  it('differs whenever project, stack, owner, pipeline or site do, for runs and for what stacks have once', () => {
    const run = fc.tuple(anyScope, word, word)
    fc.assert(
      fc.property(run, run, ([scopeA, ...a], [scopeB, ...b]) => {
        const isSameScope =
          scopeA.project === scopeB.project &&
          scopeA.stack === scopeB.stack &&
          ('owner' in scopeA ? scopeA.owner : undefined) === ('owner' in scopeB ? scopeB.owner : undefined)
        const isSame = isSameScope && a[0] === b[0] && a[1] === b[1]
        const namesOf = (s: typeof scopeA, p: string, q: string) => new Set(Object.values(runNames(s, p, q)))
        const ofB = namesOf(scopeB, b[0], b[1])
        const overlap = [...namesOf(scopeA, a[0], a[1])].filter((name) => ofB.has(name))
        expect(overlap.length > 0).toBe(isSame)
        const stackWide = new Set(Object.values(stackNames(scopeA)))
        expect(stackWide.size).toBe(7)
        for (const name of ofB) expect(stackWide.has(name)).toBe(false)
        if (!isSameScope)
          for (const name of Object.values(stackNames(scopeB))) expect(stackWide.has(name)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})

describe('namePrefix', () => {
  it('is what all names of a project begin with, and of prod no others', () => {
    const stack = fc.oneof(fc.constantFrom('prod', 'bootstrap'), word.map(previewStackName))
    const long = fc.string({ unit: 'grapheme', minLength: 60, maxLength: 200 })
    const part = fc.oneof(word, long, fc.constantFrom('prod', 'bootstrap'))
    fc.assert(
      fc.property(
        word,
        stack,
        fc.option(long, { nil: undefined }),
        part,
        part,
        (project, name, owner, a, b) => {
          const where = { project, stack: name, ...(owner !== undefined && { owner }) }
          const names = [
            ...Object.values(runNames(where, a, b)).map((text) => text.replace('/sluice/', '')),
            ...Object.values(stackNames(where)),
            physicalName(where, [a, b, 'start'], 64),
          ]
          for (const text of names) {
            expect(text.startsWith(namePrefix(project))).toBe(true)
            for (const own of ['prod', 'bootstrap'])
              expect(text.startsWith(namePrefix(project, own))).toBe(name === own)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('has twenty characters of a project at most', () => {
    expect(namePrefix('ocean-pipelines', 'prod')).toBe('ocean-pipelines--prod--')
    expect(namePrefix('atmosphere-to-electrons')).toBe('atmosphere-to-electr--')
  })
})

describe('bucketName', () => {
  const bucketScope = fc
    .tuple(anyScope, fc.constantFrom('111111111111', '222222222222'))
    .map(([s, accountId]) => ({
      ...s,
      accountId,
      region: 'us-west-2',
    }))

  it('is what S3 takes', () => {
    fc.assert(
      fc.property(
        bucketScope,
        fc.oneof(word, fc.constantFrom('sthree-x', 'amzn-s3-demo-x', 'xn--x')),
        (where, base) => {
          const name = bucketName(where, base)
          expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/)
          expect(name).not.toMatch(/^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|--x-s3|--table-s3)$/)
        },
      ),
    )
  })

  it('says what it is and for which stack', () => {
    const where = { ...scope, ...account, stack: 'feature-x-1a2b3c4d' }
    expect(bucketName(where, 'acme-ocean-input')).toMatch(
      /^acme-ocean-input-feature-x-1a2b3c4d-[0-9a-f]{10}$/,
    )
    expect(bucketName(where, ownBucketBase({ ...scope, owner: 'jane' }, 'logs'))).toMatch(
      /^ocean-pipelines-jane-logs-/,
    )
  })

  it('differs for every stack, account, project, owner and use', () => {
    fc.assert(
      fc.property(fc.tuple(bucketScope, word), fc.tuple(bucketScope, word), ([a, baseA], [b, baseB]) => {
        const isSame = JSON.stringify([a, baseA]) === JSON.stringify([b, baseB])
        expect(bucketName(a, baseA) === bucketName(b, baseB)).toBe(isSame)
      }),
    )
  })
})

describe('previewStackName', () => {
  it('is a slug of the branch and a hash of its exact name', () => {
    expect(previewStackName('feature/QC_rules')).toMatch(/^feature-qc-rules-[0-9a-f]{8}$/)
    expect(previewStackName('a/b')).not.toBe(previewStackName('a-b'))
    expect(previewStackName('prod')).not.toBe('prod')
  })

  it('is what Pulumi takes, and differs for every branch', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(previewStackName(a)).toMatch(/^[a-z0-9][a-z0-9-]{0,99}$/)
        expect(previewStackName(a) === previewStackName(b)).toBe(a === b)
      }),
    )
  })
})
