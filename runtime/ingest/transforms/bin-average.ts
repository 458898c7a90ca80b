import { type Bins, firstFrom } from './bins.ts'
import { MomentsTree, RunningMoments } from './moments-tree.ts'
import { noInput, onlyBadInput, qcBits } from './qc-bits.ts'
import { bad, indeterminate } from './quality-state.ts'

/** The values along one axis, ascending, with what is known of each. NaN is missing. */
export interface Samples {
  readonly values: Float64Array
  readonly states: Uint8Array
}

/** What becomes of one axis: values (NaN: none), quality bits, and metrics where there are any. */
export interface Transformed {
  readonly values: Float64Array
  readonly qc: Int32Array
  readonly std?: Float64Array
  readonly goodFraction?: Float64Array
}

/** How ARM's libraries and tsdat's own transforms differ. */
export interface BinAverageOptions {
  /** Whether values that are flagged Bad are left out, and not only missing ones. */
  readonly leavesOutBad: boolean
  /** Shares of good values below which an average is Bad, or Indeterminate. */
  readonly goodFractionLimits?: { readonly bad: number; readonly indeterminate: number }
}

/** More inputs than this in one output bin are taken from a tree of partial sums. */
const fewInputs = 64

/**
 * Averages over output bins, each input weighted by the part of its bin that lies within; a point that lies on an
 * output bin's start is in it, one on its end is not. Input bins ascend by start. Also the weighted standard
 * deviation of the population, and the share of the weight that is good.
 */
export function binAverage(
  { values, states }: Samples,
  input: Bins,
  output: Bins,
  options: BinAverageOptions,
): Transformed {
  const length = output.starts.length
  const result = {
    values: new Float64Array(length).fill(Number.NaN),
    qc: new Int32Array(length),
    std: new Float64Array(length).fill(Number.NaN),
    goodFraction: new Float64Array(length).fill(Number.NaN),
  }
  const bin = new BinSum(values, states, input, options)
  for (let i = 0; i < length; i++) {
    bin.sum(output.starts[i] as number, output.ends[i] as number)
    result.qc[i] = bin.qc()
    if (bin.moments.weight > 0) {
      result.values[i] = bin.moments.mean
      result.std[i] = Math.sqrt(bin.moments.squares / bin.moments.weight)
    }
    if (bin.weight > 0) result.goodFraction[i] = bin.goodWeight / bin.weight
  }
  return result
}

/** The inputs of one output bin at a time, added up. */
class BinSum {
  readonly moments = new RunningMoments()
  /** Of all inputs that count for the share of good ones, and of the good ones. */
  weight = 0
  goodWeight = 0
  private overlaps = 0
  private touches = 0
  private indeterminates = 0
  private readonly values: Float64Array
  private readonly states: Uint8Array
  private readonly input: Bins
  private readonly options: BinAverageOptions
  /** Where input ends never fall again, so that they can be searched even where bins overlap each other. */
  private readonly highestEnds: Float64Array
  private tree: Tree | undefined

  constructor(values: Float64Array, states: Uint8Array, input: Bins, options: BinAverageOptions) {
    this.values = values
    this.states = states
    this.input = input
    this.options = options
    this.highestEnds = input.ends.slice()
    for (let i = 1; i < input.ends.length; i++) {
      this.highestEnds[i] = Math.max(this.highestEnds[i - 1] as number, input.ends[i] as number)
    }
  }

  sum(start: number, end: number): void {
    this.clear()
    const { starts } = this.input
    const first = firstFrom(this.highestEnds, start, true)
    const last = firstFrom(starts, end, true)
    if (last - first <= fewInputs) {
      for (let i = first; i < last; i++) this.add(i, start, end)
      return
    }
    // Of inputs that are whole within the bin, sums are kept; the others stand before and after them.
    const firstWhole = firstFrom(starts, start, true)
    const afterWhole = Math.max(firstWhole, Math.min(last, firstFrom(this.highestEnds, end, false)))
    for (let i = first; i < firstWhole; i++) this.add(i, start, end)
    this.addWhole(firstWhole, afterWhole)
    for (let i = afterWhole; i < last; i++) this.add(i, start, end)
  }

