import type { TopLevelSpec } from 'vega-lite'
import { numbersAttr, textAttr } from '../dataset/attrs.ts'
import type { Dataset, Variable } from '../dataset/dataset.ts'
import { formatDatetime } from '../dataset/datetime.ts'
import { isDatetime, NaT, timeUnit, unitsPerSecond } from '../dataset/dtype.ts'
import { TextArray } from '../dataset/text-array.ts'
import { InputError } from '../errors.ts'
import { type Point, seriesPoints } from './plot-points.ts'

/** What to draw of a dataset. */
export interface SeriesPlot {
  /** The variables of each panel, from the top: one by its name, or several that share an axis. */
  readonly panels: readonly (string | readonly string[])[]
  /** The dataset's own title unless given. */
  readonly title?: string
  /** In pixels; 760 by 150 a panel unless given. */
  readonly width?: number
  readonly panelHeight?: number
}

/** Blue, green, orange, purple, light blue, brown, pink, for all eyes; red is for flags. */
const palette = ['#0b5394', '#009e73', '#e69f00', '#7a5195', '#56b4e9', '#8c6239', '#cc79a7']
const flagColor = '#c1121f'
const ink = '#222222'
const faint = '#e3e3e3'

/**
 * Variables over time as a Vega-Lite specification, which `savePlot` draws and which may be changed before. Lines break
 * where values are missing or much time has passed. What a quality test has flagged is no part of the line but a red
 * cross, or a red triangle where it lies beyond the axis. Long series are thinned to the least and the greatest value
 * a pixel. @throws InputError for a variable that does not lie along time
 */
export function plotSeries(dataset: Dataset, plot: SeriesPlot): TopLevelSpec {
  const width = plot.width ?? 760
  const times = timesOf(dataset)
  const panels = plot.panels.map((names) => (typeof names === 'string' ? [names] : names))
  const drawn = panels.map((names) => names.map((name) => seriesOf(dataset, name, times, width)))
  const hasFlags = drawn.flat().some(({ flagged }) => flagged.length > 0)
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: plot.title ?? textAttr(dataset.attrs, 'title') ?? 'Time series',
      subtitle: [subtitleOf(dataset, times), ...(hasFlags ? [flagNote] : [])],
    },
    vconcat: drawn.map((series, i) =>
      panelSpec(series, {
        width,
        height: plot.panelHeight ?? 150,
        domain: timeDomain(times),
        hasTimeLabels: i === drawn.length - 1,
      }),
    ),
    // By the panels alone: with the room that vega thinks their titles take, gaps would be uneven.
    bounds: 'flush',
    spacing: panels.slice(1).some((names) => names.length > 1) ? 48 : 22,
    config: look,
  } as TopLevelSpec
}

const flagNote = 'Red: flagged by a quality test (triangles: beyond the axis)'

/** A variable, ready to be drawn. */
interface Series {
  readonly name: string
  readonly label: string
  readonly units: string
  /** Of a direction in degrees, which no line can join across north. */
  readonly isDirection: boolean
  readonly line: readonly Point[]
  readonly flagged: readonly Point[]
}

function seriesOf(dataset: Dataset, name: string, times: Float64Array, width: number): Series {
  const variable = dataset.get(name)
  if (!variable) {
    throw new InputError(
      `${name}: there is no such variable to draw; there are ${[...dataset.dataVars.keys()].join(', ')}`,
    )
  }
  if (variable.dims.join() !== 'time' || variable.data instanceof TextArray || isDatetime(variable.dtype)) {
    throw new InputError(
      `${name}: only numbers along time can be drawn as a series, not (${variable.dims.join(', ')})`,
    )
  }
  const values = Float64Array.from(variable.data as ArrayLike<number | bigint>, Number)
  const units = textAttr(variable.attrs, 'units') ?? ''
  return {
    name,
    label: textAttr(variable.attrs, 'long_name') ?? name,
    units: units === '1' ? '' : units,
    isDirection: /direction/.test(textAttr(variable.attrs, 'standard_name') ?? '') && units.startsWith('deg'),
    ...seriesPoints(times, values, flagsOf(dataset, name, variable), width),
  }
}

