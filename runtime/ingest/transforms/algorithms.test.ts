import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binAverage, type Samples } from './bin-average.ts'
import { alignedBins, type Bins, midwayBins, pointBins, steppedBins } from './bins.ts'
import { interpolate, interpolateNearestTwo } from './interpolate.ts'
import { qcBits } from './qc-bits.ts'
import { bad, good, indeterminate } from './quality-state.ts'
import { takeNearest } from './take-nearest.ts'

interface Vector {
  readonly index: number[]
  readonly values: number[]
  readonly bad: boolean[]
  readonly target: number[]
  readonly range: number
  readonly interpolate: number[]
  readonly subsample: number[]
  readonly bin_average_zero_width_inputs_left_width_70: number[]
  readonly bin_average_input_bins_centered_40_center_width_70: number[]
}
const vectors = JSON.parse(
  readFileSync(new URL('fixtures/adi-vectors.json', import.meta.url), 'utf8'),
) as readonly Vector[]

const samplesOf = ({ values, bad: isBad }: Pick<Vector, 'values' | 'bad'>): Samples => ({
  values: Float64Array.from(values),
  states: Uint8Array.from(isBad, (flag) => (flag ? bad : good)),
})

function expectValues(found: Float64Array, wanted: readonly number[], fill = -9999): void {
  expect(found).toHaveLength(wanted.length)
  wanted.forEach((value, i) => {
    if (value === fill) expect(found[i], `element ${i}`).toBeNaN()
    else expect(found[i], `element ${i}`).toBeCloseTo(value, 11)
  })
}

describe.each(vectors)('ARM’s algorithms on the vector with range $range', (vector) => {
  const samples = samplesOf(vector)
  const index = Float64Array.from(vector.index)
  const target = Float64Array.from(vector.target)

  it('interpolates', () =>
    expectValues(interpolate(samples, index, target, vector.range).values, vector.interpolate))

  it('takes the nearest', () => {
    const options = { range: vector.range, tie: 'earlier', skipsBad: true } as const
    expectValues(takeNearest(samples, index, target, options).values, vector.subsample)
  })

  it('averages points', () => {
    const average = binAverage(samples, pointBins(index), alignedBins(target, 70, 'LEFT'), {
      leavesOutBad: true,
    })
    expectValues(average.values, vector.bin_average_zero_width_inputs_left_width_70)
  })

  it('averages bins', () => {
    const bins = alignedBins(index, 40, 'CENTER')
    const average = binAverage(samples, bins, alignedBins(target, 70, 'CENTER'), { leavesOutBad: true })
    expectValues(average.values, vector.bin_average_input_bins_centered_40_center_width_70)
  })
})

/** Ascending positions with values, of which some are missing or flagged. */
const column = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 9 }),
      value: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: -50, max: 50 }) },
        { weight: 1, arbitrary: fc.constant(Number.NaN) },
      ),
      state: fc.constantFrom(good, good, good, indeterminate, bad),
    }),
    { maxLength: 300 },
  )
  .map((rows) => {
    let position = 0
    const positions = Float64Array.from(rows, ({ step }) => (position += step))
    const samples = {
      values: Float64Array.from(rows, ({ value }) => value),
      states: Uint8Array.from(rows, ({ state }) => state),
    }
    return { positions, samples }
  })
const targets = fc
  .array(fc.integer({ min: -20, max: 1600 }), { maxLength: 60 })
  .map((all) => Float64Array.from(all))
const isUsable = ({ values, states }: Samples, i: number) => states[i] !== bad && !Number.isNaN(values[i])
const same = (a: number, b: number) =>
  Number.isNaN(a) ? Number.isNaN(b) : Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))