  qc(): number {
    const limits = this.options.goodFractionLimits
    if (this.overlaps === 0) return this.touches > 0 ? qcBits.bad | qcBits.zeroWeight : noInput
    if (this.weight === 0) return onlyBadInput
    const badWeight = this.weight - this.goodWeight
    let bits = this.indeterminates > 0 ? qcBits.indeterminate : 0
    if (this.goodWeight === 0) bits |= onlyBadInput
    else if (badWeight > 0) bits |= qcBits.someBad
    const share = this.goodWeight / this.weight
    if (limits && share < limits.bad) bits |= qcBits.badGoodFraction
    else if (limits && share < limits.indeterminate) bits |= qcBits.indeterminateGoodFraction
    return bits
  }

  private clear(): void {
    this.moments.clear()
    this.weight = 0
    this.goodWeight = 0
    this.overlaps = 0
    this.touches = 0
    this.indeterminates = 0
  }

  private add(i: number, start: number, end: number): void {
    const weight = this.weightOf(i, start, end)
    if (weight === undefined) return
    if (weight <= 0) {
      this.touches++
      return
    }
    this.overlaps++
    if (this.counts(i)) this.weight += weight
    if (this.isGood(i)) this.goodWeight += weight
    if (this.isIndeterminate(i)) this.indeterminates++
    if (this.isUsed(i)) this.moments.add(weight, this.values[i] as number, 0)
  }

  /** The part of an input bin that is within; `undefined` when it does not even touch. */
  private weightOf(i: number, start: number, end: number): number | undefined {
    const [from, to] = [this.input.starts[i] as number, this.input.ends[i] as number]
    if (to < start || from >= end) return undefined
    return from === to ? 1 : (Math.min(to, end) - Math.max(from, start)) / (to - from)
  }

  private addWhole(from: number, to: number): void {
    this.tree ??= this.plant()
    const { moments, counting, good, indeterminate } = this.tree
    const between = (sums: Float64Array) => (sums[to] as number) - (sums[from] as number)
    this.overlaps += to - from
    this.weight += between(counting)
    this.goodWeight += between(good)
    this.indeterminates += between(indeterminate)
    moments.addTo(this.moments, from, to)
  }

  private plant(): Tree {
    const sums = (has: (index: number) => boolean) => {
      const running = new Float64Array(this.values.length + 1)
      for (let i = 0; i < this.values.length; i++) running[i + 1] = (running[i] as number) + (has(i) ? 1 : 0)
      return running
    }
    return {
      moments: new MomentsTree(this.values, (i) => this.isUsed(i)),
      counting: sums((i) => this.counts(i)),
      good: sums((i) => this.isGood(i)),
      indeterminate: sums((i) => this.isIndeterminate(i)),
    }
  }

  private isMissing(i: number): boolean {
    return Number.isNaN(this.values[i])
  }

  /** For ARM, what is missing is bad; for tsdat's own transforms, it is not there. */
  private counts(i: number): boolean {
    return this.options.leavesOutBad || !this.isMissing(i)
  }

  private isGood(i: number): boolean {
    return this.states[i] !== bad && !this.isMissing(i)
  }

  private isIndeterminate(i: number): boolean {
    return this.states[i] === indeterminate && !this.isMissing(i)
  }

  private isUsed(i: number): boolean {
    return this.options.leavesOutBad ? this.isGood(i) : !this.isMissing(i)
  }
}

/** Sums over all inputs up to each, exact since they count. */
interface Tree {
  readonly moments: MomentsTree
  readonly counting: Float64Array
  readonly good: Float64Array
  readonly indeterminate: Float64Array
}