/** Where any quality test has flagged the variable: ARM's and tsdat's `qc_` variable, or CF's `ancillary_variables`. */
function flagsOf(dataset: Dataset, name: string, { attrs, data }: Variable): Uint8Array {
  const flags = new Uint8Array(data.length)
  const listed = (textAttr(attrs, 'ancillary_variables') ?? '').split(/\s+/)
  for (const candidate of new Set([`qc_${name}`, ...listed])) {
    const qc = dataset.get(candidate)
    if (!qc || qc.data instanceof TextArray || qc.data.length !== data.length) continue
    if (candidate !== `qc_${name}` && !numbersAttr(qc.attrs, 'flag_masks')) continue
    for (let i = 0; i < flags.length; i++) if (Number(qc.data[i])) flags[i] = 1
  }
  return flags
}

/** In milliseconds since 1970; NaN where there is none. */
function timesOf(dataset: Dataset): Float64Array {
  const time = dataset.index('time')
  if (!time || !isDatetime(time.dtype)) throw new InputError('there is no coordinate time to draw along')
  const scale = Number(unitsPerSecond(timeUnit(time.dtype))) / 1000
  return Float64Array.from(time.data as BigInt64Array, (count) =>
    count === NaT ? Number.NaN : Number(count) / scale,
  )
}

function extent(values: Float64Array): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  return least <= greatest ? [least, greatest] : [0, 0]
}

/** An hour about a single time, for an axis needs a length. */
function timeDomain(times: Float64Array): [number, number] {
  const [start, end] = extent(times)
  return start < end ? [start, end] : [start - 1_800_000, end + 1_800_000]
}

function subtitleOf(dataset: Dataset, times: Float64Array): string {
  const name = textAttr(dataset.attrs, 'datastream')
  const [start, end] = extent(times)
  const show = (time: number) =>
    formatDatetime(BigInt(Math.floor(time / 1000)), 's')
      .replace('T', ' ')
      .slice(0, 16)
  const span = start === end ? show(start) : `${show(start)} to ${show(end)}`
  return `${name === undefined ? '' : `${name}, `}${span} UTC`
}

interface Panel {
  readonly width: number
  readonly height: number
  readonly domain: readonly [number, number]
  readonly hasTimeLabels: boolean
}

function panelSpec(series: readonly Series[], { width, height, domain, hasTimeLabels }: Panel): object {
  requireOneUnit(series)
  const isDirection = series.every((each) => each.isDirection)
  const common = series.length > 1 ? wordsInCommon(series.map(({ label }) => label)) : 0
  const labels = series.map(({ name, label }) => label.split(' ').slice(common).join(' ') || name)
  const values = series.flatMap(({ line }, i) => line.map((point) => ({ ...point, label: labels[i] })))
  const flagged = series.flatMap((each) => each.flagged)
  const range = isDirection ? { domain: [0, 360] } : valueDomain(series)
  const x = {
    field: 't',
    type: 'temporal',
    scale: { type: 'utc', domain, nice: false },
    axis: hasTimeLabels
      ? { title: 'Time (UTC)', format: timeFormats, labelOverlap: 'greedy' }
      : { title: null, labels: false, ticks: false },
  }
  const y = {
    field: 'v',
    type: 'quantitative',
    scale: { zero: false, nice: !isDirection, clamp: true, ...range },
    axis: {
      title: axisTitle(series, height),
      ...(isDirection ? { values: [0, 90, 180, 270, 360] } : { tickCount: 5 }),
    },
  }
  const color = {
    field: 'label',
    type: 'nominal',
    scale: { domain: labels, range: palette },
    legend: series.length > 1 ? { title: null, orient: 'top', direction: 'horizontal', columns: 5 } : null,
  }
  return {
    width,
    height,
    layer: [
      {
        data: { values },
        mark: isDirection
          ? { type: 'point', filled: true, size: 9, opacity: 1, clip: true }
          : { type: 'line', strokeWidth: 1.3, invalid: 'break-paths-show-path-domains', clip: true },
        encoding: { x, y, color },
      },
      ...flagLayers(flagged, range.domain, { x, y }),
    ],
    resolve: { scale: { color: 'independent' } },
  }
}

