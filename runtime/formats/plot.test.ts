import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Attrs, Dataset, variable } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import { savePlot } from './plot-file.ts'
import { seriesPoints } from './plot-points.ts'
import { plotSeries } from './plot-series.ts'

const minute = 60_000
const none = (count: number) => new Uint8Array(count)
const every = (step: number, count: number) => Float64Array.from({ length: count }, (_, i) => i * step)

describe('the points of a series', () => {
  it('break where a value is missing', () => {
    const { line } = seriesPoints(every(minute, 3), Float64Array.of(1, Number.NaN, 3), none(3), 100)
    expect(line.map(({ v }) => v)).toEqual([1, null, 3])
  })

  it('break where more time passes than usually', () => {
    const times = Float64Array.of(0, 10, 20, 60, 70)
    const { line } = seriesPoints(times, Float64Array.of(1, 2, 3, 4, 5), none(5), 100)
    expect(line).toContainEqual({ t: 40, v: null })
    expect(line).toHaveLength(6)
  })

  it('leave out of the line what is flagged', () => {
    const { line, flagged } = seriesPoints(
      every(1, 3),
      Float64Array.of(1, 99, 3),
      Uint8Array.of(0, 1, 0),
      100,
    )
    expect(line.map(({ v }) => v)).toEqual([1, null, 3])
    expect(flagged).toEqual([{ t: 1, v: 99 }])
  })

  it('are thinned to the extremes of each pixel', () => {
    const count = 200_000
    const values = Float64Array.from({ length: count }, (_, i) => Math.sin(i / 1000))
    values[77_777] = 50
    values[123_456] = -50
    const { line } = seriesPoints(every(1000, count), values, none(count), 500)
    expect(line.length).toBeLessThan(3 * 500)
    expect(line).toContainEqual({ t: 77_777_000, v: 50 })
    expect(line).toContainEqual({ t: 123_456_000, v: -50 })
    expect(line.every(({ t }, i) => i === 0 || t > (line[i - 1] as { t: number }).t)).toBe(true)
  })

  it('of one time, or of none, are few', () => {
    expect(seriesPoints(Float64Array.of(5), Float64Array.of(1), none(1), 10).line).toEqual([{ t: 5, v: 1 }])
    expect(seriesPoints(new Float64Array(0), new Float64Array(0), none(0), 10).line).toEqual([])
  })
})

/** A day of 10-minute speeds at two heights, one flagged sample far above the others. */
function sample(): Dataset {
  const count = 144
  const along = (data: Float64Array | Int32Array, attrs: Record<string, string>) =>
    variable(
      ['time'],
      [count],
      data instanceof Int32Array ? 'int32' : 'float64',
      data,
      new Map(Object.entries(attrs)) as Attrs,
    )
  const times = BigInt64Array.from({ length: count }, (_, i) => 1_606_780_800n + BigInt(i * 600))
  const speed = Float64Array.from({ length: count }, (_, i) => 8 + 3 * Math.sin(i / 20))
  const high = speed.map((value) => value * 1.2)
  high[40] = 87
  const flags = new Int32Array(count)
  flags[40] = 2
  return new Dataset({
    attrs: new Map([
      ['title', 'Wind & <waves>'],
      ['datastream', 'sgp.wind.a1'],
    ]),
    coords: new Map([['time', variable(['time'], [count], 'datetime64[s]', times)]]),
    dataVars: new Map([
      ['speed_10m', along(speed, { long_name: 'Wind speed at 10 m', units: 'm/s' })],
      ['speed_90m', along(high, { long_name: 'Wind speed at 90 m', units: 'm/s' })],
      ['qc_speed_90m', along(flags, {})],
      [
        'from',
        along(
          speed.map((value) => value * 20),
          { standard_name: 'wind_from_direction', units: 'degree' },
        ),
      ],
    ]),
  })
}

