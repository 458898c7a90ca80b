import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromValues } from '../dataset/create.ts'
import { Dataset, variable } from '../dataset/dataset.ts'
import { isSluiceError } from '../errors.ts'
import { plainAttrs, variablesOf } from './netcdf-plain.ts'
import type { ReadNetcdf4Options } from './netcdf4.ts'
import { readNetcdf4, writeNetcdf4 } from './netcdf4.ts'

const fixtures = join(import.meta.dirname, 'fixtures')
const odd = join(fixtures, 'hdf5/odd.h5')
const good = join(fixtures, 'netcdf/netcdf4_only_nc4.nc')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netcdf4-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)
const namesOf = (dataset: Dataset): string[] => [...dataset.variables()].map(([name]) => name)
const show = (dataset: Dataset): string =>
  createHash('sha256')
    .update(JSON.stringify([variablesOf(dataset), plainAttrs(dataset.attrs)]))
    .digest('hex')

/** What is read, as a hash, or why nothing is; any failure but an InputError fails the test. */
async function outcome(
  path: string,
  options: ReadNetcdf4Options = {},
): Promise<{ read?: string; why?: string }> {
  try {
    return { read: show(await readNetcdf4(path, options)) }
  } catch (error) {
    if (!isSluiceError(error, 'input')) throw error
    return { why: error.message }
  }
}

/** A series as pipelines write it: what is in it is compressed, so every bit of it is checked. */
function series(length: number): Dataset {
  const dataset = new Dataset({ attrs: new Map([['title', 'a series']]) })
  const time = BigInt64Array.from({ length }, (_, i) => BigInt(i) * 600n * 10n ** 9n)
  const encoding = { units: 'seconds since 1970-01-01' }
  dataset.coords.set('time', variable(['time'], [length], 'datetime64[ns]', time, new Map(), encoding))
  for (const name of ['temp', 'wind', 'depth']) {
    const values = Float64Array.from(
      { length },
      (_, i) => Math.round(Math.sin(i * i + name.length) * 1000) / 1000,
    )
    dataset.dataVars.set(name, variable(['time'], [length], 'float64', values, new Map([['units', 'm']])))
    dataset.dataVars.set(`qc_${name}`, variable(['time'], [length], 'int32', new Int32Array(length)))
  }
  return dataset
}

