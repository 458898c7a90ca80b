import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareKeys } from '../run/object-listing.ts'
import { shardOf } from '../run/shards.ts'
import {
  collapseSequences,
  type FrameSequence,
  frameMatcher,
  type ListedFile,
  middleFrame,
  type SingleFile,
  sequenceEtag,
} from './sequences.ts'

const usual = { minLength: 5, minPadding: 3 }

const listed = (key: string): ListedFile => ({
  key,
  size: 10,
  etag: `etag of ${key}`,
  lastModified: new Date(0),
})

async function collapse(keys: readonly string[], options = usual) {
  async function* files() {
    for (const key of keys.toSorted(compareKeys)) yield listed(key)
  }
  const entries: (SingleFile | FrameSequence)[] = []
  for await (const entry of collapseSequences(files(), options)) entries.push(entry)
  return entries
}

const keysOf = async (keys: readonly string[], options = usual) =>
  (await collapse(keys, options)).map(({ key }) => key)

/** `render_####.png` for these numbers. */
const frames = (pattern: string, start: number, end: number, step = 1) => {
  const digits = /#+/.exec(pattern)?.[0] ?? ''
  const keys: string[] = []
  for (let i = start; i <= end; i += step)
    keys.push(pattern.replace(digits, String(i).padStart(digits.length, '0')))
  return keys
}

