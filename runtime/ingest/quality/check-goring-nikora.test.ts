import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Dataset, variable } from '../../dataset/dataset.ts'
import { CheckGoringNikora2002, findSpikes } from './check-goring-nikora.ts'

interface SpikeCase {
  series: (number | null)[]
  points: number
  spikes: number[]
}
const cases = JSON.parse(
  readFileSync(new URL('fixtures/spikes.json', import.meta.url), 'utf8'),
) as SpikeCase[]
const found = (mask: Uint8Array) => [...mask.keys()].filter((i) => mask[i] === 1)

describe('CheckGoringNikora2002', () => {
  it.each(cases)(
    'finds the spikes that numpy finds, $points points at a time',
    ({ series, points, spikes }) => {
      const values = Float64Array.from(series, (value) => value ?? Number.NaN)
      expect(found(findSpikes(values, points))).toEqual(spikes)
    },
  )

  it('judges each slice along the last axis alone, with fills as gaps', () => {
    const { series, points, spikes } = cases[2] as SpikeCase
    const row = series.map((value) => value ?? -9999)
    const dataset = new Dataset({
      dataVars: new Map([
        [
          'u',
          variable(
            ['dir', 'time'],
            [2, row.length],
            'float64',
            Float64Array.from([...row, ...row]),
            new Map([['_FillValue', -9999]]),
          ),
        ],
      ]),
    })
    const mask = new CheckGoringNikora2002(points).check('u', dataset) as Uint8Array
    expect(found(mask)).toEqual([...spikes, ...spikes.map((i) => i + row.length)])
  })

  it('finds nothing in a constant, and nothing in no values', () => {
    expect(found(findSpikes(new Float64Array(50).fill(3), 10))).toEqual([])
    expect(found(findSpikes(new Float64Array(0), 10))).toEqual([])
  })
})
