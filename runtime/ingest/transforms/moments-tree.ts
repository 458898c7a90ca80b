/** Weight, mean and sum of squared deviations of some values; combining them loses next to nothing to rounding. */
export class RunningMoments {
  weight = 0
  mean = 0
  squares = 0

  clear(): void {
    this.weight = 0
    this.mean = 0
    this.squares = 0
  }

  /** Takes in values of this weight, mean and sum of squared deviations (Chan, Golub and LeVeque). */
  add(weight: number, mean: number, squares: number): void {
    if (weight === 0) return
    const total = this.weight + weight
    const difference = mean - this.mean
    const share = weight / total
    this.squares += squares + difference * difference * this.weight * share
    this.mean += difference * share
    this.weight = total
  }
}

interface Level {
  readonly weights: Float64Array
  readonly means: Float64Array
  readonly squares: Float64Array
}

/** Moments of the values of any range, in steps that grow with the logarithm of its length: a pyramid of pairs. */
export class MomentsTree {
  private readonly levels: readonly Level[]

  /** Values of which `isUsed` says no count for nothing. */
  constructor(values: Float64Array, isUsed: (index: number) => boolean) {
    const base: Level = {
      weights: values.map((_, i) => (isUsed(i) ? 1 : 0)),
      means: values.map((value, i) => (isUsed(i) ? value : 0)),
      squares: new Float64Array(values.length),
    }
    const levels = [base]
    for (let below = base; below.weights.length > 1; below = levels.at(-1) as Level)
      levels.push(pairUp(below))
    this.levels = levels
  }

  /** Adds the moments of the values from `start` up to `end`. */
  addTo(moments: RunningMoments, start: number, end: number): void {
    let [from, to] = [start, end]
    for (const { weights, means, squares } of this.levels) {
      if (from >= to) return
      const take = (i: number) => moments.add(weights[i] as number, means[i] as number, squares[i] as number)
      if (from % 2 === 1) take(from++)
      if (to % 2 === 1) take(--to)
      from /= 2
      to /= 2
    }
  }
}

function pairUp({ weights, means, squares }: Level): Level {
  const length = Math.ceil(weights.length / 2)
  const above = {
    weights: new Float64Array(length),
    means: new Float64Array(length),
    squares: new Float64Array(length),
  }
  const moments = new RunningMoments()
  for (let i = 0; i < length; i++) {
    moments.clear()
    for (let j = 2 * i; j < Math.min(2 * i + 2, weights.length); j++) {
      moments.add(weights[j] as number, means[j] as number, squares[j] as number)
    }
    above.weights[i] = moments.weight
    above.means[i] = moments.mean
    above.squares[i] = moments.squares
  }
  return above
}
