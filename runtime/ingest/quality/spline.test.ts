import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { closeGaps } from './cubic-spline-interp.ts'
import { curveThrough, type InterpolationMethod } from './spline.ts'

interface CurveCase {
  x: number[]
  y: number[]
  at: number[]
  answers: Record<string, number[] | null>
}
interface GapCase {
  x: number[]
  values: (number | null)[]
  n_points: number
  method: InterpolationMethod
  max_gap: number
  filled: (number | null)[]
}
function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8')) as T
}
const orNaN = (values: (number | null)[]) => Float64Array.from(values, (value) => value ?? Number.NaN)

describe('curveThrough: the same curves as scipy', () => {
  const cases = fixture<CurveCase[]>('interpolation')
  it.each(
    cases.flatMap((one) => Object.keys(one.answers).map((method) => ({ n: one.x.length, method, one }))),
  )('$method through $n points', ({ method, one }) => {
    const curve = curveThrough(
      method as InterpolationMethod,
      Float64Array.from(one.x),
      Float64Array.from(one.y),
    )
    const expected = one.answers[method]
    if (!expected) return expect(curve).toBeUndefined()
    for (const [i, at] of one.at.entries()) {
      const answer = expected[i] as number
      expect(Math.abs((curve?.(at) as number) - answer), `at ${at}`).toBeLessThan(
        1e-10 * (1 + Math.abs(answer)),
      )
    }
  })
})

describe('closeGaps: the same windows as xarray', () => {
  it.each(fixture<GapCase[]>('gaps'))('$method, $n_points points, gaps of $max_gap', (one) => {
    const values = orNaN(one.values)
    closeGaps(values, Float64Array.from(one.x), {
      points: one.n_points,
      method: one.method,
      maxGap: one.max_gap,
    })
    const expected = orNaN(one.filled)
    expect(values.length).toBe(expected.length)
    values.forEach((value, i) => {
      if (Number.isNaN(expected[i])) expect(value, `at ${i}`).toBeNaN()
      else expect(value, `at ${i}`).toBeCloseTo(expected[i] as number, 8)
    })
  })
})