describe('binAverage', () => {
  /** By the definition, over all inputs of every output. */
  function bruteForce(samples: Samples, input: Bins, start: number, end: number, leavesOutBad: boolean) {
    let [weights, sum, flagged, all] = [0, 0, 0, 0]
    const used: [number, number][] = []
    for (let i = 0; i < samples.values.length; i++) {
      const [from, to] = [input.starts[i]!, input.ends[i]!]
      const inside =
        from === to
          ? Number(from >= start && from < end)
          : (Math.min(to, end) - Math.max(from, start)) / (to - from)
      if (!(inside > 0)) continue
      const value = samples.values[i]!
      if (leavesOutBad || !Number.isNaN(value)) {
        all += inside
        if (!isUsable(samples, i)) flagged += inside
      }
      if (leavesOutBad ? !isUsable(samples, i) : Number.isNaN(value)) continue
      weights += inside
      sum += inside * value
      used.push([inside, value])
    }
    const mean = sum / weights
    const variance =
      used.reduce((total, [weight, value]) => total + weight * (value - mean) ** 2, 0) / weights
    return { mean, std: Math.sqrt(variance), goodFraction: 1 - flagged / all }
  }

  const inputBins = fc.constantFrom(pointBins, midwayBins, steppedBins, (labels: Float64Array) =>
    alignedBins(labels, 30, 'CENTER'),
  )

  it('equals the definition, for narrow and wide, apart and overlapping bins', () => {
    fc.assert(
      fc.property(
        column,
        targets,
        inputBins,
        fc.integer({ min: 1, max: 1500 }),
        fc.constantFrom('LEFT', 'CENTER', 'RIGHT'),
        fc.boolean(),
        ({ positions, samples }, labels, binsOf, width, alignment, leavesOutBad) => {
          const input = binsOf(positions)
          const output = alignedBins(labels, width, alignment)
          const found = binAverage(samples, input, output, { leavesOutBad })
          labels.forEach((_, i) => {
            const wanted = bruteForce(samples, input, output.starts[i]!, output.ends[i]!, leavesOutBad)
            expect(same(found.values[i]!, wanted.mean), `mean ${i}`).toBe(true)
            // A variance of nothing at all is known to 1e-8 only after its root is taken.
            expect(
              Number.isNaN(wanted.std)
                ? Number.isNaN(found.std![i]!)
                : Math.abs(found.std![i]! - wanted.std) < 1e-6,
            ).toBe(true)
            expect(same(found.goodFraction![i]!, wanted.goodFraction), `good ${i}`).toBe(true)
          })
        },
      ),
      { numRuns: 300 },
    )
  })

  it('stays between the least and the greatest value, and says so when there is none', () => {
    fc.assert(
      fc.property(
        column,
        targets,
        fc.integer({ min: 1, max: 400 }),
        ({ positions, samples }, labels, width) => {
          const { values, qc, std } = binAverage(
            samples,
            midwayBins(positions),
            alignedBins(labels, width, 'LEFT'),
            {
              leavesOutBad: true,
            },
          )
          const usable = [...samples.values].filter((_, i) => isUsable(samples, i))
          values.forEach((value, i) => {
            expect(Number.isNaN(value)).toBe((qc[i]! & qcBits.bad) !== 0)
            if (Number.isNaN(value)) return
            expect(value).toBeGreaterThanOrEqual(Math.min(...usable) - 1e-9)
            expect(value).toBeLessThanOrEqual(Math.max(...usable) + 1e-9)
            expect(std![i]).toBeGreaterThanOrEqual(0)
          })
        },
      ),
    )
  })

  it('tells what an average is made of', () => {
    const samples = {
      values: Float64Array.of(1, 2, 3, 4, Number.NaN, 6),
      states: Uint8Array.of(good, bad, indeterminate, bad, good, good),
    }
    const input = alignedBins(Float64Array.of(0, 1, 2, 3, 4, 5), 1, 'LEFT')
    const output = { starts: Float64Array.of(0, 2, 3, 4, 9, 5), ends: Float64Array.of(2, 3, 4, 5, 10, 6) }
    const adi = binAverage(samples, input, output, { leavesOutBad: true })
    expect([...adi.values]).toEqual([1, 3, Number.NaN, Number.NaN, Number.NaN, 6])
    expect([...adi.qc]).toEqual([32, 2, 257, 257, 129, 0])
    expect([...adi.goodFraction!]).toEqual([0.5, 1, 0, 0, Number.NaN, 1])
    const limits = { bad: 0.05, indeterminate: 0.6 }
    const own = binAverage(samples, input, output, { leavesOutBad: false, goodFractionLimits: limits })
    expect([...own.values]).toEqual([1.5, 3, 4, Number.NaN, Number.NaN, 6])
    expect([...own.qc]).toEqual([32 | 4096, 2, 257 | 2048, 257, 129, 0])
  })

  it('keeps its precision on large values', () => {
    const values = Float64Array.from({ length: 100_000 }, (_, i) => 1e9 + (i % 2))
    const positions = Float64Array.from(values.keys())
    const { values: means, std } = binAverage(
      { values, states: new Uint8Array(values.length) },
      pointBins(positions),
      alignedBins(Float64Array.of(0), 100_000, 'LEFT'),
      { leavesOutBad: true },
    )
    expect(means[0]).toBe(1e9 + 0.5)
    expect(std![0]).toBeCloseTo(0.5, 10)
  })

  it('reads no sample more often for a wider window', () => {
    const length = 2000
    const positions = Float64Array.from({ length }, (_, i) => i * 600)
    const readsWith = (width: number) => {
      let reads = 0
      const values = new Proxy(positions.map(Math.sin), {
        get(target, name) {
          if (typeof name === 'string' && /^\d+$/.test(name)) reads++
          const found: unknown = Reflect.get(target, name, target)
          return typeof found === 'function' ? found.bind(target) : found
        },
      })
      const samples = { values, states: new Uint8Array(length) }
      binAverage(samples, pointBins(positions), alignedBins(positions, width, 'CENTER'), {
        leavesOutBad: true,
      })
      return reads
    }
    expect(readsWith(3600)).toBeGreaterThanOrEqual(length)
    expect(readsWith(86_400 * 7)).toBeLessThan(2 * readsWith(3600))
  })
})

