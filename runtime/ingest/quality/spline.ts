/** A curve through points; only asked for x between the first and the last of them. */
export type Curve = (x: number) => number

/** Ways to join points, by the names of scipy's `interp1d` and, from `pchip` on, of xarray's `interpolate_na`. */
export const interpolationMethods = [
  'linear',
  'nearest',
  'nearest-up',
  'zero',
  'previous',
  'next',
  'slinear',
  'quadratic',
  'cubic',
  'pchip',
  'akima',
  'makima',
  'barycentric',
  'krogh',
] as const
export type InterpolationMethod = (typeof interpolationMethods)[number]

/**
 * The curve of a method through points of strictly increasing x, as scipy draws it, or `undefined` when there are
 * too few points for it.
 */
export function curveThrough(
  method: InterpolationMethod,
  x: Float64Array,
  y: Float64Array,
): Curve | undefined {
  if (x.length < leastPoints[method]) return undefined
  switch (method) {
    case 'linear':
    case 'slinear':
      return splineThrough(x, y, 1)
    case 'quadratic':
      return splineThrough(x, y, 2)
    case 'cubic':
      return splineThrough(x, y, 3)
    case 'zero':
    case 'previous':
      return (at) => y[intervalOf(x, at, true)]!
    case 'next':
      return (at) => y[nextPoint(x, at)]!
    case 'nearest':
      return (at) => nearest(x, y, at, true)
    case 'nearest-up':
      return (at) => nearest(x, y, at, false)
    case 'pchip':
      return hermite(x, y, pchipSlopes(x, y))
    case 'akima':
      return hermite(x, y, akimaSlopes(x, y, false))
    case 'makima':
      return hermite(x, y, akimaSlopes(x, y, true))
    case 'barycentric':
    case 'krogh':
      return polynomialThrough(x, y)
  }
}

const leastPoints: Readonly<Record<InterpolationMethod, number>> = {
  linear: 1,
  slinear: 2,
  nearest: 1,
  'nearest-up': 1,
  zero: 1,
  previous: 1,
  next: 1,
  quadratic: 3,
  cubic: 4,
  pchip: 2,
  akima: 2,
  makima: 2,
  barycentric: 1,
  krogh: 1,
}

/** The index of the interval that `at` lies in; with `last`, the last point counts as one of its own. */
function intervalOf(x: Float64Array, at: number, last = false): number {
  let low = 0
  let high = x.length - 1
  if (last && at >= x[high]!) return high
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x[middle]! <= at) low = middle
    else high = middle
  }
  return low
}

function nextPoint(x: Float64Array, at: number): number {
  const i = intervalOf(x, at, true)
  return at > x[i]! ? i + 1 : i
}

/** Half way between two points the earlier or the later one counts. */
function nearest(x: Float64Array, y: Float64Array, at: number, isEarlier: boolean): number {
  const i = intervalOf(x, at)
  const next = Math.min(i + 1, x.length - 1)
  const middle = x[i]! / 2 + x[next]! / 2
  return (isEarlier ? at <= middle : at < middle) ? y[i]! : y[next]!
}

/**
 * The interpolating B-spline of a degree from 1 to 3 with not-a-knot ends: knots at the points for odd degrees, half
 * way between them for 2. Solved by elimination without pivoting, which is stable for B-spline collocation (de Boor
 * and Pinkus, 1977).
 */
function splineThrough(x: Float64Array, y: Float64Array, degree: 1 | 2 | 3): Curve {
  if (x.length === 1) return () => y[0]!
  const knots = notAKnot(x, degree)
  const weights = solveCollocation(x, y, knots, degree)
  return (at) => {
    const span = knotSpan(knots, degree, at)
    const basis = basisAt(knots, degree, span, at)
    let sum = 0
    for (let j = 0; j <= degree; j++) sum += basis[j]! * weights[span - degree + j]!
    return sum
  }
}

function notAKnot(x: Float64Array, degree: 1 | 2 | 3): Float64Array {
  const n = x.length
  const inner: number[] = []
  if (degree === 2) for (let i = 1; i < n - 2; i++) inner.push((x[i]! + x[i + 1]!) / 2)
  else for (let i = (degree + 1) / 2; i < n - (degree + 1) / 2; i++) inner.push(x[i]!)
  const ends = (value: number): number[] => Array.from({ length: degree + 1 }, () => value)
  return Float64Array.from([...ends(x[0]!), ...inner, ...ends(x[n - 1]!)])
}

/** The knot interval of `at`, between the outer knots: its last index i with knots[i] <= at. */
function knotSpan(knots: Float64Array, degree: number, at: number): number {
  let low = degree
  let high = knots.length - degree - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (knots[middle]! <= at) low = middle
    else high = middle
  }
  return low
}

/** The degree + 1 B-splines that are not zero at `at` (de Boor's recurrence). */
function basisAt(knots: Float64Array, degree: number, span: number, at: number): Float64Array {
  const basis = new Float64Array(degree + 1)
  basis[0] = 1
  for (let d = 1; d <= degree; d++) {
    let carry = 0
    for (let j = 0; j < d; j++) {
      const right = knots[span + j + 1]!
      const left = knots[span + j + 1 - d]!
      const share = basis[j]! / (right - left)
      basis[j] = carry + (right - at) * share
      carry = (at - left) * share
    }
    basis[d] = carry
  }
  return basis
}

