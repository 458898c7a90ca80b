import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Dataset, variable } from '../dataset/dataset.ts'
import { TextArray } from '../dataset/text-array.ts'
import { readA2e, writeA2e } from './a2e.ts'
import { bytesInput, fileInput } from './input-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'a2e-'))
})
afterEach(() => rm(folder, { recursive: true }))

const second = 1_000_000_000n

function sample(): Dataset {
  return new Dataset({
    coords: new Map([
      [
        'time',
        variable(
          ['time'],
          [2],
          'datetime64[ns]',
          new BigInt64Array([1_577_836_800n * second, 1_577_836_801n * second + 125_000_000n]),
          new Map([
            ['long_name', 'Time'],
            ['units', 'seconds since 1970-01-01'],
          ]),
        ),
      ],
      [
        'height',
        variable(['height'], [3], 'float32', new Float32Array([0.1, 10, 20]), new Map([['units', 'm']])),
      ],
    ]),
    dataVars: new Map([
      [
        'speed',
        variable(
          ['time', 'height'],
          [2, 3],
          'float64',
          new Float64Array([1, 2.5, Number.NaN, 4, 5, 6]),
          new Map([
            ['units', 'm/s'],
            ['long_name', 'Wind, "fast"'],
          ]),
        ),
      ],
      ['count', variable(['time'], [2], 'int16', new Int16Array([7, -8]))],
      [
        'label',
        variable(['time'], [2], 'str', TextArray.from(['007', 'a,"b"']), new Map([['long_name', 'Label']])),
      ],
      ['lat', variable([], [], 'float64', new Float64Array([36.6]))],
    ]),
    attrs: new Map<string, string | bigint>([
      ['title', 'A "title", of two\nlines'],
      ['version', 3n],
    ]),
  })
}

test('one file a group of dims, attributes above the table', async () => {
  const paths = await writeA2e(sample(), join(folder, 'site.met.b1.20200101.csv'))
  expect(paths.map((path) => path.slice(folder.length + 1))).toEqual([
    'site.met.b1.20200101.time.height.2d.a2e.csv',
    'site.met.b1.20200101.time.1d.a2e.csv',
  ])
  expect((await readdir(folder)).length).toBe(2)
  expect(await readFile(paths[1] as string, 'utf8')).toBe(
    `header=9
title="A "title", of two\\nlines"
version=3
time:dtype=datetime64[ns]
time:long_name="Time"
time:units="seconds since 1970-01-01"
count:dtype=int16
label:long_name="Label"
lat:dtype=float64
time,count,label,lat
2020-01-01 00:00:00.000000,7,007,36.6
2020-01-01 00:00:01.125000,-8,"a,""b""",36.6
`,
  )
})

test('what was written is read back, every attribute of it as text', async () => {
  const dataset = sample()
  const paths = await writeA2e(dataset, join(folder, 'x'))
  const [grid, line] = await Promise.all(paths.map(async (path) => readA2e(await fileInput(path))))
  expect(grid?.dims()).toEqual(
    new Map([
      ['time', 2],
      ['height', 3],
    ]),
  )
  expect(grid?.get('speed')).toEqual(dataset.get('speed'))
  expect(grid?.get('height')).toEqual(dataset.get('height'))
  expect(line?.get('time')).toEqual(dataset.get('time'))
  expect(line?.get('count')).toEqual(dataset.get('count'))
  expect(Array.from(line?.get('label')?.data as TextArray)).toEqual(['007', 'a,"b"'])
  expect(line?.get('lat')?.data).toEqual(new Float64Array([36.6, 36.6]))
  expect(line?.attrs).toEqual(
    new Map([
      ['title', 'A "title", of two\\nlines'],
      ['version', '3'],
    ]),
  )
})

test('only wanted columns are kept, besides the dims', async () => {
  const [, path] = await writeA2e(sample(), join(folder, 'x'))
  const dataset = await readA2e(await fileInput(path as string), new Set(['count']))
  expect([...dataset.variables()].map(([name]) => name)).toEqual(['time', 'count'])
})

describe('bad files are input errors that say where', () => {
  const read = (name: string, text: string) => readA2e(bytesInput(name, Buffer.from(text), folder))
  const good = 'header=3\nt:dtype=int64\nv:dtype=float64\nt,v\n1,2.5\n'
  const cases: readonly [name: string, text: string, message: string][] = [
    ['x.csv', good, 'x.csv: the name of an A2e file ends in'],
    ['t.3d.a2e.csv', good, 'the name of an A2e file ends in'],
    ['x.t.1d.a2e.csv', good.slice(9), 'x.t.1d.a2e.csv:1: an A2e file begins with header='],
    ['x.t.1d.a2e.csv', '', 'before its line of column names'],
    ['x.t.1d.a2e.csv', 'header=9\nt:dtype=int64\n', 'the file ends after 2 lines'],
    ['x.t.1d.a2e.csv', good.replace('t:dtype=int64', 'nothing'), 'x.t.1d.a2e.csv:2: found "nothing"'],
    ['x.t.1d.a2e.csv', good.replace('float64', 'complex'), 'v:dtype=complex is no type'],
    ['x.t.1d.a2e.csv', `${good}2,x\n`, 'x.t.1d.a2e.csv:6: column v holds "x", which is no float64'],
    ['x.u.1d.a2e.csv', good, 'index_col names "u"'],
    ['x.t.1d.a2e.csv', good.replace('float64', 'datetime64[ns]'), 'column v holds a text that is no time'],
  ]
  for (const [name, text, message] of cases) {
    test(message, async () => {
      await expect(read(name, text)).rejects.toThrow(message)
      await expect(read(name, text)).rejects.toMatchObject({ tag: 'input' })
    })
  }
})
