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
    const expected = { 1: { frames: 15, seconds: 0.9 }, 7: { frames: 441, seconds: 4.41 } }
    expect(await indexOf(ftyp, moov)).toEqual(expected)
    expect(await indexOf(ftyp, box('mdat', Buffer.alloc(100)), moov)).toEqual(expected)
    const large = Buffer.concat([words(1), Buffer.from('mdat'), words(0, 116), Buffer.alloc(100)])
    expect(await indexOf(ftyp, large, moov)).toEqual(expected)
  })

  it('believes a track that says how long it is', async () => {
    const moov = (ticks: number) => box('moov', lasting(ticks, 1, stts(10, 40)))
    expect(await indexOf(ftyp, moov(500))).toEqual({ 1: { frames: 10, seconds: 0.5 } })
    expect(await indexOf(ftyp, moov(0xffffffff))).toEqual({ 1: { frames: 10, seconds: 0.4 } })
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
