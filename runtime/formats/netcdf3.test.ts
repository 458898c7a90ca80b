import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isSluiceError } from '../errors.ts'
import { readNetcdf3 } from './netcdf3.ts'

const fixtures = join(import.meta.dirname, 'fixtures/netcdf')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netcdf3-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function put(bytes: Uint8Array): string {
  const path = join(folder, 'x.nc')
  writeFileSync(path, bytes)
  return path
}

/** Why the bytes cannot be read, if so; any failure but an InputError fails the test. */
function failure(bytes: Uint8Array): string | undefined {
  try {
    readNetcdf3(put(bytes))
    return undefined
  } catch (error) {
    if (!isSluiceError(error, 'input')) throw error
    return error.message
  }
}

/** Big-endian 32-bit words and texts, as a header is made of. */
function header(...parts: (number | string)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string')
        return Buffer.concat([Buffer.from(part), Buffer.alloc((4 - (part.length % 4)) % 4)])
      const word = Buffer.alloc(4)
      word.writeUInt32BE(part)
      return word
    }),
  )
}

const magic = 'CDF\x01'

describe('readNetcdf3', () => {
  it.each(['types_cdf1.nc', 'records_cdf2.nc', 'single_record_variable_cdf5.nc', 'nothing_cdf1.nc'])(
    'refuses %s, wherever it is cut',
    (name) => {
      const whole = readFileSync(join(fixtures, name))
      const lengths = Array.from({ length: whole.length }, (_, length) => length)
      const readable = lengths.filter((length) => failure(whole.subarray(0, length)) === undefined)
      // The last 3 bytes may be nothing but padding.
      expect(readable.filter((length) => length < whole.length - 3)).toEqual([])
    },
  )

  it('counts the records itself where the header leaves them open', () => {
    const path = join(fixtures, 'records_cdf1.nc')
    const open = Buffer.from(readFileSync(path))
    open.fill(0xff, 4, 8)
    const expected = readNetcdf3(path)
    const found = readNetcdf3(put(open))
    expect(found.get('r_i2')).toEqual(expected.get('r_i2'))
    expect(found.get('wide_byte')).toEqual(expected.get('wide_byte'))
  })

  it('reads only what was asked for, and the coordinates of its dimensions', () => {
    const path = join(fixtures, 'coordinates_cdf1.nc')
    const names = (selection: object): string[] =>
      [...readNetcdf3(path, selection).variables()].map(([name]) => name)
    expect(names({ names: new Set(['w']) })).toEqual(['time', 'w'])
    expect(names({ without: new Set(['v', 'lat', 'lon']) })).toEqual(['time', 'alt', 'site', 'w'])
  })

  it('reads more records than fit one block, and a header that is longer than the first read', () => {
    const records = 300_000
    const attribute = 'x'.repeat(100_000)
    const start = header(
      magic,
      records,
      10,
      1,
      4,
      'time',
      0,
      12,
      1,
      4,
      'long',
      2,
      attribute.length,
      attribute,
      11,
      2,
    )
    const shared = [1, 0, 0, 0] as const
    const length = start.length + 2 * (8 + 4 * shared.length + 12)
    const file = Buffer.concat([
      start,
      header(4, 'tiny', ...shared, 3, 4, length),
      header(4, 'wide', ...shared, 6, 8, length + 4),
      Buffer.alloc(records * 12),
    ])
    for (let i = 0; i < records; i++) {
      file.writeInt16BE((i % 1000) - 500, length + i * 12)
      file.writeDoubleBE(i / 4, length + i * 12 + 4)
    }
    const dataset = readNetcdf3(put(file))
    expect(dataset.get('tiny')!.data).toEqual(
      Int16Array.from({ length: records }, (_, i) => (i % 1000) - 500),
    )
    expect(dataset.get('wide')!.data).toEqual(Float64Array.from({ length: records }, (_, i) => i / 4))
    expect(dataset.attrs.get('long')).toBe(attribute)
  })

  it.each([
    ['no netCDF at all', Buffer.from('hello, world'), /does not begin with CDF/],
    ['an unknown version', header('CDF\x03', 0, 0, 0, 0, 0, 0, 0), /does not begin with CDF/],
    ['a wrong tag', header(magic, 0, 77, 1, 4, 'time', 3), /tag 77 where its dimensions \(tag 10\) belong/],
    [
      'two record dimensions',
      header(magic, 0, 10, 2, 1, 'a', 0, 1, 'b', 0, 0, 0, 0, 0),
      /more than one record/,
    ],
    ['an unknown type', header(magic, 0, 0, 0, 12, 1, 1, 'a', 9, 1, 0, 0, 0), /unknown type 9/],
    ['a list without end', header(magic, 0, 10, 0x7fff_ffff), /impossible length/],
    [
      'a dimension that is not there',
      header(magic, 0, 0, 0, 0, 0, 11, 1, 1, 'v', 1, 5, 0, 0, 6, 8, 100),
      /v: dimension number 5 cannot stand at place 1/,
    ],
    [
      'more values than the file holds',
      header(magic, 0, 10, 1, 1, 'x', 0x7fff_ffff, 0, 0, 11, 1, 1, 'v', 1, 0, 0, 0, 6, 8, 80),
      /the values of v end at byte 17179869256, and the file at byte 80/,
    ],
    [
      'one name twice',
      header(magic, 0, 0, 0, 0, 0, 11, 2, 1, 'v', 0, 0, 0, 4, 4, 0, 1, 'v', 0, 0, 0, 4, 4, 0),
      /variable v twice/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readNetcdf3(put(bytes))).toThrow(message)
  })

  it('never fails but by an InputError, whatever byte is changed', () => {
    const whole = readFileSync(join(fixtures, 'types_cdf1.nc'))
    for (let place = 0; place < whole.length; place++) {
      const bytes = Buffer.from(whole)
      bytes[place]! ^= 0xff
      failure(bytes)
    }
  })
})