describe('readNetcdf4', () => {
  it('reads HDF5 without dimension scales, and text that is not UTF-8', async () => {
    const without = new Set(['half', 'pairs'])
    const dataset = await readNetcdf4(odd, { without })
    expect(namesOf(dataset).toSorted()).toEqual([
      'empty',
      'fixed_text',
      'latin',
      'plain',
      'square',
      'userblockless',
      'x',
    ])
    expect(dataset.get('plain')!.dims).toEqual(['phony_dim_1', 'x'])
    expect(dataset.get('square')!.dims).toEqual(['phony_dim_3', 'phony_dim_4'])
    expect(plainAttrs(dataset.get('latin')!.attrs)).toEqual({ units: '°C', texts: ['one', 'three'] })
    expect(namesOf(await readNetcdf4(odd, { group: 'deep/er/' }))).toEqual(['v'])
  })

  it.each(['half', 'pairs'])('refuses a variable of a type that no array can hold (%s)', async (name) => {
    await expect(readNetcdf4(odd, { names: new Set([name]) })).rejects.toThrow(`odd.h5: ${name}: its type`)
  })

  it('refuses a group that is not there', async () => {
    await expect(readNetcdf4(odd, { group: 'deep/down' })).rejects.toThrow(
      /odd\.h5: there is no group "deep\/down"/,
    )
    await expect(readNetcdf4(odd, { group: 'plain' })).rejects.toThrow(/there is no group "plain"/)
  })

  it('reads only what was asked for, and the coordinates of its dimensions', async () => {
    expect(namesOf(await readNetcdf4(good, { names: new Set(['text', 'nowhere']) }))).toEqual([
      'time',
      'text',
    ])
  })

  it.each([
    ['an empty file', ''],
    ['text', 'DateTime,Temp\n2022-01-01,5\n'],
    ['only a signature', '\x89HDF\r\n\x1a\n'],
  ])('refuses %s', async (_, content) => {
    writeFileSync(at('no.nc'), Buffer.from(content, 'latin1'))
    expect((await outcome(at('no.nc'))).why).toMatch(/no\.nc: (?:not a netCDF|the netCDF-4 file is damaged)/)
  })

  it('reads what is right or refuses, wherever one bit is wrong', async () => {
    await writeNetcdf4(series(12_000), at('right.nc'))
    const whole = readFileSync(at('right.nc'))
    const right = await outcome(at('right.nc'))
    const damaged = at('damaged.nc')
    let refused = 0
    for (let trial = 0; trial < 200; trial++) {
      const bytes = Buffer.from(whole)
      const place = Math.floor(((trial + 0.5) / 200) * whole.length)
      bytes[place]! ^= 1 << (trial % 8)
      writeFileSync(damaged, bytes)
      const found = await outcome(damaged)
      if (found.why) refused++
      else expect(found, `byte ${place}`).toEqual(right)
    }
    expect(refused).toBeGreaterThan(150)
  })

  it('reads what is right or refuses, wherever one bit of what describes the data is wrong', async () => {
    await writeNetcdf4(series(40), at('right.nc'))
    const whole = readFileSync(at('right.nc'))
    const right = await outcome(at('right.nc'))
    let refused = 0
    for (let place = 0; place < whole.length; place += 97) {
      const bytes = Buffer.from(whole)
      bytes[place]! ^= 1 << (place % 8)
      writeFileSync(at('damaged.nc'), bytes)
      const found = await outcome(at('damaged.nc'))
      if (found.why) refused++
      else expect(found, `byte ${place}`).toEqual(right)
    }
    expect(refused).toBeGreaterThan(30)
  })

  it('refuses a file that is cut, wherever it is', async () => {
    await writeNetcdf4(series(5000), at('right.nc'))
    const whole = readFileSync(at('right.nc'))
    for (let trial = 0; trial < 200; trial++) {
      writeFileSync(at('cut.nc'), whole.subarray(0, Math.floor((trial / 200) * whole.length)))
      expect((await outcome(at('cut.nc'))).why, `cut ${trial}`).toMatch(/cut\.nc: /)
    }
  })

  it('sees that a damaged file was mended in place', async () => {
    const whole = readFileSync(good)
    writeFileSync(at('mended.nc'), whole.subarray(0, whole.length - 2000))
    expect((await outcome(at('mended.nc'))).why).toMatch(/mended\.nc: /)
    writeFileSync(at('mended.nc'), whole)
    expect(await outcome(at('mended.nc'))).toEqual(await outcome(good))
    copyFileSync(odd, at('mended.nc'))
    expect(namesOf(await readNetcdf4(at('mended.nc'), { names: new Set(['plain']) })).toSorted()).toEqual([
      'plain',
      'x',
    ])
  })

  it('reads an index of many chunks, and finds a flipped bit in it', async () => {
    const path = join(fixtures, 'netcdf/many_chunks_nc4.nc')
    const whole = readFileSync(path)
    // A chunk that is missing on purpose cannot be told from one that is missing by accident.
    const names = new Set(['line', 'grid'])
    const right = await outcome(path, { names })
    const nodes: number[] = []
    for (let place = whole.indexOf('TREE'); place >= 0; place = whole.indexOf('TREE', place + 4))
      nodes.push(place)
    expect(nodes.length).toBeGreaterThan(5)
    let refused = 0
    for (const node of nodes) {
      for (let place = node + 24; place < node + 24 + 400; place += 17) {
        const bytes = Buffer.from(whole)
        bytes[place]! ^= 1 << (place % 8)
        writeFileSync(at('tree.nc'), bytes)
        const found = await outcome(at('tree.nc'), { names })
        if (found.why) refused++
        else expect(found, `byte ${place}`).toEqual(right)
      }
    }
    expect(refused).toBeGreaterThan(20)
  })

  it('pads what is shorter than its unlimited dimension', async () => {
    const dataset = await readNetcdf4(good)
    expect(dataset.get('short')!.shape).toEqual([6, 3])
    expect(Array.from(dataset.get('short')!.data as Float32Array).slice(-6)).toEqual([-1, -1, -1, -1, -1, -1])
    expect(Array.from(dataset.get('short_default')!.data as Int32Array)).toEqual([
      1,
      2,
      ...Array.from({ length: 4 }, () => -2147483647),
    ])
  })

  it('reads a hundred files one after the other without keeping any open', async () => {
    const dataset = new Dataset()
    dataset.dataVars.set('v', fromValues(['time'], [3], 'float64', [1, 2, 3]))
    for (let i = 0; i < 100; i++) {
      await writeNetcdf4(dataset, at('again.nc'))
      expect((await readNetcdf4(at('again.nc'))).get('v')!.data).toEqual(Float64Array.of(1, 2, 3))
    }
  })
})