/** Weights c with sum of c[j] B_j(x[i]) = y[i]: a banded system, `degree` diagonals to each side. */
function solveCollocation(
  x: Float64Array,
  y: Float64Array,
  knots: Float64Array,
  degree: number,
): Float64Array {
  const n = x.length
  const width = 2 * degree + 1
  const band = new Float64Array(n * width)
  const at = (row: number, column: number): number => row * width + column - row + degree
  for (let i = 0; i < n; i++) {
    const span = knotSpan(knots, degree, x[i]!)
    basisAt(knots, degree, span, x[i]!).forEach((value, j) => {
      const column = span - degree + j
      if (Math.abs(column - i) <= degree) band[at(i, column)] = value
    })
  }
  const weights = y.slice()
  for (let i = 0; i < n; i++) {
    for (let row = i + 1; row <= Math.min(i + degree, n - 1); row++) {
      const factor = band[at(row, i)]! / band[at(i, i)]!
      if (factor === 0) continue
      for (let column = i; column <= Math.min(i + degree, n - 1); column++) {
        band[at(row, column)]! -= factor * band[at(i, column)]!
      }
      weights[row]! -= factor * weights[i]!
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let column = i + 1; column <= Math.min(i + degree, n - 1); column++) {
      weights[i]! -= band[at(i, column)]! * weights[column]!
    }
    weights[i]! /= band[at(i, i)]!
  }
  return weights
}

/** The piecewise cubic with given slopes at its points. */
function hermite(x: Float64Array, y: Float64Array, slopes: Float64Array): Curve {
  return (at) => {
    const i = intervalOf(x, at)
    const h = x[i + 1]! - x[i]!
    const t = (at - x[i]!) / h
    const s = 1 - t
    return (
      (1 + 2 * t) * s * s * y[i]! +
      t * s * s * h * slopes[i]! +
      t * t * (3 - 2 * t) * y[i + 1]! -
      t * t * s * h * slopes[i + 1]!
    )
  }
}

function secants(x: Float64Array, y: Float64Array): Float64Array {
  return Float64Array.from({ length: x.length - 1 }, (_, i) => (y[i + 1]! - y[i]!) / (x[i + 1]! - x[i]!))
}

/** Slopes that keep the data's monotony: Fritsch and Butland's weighted harmonic mean, Moler's three-point ends. */
function pchipSlopes(x: Float64Array, y: Float64Array): Float64Array {
  const n = x.length
  const m = secants(x, y)
  const slopes = new Float64Array(n)
  if (n === 2) return slopes.fill(m[0]!)
  for (let i = 1; i < n - 1; i++) {
    const [before, after] = [m[i - 1]!, m[i]!]
    if (before * after <= 0) continue
    const [h0, h1] = [x[i]! - x[i - 1]!, x[i + 1]! - x[i]!]
    const [w0, w1] = [2 * h1 + h0, h1 + 2 * h0]
    slopes[i] = (w0 + w1) / (w0 / before + w1 / after)
  }
  slopes[0] = pchipEnd(x[1]! - x[0]!, x[2]! - x[1]!, m[0]!, m[1]!)
  slopes[n - 1] = pchipEnd(x[n - 1]! - x[n - 2]!, x[n - 2]! - x[n - 3]!, m[n - 2]!, m[n - 3]!)
  return slopes
}

function pchipEnd(h0: number, h1: number, m0: number, m1: number): number {
  const slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
  if (Math.sign(slope) !== Math.sign(m0)) return 0
  return Math.sign(m0) !== Math.sign(m1) && Math.abs(slope) > 3 * Math.abs(m0) ? 3 * m0 : slope
}

/** Akima's (1970) slopes, or the modified ones that do not overshoot between equal values. */
function akimaSlopes(x: Float64Array, y: Float64Array, modified: boolean): Float64Array {
  const n = x.length
  const inner = secants(x, y)
  if (n === 2) return new Float64Array(2).fill(inner[0]!)
  const m = new Float64Array(n + 3)
  m.set(inner, 2)
  m[1] = 2 * m[2]! - m[3]!
  m[0] = 2 * m[1]! - m[2]!
  m[n + 1] = 2 * m[n]! - m[n - 1]!
  m[n + 2] = 2 * m[n + 1]! - m[n]!
  const bend = (i: number): number =>
    Math.abs(m[i + 1]! - m[i]!) + (modified ? Math.abs(m[i + 1]! + m[i]!) / 2 : 0)
  const total = Float64Array.from({ length: n }, (_, i) => bend(i + 2) + bend(i))
  const largest = total.reduce((most, value) => Math.max(most, value), 0)
  return Float64Array.from({ length: n }, (_, i) => {
    // Where both weights vanish, the secants to each side are alike: their mean.
    if (!(total[i]! > 1e-9 * largest)) return (m[i + 3]! + m[i]!) / 2
    return (bend(i + 2) * m[i + 1]! + bend(i) * m[i + 2]!) / total[i]!
  })
}

/** The polynomial through all points, by the barycentric formula; x is scaled so that weights neither vanish nor overflow. */
function polynomialThrough(x: Float64Array, y: Float64Array): Curve {
  const scale = 4 / (x[x.length - 1]! - x[0]! || 1)
  const weights = Float64Array.from(x, (xi, i) => {
    let weight = 1
    x.forEach((xj, j) => {
      if (j !== i) weight /= (xi - xj) * scale
    })
    return weight
  })
  return (at) => {
    let numerator = 0
    let denominator = 0
    for (let i = 0; i < x.length; i++) {
      const distance = at - x[i]!
      if (distance === 0) return y[i]!
      numerator += (weights[i]! / distance) * y[i]!
      denominator += weights[i]! / distance
    }
    return numerator / denominator
  }
}
