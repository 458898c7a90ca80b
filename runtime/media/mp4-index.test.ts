import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readMp4Index } from './mp4-index.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-mp4-'))
afterAll(() => rmSync(folder, { recursive: true }))

const words = (...numbers: number[]) => {
  const bytes = Buffer.alloc(numbers.length * 4)
  for (const [i, number] of numbers.entries()) bytes.writeUInt32BE(number, i * 4)
  return bytes
}
const box = (name: string, ...content: Buffer[]) => {
  const body = Buffer.concat(content)
  return Buffer.concat([words(body.length + 8), Buffer.from(name, 'latin1'), body])
}
const ftyp = box('ftyp', Buffer.from('isom'), words(512))
/** Of a track with these tables; times count in thousandths of a second. */
const trak = (id: number, ...tables: Buffer[]) => lasting(0, id, ...tables)
const lasting = (ticks: number, id: number, ...tables: Buffer[]) =>
  box(
    'trak',
    box('tkhd', words(0, 0, 0, id)),
    box('mdia', box('mdhd', words(0, 0, 0, 1000, ticks)), box('minf', box('stbl', ...tables))),
  )
const stts = (...entries: number[]) => box('stts', words(0, entries.length / 2, ...entries))

async function indexOf(...boxes: Buffer[]) {
  const file = path.join(folder, 'x.mp4')
  writeFileSync(file, Buffer.concat(boxes))
  const found = await readMp4Index(file)
  return found instanceof Map ? Object.fromEntries(found) : found
}

describe('readMp4Index', () => {
  it('sums each track up', async () => {
    const moov = box('moov', trak(1, stts(10, 40, 5, 100)), trak(7, stts(441, 10)))
    const expected = {
      1: { frames: 15, seconds: 0.9, shownSeconds: 0.9 },
      7: { frames: 441, seconds: 4.41, shownSeconds: 4.41 },
    }
    expect(await indexOf(ftyp, moov)).toEqual(expected)
    expect(await indexOf(ftyp, box('mdat', Buffer.alloc(100)), moov)).toEqual(expected)
    const large = Buffer.concat([words(1), Buffer.from('mdat'), words(0, 116), Buffer.alloc(100)])
    expect(await indexOf(ftyp, large, moov)).toEqual(expected)
  })

  it('believes a track that says how long it is', async () => {
    const moov = (ticks: number) => box('moov', lasting(ticks, 1, stts(10, 40)))
    expect(await indexOf(ftyp, moov(500))).toEqual({ 1: { frames: 10, seconds: 0.5, shownSeconds: 0.5 } })
    expect(await indexOf(ftyp, moov(0xffffffff))).toEqual({
      1: { frames: 10, seconds: 0.4, shownSeconds: 0.4 },
    })
  })

  it.each([
    ['a part', [[300, 50, 0x10000]], 0.3],
    ['all, but for rounding', [[401, 2, 0x10000]], 0.4],
    ['all of what there is', [[90_000, 0, 0x10000]], 0.4],
    ['all, without a duration', [[0, 2, 0x10000]], 0.4],
    [
      'two parts, after a pause',
      [
        [500, 0xffffffff, 0x10000],
        [100, 0, 0x10000],
        [150, 200, 0x10000],
      ],
      0.25,
    ],
    ['nothing but a pause', [[500, 0xffffffff, 0x10000]], 0.4],
  ])('follows an edit list that shows %s', async (_, edits, shownSeconds) => {
    const ofMovie = (ticks: number[][], long: boolean) => {
      const wide = (n: number, signed = false) => words(signed && n === 0xffffffff ? n : 0, n)
      const entries = ticks.map(([duration = 0, from = 0, rate = 0]) =>
        long ? Buffer.concat([wide(duration), wide(from, true), words(rate)]) : words(duration, from, rate),
      )
      const elst = box('elst', words(long ? 0x01000000 : 0, ticks.length), ...entries)
      const track = box('trak', trak(1, stts(10, 40)).subarray(8), box('edts', elst))
      return box('moov', box('mvhd', words(0, 0, 0, 1000)), track)
    }
    for (const long of [false, true]) {
      const found = await indexOf(ftyp, ofMovie(edits, long))
      expect(found).toMatchObject({ 1: { frames: 10, seconds: 0.4 } })
      expect(found).toHaveProperty('1.shownSeconds', expect.closeTo(shownSeconds, 9))
    }
  })

  it('has nothing to say of other files', async () => {
    expect(await indexOf(Buffer.from('no video, but some text'))).toBeUndefined()
    expect(await indexOf(Buffer.from('short'))).toBeUndefined()
  })

  it.each([
    ['more entries than bytes', box('moov', trak(1, box('stts', words(0, 0xffffffff, 1, 1))))],
    ['more sizes than bytes', box('moov', trak(1, box('stsz', words(0, 0, 0xffffffff, 1))))],
    ['a table in a box of another kind', box('moov', box('abcd', box('stco', words(0, 0xfffffff))))],
    ['a table without a count', box('moov', box('stsc', words(0)))],
    ['a run of frames that takes no bytes', box('moof', box('trun', words(0, 0xffffffff)))],
    ['a run of frames beyond its end', box('moof', box('trun', words(0x100, 100, 1)))],
    ['a box of no size', Buffer.concat([words(3), Buffer.from('moov')])],
    ['a hundred thousand boxes', Buffer.concat(Array.from({ length: 100_002 }, () => box('free')))],
  ])('is unsound with %s', async (_, bytes) => expect(await indexOf(ftyp, bytes)).toBe('unsound'))

  it('is sound with constant sizes, and with what was cut off in its data', async () => {
    expect(
      await indexOf(ftyp, box('moov', trak(1, box('stsz', words(0, 4, 158_000_000)), stts(1, 1)))),
    ).toHaveProperty('1')
    expect(
      await indexOf(ftyp, box('moov', trak(1, stts(1, 1))), words(5000), Buffer.from('mdat')),
    ).toHaveProperty('1')
  })
})