function requireOneUnit(series: readonly Series[]): void {
  const [first, ...others] = series
  const other = others.find(({ units }) => units !== first?.units)
  if (!first || !other) return
  throw new InputError(
    `${first.name} (${first.units}) and ${other.name} (${other.units}) cannot share an axis: draw them in panels of their own`,
  )
}

/** Crosses, and triangles that point to what lies beyond the axis. */
function flagLayers(flagged: readonly Point[], domain: readonly number[], encoding: object): object[] {
  const [least = Number.NEGATIVE_INFINITY, greatest = Number.POSITIVE_INFINITY] = domain
  const marks = [
    { shape: 'M-.8,-.8L.8,.8M.8,-.8L-.8,.8', filled: false, has: (v: number) => v >= least && v <= greatest },
    { shape: 'triangle-up', filled: true, has: (v: number) => v > greatest },
    { shape: 'triangle-down', filled: true, has: (v: number) => v < least },
  ]
  return marks.flatMap(({ shape, filled, has }) => {
    const values = flagged.filter(({ v }) => v !== null && has(v))
    const mark = { type: 'point', shape, filled, size: 55, strokeWidth: 1.6, color: flagColor, opacity: 1 }
    return values.length === 0 ? [] : [{ data: { values }, mark, encoding }]
  })
}

/** From the least to the greatest value that is not flagged, with a little room; of all values where all are flagged. */
function valueDomain(series: readonly Series[]): { readonly domain: readonly [number, number] } {
  const valuesOf = (points: readonly Point[]) => points.flatMap(({ v }) => (v === null ? [] : [v]))
  const good = series.flatMap(({ line }) => valuesOf(line))
  const values = good.length > 0 ? good : series.flatMap(({ flagged }) => valuesOf(flagged))
  const [least, greatest] = extent(Float64Array.from(values))
  const room = least === greatest ? Math.max(Math.abs(least) * 0.05, 0.5) : (greatest - least) * 0.06
  return { domain: [least - room, greatest + room] }
}

/** What the axis measures, in lines that are no longer than the axis. */
function axisTitle(series: readonly Series[], height: number): string[] {
  const units = series[0]?.units ?? ''
  const name = commonWords(series.map(({ label }) => label))
  const text = units === '' ? name : `${name} (${units})`
  const longest = Math.max(12, Math.floor(height / 6))
  const lines: string[] = []
  for (const word of text.split(' ').filter((each) => each !== '')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= longest)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** How many words all texts begin with. */
function wordsInCommon(texts: readonly string[]): number {
  const [first = [], ...others] = texts.map((text) => text.split(' '))
  const count = first.findIndex((word, i) => others.some((words) => words[i] !== word))
  return count < 0 ? first.length : count
}

/** The words that all begin with, without a preposition at their end. */
function commonWords(texts: readonly string[]): string {
  const words = (texts[0] ?? '').split(' ').slice(0, wordsInCommon(texts))
  return words.join(' ').replace(/ (?:at|of|in|on|from|for)$/, '')
}

const timeFormats = {
  milliseconds: '%H:%M:%S.%L',
  seconds: '%H:%M:%S',
  minutes: '%H:%M',
  hours: '%H:%M',
  day: '%-d %b',
  date: '%-d %b',
  week: '%-d %b',
  month: '%-d %b',
  quarter: '%-d %b',
  year: '%Y',
}

const look = {
  background: 'white',
  padding: 14,
  font: 'sans-serif',
  view: { stroke: '#c8c8c8' },
  axis: {
    domain: false,
    gridColor: faint,
    labelColor: ink,
    labelFontSize: 11,
    tickColor: '#b5b5b5',
    titleColor: ink,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
  },
  axisY: { minExtent: 50 },
  legend: {
    labelColor: ink,
    labelFontSize: 11,
    labelLimit: 260,
    columnPadding: 18,
    symbolType: 'stroke',
    symbolStrokeWidth: 2,
  },
  title: {
    anchor: 'start',
    color: ink,
    fontSize: 15,
    offset: 12,
    subtitleColor: '#555555',
    subtitleFontSize: 11,
  },
}
