import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../contracts.ts'
import { Dataset, type Variable, variable } from '../../dataset/dataset.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { recordingLog } from '../testing/run-configuration.ts'
import { CSVWriter } from './csv-writer.ts'

const expected = JSON.parse(readFileSync(new URL('fixtures/csv.json', import.meta.url), 'utf8')) as Record<
  string,
  string
> & { general: string[][] }
const root = mkdtempSync(join(tmpdir(), 'csv-writer-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function write(dataset: Dataset, parameters: JsonObject = {}, log = recordingLog()) {
  const folder = mkdtempSync(join(root, 'out-'))
  await new CSVWriter(parameters).write(dataset, { folder, name: 'a.csv', values: {}, log })
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

const instants = ['2022-01-01T00:00:00Z', '2022-01-01T00:00:01Z', '2022-01-02T12:34:56Z']
const nanoseconds = (text: string, more = 0n) => BigInt(Date.parse(text)) * 1_000_000n + more
const time = (texts = instants, more = 0n) =>
  variable(
    ['time'],
    [texts.length],
    'datetime64[ns]',
    BigInt64Array.from(texts, (text) => nanoseconds(text, more)),
  )
const columns = (): [string, Variable][] => [
  ['x', variable(['time'], [3], 'float64', Float64Array.of(1, Number.NaN, 1e-7))],
  ['f32', variable(['time'], [3], 'float32', Float32Array.of(0.1, 1e20, -0))],
  ['n', variable(['time'], [3], 'int64', BigInt64Array.of(1n, -2n, 2n ** 60n))],
  ['s', variable(['time'], [3], 'str', TextArray.from(['plain', 'a,b', 'say "hi"']))],
  ['b', variable(['time'], [3], 'bool', Uint8Array.of(1, 0, 1))],
  ['lat', variable([], [], 'float64', Float64Array.of(36.5))],
]
const dataset = (names?: string[], index = time()) =>
  new Dataset({
    coords: new Map([['time', index]]),
    dataVars: new Map(columns().filter(([name]) => !names || names.includes(name))),
  })
const dateFormat = '%Y-%m-%d %H:%M:%S %Z'

describe('CSVWriter: the tables that pandas writes', () => {
  it('with the default date format', async () => {
    const files = await write(dataset(), { to_csv_kwargs: { date_format: dateFormat } })
    expect(files['a.time.1d.csv']).toBe(expected.default)
  })

  it('with times as short as they can be', async () => {
    expect((await write(dataset()))['a.time.1d.csv']).toBe(expected.plain)
    const fraction = await write(dataset(['x'], time(instants, 1_500_000n)))
    expect(fraction['a.time.1d.csv']).toBe(expected.fraction)
    const one = new Dataset({
      coords: new Map([['time', time(instants.slice(0, 1))]]),
      dataVars: new Map([['x', variable(['time'], [1], 'float64', Float64Array.of(1))]]),
    })
    expect((await write(one))['a.time.1d.csv']).toBe(expected.midnight)
  })

  it('with every option', async () => {
    const files = await write(dataset(['x', 'f32', 'n']), {
      to_csv_kwargs: {
        sep: ';',
        na_rep: 'NA',
        float_format: '%.3f',
        decimal: ',',
        lineterminator: '\r\n',
        date_format: '%d %b %Y %I:%M %p %j %%',
      },
    })
    expect(files['a.time.1d.csv']).toBe(expected.options)
  })

  it('for each dim but time, in the order that is asked for', async () => {
    const grid = new Dataset({
      coords: new Map([
        ['time', time()],
        ['z', variable(['z'], [2], 'float64', Float64Array.of(10, 20))],
      ]),
      dataVars: new Map([
        ['u', variable(['time', 'z'], [3, 2], 'float64', Float64Array.from([0, 1, 2, 3, 4, 5]))],
        ['level', variable(['z'], [2], 'int32', Int32Array.of(7, 8))],
        ['cube', variable(['time', 'z', 'w'], [3, 2, 1], 'float64', new Float64Array(6))],
      ]),
    })
    const log = recordingLog()
    const files = await write(grid, { dim_order: ['time', 'z'] }, log)
    expect(Object.keys(files)).toEqual(['a.attrs.csv', 'a.hdr.csv', 'a.time.1d.csv', 'a.z.2d.csv'])
    expect(files['a.z.2d.csv']).toBe(expected.grid)
    expect((await write(grid, { dim_order: ['z'] }))['a.z.2d.csv']).toBe(expected.grid_by_z)
    expect(log.lines).toEqual([['Variable:NotWritten', expect.objectContaining({ variable: 'cube' })]])
  })

  it.each(['%g', '%.3g', '%e', '%.2E', '%8.2f', '%f'].map((format, row) => ({ format, row })))(
    'floats by $format',
    async ({ format, row }) => {
      const values = [0.0, 1.0, 123456789.0, 0.00001234, -1.5, 1e100, 100000.0, 999999.5]
      const index = BigInt64Array.from(values, (_, i) => BigInt(i))
      const data = new Dataset({
        coords: new Map([['time', variable(['time'], [values.length], 'datetime64[s]', index)]]),
        dataVars: new Map([['x', variable(['time'], [values.length], 'float64', Float64Array.from(values))]]),
      })
      const files = await write(data, { to_csv_kwargs: { float_format: format } })
      const written = files['a.time.1d.csv']?.trimEnd().split('\n').slice(1)
      expect(written?.map((line) => line.split(',')[1])).toEqual(expected.general[row])
    },
  )

  it('refuses formats that it does not know', async () => {
    await expect(write(dataset(), { to_csv_kwargs: { float_format: '%d' } })).rejects.toThrow(
      'float_format "%d"',
    )
    await expect(write(dataset(), { to_csv_kwargs: { date_format: '%Q' } })).rejects.toThrow(
      '%Q is not supported',
    )
  })

  it('masks fills, and lists attributes once a variable', async () => {
    const data = dataset(['x', 'lat'])
    data.get('x')?.attrs.set('_FillValue', 1).set('units', 'm, or so')
    data.get('lat')?.attrs.set('valid_range', { dtype: 'float64', values: [-90, 90], scalar: false })
    data.attrs.set('title', 'a, b').set('numbers', { dtype: 'int64', values: [1n, 2n], scalar: false })
    const files = await write(data)
    expect(files['a.attrs.csv']).toBe('name,units,valid_range\nx,"m, or so",\nlat,,[-90.0 90.0]\n')
    expect(files['a.hdr.csv']).toBe('title,a, b\nnumbers,[1 2]\n')
    expect(files['a.time.1d.csv']?.split('\n')[1]).toBe('2022-01-01 00:00:00,,36.5')
  })
})
