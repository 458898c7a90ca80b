import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { cdlValue, showCdl } from './cdl.ts'
import { readNetcdfHeader } from './netcdf-header.ts'
import { hasProgram, ncdump } from './netcdf-oracles.ts'

const fixtures = path.join(import.meta.dirname, 'fixtures')
const show = async (file: string) => `${showCdl(path.basename(file, '.nc'), await readNetcdfHeader(file))}\n`
const filesIn = (folder: string) =>
  readdirSync(path.join(fixtures, folder)).filter((name) => name.endsWith('.nc'))

describe('a header as ncdump shows it', () => {
  it.each(filesIn('cdl'))('of %s', async (name) => {
    const file = path.join(fixtures, 'cdl', name)
    expect(await show(file)).toBe(readFileSync(file.replace(/\.nc$/, '.txt'), 'utf8'))
  })

  // Enumerations have a name of their own, which HDF5's library gives us no way to read.
  const compared = filesIn('netcdf').filter((name) => name !== 'netcdf4_only_nc4.nc')
  describe.skipIf(!hasProgram('ncdump'))('(compared with ncdump, if that is installed)', () => {
    it.each(compared)('of %s', async (name) => {
      const file = path.join(fixtures, 'netcdf', name)
      expect(await show(file)).toBe(ncdump('-h', file))
    })
  })

  it('says what cannot be named', async () => {
    expect(await show(path.join(fixtures, 'netcdf/netcdf4_only_nc4.nc'))).toContain('\tenum sky(x) ;\n')
  })
})

describe('names', () => {
  it.each([
    ['a b', 'a\\ b'],
    ['0start', '\\0start'],
    ['a.b-c+d@e%f(g)', 'a.b-c+d@e%f\\(g\\)'],
    ['é😀', 'é😀'],
    ['\u001b[31m', '\\x1b\\[31m'],
  ])('%j is %s', (name, shown) => {
    const root = { name: '', dims: [], variables: [], attrs: [], groups: [] }
    expect(showCdl(name, { format: 'netCDF-4', root })).toBe(`netcdf ${shown} {\n}`)
  })
})

describe('values of attributes', () => {
  it.each([
    [1, 'double', '1.'],
    [-0, 'double', '-0.'],
    [0.1, 'double', '0.1'],
    [0.0001, 'double', '0.0001'],
    [0.00001, 'double', '1.e-05'],
    [123456789012345680000, 'double', '1.23456789012346e+20'],
    [Math.fround(1e20), 'float', '1.e+20f'],
    [9999999, 'float', '9999999.f'],
    [10000000, 'float', '1.e+07f'],
    [Number.NEGATIVE_INFINITY, 'float', '-Infinityf'],
    [2n ** 64n - 1n, 'uint64', '18446744073709551615ULL'],
    [-1n, 'int64', '-1LL'],
    [7, 'int', '7'],
    ['it\'s "so"\n', 'char', '"it\\\'s \\"so\\"\\n"'],
  ] as const)('%s as %s is %s', (value, type, text) => {
    expect(cdlValue(value, type)).toBe(text)
  })
})

describe('files without a header', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'netcdf-header-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['', /^x\.nc: the file is empty$/],
    ['a,b\n1,2\n', /^x\.nc: not a netCDF file: it begins neither as netCDF-3 nor as HDF5 does$/],
    ['CDF\x07aaaaaaa', /x\.nc: the netCDF-3 file is damaged/],
    ['\x89HDF\r\n\x1a\nnothing more', /x\.nc: the netCDF-4 file is damaged or cannot be read: .+/],
  ])('%j is refused in one line', async (content, message) => {
    const file = path.join(folder, 'x.nc')
    writeFileSync(file, content, 'latin1')
    const error = await readNetcdfHeader(file).catch((e: Error) => e)
    const text = (error as Error).message.replaceAll(`${folder}/`, '')
    expect(text).toMatch(message)
    expect(text).not.toContain('\n')
  })

  it('says that there is none, or that it is a folder', async () => {
    await expect(readNetcdfHeader(path.join(folder, 'none.nc'))).rejects.toThrow('there is no such file')
    await expect(readNetcdfHeader(folder)).rejects.toThrow('is no file')
  })
})