describe('plots', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plot-test-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const spec = () => plotSeries(sample(), { panels: [['speed_10m', 'speed_90m'], 'from'] })
  const at = (name: string) => path.join(folder, name)

  it('have a title, axes with units, a legend, times of day, and flagged values in red', async () => {
    await savePlot(spec(), at('a.svg'))
    const svg = readFileSync(at('a.svg'), 'utf8')
    const texts = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map((match) => match[1])
    expect(texts).toEqual(
      expect.arrayContaining(['Wind &amp; &lt;waves&gt;', 'Wind speed (m/s)', '10 m', '90 m']),
    )
    expect(texts).toEqual(expect.arrayContaining(['Time (UTC)', '1 Dec', '15:00', '270']))
    expect(texts.join()).toContain('sgp.wind.a1, 2020-12-01 00:00 to 2020-12-01 23:50 UTC')
    expect(texts.join()).toContain('Red: flagged')
    expect(svg.match(/#c1121f/g)).toHaveLength(1)
    // The axis is for what is not flagged.
    expect(texts).not.toContain('80')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('are the same bytes each time, drawn one after the other or at once', async () => {
    await Promise.all(['b.svg', 'c.svg'].map((name) => savePlot(spec(), at(name))))
    const [a, b, c] = ['a.svg', 'b.svg', 'c.svg'].map((name) => readFileSync(at(name), 'utf8'))
    expect(b).toBe(a)
    expect(c).toBe(a)
  })

  it('are pictures too, twice as large, with ink where the text is', async () => {
    await savePlot(spec(), at('a.png'))
    const { width, height, format } = await sharp(at('a.png')).metadata()
    const [, wide, high] = /width="(\d+)" height="(\d+)"/.exec(
      readFileSync(at('a.svg'), 'utf8'),
    ) as unknown as string[]
    expect({ width, height, format }).toEqual({
      width: 2 * Number(wide),
      height: 2 * Number(high),
      format: 'png',
    })
    const { channels } = await sharp(at('a.png'))
      .extract({ left: 20, top: 20, width: 200, height: 40 })
      .stats()
    expect(channels[0]?.min).toBeLessThan(100)
  })

  it('are no pictures on a machine without a font, which would show boxes for letters', () => {
    const config = '<fontconfig><dir>/nowhere</dir></fontconfig>'
    writeFileSync(at('fonts.conf'), `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">${config}`)
    const code = `import { savePlot } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../dist/index.js'))}
      const spec = { data: { values: [{ x: 1 }] }, mark: 'point', encoding: { x: { field: 'x', type: 'quantitative' } } }
      await savePlot(spec, ${JSON.stringify(at('boxes.svg'))})
      await savePlot(spec, ${JSON.stringify(at('boxes.png'))}).catch(({ message }) => console.log(message))`
    const text = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, FONTCONFIG_FILE: at('fonts.conf') },
      encoding: 'utf8',
    })
    expect(text).toMatch(/^a PNG needs a font for its text, and this machine has none/)
    expect(readFileSync(at('boxes.svg'), 'utf8')).toContain('<text')
  })

  it('are drawn of nothing but missing values, and of a single sample', async () => {
    const dataset = sample()
    const nothing = variable(['time'], [144], 'float64', new Float64Array(144).fill(Number.NaN))
    dataset.dataVars.set('speed_10m', nothing)
    await savePlot(plotSeries(dataset, { panels: ['speed_10m'] }), at('none.svg'))
    const one = new Dataset({
      coords: new Map([['time', variable(['time'], [1], 'datetime64[ns]', BigInt64Array.of(0n))]]),
      dataVars: new Map([['x', variable(['time'], [1], 'float32', Float32Array.of(4))]]),
    })
    await savePlot(plotSeries(one, { panels: ['x'] }), at('one.svg'))
    for (const name of ['none.svg', 'one.svg'])
      expect(readFileSync(at(name), 'utf8')).not.toMatch(/NaN|Infinity/)
  })

  it('are refused with what is wrong', async () => {
    const draw = (panels: (string | string[])[]) => () => plotSeries(sample(), { panels })
    expect(draw(['speed'])).toThrow('speed: there is no such variable to draw; there are speed_10m,')
    expect(draw([['speed_10m', 'from']])).toThrow('speed_10m (m/s) and from (degree) cannot share an axis')
    expect(draw(['time'])).toThrow('time: only numbers along time')
    expect(() => plotSeries(new Dataset(), { panels: [] })).toThrow('there is no coordinate time')
    await expect(savePlot(spec(), at('a.pdf'))).rejects.toThrow(InputError)
    await expect(savePlot(spec(), at('none/a.svg'))).rejects.toThrow('ENOENT')
  })
})

describe('a run without plots', () => {
  it('loads nothing that draws', () => {
    const dist = path.resolve(import.meta.dirname, '../../dist')
    const chunks = readdirSync(dist).filter((name) => name.endsWith('.js'))
    expect(chunks.length).toBeGreaterThan(3)
    for (const name of chunks) {
      expect(readFileSync(path.join(dist, name), 'utf8'), name).not.toMatch(
        /^import[^;]*?["'](?:vega|vega-lite|sharp)["']/m,
      )
    }
  })
})