describe('takeNearest', () => {
  it('equals the definition', () => {
    const range = fc.constantFrom(0, 3, 20, Number.POSITIVE_INFINITY)
    fc.assert(
      fc.property(
        column,
        targets,
        range,
        fc.constantFrom('earlier', 'later'),
        fc.boolean(),
        (rows, labels, limit, tie, skipsBad) => {
          const { positions, samples } = rows
          const { values } = takeNearest(samples, positions, labels, { range: limit, tie, skipsBad })
          labels.forEach((label, i) => {
            let best: number | undefined
            positions.forEach((position, j) => {
              if (skipsBad && !isUsable(samples, j)) return
              const [here, before] = [
                Math.abs(position - label),
                best === undefined ? Infinity : Math.abs(positions[best]! - label),
              ]
              if (here <= limit && (here < before || (here === before && tie === 'later'))) best = j
            })
            expect(same(values[i]!, best === undefined ? Number.NaN : samples.values[best]!)).toBe(true)
          })
        },
      ),
    )
  })

  it('tells how it was found', () => {
    const samples = { values: Float64Array.of(0, 1, 2), states: Uint8Array.of(indeterminate, bad, good) }
    const options = { range: 10, tie: 'earlier', skipsBad: true } as const
    const positions = Float64Array.of(0, 10, 20)
    expect([...takeNearest(samples, positions, Float64Array.of(0, 11, 20, 100), options).qc]).toEqual([
      2, 16, 0, 129,
    ])
    expect([...takeNearest(samples, positions, Float64Array.of(10), { ...options, range: 5 }).qc]).toEqual([
      257,
    ])
  })
})

describe('interpolate', () => {
  it('gives back good points, and what lies on a line', () => {
    fc.assert(
      fc.property(column, ({ positions, samples }) => {
        const line = { values: positions.map((x) => 3 * x + 1), states: samples.states }
        const between = positions.map((x) => x + 0.5)
        const points = interpolate(line, positions, positions, Number.POSITIVE_INFINITY)
        const others = interpolate(line, positions, between, Number.POSITIVE_INFINITY)
        const goodCount = line.states.filter((state) => state !== bad).length
        positions.forEach((x, i) => {
          if (goodCount < 2) expect(points.values[i]).toBeNaN()
          else expect(points.values[i]).toBeCloseTo(3 * x + 1, 6)
          if (!Number.isNaN(others.values[i]!)) expect(others.values[i]).toBeCloseTo(3 * (x + 0.5) + 1, 6)
        })
      }),
    )
  })

  it('tells what lies between and beyond', () => {
    const samples = {
      values: Float64Array.of(0, 1, 2, 3),
      states: Uint8Array.of(good, bad, good, indeterminate),
    }
    const { values, qc } = interpolate(
      samples,
      Float64Array.of(0, 10, 20, 30),
      Float64Array.of(-5, 0, 10, 25, 35, 36),
      100,
    )
    expect([...values]).toEqual([-0.5, 0, 1, 2.5, 3.5, Number.NaN])
    expect([...qc]).toEqual([4 | 8, 0, 4, 2, 2 | 8, 129])
  })

  it('takes the first of several points at one place', () => {
    const samples = { values: Float64Array.of(0, 9, 1), states: new Uint8Array(3) }
    expect([...interpolate(samples, Float64Array.of(0, 0, 10), Float64Array.of(0, 5), 100).values]).toEqual([
      0, 0.5,
    ])
  })

  it('draws a line through the nearest two, whatever their sides', () => {
    const samples = { values: Float64Array.of(0, 10, 20, Number.NaN), states: new Uint8Array(4) }
    const bins = steppedBins(Float64Array.of(0, 10, 20, 30))
    const found = interpolateNearestTwo(samples, bins, Float64Array.of(-4, 4, 10, 24, 26, 45), 10)
    expect([...found.values]).toEqual([-4, 4, 10, Number.NaN, Number.NaN, Number.NaN])
    expect([...found.qc]).toEqual([8, 0, 0, 0, 0, 129])
  })
})