describe('collapseSequences', () => {
  it.each<[string, string[], string[]]>([
    ['frames', frames('render_####.png', 1, 100), ['render_[0001-0100].png']],
    ['numbers alone', frames('s/####.exr', 1, 5), ['s/[0001-0005].exr']],
    [
      'a number that stays the same beside that of the frame',
      frames('sparks_######_00.bphys', 800, 810),
      ['sparks_[000800-000810]_00.bphys'],
    ],
    ['a version that stays the same', frames('shot_v001_####.exr', 50, 60), ['shot_v001_[0050-0060].exr']],
    [
      'versions, each with its own frames',
      [...frames('shot_v001_####.exr', 1, 5), ...frames('shot_v002_####.exr', 1, 6)],
      ['shot_v001_[0001-0005].exr', 'shot_v002_[0001-0006].exr'],
    ],
    ['caches', frames('smoke_####.vdb', 0, 9), ['smoke_[0000-0009].vdb']],
    ['dots', frames('beauty.####.exr', 1, 5), ['beauty.[0001-0005].exr']],
    ['just enough frames', frames('a_###.png', 1, 5), ['a_[001-005].png']],
    [
      'gaps, at which a sequence is split',
      [...frames('a_####.png', 1, 10), ...frames('a_####.png', 20, 24)],
      ['a_[0001-0010].png', 'a_[0020-0024].png'],
    ],
    ['%03d that comes to 1000', frames('a_###.png', 997, 1003), ['a_[997-1003].png']],
    [
      'two paddings, which are two sequences',
      [...frames('a_###.png', 1, 5), ...frames('a_####.png', 1, 5)],
      ['a_[001-005].png', 'a_[0001-0005].png'],
    ],
    [
      'the same names in two folders',
      [...frames('a/r_####.png', 1, 5), ...frames('b/r_####.png', 1, 5)],
      ['a/r_[0001-0005].png', 'b/r_[0001-0005].png'],
    ],
    [
      'extensions',
      [...frames('r_####.png', 1, 5), ...frames('r_####.exr', 1, 5)],
      ['r_[0001-0005].exr', 'r_[0001-0005].png'],
    ],
  ])('joins %s', async (_, keys, expected) => {
    expect((await keysOf(keys)).toSorted()).toEqual(expected.toSorted())
  })

  it.each<[string, string[]]>([
    ['too few frames', frames('a_####.png', 1, 4)],
    ['versions', frames('file_v###.png', 1, 20)],
    ['versions with _', frames('file_v_###.png', 1, 20)],
    ['too few digits', frames('file_##.png', 1, 20)],
    ['every other frame', frames('a_####.png', 1, 99, 2)],
    ['two numbers that vary', Array.from({ length: 9 }, (_, i) => `t_00${i}_00${9 - i}.png`)],
    ['documents and videos', [...frames('page_####.pdf', 1, 9), ...frames('take_####.mov', 1, 9)]],
    ['times', Array.from({ length: 9 }, (_, i) => `shot_2024010112300${i}.png`)],
    ['numbers in folders', Array.from({ length: 9 }, (_, i) => `shot_000${i}/plate.png`)],
    ['numbers in the extension only', Array.from({ length: 9 }, (_, i) => `plate.000${i}`)],
    ['no numbers', ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png']],
  ])('leaves %s as they are', async (_, keys) => {
    expect((await keysOf(keys)).toSorted()).toEqual(keys.toSorted())
  })

  it('keeps to its options', async () => {
    expect(await keysOf(frames('a_##.png', 1, 2), { minLength: 2, minPadding: 2 })).toEqual(['a_[01-02].png'])
    const ten = frames('a_####.png', 1, 10)
    expect(await keysOf(ten, { minLength: 11, minPadding: 3 })).toEqual(ten)
  })

  it('tells all about a sequence', async () => {
    const [sequence] = (await collapse(frames('x/a_####.png', 7, 14))) as [FrameSequence]
    expect(sequence).toMatchObject({ startFrame: 7, endFrame: 14 })
    expect(sequence.frames.map(({ key }) => key)).toEqual(frames('x/a_####.png', 7, 14))
    expect(middleFrame(sequence).key).toBe('x/a_0011.png')
    const etag = sequenceEtag(sequence)
    expect(etag).toMatch(/^sequence-[0-9a-f]{40}$/)
    const changed = sequence.frames.with(3, { ...(sequence.frames[3] as ListedFile), etag: 'new' })
    expect(sequenceEtag({ ...sequence, frames: changed })).not.toBe(etag)
  })

  it('joins what folders and other files stand between', async () => {
    const keys = [
      ...frames('r_####.png', 1, 9),
      'r_0003/deep/file_0001.png',
      'r_0004.txt',
      'r_0005x.png',
      'r_.png',
    ]
    const found = await keysOf(keys)
    expect(found).toContain('r_[0001-0009].png')
    expect(found).toHaveLength(5)
  })

  it('gives every file just once, however names and folders mix; all frames in one shard', async () => {
    const part = fc.constantFrom(
      'a',
      'v',
      '_',
      '.',
      '001',
      '002',
      '003',
      '0004',
      '10',
      '[',
      '/',
      '.png',
      '.vdb',
      '.txt',
    )
    const key = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 60 }), async (keys) => {
        const entries = await collapse(keys, { minLength: 2, minPadding: 3 })
        const files = entries.flatMap((entry) =>
          entry.kind === 'file' ? [entry.key] : entry.frames.map((frame) => frame.key),
        )
        expect(files.toSorted()).toEqual(keys.toSorted())
        for (const entry of entries) {
          if (entry.kind === 'file') continue
          expect(entry.frames.length).toBeGreaterThanOrEqual(2)
          expect(entry.endFrame - entry.startFrame + 1).toBe(entry.frames.length)
          const matcher = frameMatcher(entry.key)
          for (const frame of entry.frames) {
            expect(matcher?.matches(frame.key)).toBe(true)
            expect(shardOf(frame.key, 101)).toBe(shardOf(entry.key, 101))
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is quick, and holds little, with many numbers and no sequence', async () => {
    async function* files() {
      for (let i = 0; i < 60_000; i++) yield listed(`a/${String(i * 2).padStart(7, '0')}.png`)
    }
    let count = 0
    for await (const entry of collapseSequences(files(), usual)) if (entry.kind === 'file') count++
    expect(count).toBe(60_000)
  })
})

describe('frameMatcher', () => {
  it.each([
    ['r_[0001-0100].png', 'r_0001.png', true],
    ['r_[0001-0100].png', 'r_0100.png', true],
    ['r_[0001-0100].png', 'r_0101.png', false],
    ['r_[0001-0100].png', 'r_001.png', false],
    ['r_[998-1002].png', 'r_1001.png', true],
    ['r_[0001-0100].png', 'r_00x1.png', false],
    ['r_[0001-0100].png', 'r_0001.exr', false],
    ['a/[001-010].vdb', 'a/005.vdb', true],
  ])('%s has %s: %s', (key, frame, expected) => expect(frameMatcher(key)?.matches(frame)).toBe(expected))

  it('is none of a file', () => {
    expect(frameMatcher('r_0001.png')).toBeUndefined()
    expect(frameMatcher('[001-005]/r.png')).toBeUndefined()
  })
})
